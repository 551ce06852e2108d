/**
 * The zones of a cabinet as `cabinet.yaml` describes them: sensors, programmes, calendars, rules, outputs.
 *
 * Part of `cabinet.ts`: validated, with every default filled in, and immutable.
 */
import type { LevelPct } from './words.ts';

/** The kind of place. It selects limits and defaults of a zone. */
export type ZoneKind = 'path' | 'street' | 'road' | 'leisure';

/**
 * How bright a road must be: M for motor traffic, C for conflict areas, P for pedestrians; in each family a higher number is darker.
 * Source: EN 13201-2:2015.
 */
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

/** A group of lamps: when they are lit, at which level, and how presence and traffic raise them. */
export interface Zone {
  readonly id: string;
  readonly lamps: readonly string[];
  readonly kind: ZoneKind;
  readonly programme: string;
  /** Id of the calendar that selects another programme for some nights; null: none. */
  readonly calendar: string | null;
  /** Lowest level at night; `dark`, maintenance, constant light and the maximum of a lamp may give less. */
  readonly minPct: LevelPct;
  /** The class that 100 % provides; null if classes are not used. */
  readonly designClass: LightingClass | null;
  /** Altitude of the sun at dusk and dawn of the zone, before the offsets; negative: below the horizon. Units: degrees. */
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
  /** The surfaces that the zone lights, for the indicators of EN 13201-5; absent if the file has none. No level depends on it. */
  readonly litAreas?: readonly LitArea[];
}

/**
 * One surface that a zone lights, such as a carriageway. Units: `areaM2` in m²; `illuminanceLux`: mean illuminance by design at 100 %, in
 * lx.
 */
export interface LitArea {
  readonly areaM2: number;
  readonly illuminanceLux: number;
}

/**
 * Other switching offsets of a zone for the nights that begin between two dates of each year, both included. The range may cross the end
 * of the year. Units: min after the dusk and the dawn of `sunBelowDeg`, negative: before.
 */
export interface Season {
  readonly from: CalendarDate;
  readonly to: CalendarDate;
  readonly onOffsetMin: number;
  readonly offOffsetMin: number;
}

/**
 * A light sensor that switches the zone on at one threshold and off at a higher one. After a start it decides nothing before a change: dark
 * counts only after it was not dark, bright only after it was not bright.
 */
export interface PhotocellConfig {
  readonly device: string;
  readonly point: string;
  /** At `onBelowLux` or less it is dark, at `offAboveLux` (the higher one) or more it is bright. Units: lx. */
  readonly onBelowLux: number;
  readonly offAboveLux: number;
  /** A value counts only after it has lasted this long. Units: s. */
  readonly dwellS: number;
  /**
   * How long before and after dusk and dawn of the zone, offsets included, the photocell may decide. At other times the sun decides, if
   * the time is trusted. Units: min.
   */
  readonly windowMin: number;
  /** Older values are ignored. Units: s. */
  readonly staleS: number;
  /** It also measures the light of its own zone. While the zone is lit, its values can only prove that it is not bright. */
  readonly seesOwnLight: boolean;
}

/**
 * The warning before a zone goes dark at night: the level `warnPct` for `warnS` seconds, within the limits of each lamp. Constant light
 * reduces it like any level.
 */
export interface DarkConfig {
  readonly warnPct: LevelPct;
  readonly warnS: number;
}

/**
 * The installation that energy savings are compared with: lamps that burn all night at `levelPct`. `lampPowerW`: power of each lamp at 100
 * %, in W; null: the rated power of the present lamps.
 */
export interface BaselineConfig {
  readonly levelPct: LevelPct;
  readonly lampPowerW: number | null;
}

/**
 * Compensates for the ageing of lamps. The level of a new lamp is reduced to `newPct` % of it, but not below the lamp's own minimum. From
 * `fullAtH` burning hours on, and with unknown hours, it is not reduced; in between the share rises linearly.
 */
export interface ConstantLightConfig {
  readonly newPct: LevelPct;
  readonly fullAtH: number;
}

