/**
 * Views of the light for a person beyond one lamp's level: the coming night, active sources by zone, and help at a pole.
 */

import type { ZoneKind } from './cabinet.ts';
import type { WallMs } from './clock.ts';
import type { Message } from './message.ts';
import type { DecisionReason, Intent, IntentAuthority, LevelPct, PointId } from './words.ts';

/** The coming light, and help for a technician at a pole. Errors: methods throw Refusal for what the street does not have. */
export interface LightTools {
  /** The night that goes on or comes next, of one zone or of all, in the order of the cabinet. */
  tonight(zone: string | null): readonly TonightView[];
  /** What acts in each zone now. */
  zones(): readonly ZoneLightView[];
  /** Intents in force on zones and their lamps, of these authorities; each once. */
  intentsBy(...authorities: readonly IntentAuthority[]): readonly IntentView[];
  /** Reports every detection of a zone until it is stopped, at the latest after `forMs`. */
  walkTest(zone: string, forMs: number, onStep: (step: WalkStep) => void): WalkTest;
  /** Blinks a lamp until it is stopped, at the latest after `forMs`. */
  identify(request: IdentifyRequest): IdentifyRun;
  /** Burning hours of a lamp, of a zone or of all, in the order of the cabinet. */
  hours(target: string | null): readonly LampHours[];
  /** States the burning hours of a lamp or of each lamp of a zone. */
  setHours(target: string, h: number): Promise<HoursAnswer>;
}

/** How long a lamp has burnt. */
export interface LampHours {
  readonly lamp: string;
  /** Units: h, whole; null where not known: constant light then does not reduce it. */
  readonly hours: number | null;
}

export interface HoursAnswer {
  readonly lamps: readonly LampHours[];
  /** False where they hold until the agent stops, because the disk took nothing; null where nothing was set. */
  readonly isSaved: boolean | null;
}

/** One zone's night, from noon to noon. */
export interface TonightView {
  readonly zone: string;
  /** Day on whose noon it begins, `2026-12-01`. */
  readonly date: string;
  readonly startMs: WallMs;
  readonly endMs: WallMs;
  /** By the sun and the zone's offsets; null where the sun makes none. */
  readonly duskMs: WallMs | null;
  readonly dawnMs: WallMs | null;
  readonly programme: string;
  /** Which rule of the calendar chose it; empty for the zone's own. */
  readonly rule: Message;
  /** Event nights of this date. */
  readonly events: readonly string[];
  /** Steps of the programme that this night leaves out: the step below them comes first by its own time, and begins at `atMs`. */
  readonly leftOut: readonly { readonly name: string; readonly nextName: string; readonly atMs: WallMs }[];
  /** A photocell counts within so many minutes of dusk and dawn; null without one. */
  readonly photocellMin: number | null;
  /** Each change of level; what is before the first is dark by day. */
  readonly rows: readonly TonightRow[];
}

export interface TonightRow {
  readonly atMs: WallMs;
  /** Of its lamps. */
  readonly minPct: LevelPct;
  readonly maxPct: LevelPct;
  /** Level during presence; null where presence has no effect. */
  readonly boostPct: LevelPct | null;
  readonly reason: DecisionReason;
  readonly text: Message;
}

/** An intent as people see it: who asked is in its source. */
export type IntentView = Omit<Intent, 'untilMono' | 'authority'>;

/** What acts in a zone now. */
export interface ZoneLightView {
  readonly id: string;
  readonly kind: ZoneKind;
  readonly light: 'night' | 'day' | 'time-not-trusted';
  readonly programme: string;
  /** The step in force, `23:00`; null by day and while the time is not trusted. */
  readonly step: string | null;
  readonly programmePct: LevelPct | null;
  readonly untilMs: WallMs | null;
  readonly presence: 'off' | 'base' | 'boost' | 'down';
  readonly lamps: {
    readonly count: number;
    readonly lit: number;
    readonly minPct: LevelPct;
    readonly maxPct: LevelPct;
    readonly notFollowing: readonly string[];
  };
  /** On the zone, on one of its lamps, or on the cabinet; strongest first. */
  readonly intents: readonly IntentView[];
  readonly sensors: readonly ZoneSensorView[];
  readonly photocell: { readonly pointId: PointId; readonly lux: number | null; readonly says: Message; readonly ok: boolean } | null;
  readonly traffic: {
    readonly flowPerH: number | null;
    readonly sharePct: number | null;
    readonly text: Message;
    readonly ok: boolean;
  } | null;
  /** Rules that hold and raise it. */
  readonly rules: readonly string[];
}

export interface ZoneSensorView {
  readonly pointId: PointId;
  readonly pole: string | null;
  readonly kind: 'motion' | 'button' | 'counter';
  /** `group`: it follows the others. */
  readonly state: 'present' | 'still' | 'stuck' | 'silent' | 'group';
  readonly lastPresentMs: WallMs | null;
}

/** One detection of a walk test, a moment later, when it is known what it did. */
export interface WalkStep {
  readonly atMs: WallMs;
  readonly pointId: PointId;
  readonly pole: string | null;
  /** Lamps that rose, nearest first. */
  readonly raised: readonly string[];
  /** Of these lit already as much as they can be. */
  readonly alreadyLit: boolean;
  /** From the reading to the first level that left for a lamp; null where none had to. Units: ms. */
  readonly latencyMs: number | null;
}

export interface WalkTest {
  /** The zone is lit: by day no lamp rises. */
  readonly night: boolean;
  /** By point: those whose detections count. */
  readonly sensors: readonly PointId[];
  stop(): void;
}

export interface IdentifyRequest {
  readonly lamp: string;
  readonly forMs: number;
  /** `console:<user>`. */
  readonly source: string;
  /** Each change of its level. */
  readonly tell: (levelPct: LevelPct) => void;
}

export interface IdentifyRun {
  readonly lowPct: LevelPct;
  readonly highPct: LevelPct;
  stop(): void;
}
