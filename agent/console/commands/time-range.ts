/**
 * Reads `--since`, `--until` and `--at` as typed: a span back from now, a day, a time in the cabinet's zone or in UTC.
 *
 * It reads no clock: the agent computes what depends on its time and zone.
 */

import type { WallMs } from '../../core/clock.ts';
import { DAY_MS, dayStartMs, MINUTE_MS } from '../../core/durations.ts';
import { type Message, msg } from '../../core/message.ts';
import { textArg } from '../agent-command.ts';
import { ConsoleError } from '../console-error.ts';
import type { RawArgs } from '../protocol/protocol.ts';
import { parseDuration, type SpanLimits } from '../text/duration.ts';
import { localMs } from '../text/page.ts';

/**
 * A time as typed. `ago`: so long before now. `utc`: an instant. `local`: a local time of the cabinet, encoded as if it were UTC. Units:
 * ms.
 */
export type TypedTime =
  | { readonly kind: 'ago'; readonly spanMs: number }
  | { readonly kind: 'utc'; readonly atMs: WallMs }
  | { readonly kind: 'local'; readonly localMs: WallMs };

/** A period as typed in `--since` and `--until`. */
export interface TypedRange {
  readonly since: TypedTime;
  /** Null: now. */
  readonly until: TypedTime | null;
}

/** A period, `fromMs` included and `toMs` excluded. Units: ms of wall time. */
export interface TimeRange {
  readonly fromMs: WallMs;
  readonly toMs: WallMs;
}

/** Source: the longest time that a store keeps readings. */
const SPAN: SpanLimits = { minMs: 1_000, maxMs: 3_650 * 86_400_000 };

/** `23:40`, or in French also `23h40` and `23h`. */
const CLOCK_TIME = /^([01]?\d|2[0-3])(?::|h)([0-5]\d)$/i;
const FULL_HOUR = /^([01]?\d|2[0-3])h$/i;

/** Days by name, in English and French, with their usual short forms. Sunday is 0. */
const DAY_NAMES: Readonly<Record<string, { readonly daysAgo: number } | { readonly weekday: number }>> = Object.fromEntries([
  ...['today', "aujourd'hui", 'aujourd’hui'].map((name) => [name, { daysAgo: 0 }] as const),
  ...['yesterday', 'hier'].map((name) => [name, { daysAgo: 1 }] as const),
  ...['avant-hier'].map((name) => [name, { daysAgo: 2 }] as const),
  ...[
    ['sunday', 'sun', 'dimanche', 'dim'],
    ['monday', 'mon', 'lundi', 'lun'],
    ['tuesday', 'tue', 'mardi', 'mar'],
    ['wednesday', 'wed', 'mercredi', 'mer'],
    ['thursday', 'thu', 'jeudi', 'jeu'],
    ['friday', 'fri', 'vendredi', 'ven'],
    ['saturday', 'sat', 'samedi', 'sam'],
  ].flatMap((names, weekday) => names.map((name) => [name, { weekday }] as const)),
]);

/** The options `--since` and `--until`, for commands with a period. */
export const RANGE_OPTIONS = {
  since: { name: 'since', value: 'TIME', summary: msg`how far back, as 30m, 24h or 7d, or a time, as 2026-12-01T22:00` },
  until: { name: 'until', value: 'TIME', summary: msg`the end, in the same words (default: now)` },
} as const;

/**
 * Parses a time as typed, such as `30m` back from now, `2026-12-01` or `2026-12-01T22:00Z`. Without `Z` or an offset it is local time of
 * the cabinet. Errors: throws ConsoleError 'usage' with what to write instead.
 */
export function typedTime(text: string): TypedTime {
  const [, day, time, zone] = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?)(Z|[+-]\d\d:?\d\d)?)?$/i.exec(text) ?? [];
  if (day === undefined && /^\d+[a-z]/i.test(text)) return { kind: 'ago', spanMs: parseDuration(text, SPAN) };
  const atMs = Date.parse(`${day}T${time ?? '00:00'}${(zone ?? 'Z').toUpperCase()}`);
  if (Number.isNaN(atMs) || dayStartMs(day ?? '') === null)
    throw badTime(
      msg`bad time "${text}": write how far back, as 30m, 24h or 7d, or a time, as 2026-12-01, 2026-12-01T22:00 or 2026-12-01T21:00Z`,
    );
  return zone === undefined ? { kind: 'local', localMs: atMs } : { kind: 'utc', atMs };
}

/**
 * Returns the period as instants; it ends now if no end was typed. A local time that occurs twice means the first one as the start, the
 * last one as the end. Errors: throws ConsoleError 'usage' if the end is not after the start.
 */
export function rangeOf({ since, until }: TypedRange, nowMs: WallMs, timezone: string): TimeRange {
  const fromMs = resolveTime(since, nowMs, timezone, 'first');
  const toMs = until === null ? nowMs : resolveTime(until, nowMs, timezone, 'last');
  if (fromMs < toMs) return { fromMs, toMs };
  const [from, to] = [new Date(fromMs).toISOString(), new Date(toMs).toISOString()];
  throw new ConsoleError(
    'usage',
    until === null
      ? msg`nothing lies between ${from} and ${to}: --since must be before now`
      : msg`nothing lies between ${from} and ${to}: --since must be before --until`,
  );
}

/** Selects one of two instants with the same local time, in the night when the clocks go back. */
type Which = 'first' | 'last';

/** Returns the instant of a typed time, relative to now. */
function resolveTime(typed: TypedTime, nowMs: WallMs, timezone: string, which: Which): WallMs {
  if (typed.kind === 'ago') return nowMs - typed.spanMs;
  return typed.kind === 'utc' ? typed.atMs : utcOf(typed.localMs, timezone, which);
}

