/**
 * The vocabulary of street lighting, one type for each term. All rooms use these types.
 */

import type { MonoMs, WallMs } from './clock.ts';
import type { Message } from './message.ts';

/** `<device>.<quantity>`, the same in store, console, rule and uplink: `L07.level`. */
export type PointId = `${string}.${string}`;

/** Fresh and plausible; too old; the device reports that it cannot measure, or the value is out of range; the device does not answer. */
export type Quality = 'good' | 'stale' | 'bad' | 'missing';

/** One value of one point. Units: the point's own; flags and door contacts are 0 or 1. `value` is null unless quality is good or stale. */
export interface Reading {
  readonly pointId: PointId;
  readonly value: number | null;
  readonly quality: Quality;
  readonly atMono: MonoMs;
  readonly atMs: WallMs;
}

/** Light output. Units: integer 0..100 %. Converted to a device's own scale once, at its driver. */
export type LevelPct = number;

/** Language of texts for people; the words of commands are the same in all. */
export const LANGUAGES = ['en', 'fr'] as const;
export type Language = (typeof LANGUAGES)[number];

/** Ranks of the sources of light, highest first. Source: design §6; EN and TALQ priority tables in its references. */
export const RANKS = ['maintenance', 'emergency', 'override', 'presence', 'traffic', 'programme', 'dusk', 'default'] as const;
export type Rank = (typeof RANKS)[number];

/** Target of an intent: one lamp, one zone, or the whole cabinet. */
export interface Target {
  readonly kind: 'lamp' | 'zone' | 'cabinet';
  readonly id: string;
}

/** What a command is for; a device where one of its points is written. */
export type CommandTarget = Target | { readonly kind: 'device'; readonly id: string };

/** Ranks a person or the platform may use; they set the level and always end. */
export type IntentRank = Extract<Rank, 'maintenance' | 'emergency' | 'override'>;

/**
 * Who may set or release what: a technician at the cabinet's console, anyone at it without that role, the city's platform, or a contact of the
 * site itself.
 */
export const INTENT_AUTHORITIES = ['technician', 'anyone', 'platform', 'site'] as const;
export type IntentAuthority = (typeof INTENT_AUTHORITIES)[number];

/** A request together with the authority of its sender, as established where the request arrived. */
export type Authorised<T> = T & { readonly authority: IntentAuthority };

/** A request for a level: from whom, why and until when. */
export interface Intent {
  readonly id: string;
  readonly target: Target;
  readonly levelPct: LevelPct;
  readonly rank: IntentRank;
  readonly authority: IntentAuthority;
  /** Who asked, for people: `console:<user>`, `platform` or a contact's point. */
  readonly source: string;
  readonly reason: string;
  readonly sinceMs: WallMs;
  /** For people. The end itself is kept in monotonic time, so a clock step neither shortens nor prolongs it. */
  readonly untilMs: WallMs;
  readonly untilMono: MonoMs;
  /** Set while no lamp has followed it: it ends here when none has by then. The command behind it has expired. */
  readonly startBy?: { readonly atMs: WallMs; readonly atMono: MonoMs };
  /** It is in no list of overrides: it ends with the contact or the blinking that caused it, and cannot be released. */
  readonly goesByItself?: true;
}

/** Why a lamp has its level: one closed word each, also sent upstream. */
export type DecisionReason =
  | 'maintenance'
  | 'emergency'
  | 'override'
  | 'presence'
  | 'traffic'
  | 'programme'
  | 'dusk'
  | 'default'
  | 'day'
  | 'time-not-trusted';

/** The part of one rule in a decision, for `why`. */
export interface TraceLine {
  readonly rank: Rank;
  /** What spoke: a sensor, a programme step, a person. */
  readonly source: string;
  /** Level that it requested; null when it did not apply. */
  readonly levelPct: LevelPct | null;
  readonly applied: boolean;
  /** One plain sentence. The page that shows it fits it to its width. */
  readonly text: Message;
  readonly untilMs: WallMs | null;
}

