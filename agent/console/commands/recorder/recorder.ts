/** `recorder`: the recordings of the flight recorder: list, show, freeze, protect. */
import { count } from '../../../core/counts.ts';
import { msg, type Said } from '../../../core/message.ts';
import type { FlightRow, RecorderTools, RecordingHead, RecordingSummary } from '../../../core/recorder-tools.ts';
import { Refusal } from '../../../core/refusal.ts';
import type { FlightRecording } from '../../../diagnosis/flight/recording-codec.ts';
import { agentCommand, numberArg, textArg } from '../../agent-command.ts';
import type { ConsoleCommand } from '../../command-spec.ts';
import { ConsoleError } from '../../console-error.ts';
import { formatDuration } from '../../text/duration.ts';
import { columnTime, formatBytes, type Page, translated } from '../../text/page.ts';
import { wordOf } from '../../text/state-words.ts';
import { labelled, paragraph } from '../../text/text-lines.ts';
import { tableLines } from '../../text/text-table.ts';
import { renderRow, wholeRow } from './flight-page.ts';
import { RECORDER_EXPORT } from './recorder-words.ts';

/** Rows of `recorder show`. Source: assumed; 50 rows are two screens, 2,000 fit one answer. Confirmed by: recordings read at cabinets. */
const LAST = { min: 1, max: 2_000, usual: 50 };
const MAX_ID = 999_999_999;
/** Longest wait for a slow card. Units: ms. Source: assumed; a recording has 0.2 MB. Confirmed by: `recorder list` on the slowest card in use. */
const DISK_MS = 30_000;
const ID_ARGUMENT = { name: 'id', summary: msg`number of the recording, as in \`recorder list\``, required: true } as const;

/**
 * The answer of `recorder list`. `recordings`: oldest first. `reach`: how far back the memory of each line reaches now; 0 for a line
 * without entries. Units: ms.
 */
export interface RecordingList {
  readonly recordings: readonly RecordingSummary[];
  readonly reach: ReturnType<RecorderTools['reach']>;
}

/** The answer of `recorder show`. `left`: number of earlier rows that were left out; with `--line`, only those of that line. */
export interface ShownRecording {
  readonly id: number;
  readonly head: RecordingHead;
  /** The last rows, oldest first; with `--line`, only those of that line. */
  readonly rows: readonly FlightRow[];
  readonly left: number;
}

/** `recorder list`: the stored recordings, and how far back the memory reaches now. */
const RECORDER_LIST = agentCommand<object, RecordingList>({
  name: 'recorder list',
  role: 'technician',
  group: 'Lines:',
  summary: msg`the recordings, and how far back memory reaches`,
  timeoutMs: DISK_MS,
  examples: ['luciole recorder list', 'luciole recorder list --json'],
  answer: ({ recorder }) => onDisk(async () => ({ recordings: await recorder.list(), reach: recorder.reach() })),
  render: renderList,
});

/** `recorder show`: facts, alarms and the last rows of a recording. */
const RECORDER_SHOW = agentCommand<{ id: number; line: string | null; last: number }, ShownRecording>({
  name: 'recorder show',
  role: 'technician',
  group: 'Lines:',
  summary: msg`frames, gaps and decisions of one recording`,
  timeoutMs: DISK_MS,
  arguments: [ID_ARGUMENT],
  options: [
    { name: 'line', value: 'LINE', summary: msg`only this line, without decisions`, names: 'line' },
    { name: 'last', value: 'COUNT', summary: msg`so many rows, 1 to 2000 (default: 50)` },
  ],
  examples: ['luciole recorder show 12', 'luciole recorder show 12 --line street --last 200'],
  read: (args) => ({
    id: readId(args),
    line: args['line'] === undefined ? null : textArg(args, 'line'),
    last: numberArg(args, 'last', LAST),
  }),
  answer: ({ recorder }, { id, line, last }) =>
    onDisk(async () => {
      const recording = await soundRecording(id, await recorder.read(id));
      const { rowsOf } = await import('../../../diagnosis/flight/recorded-rows.ts');
      const lines = recording.head.lines.map((each) => each.id);
      if (line !== null && !lines.includes(line))
        throw new ConsoleError('unknown-name', msg`recording ${id} has no line ${line}: one of ${lines}`);
      const all = rowsOf(recording);
      const rows = line === null ? all : all.filter((row) => 'line' in row && row.line === line);
      return { id, head: recording.head, rows: rows.slice(-last), left: Math.max(0, rows.length - last) };
    }),
  render: renderShown,
});