/** Returns the instant of this local time; for a skipped local time, one hour later or earlier. */
function utcOf(wanted: WallMs, timezone: string, which: Which): WallMs {
  const found = instantsOf(wanted, timezone);
  const guess = wanted - (localMs(wanted, timezone) - wanted);
  return found.at(which === 'first' ? 0 : -1) ?? wanted - (localMs(guess, timezone) - guess);
}

/** Returns all instants with this local time, in order: two, one or none. Assumes at most one clock change in two days. */
function instantsOf(wanted: WallMs, timezone: string): readonly WallMs[] {
  const found = [wanted - DAY_MS, wanted + DAY_MS].map((near) => wanted - (localMs(near, timezone) - near));
  return [...new Set(found)].filter((atMs) => localMs(atMs, timezone) === wanted).toSorted((a, b) => a - b);
}

/** Returns the earlier or later instant with the same local time as `atMs`, when the clocks go back; null if there is none. */
export function twinOf(atMs: WallMs, timezone: string): WallMs | null {
  return instantsOf(localMs(atMs, timezone), timezone).find((each) => each !== atMs) ?? null;
}

function badTime(said: Message): ConsoleError {
  return new ConsoleError('usage', said);
}

/**
 * Parses `--since` and `--until`; `usual` replaces a missing `--since`. Errors: throws ConsoleError 'usage' for an invalid time, or if
 * `--since` is missing and there is no `usual`.
 */
export function readRange(args: RawArgs, usual?: string): TypedRange {
  const since = args['since'] === undefined && usual !== undefined ? usual : textArg(args, 'since');
  return { since: typedTime(since), until: args['until'] === undefined ? null : typedTime(textArg(args, 'until')) };
}

/**
 * The value of `--at` after parsing. `utc` and `local`: as in `TypedTime`. `clock`: a local time of day. `timeMs`: its hours and minutes.
 * Units: ms.
 */
export type TypedInstant =
  | { readonly kind: 'clock'; readonly timeMs: number }
  /** A time of day on a named day. `daysAgo`: days before today. `weekday`: the last such weekday whose time has come; 0 is Sunday. */
  | { readonly kind: 'day'; readonly timeMs: number; readonly day: { readonly daysAgo: number } | { readonly weekday: number } }
  | Exclude<TypedTime, { readonly kind: 'ago' }>;

/**
 * Parses `--at`: a time of day such as `23:30`, or a day and time such as `yesterday 23:40`; `instantOf` computes the instant. Errors:
 * throws ConsoleError 'usage' with what to write instead.
 */
export function typedInstant(text: string): TypedInstant {
  const [, hour, minute] = CLOCK_TIME.exec(text) ?? [];
  if (hour !== undefined) return { kind: 'clock', timeMs: timeOf(hour, minute) };
  const named = namedDay(text);
  if (named !== null) return named;
  const typed = /^\d{4}-\d\d-\d\d[T ]/i.test(text) ? typedTime(text) : null;
  if (typed === null || typed.kind === 'ago')
    throw badTime(
      msg`bad time "${text}": write a time of day, as 23:30 (the next one), or a day and time, as "yesterday 23:40", 2026-12-01T23:30 or 2026-12-01T22:30Z`,
    );
  return typed;
}

function timeOf(hour: string, minute = '0'): number {
  return (Number(hour) * 60 + Number(minute)) * MINUTE_MS;
}

/** A named day and a time, in either order; null for any other text. */
function namedDay(text: string): TypedInstant | null {
  const words = text.toLowerCase().trim().split(/\s+/);
  const day = words.flatMap((word) => (Object.hasOwn(DAY_NAMES, word) ? [DAY_NAMES[word]] : []))[0];
  const rest = words.filter((word) => !Object.hasOwn(DAY_NAMES, word) && word !== 'at' && word !== 'à');
  const [, hour, minute] = CLOCK_TIME.exec(rest[0] ?? '') ?? FULL_HOUR.exec(rest[0] ?? '') ?? [];
  if (day === undefined || hour === undefined || rest.length !== 1) return null;
  return { kind: 'day', timeMs: timeOf(hour, minute), day };
}

/**
 * Returns the instant of `--at`. A time of day alone means its next occurrence after now; a day and time may be in the past. `timezone`:
 * the cabinet's, for local times.
 */
export function instantOf(typed: TypedInstant, nowMs: WallMs, timezone: string): WallMs {
  if (typed.kind !== 'clock' && typed.kind !== 'day') return resolveTime(typed, nowMs, timezone, 'first');
  const midnight = Math.floor(localMs(nowMs, timezone) / DAY_MS) * DAY_MS;
  if (typed.kind === 'day') return namedInstant(typed, { midnight, nowMs, timezone });
  const today = midnight + typed.timeMs;
  const next = (['first', 'last'] as const).map((which) => utcOf(today, timezone, which)).find((atMs) => atMs > nowMs);
  return next ?? utcOf(today + DAY_MS, timezone, 'first');
}

function namedInstant(
  { day, timeMs }: Extract<TypedInstant, { readonly kind: 'day' }>,
  { midnight, nowMs, timezone }: { readonly midnight: number; readonly nowMs: WallMs; readonly timezone: string },
): WallMs {
  if ('daysAgo' in day) return utcOf(midnight - day.daysAgo * DAY_MS + timeMs, timezone, 'first');
  const back = (new Date(midnight).getUTCDay() - day.weekday + 7) % 7;
  const atMs = utcOf(midnight - back * DAY_MS + timeMs, timezone, 'first');
  return atMs <= nowMs ? atMs : utcOf(midnight - (back + 7) * DAY_MS + timeMs, timezone, 'first');
}
