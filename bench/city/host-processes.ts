/** The processes of the host: workers, STATE and commands, as a service manager would start them. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { readSamples, type Samples } from '../../platform/bench/figures.ts';
import { endProcess, hasExited } from '../../platform/servers/programs.ts';
import { type ProcessUsage, usageOfAll } from './process-usage.ts';

/** A kind of process. */
export type HostKind = 'worker' | 'state' | 'commands';

/** Where the processes connect, and the folder of their sockets for figures. */
export interface HostProcessSettings {
  readonly database: string;
  readonly broker: string;
  readonly hostId: string;
  readonly folder: string;
  /** Number of workers. */
  readonly workers: number;
}

const MAIN = join(import.meta.dirname, '../../platform/main.ts');
/** The end of the output of a process that is kept for a message. Units: characters. */
const KEPT_OUTPUT = 2_000;

interface RunningProcess {
  readonly kind: HostKind;
  readonly child: ChildProcess;
  readonly socket: string;
  isWanted: boolean;
}

/** The processes of one host. */
export class HostProcesses {
  readonly #settings: HostProcessSettings;
  #running: RunningProcess[] = [];
  #started = 0;
  /** The processor time and the figures of processes that were ended. */
  readonly #ended = { cpuMs: { worker: 0, state: 0, commands: 0 }, samples: [] as Samples[] };
  #failure: Error | null = null;

  constructor(settings: HostProcessSettings) {
    this.#settings = settings;
  }

  /** Starts the processes that do not run. */
  start(): void {
    const { workers } = this.#settings;
    for (const [kind, count] of [
      ['state', 1],
      ['commands', 1],
      ['worker', workers],
    ] as const)
      for (let n = this.#running.filter((each) => each.kind === kind).length; n < count; n += 1) this.#running.push(this.#spawn(kind));
  }

  /** Ends the processes of these kinds. Their figures still count. */
  async end(kinds: readonly HostKind[], signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const leaving = this.#running.filter(({ kind }) => kinds.includes(kind));
    const samples = await samplesOf(leaving);
    this.#ended.samples.push(...samples);
    for (const one of leaving) {
      one.isWanted = false;
      this.#ended.cpuMs[one.kind] += usageOfAll(pidsOf([one])).cpuMs;
    }
    await Promise.all(leaving.map(({ child }) => endProcess(child, signal)));
    this.#running = this.#running.filter((one) => !leaving.includes(one));
  }

  /** Runs a command of the command line. Errors: rejects if it ends with another code than 0 or 1. */
  async command(name: string, words: readonly string[], onLine: (line: string) => void): Promise<void> {
    const child = spawn(process.execPath, [MAIN, name, ...words, '--json', '--database', this.#settings.database], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      output = `${output}${text}`.slice(-KEPT_OUTPUT);
    });
    createInterface({ input: child.stdout }).on('line', onLine);
    const [code, signal] = await once(child, 'close');
    if (code !== 0 && code !== 1) throw new Error(`platform ${name} ended with ${code ?? signal}: ${output}`);
  }

  /** The figures of all processes that ran, for Prometheus. Errors: rejects if a process has ended by itself. */
  async samples(): Promise<readonly Samples[]> {
    this.check();
    return [...this.#ended.samples, ...(await samplesOf(this.#running))];
  }

  /** The processes that run. */
  pids(...kinds: readonly HostKind[]): number[] {
    return pidsOf(this.#running.filter(({ kind }) => kinds.includes(kind)));
  }

  usage(...kinds: readonly HostKind[]): ProcessUsage {
    const { cpuMs, rssBytes } = usageOfAll(this.pids(...kinds));
    return { cpuMs: cpuMs + kinds.reduce((sum, kind) => sum + this.#ended.cpuMs[kind], 0), rssBytes };
  }

  /** Errors: throws if a process has ended by itself. */
  check(): void {
    if (this.#failure !== null) throw this.#failure;
  }

  #spawn(kind: HostKind): RunningProcess {
    const { database, broker, hostId, folder } = this.#settings;
    this.#started += 1;
    const socket = join(folder, `${kind}-${this.#started}.sock`);
    const host = kind === 'commands' ? [] : ['--host-id', hostId];
    const words = [MAIN, kind, '--database', database, '--broker', broker, ...host, '--metrics', socket];
    const child = spawn(process.execPath, words, { stdio: ['ignore', 'ignore', 'pipe'] });
    const running: RunningProcess = { kind, child, socket, isWanted: true };
    let output = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      output = `${output}${text}`.slice(-KEPT_OUTPUT);
    });
    child.once('exit', (code, signal) => {
      if (running.isWanted) this.#failure ??= new Error(`the host's ${kind} ended with ${code ?? signal}: ${output}`);
    });
    return running;
  }
}

async function samplesOf(running: readonly RunningProcess[]): Promise<Samples[]> {
  return (await Promise.all(running.map(({ socket }) => readSamples(socket)))).filter((samples) => samples !== undefined);
}

function pidsOf(running: readonly RunningProcess[]): number[] {
  return running.flatMap(({ child }) => (child.pid === undefined || hasExited(child) ? [] : [child.pid]));
}
