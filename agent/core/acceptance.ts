/**
 * The acceptance of a cabinet's installation: what a person tested at its commissioning, and the report of it.
 *
 * Results are stored one by one, so that an interrupted commissioning continues where it ended.
 */
import type { WallMs } from './clock.ts';
import { type Message, msg } from './message.ts';
import type { LevelPct, PointId } from './words.ts';

/**
 * The result of a ramp for one lamp. `no answer`: each level failed and its device does not answer. `does not follow`: a level failed.
 * `refused`: none failed, but one was refused. `no power`: less than 1 W at its last measured level, or a rise below 1 W while it alone
 * rose. `power does not rise`: less than 1 W more per lamp at a measured level than at the one before. It may be `ok` without a
 * measurement of its power.
 */
export type LampTestVerdict = 'ok' | 'no answer' | 'refused' | 'does not follow' | 'no power' | 'power does not rise';

/** The result of a lamp at its acceptance: that of its ramp or, if that is `ok`, what is wrong with its power or power factor. */
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

/**
 * One lamp of the configuration. `level`, `power`, `powerFactor`: the points with these measured values; null for none. `zone`: empty for
 * none. Units: W.
 */
export interface AcceptanceLamp {
  readonly id: string;
  readonly line: string;
  readonly device: string;
  readonly pole: string;
  readonly zone: string;
  readonly ratedPowerW: number;
  /** Time that it gets to settle after a change of its level. Units: ms. */
  readonly settleMs: number;
  readonly level: PointId | null;
  readonly power: PointId | null;
  readonly powerFactor: PointId | null;
}

/**
 * One level of a lamp's ramp. Null: no such reading. `isConfirmed`: the request of the level ended as `verified` for the lamp. `settleMs`:
 * from the request to the first reading found near this level; the newest one is examined about each second. Units: ms.
 */
export interface LevelMeasure {
  readonly levelPct: LevelPct;
  readonly isConfirmed: boolean;
  readonly settleMs: number | null;
  /** From a meter: the rise of its reading since the lowest level, plus the computed power at the lowest level. Units: W. */
  readonly powerW: number | null;
  readonly powerFactor: number | null;
}

/** The person who stored a result, and the time. `atMs`: by the cabinet's clock. Shape: `by` as `console:<user>`. */
export interface AcceptanceStamp {
  readonly atMs: WallMs;
  readonly by: string;
}

/**
 * A lamp's ramp, as measured. `weighedBy`: what measured its power. `lamp`: its own sensor, at more than one level. `meter`: the meters,
 * while this lamp alone rose. `nothing`: neither.
 */
export interface LampRamp {
  readonly lamp: string;
  readonly verdict: LampTestVerdict;
  readonly weighedBy: 'lamp' | 'meter' | 'nothing';
  readonly levels: readonly LevelMeasure[];
  /** Serial number of its driver, as the driver reports it; null if it is not known. */
  readonly serial: string | null;
}

/** A judged ramp, with the device and the rated power that the lamp had in the configuration when it was stored. Units: W. */
export interface LampAcceptance extends AcceptanceStamp, Omit<LampRamp, 'verdict'> {
  readonly finding: LampFinding;
  readonly device: string;
  readonly ratedPowerW: number;
}

/** The pole on which a person found a lamp. `others`: further poles whose lamps blinked with it, as the person named them. */
export interface Placement extends AcceptanceStamp {
  readonly lamp: string;
  readonly pole: string;
  /** Place of the pole along its street; null if the person did not give it. Units: m from the start. */
  readonly atM: number | null;
  readonly others: readonly string[];
}

/**
 * The units of a line, compared with the configuration. `found`: number of units that answered, also of unknown ones. `missing`: devices
 * that were not found, except those at `damaged` addresses. `unit`: address of a unit.
 */
export interface LineScan extends AcceptanceStamp {
  readonly line: string;
  readonly found: number;
  readonly missing: readonly { readonly unit: number; readonly device: string }[];
  /** Units that are not in the configuration, with the profiles that may fit. */
  readonly unknown: readonly { readonly unit: number; readonly profiles: readonly string[] }[];
  /** Addresses with damaged replies: two units with one address, or a bad line. */
  readonly damaged: readonly number[];
}

/**
 * What a walk in `zone`, under one of its presence sensors, showed. `night`: it was night for the zone at the start of the walk, or that
 * was not known.
 */