/** `recorder freeze`: stores the present memory. */
const RECORDER_FREEZE = agentCommand<object, RecordingSummary>({
  name: 'recorder freeze',
  role: 'technician',
  group: 'Lines:',
  summary: msg`store the last minutes now`,
  timeoutMs: DISK_MS,
  examples: ['luciole recorder freeze', 'luciole recorder freeze --json'],
  answer: ({ recorder }, _args, { source }) => onDisk(() => recorder.freeze(source)),
  render: ({ id, bytes }, page) => paragraph(msg`recording ${id}, ${formatBytes(bytes)}: luciole recorder show ${id}`, page).join('\n'),
  audit: ({ id }) => ({ recording: id }),
});

/** `recorder pin`: protects a recording from removal. */
const RECORDER_PIN = pinCommand('recorder pin', true);
/** `recorder unpin`: ends the protection. */
const RECORDER_UNPIN = pinCommand('recorder unpin', false);

/** `recorder file`: the file of a recording in base64, for `recorder export`. */
export const RECORDER_FILE = agentCommand<{ id: number }, { readonly id: number; readonly base64: string }>({
  name: 'recorder file',
  role: 'technician',
  group: 'Lines:',
  summary: msg`the file of a recording`,
  isHidden: true,
  timeoutMs: DISK_MS,
  arguments: [ID_ARGUMENT],
  read: (args) => ({ id: readId(args) }),
  answer: ({ recorder }, { id }) =>
    onDisk(async () => {
      const file = await recorder.read(id);
      if (file === undefined) throw unknownRecording(id);
      return { id, base64: file.toString('base64') };
    }),
  render: (result) => JSON.stringify(result),
});

/** The commands `recorder list`, `show`, `export`, `freeze`, `pin` and `unpin`, and the hidden `recorder file`. */
export const RECORDER_COMMANDS: readonly ConsoleCommand[] = [
  ...[RECORDER_LIST, RECORDER_SHOW, RECORDER_EXPORT, RECORDER_FREEZE, RECORDER_PIN, RECORDER_UNPIN, RECORDER_FILE],
];

/** Resolves with the recording in a file. Errors: rejects with ConsoleError 'unknown-name' without a file, 'failed' for a damaged one. */
export async function soundRecording(id: number, file: Buffer | undefined): Promise<FlightRecording> {
  if (file === undefined) throw unknownRecording(id);
  const { decodeRecording } = await import('../../../diagnosis/flight/recording-codec.ts');
  const recording = decodeRecording(file);
  if (recording !== null) return recording;
  throw new ConsoleError('failed', msg`recording ${id} is damaged: check the disk (dmesg)`);
}

/**
 * Returns the typed number of a recording; whether it exists is not checked. Errors: throws ConsoleError 'usage' if it is missing or
 * invalid.
 */
export function readId(args: Parameters<typeof numberArg>[0]): number {
  return numberArg(args, 'id', { min: 1, max: MAX_ID });
}

function unknownRecording(id: number): ConsoleError {
  return new ConsoleError('unknown-name', msg`there is no recording ${id}: \`luciole recorder list\` lists them`);
}

