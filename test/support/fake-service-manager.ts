/**
 * A small stand-in for systemd, for machines on which none runs: the notification socket, the watchdog, restarts.
 *
 * Owns the agent's process. Takes its times from the unit file, so that the file itself is tried, and divides them by `pace`.
 * Source: systemd.service(5): a watchdog that starves, or is told so, ends the service by SIGABRT, after TimeoutAbortSec by SIGKILL;
 * a start that is not ready within TimeoutStartSec is ended by SIGTERM, after TimeoutStopSec by SIGKILL. sd_notify(3): EXTEND_TIMEOUT_USEC
 * moves the end of the state that the service is in, never to an earlier time.
 * Needs perl for the socket, since Node has no datagram Unix sockets, and systemd-notify, through which the agent speaks.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Clock, Timer } from '../../agent/core/clock.ts';

const ROOT = join(import.meta.dirname, '../..');
const LAUNCHER = join(ROOT, 'agent/luciole.js');
/** Prints each message as a line; ends with its parent. */
const RECEIVER = `$| = 1;
my $s = IO::Socket::UNIX->new(Type => SOCK_DGRAM, Local => $ARGV[0]) or die;
print "listening\\n";
my $both = IO::Select->new($s, \\*STDIN);
while (1) { for my $from ($both->can_read) {
  exit if $from != $s or not defined $s->recv(my $m, 4096);
  print join(" ", split /\\n/, $m), "\\n";
} }`;

/** Why it cannot be used here; false when it can. */
export const managerMissing: string | false = ['/usr/bin/perl', '/usr/bin/systemd-notify'].every((file) => existsSync(file))
  ? false
  : 'perl and systemd-notify are needed (Debian: perl-base, systemd)';

export interface ManagerOptions {
  readonly clock: Clock;
  /** Made by the caller. */
  readonly folder: string;
  /** What starts the agent. Default: the launcher of this clone. */
  readonly command?: readonly [program: string, ...words: string[]];
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** So many times faster than the unit file says. */
  readonly pace: number;
  /** The same for starts and stops. Default: 1, as a busy machine starts slowly. */
  readonly startPace?: number;
  /** Name of this start of the machine, and no more than that of it is real. */
  readonly bootId?: string;
}

/** One start of the agent, and how it came to it. */
export interface ManagedRun {
  readonly child: ChildProcess;
  readonly atMono: number;
  /** Set by the manager when it heard nothing for too long, or was told so. */
  wasStarved: boolean;
  /** Ended by the manager because it was not ready in time. */
  wasLate: boolean;
  isReady: boolean;
  /** Units: ms; null until then. */
  readyMono: number | null;
  /** How often its start was extended. */
  extensions: number;
}

/** A limit that can be moved to a later time. */
interface Limit {
  extend(forMs: number): void;
  cancel(): void;
}

/** Ends at `forMs` from now. */
function limitOf(clock: Clock, forMs: number, end: () => void): Limit {
  let dueMono = clock.monoMs() + forMs;
  let timer = clock.after(forMs, end);
  return {
    extend(laterMs) {
      if (clock.monoMs() + laterMs <= dueMono) return;
      timer.cancel();
      dueMono = clock.monoMs() + laterMs;
      timer = clock.after(laterMs, end);
    },
    cancel: () => timer.cancel(),
  };
}

export interface FakeServiceManager {
  /** Oldest first. */
  readonly runs: readonly ManagedRun[];
  readonly logFile: string;
  /** RUNTIME_DIRECTORY of the service. */
  readonly runtimeDir: string;
  start(): Promise<void>;
  /** Ends the agent for good. */
  stop(): Promise<void>;
}

/** Units: seconds, as the unit file has them. Errors: throws when the file names none. */
export function secondsOf(key: string): number {
  const unit = readFileSync(join(ROOT, 'systemd/luciole.service'), 'utf8');
  const [, seconds] = new RegExp(`^${key}=(\\d+)$`, 'm').exec(unit) ?? [];
  if (seconds === undefined) throw new Error(`no ${key} in the unit file`);
  return Number(seconds);
}

