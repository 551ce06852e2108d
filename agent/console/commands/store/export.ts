/** `export`: its command words, and the pages that the agent answers. */
import { msg } from '../../../core/message.ts';
import type { ExportPage, StoredFrame, StoredReading } from '../../../core/ports.ts';
import type { AgentView } from '../../../core/views.ts';
import type { PointId } from '../../../core/words.ts';
import { agentCommand, numberArg } from '../../agent-command.ts';
import type { LocalCommand } from '../../command-spec.ts';
import { csvLine } from '../../text/text-table.ts';
import { RANGE_OPTIONS, rangeOf, readRange, type TimeRange } from '../time-range.ts';
import { askStore } from './store.ts';

/** Readings per answer. Source: 80 bytes each as JSON make 1.6 MB, a tenth of the limit; a frame has at most 2,000. */
const MAX_READINGS = 20_000;
/**
 * Wanted readings per page. Source: assumed; 10 ms of the storage thread, so that commits are not delayed. Confirmed by: bench of a page on
 * the gateway.
 */
const WANTED_READINGS = 10_000;
/**
 * Frames per page. Source: assumed; frames may be many and small, or the next one large. Confirmed by: readings per frame in stores of
 * cabinets.
 */
const FRAMES = { first: 200, min: 20, max: 5_000 };
/**
 * Frames that a client may request per page. Source: assumed; the storage thread must not delay a commit. Confirmed by: bench of the
 * largest page on the gateway.
 */
const PAGE_FRAMES = { min: 1, max: 5_000, usual: 200 };
/** Source: ten digits; one frame per second reaches them in three centuries. */
const MAX_SEQ = 9_999_999_999;

/** One page of an export, with the period of the whole export, and the units of the points. */
export interface ExportAnswer extends ExportPage, TimeRange {
  /** Unit of measurement by point, for the points of the running cabinet. */
  readonly units: Readonly<Record<PointId, string>>;
  /**
   * Only on the last page: the number of readings in memory that are not stored yet, while the store reports trouble; 0 while it reports
   * none.
   */
  readonly waiting?: number;
}

/** Name, arguments and options of `export`, which writes all stored readings of a period to a file or to standard output. */
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
    { name: 'to', value: 'FILE', summary: msg`output file; an interrupted export continues; - is standard output`, file: 'write-or-print' },
    { name: 'format', value: 'FORMAT', summary: msg`csv or jsonl (default: by the end of the name)` },
    { name: 'json', value: null, summary: msg`print the sum on one line, for scripts` },
  ],
  examples: [
    'luciole export --since 24h --to today.csv',
    'luciole export --since 2026-11-01 --until 2026-12-01 --to november.jsonl',
    'luciole export --since 1h --to - --format jsonl',
  ],
};

/** `export page`: answers with frames of a period after a sequence number. `nextSeq` null: the last page. */
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

/** Returns how many readings a failing disk has not stored. With a healthy disk it is 0: readings only wait for the next commit. */
async function waitingIn(view: AgentView): Promise<number> {
  const { readingsWaiting, state } = await view.store();
  return state === 'ok' ? 0 : readingsWaiting;
}

/**
 * Returns the page without its last frames if its frames together have too many readings; the first frame always stays. If frames are cut,
 * `nextSeq` is the sequence number of the last one that stays.
 */
export function cutPage(page: ExportPage): ExportPage {
  let readings = 0;
  const tooMany = page.frames.findIndex((frame, index) => {
    readings += frame.readings.length;
    return index > 0 && readings > MAX_READINGS;
  });
  if (tooMany < 0) return page;
  return { ...page, frames: page.frames.slice(0, tooMany), nextSeq: page.frames[tooMany - 1]?.seq ?? page.nextSeq };
}

/**
 * Returns how many frames to request next for a page of about `WANTED_READINGS`, from the size of the last page. `last`: null before the
 * first page.
 */
export function framesToAsk(last: { readonly frames: number; readonly readings: number } | null): number {
  if (last === null || last.frames === 0) return FRAMES.first;
  const fitting = Math.round((last.frames * WANTED_READINGS) / Math.max(1, last.readings));
  return Math.min(Math.max(fitting, FRAMES.min), FRAMES.max);
}

/** The formats of an export file: CSV, or one JSON object per line. Both have one reading per line, after a head line. */
export const EXPORT_FORMATS = ['csv', 'jsonl'] as const;
/** A format of an export file: `csv`, or `jsonl` with one JSON object per line. */
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

const FIELDS = ['seq', 'time', 'point', 'value', 'unit', 'quality', 'corrected'] as const;

/** Returns the first line of an export file, with a line end: the CSV titles, or a JSON object with epoch and period in UTC. */
export function headOf({ epoch, fromMs, toMs }: Pick<ExportAnswer, 'epoch' | 'fromMs' | 'toMs'>, format: ExportFormat): string {
  if (format === 'csv') return `${csvLine(FIELDS)}\n`;
  const [from, to] = [fromMs, toMs].map((ms) => new Date(ms).toISOString());
  return `${JSON.stringify({ luciole: 'export', epoch, from, to })}\n`;
}

/** Returns the readings of the frames, one line each with a line end, times in UTC. The unit is empty for a point without a known one. */
export function linesOf({ frames, units }: Pick<ExportAnswer, 'frames' | 'units'>, format: ExportFormat): string {
  const line = (frame: StoredFrame, reading: StoredReading): string => {
    const { pointId, value, quality, atMs } = reading;
    const fields = [frame.seq, new Date(atMs).toISOString(), pointId, value, units[pointId] ?? '', quality, frame.isCorrected] as const;
    if (format === 'csv') return `${csvLine(fields)}\n`;
    return `${JSON.stringify(Object.fromEntries(FIELDS.map((name, index) => [name, fields[index]])))}\n`;
  };
  return frames.flatMap((frame) => frame.readings.map((reading) => line(frame, reading))).join('');
}
