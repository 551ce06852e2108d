/**
 * The terms of sound that its files share: requests in force, announcements, decisions. Pure.
 */
import type { ClockQuality, MonoMs, WallMs } from '../core/clock.ts';
import type { SoundConfig, SoundPlace, SoundSender } from '../core/sound-config.ts';
import type { SoundRank, SoundTraceLine } from '../core/sound-tools.ts';

/**
 * A request in force at a place, until `untilMono` at the latest. `id`: that of its command. `track`: the id of a track. `source`: the
 * sender, for display. `untilMs`: the same end by the wall clock, not exact while that is not trusted. Units: `volumePct` in % of the
 * player's range.
 */
export interface SoundIntent {
  readonly id: string;
  readonly place: string;
  readonly action: 'play' | 'emergency' | 'stop' | 'volume';
  /** Null for `stop` and `volume`. */
  readonly track: string | null;
  /** Null for all but `volume`. */
  readonly volumePct: number | null;
  readonly authority: SoundSender;
  readonly source: string;
  readonly reason: string;
  readonly untilMs: WallMs;
  readonly untilMono: MonoMs;
}

/**
 * An announcement that waits or plays. It is dropped if no start of it has succeeded or failed by `startByMono`. `play`: the id of its
 * track. A requested one has the `id` of its command, and in `source` the sender, for display. A scheduled one has in `id` its id in the
 * configuration with its due time, and in `source` that id alone.
 */
export interface Announcement {
  readonly id: string;
  readonly play: string;
  readonly source: string;
  readonly reason: string;
  readonly startByMono: MonoMs;
}

/**
 * The inputs of a decision about a place that change over time. `otherMs`: a second time that may be the correct one while two clocks
 * disagree; null otherwise. `intents`: those in force for this place, the newest last. `announcement`: the one whose turn it is; null for
 * none.
 */
export interface SoundSituation {
  readonly nowMs: WallMs;
  readonly otherMs: WallMs | null;
  readonly clockQuality: ClockQuality;
  readonly intents: readonly SoundIntent[];
  readonly announcement: Announcement | null;
}

/**
 * What a place should play: the ids of the tracks in `play`, in order; nothing if it is empty. They are repeated unless `isOnce`. `key` is
 * equal for decisions that continue one another. Units: volume in % of the player's range.
 */
export interface SoundDecision {
  readonly key: string;
  readonly rank: SoundRank;
  readonly play: readonly string[];
  readonly isOnce: boolean;
  readonly volumePct: number;
  /** When the applied request, quiet time or step ends; null if it has no such time. A higher rank may begin earlier. */
  readonly untilMs: WallMs | null;
  /** Highest rank first. */
  readonly trace: readonly SoundTraceLine[];
}

/**
 * Returns the highest volume that the limits of site and place allow outside an emergency: the lower one. A place with null has only that
 * of the site. Units: %.
 */
export function highestVolumePct({ limits }: Pick<SoundConfig, 'limits'>, { maxVolumePct }: Pick<SoundPlace, 'maxVolumePct'>): number {
  return Math.min(limits.maxVolumePct, maxVolumePct ?? limits.maxVolumePct);
}
