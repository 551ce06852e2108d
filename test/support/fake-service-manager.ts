/**
 * A small fake of systemd, for machines on which none runs: the notification socket, the watchdog, restarts.
 *
 * Takes its times from the unit file, so that the file itself is tested, and divides them by `pace`.
 * Source: systemd.service(5): a watchdog without a message in time, or with a trigger, ends the service by SIGABRT, after TimeoutAbortSec by
 * SIGKILL; a start that is not ready within TimeoutStartSec is ended by SIGTERM, after TimeoutStopSec by SIGKILL. sd_notify(3):
 * EXTEND_TIMEOUT_USEC moves the end of the state that the service is in, never to an earlier time.
 * Needs perl for the socket, since Node has no datagram Unix sockets, and systemd-notify, by which the agent sends its messages.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Clock, MonoMs, Timer } from '../../agent/core/clock.ts';

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

/** The reason to skip a test of the fake service manager; false if the programs that it needs are installed. */
export const managerMissing: string | false = ['/usr/bin/perl', '/usr/bin/systemd-notify'].every((file) => existsSync(file))
  ? false
  : 'perl and systemd-notify are needed (Debian: perl-base, systemd)';

export interface ManagerOptions {
  readonly clock: Clock;
  /** Must exist. */
  readonly folder: string;
  /** Starts the agent. Default: the launcher of this clone. */
  readonly command?: readonly [program: string, ...words: string[]];
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Factor by which its times are shorter than those of the unit file. */
  readonly pace: number;
  /** The same for starts and stops. Default: 1, as a busy machine starts slowly. */
  readonly startPace?: number;
  /** Boot id that the agent gets. */
  readonly bootId?: string;
}

/** One start of the agent, and how it ended. */
export interface ManagedRun {
  readonly child: ChildProcess;
  readonly atMono: number;
  /** The watchdog ended it. */
  wasStarved: boolean;
  /** Ended by the manager because it was not ready in time. */
  wasLate: boolean;
  isReady: boolean;
  /** Units: ms; null until then. */
  readyMono: number | null;
  /** How often its start was extended. */
  extensions: number;
}

export type FakeServiceManager = ReturnType<typeof createFakeServiceManager>;

/** The value of a key of systemd/luciole.service, such as `WatchdogSec`. Units: s. Errors: throws if the file has no such key with a number. */
export function secondsOf(key: string): number {
  const unit = readFileSync(join(ROOT, 'systemd/luciole.service'), 'utf8');
  const [, seconds] = new RegExp(`^${key}=(\\d+)$`, 'm').exec(unit) ?? [];
  if (seconds === undefined) throw new Error(`no ${key} in the unit file`);
  return Number(seconds);
}

/**
 * Runs the agent from `start` to `stop`, and restarts it whenever it ends in between.
 *
 * `start` resolves before the agent is ready: see `runs`. `stop` kills the agent with SIGKILL.
 */
export function createFakeServiceManager(options: ManagerOptions) {
  const { clock, folder } = options;
  const socket = join(folder, 'notify');
  const logFile = join(folder, 'agent.log');
  const runs: SupervisedRun[] = [];
  let receiver: ChildProcess | undefined;
  let restart: Timer | undefined;
  let isOver = false;

  function launch(): void {
    const run = new SupervisedRun(options, launchAgent(options, { socket, logFile }));
    runs.push(run);
    run.child.once('exit', () => {
      run.cancel();
      if (!isOver) restart = clock.after(timeMs('RestartSec', options.pace), launch);
    });
  }

  return {
    /** Oldest first. */
    runs: runs as readonly ManagedRun[],
    logFile,
    /** RUNTIME_DIRECTORY of the service. */
    runtimeDir: folder,
    async start(): Promise<void> {
      receiver = spawn('perl', ['-MIO::Socket::UNIX', '-MIO::Select', '-e', RECEIVER, socket], { stdio: ['pipe', 'pipe', 'ignore'] });
      const lines = createInterface({ input: receiver.stdout as NodeJS.ReadableStream });
      await new Promise<void>((resolve) => lines.once('line', () => resolve()));
      lines.on('line', (message) => runs.at(-1)?.receive(message));
      launch();
    },
    /** Ends the agent for good. */
    async stop(): Promise<void> {
      isOver = true;
      restart?.cancel();
      const last = runs.at(-1);
      last?.cancel();
      if (last !== undefined && last.child.exitCode === null && last.child.signalCode === null) {
        const ended = new Promise((resolve) => last.child.once('exit', resolve));
        last.child.kill('SIGKILL');
        await ended;
      }
      receiver?.kill();
    },
  };
}

