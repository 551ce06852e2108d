/**
 * The inputs and results of the lighting logic. The same snapshot always gives the same decisions.
 *
 * Types only: nothing here reads a clock, a line or a disk.
 */
import type { Cabinet, DeviceConfig } from '../core/cabinet.ts';
import type { ClockQuality, MonoMs, WallMs } from '../core/clock.ts';
import type { Decision, Intent, LevelPct, PointId, Quality } from '../core/words.ts';

/** The part of the cabinet that light depends on. */
export type LightingStreet = Pick<
  Cabinet,
  | 'latitudeDeg'
  | 'longitudeDeg'
  | 'timezone'
  | 'poles'
  | 'branches'
  | 'lamps'
  | 'zones'
  | 'programmes'
  | 'calendars'
  | 'eventNights'
  | 'rules'
  | 'outputs'
  | 'neighbours'
> & {
  /** The pole of each sensor; a sensor without a pole raises its whole zone. */
  readonly lines?: readonly { readonly devices: readonly Pick<DeviceConfig, 'id' | 'pole'>[] }[];
};

/** The state of one presence sensor, after its filters. */
export interface SensorState {
  /** A person is present: at or above its threshold for long enough, or just counted. */
  readonly present: boolean;
  /** Start of the present spell, or of the last one. */
  readonly sinceMono: MonoMs | null;
  /** Newest reading with presence. */
  readonly lastPresentMono: MonoMs | null;
  readonly quality: Quality;
  /** Start of the spell of bare readings at or above the threshold, pauses shorter than `offDelayS` not counted; null while none. */
  readonly rawUpMono?: MonoMs | null;
  /** Since when below the threshold; for a counter since when it has not risen. Null while not so. */
  readonly rawDownMono?: MonoMs | null;
  /** The spell began just after the zone's own change of light and counts from then on, if it still lasts. */
  readonly deafUntilMono?: MonoMs | null;
  /** Newest reading with a value. */
  readonly valueMono?: MonoMs | null;
  /** Newest value of a counter; null for others. */
  readonly count?: number | null;
  /** It is ignored: presence without a pause for longer than a person stays, or a counter that counts more than can pass. */
  readonly stuck?: boolean;
  /** Detections of the last hour by their sixths, newest last. Shape: `sixth` since the start of the monotonic clock. */
  readonly activity?: readonly { readonly sixth: number; readonly count: number }[];
  /** It detects more often than `maxPerH`. */
  readonly isBusy?: boolean;
}

/** The state of one photocell. */
export interface PhotocellState {
  /** Newest value; null while it gives none. */
  readonly lux: number | null;
  /** Of the newest reading with a value. */
  readonly atMono: MonoMs;
  /** Since when at or below the lower and at or above the upper threshold; null while not so. */
  readonly belowMono: MonoMs | null;
  readonly aboveMono: MonoMs | null;
  /** Since when on the other side of each: above the lower, below the upper threshold; null while not so. */
  readonly notBelowMono?: MonoMs | null;
  readonly notAboveMono?: MonoMs | null;
  /** It may change to `dark` only after it was not dark for long enough, and to `bright` after it was not bright. */
  readonly mayDarken?: boolean;
  readonly mayBrighten?: boolean;
  /** Its verdict after dwell and arming; null until it has changed between the two once. */
  readonly says: 'dark' | 'bright' | null;
  /** It contradicts the sun night after night, so it is ignored. */
  readonly isDoubtful?: boolean;
}

/** Flow of vehicles in a zone. Units: vehicles an hour. */
export interface TrafficState {
  /** By the last full window; null until one is full, and when the one that ended last was not. */
  readonly flowPerH: number | null;
  /** The flow of the running window so far, as if no vehicle followed. */
  readonly runningPerH?: number;
  /** Place of the step in force; null: the light of the design class, above all steps and whenever the flow is not known. */
  readonly step: number | null;
  /** Since when this step. */
  readonly sinceMono: MonoMs;
  /** A counter without a value for longer than a window. */
  readonly fault?: PointId | null;
}

