/**
 * Views of the light for the console: the coming night, active sources by zone, and help for work at a pole.
 */

import type { ZoneKind } from './cabinet.ts';
import type { WallMs } from './clock.ts';
import type { Message } from './message.ts';
import type { DecisionReason, Intent, IntentAuthority, LevelPct, PointId } from './words.ts';

/**
 * The light for the console: the coming night, what controls the zones now, and help for a technician at a pole. Errors: methods throw or
 * reject with Refusal, for example for an unknown lamp.
 */
export interface LightTools {
  /** The present night of one zone, or the next one by day; for null, of all zones. Takes the clock as correct. */
  tonight(zone: string | null): readonly TonightView[];
  /** What controls each zone now. */
  zones(): readonly ZoneLightView[];
  /**
   * The intents of these authorities that have not ended, also on lamps in no zone: higher ranks first, of equal ranks brighter ones first.
   */
  intentsBy(...authorities: readonly IntentAuthority[]): readonly IntentView[];
  /**
   * Reports new detections of a zone's own sensors until it is stopped, for `forMs` or one hour at most. Throws Refusal, for example for a
   * zone without a presence sensor. Units: ms.
   */
  walkTest(zone: string, forMs: number, onStep: (step: WalkStep) => void): WalkTest;
  /**
   * Makes a lamp blink until it is stopped, for `forMs` at most. A newer request for the lamp replaces it. Throws Refusal, for example for
   * an unknown lamp, or if `forMs` is too short or too long.
   */
  identify(request: IdentifyRequest): IdentifyRun;
  /** Burning hours of a lamp, of the lamps of a zone, or of all lamps (null). */
  hours(target: string | null): readonly LampHours[];
  /** Sets the burning hours of a lamp or of each lamp of a zone. Units: h, at least 0, which is not checked. */
  setHours(target: string, h: number): Promise<HoursAnswer>;
}

/** Burning hours of one lamp: those that the configuration or a technician stated, and the time counted since. */
export interface LampHours {
  readonly lamp: string;
  /** Units: h, whole. Null if unknown, for example because none were stated. */
  readonly hours: number | null;
}

/** The burning hours of the requested lamps, after any new ones were set, and whether the disk has these. */
export interface HoursAnswer {
  readonly lamps: readonly LampHours[];
  /** False: the new hours are in force, but not saved yet. Null if nothing was set. */
  readonly isSaved: boolean | null;
}

/**
 * One zone's night as planned, with the intents in force. Presence, photocells, traffic and rules are left out, also those that have an
 * effect now.
 */
export interface TonightView {
  readonly zone: string;
  /** Day on which it begins at noon, `2026-12-01`. */
  readonly date: string;
  /** From here to `endMs`: the whole night, from noon to noon, local time. It is dark from `duskMs` to `dawnMs`. */
  readonly startMs: WallMs;
  readonly endMs: WallMs;
  /** From the sun and the zone's offsets; null if that night has no dusk. */
  readonly duskMs: WallMs | null;
  /** As `duskMs`; null if that night has no dawn. */
  readonly dawnMs: WallMs | null;
  /** Id of the programme for this night; the event nights in `events` replace parts of it. */
  readonly programme: string;
  /** The calendar rule that selected the programme, or that the platform chose it; empty for the zone's own programme. */
  readonly rule: Message;
  /** Ids of the event nights of this date that concern the zone. */
  readonly events: readonly string[];
  /** Programme steps that do not apply in this night, because the next step (`nextName`, from `atMs` on) is not due later. */
  readonly leftOut: readonly { readonly name: string; readonly nextName: string; readonly atMs: WallMs }[];
  /** A photocell counts within this many minutes of dusk and dawn; null without a photocell. */
  readonly photocellMin: number | null;
  /** A row for each change of `minPct`, `maxPct`, `boostPct` or `reason`, in order of time. A first row of reason `day` is left out. */
  readonly rows: readonly TonightRow[];
}

/** The light of a zone from `atMs` to the next row; the last row lasts to `TonightView.endMs`. */
export interface TonightRow {
  readonly atMs: WallMs;
  /** Lowest and highest planned level of its lamps; both are 0 for a zone without lamps. */
  readonly minPct: LevelPct;
  readonly maxPct: LevelPct;
  /** Level that presence requests; it may be below `minPct`. Null without presence, or if `reason` is not `programme` or `default`. */
  readonly boostPct: LevelPct | null;
  /** `reason` and `text` are those of the brightest lamp. */
  readonly reason: DecisionReason;
  readonly text: Message;
}

/**
 * An intent for display: without its authority and its end in monotonic time. `untilMs` is its end in wall time; `source` names the sender.
 */
export type IntentView = Omit<Intent, 'untilMono' | 'authority'>;

/**
 * Main facts about what controls a zone now. `programmePct`: level of the step in force; null without one. `untilMs`: the next change of
 * step, night or chosen programme; null if none is known. The end of a person's request is not in it.
 */