export function createFakeServiceManager({
  clock,
  folder,
  command: [program, ...words] = [process.execPath, LAUNCHER],
  args,
  env = {},
  pace,
  startPace = 1,
  bootId = 'boot',
}: ManagerOptions): FakeServiceManager {
  const timeMs = (key: string, faster = pace): number => (secondsOf(key) * 1_000) / faster;
  const socket = join(folder, 'notify');
  const logFile = join(folder, 'agent.log');
  const runs: ManagedRun[] = [];
  let receiver: ChildProcess | undefined;
  let starving: Limit | undefined;
  let starting: Limit | undefined;
  let restart: Timer | undefined;
  let killing: Limit | undefined;
  let isOver = false;

  function hear(message: string): void {
    const run = runs.at(-1);
    if (run === undefined || run.wasStarved) return;
    const [, extensionUs] = /\bEXTEND_TIMEOUT_USEC=(\d+)/.exec(message) ?? [];
    if (extensionUs !== undefined) {
      run.extensions++;
      for (const limit of [starting, starving, killing]) limit?.extend(Number(extensionUs) / 1_000);
    }
    if (message.includes('READY=1')) {
      run.isReady = true;
      run.readyMono ??= clock.monoMs();
      starting?.cancel();
    }
    if (message.includes('WATCHDOG=trigger')) starve();
    else if (message.includes('WATCHDOG=1') || message.includes('READY=1')) feed();
    if (message.includes('STOPPING=1')) starving?.cancel();
  }

  function feed(): void {
    starving?.cancel();
    starving = limitOf(clock, timeMs('WatchdogSec'), starve);
  }

  function starve(): void {
    const run = runs.at(-1);
    starving?.cancel();
    if (run === undefined) return;
    run.wasStarved = true;
    run.child.kill('SIGABRT');
    killing = limitOf(clock, timeMs('TimeoutAbortSec'), () => run.child.kill('SIGKILL'));
  }

  function giveUp(run: ManagedRun): void {
    run.wasLate = true;
    run.child.kill('SIGTERM');
    starting?.cancel();
    killing = limitOf(clock, timeMs('TimeoutStopSec', startPace), () => run.child.kill('SIGKILL'));
  }

  function launch(): void {
    const log = openSync(logFile, 'a');
    const child = spawn(program, [...words, 'run', ...args], {
      stdio: ['ignore', log, log],
      env: {
        ...process.env,
        NOTIFY_SOCKET: socket,
        WATCHDOG_USEC: String(timeMs('WatchdogSec') * 1_000),
        RUNTIME_DIRECTORY: folder,
        LUCIOLE_BOOT_ID: bootId,
        LUCIOLE_START_STEP_USEC: String(Math.round(timeMs('TimeoutStartSec', startPace) * 1_000)),
        ...env,
      },
    });
    const run: ManagedRun = {
      child,
      atMono: clock.monoMs(),
      wasStarved: false,
      wasLate: false,
      isReady: false,
      readyMono: null,
      extensions: 0,
    };
    runs.push(run);
    starting = limitOf(clock, timeMs('TimeoutStartSec', startPace), () => giveUp(run));
    child.once('exit', () => {
      for (const timer of [starving, starting, killing]) timer?.cancel();
      starving = starting = killing = undefined;
      if (!isOver) restart = clock.after(timeMs('RestartSec'), launch);
    });
  }

  return {
    runs,
    logFile,
    runtimeDir: folder,
    async start() {
      receiver = spawn('perl', ['-MIO::Socket::UNIX', '-MIO::Select', '-e', RECEIVER, socket], { stdio: ['pipe', 'pipe', 'ignore'] });
      const lines = createInterface({ input: receiver.stdout as NodeJS.ReadableStream });
      await new Promise<void>((resolve) => lines.once('line', () => resolve()));
      lines.on('line', hear);
      launch();
    },
    async stop() {
      isOver = true;
      for (const timer of [starving, starting, restart, killing]) timer?.cancel();
      const child = runs.at(-1)?.child;
      if (child !== undefined && child.exitCode === null && child.signalCode === null) {
        const ended = new Promise((resolve) => child.once('exit', resolve));
        child.kill('SIGKILL');
        await ended;
      }
      receiver?.kill();
    },
  };
}
