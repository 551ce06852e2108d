/** Renders `luciole history`: the values of a point as a table, a plot or CSV. Pure. */

import { count } from '../../../core/counts.ts';
import { DAY_MS, HOUR_MS } from '../../../core/durations.ts';
import { type Message, msg, NO_TEXT } from '../../../core/message.ts';
import type { History, HistoryBucket, HistoryRow, Resolution } from '../../../core/ports.ts';
import type { PointId } from '../../../core/words.ts';
import { formatDuration } from '../../text/duration.ts';
import { columnTime, dayTime, formatNumber, localMs, NOTHING, type Page, stateWord, type TimeForm, translated } from '../../text/page.ts';
import { plotLines, type Sample } from '../../text/plot.ts';
import { labelled, paragraph } from '../../text/text-lines.ts';
import { csvLine } from '../../text/text-table.ts';
import type { TimeRange } from '../time-range.ts';

/** How a history is shown: as a table or a plot for a terminal, or as CSV. */
export type HistoryForm = 'table' | 'plot' | 'csv';

/**
 * The answer of `history`: the newest readings of one point in a period, or its values by minute or hour, oldest first. `unit`: that of
 * measurement; `decimals`: how many to show of a value; a mean has one more.
 */
export interface PointHistory extends History, TimeRange {
  readonly pointId: PointId;
  readonly unit: string;
  readonly decimals: number;
  readonly resolution: Resolution;
}

/** Length of `2026-12-01`. */
const DAY_COLS = 10;
/** Length of `2026`. */
const YEAR_COLS = 4;
/**
 * Near a clock change, a local time can occur twice. Units: ms. Source: IANA time zone database; Antarctica/Troll moves its clocks back by
 * 2 h.
 */
const NEAR_CHANGE_MS = 2 * HOUR_MS;
/** Width of a VT100. */
const PLOT_COLS = 80;
/**
 * Extra decimals of a mean. Source: assumed; sixty values give one more digit. Confirmed by: spread of the values of metered points within
 * a minute.
 */
const MEAN_DECIMALS = 1;

/** Renders the values of one point as a table, a plot or CSV. Times are in the cabinet's zone, in CSV in UTC. */
export function renderPointHistory(history: PointHistory, page: Page, form: HistoryForm): string {
  if (form === 'csv') return csvLines(history).join('\n');
  const shown = history.resolution === 'raw' ? history.rows.length : history.buckets.length;
  if (shown === 0) return [...title(history, page), ...labelled(msg`Nothing`, nothing(history), page)].join('\n');
  const body = form === 'plot' ? plot(history, page) : table(history, page);
  return [...title(history, page), '', ...body, '', ...notes(history, page, shown)].join('\n');
}

const STEP_WORDS: Readonly<Record<Resolution, Message>> = { raw: msg`each reading`, minute: msg`by the minute`, hour: msg`by the hour` };

function title({ pointId, unit, resolution, fromMs, toMs }: PointHistory, page: Page): string[] {
  const { timezone } = page;
  const [from, to] = [dayTime(fromMs, timezone), dayTime(toMs, timezone)];
  const range = msg`${from} to ${from.slice(0, DAY_COLS) === to.slice(0, DAY_COLS) ? to.slice(DAY_COLS + 1) : to}, ${timezone}`;
  const step = STEP_WORDS[resolution];
  return paragraph(unit === '' ? msg`${pointId}, ${step}, ${range}` : msg`${pointId} in ${unit}, ${step}, ${range}`, page);
}

function nothing({ fromMs, toMs }: PointHistory): Message {
  return msg`of it is kept from these ${formatDuration(toMs - fromMs)}: \`luciole store\` shows how far back readings go, \`luciole points\` whether it is read at all`;
}

function table(history: PointHistory, page: Page): string[] {
  const { decimals, resolution, rows, buckets, fromMs, toMs } = history;
  const form: TimeForm = {
    ...{ hasDay: isOverDays(fromMs, toMs, page), hasSeconds: resolution === 'raw' },
    ...{ hasYear: isOverYears(fromMs, toMs, page), hasZone: hasClockChange(fromMs, toMs, page) },
  };
  const time = (ms: number): string => translated(columnTime(ms, page.timezone, form), page);
  if (resolution === 'raw') {
    const cells = rows.map(({ atMs, value, quality, isCorrected }: HistoryRow) => [
      time(atMs),
      formatNumber(value, decimals),
      `${stateWord(quality, page)}${isCorrected ? ' *' : ''}`,
    ]);
    return columns([msg`Time`, msg`Value`, msg`Quality`], cells, page);
  }
  const cells = buckets.map(({ atMs, min, mean, max, values, readings }: HistoryBucket) => [
    time(atMs),
    formatNumber(min, decimals),
    formatNumber(mean, decimals + MEAN_DECIMALS),
    formatNumber(max, decimals),
    String(readings),
    values === readings ? '' : translated(msg`${readings - values} without a value`, page),
  ]);
  return columns([msg`Time`, msg`Min`, msg`Mean`, msg`Max`, msg`Readings`, NO_TEXT], cells, page);
}

/** Right-aligns all columns but the last. It does not use `tableLines`, because a history may have twenty thousand lines. */
function columns(english: readonly Message[], rows: readonly (readonly string[])[], page: Page): string[] {
  const titles = english.map((title) => translated(title, page));
  const widths = titles.map((name, index) => rows.reduce((widest, row) => Math.max(widest, row[index]?.length ?? 0), name.length));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, index) => (index === cells.length - 1 ? cell : cell.padStart(widths[index] ?? 0)))
      .join('  ')
      .trimEnd();
  return [line(titles), ...rows.map(line)];
}