function pinCommand(name: 'recorder pin' | 'recorder unpin', isPinned: boolean) {
  return agentCommand<{ id: number }, RecordingSummary>({
    name,
    role: 'technician',
    group: 'Lines:',
    summary: isPinned ? msg`protect a recording from removal` : msg`end the protection of a recording`,
    timeoutMs: DISK_MS,
    arguments: [ID_ARGUMENT],
    examples: [`luciole ${name} 12`, `luciole ${name} 12 --json`],
    read: (args) => ({ id: readId(args) }),
    answer: ({ recorder }, { id }) =>
      onDisk(async () => {
        const pinned = await recorder.pin(id, isPinned);
        if (pinned === undefined) throw unknownRecording(id);
        return pinned;
      }),
    render: ({ id }, page) => translated(isPinned ? msg`recording ${id} is protected` : msg`recording ${id} is no longer protected`, page),
    audit: ({ id }) => ({ recording: id }),
  });
}

async function onDisk<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Refusal) throw new ConsoleError('failed', error.said, { cause: error });
    throw error;
  }
}

const COLUMNS = [
  { title: msg`Number`, align: 'right' },
  { title: msg`Time` },
  { title: msg`Size`, align: 'right' },
  { title: msg`Why`, wraps: true },
] as const;

function renderList({ recordings, reach }: RecordingList, page: Page): string {
  const rows = recordings.map((each) => listRow(each, page));
  return [
    ...(rows.length === 0
      ? paragraph(msg`no recordings: one is made at each alarm, and by \`luciole recorder freeze\``, page)
      : tableLines(COLUMNS, rows, page)),
    '',
    ...reach.flatMap(({ line, reachMs }) => labelled(msg`Memory`, msg`${line}: ${formatDuration(reachMs)}`, page)),
  ].join('\n');
}

function listRow({ id, isPinned, bytes, head }: RecordingSummary, page: Page): Said[] {
  const part = head?.parts[0];
  const time = part === undefined ? '-' : columnTime(part.atMs, page.timezone, { hasDay: true, hasSeconds: true });
  const said = head === null ? msg`its file is damaged` : whyText(head);
  return [String(id), time, formatBytes(bytes), isPinned ? msg`protected; ${said}` : said];
}

function whyText({ cause, by, alarms, moreAlarms }: RecordingHead): Said {
  if (cause === 'request') return msg`requested by ${by}`;
  const names = alarms.map(({ code, source }) => `${code} ${source}`);
  return moreAlarms === 0 ? msg`${names}` : msg`${names} and ${moreAlarms} more`;
}

function renderShown({ id, head, rows, left }: ShownRecording, page: Page): string {
  const hasLine = head.lines.length > 1;
  return [
    ...factLines(id, head, page),
    '',
    ...(left === 0 ? [] : [translated(msg`${count(left, 'row')} before these: --last, or \`luciole recorder export ${id}\``, page)]),
    ...rows.map((row) => (hasLine ? cutRow(wholeRow(row, page, true), page) : renderRow(row, page))),
  ].join('\n');
}

function cutRow(text: string, { widthCols }: Page): string {
  return text.length > widthCols ? `${text.slice(0, widthCols - 1)}~` : text;
}

/**
 * Returns the facts of a recording as lines of text: when, clock quality, agent, why, alarms and lines. The time is in the time zone of the
 * recording, not of the page.
 */
export function factLines(id: number, head: RecordingHead, page: Page): readonly string[] {
  const [first] = head.parts;
  const revision = head.revision === null ? msg`no revision` : msg`revision ${head.revision}`;
  const when = columnTime(first?.atMs ?? 0, head.timezone, { hasDay: true, hasSeconds: true, hasYear: true, hasZone: true });
  return [
    ...labelled(msg`Recording`, msg`${id}, ${head.cabinetId}, ${when}, clock ${wordOf(first?.clockQuality ?? 'none')}`, page),
    ...labelled(msg`Agent`, msg`luciole ${head.version}, ${revision}`, page),
    ...labelled(msg`Why`, whyText(head), page),
    ...head.alarms.flatMap(({ text }) => labelled(msg`Alarm`, text, page)),
    ...head.lines.flatMap(({ id: line, kind, port, serial }) =>
      labelled(msg`Line`, serial === null ? msg`${line}, ${kind}, ${port}` : msg`${line}, ${kind}, ${serial.baud} baud, ${port}`, page),
    ),
  ];
}
