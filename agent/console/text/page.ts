/**
 * What a renderer needs to lay out text: width, colour, the agent's time and zone; and formats for numbers, times and words.
 *
 * Renderers are pure: an answer and a page in, text out.
 */
import { styleText } from 'node:util';
import type { WallMs } from '../../core/clock.ts';
import { type Message, msg, type Said } from '../../core/message.ts';
import type { Language, LevelPct } from '../../core/words.ts';
import { formatDuration } from './duration.ts';
import { dayWord, monthWord, wordOf } from './state-words.ts';
import { translate } from './translate.ts';

/** How a renderer lays out its text, and the time that it compares times with. */
export interface Page {
  readonly widthCols: number;
  readonly colour: boolean;
  /** Default: English. */
  readonly language?: Language;
  /** The agent's time when it answered, or the instant that the page is about. */
  readonly atMs: WallMs;
  /** IANA name of the cabinet's time zone. */
  readonly timezone: string;
}

/** The text that is shown instead of a missing value. */
export const NOTHING = '-';

const GOOD = new Set(['ok', 'up', 'online', 'verified', 'good', 'synced', 'shown', 'acknowledged']);
const DOUBTFUL = new Set(['flaky', 'new', 'stale', 'warning', 'connecting', 'waiting', 'waiting-for-host', 'rtc', 'restored']);
const BAD = new Set(['silent', 'down', 'reopening', 'trouble', 'failed', 'refused', 'bad', 'missing', 'alarm', 'none', 'no', 'not-shown']);

/**
 * Returns a message in the language of the page; in English without a translation, or while the language is not loaded. A plain text is
 * returned unchanged.
 */
export function translated(text: Said, { language = 'en' }: Pick<Page, 'language'>): string {
  return translate(language, text);
}

/**
 * Returns the translated word for a state such as `ok` or `down`; in colour if the page has colours and the state has one. `shown` replaces
 * the word.
 */
export function stateWord(word: string, page: Page, shown: Said = wordOf(word)): string {
  const text = translated(shown, page);
  if (!page.colour) return text;
  const style = GOOD.has(word) ? 'green' : DOUBTFUL.has(word) ? 'yellow' : BAD.has(word) ? 'red' : null;
  return style === null ? text : styleText(style, text, { validateStream: false });
}

/** Returns a number with this many decimals (below 0 as 0, above 10 as 10); `NOTHING` if it is missing or not finite. */
export function formatNumber(value: number | null | undefined, decimals = 0): string {
  return typeof value === 'number' && Number.isFinite(value) ? value.toFixed(Math.min(Math.max(decimals, 0), 10)) : NOTHING;
}

/** Returns a level for people, rounded to whole percent, such as `40 %`; `NOTHING` for a level that is not known. Units: %. */
export function formatLevel(levelPct: LevelPct | null | undefined): string {
  const text = formatNumber(levelPct);
  return text === NOTHING ? text : `${text} %`;
}

/** Returns a range of levels for people, rounded to whole percent, such as `20..80 %`; `40 %` if both are equal before that. Units: %. */
export function formatLevels(minPct: LevelPct, maxPct: LevelPct): string {
  return minPct === maxPct ? formatLevel(minPct) : `${formatNumber(minPct)}..${formatNumber(maxPct)} %`;
}

/** Returns a size for people, rounded, such as `512 kB` or `3.4 MB`; `0 kB` for less than half a kB. Units: bytes; 1 kB is 1,000 bytes. */
export function formatBytes(bytes: number): Message {
  return bytes < 1e6 ? msg`${formatNumber(bytes / 1e3)} kB` : msg`${formatNumber(bytes / 1e6, 1)} MB`;
}

/**
 * Returns the time passed from `ms` to the time of the page, such as `3 h 12 min`; `0 s` if `ms` is later. `NOTHING` for null or a value
 * that is not finite. Units: ms of wall time.
 */
export function since(ms: WallMs | null, page: Page): string {
  return ms === null || !Number.isFinite(ms) ? NOTHING : translated(formatDuration(page.atMs - ms), page);
}

/**
 * Returns a time such as `22:41:07`, or `1 Dec 22:41` if it is not on the day of the page, in time zone and language of the page. Returns
 * `NOTHING` for null or a value that is not finite.
 */
