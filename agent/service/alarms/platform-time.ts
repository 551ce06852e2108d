/**
 * How long the platform may keep maintenance in force: 8 h at once and a third of the time in the long run, so that it cannot hide the alarms of a cabinet by
 * starting it again and again. Pure.
 */
import { MAINTENANCE_SPAN } from '../../core/alarm-tools.ts';
import type { MonoMs } from '../../core/clock.ts';
import { DAY_MS } from '../../core/durations.ts';
import { isRecord } from '../../core/is-record.ts';

/**
 * The time of maintenance that counts against the platform, as of `atMono`. It grows while its maintenance is in force, and falls half as
 * fast otherwise. Units: ms.
 */
export interface PlatformTime {
  readonly usedMs: number;
  readonly atMono: MonoMs;
}

const LIMIT_MS = MAINTENANCE_SPAN.platform.maxMs;
/** The share of each hour without its maintenance that is given back: 8 h in force and 16 h without give the same again the next day. */
const GIVEN_BACK = LIMIT_MS / (DAY_MS - LIMIT_MS);

/**
 * Returns the used time at `nowMono`, from 0 to the limit `MAINTENANCE_SPAN.platform.maxMs`. `isInForce`: whether maintenance of the
 * platform was in force since `atMono`. If it was, the used time grows by the time since then; if not, it becomes less, half as fast.
 */
export function usedUntil({ usedMs, atMono }: PlatformTime, nowMono: MonoMs, isInForce: boolean): PlatformTime {
  const passedMs = nowMono - atMono;
  const next = isInForce ? usedMs + passedMs : usedMs - passedMs * GIVEN_BACK;
  return { usedMs: Math.min(LIMIT_MS, Math.max(0, next)), atMono: nowMono };
}

/** Returns the time of maintenance that is left to the platform, as of `atMono`: the limit less the used time. Units: ms. */
export function leftToPlatform({ usedMs }: PlatformTime): number {
  return LIMIT_MS - usedMs;
}

/** Returns the used time in stored data, at most `MAINTENANCE_SPAN.platform.maxMs`, as of `nowMono`; 0 if the data are not valid. */
export function readPlatformTime(stored: unknown, nowMono: MonoMs): PlatformTime {
  const usedMs = isRecord(stored) ? stored['usedMs'] : 0;
  return { usedMs: typeof usedMs === 'number' && usedMs > 0 ? Math.min(LIMIT_MS, usedMs) : 0, atMono: nowMono };
}
