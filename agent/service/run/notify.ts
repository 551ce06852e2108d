/**
 * Tells the service manager that the agent is ready, alive or stopping.
 *
 * Owns the messages. Never decides whether the agent is well: the caller does, and calls `alive` only then.
 * Without a service manager every call does nothing.
 */
import { spawn } from 'node:child_process';
import type { Log } from '../../core/ports.ts';

export interface NotifyParts {
  /** The manager's socket, from NOTIFY_SOCKET; null when nobody supervises this run. */
  readonly socket: string | null;
  readonly log: Log;
  /** Runs systemd-notify with these words and resolves when it is done; rejects when it cannot. */
  readonly send?: (words: readonly string[], socket: string) => Promise<void>;
}

export interface Notify {
  /** A service manager restarts this run when it ends or hangs. */
  readonly isSupervised: boolean;
  /** A step of the start is complete: the manager waits this much longer for the next message. Units: ms. Source: sd_notify(3), since systemd 236. */
  extendStart(forMs: number): void;
  ready(): void;
  /** Feeds the watchdog; skipped while an earlier message is on its way. */
  alive(): void;
  /** A part hangs: the manager acts at once, as if it had heard nothing for the whole watchdog time. */
  hanging(): void;
  stopping(): void;
}

/** The messages to the service manager. A failure is logged and never harms the agent. */
export function createNotify({ socket, log, send = runSystemdNotify }: NotifyParts): Notify {
  let sending = false;
  const tell = (words: readonly string[]): void => {
    if (socket === null) return;
    sending = true;
    send(words, socket)
      .catch((error: unknown) => log.event('service-manager-not-reached', { cause: String(error) }, 'warning'))
      .finally(() => {
        sending = false;
      });
  };
  return {
    isSupervised: socket !== null,
    extendStart: (forMs) => tell([`EXTEND_TIMEOUT_USEC=${Math.ceil(forMs * 1_000)}`]),
    ready: () => tell(['--ready']),
    alive: () => {
      if (!sending) tell(['WATCHDOG=1']);
    },
    // Source: sd_notify(3), since systemd 243; an older one acts when the watchdog time is over.
    hanging: () => tell(['WATCHDOG=trigger']),
    stopping: () => tell(['--stopping']),
  };
}

/**
 * Node has no datagram Unix sockets; the program costs 10 ms a call and waits until the manager has read the message.
 * Source: measured; systemd-notify(1). The unit needs NotifyAccess=all.
 */
function runSystemdNotify(words: readonly string[], socket: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn('systemd-notify', [...words], { stdio: 'ignore', env: { NOTIFY_SOCKET: socket, PATH: '/usr/bin:/bin' } });
    child.once('error', reject);
    child.once('exit', (code) => (code === 0 ? resolve() : reject(new Error(`systemd-notify ended with ${code}`))));
  });
}
