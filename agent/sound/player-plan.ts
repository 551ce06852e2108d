/**
 * The next step towards what a place should play: set the volume, start a track, stop.
 *
 *     silent --wanted--> amplifiers on, warm --volume proven--> start --ended--> next track
 *                                                                  \--once--> ended
 *
 * Never starts a track before the volume is proven. Pure: facts of the player and the memory of one place in, one step out.
 */
import type { MonoMs } from '../core/clock.ts';
import { SECOND_MS } from '../core/durations.ts';
import { PLAYER_STATE, type SoundPlace, type SoundTrack } from '../core/sound-config.ts';
import type { SoundState } from '../core/sound-tools.ts';
import type { SoundDecision } from './sound-words.ts';

/** The newest readings of a player. `state`, `volumePct`, `files`, `track`: null without a good reading. */
export interface PlayerFacts {
  /** The player answers: its newest `state` is `good` or `bad`, neither stale nor missing. */
  readonly isAlive: boolean;
  /** A value of `PLAYER_STATE`. */
  readonly state: number | null;
  /** The instant of the newest reading of the state, whatever its quality; -Infinity before the first. */
  readonly stateMono: MonoMs;
  readonly volumePct: number | null;
  /** 0: no card, or no file on it. */
  readonly files: number | null;
  /** Value of the player's point `track`. */
  readonly track: number | null;
}

/** What was done with a player so far. */
export interface PlayMemory {
  /** The `key` of the decision that the player follows; null for none. */
  readonly key: string | null;
  /** Position in `play` of that decision. */
  readonly index: number;
  /** When the newest try to start the track at `index` began, or when it was found playing. */
  readonly startMono: MonoMs;
  /** The end of the last write: older readings are no evidence of its effect. */
  readonly writtenMono: MonoMs;
  /** When the place last had something to play. */
  readonly soundMono: MonoMs;
  /** `nextPlayStep` returns `none` before this time. */
  readonly retryMono: MonoMs;
  /** Starts that failed because the player has no such track. 0 again after a successful start, or at the length of the list. */
  readonly missing: number;
  /** Failed writes to the player since the last success. A missing track sets it to 0. */
  readonly failures: number;
}

/** The memory of a player with which nothing was done yet. */
export const NEW_PLAY_MEMORY: PlayMemory = {
  key: null,
  index: 0,
  startMono: 0,
  writtenMono: Number.NEGATIVE_INFINITY,
  soundMono: Number.NEGATIVE_INFINITY,
  retryMono: 0,
  missing: 0,
  failures: 0,
};

/**
 * What to do next with a player. `none`: nothing. `adopt`: it already plays a track of the decision. `ended`: what plays once is over or
 * missing. `index`: position of the track in `play` of the decision. `state`: that of the place with this step, for display.
 */
export type PlayStep =
  | { readonly kind: 'none' | 'ended' | 'stop'; readonly state: SoundState }
  | { readonly kind: 'volume'; readonly state: SoundState; readonly volumePct: number }
  | { readonly kind: 'start' | 'adopt'; readonly state: SoundState; readonly index: number };

/** What the next step of a player depends on: what it should play, what it reports, and what was done with it so far. */
export interface PlaySituation {
  readonly decision: SoundDecision;
  readonly player: PlayerFacts;
  readonly memory: PlayMemory;
  /** All tracks of the site. */
  readonly tracks: readonly SoundTrack[];
  /** The amplifiers have been on for long enough, or there are none. */
  readonly isWarm: boolean;
  readonly nowMono: MonoMs;
}

/** Distance of two steps of a player's volume. Units: %. Source: 30 steps of the DFPlayer Mini, and a rounding error. */
const VOLUME_STEP_PCT = 4;
/** Failed tries to lower the volume after which the place is silenced. Source: assumed; one lost frame is normal. Confirmed by: repeated writes to players in a week of logs. */
const LOUD_TRIES = 3;

