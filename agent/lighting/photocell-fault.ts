/**
 * Does a photocell contradict the sun, night after night?
 *
 * Owns what a cell said at the edges of a night, where the sun leaves no doubt, and the verdict on it. Pure. Called by `control` at each tick.
 * Cells drift and get dirty, so they mostly fail dark: lamps burn by day, and nobody notices for weeks.
 */
import type { PhotocellConfig } from '../core/cabinet.ts';
import type { WallMs } from '../core/clock.ts';
import type { PhotocellSay, SunNow } from './photocell.ts';

/** What a cell said in one night; absent: nobody has looked. */
export interface EdgeSays {
  readonly duskMs: WallMs;
  /** Last by day, before dusk was near. */
  readonly beforeDusk?: PhotocellSay;
  /** First and last where it was night without a doubt. */
  readonly afterDusk?: PhotocellSay;
  readonly beforeDawn?: PhotocellSay;
  /** First when it was day again without a doubt. */
  readonly afterDawn?: PhotocellSay;
}

const MINUTE_MS = 60_000;
/** Farther from dusk or dawn than this, no cloud deceives a cell; a wider window of its own goes before. Units: min. Source: assumed; in it the sun moves 8° at 47° north. */
const DOUBTLESS_MIN = 60;
/** Two dusks closer than this are one, which was reckoned twice. Units: ms. */
const SAME_NIGHT_MS = 12 * 60 * MINUTE_MS;

/** What is known of the night after one more look. Undefined where the sun makes no dusk or no dawn: nothing can be contradicted. */
export function afterEdgeLook(
  before: EdgeSays | undefined,
  look: { readonly say: PhotocellSay; readonly sun: SunNow; readonly config: PhotocellConfig },
): EdgeSays | undefined {
  const { say, sun, config } = look;
  const { nowMs, duskMs, dawnMs } = sun;
  if (duskMs === null || dawnMs === null) return undefined;
  const night: EdgeSays = before !== undefined && Math.abs(before.duskMs - duskMs) < SAME_NIGHT_MS ? before : { duskMs };
  const awayMs = Math.max(config.windowMin, DOUBTLESS_MIN) * MINUTE_MS + config.dwellS * 1_000;
  if (nowMs < duskMs - awayMs) return { ...night, beforeDusk: say };
  if (nowMs > dawnMs + awayMs) return { ...night, afterDawn: night.afterDawn ?? say };
  if (nowMs > duskMs + awayMs && nowMs < dawnMs - awayMs) return { ...night, afterDusk: night.afterDusk ?? say, beforeDawn: say };
  return night;
}

/** Whether the night was seen from day to day, so that it may be judged. */
export function isWholeNight({ beforeDusk, afterDawn }: EdgeSays): boolean {
  return beforeDusk !== undefined && afterDawn !== undefined;
}

/** What is wrong with the cell by this night, in words for an event; null when nothing is. It must contradict the sun at both ends: one may be a storm. */
export function photocellFault({ beforeDusk, afterDusk, beforeDawn, afterDawn }: EdgeSays): string | null {
  if (beforeDusk === 'dark' && afterDawn === 'dark') return 'says dark by day: clean it, look for what shades it';
  if (afterDusk === 'bright' && beforeDawn === 'bright') return 'says bright at night: look for what lights it';
  const says = [beforeDusk, afterDusk, beforeDawn, afterDawn];
  return says.some((say) => say === 'dark' || say === 'bright')
    ? null
    : 'shows no change between day and night: check it and its thresholds';
}
