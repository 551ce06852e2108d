/**
 * The vocabulary of street lighting, one type for each term. All modules use these types.
 */

import type { MonoMs, WallMs } from './clock.ts';
import type { EventDetails } from './event-details.ts';
import type { Message } from './message.ts';

/** Name of a point: the id of its device, a dot, and its id in the device type, such as `L07.level`. */
export type PointId = `${string}.${string}`;

/**
 * How far a reading can be used. `good`: fresh and plausible. `stale`: the last value, but too old. `bad`: the device answers, but its
 * value is implausible, refused or in doubt. `missing`: no usable value was received, for example because the device does not answer.
 */
export type Quality = 'good' | 'stale' | 'bad' | 'missing';

/**
 * One value of one point at one time. Units: the point's own; a single contact is 0 or 1. `value` is null where there is none. `atMono` is
 * when it was read, or found missing. `atMs` is about the same moment; in a stale reading it may be when it became stale.
 */
export interface Reading {
  readonly pointId: PointId;
  readonly value: number | null;
  readonly quality: Quality;
  readonly atMono: MonoMs;
  readonly atMs: WallMs;
}

/** A level of light. Units: % of full light, normally a whole number from 0 (dark) to 100. */
export type LevelPct = number;

/** The languages in which texts are shown. */
export const LANGUAGES = ['en', 'fr'] as const;
/** A language in which texts are shown, one of `LANGUAGES`. */
export type Language = (typeof LANGUAGES)[number];

/**
 * What can decide the level of a lamp. The first three are requested and have priority in this order. Without them `dusk` decides by day,
 * and while it is not known whether it is night. At night the highest level of `presence`, `traffic` (or a rule) and `programme` counts.
 * `default` stands in for a programme; a rule may lower either, and then the rank is `programme`. Source: priorities of the TALQ Smart
 * City Protocol.
 */
export const RANKS = ['maintenance', 'emergency', 'override', 'presence', 'traffic', 'programme', 'dusk', 'default'] as const;
/**
 * What can decide the level of a lamp: `maintenance`, `emergency`, `override`, `presence`, `traffic`, `programme`, `dusk` or
 * `default`.
 */
export type Rank = (typeof RANKS)[number];

/** One lamp, one zone, or the whole cabinet, as the target of an intent or of another request. The `id` of a cabinet is not compared. */
export interface Target {
  readonly kind: 'lamp' | 'zone' | 'cabinet';
  readonly id: string;
}

/**
 * Target of a command. `device`: the device whose point the command writes, or a panel or a place with sound. In a refusal it may be
 * unknown.
 */
export type CommandTarget = Target | { readonly kind: 'device'; readonly id: string };

/**
 * The rank of an intent, which a person, the platform or a contact of the site requests. `maintenance` has priority over `emergency`, and
 * that over `override`.
 */
export type IntentRank = Extract<Rank, 'maintenance' | 'emergency' | 'override'>;

/**
 * The kinds of sender of intents, with different rights. `technician`: a console user with that role or a higher one; on the machine's own
 * socket every user has the role `admin`. `anyone`: any other console user. `platform`: the platform of the city. `site`: a contact, such
 * as an emergency key.
 */
export const INTENT_AUTHORITIES = ['technician', 'anyone', 'platform', 'site'] as const;
/** The kind of sender of an intent or of its release: `technician`, `anyone`, `platform` or `site`. It determines the sender's rights. */
export type IntentAuthority = (typeof INTENT_AUTHORITIES)[number];

/** A request, with the kind of sender that it came from. */
export type Authorised<T> = T & { readonly authority: IntentAuthority };

/** A level that someone requested for a lamp, a zone or the cabinet, with sender, reason and end. */
export interface Intent {
  readonly id: string;
  readonly target: Target;
  readonly levelPct: LevelPct;
  readonly rank: IntentRank;
  readonly authority: IntentAuthority;
  /** The sender, for display: `console:<user>`, `platform` or the point of a contact. */
  readonly source: string;
  /** Text for people; may be empty. */
  readonly reason: string;
  /** When it was requested; for a contact, the newest reading that requested it, or the restart of the agent after it. */
  readonly sinceMs: WallMs;
  /** For display, and for the next start of the agent; in this run the intent ends at `untilMono`. */
  readonly untilMs: WallMs;
  readonly untilMono: MonoMs;
  /** If no lamp has followed by this time, the intent ends. Absent: no such limit. */
  readonly startBy?: { readonly atMs: WallMs; readonly atMono: MonoMs };
  /** A contact or a blinking lamp caused it; it ends by itself and cannot be released. */
  readonly goesByItself?: true;
}

/**
 * Why a lamp has its level: a closed list of words, also sent to the platform. `traffic`: traffic or a rule that raises light. `programme`:
 * the programme or a rule that lowers light. `time-not-trusted`: neither a trusted clock nor a photocell shows whether it is night. No
 * decision has the reason `dusk`.
 */
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

/**
 * One line of the trace of a decision: an intent, a rule, a limit or a remark. `applied`: it decided or limited the level. `untilMs`: null
 * for no known end.
 */
