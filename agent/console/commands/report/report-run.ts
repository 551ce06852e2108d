/** `luciole report`: requests a report from the agent and writes it to a file or to the output. */

import { type Message, msg, type Said } from '../../../core/message.ts';
import { withTexts } from '../../../core/message-wire.ts';
import { replaceFile } from '../../../core/replace-file.ts';
import { REPORT_FORMATS, type ReportFormat, type ReportKind } from '../../../core/report.ts';
import { textArg } from '../../agent-command.ts';
import { fetchAnswer } from '../../ask-agent.ts';
import { ConsoleError } from '../../console-error.ts';
import type { RawArgs } from '../../protocol/protocol.ts';
import { type ExpectRoom, type LocalArgs, type Terminal, textOf } from '../../terminal/terminal.ts';
import { formatBytes, translated } from '../../text/page.ts';
import { toAscii } from '../../text/plain-text.ts';
import { paragraph, wrap } from '../../text/text-lines.ts';
import { type MakingStep, REPORT_MAKE } from './make-report.ts';
import type { ReportFile } from './report-file.ts';

/** Readable by others, as an export of readings is. */
const MODE = 0o644;
const ENDS: Readonly<Record<string, ReportFormat>> = { txt: 'text', htm: 'html', html: 'html', json: 'json', csv: 'csv' };
const STEPS: Readonly<Record<MakingStep, Message>> = { data: msg`reading the nights`, page: msg`making the report` };

/** What a report needs of the process or session in which it runs. */
export interface ReportRun {
  readonly terminal: Terminal;
  /** Aborted to stop. */
  readonly signal: AbortSignal;
  /** A person reads the output. */
  readonly isTerminal: boolean;
  /** Writes to the output; resolves when a slow reader has room, in a session at once. */
  readonly write: (text: string) => Promise<void>;
  /** Checks whether the file of `--out` may have its size. */
  readonly expectRoom: ExpectRoom;
}

/**
 * `report night`, `month`, `savings` and `commission`: writes the report to the file of `--out`, or to the output. Also prints whether it
 * is signed, except for text and CSV in the output, which never are. Resolves with 0. A file is replaced as a whole.
 *
 * Errors: rejects with ConsoleError, for example 'usage' if none of the nights has ended.
 */
export async function runReport(kind: ReportKind, args: LocalArgs, run: ReportRun): Promise<number> {
  const { terminal } = run;
  const to = textOf(args['out']);
  const format = formatOf(args as RawArgs, to);
  if (format === 'html' && to === null && run.isTerminal)
    throw new ConsoleError('usage', msg`HTML is for a browser: add --out FILE, as --out ${`${kind}.html`}`);
  const { date, nights, semicolon, language = terminal.language ?? 'en' } = args as RawArgs;
  const asked = { kind, format, language, width: String(terminal.widthCols), date, nights, semicolon };
  const file = await made(Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== undefined)) as RawArgs, args, run);
  const signature = file.isSigned ? msg`signed by node ${file.node}` : msg`not signed: ${file.whyNot ?? msg`only HTML and JSON are`}`;
  if (to === null) {
    await (run.isTerminal ? terminal.out(onScreen(file.text, terminal)) : run.write(file.text));
    if (format === 'html' || format === 'json') note(signature, terminal);
    return 0;
  }
  const bytes = Buffer.byteLength(file.text);
  await run.expectRoom(to, bytes);
  if (run.signal.aborted) throw new ConsoleError('failed', msg`stopped`);
  writeTo(to, file.text);
  const { text: _, ...about } = file;
  const said = msg`Wrote ${to}: ${aboutOf(file)}, ${formatBytes(bytes)}, ${signature}`;
  const summary =
    args['json'] === true ? JSON.stringify(withTexts({ file: to, format, bytes, ...about })) : paragraph(said, terminal).join('\n');
  terminal.out(`${summary}\n`);
  return 0;
}

async function made(asked: RawArgs, { socket }: LocalArgs, { terminal, signal }: ReportRun): Promise<ReportFile> {
  const { status, socketPath, user, token } = terminal;
  let shown: MakingStep | null = null;
  try {
    const { result } = await fetchAnswer(REPORT_MAKE, asked, {
      socket,
      terminal: { socketPath, user, signal, ...(token === undefined ? {} : { token }) },
      onProgress: ({ progress }) => {
        const { step } = progress as { readonly step: MakingStep };
        if (status !== null) status.show(translated(STEPS[step], terminal));
        else if (step !== shown) note(STEPS[step], terminal);
        shown = step;
      },
    });
    return result as ReportFile;
  } finally {
    status?.clear();
  }
}

function formatOf(args: RawArgs, to: string | null): ReportFormat {
  const end = /\.([a-z]+)$/i.exec(to ?? '')?.[1]?.toLowerCase() ?? '';
  if (args['format'] === undefined) {
    if (to === null) return args['json'] === true ? 'json' : 'text';
    const found = ENDS[end];
    if (found !== undefined) return found;
    throw new ConsoleError('usage', msg`no format: end the name in .html, .json, .csv or .txt, or add --format`);
  }
  const text = textArg(args, 'format');
  const found = REPORT_FORMATS.find((format) => format === text.toLowerCase());
  if (found !== undefined) return found;
  throw new ConsoleError('usage', msg`no format "${text}": write ${REPORT_FORMATS}`);
}

function aboutOf({ kind, cabinet, from, to }: ReportFile): Said {
  return from === null || to === null ? msg`report ${kind} of ${cabinet}` : msg`report ${kind} of ${cabinet}, ${from} to ${to}`;
}

/** A terminal may show no other letters than those of its setting. */
function onScreen(text: string, { charset }: Pick<Terminal, 'charset'>): string {
  return charset === 'utf-8' ? text : text.split('\n').map(toAscii).join('\n');
}

/** Progress and notes do not belong into the output. */
function note(text: Message, terminal: Terminal): void {
  terminal.err(`${wrap(toAscii(translated(text, terminal)), terminal.widthCols).join('\n')}\n`);
}

function writeTo(file: string, text: string): void {
  try {
    replaceFile(file, text, { mode: MODE, backup: null });
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
    throw new ConsoleError('failed', msg`${file} cannot be written (${String(error.code)}): choose another place with --out`, {
      cause: error,
    });
  }
}