export interface SensorWalk extends AcceptanceStamp {
  readonly pointId: PointId;
  readonly zone: string;
  readonly night: boolean;
  readonly detections: number;
  /** Lamps that presence raised shortly after its detections. */
  readonly raised: readonly string[];
  /** At one detection or more, the sensor raised no further lamp but kept lamps of the zone raised. */
  readonly wasLit: boolean;
  /** Longest time from a detection to the first level sent to a raised lamp; null if none was sent soon. Units: ms. */
  readonly worstMs: number | null;
}

/**
 * The latest results of a commissioning: at most one scan for each line, one placement and one test for each lamp, and one walk for each
 * sensor of a zone. `startedMs`: when the first result was stored; null before.
 */
export interface AcceptanceRecord {
  readonly startedMs: WallMs | null;
  readonly scans: readonly LineScan[];
  readonly placements: readonly Placement[];
  readonly tests: readonly LampAcceptance[];
  readonly walks: readonly SensorWalk[];
}

/**
 * New results of one person. Each replaces the earlier one of its kind for the same line, the same lamp, or the same sensor of a zone.
 * Ramps of lamps that are not in the configuration are dropped. Shape: `by` as `console:<user>`.
 */
export interface AcceptanceNews {
  readonly by: string;
  readonly scans?: readonly Omit<LineScan, keyof AcceptanceStamp>[];
  readonly placements?: readonly Omit<Placement, keyof AcceptanceStamp>[];
  readonly ramps?: readonly LampRamp[];
  readonly walks?: readonly Omit<SensorWalk, keyof AcceptanceStamp>[];
}

/**
 * One lamp in the report. `pole`, `zone`: the configured ones; `zone` empty for none. `test`: null if missing, or made with another device
 * or rated power. `placement`: null if missing; it is about the pole, so it also counts after an exchange of the driver. Units: W.
 */
export interface AcceptedLamp {
  readonly lamp: string;
  readonly pole: string;
  readonly zone: string;
  readonly ratedPowerW: number;
  /**
   * `fail`: it failed its test, or was found on another pole or on more than one. `open`: test or placement is missing, or `isUnweighed`.
   */
  readonly result: 'pass' | 'fail' | 'open';
  readonly test: LampAcceptance | null;
  readonly placement: Placement | null;
  /** It was found on another pole than in the configuration, or its pole at another place: `commission poles` corrects that. */
  readonly isElsewhere: boolean;
  /** It was tested with `weighedBy` as `nothing`, although a sensor or a meter could measure its power. */
  readonly isUnweighed: boolean;
}

/**
 * One presence sensor that raises its zone itself, in the report. `pole`: that of its device; null for none. `walk`: null before a walk,
 * `result` is then `open`. By day a detection is enough to pass; at night the sensor must also have raised a lamp, or its lamps were raised
 * already.
 */
export interface AcceptedSensor {
  readonly pointId: PointId;
  readonly zone: string;
  readonly pole: string | null;
  readonly result: 'pass' | 'fail' | 'open';
  readonly walk: SensorWalk | null;
}

/**
 * The acceptance report. `result`: `fail` if a lamp, sensor or line failed, otherwise `open` if something is missing or wrong. `open`: why
 * `result` is not `pass`, for people; empty if it is. `people`: who stored the present results, as `console:<user>`; `lastMs`: when the
 * newest of them was stored, null without one. `lines`: those with units that have addresses; `scan` null before a scan.
 */
export interface AcceptanceReport {
  readonly cabinet: { readonly id: string; readonly name: string };
  /** When the report was made, and whether this time is trusted. */
  readonly atMs: WallMs;
  readonly isTimeTrusted: boolean;
  /** When the first result was stored; null before. */
  readonly startedMs: WallMs | null;
  readonly lastMs: WallMs | null;
  readonly people: readonly string[];
  readonly result: 'pass' | 'fail' | 'open';
  readonly lines: readonly { readonly line: string; readonly scan: LineScan | null }[];
  readonly lamps: readonly AcceptedLamp[];
  readonly sensors: readonly AcceptedSensor[];
  /** A meter of the cabinet measures power in W. */
  readonly hasMeter: boolean;
  readonly open: readonly Message[];
}

/** Stores and reports the results of a commissioning. */
export interface AcceptanceTools {
  /** The lamps of the configuration in force. */
  lamps(): readonly AcceptanceLamp[];
  /** Resolves with the report of the results so far. Errors: rejects with Refusal if they cannot be read. */
  report(): Promise<AcceptanceReport>;
  /**
   * Adds results. Resolves with whether they are on disk; true if there is nothing to store. Errors: rejects with Refusal if the results so
   * far cannot be read.
   */
  note(news: AcceptanceNews): Promise<boolean>;
  /** Removes all results. Resolves with whether this is on disk. */
  restart(): Promise<boolean>;
}
