/** `history`: shows the stored values of a point. */

import { HOUR_MS } from '../../../core/durations.ts';
import { type Message, msg } from '../../../core/message.ts';
import type { Resolution } from '../../../core/ports.ts';
import { nearest } from '../../../core/suggestions.ts';
import type { AgentView, PointView } from '../../../core/views.ts';
import { agentCommand, textArg } from '../../agent-command.ts';
import { ConsoleError } from '../../console-error.ts';
import type { RawArgs } from '../../protocol/protocol.ts';
import { RANGE_OPTIONS, rangeOf, readRange, type TimeRange, type TypedRange } from '../time-range.ts';
import type { HistoryForm, PointHistory } from './history-page.ts';
import { askStore } from './store.ts';

const RESOLUTIONS: readonly Resolution[] = ['raw', 'minute', 'hour'];
/**
 * Rows or buckets per answer. Source: assumed; 2 MB, far below the limit of a reply. Confirmed by: size and time of such an answer on the
 * gateway.
 */
const MAX_HISTORY_ROWS = 20_000;
const USUAL_SINCE = '24h';
/**
 * A full store is read in pages. Units: ms. Source: assumed; 78 days by the hour took 3.4 s on a fast machine and take ten times as long on
 * a slow one. Confirmed by: bench on the gateway.
 */
const TIMEOUT_MS = 60_000;

/**
 * Longest spans that are shown raw, and by the minute. Units: ms.
 *
 * Source: a table should be at most a few screens long at a heartbeat of a minute; a plot has 65 columns; a file is limited only by the
 * size of an answer.
 */
const FINE_UP_TO_MS = {
  table: { raw: HOUR_MS, minute: 3 * HOUR_MS },
  other: { raw: 6 * HOUR_MS, minute: 8 * 24 * HOUR_MS },
};

/** Points listed if the typed one does not exist. Source: assumed; one line. Confirmed by: the longest point ids in cabinet files. */
const MAX_NAMED = 4;

/** The arguments of `history`. `point`: as typed. */
export interface HistoryArgs extends TypedRange {
  readonly point: string;
  /** Null: chosen by `fittingResolution`. */
  readonly by: Resolution | null;
  readonly form: HistoryForm;
}

/** `history`: answers with the newest stored values of a point in a period: readings, or values by the minute or hour. */
export const HISTORY = agentCommand({
  name: 'history',
  role: 'viewer',
  group: 'Store:',
  summary: msg`what a point measured, as a table or a plot`,
  arguments: [{ name: 'point', summary: msg`as in \`luciole points\``, required: true, names: 'point' }],
  options: [
    { ...RANGE_OPTIONS.since, summary: msg`${RANGE_OPTIONS.since.summary} (default: 24h)` },
    RANGE_OPTIONS.until,
    { name: 'by', value: 'STEP', summary: msg`raw, minute or hour (default: what fits the time)` },
    { name: 'plot', value: null, summary: msg`draw it` },
    { name: 'csv', value: null, summary: msg`print it as CSV, with times of UTC` },
  ],
  examples: [
    'luciole history M01.power',
    'luciole history M01.power --since 7d --plot',
    'luciole history L07.level --since 2026-12-01T22:00 --until 2026-12-02 --csv',
  ],
  timeoutMs: TIMEOUT_MS,
  read: readHistory,
  answer: async (view, args, { clock, timezone }): Promise<PointHistory> => {
    const { pointId, unit, decimals } = findPoint(view, args.point);
    const range = rangeOf(args, clock.wallMs(), timezone);
    const resolution = args.by ?? fittingResolution(range, args.form);
    const found = await askStore(view, view.history({ pointId, ...range, resolution, limit: MAX_HISTORY_ROWS }));
    return { pointId, unit, decimals, ...range, resolution, ...found };
  },
  render: async (result, page, { form }) => (await import('./history-page.ts')).renderPointHistory(result, page, form),
});

/**
 * Returns the arguments of `history`, with defaults for missing options; whether the point exists is not checked. Errors: throws
 * ConsoleError 'usage' if the point is missing, a time or `--by` cannot be read, or `--plot` is given with `--csv`.
 */
