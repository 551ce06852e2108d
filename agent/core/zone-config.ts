/**
 * The zones of a cabinet as `cabinet.yaml` describes them: sensors, programmes, calendars, rules, outputs.
 *
 * Part of `cabinet.ts`: checked, with every default filled in, and never changed.
 */
import type { LevelPct } from './words.ts';

/** What kind of place a zone is: sets how long presence may last and whether light runs ahead pole by pole or as a section. */
export type ZoneKind = 'path' | 'street' | 'road' | 'leisure';

/** Source: EN 13201-2:2015. */
export type LightingClass =
  | 'M1'
  | 'M2'
  | 'M3'
  | 'M4'
  | 'M5'
  | 'M6'
  | 'C0'
  | 'C1'
  | 'C2'
  | 'C3'
  | 'C4'
  | 'C5'
  | 'P1'
  | 'P2'
  | 'P3'
  | 'P4'
  | 'P5'
  | 'P6';

export interface Zone {
  readonly id: string;
  readonly lamps: readonly string[];
  readonly kind: ZoneKind;
  readonly programme: string;
  /** Chooses another programme for some nights; null: always `programme`. */
  readonly calendar: string | null;
  /** Least level at night, for every source; includes the class minimum. */
  readonly minPct: LevelPct;
  /** What 100 % gives; null where classes are not used. */
  readonly designClass: LightingClass | null;
  /** Dusk: the zone is lit while the sun is below this. Units: degrees of altitude. */
  readonly sunBelowDeg: number;
  /** Delay of switching on (negative: earlier) and off after the sun's times. Units: min. */
  readonly onOffsetMin: number;
  readonly offOffsetMin: number;
  /** Other offsets for parts of each year; the first that fits the date on which the night began. Absent or empty: none. */
  readonly seasons?: readonly Season[];
  readonly photocell: PhotocellConfig | null;
  /** It may go dark in the night, but only after this warning; null: it may not. */
  readonly dark: DarkConfig | null;
  readonly presence: PresenceConfig | null;
  readonly traffic: TrafficConfig | null;
  /** What savings are counted against. */
  readonly baseline: BaselineConfig;
  /** Constant light output over the life of the lamps; null: not done here. */
  readonly constantLight: ConstantLightConfig | null;
}

/** The offsets of a zone from one date of each year to another, both included, also over its end. Units: min. */
export interface Season {
  readonly from: CalendarDate;
  readonly to: CalendarDate;
  readonly onOffsetMin: number;
  readonly offOffsetMin: number;
}

/** Lights below the one, puts out above the other, within a window around the sun's own times. */
export interface PhotocellConfig {
  readonly device: string;
  readonly point: string;
  /** Units: lx. `offAboveLux` is the higher one. */
  readonly onBelowLux: number;
  readonly offAboveLux: number;
  /** A value counts once it has lasted so long. Units: s. */
  readonly dwellS: number;
  /** Window around the sun's own times in which it counts; outside it the sun decides. Units: min. */
  readonly windowMin: number;
  /** An older value counts as none. Units: s. */
  readonly staleS: number;
  /** It measures the zone's own light too: its values count only while the zone is dark. */
  readonly seesOwnLight: boolean;
}

/** First dimmed to this for so long, then dark. */
export interface DarkConfig {
  readonly warnPct: LevelPct;
  readonly warnS: number;
}

/** What the zone was before. Units: W of one lamp, null: the rated power of today's. */
export interface BaselineConfig {
  readonly levelPct: LevelPct;
  readonly lampPowerW: number | null;
}

/** A new lamp gives all its light at `newPct`; at `fullAtH` burning hours it needs 100 %, in between in proportion. */
export interface ConstantLightConfig {
  readonly newPct: LevelPct;
  readonly fullAtH: number;
}

export interface PresenceConfig {
  readonly sensors: readonly PresenceSensor[];
  readonly boostPct: LevelPct;
  readonly holdS: number;
  readonly rampUpS: number;
  readonly rampDownS: number;
  /** Lamps within this distance of the sensor's pole are raised; null raises the whole zone. Units: m. */
  readonly reachM: number | null;
  /** Lamps of other zones that it raises too, as at a crosswalk; absent or empty: none. */
  readonly alsoLamps?: readonly string[];
  /** Longest raise of the zone without a pause, whichever sensors detect; then the programme, until all of them have been still. Units: s. */
  readonly maxBoostS: number;
  /** Light ahead of a mover; null: only around the sensors. */
  readonly wave: WaveConfig | null;
  /** Level for a detection that a neighbour cabinet has relayed; null: they are ignored. */
  readonly relayedPct: LevelPct | null;
}

export interface PresenceSensor {
  readonly device: string;
  /** The quantity that shows presence (an analogue motion value or a flag), or counts passages. */
  readonly point: string;
  /** `counter`: each rise is a detection, so that none is lost between polls. */
  readonly kind: 'motion' | 'button' | 'counter';
  /** Present at or above this. Units: the point's own. */
  readonly threshold: number;
  /** How long the sensor itself reports presence after the last movement; subtracted from `holdS`. */
  readonly ownHoldS: number;
  /** Shorter presence is none, and a shorter pause is no pause. Units: s. */
  readonly minPulseS: number;
  readonly offDelayS: number;
  /** Detections are ignored for so long after the zone's own light has changed. Units: s. */
  readonly blankS: number;
  /** Present for longer without a pause means stuck; a counter shows no presence and is never stuck. Units: s. */
  readonly stuckS: number;
  /** More detections an hour are reported; a counter that counts more is ignored. */
  readonly maxPerH: number;
  /** `group`: badly placed; it follows the others, and its own detections are ignored. */
  readonly listen: 'own' | 'group';
}