/** What the arbiter chose for one lamp, and why. */
export interface Decision {
  readonly lampId: string;
  readonly levelPct: LevelPct;
  readonly rank: Rank;
  readonly reason: DecisionReason;
  /** Distance from what raised it; commands go out nearest first. Units: m. Null where nothing did. */
  readonly distanceM: number | null;
  /** Set while the lamp is only kept at the level it was found at when the agent started. Rank and reason are those of what it would have without. */
  readonly isHeld?: true;
  /** Highest rank first. */
  readonly trace: readonly TraceLine[];
}

/** State of a command. `verified`, `refused` and `failed` are final. */
export type OutcomeState = 'received' | 'queued' | 'sent' | 'verified' | 'refused' | 'failed';

/** One step in the life of a command, as its sender sees it. */
export interface Outcome {
  readonly commandId: string;
  readonly target: CommandTarget;
  readonly levelPct: LevelPct | null;
  readonly state: OutcomeState;
  /** Why it was refused or failed; empty otherwise. */
  readonly reason: Message;
  /** For a zone: each lamp's own state. */
  readonly lamps: Readonly<Record<string, OutcomeState>>;
  readonly source: string;
  readonly atMs: WallMs;
  /** Those of the failed lamps that only follow another intent for now; absent where there are none. */
  readonly waiting?: readonly OverriddenLamps[];
  /** What it brought about holds until the agent stops: the disk did not take it yet, and it is saved by itself once it does. Absent where it is on disk, or needs none. */
  readonly isSaved?: false;
}

/** Lamps on which a command holds below a higher intent; it takes effect there once that one ends. */
export interface OverriddenLamps {
  readonly lamps: readonly string[];
  readonly wish: Pick<Intent, 'target' | 'levelPct' | 'rank' | 'source' | 'reason' | 'untilMs' | 'goesByItself'>;
}

export type EventCode =
  | 'agent-started'
  | 'agent-stopped'
  | 'agent-restarted'
  | 'safe-mode'
  | 'update-installed'
  | 'update-confirmed'
  | 'update-reverted'
  | 'line-down'
  | 'line-silent'
  | 'unit-silent'
  | 'unit-not-set-up'
  | 'unit-no-data'
  | 'unit-answers-twice'
  | 'level-not-read'
  | 'lamp-not-following'
  | 'lamp-fault'
  | 'output-not-following'
  | 'traffic-not-counted'
  | 'device-flag'
  | 'counter-restarted'
  | 'door-open'
  | 'sensor-stuck'
  | 'sensor-silent'
  | 'sensor-busy'
  | 'presence-too-long'
  | 'photocell-doubtful'
  | 'time-not-trusted'
  | 'clock-stepped'
  | 'store-trouble'
  | 'state-restored'
  | 'data-unlocked'
  | 'readings-lost'
  | 'uplink-down'
  | 'platform-silent'
  | 'platform-ack-ahead'
  | 'broker-rewrites-topics'
  | 'births-asked-too-often'
  | 'uplink-taken-over'
  | 'uplink-reconnect'
  | 'certificate-expires'
  | 'certificate-renewed'
  | 'certificate-refused'
  | 'override-started'
  | 'override-ended'
  | 'programme-chosen'
  | 'programme-ended'
  | 'config-changed'
  | 'config-on-trial'
  | 'config-confirmed'
  | 'config-returned'
  | 'config-refused'
  | 'config-site-owned'
  | 'secret-elsewhere'
  | 'command-ended'
  | 'command-refused'
  | 'login-locked'
  | 'user-logged-in'
  | 'users-changed'
  | 'clock-set';

export type Severity = 'info' | 'warning' | 'alarm';

/** An alarm or notice with a start and, where it lasts, an end. */
export interface AgentEvent {
  /** `<code>:<source>:<startMs>`; the end of an event carries the id of its start. */
  readonly id: string;
  readonly code: EventCode;
  /** The device, lamp, line or part it is about. */
  readonly source: string;
  readonly severity: Severity;
  readonly text: Message;
  readonly startMs: WallMs;
  readonly endMs: WallMs | null;
}