/** Whether a rule holds. */
export interface RuleState {
  readonly holds: boolean;
  readonly sinceMono: MonoMs;
  /** Newest value: of its point, or the flow in % of the design flow; null where there is none. */
  readonly value?: number | null;
  /** Since when without a pause beyond its threshold, back at `clearsAt`, and without a good value; null while not so. */
  readonly beyondMono?: MonoMs | null;
  readonly clearMono?: MonoMs | null;
  readonly lostMono?: MonoMs | null;
}

/** A person detected at a pole, by a sensor of ours or by a neighbour cabinet. */
export interface Detection {
  /** Sensor's device, or the neighbour's edge node. */
  readonly source: string;
  readonly pole: string;
  readonly atMono: MonoMs;
  readonly isRelayed: boolean;
  /** Where known from elsewhere; else from successive detections. Units: km/h, towards larger (1) or smaller (-1) distances. */
  readonly speedKmh: number | null;
  readonly direction: 1 | -1 | null;
  /** Distance before the pole at the detection; 0 unless relayed. Units: m. */
  readonly beforeM?: number;
}

/** A level below which a lamp is not dimmed for a while: what it was found at when the agent started. */
export interface LampHold {
  readonly levelPct: LevelPct;
  readonly untilMono: MonoMs;
}

/** A programme that a zone has for a while, in place of its calendar's. */
export interface ProgrammeChoice {
  readonly programme: string;
  /** For people and for the forecast; the end itself is the monotonic one. */
  readonly untilMs: WallMs;
  readonly untilMono: MonoMs;
}

/** The same with its zone and its source. */
export interface ChosenProgramme extends ProgrammeChoice {
  readonly zone: string;
  readonly source: string;
  readonly reason: string;
}

/** All inputs of a decision. */
export interface LightingSnapshot {
  readonly nowMs: WallMs;
  readonly nowMono: MonoMs;
  readonly clockQuality: ClockQuality;
  /** A second time that may be the right one; each lamp then has the brighter of both decisions. Null or absent while there is none. */
  readonly otherMs?: WallMs | null;
  /** By the point of presence: two contacts of one device are two sensors. A sensor without a reading is absent. */
  readonly sensors: ReadonlyMap<PointId, SensorState>;
  /** Intents in force. Expired ones may be among them and are ignored. */
  readonly intents: readonly Intent[];
  /** By point. */
  readonly photocells?: ReadonlyMap<PointId, PhotocellState>;
  /** By zone. */
  readonly traffic?: ReadonlyMap<string, TrafficState>;
  /** By rule. */
  readonly rules?: ReadonlyMap<string, RuleState>;
  /** Of the last minutes, oldest first. */
  readonly detections?: readonly Detection[];
  /** By lamp. Units: h. */
  readonly burningH?: ReadonlyMap<string, number>;
  /** By zone. Expired ones may be among them and are ignored. */
  readonly programmes?: ReadonlyMap<string, ProgrammeChoice>;
  /** By lamp. */
  readonly holds?: ReadonlyMap<string, LampHold>;
  /** Zones that presence has raised for too long: their sensors and the wave raise nothing. */
  readonly overRaised?: ReadonlySet<string>;
  /** What `LightingResult.lit` was before; absent where nothing before is known, as in a look ahead. */
  readonly lit?: LitLamps;
}

/** By lit lamp of a zone that may go dark: since when it shows the warning before the dark; null while something else lights it. */
export type LitLamps = ReadonlyMap<string, MonoMs | null>;

export interface ZoneState {
  readonly id: string;
  readonly night: boolean;
  /** No time is trusted, or two clocks disagree: the former installation is not compared with this night. */
  readonly isNightDoubted?: true;
  /** Units: degrees above the horizon. */
  readonly sunAltitudeDeg: number;
  /** `down`: the hold is over, the drivers are falling; a new detection returns to boost at once. */
  readonly presence: 'off' | 'base' | 'boost' | 'down';
  /** The level of the programme alone; null by day. */
  readonly programmePct: LevelPct | null;
}

export interface LightingResult {
  /** One per lamp, in the order of the cabinet. */
  readonly decisions: readonly Decision[];
  readonly zones: readonly ZoneState[];
  /** To be passed to the next call, so that each fall to 0 % at night has its warning. */
  readonly lit: LitLamps;
}
