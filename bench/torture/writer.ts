/**
 * A process that writes to a store until it is killed, and its report of what it wrote. The report comes through a pipe, which keeps what
 * was written to it when the process is killed.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { undoAtEnd } from '../undo.ts';
import type { Load } from './content.ts';

/** The settings of one writer, which it gets as JSON. The same seed and round make the same choices. */
export interface Orders {
  readonly dir: string;
  readonly seed: number;
  readonly round: number;
  readonly load: Load;
  readonly commitSeconds: number;
  /** Frames come at this pace; null: as soon as the ones before are committed. */
  readonly paceMs: number | null;
  /** The platform acknowledges once in this many commits. */
  readonly cursorOneIn: number;
  readonly maxMegabytes: number;
  readonly maxDays: number;
  /** Added to the real time. It grows from round to round, so that the data of earlier rounds becomes old. Units: ms. */
  readonly wallOffsetMs: number;
  /** The store may remove readings, by age or to stay below its maximum size. */
  readonly isTight: boolean;
}

export interface CommittedFrame {
  readonly seq: number;
  readonly round: number;
  readonly ticket: number;
  readonly readings: number;
  readonly checksum: number;
  readonly atMs: number;
}

/**
 * What the writer has reported so far. It grows until the writer is dead; `kill` waits for that. `saved` and `cursorSeq`: the newest
 * number and the highest sequence number, 0 before the first.
 */
export interface WriterReport {
  readonly frames: CommittedFrame[];
  /** All frames up to this ticket were appended at this time. */
  readonly appended: { readonly ticket: number; readonly atMs: number }[];
  readonly events: string[];
  saved: number;
  cursorSeq: number;
}

export interface KilledWriter {
  readonly child: ChildProcess;
  readonly report: WriterReport;
  /** Resolves when the store is open. Errors: rejects with the end of its stderr when it ends before. */
  opened(): Promise<void>;
  /** Sends SIGKILL; resolves when the writer is dead and its whole report is read. */
  kill(): Promise<void>;
}

/** Returns the id of the event that a writer appends just before its save with this number. */
export function toEventId(round: number, number: number): string {
  return `torture-${round}-${number}`;
}

export function startWriter(orders: Orders): KilledWriter {
  const file = join(import.meta.dirname, 'writer-process.ts');
  const child = spawn(process.execPath, [file, JSON.stringify(orders)], { stdio: ['pipe', 'pipe', 'pipe'] });
  const killed = undoAtEnd(() => child.kill('SIGKILL'));
  const report: WriterReport = { frames: [], appended: [], events: [], saved: 0, cursorSeq: 0 };
  let lastError = '';
  child.stderr.on('data', (bytes) => {
    lastError = (lastError + bytes).slice(-2_000);
  });
  const opened = Promise.withResolvers<void>();
  let rest = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    // A line without its end may be half a line, and promises nothing.
    rest = lines.pop() ?? '';
    for (const line of lines) readLine(line);
  });
  const ended = once(child, 'close');
  void ended.then(() => opened.reject(new Error(`the writer ended before its store was open: ${lastError}`)));
  // The caller need not wait for it.
  opened.promise.catch(() => {});

  function readLine(line: string): void {
    const [word, ...words] = line.split(' ');
    const [a = 0, b = 0, c = 0, d = 0, e = 0] = words.map(Number);
    if (word === 'o') opened.resolve();
    else if (word === 'a') report.appended.push({ ticket: a, atMs: b });
    else if (word === 'c') report.frames.push({ seq: a, round: orders.round, ticket: b, readings: c, checksum: d, atMs: e });
    else if (word === 's') report.saved = a;
    else if (word === 'm') report.cursorSeq = Math.max(report.cursorSeq, a);
    else if (word === 'e') report.events.push(words.join(' '));
    else throw new Error(`the writer said "${line}"`);
  }

  return {
    child,
    report,
    opened: () => opened.promise,
    kill: async () => {
      killed();
      await ended;
    },
  };
}