export function clockTime(ms: WallMs | null, page: Page): string {
  if (ms === null || !Number.isFinite(ms)) return NOTHING;
  const [then, now] = [timeParts(ms, page.timezone), timeParts(page.atMs, page.timezone)];
  const sameDay = then.day === now.day && then.month === now.month && then.year === now.year;
  return sameDay
    ? `${then.hour}:${then.minute}:${then.second}`
    : translated(msg`${then.day} ${monthWord(then.month)} ${then.hour}:${then.minute}`, page);
}

/**
 * Returns a time such as `Tue 2026-12-01 22:41:07 CET`, in this time zone (IANA name). Errors: throws RangeError for a value that is not
 * finite.
 */
export function fullTime(ms: WallMs, timezone: string): Message {
  const { weekday, year, monthNumber, day, hour, minute, second, zone } = timeParts(ms, timezone);
  const rest = `${year}-${monthNumber}-${day.padStart(2, '0')} ${hour}:${minute}:${second} ${zone}`;
  return msg`${dayWord(weekday)} ${rest}`;
}

/** Returns a time such as `2026-12-01 22:41`, in this time zone (IANA name). Errors: throws RangeError for a value that is not finite. */
export function dayTime(ms: WallMs, timezone: string): string {
  const { year, monthNumber, day, hour, minute } = timeParts(ms, timezone);
  return `${year}-${monthNumber}-${day.padStart(2, '0')} ${hour}:${minute}`;
}

/** Which parts of a time a column shows besides hour and minute. The day has its month; `hasYear` shows both too. */
export interface TimeForm {
  readonly hasDay: boolean;
  readonly hasSeconds: boolean;
  readonly hasYear?: boolean;
  readonly hasZone?: boolean;
}

/**
 * Returns hour and minute with the parts that the form names, such as `1 Dec 22:41`, in this time zone (IANA name). Errors: throws
 * RangeError for a value that is not finite.
 */
export function columnTime(ms: WallMs, timezone: string, { hasDay, hasSeconds, hasYear, hasZone }: TimeForm): Message {
  const { year, day, month, hour, minute, second, zone } = timeParts(ms, timezone);
  const clock = `${hour}:${minute}${hasSeconds ? `:${second}` : ''}${hasZone ? ` ${zone}` : ''}`;
  if (hasYear) return msg`${day} ${monthWord(month)} ${year} ${clock}`;
  return hasDay ? msg`${day} ${monthWord(month)} ${clock}` : msg`${clock}`;
}

/** Returns a day such as `1 Dec`, in this time zone (IANA name). Errors: throws RangeError for a value that is not finite. */
export function dayOfMonth(ms: WallMs, timezone: string): Message {
  const { day, month } = timeParts(ms, timezone);
  return msg`${day} ${monthWord(month)}`;
}

/**
 * Returns the local time in this time zone as if it were UTC: for 12:00 UTC in a zone one hour ahead, 13:00 UTC. Units: ms. Errors: throws
 * RangeError for a value that is not finite.
 */
export function localMs(ms: WallMs, timezone: string): WallMs {
  const { year, monthNumber, day, hour, minute, second } = timeParts(ms, timezone);
  const wholeS = Date.UTC(Number(year), Number(monthNumber) - 1, Number(day), Number(hour), Number(minute), Number(second));
  return wholeS + (((ms % 1_000) + 1_000) % 1_000);
}

const MONTHS = 'JanFebMarAprMayJunJulAugSepOctNovDec';

function timeParts(ms: WallMs, timezone: string) {
  const parts = formatterOf(timezone).formatToParts(ms);
  const part = (type: Intl.DateTimeFormatPartTypes): string => parts.find((candidate) => candidate.type === type)?.value ?? '';
  const month = part('month').slice(0, 3);
  const monthNumber = String(MONTHS.indexOf(month) / 3 + 1).padStart(2, '0');
  return {
    weekday: part('weekday'),
    year: part('year'),
    month,
    monthNumber,
    day: part('day'),
    hour: part('hour'),
    minute: part('minute'),
    second: part('second'),
    zone: part('timeZoneName'),
  };
}

const formatters = new Map<string, Intl.DateTimeFormat>();

/** Cached, because creating one takes longer than a hundred uses. */
function formatterOf(timezone: string): Intl.DateTimeFormat {
  const known = formatters.get(timezone);
  if (known !== undefined) return known;
  const made = new Intl.DateTimeFormat('en-GB', {
    timeZone: timezone,
    hourCycle: 'h23',
    weekday: 'short',
    year: 'numeric',
    month: 'short',
    day: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    timeZoneName: 'short',
  });
  formatters.set(timezone, made);
  return made;
}
