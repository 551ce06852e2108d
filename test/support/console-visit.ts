/**
 * A visit to the cabinet: the real `luciole console` on a real pseudo-terminal at the pace of 9600 baud, with the whole agent on a
 * simulated street. The street's clock runs while the technician waits for an answer.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { type IPty, spawn } from '@lydell/node-pty';
import type { Test } from 'tap';
import { createRig, type Rig, type RigOptions } from './rig.ts';
import { Screen } from './screen.ts';

const ROOT = join(import.meta.dirname, '../..');
const TRANSCRIPTS = join(ROOT, 'test/scenario/transcripts');
/** Login name of the user who runs the tests, and so of the technician at the console. */
export const USER = userInfo().username;
/** Simulated time between two chances for the console to write. Units: ms. */
const STEP_MS = 20;
/** Usual speed of the street's clock relative to the terminal: fast enough for short visits, but no override of minutes ends within an answer. */
const PACE = 10;
/** From this number on, equal rows are stored as one row with a count: they are pasted text, not output. */
const MANY_ROWS = 10;

/** One visit: the agent on its street, and the terminal of the technician. */
export interface ConsoleVisit {
  readonly rig: Rig;
  readonly screen: Screen;
  /** Bytes the terminal got so far. */
  bytes(): Buffer;
  /** Types a line, turns all pages, and waits for the next prompt or the end. Resolves with the output, echo and prompt included. */
  say(line: string): Promise<string>;
  /** Sends the text as it is, without Enter. */
  type(text: string): void;
  /** Runs the street until the whole output so far fits. Errors: rejects if the console ends first, or after 8,000 s of the street. */
  until(shown: RegExp): Promise<void>;
  /** Runs the street until it holds. Errors: as `until`, with `what`. */
  settled(holds: () => boolean, what: string): Promise<void>;
  /** The console's own folder. */
  readonly folder: string;
  /** Sends SIGHUP, as the kernel does when the carrier is lost. Resolves with the exit code, also when the console had ended already. */
  hangUp(): Promise<number>;
  /** Ends the console with SIGKILL and starts another one, on the same screen. Resolves at its first prompt; `bytes` then has only the output of that one. */
  killConsole(): Promise<void>;
  /** Compares the transcript with the stored one. `UPDATE_TRANSCRIPTS=1`, or if there is none: stores this one. */
  compare(t: Test, name: string): void;
}

export interface VisitOptions extends Pick<RigOptions, 'startAt' | 'change' | 'siteFile' | 'withUplink' | 'periodsMs'> {
  /** Default: the agent runs. */
  readonly withAgent?: boolean;
  /** Default: 9600. */
  readonly speedBaud?: number;
  /** Speed of the street's clock relative to the terminal. Default: 10, so that no override of minutes ends within an answer. */
  readonly pace?: number;
  /** Text of the cabinet file, which the console reads where no agent answers. */
  readonly cabinetText?: (storeDir: string) => string;
}

/** The program of the console on a pseudo-terminal, and all that it has shown. */
class ConsoleProcess {
  readonly screen: Screen;
  readonly #child: IPty;
  readonly #parts: Buffer[] = [];
  readonly #ended: Promise<number>;
  #exitCode: number | null = null;

  constructor(folder: string, socketPath: string, { speedBaud = 9_600 }: Pick<VisitOptions, 'speedBaud'>, screen = new Screen()) {
    this.screen = screen;
    this.#child = spawn(
      process.execPath,
      [join(ROOT, 'agent/main.ts'), 'console', '--baud', String(speedBaud), '--no-probe', '--socket', socketPath],
      {
        cols: 80,
        rows: 24,
        encoding: null,
        env: { PATH: '/nowhere', STATE_DIRECTORY: folder, LUCIOLE_CONFIG: join(folder, 'cabinet.yaml') },
      },
    );
    // Without an encoding they are bytes, whatever the type says.
    this.#child.onData((data) => {
      const bytes = data as unknown as Buffer;
      this.#parts.push(bytes);
      this.screen.write(bytes);
    });
    this.#ended = new Promise((resolve) => {
      this.#child.onExit(({ exitCode }) => {
        this.#exitCode = exitCode;
        resolve(exitCode);
      });
    });
  }

  bytes(): Buffer {
    return Buffer.concat(this.#parts);
  }

  text(): string {
    return this.bytes().toString('latin1');
  }

  hasEnded(): boolean {
    return this.#exitCode !== null;
  }

  type(text: string): void {
    this.#child.write(text);
  }

  /** Whether the text after this position ends with a prompt. */
  isAtPrompt(from: number): boolean {
    return /\n[\w.-]+(?: \([^)]*\))?(?: \[[A-Z]+ [\d:]+\])*> $/.test(this.text().slice(Math.max(0, from - 2)));
  }

  /** Resolves with the exit code. */
  end(signal: 'SIGHUP' | 'SIGTERM' | 'SIGKILL'): Promise<number> {
    if (!this.hasEnded()) this.#child.kill(signal);
    return this.#ended;
  }
}

