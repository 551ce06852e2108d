/** The processes of the demo: each is started again when it ends. */
import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import { endProcess, hasExited, howItEnded } from '../servers/programs.ts';
import { isWorthAStart } from './health.ts';

/** Receives a text of one line or more, such as a report to the person. */
export type Say = (text: string) => void;

/** A pause before a part is started again. Units: ms. Source: assumed; as systemd's RestartSec in our units. Confirmed by: users of the demo. */
const RESTART_MS = 1_000;
/** Lines of a part's log that are shown when it is given up. */
const LAST_LINES = 5;

/** One part of the demo: a process of Node.js that is started again 1 s after it ends. */
export class DemoPart {
  readonly name: string;
  readonly #words: readonly string[];
  readonly #say: Say;
  readonly #onLine: Say;
  readonly #endsMs: number[] = [];
  #last: string[] = [];
  #child: ChildProcess | null = null;
  #isStopping = false;

  /** `words`: the arguments of Node.js. `say` gets a sentence at each restart, `onLine` each line of the part's standard output. */
  constructor(name: string, words: readonly string[], say: Say, onLine: Say = () => {}) {
    this.name = name;
    this.#words = words;
    this.#say = say;
    this.#onLine = onLine;
  }

  /** The id of its process, also after that has ended; undefined before the first start. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Runs it until `stop`. Rejects at its fifth end within a minute, with the last lines of its standard error. */
  async run(): Promise<void> {
    while (!this.#isStopping) {
      const how = await this.#once();
      if (this.#isStopping) return;
      this.#endsMs.push(Date.now());
      if (!isWorthAStart(this.#endsMs, Date.now()))
        throw new Error(`${this.name} ends again and again (${how}):\n${this.#last.join('\n')}`);
      await pause(RESTART_MS);
      // Meanwhile the demo itself may have been ended.
      if (!this.#isStopping) this.#say(`${this.name} has ended (${how}); it is started again`);
    }
  }

  /** Ends it by SIGTERM, or by SIGKILL after 10 s. Resolves when it has ended. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    if (this.#child !== null) await endProcess(this.#child, 'SIGTERM');
  }

  /** In a process group of its own, so that Ctrl-C ends the demo in its own order. */
  async #once(): Promise<string> {
    const child = spawn(process.execPath, [...this.#words], { stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    this.#child = child;
    onLines(child.stdout, this.#onLine);
    onLines(child.stderr, (line) => {
      this.#last = [...this.#last, line].slice(-LAST_LINES);
    });
    if (!hasExited(child)) await new Promise((resolve) => child.once('exit', resolve));
    endGroup(child);
    return howItEnded(child);
  }
}

/** What a killed part had started itself must not go on beside its successor. */
function endGroup({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // The group is empty.
  }
}

function onLines(stream: NodeJS.ReadableStream, onLine: Say): void {
  let rest = '';
  stream.setEncoding('utf8').on('data', (text: string) => {
    const lines = `${rest}${text}`.split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) onLine(line);
  });
}