function timeMs(key: string, pace: number): number {
  return (secondsOf(key) * 1_000) / pace;
}

function launchAgent(
  {
    command: [program, ...words] = [process.execPath, LAUNCHER],
    args,
    env = {},
    pace,
    startPace = 1,
    bootId = 'boot',
    folder,
  }: ManagerOptions,
  { socket, logFile }: { readonly socket: string; readonly logFile: string },
): ChildProcess {
  const log = openSync(logFile, 'a');
  return spawn(program, [...words, 'run', ...args], {
    stdio: ['ignore', log, log],
    env: {
      ...process.env,
      NOTIFY_SOCKET: socket,
      WATCHDOG_USEC: String(timeMs('WatchdogSec', pace) * 1_000),
      RUNTIME_DIRECTORY: folder,
      LUCIOLE_BOOT_ID: bootId,
      LUCIOLE_START_STEP_USEC: String(Math.round(timeMs('TimeoutStartSec', startPace) * 1_000)),
      ...env,
    },
  });
}

/**
 * One run under the limits of the unit file.
 *
 * ```
 * starting ──READY=1──► watched: each WATCHDOG=1 restarts the limit ──STOPPING=1──► without a limit
 *    │ TimeoutStartSec      │ WatchdogSec, or WATCHDOG=trigger
 *    ▼                      ▼
 * SIGTERM, then SIGKILL   SIGABRT, then SIGKILL
 * ```
 */
class SupervisedRun implements ManagedRun {
  readonly child: ChildProcess;
  readonly atMono: MonoMs;
  wasStarved = false;
  wasLate = false;
  isReady = false;
  readyMono: MonoMs | null = null;
  extensions = 0;
  readonly #options: ManagerOptions;
  readonly #starting: Limit;
  #watchdog: Limit | undefined;
  #killing: Limit | undefined;

  constructor(options: ManagerOptions, child: ChildProcess) {
    const { clock, startPace = 1 } = options;
    this.#options = options;
    this.child = child;
    this.atMono = clock.monoMs();
    this.#starting = limitOf(clock, timeMs('TimeoutStartSec', startPace), () => {
      this.wasLate = true;
      this.#end('SIGTERM', timeMs('TimeoutStopSec', startPace));
    });
  }

  receive(message: string): void {
    if (this.wasStarved) return;
    const [, extensionUs] = /\bEXTEND_TIMEOUT_USEC=(\d+)/.exec(message) ?? [];
    if (extensionUs !== undefined) {
      this.extensions++;
      for (const limit of [this.#starting, this.#watchdog, this.#killing]) limit?.extend(Number(extensionUs) / 1_000);
    }
    if (message.includes('READY=1')) {
      this.isReady = true;
      this.readyMono ??= this.#options.clock.monoMs();
      this.#starting.cancel();
    }
    if (message.includes('WATCHDOG=trigger')) this.#starve();
    else if (message.includes('WATCHDOG=1') || message.includes('READY=1')) this.#feed();
    if (message.includes('STOPPING=1')) this.#watchdog?.cancel();
  }

  /** Cancels all limits. */
  cancel(): void {
    for (const limit of [this.#watchdog, this.#starting, this.#killing]) limit?.cancel();
  }

  #feed(): void {
    this.#watchdog?.cancel();
    this.#watchdog = limitOf(this.#options.clock, timeMs('WatchdogSec', this.#options.pace), () => this.#starve());
  }

  #starve(): void {
    this.#watchdog?.cancel();
    this.wasStarved = true;
    this.#end('SIGABRT', timeMs('TimeoutAbortSec', this.#options.pace));
  }

  #end(signal: 'SIGTERM' | 'SIGABRT', killMs: number): void {
    this.child.kill(signal);
    this.#killing = limitOf(this.#options.clock, killMs, () => this.child.kill('SIGKILL'));
  }
}

/** A limit that can be moved to a later time, until it has ended or is cancelled. */
interface Limit {
  extend(forMs: number): void;
  cancel(): void;
}

/** Calls `end` at `forMs` from now. */
function limitOf(clock: Clock, forMs: number, end: () => void): Limit {
  let dueMono = clock.monoMs() + forMs;
  let timer: Timer | null = null;
  const fire = (): void => {
    timer = null;
    end();
  };
  timer = clock.after(forMs, fire);
  return {
    extend(laterMs) {
      if (timer === null || clock.monoMs() + laterMs <= dueMono) return;
      timer.cancel();
      dueMono = clock.monoMs() + laterMs;
      timer = clock.after(laterMs, fire);
    },
    cancel() {
      timer?.cancel();
      timer = null;
    },
  };
}
