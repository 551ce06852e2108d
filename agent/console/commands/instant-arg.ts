/**
 * Parses `--at`: a time of day, for the next time the clock shows it, or a day and time.
 *
 * It reads no clock: what depends on the agent's time and zone is computed by the agent.
 */
import type { WallMs } from '../../core/clock.ts';
import { DAY_MS, MINUTE_MS } from '../../core/durations.ts';
import { ConsoleError } from '../console-error.ts';
import { localMs } from '../text/page.ts';
import { resolveTime, type TypedTime, typedTime, utcOf } from './time-range.ts';

/** An instant as typed; `clock` counts from midnight. */
export type TypedInstant = { readonly kind: 'clock'; readonly timeMs: number } | Exclude<TypedTime, { readonly kind: 'ago' }>;

/** Errors: throws ConsoleError 'usage' that says what to write instead. */
export function typedInstant(text: string): TypedInstant {
  const [, hour, minute] = /^([01]?\d|2[0-3]):([0-5]\d)$/.exec(text) ?? [];
  if (hour !== undefined) return { kind: 'clock', timeMs: (Number(hour) * 60 + Number(minute)) * MINUTE_MS };
  if (!/^\d{4}-\d\d-\d\d[T ]/i.test(text)) throw usage(text);
  const typed = typedTime(text);
  if (typed.kind === 'ago') throw usage(text);
  return typed;
}

/** A time of day is the next one: what comes is asked for, what was is in the history. */
export function instantOf(typed: TypedInstant, nowMs: WallMs, timezone: string): WallMs {
  if (typed.kind !== 'clock') return resolveTime(typed, nowMs, timezone);
  const midnight = Math.floor(localMs(nowMs, timezone) / DAY_MS) * DAY_MS;
  const today = utcOf(midnight + typed.timeMs, timezone);
  return today > nowMs ? today : utcOf(midnight + DAY_MS + typed.timeMs, timezone);
}

function usage(text: string): ConsoleError {
  return new ConsoleError(
    'usage',
    `bad time "${text}": write a time of day, as 23:30 (the next one), or a day and time, as 2026-12-01T23:30 or 2026-12-01T22:30Z`,
  );
}