/** `poles`: light runs ahead pole by pole; `section`: the whole zone rises, as fast roads need. */
export interface WaveConfig {
  readonly mode: 'poles' | 'section';
  /** Speed assumed until two detections give it. Units: km/h. */
  readonly speedKmh: number;
  /** Sensing, bus and ramp together: light must be on this long before the mover arrives. Units: s. */
  readonly lookAheadS: number;
  /** Lit ahead and behind at least. Units: m. */
  readonly leastAheadM: number;
  readonly behindM: number;
}

/** Source: UNI 11248:2016 annex D, as in the reference. */
export interface TrafficConfig {
  readonly counters: readonly { readonly device: string; readonly point: string }[];
  /** Flow for which the road was designed. Units: vehicles an hour. */
  readonly designFlowPerH: number;
  /** Lowest first: below this share of the design flow, this level. */
  readonly steps: readonly { readonly belowPct: number; readonly level: StepLevel }[];
}

/** Percent of full light, or a class to be computed from the zone's design class. */
export type StepLevel = { readonly pct: LevelPct } | { readonly class: LightingClass };

export interface Programme {
  readonly id: string;
  /** In the order of the night. */
  readonly steps: readonly ProgrammeStep[];
}

/** From `at` on, this level; `boostPct` goes before the zone's own while it is given. */
export interface ProgrammeStep {
  readonly at: StepTime;
  readonly level: StepLevel;
  readonly boostPct: LevelPct | null;
}

/** `dusk` is the start of the zone's night; `middle` the middle of it; a sun event with an offset; otherwise local time of day. */
export type StepTime = 'dusk' | { readonly hour: number; readonly minute: number } | { readonly sun: SunEvent; readonly offsetMin: number };

/** `dusk` and `dawn` are the zone's own; sunset and sunrise are at -0.833 degrees. */
export type SunEvent = 'sunset' | 'sunrise' | 'dusk' | 'dawn' | 'middle';

/** The first rule that fits the date on which the night began. */
export interface Calendar {
  readonly id: string;
  readonly rules: readonly CalendarRule[];
}

/** All that is given must fit. */
export interface CalendarRule {
  readonly programme: string;
  /** 1 Monday to 7 Sunday. */
  readonly weekdays: readonly number[] | null;
  /** Both ends included; without a year each year, also over its end. */
  readonly from: CalendarDate | null;
  readonly to: CalendarDate | null;
  /** `nth` of the month, -1 the last. */
  readonly nthWeekday: { readonly nth: number; readonly weekday: number } | null;
  /** Public holidays that are built in, or days that the file lists. */
  readonly holidays: BuiltInHolidays | HolidayList | null;
  /** The nights before these days: as well, or in their place. Absent: not these. */
  readonly eves?: 'also' | 'only';
}

/** `fr`: France; `fr-alsace-moselle`: with the two days more of Haut-Rhin, Bas-Rhin and Moselle. */
export type BuiltInHolidays = 'fr' | 'fr-alsace-moselle';

/** Holidays that the file lists. */
export interface HolidayList {
  readonly id: string;
  readonly days: readonly HolidayDay[];
}

/** A date, days from Easter Sunday (negative: before), or a weekday of one month; `nth` -1 the last. */
export type HolidayDay =
  | CalendarDate
  | { readonly easterDays: number }
  | { readonly nth: number; readonly weekday: number; readonly month: number };

export interface CalendarDate {
  readonly year: number | null;
  readonly month: number;
  readonly day: number;
}

/** One night with a level of its own for a time: "14 July: 100 % until 02:00". */
export interface EventNight {
  readonly id: string;
  readonly date: CalendarDate;
  readonly from: StepTime;
  readonly until: StepTime;
  readonly levelPct: LevelPct;
  /** Null: all. */
  readonly zones: readonly string[] | null;
}

/** What holds when: a measured value beyond a threshold, with hysteresis, for a while. */
export interface Rule {
  readonly id: string;
  readonly when: RuleInput;
  /** While it holds, these zones are raised to at least this. */
  readonly raise: { readonly zones: readonly string[]; readonly levelPct: LevelPct } | null;
}

export type RuleInput =
  | {
      readonly kind: 'above' | 'below';
      readonly point: `${string}.${string}`;
      readonly value: number;
      readonly clearsAt: number;
      readonly forS: number;
    }
  | { readonly kind: 'presence'; readonly zone: string }
  | { readonly kind: 'traffic'; readonly zone: string; readonly flowPct: number; readonly clearsAt: number };

/** A number as the point takes it, or the name that the profile's `enum` gives to one. */
export type OutputValue = number | string;

/** A relay circuit, an info panel or a sound level: a writable point that follows zones and rules. */
export interface Output {
  readonly id: string;
  readonly device: string;
  readonly point: string;
  /** Written while no rule applies and no zone of `litWith` is lit. */
  readonly idle: OutputValue;
  /** Written while one of these zones has a lamp above 0 %. */
  readonly litWith: { readonly zones: readonly string[]; readonly value: OutputValue } | null;
  /** The first that holds takes precedence. */
  readonly rules: readonly { readonly rule: string; readonly value: OutputValue }[];
  /** Shortest time at a value other than `idle`, and at `idle`; a circuit does not rest for so long where its zone is lit again. Units: s. */
  readonly minOnS: number;
  readonly minOffS: number;
}
