/** `export`: its words, and the pages that the agent answers it with. */
import { msg } from '../../../core/message.ts';
import type { ExportPage, StoredFrame, StoredReading } from '../../../core/ports.ts';
import type { AgentView } from '../../../core/views.ts';
import type { PointId } from '../../../core/words.ts';
import { agentCommand, numberArg } from '../../agent-command.ts';
import type { LocalCommand } from '../../command-spec.ts';
import { csvLine } from '../../text/text-table.ts';
import { RANGE_OPTIONS, rangeOf, readRange, type TimeRange } from '../time-range.ts';
import { askStore } from './store.ts';

/** Readings of one answer. Source: 80 bytes each as JSON make 1.6 MB, a tenth of what an answer may have; a frame has 2,000 at most. */
const MAX_READINGS = 20_000;
/** Readings that a page should have. Source: assumed; 10 ms of the storage thread, so that commits do not wait. */
const WANTED_READINGS = 10_000;
/** Frames of a page. Source: assumed; frames may be small and many, or the next one large. */
const FRAMES = { first: 200, min: 20, max: 5_000 };
/** Frames that a page may be asked for. Source: assumed; the storage thread must not keep a commit waiting for long. */
const PAGE_FRAMES = { min: 1, max: 5_000, usual: 200 };
/** Source: ten digits; a frame a second makes them in three centuries. */
const MAX_SEQ = 9_999_999_999;

/** One page of an export, with what every page of it has in common. */
export interface ExportAnswer extends ExportPage, TimeRange {
  /** By point, those of the running cabinet. */
  readonly units: Readonly<Record<PointId, string>>;
  /** On the last page: readings in memory that a failing disk does not take, so that no export has them. Absent on the others. */
  readonly waiting?: number;
}

export const EXPORT: LocalCommand = {
  kind: 'local',
  name: 'export',
  role: 'viewer',
  hasSocket: true,
  group: 'Store:',
  summary: msg`all readings of a time into a file`,
  arguments: [],
  options: [
    RANGE_OPTIONS.since,
    RANGE_OPTIONS.until,
    { name: 'to', value: 'FILE', summary: msg`output file; an interrupted export continues; - is standard output`, file: 'write' },
    { name: 'format', value: 'FORMAT', summary: msg`csv or jsonl (default: by the end of the name)` },
    { name: 'json', value: null, summary: msg`print the sum on one line, for scripts` },
  ],
  examples: [
    'luciole export --since 24h --to today.csv',
    'luciole export --since 2026-11-01 --until 2026-12-01 --to november.jsonl',
    'luciole export --since 1h --to - --format jsonl',
  ],
};

/** Also asked by `export`, page by page. */
export const EXPORT_PAGE = agentCommand({
  name: 'export page',
  role: 'viewer',
  group: 'Store:',
  summary: msg`some frames of an export`,
  isHidden: true,
  options: [
    RANGE_OPTIONS.since,
    RANGE_OPTIONS.until,
    { name: 'after', value: 'SEQ', summary: msg`the frames after this one (default: 0)` },
    { name: 'frames', value: 'COUNT', summary: msg`at most so many (default: 200)` },
  ],
  read: (args) => ({
    ...readRange(args),
    afterSeq: numberArg(args, 'after', { min: 0, max: MAX_SEQ, usual: 0 }),
    maxFrames: numberArg(args, 'frames', PAGE_FRAMES),
  }),
  answer: async (view, { afterSeq, maxFrames, ...typed }, { clock, timezone }): Promise<ExportAnswer> => {
    const range = rangeOf(typed, clock.wallMs(), timezone);
    const page = cutPage(await askStore(view, view.exportPage({ ...range, afterSeq, maxFrames })));
    const waiting = page.nextSeq === null ? { waiting: await waitingIn(view) } : {};
    return { ...range, ...page, ...waiting, units: Object.fromEntries(view.points('').map(({ pointId, unit }) => [pointId, unit])) };
  },
  render: async (result) => JSON.stringify(result),
});

/** While the disk is sound, readings wait for the next commit only. */
async function waitingIn(view: AgentView): Promise<number> {
  const { readingsWaiting, state } = await view.store();
  return state === 'ok' ? 0 : readingsWaiting;
}

/** The page with whole frames up to the bound, one in any case; the rest comes with the next. */
export function cutPage(page: ExportPage): ExportPage {
  let readings = 0;
  const tooMany = page.frames.findIndex((frame, index) => {
    readings += frame.readings.length;
    return index > 0 && readings > MAX_READINGS;
  });
  if (tooMany < 0) return page;
  return { ...page, frames: page.frames.slice(0, tooMany), nextSeq: page.frames[tooMany - 1]?.seq ?? page.nextSeq };
}

/** How many frames to ask for next, given what the last page had. */
export function framesToAsk(last: { readonly frames: number; readonly readings: number } | null): number {
  if (last === null || last.frames === 0) return FRAMES.first;
  const fitting = Math.round((last.frames * WANTED_READINGS) / Math.max(1, last.readings));
  return Math.min(Math.max(fitting, FRAMES.min), FRAMES.max);
}

export const EXPORT_FORMATS = ['csv', 'jsonl'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

const FIELDS = ['seq', 'time', 'point', 'value', 'unit', 'quality', 'corrected'] as const;

/** What stands before the first reading. */
export function headOf({ epoch, fromMs, toMs }: Pick<ExportAnswer, 'epoch' | 'fromMs' | 'toMs'>, format: ExportFormat): string {
  if (format === 'csv') return `${csvLine(FIELDS)}\n`;
  const [from, to] = [fromMs, toMs].map((ms) => new Date(ms).toISOString());
  return `${JSON.stringify({ luciole: 'export', epoch, from, to })}\n`;
}

/** All readings of the frames, each a line with its end. */
export function linesOf({ frames, units }: Pick<ExportAnswer, 'frames' | 'units'>, format: ExportFormat): string {
  const line = (frame: StoredFrame, reading: StoredReading): string => {
    const { pointId, value, quality, atMs } = reading;
    const fields = [frame.seq, new Date(atMs).toISOString(), pointId, value, units[pointId] ?? '', quality, frame.isCorrected] as const;
    if (format === 'csv') return `${csvLine(fields)}\n`;
    return `${JSON.stringify(Object.fromEntries(FIELDS.map((name, index) => [name, fields[index]])))}\n`;
  };
  return frames.flatMap((frame) => frame.readings.map((reading) => line(frame, reading))).join('');
}
