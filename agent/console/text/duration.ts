/** Durations as people type and read them: `2h`, `1h30m`, `7d`, `3 h 12 min`. Pure, without a clock. */
import { type Message, msg } from '../../core/message.ts';
import { ConsoleError } from '../console-error.ts';

/** Units: ms. */
const UNIT_MS = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1_000 };
/**
 * A limit from this length on is shown in days. Units: ms. Source: assumed; people do not count a month in hours. Confirmed by: a reading
 * test with technicians.
 */
const SHOWN_IN_DAYS_MS = 14 * UNIT_MS.d;

/** The shortest and longest accepted span, both allowed. Units: ms. */
export interface SpanLimits {
  readonly minMs: number;
  readonly maxMs: number;
}

/** Default limits. Source: assumed; a week is longer than any rehearsal. Confirmed by: durations typed in audit logs. */
const WIDEST: SpanLimits = { minMs: UNIT_MS.s, maxMs: 168 * UNIT_MS.h };

/**
 * Returns a typed span such as `30s`, `1h30m` or `7d`. The limits themselves are allowed; default: 1 s to 168 h. Units: ms. Errors: throws
 * ConsoleError 'usage' for any other text, also for a number without a unit.
 */
export function parseDuration(text: string, { minMs, maxMs }: SpanLimits = WIDEST): number {
  const allowsSeconds = minMs < UNIT_MS.m;
  if (/^\d+$/.test(text))
    throw usage(
      text,
      allowsSeconds ? msg`a number needs its unit: ${text}s, ${text}m or ${text}h` : msg`a number needs its unit: ${text}m or ${text}h`,
    );
  const parts = /^(?:(\d{1,6})d)?(?:(\d{1,6})h)?(?:(\d{1,6})m)?(?:(\d{1,6})s)?$/.exec(text);
  if (parts === null || text === '')
    throw usage(text, allowsSeconds ? msg`write it as 30s, 10m, 2h or 1h30m` : msg`write it as 10m, 2h or 1h30m`);
  const [, d = '0', h = '0', m = '0', s = '0'] = parts;
  const spanMs = Number(d) * UNIT_MS.d + Number(h) * UNIT_MS.h + Number(m) * UNIT_MS.m + Number(s) * UNIT_MS.s;
  if (spanMs < minMs || spanMs > maxMs) throw usage(text, msg`it must lie between ${typed(minMs)} and ${typed(maxMs)}`);
  return spanMs;
}

/** Returns a span as a person would type it, in the largest unit that divides it. Units: ms. */
function typed(spanMs: number): string {
  if (spanMs >= SHOWN_IN_DAYS_MS && spanMs % UNIT_MS.d === 0) return `${spanMs / UNIT_MS.d}d`;
  const unit = (['h', 'm'] as const).find((each) => spanMs % UNIT_MS[each] === 0) ?? 's';
  return `${spanMs / UNIT_MS[unit]}${unit}`;
}

function usage(text: string, advice: Message): ConsoleError {
  return new ConsoleError('usage', msg`bad duration "${text}": ${advice}`);
}

/**
 * Returns an approximate span for people, such as `42 s`, `3 h 12 min` or `2 d 4 h`; `0 s` if it is negative, `-` if it is NaN or Infinity.
 * Units: ms.
 */
export function formatDuration(spanMs: number): Message {
  const totalS = Math.max(0, Math.round(spanMs / 1_000));
  if (!Number.isFinite(totalS)) return msg`-`;
  if (totalS < 120) return msg`${totalS} s`;
  const totalMin = Math.round(totalS / 60);
  if (totalMin < 60) return msg`${totalMin} min`;
  const totalH = Math.floor(totalMin / 60);
  const [min, h, d] = [totalMin % 60, totalH % 24, Math.floor(totalH / 24)];
  if (totalH < 48) return min === 0 ? msg`${totalH} h` : msg`${totalH} h ${min} min`;
  return h === 0 ? msg`${d} d` : msg`${d} d ${h} h`;
}

/** Returns for people how long something took, such as `0.4 s` or `12 min`, at least `0.1 s`. Units: ms. */
export function formatTook(spanMs: number): Message {
  const tenths = Math.max(1, Math.round(spanMs / 100));
  return tenths < 100 ? msg`${tenths / 10} s` : formatDuration(spanMs);
}
