/**
 * The zones of a cabinet as `cabinet.yaml` describes them: sensors, programmes, calendars, rules, outputs.
 *
 * Part of `cabinet.ts`: validated, with every default filled in, and immutable.
 */
import type { LevelPct } from './words.ts';

/** The kind of place. It limits how long presence may last, and decides whether light runs ahead pole by pole or as a section. */
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
  /** Selects another programme for some nights; null: always `programme`. */
  readonly calendar: string | null;
  /** Lowest level at night for every source, not below the level of the minimum class. */
  readonly minPct: LevelPct;
  /** The class that 100 % provides; null if classes are not used. */
  readonly designClass: LightingClass | null;
  /** Dusk: the zone is lit while the sun is below this. Units: degrees of altitude. */
  readonly sunBelowDeg: number;
  /** Delay of switching on and off after the sun's times; negative: earlier. Units: min. */
  readonly onOffsetMin: number;
  readonly offOffsetMin: number;
  /** Other offsets for parts of the year. The first that matches the date on which the night began is used. Absent or empty: none. */
  readonly seasons?: readonly Season[];
  readonly photocell: PhotocellConfig | null;
  /** How the zone may go dark at night, with a warning first; null: it may not. */
  readonly dark: DarkConfig | null;
  readonly presence: PresenceConfig | null;
  readonly traffic: TrafficConfig | null;
  /** What savings are compared with. */
  readonly baseline: BaselineConfig;
  /** Constant light output over the life of the lamps; null: not compensated by the agent. */
  readonly constantLight: ConstantLightConfig | null;
}

/** The offsets of a zone between two dates of each year, both included; a season may cross the end of the year. Units: min. */
export interface Season {
  readonly from: CalendarDate;
  readonly to: CalendarDate;
  readonly onOffsetMin: number;
  readonly offOffsetMin: number;
}

/** Switches on below one threshold and off above the other, within a window around the sun's own times. */
export interface PhotocellConfig {
  readonly device: string;
  readonly point: string;
  /** Units: lx. `offAboveLux` is the higher one. */
  readonly onBelowLux: number;
  readonly offAboveLux: number;
  /** A value counts only after it has lasted this long. Units: s. */
  readonly dwellS: number;
  /** Window around the sun's own times in which the photocell counts; outside it the sun decides. Units: min. */
  readonly windowMin: number;
  /** Older values are ignored. Units: s. */
  readonly staleS: number;
  /** It also measures the light of its own zone, so its values count only while the zone is dark. */
  readonly seesOwnLight: boolean;
}

/** The warning before the zone goes dark: this level for this time. */
export interface DarkConfig {
  readonly warnPct: LevelPct;
  readonly warnS: number;
}

/** The installation before the present one. Units: W for each lamp; null: the rated power of the present lamps. */
export interface BaselineConfig {
  readonly levelPct: LevelPct;
  readonly lampPowerW: number | null;
}

/** A new lamp gives its full light at `newPct`. After `fullAtH` burning hours it needs 100 %. In between the level rises linearly. */
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
  /** Lamps of other zones that presence also raises, as at a crosswalk; absent or empty: none. */
  readonly alsoLamps?: readonly string[];
  /** Longest continuous raise of the zone, whichever sensors detect. Then the programme applies until all sensors have been still. Units: s. */
  readonly maxBoostS: number;
  /** Light ahead of a moving person or vehicle; null: only around the sensors. */
  readonly wave: WaveConfig | null;
  /** Level for a detection relayed by a neighbour cabinet; null: such detections are ignored. */
  readonly relayedPct: LevelPct | null;
}

export interface PresenceSensor {
  readonly device: string;
  /** The quantity that shows presence (an analogue motion value or a flag) or counts passages. */
  readonly point: string;
  /** `counter`: each increase is a detection, so none is lost between polls. */
  readonly kind: 'motion' | 'button' | 'counter';
  /** Present at or above this. Units: the point's own. */
  readonly threshold: number;
  /** How long the sensor itself reports presence after the last movement; subtracted from `holdS`. Units: s. */
  readonly ownHoldS: number;
  /** Shorter presence is ignored, and so is a shorter pause (`offDelayS`). Units: s. */
  readonly minPulseS: number;
  readonly offDelayS: number;
  /** Detections are ignored for this time after the zone's own light has changed. Units: s. */
  readonly blankS: number;
  /** Continuous presence for longer than this means that the sensor is stuck. A counter is never stuck. Units: s. */
  readonly stuckS: number;
  /** A higher rate is reported as an event; a counter above it is ignored. Units: detections an hour. */
  readonly maxPerH: number;
  /** `group`: for a badly placed sensor; it follows the others, and its own detections are ignored. */
  readonly listen: 'own' | 'group';
}

