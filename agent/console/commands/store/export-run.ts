/**
 * `luciole export`: requests all readings of a period from the running agent, page by page.
 *
 * The agent resolves the times and cuts the pages; this side writes the file.
 */

import { count } from '../../../core/counts.ts';
import { counted, msg } from '../../../core/message.ts';
import { textArg } from '../../agent-command.ts';
import { fetchAnswer } from '../../ask-agent.ts';
import { ConsoleError } from '../../console-error.ts';
import type { RawArgs } from '../../protocol/protocol.ts';
import type { ExpectRoom, LocalArgs, Terminal } from '../../terminal/terminal.ts';
import { formatNumber, translated } from '../../text/page.ts';
import { toAscii } from '../../text/plain-text.ts';
import { wrap } from '../../text/text-lines.ts';
import { readRange } from '../time-range.ts';
import { EXPORT_FORMATS, EXPORT_PAGE, type ExportAnswer, type ExportFormat, framesToAsk, headOf, linesOf } from './export.ts';
import { type ExportFile, type ExportState, openExportFile } from './export-file.ts';

/** File name that means standard output. */
const OUTPUT = '-';
/** Step of progress lines if there is no terminal. Units: %. Source: assumed; ten lines in a script's log. Confirmed by: duration of an export of a full store. */
const STAGE_PCT = 10;

/** State without the length of the file, which only the file has. */
type Reached = Omit<ExportState, 'bytes'>;
/** `waiting`: as in the agent's answer. */
type Pumped = Reached & { readonly waiting: number };

interface ExportArgs {
  readonly since: string;
  readonly until: string | null;
  readonly to: string;
  readonly format: ExportFormat;
  readonly isJson: boolean;
  readonly socket: LocalArgs[string] | undefined;
}

/**
 * `export`: writes the stored readings of a period to a file or to the output and prints how many. Resolves with 0. `signal` stops it;
 * `write` writes to the output. `expectRoom`: as in `openExportFile`.
 *
 * Errors: rejects, for example with ConsoleError when stopped. Repeated, the command can continue a partial file.
 */
export async function exportReadings(
  args: LocalArgs,
  terminal: Terminal,
  signal: AbortSignal,
  write: (text: string) => Promise<void>,
  expectRoom: ExpectRoom = async () => {},
): Promise<number> {
  const wanted = readExport(args as RawArgs);
  const { to, isJson } = wanted;
  const file = to === OUTPUT ? toOutput(write) : await openExportFile(to, wanted, expectRoom);
  try {
    const reached = await pump(file, wanted, terminal, signal);
    terminal.status?.clear();
    if (reached.waiting > 0) terminal.err(`${warning(reached.waiting, terminal)}\n`);
    const text = isJson ? JSON.stringify(summary(reached, file, wanted)) : sumText(reached, wanted, terminal);
    (to === OUTPUT ? terminal.err : terminal.out)(`${text}\n`);
    return 0;
  } finally {
    terminal.status?.clear();
    await file.close();
  }
}

/** Errors: throws ConsoleError 'usage' for the first mistake. */
function readExport(args: RawArgs): ExportArgs {
  if (args['since'] === undefined) throw new ConsoleError('usage', msg`give a start: --since 24h, or --since 2026-12-01`);
  if (args['to'] === undefined) throw new ConsoleError('usage', msg`give a file: --to today.csv, or --to - to print it`);
  readRange(args);
  const to = textArg(args, 'to');
  const until = args['until'] === undefined ? null : textArg(args, 'until');
  return { since: textArg(args, 'since'), until, to, format: formatOf(args, to), isJson: args['json'] === true, socket: args['socket'] };
}

function formatOf(args: RawArgs, to: string): ExportFormat {
  const text = args['format'] === undefined ? (/\.([a-z]+)$/i.exec(to)?.[1] ?? (to === OUTPUT ? 'csv' : '')) : textArg(args, 'format');
  const found = EXPORT_FORMATS.find((format) => format === text.toLowerCase().replace(/^(nd)?json$/, 'jsonl'));
  if (found !== undefined) return found;
  throw new ConsoleError(
    'usage',
    text === ''
      ? msg`no format: end the name in .csv or .jsonl, or add --format csv or jsonl`
      : msg`no format "${text}": end the name in .csv or .jsonl, or add --format csv or jsonl`,
  );
}

const NEW_STORE = msg`the store was replaced since this export began, so it cannot continue: remove what is there and start again`;

