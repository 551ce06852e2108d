/**
 * The acceptance of a cabinet's installation: what a person tested at its commissioning, and the report of it.
 *
 * Results are stored one by one, so that an interrupted commissioning continues where it ended.
 */
import type { WallMs } from './clock.ts';
import { type Message, msg } from './message.ts';
import type { LevelPct, PointId } from './words.ts';

/** The result of a ramp for one lamp, from its levels and the rise of its power. It may be `ok` without a measurement of its power. */
export type LampTestVerdict = 'ok' | 'no answer' | 'refused' | 'does not follow' | 'no power' | 'power does not rise';

/** The result of a lamp at its acceptance: that of its ramp, or how its power differs from its rated power. */
export type LampFinding = LampTestVerdict | 'power too low' | 'power too high' | 'power factor low';

/** Texts of the findings about a lamp. */
export const FINDING_TEXTS: Readonly<Record<LampFinding, Message>> = {
  ok: msg`ok`,
  'no answer': msg`no answer`,
  refused: msg`refused`,
  'does not follow': msg`does not follow`,
  'no power': msg`no power`,
  'power does not rise': msg`power does not rise`,
  'power too low': msg`power too low`,
  'power too high': msg`power too high`,
  'power factor low': msg`power factor low`,
};

/** One lamp of the configuration, with the points that measure it; null for a point that its device does not have. */
export interface AcceptanceLamp {
  readonly id: string;
  readonly line: string;
  readonly device: string;
  readonly pole: string;
  readonly zone: string;
  readonly ratedPowerW: number;
  /** Time after a change of its level until its power is that of the level. Units: ms. */
  readonly settleMs: number;
  readonly level: PointId | null;
  readonly power: PointId | null;
  readonly powerFactor: PointId | null;
}

/** One level of a lamp's ramp. Null: not measured. `settleMs`: from the request to the first reading at this level. */
export interface LevelMeasure {
  readonly levelPct: LevelPct;
  readonly isConfirmed: boolean;
  readonly settleMs: number | null;
  /** From a meter: the rise of its reading since the lowest level, and the computed power at that level. */
  readonly powerW: number | null;
  readonly powerFactor: number | null;
}

/** The person who stored a result, and the time. `atMs`: by the cabinet's clock. Shape: `by` as `console:<user>`. */
export interface AcceptanceStamp {
  readonly atMs: WallMs;
  readonly by: string;
}

/** A lamp's ramp, as measured. `weighedBy`: what measured its power: its own sensor, a meter, or nothing. */
export interface LampRamp {
  readonly lamp: string;
  readonly verdict: LampTestVerdict;
  readonly weighedBy: 'lamp' | 'meter' | 'nothing';
  readonly levels: readonly LevelMeasure[];
  /** Serial number of its driver, as the driver reports it; null if it is not known. */
  readonly serial: string | null;
}

/** A judged ramp, with the facts of the configuration it was judged by. */
export interface LampAcceptance extends AcceptanceStamp, Omit<LampRamp, 'verdict'> {
  readonly finding: LampFinding;
  readonly device: string;
  readonly ratedPowerW: number;
}

/** Where a person found a lamp. `others`: further poles whose lamps blinked too. */
export interface Placement extends AcceptanceStamp {
  readonly lamp: string;
  readonly pole: string;
  /** Place of the pole, if the person gave it. Units: m from the start of the street. */
  readonly atM: number | null;
  readonly others: readonly string[];
}

/** The units of a line, compared with the configuration. */
export interface LineScan extends AcceptanceStamp {
  readonly line: string;
  readonly found: number;
  readonly missing: readonly { readonly unit: number; readonly device: string }[];
  /** Units that are not in the configuration, with the profiles that may fit. */
  readonly unknown: readonly { readonly unit: number; readonly profiles: readonly string[] }[];
  /** Addresses with damaged replies: two units with one address, or a bad line. */
  readonly damaged: readonly number[];
}

/** What a walk under one presence sensor showed. `night`: it was night for the zone, so a detection had to raise lamps. */
export interface SensorWalk extends AcceptanceStamp {
  readonly pointId: PointId;
  readonly zone: string;
  readonly night: boolean;
  readonly detections: number;
  /** Lamps that it raised. */
  readonly raised: readonly string[];
  /** Lamps were raised already when it detected someone. */
  readonly wasLit: boolean;
  /** Longest time from a detection to the first level sent; null if none was sent. Units: ms. */
  readonly worstMs: number | null;
}

/** All results of a commissioning, at most one for each line, lamp and sensor. `startedMs`: null before the first. */
export interface AcceptanceRecord {
  readonly startedMs: WallMs | null;
  readonly scans: readonly LineScan[];
  readonly placements: readonly Placement[];
  readonly tests: readonly LampAcceptance[];
  readonly walks: readonly SensorWalk[];
}

/** New results. Each replaces the earlier one of the same line, lamp or sensor. */
export interface AcceptanceNews {
  readonly by: string;
  readonly scans?: readonly Omit<LineScan, keyof AcceptanceStamp>[];
  readonly placements?: readonly Omit<Placement, keyof AcceptanceStamp>[];
  readonly ramps?: readonly LampRamp[];
  readonly walks?: readonly Omit<SensorWalk, keyof AcceptanceStamp>[];
}

/** One lamp in the report. `test` and `placement`: null if missing, or made with another driver or rated power. */
export interface AcceptedLamp {
  readonly lamp: string;
  readonly pole: string;
  readonly zone: string;
  readonly ratedPowerW: number;
  readonly result: 'pass' | 'fail' | 'open';
  readonly test: LampAcceptance | null;
  readonly placement: Placement | null;
  /** Its levels were tested, but not its power, which a sensor or a meter could measure. */
  readonly isUnweighed: boolean;
}

/** One presence sensor in the report. */
export interface AcceptedSensor {
  readonly pointId: PointId;
  readonly zone: string;
  readonly pole: string | null;
  readonly result: 'pass' | 'fail' | 'open';
  readonly walk: SensorWalk | null;
}

/**
 * The acceptance report. `result`: `fail` if a lamp, sensor or line failed, otherwise `open` if a test is missing. `open`: what is missing
 * or wrong, for people. `people`: who stored results.
 */
export interface AcceptanceReport {
  readonly cabinet: { readonly id: string; readonly name: string };
  readonly atMs: WallMs;
  readonly isTimeTrusted: boolean;
  readonly startedMs: WallMs | null;
  readonly lastMs: WallMs | null;
  readonly people: readonly string[];
  readonly result: 'pass' | 'fail' | 'open';
  readonly lines: readonly { readonly line: string; readonly scan: LineScan | null }[];
  readonly lamps: readonly AcceptedLamp[];
  readonly sensors: readonly AcceptedSensor[];
  /** A meter of the cabinet measures power, so that also lamps without a sensor of their own can be measured. */
  readonly hasMeter: boolean;
  readonly open: readonly Message[];
}

/** Stores and reports the results of a commissioning. Errors: methods reject with Refusal while the disk does not respond. */
export interface AcceptanceTools {
  /** The lamps of the configuration in force. */
  lamps(): readonly AcceptanceLamp[];
  report(): Promise<AcceptanceReport>;
  /** Adds results. Resolves whether they are on disk. */
  note(news: AcceptanceNews): Promise<boolean>;
  /** Removes all results. Resolves whether this is on disk. */
  restart(): Promise<boolean>;
}