export interface TraceLine {
  readonly rank: Rank;
  /** The origin: a sensor, a programme step, a person. */
  readonly source: string;
  /** The level that it requested, or to which it limited; null if there is none. */
  readonly levelPct: LevelPct | null;
  readonly applied: boolean;
  /** One plain sentence. */
  readonly text: Message;
  readonly untilMs: WallMs | null;
}

/** The level chosen for one lamp, after all limits, the rank that decided it, and why. */
export interface Decision {
  readonly lampId: string;
  readonly levelPct: LevelPct;
  readonly rank: Rank;
  readonly reason: DecisionReason;
  /** Distance from the cause that raised it, such as a sensor; 0 also if a pole is unknown. Units: m. Null if there is none. */
  readonly distanceM: number | null;
  /**
   * If present, the lamp only keeps the level that it had when the agent started or its configuration changed. Rank and reason are those of
   * the decision without it.
   */
  readonly isHeld?: true;
  /** In general, highest rank first. */
  readonly trace: readonly TraceLine[];
}

/**
 * State of a command. `queued`: accepted, nothing is sent yet. `sent`: at least one value is sent. `verified`: done, as far as the agent
 * can check it. `refused`: not accepted, and without effect. `failed`: accepted, but not done or not confirmed; it may still take effect
 * later. `verified`, `refused` and `failed` are final.
 */
export type OutcomeState = 'received' | 'queued' | 'sent' | 'verified' | 'refused' | 'failed';

/** The state that a command has reached, as reported to its sender. A command may have several outcomes in turn, up to a final one. */
export interface Outcome {
  readonly commandId: string;
  readonly target: CommandTarget;
  /** The requested level; once `verified`, the confirmed one if all lamps have the same. Null if no level was requested. */
  readonly levelPct: LevelPct | null;
  readonly state: OutcomeState;
  /** Why it was refused or failed, or a remark; may be empty. */
  readonly reason: Message;
  /** By lamp; empty for a stage that does not depend on lamps, such as `received`. */
  readonly lamps: Readonly<Record<string, OutcomeState>>;
  /** The sender of the command, such as `console:<user>` or `platform`. */
  readonly source: string;
  readonly atMs: WallMs;
  /** The failed lamps that only follow another intent for now; absent if there are none. */
  readonly waiting?: readonly OverriddenLamps[];
  /**
   * Only in a final outcome: the effect is not on disk yet, so a stop of the agent may end it. Absent if it is on disk or needs no saving,
   * and if the agent stopped before this was known.
   */
  readonly isSaved?: false;
}

/** Lamps that do not follow a command yet, because `wish`, the strongest intent on them, decides their level. */
export interface OverriddenLamps {
  readonly lamps: readonly string[];
  readonly wish: Pick<Intent, 'target' | 'levelPct' | 'rank' | 'source' | 'reason' | 'untilMs' | 'goesByItself'>;
}

/** What an event is about, as a closed list of codes. */
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
  | 'second-master'
  | 'unit-silent'
  | 'unit-not-set-up'
  | 'unit-no-data'
  | 'unit-answers-twice'
  | 'level-not-read'
  | 'lamp-not-following'
  | 'lamp-fault'
  | 'lamp-out'
  | 'lamp-power-low'
  | 'lamp-power-high'
  | 'lamp-day-burner'
  | 'lamp-cycling'
  | 'supply-voltage-low'
  | 'supply-voltage-high'
  | 'supply-lost'
  | 'phase-lost'
  | 'power-factor-low'
  | 'reactive-high'
  | 'temperature-high'
  | 'thermal-derating'
  | 'driver-reset'
  | 'lamp-wears-out'
  | 'meter-differs'
  | 'light-lost'
  | 'meter-stuck'
  | 'unexpected-load'
  | 'breaker-tripped'
  | 'contactor-stuck-on'
  | 'contactor-stuck-off'
  | 'earth-leakage'
  | 'maintenance-mode'
  | 'output-not-following'
  | 'panel-not-showing'
  | 'panel-text-cut'
  | 'panel-text-sent'
  | 'traffic-not-counted'
  | 'sound-requested'
  | 'sound-ended'
  | 'sound-left-out'
  | 'sound-emergency'
  | 'sound-player-silent'
  | 'sound-no-medium'
  | 'sound-track-missing'
  | 'sound-amplifier-not-following'
  | 'sound-too-loud'
  | 'device-flag'
  | 'counter-restarted'
  | 'energy-differs'
  | 'meter-clock-differs'
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
  | 'recording-failed'
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

/** How serious an event is: a notice, something to check, or something that needs action. */
export type Severity = 'info' | 'warning' | 'alarm';

/**
 * A condition or a notice. `endMs` is null while the condition lasts. It equals `startMs` for an event without duration. A condition may
 * also end at `startMs`; if the clock was set back, even before it.
 */
export interface AgentEvent extends EventDetails {
  /** The end of an event has the id of its start. */
  readonly id: string;
  readonly code: EventCode;
  /** What the event is about, such as a device, point, lamp, zone, line or part. */
  readonly source: string;
  readonly severity: Severity;
  readonly text: Message;
  readonly startMs: WallMs;
  readonly endMs: WallMs | null;
  /**
   * Only on its end: the part that reports it ended, not the condition. If the condition lasts, a new event reports it. This flag is not
   * stored.
   */
  readonly isInterrupted?: true;
}
