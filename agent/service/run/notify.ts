/**
 * Messages to the service manager: the agent is ready, alive or stopping.
 *
 * The caller decides whether the agent is healthy, and calls `alive` only then. Without a service manager every call has no effect.
 */
import { spawn } from 'node:child_process';
import type { Log } from '../../core/ports.ts';

/** How messages reach the service manager. */
export interface NotifyParts {
  /** The manager's socket, from NOTIFY_SOCKET; null when no manager supervises this run. */
  readonly socket: string | null;
  readonly log: Log;
  /** Runs systemd-notify with these arguments. Errors: rejects if it fails. Default: starts the program. */
  readonly send?: (words: readonly string[], socket: string) => Promise<void>;
}

/** The messages to the service manager, and `isSupervised`: whether there is a service manager. */
export type Notify = ReturnType<typeof createNotify>;

/** Returns functions that send messages to the service manager; without a `socket` they do nothing. Errors: none; a failure is logged. */
export function createNotify({ socket, log, send = runSystemdNotify }: NotifyParts) {
  let sending = false;
  const notify = (words: readonly string[]): void => {
    if (socket === null) return;
    sending = true;
    send(words, socket)
      .catch((error: unknown) => log.event('service-manager-not-reached', { cause: String(error) }, 'warning'))
      .finally(() => {
        sending = false;
      });
  };
  return {
    /** True if a service manager supervises this run. */
    isSupervised: socket !== null,
    /**
     * A step of the start is complete: the manager must get the next message within this time from now. Units: ms.
     * Source: sd_notify(3), since systemd 236.
     */
    extendStart: (forMs: number): void => notify([`EXTEND_TIMEOUT_USEC=${Math.ceil(forMs * 1_000)}`]),
    ready: (): void => notify(['--ready']),
    /** Resets the watchdog; may be skipped while an earlier message is being sent. */
    alive: (): void => {
      if (!sending) notify(['WATCHDOG=1']);
    },
    /**
     * A part hangs: the manager reacts immediately, as after a whole watchdog time without a message.
     * Source: sd_notify(3), since systemd 243; an older one reacts when the watchdog time has passed.
     */
    hanging: (): void => notify(['WATCHDOG=trigger']),
    stopping: (): void => notify(['--stopping']),
  };
}

/**
 * Node has no datagram Unix sockets; the program costs 10 ms for each call and waits until the manager has read the message.
 * Source: measured; systemd-notify(1). The unit needs NotifyAccess=all.
 */
function runSystemdNotify(words: readonly string[], socket: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn('systemd-notify', [...words], { stdio: 'ignore', env: { NOTIFY_SOCKET: socket, PATH: '/usr/bin:/bin' } });
    child.once('error', reject);
    child.once('exit', (code) => (code === 0 ? resolve() : reject(new Error(`systemd-notify ended with ${code}`))));
  });
}