/** How presence raises a zone: the sensors, the level `boostPct`, how long it holds after the last movement, and which lamps it raises. */
export interface PresenceConfig {
  readonly sensors: readonly PresenceSensor[];
  /** A step of the programme may have another level in place of this one. */
  readonly boostPct: LevelPct;
  readonly holdS: number;
  /**
   * How long a lamp that ramps by itself takes to get brighter (`rampUpS`) and darker (`rampDownS`). The agent writes these times to
   * drivers that have such a setting. Units: s.
   */
  readonly rampUpS: number;
  readonly rampDownS: number;
  /**
   * Lamps whose pole differs from the sensor's by at most this in `atM` are raised; null raises the whole zone. An unknown pole counts as
   * near. Units: m.
   */
  readonly reachM: number | null;
  /** Lamps of other zones that presence also raises, as at a crosswalk, within `reachM` too; absent or empty: none. */
  readonly alsoLamps?: readonly string[];
  /**
   * Longest continuous raise of the zone by presence. After it, presence is ignored until all sensors have detected nothing for a minute,
   * or until day. Units: s.
   */
  readonly maxBoostS: number;
  /** Light ahead of a moving person or vehicle; null: only around the sensors. */
  readonly wave: WaveConfig | null;
  /** Level for a detection relayed by a neighbour cabinet. Such detections are ignored if this is null, and also if `wave` is null. */
  readonly relayedPct: LevelPct | null;
}

/** One point that detects people or vehicles for a zone, and how its values are interpreted. */
export interface PresenceSensor {
  readonly device: string;
  /** The quantity that shows presence (an analogue motion value or a flag) or counts passages. */
  readonly point: string;
  /** `counter`: an increase is a detection. */
  readonly kind: 'motion' | 'button' | 'counter';
  /** Present at or above this. Not for a counter. Units: the point's own. */
  readonly threshold: number;
  /** How long the sensor itself reports presence after the last movement; subtracted from `holdS`, to 0 at least. Units: s. */
  readonly ownHoldS: number;
  /** Shorter presence is ignored, except that of a button or a counter. A pause shorter than `offDelayS` is ignored too. Units: s. */
  readonly minPulseS: number;
  readonly offDelayS: number;
  /**
   * Presence that begins within this time after the agent changed a lamp near the sensor counts only once this time has passed. In a zone
   * with `wave`, half of its `lookAheadS` is the most that applies. Not for a counter. Units: s.
   */
  readonly blankS: number;
  /** Continuous presence for longer than this means that the sensor is stuck and is ignored; 0: never. Not for a counter. Units: s. */
  readonly stuckS: number;
  /** A higher rate is reported as an event, and a counter is then ignored. Units: detections an hour. */
  readonly maxPerH: number;
  /** `group`: for a badly placed sensor; it follows the others, and its own detections are ignored. */
  readonly listen: 'own' | 'group';
}

/** Light ahead of a moving person or vehicle. `poles`: light runs ahead pole by pole. `section`: the whole zone is raised. */
export interface WaveConfig {
  readonly mode: 'poles' | 'section';
  /** Speed used until detections give one. Units: km/h. */
  readonly speedKmh: number;
  /** Delay of sensor, bus and ramp together: a lamp is raised this long before the person or vehicle arrives. Units: s. */
  readonly lookAheadS: number;
  /** `leastAheadM`: lit at least this far ahead. `behindM`: lit this far behind. Units: m. */
  readonly leastAheadM: number;
  readonly behindM: number;
}

/** Raises a zone to the level that its traffic requires. Source: UNI 11248:2016 annex D. */
export interface TrafficConfig {
  /** Counters of vehicles; their counts are added. */
  readonly counters: readonly { readonly device: string; readonly point: string }[];
  /** Flow for which the road was designed. Units: vehicles an hour. */
  readonly designFlowPerH: number;
  /**
   * Lowest share first: below this share of the design flow, the zone is raised to this level. From the highest share on, or with an
   * unknown flow: 100 %. The flow is counted in windows of ten minutes; less light needs two low ones in a row.
   */
  readonly steps: readonly { readonly belowPct: number; readonly level: StepLevel }[];
}

/** The level of a step: percent of full light, or a lighting class, which is relative to the zone's design class; 100 % without one. */
export type StepLevel = { readonly pct: LevelPct } | { readonly class: LightingClass };

/** What a zone does over a night, as steps. */
export interface Programme {
  readonly id: string;
  /** In their order over the night. */
  readonly steps: readonly ProgrammeStep[];
}

/**
 * One step of a programme: the level from `at` until the next step or the end of the night. It never begins before the step that precedes
 * it in the list; of two that begin together, only the later in the list applies. `boostPct`: level during presence in this step; null:
 * that of the zone.
 */
export interface ProgrammeStep {
  readonly at: StepTime;
  readonly level: StepLevel;
  readonly boostPct: LevelPct | null;
}

