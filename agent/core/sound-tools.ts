/**
 * Sound as console and platform see it: what a place plays and why, and what a person or the platform may request.
 */
import type { MonoMs, WallMs } from './clock.ts';
import type { Message } from './message.ts';
import type { SoundSender } from './sound-config.ts';
import type { Outcome, PointId } from './words.ts';

/**
 * What can decide what a place plays, highest priority first. `quiet`: quiet hours, or a time that is not trusted. `request`: a requested
 * `play`. `default`: silence, because nothing else decides.
 */
export const SOUND_RANKS = ['emergency', 'quiet', 'stop', 'announcement', 'request', 'programme', 'default'] as const;
/**
 * A rank in the decision about sound, highest priority first: `emergency`, `quiet`, `stop`, `announcement`, `request`, `programme`,
 * `default`.
 */
export type SoundRank = (typeof SOUND_RANKS)[number];

/**
 * What is requested of a place. `play`: a track, again and again. `emergency`: the same, over everything else. `announce`: a track once.
 * `stop`: silence, except for an emergency. `resume`: the end of the requests in force that the sender may end, except announcements.
 * `minutes`: how long the request is in force. Units: `volumePct` in % of the player's range.
 */
export type SoundAsk =
  | { readonly action: 'play' | 'emergency'; readonly track: string; readonly minutes: number }
  | { readonly action: 'announce'; readonly track: string }
  | { readonly action: 'stop'; readonly minutes: number }
  | { readonly action: 'volume'; readonly volumePct: number; readonly minutes: number }
  | { readonly action: 'resume' };

/**
 * A request for a place. Its form has been checked; its limits and names have not. It fails if it is not confirmed by `expiresMono`, and
 * after 3 minutes at the latest. This timeout withdraws `play`, `emergency` and `announce`; `stop` and `volume` stay in force.
 */
export interface SoundRequest {
  readonly commandId: string;
  readonly place: string;
  readonly ask: SoundAsk;
  readonly reason: string;
  /** The sender, for display: `console:<user>` or `platform`. */
  readonly source: string;
  readonly expiresMono?: MonoMs;
}

/**
 * What one source contributed to the decision about a place. `play`: its tracks; empty for silence. `applied`: it decided. `untilMs`: when
 * it ends; null if it has no such time.
 */
export interface SoundTraceLine {
  readonly rank: SoundRank;
  /** A sender, announcement, programme or place; for quietness also `clock` or `sound.limits`. */
  readonly source: string;
  readonly play: readonly string[];
  readonly applied: boolean;
  /** What it is, with the sender and the reason of a request. */
  readonly text: Message;
  readonly untilMs: WallMs | null;
}

/**
 * What a place does. `silent`: nothing is to be played; a player that does not respond, or failed to stop, may still play.
 * `warming-up`: the sound follows. `changing`: the player does not play as decided yet. `fault`: it cannot play, change or stop as decided.
 * It may then still play, or is silenced because it is too loud.
 */
export const SOUND_STATES = ['silent', 'warming-up', 'changing', 'playing', 'fault'] as const;
/** What a place does, one of `SOUND_STATES`. */
export type SoundState = (typeof SOUND_STATES)[number];

/** One place for display. */
export interface SoundView {
  readonly id: string;
  readonly state: SoundState;
  readonly rank: SoundRank;
  /** Tracks that it should play; empty for silence. */
  readonly play: readonly string[];
  /** The track that it plays now, as the agent started or found it; null if it does not play, or this is not known. */
  readonly track: string | null;
  /** The volume that applies while it plays. Units: % of the player's range. */
  readonly volumePct: number;
  /** Since when the present decision has applied, and until when if known. A restart or a new configuration begins a new one. */
  readonly sinceMs: WallMs;
  readonly untilMs: WallMs | null;
  /** What could decide, highest rank first; the first line decides. Empty before the first decision. */
  readonly trace: readonly SoundTraceLine[];
  readonly faults: readonly Message[];
  readonly player: {
    readonly device: string;
    readonly isAlive: boolean;
    /** The value of its point `state`; null if unknown. */
    readonly state: number | null;
    /** The volume as last read; null if unknown. Units: %. */
    readonly volumePct: number | null;
  };
  /** One for each relay; `isOn` is null if unknown. */
  readonly amplifiers: readonly { readonly pointId: PointId; readonly isOn: boolean | null }[];
}

/** The sound of the cabinet, for the console. */
export interface SoundTools {
  places(): readonly SoundView[];
  /** Ids of the tracks of the configuration. */
  tracks(): readonly string[];
  /** Resolves with the final outcome. */
  request(request: Omit<SoundRequest, 'commandId'>): Promise<Outcome>;
}

/** A request, with the kind of sender that it came from. */
export type SentSoundRequest = SoundRequest & { readonly authority: SoundSender };