/** Returns the next step of a player towards the decision. A start follows only once the volume is right and the amplifiers are warm. */
export function nextPlayStep(situation: PlaySituation): PlayStep {
  const { decision, player, memory, isWarm, nowMono } = situation;
  const isWanted = decision.play.length > 0;
  if (!player.isAlive) return { kind: 'none', state: isWanted ? 'fault' : 'silent' };
  const isFresh = player.stateMono > memory.writtenMono;
  const isPlaying = isFresh && player.state === PLAYER_STATE.playing;
  if (nowMono < memory.retryMono) return { kind: 'none', state: isWanted || isPlaying ? 'fault' : 'silent' };
  if (isPlaying && isTooLoud(situation)) return { kind: 'stop', state: 'fault' };
  if (!isWanted) return isPlaying ? { kind: 'stop', state: 'changing' } : none('silent');
  if (player.volumePct === null || player.state === null) return none('changing');
  if (!isRightVolume(player.volumePct, decision.volumePct)) return { kind: 'volume', state: 'changing', volumePct: decision.volumePct };
  if (player.files === 0) return none('fault');
  if (memory.key !== decision.key) return firstStep(situation);
  if (decision.isOnce && isOver(situation, isFresh)) return { kind: 'ended', state: 'changing' };
  if (!isFresh || player.state === PLAYER_STATE.playing) return none('playing');
  if (!isWarm) return none('warming-up');
  return { kind: 'start', state: 'changing', index: (memory.index + 1) % decision.play.length };
}

/**
 * Returns whether the amplifiers should be on: while the place has something to play, and for `offDelayS` (s) after it. False at once if
 * the player does not answer, stays louder than decided after several failed writes, or has no files. After the play, false at once also
 * if `failures` is above 0. Null, to leave them as they are: the place has something to play, but its player has no reading of `state` yet.
 */
export function wantsAmplifiers(
  { decision, player, memory, nowMono }: Pick<PlaySituation, 'decision' | 'player' | 'memory' | 'nowMono'>,
  { offDelayS }: Pick<SoundPlace, 'offDelayS'>,
): boolean | null {
  const situation = { decision, player, memory };
  if (decision.play.length > 0 && player.stateMono === Number.NEGATIVE_INFINITY) return null;
  if (!player.isAlive || isTooLoud(situation)) return false;
  // A player that does not stop is silenced by its amplifiers.
  if (decision.play.length === 0 && memory.failures > 0) return false;
  if (decision.play.length > 0) return player.files !== 0;
  return player.files !== 0 && nowMono - memory.soundMono < offDelayS * SECOND_MS;
}

/** Returns whether the player is louder than decided and at least three writes to it in a row have failed. False for an unknown volume. */
export function isTooLoud({ decision, player, memory }: Pick<PlaySituation, 'decision' | 'player' | 'memory'>): boolean {
  return player.volumePct !== null && player.volumePct > decision.volumePct && memory.failures >= LOUD_TRIES;
}

/** Returns whether a measured volume is the requested one, or less than 4 below it. False for any louder one. Units: %. */
export function isRightVolume(measuredPct: number, wantedPct: number): boolean {
  return measuredPct <= wantedPct && wantedPct - measuredPct < VOLUME_STEP_PCT;
}

function firstStep({ decision, player, memory, tracks, isWarm }: PlaySituation): PlayStep {
  const isOwn = memory.key !== null || decision.isOnce || player.state !== PLAYER_STATE.playing;
  const found = isOwn ? -1 : decision.play.findIndex((id) => isTrack(tracks, id, player.track));
  if (found >= 0) return { kind: 'adopt', state: 'playing', index: found };
  return isWarm ? { kind: 'start', state: 'changing', index: 0 } : none('warming-up');
}

function isTrack(tracks: readonly SoundTrack[], id: string, number: number | null): boolean {
  const place = tracks.find((track) => track.id === id)?.place;
  return place !== undefined && 'track' in place && place.track === number;
}

/** The player reports the end, or the recording has had more than its longest time. */
function isOver({ decision, player, memory, tracks, nowMono }: PlaySituation, isFresh: boolean): boolean {
  const maxS = tracks.find(({ id }) => id === decision.play[0])?.maxS ?? 0;
  return (isFresh && player.state !== PLAYER_STATE.playing) || nowMono >= memory.startMono + maxS * SECOND_MS;
}

function none(state: SoundState): PlayStep {
  return { kind: 'none', state };
}