/** The agent on its street, in a folder whose path is short wherever the tests lie: rows that name it break at the same places. */
async function rigOf(t: Test, folder: string, socketPath: string, options: VisitOptions): Promise<Rig> {
  const { withAgent = true, speedBaud: _, pace: __, cabinetText, ...rigOptions } = options;
  const cabinetFolder = mkdtempSync(join(tmpdir(), 'luciole-test-'));
  t.teardown(() => rmSync(cabinetFolder, { recursive: true, force: true }));
  const rig = await createRig(t, { ...rigOptions, folder: cabinetFolder, socketPath: withAgent ? socketPath : null });
  // A fixed name, because the transcript shows it.
  symlinkSync(join(cabinetFolder, 'data'), join(folder, 'store'));
  if (cabinetText !== undefined) writeFileSync(join(folder, 'cabinet.yaml'), cabinetText(join(folder, 'store')));
  return rig;
}

/** Starts agent and console; resolves at the first prompt. Both end with the test. */
export async function visitCabinet(t: Test, options: VisitOptions): Promise<ConsoleVisit> {
  const folder = mkdtempSync(join(tmpdir(), 'luciole-test-'));
  const socketPath = join(folder, 'agent.sock');
  const rig = await rigOf(t, folder, socketPath, options);
  let child = new ConsoleProcess(folder, socketPath, options);
  const { screen } = child;
  const { pace = PACE } = options;
  // A turn takes a millisecond at least.
  const stepMs = Math.max(STEP_MS, pace);
  const until = async (holds: () => boolean, what: string): Promise<void> => {
    for (let turn = 0; turn < 400_000; turn++) {
      if (holds()) return;
      if (child.hasEnded()) break;
      await rig.diskSettled();
      await rig.clock.advance(stepMs);
      await new Promise((resolve) => setTimeout(resolve, stepMs / pace));
    }
    throw new Error(`never: ${what}\n${screen.transcript().join('\n')}`);
  };
  t.teardown(async () => {
    await child.end('SIGTERM');
    rmSync(folder, { recursive: true, force: true });
  });
  await until(() => child.isAtPrompt(0), 'the first prompt');
  return {
    ...{ rig, folder, screen },
    bytes: () => child.bytes(),
    type: (typed) => child.type(typed),
    until: (shown) => until(() => shown.test(child.text()), String(shown)),
    settled: until,
    async say(line) {
      const start = child.text().length;
      let from = start;
      child.type(`${line}\r`);
      await until(() => {
        const text = child.text();
        if (text.endsWith('--More--') && text.length > from) {
          from = text.length;
          child.type(' ');
        }
        return child.hasEnded() || (text.length > start + line.length && child.isAtPrompt(start + line.length));
      }, `an answer to ${line}`).catch((error: unknown) => {
        if (!child.hasEnded()) throw error;
      });
      return child.text().slice(start).replaceAll('\r\n', '\n');
    },
    hangUp: () => child.end('SIGHUP'),
    async killConsole() {
      await child.end('SIGKILL');
      child = new ConsoleProcess(folder, socketPath, options, screen);
      await until(() => child.isAtPrompt(0), 'the prompt of the next console');
    },
    compare(t, name) {
      const file = join(TRANSCRIPTS, `${name}.txt`);
      const seen = `${folded(normal(screen.transcript(), folder)).join('\n')}\n`;
      if (process.env['UPDATE_TRANSCRIPTS'] === '1' || !existsSync(file)) writeFileSync(file, seen);
      t.equal(seen, readFileSync(file, 'utf8'), `as in ${name}.txt; UPDATE_TRANSCRIPTS=1 keeps the new one`);
    },
  };
}

/** Long runs of equal rows, shown once with their count, so that a missing row is noticed. */
function folded(rows: readonly string[]): readonly string[] {
  const runs: { row: string; times: number }[] = [];
  for (const row of rows) {
    const last = runs.at(-1);
    if (last?.row === row) last.times++;
    else runs.push({ row, times: 1 });
  }
  return runs.flatMap(({ row, times }) => (times < MANY_ROWS ? Array.from({ length: times }, () => row) : [row, `(${times} such rows)`]));
}

/** Replaces what differs between visits by `#`: counts, ages, times; names keep their numbers. Broken sentences are joined again. */
function normal(rows: readonly string[], folder: string): readonly string[] {
  const whole: string[] = [];
  for (const row of rows) {
    const isRest = /^ {10,}\S/.test(row) && whole.length > 0;
    if (isRest) whole.push(`${whole.pop()} ${row.trim()}`);
    else whole.push(row);
  }
  return whole.map((row) =>
    row
      .replaceAll(folder, '/run')
      .replace(`console:${USER}`, 'console:tech')
      .replace(/(?<![\w.])-?\d+(?:[.:-]\d+)*/g, '#')
      .replace(/# (?:ms|s|min|h|d|j|kB|MB|ko|Mo)\b(?: # (?:min|s|h)\b)?/g, '#')
      .replace(/ {2,}/g, '  ')
      .trimEnd(),
  );
}