/**
 * When a step begins. `dusk`: as soon as the zone is lit. `sun`: `offsetMin` minutes after a sun event (negative: before). Otherwise at a
 * local time of day; for a night, a time before noon is that of the morning.
 */
export type StepTime = 'dusk' | { readonly hour: number; readonly minute: number } | { readonly sun: SunEvent; readonly offsetMin: number };

/**
 * An event of the night. `dusk` and `dawn`: for a zone, when the sun starts and ends its light, with its offsets; for sound, those of civil
 * twilight. `middle`: half-way between dusk and dawn of a zone; where the sun makes none, noon counts instead.
 */
export type SunEvent = 'sunset' | 'sunrise' | 'dusk' | 'dawn' | 'middle';

/** Selects a programme by date: that of the first rule that matches. If none matches, the usual programme applies. */
export interface Calendar {
  readonly id: string;
  readonly rules: readonly CalendarRule[];
}

/**
 * A rule of a calendar: it selects `programme` for the nights (for sound: days) that meet all its conditions. Null: no such condition. A
 * night has the date on which it begins. A panel uses the conditions alone, for the days of a text.
 */
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
  /** Also or only the nights before the days of `holidays`. Absent: only the days of `holidays` themselves. */
  readonly eves?: 'also' | 'only';
}

/**
 * Lists of public holidays that the agent contains. `fr`: France. `fr-alsace-moselle`: with the two additional days of Haut-Rhin, Bas-Rhin
 * and Moselle.
 */
export type BuiltInHolidays = 'fr' | 'fr-alsace-moselle';

/** A list of holidays that the configuration file defines. */
export interface HolidayList {
  readonly id: string;
  readonly days: readonly HolidayDay[];
}

/**
 * A holiday: a date; a number of days after Easter Sunday of the same year (negative: before); or the `nth` weekday (1 Monday to 7 Sunday)
 * of a month, -1 for the last.
 */
export type HolidayDay =
  | CalendarDate
  | { readonly easterDays: number }
  | { readonly nth: number; readonly weekday: number; readonly month: number };

/** A date; `year` null: each year. `month` from 1 to 12. */
export interface CalendarDate {
  readonly year: number | null;
  readonly month: number;
  readonly day: number;
}

/**
 * A level for part of the night that begins on a date, for example on 14 July 100 % until 02:00. In that part it replaces the steps of the
 * programme.
 */
export interface EventNight {
  readonly id: string;
  readonly date: CalendarDate;
  readonly from: StepTime;
  readonly until: StepTime;
  readonly levelPct: LevelPct;
  /** Null: all zones. */
  readonly zones: readonly string[] | null;
}

/**
 * A rule of the cabinet. It begins when a value or the traffic is beyond a threshold. It ends back at `when.clearsAt`, or once there was no
 * good value for `when.forS` and a minute. A rule of kind `presence` applies while a sensor of its zone detects someone, and for the hold
 * after that. `when.forS`, for a value only: how long a change of it must last first, in s.
 */
export interface Rule {
  readonly id: string;
  readonly when: RuleInput;
  /** While the rule applies, these zones are raised to this level at night, unless they are brighter. */
  readonly raise: { readonly zones: readonly string[]; readonly levelPct: LevelPct } | null;
  /** While the rule applies, the programme of these zones gives at most this level, or their minimum. Absent: it lowers nothing. */
  readonly lower?: { readonly zones: readonly string[]; readonly levelPct: LevelPct };
}

/**
 * What a rule watches. Units: `value` and `clearsAt` of a point in its own unit; `flowPct`, and `clearsAt` of traffic, in % of the design
 * flow.
 */
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

/** A value to write to an output: a number in the point's own unit, or a name from the profile's `enum`. */
export type OutputValue = number | string;

/** A writable point that zones and rules control: a relay circuit, an information panel or a volume. */
export interface Output {
  readonly id: string;
  readonly device: string;
  readonly point: string;
  /** The value while no rule applies and no zone of `litWith` is lit. */
  readonly idle: OutputValue;
  /** The value while one of these zones is lit, unless a rule decides; null: none. */
  readonly litWith: { readonly zones: readonly string[]; readonly value: OutputValue } | null;
  /** Values of rules; the first one that applies counts. A rule with the value `idle` does not count while a zone of `litWith` is lit. */
  readonly rules: readonly { readonly rule: string; readonly value: OutputValue }[];
  /** Shortest time at a value other than `idle` (`minOnS`) and at `idle` (`minOffS`, which lighting a zone may shorten). Units: s. */
  readonly minOnS: number;
  readonly minOffS: number;
}
