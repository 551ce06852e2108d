/** `luciole recorder export`: fetches a recording from the agent, or reads it from the data folder, and writes it in another format. */
import { chmod, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { asOwnerOf } from '../../../core/atomic-write.ts';
import { count } from '../../../core/counts.ts';
import { msg } from '../../../core/message.ts';
import type { FlightRow } from '../../../core/recorder-tools.ts';
import { expectReplaceable } from '../../../core/regular-file.ts';
import { pcapngOf } from '../../../diagnosis/flight/pcapng.ts';
import { rowsOf } from '../../../diagnosis/flight/recorded-rows.ts';
import type { FlightRecording } from '../../../diagnosis/flight/recording-codec.ts';
import { RecordingFolder } from '../../../diagnosis/flight/recording-folder.ts';
import { textArg } from '../../agent-command.ts';
import { fetchAnswer } from '../../ask-agent.ts';
import { ConsoleError } from '../../console-error.ts';
import type { RawArgs } from '../../protocol/protocol.ts';
import type { ExpectRoom, LocalArgs, Terminal } from '../../terminal/terminal.ts';
import { formatBytes, type Page } from '../../text/page.ts';
import { paragraph } from '../../text/text-lines.ts';
import { csvLine } from '../../text/text-table.ts';
import { wholeRow } from './flight-page.ts';
import { factLines, RECORDER_FILE, readId, soundRecording } from './recorder.ts';
import { RECORDING_FORMATS, type RecordingFormat } from './recorder-words.ts';

/** Readable by its owner only: it has details of a street. */
const FILE_MODE = 0o600;
/** Longest file that is read from a data folder. Units: bytes. Source: the largest limit of `recorder.maxMegabytes`. */
const MAX_FILE_BYTES = 500_000_000;
const WIDE_COLS = 10_000;
const END_OF: Readonly<Record<RecordingFormat, string>> = { text: 'txt', csv: 'csv', pcapng: 'pcapng' };

/**
 * `recorder export`: writes a recording to a file and prints a summary. Resolves with 0. `dir`: folder of the file without `--output`;
 * empty for the working directory. An existing file is overwritten. Only its owner may read the file, unless its mode cannot be set, as on
 * a USB stick. `expectRoom`: called before the file is written; default: no check.
 *
 * Errors: rejects with ConsoleError, for example if the recording does not exist or is damaged.
 */
export async function exportRecording(
  args: LocalArgs,
  terminal: Terminal,
  { dir = '', expectRoom = async () => {} }: { readonly dir?: string; readonly expectRoom?: ExpectRoom } = {},
): Promise<number> {
  const id = readId(args as RawArgs);
  const output = typeof args['output'] === 'string' ? args['output'] : null;
  const format = formatOf(args as RawArgs, output);
  const recording = await soundRecording(id, await fileOf(id, args, terminal));
  const rows = rowsOf(recording);
  const file = output ?? join(dir, `recording-${id}.${END_OF[format]}`);
  const content = contentOf(id, recording, { rows, format });
  await written(file, content, expectRoom);
  const frames = rows.filter(({ what }) => what === 'frame').length;
  const summary = { file, format, recording: id, bytes: content.length, rows: rows.length, frames };
  const said = msg`${file}: ${count(frames, 'frame')}, ${count(rows.length, 'row')}, ${formatBytes(content.length)}`;
  terminal.out(`${args['json'] === true ? JSON.stringify(summary) : paragraph(said, terminal).join('\n')}\n`);
  return 0;
}

function formatOf(args: RawArgs, output: string | null): RecordingFormat {
  const end = /\.([a-z]+)$/i.exec(output ?? '')?.[1]?.toLowerCase();
  const text = args['format'] === undefined ? (end ?? '') : textArg(args, 'format').toLowerCase();
  const found = RECORDING_FORMATS.find((format) => format === text || END_OF[format] === text);
  if (found !== undefined) return found;
  throw new ConsoleError('usage', msg`no format "${text}": add --format text, csv or pcapng, or end the name in .txt, .csv or .pcapng`);
}

async function fileOf(id: number, args: LocalArgs, terminal: Terminal): Promise<Buffer | undefined> {
  const { 'data-dir': dataDir, socket } = args;
  if (typeof dataDir === 'string') {
    const folder = new RecordingFolder(resolve(dataDir), () => ({ maxRecordings: 0, maxBytes: MAX_FILE_BYTES }));
    return withFileErrors(dataDir, () => folder.read(id));
  }
  const { result } = await fetchAnswer(RECORDER_FILE, { id: String(id) }, { socket, terminal });
  return Buffer.from((result as { readonly base64: string }).base64, 'base64');
}

function contentOf(
  id: number,
  recording: FlightRecording,
  { rows, format }: { rows: readonly FlightRow[]; format: RecordingFormat },
): Buffer {
  const { head } = recording;
  // A file is evidence, so its language does not depend on its reader.
  const page: Page = { widthCols: WIDE_COLS, colour: false, atMs: head.parts[0]?.atMs ?? 0, timezone: head.timezone };
  const facts = factLines(id, head, page);
  if (format === 'pcapng') return pcapngOf(head, rows, facts.join('\n'));
  if (format === 'csv') return Buffer.from(rows.length === 0 ? csvHead() : `${csvHead()}${rows.map(csvRow).join('')}`);
  return Buffer.from(`${[...facts.map((fact) => `# ${fact}`), ...rows.map((row) => wholeRow(row, page, true))].join('\n')}\n`);
}

const FIELDS = [
  ...(['time', 'mono_us', 'line', 'what', 'direction', 'kind', 'unit', 'function', 'gap_us', 'bytes', 'foreign'] as const),
  ...(['lane', 'result', 'lamp', 'level_pct', 'rank', 'reason', 'severity', 'code', 'source', 'text'] as const),
] as const;
type Field = (typeof FIELDS)[number];

function csvHead(): string {
  return `${csvLine(FIELDS)}\n`;
}

/** Times have six digits after the second, in UTC. */
function csvRow(row: FlightRow): string {
  const whole = new Date(Math.floor(row.atMs)).toISOString();
  const us = String(Math.floor((row.atMs % 1) * 1_000)).padStart(3, '0');
  const fields: Partial<Record<Field, string | number | boolean | null>> = {
    time: `${whole.slice(0, -1)}${us}Z`,
    mono_us: row.atUs,
    what: row.what,
    ...fieldsOf(row),
  };
  return `${csvLine(FIELDS.map((name) => fields[name] ?? null))}\n`;
}

function fieldsOf(row: FlightRow): Partial<Record<Field, string | number | boolean | null>> {
  switch (row.what) {
    case 'frame': {
      const { line, direction, kind, unit, fc, gapUs, bytes, isForeign } = row;
      return { line, direction, kind, unit, function: fc, gap_us: gapUs, bytes, foreign: isForeign };
    }
    case 'end':
      return { line: row.line, unit: row.unit, lane: row.lane, result: row.result };
    case 'dropped':
      return { line: row.line, text: `${row.count} bytes` };
    case 'port':
      return { line: row.line, kind: row.state, text: row.serial === null ? '' : JSON.stringify(row.serial) };
    case 'decision':
      return { lamp: row.lamp, level_pct: row.levelPct, rank: row.rank, reason: row.reason };
    default:
      return { code: row.code, source: row.source, severity: row.severity, kind: row.isEnd ? 'end' : 'begin', text: String(row.text) };
  }
}

async function written(file: string, content: Buffer, expectRoom: ExpectRoom): Promise<void> {
  await expectRoom(file, content.length);
  await withFileErrors(file, async () => {
    expectReplaceable(file);
    // As root, do not follow a link further than the owner of the folder could.
    await asOwnerOf(dirname(file), async () => {
      await writeFile(file, content, { mode: FILE_MODE, flush: true });
      // One that existed keeps its mode; one of another user may be kept so.
      await chmod(file, FILE_MODE).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'EPERM') throw error;
      });
    });
  });
}

async function withFileErrors<T>(place: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
    throw new ConsoleError('failed', msg`${place}: ${error.message}`, { cause: error });
  }
}