async function pump(file: ExportFile, wanted: ExportArgs, terminal: Terminal, signal: AbortSignal): Promise<Pumped> {
  const report = progressReporter(terminal);
  let at: Reached | null = file.state;
  let hasHead = file.state !== null && file.state.bytes > 0;
  let last: { frames: number; readings: number } | null = null;
  let waiting = 0;
  for (;;) {
    try {
      const page: ExportAnswer = await orStopped(askPage(at, framesToAsk(last), wanted, terminal), signal);
      if (at !== null && page.epoch !== at.epoch) throw new ConsoleError('failed', NEW_STORE);
      last = { frames: page.frames.length, readings: page.frames.reduce((sum, { readings }) => sum + readings.length, 0) };
      const next: Reached = after(page, at, last, wanted);
      await file.append(`${hasHead ? '' : headOf(page, wanted.format)}${linesOf(page, wanted.format)}`, next);
      at = next;
      hasHead = true;
      waiting = page.waiting ?? waiting;
      if (page.nextSeq === null) break;
      report(page, next);
    } catch (error) {
      throw at === null || wanted.to === OUTPUT ? error : withKept(error, wanted.to);
    }
  }
  await file.finish();
  return { ...at, waiting };
}

async function askPage(
  at: Reached | null,
  frames: number,
  { since, until, socket }: ExportArgs,
  terminal: Terminal,
): Promise<ExportAnswer> {
  const typed = { since, ...(until === null ? {} : { until }) };
  const [from, to] = at === null ? [] : [at.fromMs, at.toMs].map((ms) => new Date(ms).toISOString());
  const range: RawArgs = from === undefined || to === undefined ? typed : { since: from, until: to };
  const asked = { ...range, after: String(at?.afterSeq ?? 0), frames: String(frames) };
  return (await fetchAnswer(EXPORT_PAGE, asked, { socket, terminal })).result as ExportAnswer;
}

/** Errors: throws ConsoleError 'failed' if the agent makes no progress. */
function after(
  { epoch, fromMs, toMs, nextSeq, frames }: ExportAnswer,
  before: Reached | null,
  page: { readonly frames: number; readonly readings: number },
  { since, until, format }: ExportArgs,
): Reached {
  const beforeSeq = before?.afterSeq ?? 0;
  const afterSeq = nextSeq ?? frames.at(-1)?.seq ?? beforeSeq;
  if (nextSeq !== null && nextSeq <= beforeSeq) throw new ConsoleError('failed', msg`the agent sent the same page again; see its log`);
  const sums = { frames: (before?.frames ?? 0) + page.frames, readings: (before?.readings ?? 0) + page.readings };
  const beganMs = before?.beganMs ?? frames[0]?.atMs ?? fromMs;
  return { since, until, format, epoch, fromMs, toMs, beganMs, afterSeq, ...sums };
}

/** Reports progress in the status line of a terminal, or as occasional lines. */
function progressReporter(terminal: Terminal): (page: ExportAnswer, reached: Reached) => void {
  let reachedPct = 0;
  let reportedPct = 0;
  return ({ frames }, { beganMs, toMs, readings }) => {
    const atMs = frames.at(-1)?.atMs ?? beganMs;
    reachedPct = Math.max(reachedPct, Math.min(100, ((atMs - beganMs) / Math.max(1, toMs - beganMs)) * 100));
    const text = translated(msg`${formatNumber(Math.floor(reachedPct))} %, ${count(readings, 'reading')}`, terminal);
    if (terminal.status !== null) return terminal.status.show(text);
    if (reachedPct < reportedPct + STAGE_PCT) return;
    reportedPct = Math.floor(reachedPct / STAGE_PCT) * STAGE_PCT;
    terminal.err(`${text}\n`);
  };
}

/** Remove the listener with each page; otherwise all pages stay in memory until the end. */
function orStopped<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(new ConsoleError('failed', msg`stopped`));
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}

function withKept(error: unknown, to: string): unknown {
  if (!(error instanceof ConsoleError) || error.said === NEW_STORE) return error;
  return new ConsoleError(error.code, msg`${error.said}; ${to}.part is kept: the same command continues from there`, { cause: error });
}

function toOutput(write: ExportFile['append']): ExportFile {
  return { state: null, append: write, finish: async () => {}, close: async () => {} };
}

function warning(readings: number, terminal: Terminal): string {
  const text = counted(
    readings,
    msg`one reading not in it: the disk does not take it, it waits in memory; see \`luciole store\``,
    msg`${readings} readings not in it: the disk does not take them, they wait in memory; see \`luciole store\``,
  );
  return wrap(toAscii(translated(msg`warning: ${text}`, terminal)), terminal.widthCols).join('\n');
}

function summary({ epoch, fromMs, toMs, frames, readings, waiting }: Pumped, { state }: ExportFile, { to, format }: ExportArgs) {
  const [from, until] = [fromMs, toMs].map((ms) => new Date(ms).toISOString());
  const held = waiting === 0 ? {} : { waiting };
  return { file: to, format, epoch, from, to: until, frames, readings, resumed: state !== null, ...held };
}

function sumText({ fromMs, toMs, frames, readings, epoch }: Reached, { to }: ExportArgs, terminal: Terminal): string {
  const utc = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;
  const what = msg`${count(readings, 'reading')} in ${count(frames, 'frame')}, ${utc(fromMs)} to ${utc(toMs)}, store ${epoch.slice(0, 8)}`;
  return wrap(toAscii(`${to === OUTPUT ? '' : `${to}: `}${translated(what, terminal)}`), terminal.widthCols).join('\n');
}