export interface ZoneLightView {
  readonly id: string;
  readonly kind: ZoneKind;
  /**
   * `time-not-trusted`: the clock is not trusted, and the zone has no photocell. With one, `night` also while the photocell does not show
   * whether it is night. Before the first decision: `day` with a photocell, otherwise `time-not-trusted`.
   */
  readonly light: 'night' | 'day' | 'time-not-trusted';
  /** Id of the programme or event night of the step in force. Without one, the chosen programme or the zone's own. */
  readonly programme: string;
  /** Begin of the step, or of the event night, that is in force: `23:00`; null if there is none. */
  readonly step: string | null;
  readonly programmePct: LevelPct | null;
  readonly untilMs: WallMs | null;
  /**
   * The state of the zone's own sensors, whatever decides the level: `boost` during presence and its hold, `down` while the light falls
   * back. At `base` a wave may raise lamps. `off`: by day, while night or day is not known, or if presence is not configured.
   */
  readonly presence: 'off' | 'base' | 'boost' | 'down';
  /**
   * The lamps with a decision; `minPct` and `maxPct` are decided levels, `lit`: how many are decided above 0. Without any lamp, `minPct` is
   * 100 and `maxPct` is 0. `notFollowing`: ids of lamps after several failed writes or drifts in a row, or whose newest reading is not
   * good.
   */
  readonly lamps: {
    readonly count: number;
    readonly lit: number;
    readonly minPct: LevelPct;
    readonly maxPct: LevelPct;
    readonly notFollowing: readonly string[];
  };
  /**
   * Intents on the zone, on one of its lamps, or on the cabinet: higher ranks first, of equal ranks brighter ones first. The first need not
   * apply: a later one of its sender may replace it.
   */
  readonly intents: readonly IntentView[];
  readonly sensors: readonly ZoneSensorView[];
  /** Null if the zone has no photocell. `lux`: null without a value. `says`: dark, bright, or why neither. `ok`: its value can be used. */
  readonly photocell: { readonly pointId: PointId; readonly lux: number | null; readonly says: Message; readonly ok: boolean } | null;
  /**
   * Null if the zone is not dimmed by traffic. `flowPerH`: vehicles an hour. `sharePct`: these in % of the zone's design flow. Both are
   * null while the flow is unknown. `ok`: counting has begun, and no counter has a fault.
   */
  readonly traffic: {
    readonly flowPerH: number | null;
    readonly sharePct: number | null;
    readonly text: Message;
    readonly ok: boolean;
  } | null;
  /** Ids of the rules that apply now and can raise or lower the zone. */
  readonly rules: readonly string[];
}

/** One presence sensor of a zone, and its present state. */
export interface ZoneSensorView {
  readonly pointId: PointId;
  /** The pole of its device; null if none is configured. */
  readonly pole: string | null;
  readonly kind: 'motion' | 'button' | 'counter';
  /**
   * `present`: presence, after the filters. `still`: none. `stuck`: ignored as faulty. `silent`: no usable value. `group`: it follows the
   * other sensors, whatever its own value.
   */
  readonly state: 'present' | 'still' | 'stuck' | 'silent' | 'group';
  /** Newest reading with presence; for a counter its newest detection. Null if none is known. */
  readonly lastPresentMs: WallMs | null;
}

/** One detection of a walk test, with its effect. */
export interface WalkStep {
  /** When the presence began; for a counter, when it counted. */
  readonly atMs: WallMs;
  readonly pointId: PointId;
  /** The pole of the sensor; null if none is configured. */
  readonly pole: string | null;
  /** Lamps of the zone that presence raised shortly after it and before a newer detection, in the order in which they rose. */
  readonly raised: readonly string[];
  /** It raised no further lamp, and its sensor keeps lamps of the zone raised. */
  readonly alreadyLit: boolean;
  /** From the detection to the first level sent to one of `raised`; null if none was sent shortly after it. Units: ms. */
  readonly latencyMs: number | null;
}

/** A walk test that has begun: a person walks past the sensors of a zone and sees which lamps a detection raises. `stop` ends it. */
export interface WalkTest {
  /** It is night for the zone when the test begins, or it is not known whether it is. */
  readonly night: boolean;
  /** Points whose detections are reported. */
  readonly sensors: readonly PointId[];
  /**
   * Aborted if the light control stops during the test, for example for another configuration: detections after that are not reported. Not
   * aborted by `stop`, nor when the time is over.
   */
  readonly ended: AbortSignal;
  stop(): void;
}

/** Which lamp blinks, for how long, and who requests it. */
export interface IdentifyRequest {
  readonly lamp: string;
  /** Units: ms. */
  readonly forMs: number;
  /** The sender, such as `console:<user>`. */
  readonly source: string;
  /** Called with each newly requested level while the lamp blinks, first before `identify` returns. */
  readonly tell: (levelPct: LevelPct) => void;
}

/**
 * The blinking of a lamp between two levels, once it was requested. It also ends when its time is over. `stop` ends it, but not a newer
 * blinking of the lamp that replaced it.
 */
export interface IdentifyRun {
  readonly lowPct: LevelPct;
  readonly highPct: LevelPct;
  /** Aborted when another request ends or replaces the blinking; not by `stop`, nor when the time is over. */
  readonly ended: AbortSignal;
  stop(): void;
}