export function readHistory(args: RawArgs): HistoryArgs {
  const [plot, csv] = [args['plot'] === true, args['csv'] === true];
  if (plot && csv) throw new ConsoleError('usage', msg`--plot or --csv, not both`);
  return { point: textArg(args, 'point'), ...readRange(args, USUAL_SINCE), by: readBy(args), form: plot ? 'plot' : csv ? 'csv' : 'table' };
}

/**
 * Returns the resolution for a period if the user requested none: the longer the period, the coarser. For a table it becomes coarser at
 * shorter periods than for other forms.
 */
export function fittingResolution({ fromMs, toMs }: TimeRange, form: HistoryForm): Resolution {
  const { raw, minute } = FINE_UP_TO_MS[form === 'table' ? 'table' : 'other'];
  const spanMs = toMs - fromMs;
  return spanMs <= raw ? 'raw' : spanMs <= minute ? 'minute' : 'hour';
}

/**
 * Returns the point with this name, otherwise one that differs only in capital and small letters; `/` may replace the dot. Errors: throws
 * ConsoleError 'unknown-name' with advice.
 */
export function findPoint(view: Pick<AgentView, 'points'>, typed: string): PointView {
  const points = view.points('');
  // The platform writes `/` instead of `.`.
  const asked = typed.replace('/', '.');
  const wanted = asked.toLowerCase();
  const found = points.find(({ pointId }) => pointId === asked) ?? points.find(({ pointId }) => pointId.toLowerCase() === wanted);
  if (found !== undefined) return found;
  const ids = points.map(({ pointId }) => pointId);
  throw new ConsoleError('unknown-name', noPoint(typed, asked, ids));
}

/** Suggests points of the requested device if it exists: a point of another device is no answer. */
function noPoint(typed: string, asked: string, ids: readonly string[]): Message {
  const [device = '', quantity = ''] = asked.split('.');
  const own = ids.filter((id) => id.toLowerCase().startsWith(`${device.toLowerCase()}.`));
  const none = msg`no point ${JSON.stringify(typed)}`;
  if (quantity === '' || own.length === 0) {
    const near = quantity === '' ? undefined : nearestPoint(device, quantity, ids);
    const alike = near === undefined ? ids.filter((id) => id.toLowerCase().includes(asked.toLowerCase())) : [near];
    const meant = alike.slice(0, MAX_NAMED);
    if (meant.length === 0) return msg`${none}; \`luciole points\` lists them all`;
    return alike.length > MAX_NAMED ? msg`${none}; did you mean ${meant} or another?` : msg`${none}; did you mean ${meant}?`;
  }
  const near = nearest(quantity, own.map(quantityOf));
  if (near !== undefined) return msg`${none}; did you mean ${own.find((id) => quantityOf(id) === near) ?? near}?`;
  const elsewhere = ids.filter((id) => quantityOf(id).toLowerCase() === quantity.toLowerCase());
  const seen = elsewhere.length === 0 ? msg`no device here measures that` : msg`${quantity} is measured by ${listed(elsewhere)}`;
  return msg`${none}: ${own[0]?.split('.')[0] ?? device} has ${listed(own)}; ${seen}`;
}

/** Returns the nearest point for a mistyped device name. */
function nearestPoint(device: string, quantity: string, ids: readonly string[]): string | undefined {
  const meant = nearest(device, [...new Set(ids.map((id) => id.split('.')[0] ?? ''))]);
  return ids.find((id) => id.startsWith(`${meant}.`) && nearest(quantity, [quantityOf(id)]) !== undefined);
}

function quantityOf(pointId: string): string {
  return pointId.slice(pointId.indexOf('.') + 1);
}

function listed(ids: readonly string[]): Message {
  return ids.length > MAX_NAMED ? msg`${ids.slice(0, MAX_NAMED)} and ${ids.length - MAX_NAMED} more` : msg`${ids}`;
}

function readBy(args: RawArgs): Resolution | null {
  if (args['by'] === undefined) return null;
  const text = textArg(args, 'by').toLowerCase();
  const found = RESOLUTIONS.find((each) => each === text);
  if (found === undefined) throw new ConsoleError('usage', msg`bad --by "${text}": it is one of ${RESOLUTIONS}`);
  return found;
}