function plot(history: PointHistory, page: Page): string[] {
  const samples = samplesOf(history);
  if (samples.length === 0) return [translated(msg`no reading of this time has a value`, page)];
  const { fromMs, toMs, decimals } = history;
  return plotLines(samples, { ...page, fromMs, toMs, decimals, widthCols: Math.min(PLOT_COLS, page.widthCols) });
}

function notes({ rows, buckets, resolution, isCut, pointId, decimals }: PointHistory, page: Page, shown: number): string[] {
  const values = [...rows.map(({ value }) => value), ...buckets.flatMap(({ min, max }) => [min, max])].filter((value) => value !== null);
  const least = values.reduce((low, value) => Math.min(low, value), Number.POSITIVE_INFINITY);
  const most = values.reduce((high, value) => Math.max(high, value), Number.NEGATIVE_INFINITY);
  const range = values.length === 0 ? NOTHING : msg`${formatNumber(least, decimals)} to ${formatNumber(most, decimals)}`;
  const others = ['raw', 'minute', 'hour'].filter((each) => each !== resolution);
  const noun = resolution === 'raw' ? 'reading' : resolution;
  return [
    ...paragraph(msg`${count(shown, noun)}, ${range}; another step with --by ${others[0] ?? ''} or ${others[1] ?? ''}`, page),
    ...(rows.some(({ isCorrected }) => isCorrected)
      ? labelled('*', msg`taken before the clock was right; its time was corrected afterwards`, page)
      : []),
    ...(isCut
      ? labelled(msg`Cut`, msg`there are more before these; give a shorter time, or use \`luciole export\` for all of ${pointId}`, page)
      : []),
  ];
}

function csvLines({ pointId, rows, buckets, resolution, decimals }: PointHistory): string[] {
  const time = (ms: number): string => new Date(ms).toISOString();
  if (resolution === 'raw') {
    const lines = rows.map(({ atMs, value, quality, isCorrected }) => csvLine([time(atMs), pointId, value, quality, isCorrected]));
    return ['time,point,value,quality,corrected', ...lines];
  }
  const lines = buckets.map(({ atMs, min, mean, max, values, readings }) => {
    const rounded = mean === null ? null : Number(mean.toFixed(Math.min(decimals + MEAN_DECIMALS, 10)));
    return csvLine([time(atMs), pointId, min, rounded, max, values, readings]);
  });
  return ['time,point,min,mean,max,values,readings', ...lines];
}

/** Returns true if the two times are on different days of the cabinet. */
function isOverDays(fromMs: number, toMs: number, { timezone }: Page): boolean {
  const day = (ms: number): string => dayTime(ms, timezone).slice(0, DAY_COLS);
  return toMs - fromMs >= DAY_MS || day(fromMs) !== day(toMs - 1);
}

function isOverYears(fromMs: number, toMs: number, { timezone }: Page): boolean {
  return dayTime(fromMs, timezone).slice(0, YEAR_COLS) !== dayTime(toMs - 1, timezone).slice(0, YEAR_COLS);
}

/** Returns true if the clocks change within the range or so near it that a local time occurs twice; then two rows would look the same. */
function hasClockChange(fromMs: number, toMs: number, { timezone }: Page): boolean {
  const aheadMs = (ms: number): number => localMs(ms, timezone) - ms;
  const first = aheadMs(fromMs - NEAR_CHANGE_MS);
  for (let ms = fromMs; ms < toMs; ms += DAY_MS) if (aheadMs(ms) !== first) return true;
  return aheadMs(toMs + NEAR_CHANGE_MS) !== first;
}

const BUCKET_MS = { minute: 60_000, hour: 3_600_000 };
/** An unchanged value is stored once a minute. Units: ms. Source: the default of `store.heartbeatS`, and two polls. */
const USUAL_HOLD_MS = 150_000;
/**
 * Quantile of the intervals between readings that counts as usual. Source: assumed; one or two gaps among few readings must not count.
 * Confirmed by: gaps in a week of a store.
 */
const USUAL_SHARE = 0.75;

/**
 * Returns the samples for a plot; readings and intervals without a value are left out. A reading lasts until the next one or the end of
 * the period, or for no time if that comes unusually late.
 */
export function samplesOf({ resolution, rows, buckets, toMs }: PointHistory): readonly Sample[] {
  if (resolution === 'raw') return heldUntilNext(rows, toMs);
  return buckets.flatMap(({ atMs, min, mean, max }) =>
    min === null || mean === null || max === null ? [] : [{ fromMs: atMs, toMs: atMs + BUCKET_MS[resolution], min, mean, max }],
  );
}

/** Only changes are stored, so a value holds until the next reading. After a much longer interval than usual it is unknown. */
function heldUntilNext(rows: readonly HistoryRow[], toMs: number): readonly Sample[] {
  const apart = rows.map(({ atMs }, index) => (rows[index + 1]?.atMs ?? toMs) - atMs);
  const usual = apart.toSorted((a, b) => a - b)[Math.floor((apart.length - 1) * USUAL_SHARE)] ?? 0;
  const holdMs = Math.max(USUAL_HOLD_MS, 2 * usual);
  return rows.flatMap(({ atMs, value }, index) => {
    const isGap = (apart[index] ?? 0) > holdMs;
    const until = isGap ? atMs : atMs + (apart[index] ?? 0);
    return value === null ? [] : [{ fromMs: atMs, toMs: until, min: value, mean: value, max: value }];
  });
}