/** `poles`: light runs ahead pole by pole; `section`: the whole zone rises, as fast roads need. */
export interface WaveConfig {
  readonly mode: 'poles' | 'section';
  /** Speed used until two detections give it. Units: km/h. */
  readonly speedKmh: number;
  /** Delay of sensor, bus and ramp together: light must be on this long before the person or vehicle arrives. Units: s. */
  readonly lookAheadS: number;
  /** Lit at least this far ahead and behind. Units: m. */
  readonly leastAheadM: number;
  readonly behindM: number;
}

/** Source: UNI 11248:2016 annex D, as in the reference. */
export interface TrafficConfig {
  readonly counters: readonly { readonly device: string; readonly point: string }[];
  /** Flow for which the road was designed. Units: vehicles an hour. */
  readonly designFlowPerH: number;
  /** Lowest share first: below this share of the design flow, this level applies. */
  readonly steps: readonly { readonly belowPct: number; readonly level: StepLevel }[];
}

/** Percent of full light, or a class whose level is computed from the zone's design class. */
export type StepLevel = { readonly pct: LevelPct } | { readonly class: LightingClass };

export interface Programme {
  readonly id: string;
  /** Sorted by time of the night. */
  readonly steps: readonly ProgrammeStep[];
}

/** The level from `at` on. If `boostPct` is present, it replaces that of the zone. */
export interface ProgrammeStep {
  readonly at: StepTime;
  readonly level: StepLevel;
  readonly boostPct: LevelPct | null;
}

/** `dusk`: start of the zone's night. `middle`: the middle of it. `sun`: a sun event with an offset. Otherwise local time of day. */
export type StepTime = 'dusk' | { readonly hour: number; readonly minute: number } | { readonly sun: SunEvent; readonly offsetMin: number };

/** `dusk` and `dawn` are those of the zone; sunset and sunrise are at -0.833 degrees. */
export type SunEvent = 'sunset' | 'sunrise' | 'dusk' | 'dawn' | 'middle';

/** The first rule that matches the date on which the night began is used. */
export interface Calendar {
  readonly id: string;
  readonly rules: readonly CalendarRule[];
}

/** All present conditions must match. */
export interface CalendarRule {
  readonly programme: string;
  /** 1 Monday to 7 Sunday. */
  readonly weekdays: readonly number[] | null;
  /** Both ends included. Without a year: each year; the range may cross the end of the year. */
  readonly from: CalendarDate | null;
  readonly to: CalendarDate | null;
  /** `nth` weekday of the month; -1: the last. */
  readonly nthWeekday: { readonly nth: number; readonly weekday: number } | null;
  /** Built-in public holidays, or the days of a list in the file. */
  readonly holidays: BuiltInHolidays | HolidayList | null;
  /** The nights before these days: in addition to them, or instead of them. Absent: not these nights. */
  readonly eves?: 'also' | 'only';
}

/** `fr`: France; `fr-alsace-moselle`: with the two additional days of Haut-Rhin, Bas-Rhin and Moselle. */
export type BuiltInHolidays = 'fr' | 'fr-alsace-moselle';

/** Holidays listed in the file. */
export interface HolidayList {
  readonly id: string;
  readonly days: readonly HolidayDay[];
}

/** A date, a number of days from Easter Sunday (negative: before), or a weekday of a month; `nth` -1: the last. */
export type HolidayDay =
  | CalendarDate
  | { readonly easterDays: number }
  | { readonly nth: number; readonly weekday: number; readonly month: number };

export interface CalendarDate {
  readonly year: number | null;
  readonly month: number;
  readonly day: number;
}

/** One night with its own level for some time: "14 July: 100 % until 02:00". */
export interface EventNight {
  readonly id: string;
  readonly date: CalendarDate;
  readonly from: StepTime;
  readonly until: StepTime;
  readonly levelPct: LevelPct;
  /** Null: all zones. */
  readonly zones: readonly string[] | null;
}

/** A rule applies while a measured value is beyond a threshold, with hysteresis and a minimum duration. */
export interface Rule {
  readonly id: string;
  readonly when: RuleInput;
  /** While the rule applies, these zones are raised to at least this level. */
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

/** A number in the point's own unit, or a name from the profile's `enum`. */
export type OutputValue = number | string;

/** A relay circuit, an info panel or a sound level: a writable point controlled by zones and rules. */
export interface Output {
  readonly id: string;
  readonly device: string;
  readonly point: string;
  /** Written while no rule applies and no zone of `litWith` is lit. */
  readonly idle: OutputValue;
  /** Written while a lamp of one of these zones is above 0 %. */
  readonly litWith: { readonly zones: readonly string[]; readonly value: OutputValue } | null;
  /** The first rule that applies takes precedence. */
  readonly rules: readonly { readonly rule: string; readonly value: OutputValue }[];
  /** Shortest time at a value other than `idle`, and at `idle`. A circuit whose zone is lit again does not wait for the second. Units: s. */
  readonly minOnS: number;
  readonly minOffS: number;
}
