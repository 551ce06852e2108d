/** Types of proven savings: the frozen baseline, the ledger of adjustments, the counted nights, and the result with its error bar. */
import type { Season } from './cabinet.ts';
import type { WallMs } from './clock.ts';
import type { ChainEntry, ChainHead } from './hash-chain.ts';

/** The local date of the noon at which a night begins, `2026-12-01`. */
export type SavingsDate = string;

/**
 * The causes of entries of the ledger. `baseline`: a baseline was frozen. `void`: another entry no longer counts. Causes from
 * `settings-changed` on are entered by the agent alone.
 */
export const LEDGER_CAUSES = [
  'baseline',
  'void',
  'lamps-added',
  'lamps-removed',
  'wattage',
  'ordered-level',
  'outage',
  'other-load',
  'meter-exchanged',
  'settings-changed',
  'clock-lost',
  'uplink-lost',
  'agent-away',
] as const;

/** The cause of an entry of the ledger of savings, one of `LEDGER_CAUSES`. */
export type LedgerCause = (typeof LEDGER_CAUSES)[number];

/**
 * A lamp of the reference. `powerW`: its rated power, which a baseline from a meter may have corrected. `reduction`: the share of `powerW`,
 * 0..1, that it uses in the hours of darkness; 1 for a lamp that is not dimmed. Units: W.
 */
export interface ReferenceLamp {
  readonly id: string;
  readonly powerW: number;
  readonly reduction: number;
}

/**
 * What an entry changes in the reference, in the nights to which it applies. `power`: the new `powerW` of these lamps. `energy`: kWh to add
 * to a zone, or with null to the cabinet; it is divided equally among the nights up to `to`, or added to each night if `to` is null.
 * `load`: W to add, day and night.
 */
export type LedgerEffect =
  | { readonly kind: 'none' }
  | { readonly kind: 'add-lamps'; readonly zone: string; readonly lamps: readonly ReferenceLamp[] }
  | { readonly kind: 'remove-lamps'; readonly lamps: readonly string[] }
  | { readonly kind: 'power'; readonly lamps: readonly string[]; readonly powerW: number }
  | { readonly kind: 'energy'; readonly kwh: number; readonly zone: string | null }
  | { readonly kind: 'load'; readonly loadW: number };

/** The content of an entry of the ledger. `from` and `to`: its first and last night; `to` null: it has no end. */
export interface LedgerNote {
  readonly cause: LedgerCause;
  /** User who entered it, as `console:ada`; `agent` for the agent. */
  readonly by: string;
  readonly from: SavingsDate;
  readonly to: SavingsDate | null;
  /** What it is about, such as ids of lamps or of meters. */
  readonly about: readonly string[];
  readonly effect: LedgerEffect;
  /** What a person typed, or facts from the agent; it may be empty. */
  readonly note: string;
  /** With cause `void`: the number of the entry that no longer counts in any night. To void an entry of cause `void` has no effect. */
  readonly voids?: number;
  /** With cause `baseline`: what was frozen. */
  readonly baseline?: SavingsBaseline;
}

/** An entry of the ledger: a note, with its number and hash in the chain. `atMs`: when it was added. */
export interface LedgerEntry extends LedgerNote, ChainHead {
  readonly atMs: WallMs;
}

/**
 * A signature with the cabinet's key over one entry of the ledger, and so over those before it. Shape: `certificates` in PEM, `signature`
 * in base64.
 */
export interface LedgerSeal extends ChainHead {
  /** Edge node of the cabinet. */
  readonly node: string;
  /** When it was signed. */
  readonly atMs: WallMs;
  /** The certificate of the key first, then further ones of its file. */
  readonly certificates: string;
  readonly signature: string;
}

/** A zone of the reference, with its rule for the hours of darkness from the configuration at the freeze. Units: degrees, min, h. */
export interface ReferenceZone {
  readonly id: string;
  /** Altitude of the sun at dusk and dawn, before the offsets; negative: below the horizon. */
  readonly sunBelowDeg: number;
  /** Delay of switching on and off after the sun's times; negative: earlier. */
  readonly onOffsetMin: number;
  readonly offOffsetMin: number;
  /** Other offsets for parts of the year; empty for none. */
  readonly seasons: readonly Season[];
  /** Mean hours of darkness of a night, over the 365 nights from the first night of the baseline on. */
  readonly meanHours: number;
  readonly lamps: readonly ReferenceLamp[];
}

/** A meter whose energy is compared with the reference. `profile`: id of its device type. `classPct`: its limit of error. Units: %. */
export interface SavingsMeter {
  readonly id: string;
  readonly profile: string;
  /** Serial number as a person gave it; empty if it is not known. */
  readonly serial: string;
  readonly classPct: number;
}

/** The coefficients that turn the computed energy of the lamps into that of a meter. */
export interface LoadFit {
  /** Mean load with all lamps dark; 0 if it is not known. Units: W. */
  readonly otherW: number;
  /** The lowest such load of a learned night; 0 if it is not known. Units: W. */
  readonly leastOtherW: number;
  /** Load that is added while lamps are lit, in W for each watt of the night's other load above `leastOtherW`. */
  readonly litShare: number;
  /** Ratio of measured to computed energy, by level: 0 %, up to 10 %, ... up to 100 %. The first is 0: dark lamps are in `otherW`. */
  readonly factors: readonly number[];
  /** Standard error of each factor; about 1 to 1.5 times `LEVEL_SPREAD` of the model for a level that no night had. The first is 0. */
  readonly factorErrors?: readonly number[];
  /** Number of nights from which they were learned. */
  readonly nights: number;
  /** CV(RMSE) and NMBE of the learned nights; NaN if they cannot be computed. */
  readonly cvPct: number;
  readonly nmbePct: number;
  /** Standard error that `factors` give the modelled energy of all learned nights together. Units: %. */
  readonly standardErrorPct: number;
}

/** The frozen data from which the reference of each night is computed: what would have been used without the present control. */
export interface SavingsBaseline {
  /** `nameplates`: powers of the configuration. `meter`: with factors that were learned from a meter. */
  readonly source: 'nameplates' | 'meter';
  /** The first night that is compared with it. */
  readonly from: SavingsDate;
  readonly latitudeDeg: number;
  readonly longitudeDeg: number;
  readonly timezone: string;
  readonly meters: readonly SavingsMeter[];
  readonly zones: readonly ReferenceZone[];
  /** Load that the reference has day and night besides its lit lamps; standby of dark lamps is in it. Units: W. */
  readonly otherW: number;
  /** Ratio of measured to computed energy by level, as in `LoadFit`; all 1 for nameplates. Do not multiply the powers in `zones` by it. */
  readonly factors: readonly number[];
  /** Half width of the 90 % interval of the reference's power. Units: %. */
  readonly powerHalfPct: number;
  /** Standard deviation of one night: the CV(RMSE) of the learned nights; 0 if there is none. Units: %. */
  readonly nightPct: number;
  /** Number of nights from which a meter's baseline was learned; null for nameplates. */
  readonly learnedNights: number | null;
}

/**
 * Why the energy of a part of a night was not measured. `meter-silent`: no total from the last reading to the end of the night.
 * `meter-restarted`: the counter restarted after the last reading before the gap. `no-meter`: there is no earlier total to count from.
 */
export type SavingsGapReason = 'meter-silent' | 'meter-restarted' | 'no-meter';

/** A part of a night without measurement. `wh`: its estimated energy. `halfWh`: half of the 90 % interval around it. Units: Wh. */
export interface SavingsGap {
  readonly fromMs: WallMs;
  readonly toMs: WallMs;
  readonly why: SavingsGapReason;
  /** Computed energy of the lamps in this time, by level as in `LoadFit.factors`. */
  readonly bandWh: readonly number[];
  /** The coefficients with which it was estimated. */
  readonly otherW: number;
  readonly factors: readonly number[];
  /** Ratio of the measured to the modelled energy in the lit, measured parts of the night; 1 if these are too short. */
  readonly ratio: number;
  readonly wh: number;
  readonly halfWh: number;
  /**
   * For over half of it, the lamps were counted neither within an hour nor at the same time of the last night counted nearly whole. One
   * example is the time before the first start. In the saving the half width is then at least the adjusted reference of the night.
   */
  readonly isGuess?: true;
}

/** What one meter counted in one night. Units: Wh. */
export interface SavingsMeterNight {
  /** Totals of the meter between which this night is counted; null if none is known. */
  readonly startWh: number | null;
  readonly endWh: number | null;
  /** Energy counted between these totals, without gaps of this night and without what earlier nights estimated. */
  readonly measuredWh: number;
  readonly gaps: readonly SavingsGap[];
  /** Energy of the whole night by the model that earlier nights taught; null if it was not computed. */
  readonly modelWh: number | null;
  /** Mean load while no lamp was lit; null or absent if it is not known. Units: W. */
  readonly darkW?: number | null;
}

/** A night as it is stored for the proof of savings: from the local noon of `date` to the next one. */
export interface SavingsNight {
  readonly date: SavingsDate;
  readonly fromMs: WallMs;
  readonly toMs: WallMs;
  /** By id of the meter. */
  readonly meters: Readonly<Record<string, SavingsMeterNight>>;
  /** Computed energy by zone; the zones share the energy of the meters in this proportion. Empty if none is known. Units: Wh. */
  readonly zoneWh: Readonly<Record<string, number>>;
  /** Computed energy of all lamps by level, as in `LoadFit.factors`; absent if a whole slot of five minutes was not counted. Units: Wh. */
  readonly bandWh?: readonly number[];
  /**
   * Computed energy of lamps while a fault kept them dark, and of other lamps while they did not answer. Both are 0 without such lamps;
   * absent counts as 0. Units: Wh.
   */
  readonly lost?: { readonly darkWh: number; readonly silentWh: number };
}

/** Energy of a night or a period. Units: kWh. */
export interface SavingsFigures {
  /** Reference with the mean hours of darkness, without adjustments. */
  readonly referenceKwh: number;
  /** What the hours of darkness of these nights change against the mean ones. */
  readonly routineKwh: number;
  /** What the ledger changes. */
  readonly nonRoutineKwh: number;
  /** `referenceKwh`, `routineKwh` and `nonRoutineKwh` together. */
  readonly adjustedKwh: number;
  /** As `SavingsMeterNight.measuredWh`, of all meters of the baseline together. */
  readonly measuredKwh: number;
  /** Estimated energy of the gaps. */
  readonly estimatedKwh: number;
  /** `adjustedKwh` less `measuredKwh` and `estimatedKwh`. */
  readonly savedKwh: number;
}

/** The figures of one counted night of a `SavingsResult`. */
export interface SavingsNightFigures extends SavingsFigures {
  readonly date: SavingsDate;
  /** Hours of darkness by zone of the baseline. Units: h. */
  readonly darkHours: Readonly<Record<string, number>>;
  /** Energy by the models of all meters of the baseline; null if one is missing. */
  readonly modelKwh: number | null;
  /** Half of the 90 % interval of the saving, without what an exchanged meter and `SavingsResult.checks` add to it. Units: kWh. */
  readonly halfKwh: number;
}

/**
 * A zone of the result. `adjustedKwh`: its reference in the counted nights, with the ledger. `usedKwh`: its part, by computed energy, of
 * the measured and estimated energy, without what the reference has besides the zones. A night without computed energy, such as one in
 * which the agent was off, adds nothing to it, but its whole reference to `savedKwh`. The figures have no interval: nothing measures how
 * far the parts are right. Units: kWh.
 */
export interface SavingsZoneFigures {
  readonly zone: string;
  readonly adjustedKwh: number;
  readonly usedKwh: number;
  readonly savedKwh: number;
}

/**
 * What one entry of the ledger changed in the reference in the counted nights of the period. `n`: number of the entry. `kwh`: positive if
 * it raised the reference, and so the saving. Units: kWh.
 */
export interface SavingsAdjustment {
  readonly n: number;
  readonly cause: LedgerCause;
  /** As `LedgerNote.by`: who entered it. */
  readonly by: string;
  readonly kwh: number;
}

/** A gap with its night and its meter. With `isGuess`, `halfWh` is at least the adjusted reference of the night. */
export interface SavingsNamedGap extends SavingsGap {
  readonly date: SavingsDate;
  readonly meter: string;
}

/**
 * Compares what the nights measured with the powers and the other load of the reference. It changes no energy, but a difference may widen
 * the interval.
 * Units: kWh, W.
 */
export interface SavingsChecks {
  /**
   * The nights in which meters, lamps and other load were measured. `expectedKwh`: computed energy of the lamps, with the factors of the
   * baseline, and the measured other load together. `usedKwh`: by the meters. `allowedKwh`: the largest difference that known errors
   * explain. Null without such nights. With learned factors, nights from a change of the rated powers on do not count.
   */
  readonly lamps: { readonly nights: number; readonly expectedKwh: number; readonly usedKwh: number; readonly allowedKwh: number } | null;
  /**
   * Mean load besides the light: that of the reference with the ledger, and the measured one while no lamp was lit. Null if it was not
   * measured.
   */
  readonly otherLoad: { readonly referenceW: number; readonly measuredW: number } | null;
  /** Computed energy that lamps did not use because a fault kept them dark. The saving includes it, unless the ledger takes it away. */
  readonly darkKwh: number;
  /** Computed energy of lamps that did not answer: they may have been dark. */
  readonly silentKwh: number;
  /**
   * Absolute difference between expected and used energy. If less was used, it is without the energy of dark and of silent lamps. 0 if it
   * is at most `allowedKwh`, or if `lamps` is null.
   */
  readonly unexplainedKwh: number;
}

/** The saving of a period with its error bar. `from` and `to`: its first and last night, both included. */
export interface SavingsResult {
  readonly from: SavingsDate;
  readonly to: SavingsDate;
  /** Number of nights of the period, and of those stored with each meter of the baseline, even if only estimated. Others are in no sum. */
  readonly nightsExpected: number;
  readonly nightsCounted: number;
  /** The nights that are not counted, oldest first. */
  readonly missingNights: readonly SavingsDate[];
  /** Number of the entry with the baseline. */
  readonly baselineN: number;
  readonly baseline: SavingsBaseline;
  readonly total: SavingsFigures;
  /** Half of the 90 % interval of the saving. */
  readonly halfKwh: number;
  /** Saving as a share of the adjusted reference; null if that is not above 0. */
  readonly savedPct: number | null;
  /** Parts of `halfKwh`, each as half of a 90 % interval. `halfKwh` is the root of the sum of their squares. */
  readonly halfParts: {
    readonly referenceKwh: number;
    readonly meterKwh: number;
    readonly gapsKwh: number;
    readonly nightsKwh: number;
    /** For what `checks` found: energy that nothing explains, and with a baseline from a meter, another load than that of the reference. */
    readonly otherKwh?: number;
  };
  readonly checks?: SavingsChecks;
  /** The saving is larger than twice its standard error. Source: EVO 10100-1:2019 (IPMVP), uncertainty. */
  readonly isSignificant: boolean;
  /**
   * CV(RMSE) and NMBE of the model in nights that it had not learned; null if they cannot be computed, as with too few nights. `nmbePct` is
   * positive if the model is too high.
   */
  readonly cvPct: number | null;
  readonly nmbePct: number | null;
  /** Shares of the used energy that are measured and estimated; null without used energy. */
  readonly measuredSharePct: number | null;
  readonly estimatedSharePct: number | null;
  readonly nights: readonly SavingsNightFigures[];
  readonly zones: readonly SavingsZoneFigures[];
  readonly adjustments: readonly SavingsAdjustment[];
  readonly gaps: readonly SavingsNamedGap[];
  /** Entries of the ledger whose nights overlap the period, also those without an effect and those that were voided. */
  readonly entries: readonly LedgerEntry[];
}

/** The saving of a period, with the data to compute it again without the agent. */
export interface SavingsExport {
  readonly form: 'luciole-savings-1';
  /** Id of the cabinet. */
  readonly cabinet: string;
  /** Edge node of the cabinet; empty without an uplink. */
  readonly node: string;
  /** The entries of the ledger that could be read, also those outside the period. */
  readonly chain: readonly ChainEntry[];
  /** The newest signature of each certificate; empty also if they could not be read. */
  readonly seals: readonly LedgerSeal[];
  /** The stored nights of the period of `result`, also those that are not counted. */
  readonly nights: readonly SavingsNight[];
  /** Hours of darkness by date of `nights` and zone of the baseline. Units: h. */
  readonly darkHours: Readonly<Record<SavingsDate, Readonly<Record<string, number>>>>;
  readonly result: SavingsResult;
}

/** The ledger with the verdict about its chain. Entries that cannot be read are left out of `entries`. */
export interface LedgerView {
  /** Oldest first. */
  readonly entries: readonly LedgerEntry[];
  /** Number and hash of the last entry that was read; 0 and empty if there is none, or if it is damaged. */
  readonly head: ChainHead;
  /**
   * Number at which the chain breaks: a hash or a number of an entry is not the expected one, or not the one that was signed or noted in
   * the audit log. The first changed entry may be an earlier one. Null if no break was found.
   */
  readonly brokenAt: number | null;
  /** Number of the newest entry that has a stored signature; 0 if none is known. */
  readonly sealedN: number;
}

/**
 * Facts a person gives to freeze a baseline. `nights`: a first and a last night, both included. The powers of the lamps are learned from
 * those between them that are among the newest 30 learned nights of the meter. Null: they are those of the nameplates.
 */
export interface FreezeRequest {
  readonly by: string;
  readonly note: string;
  /** At least one; with `nights` exactly one. */
  readonly meters: readonly SavingsMeter[];
  readonly nights: { readonly from: SavingsDate; readonly to: SavingsDate } | null;
  /** How far the power of a nameplate may be off, above or below. Units: %. */
  readonly tolerancePct: number;
}

/**
 * Why a request about savings was refused. `no-time`: the clock is not trusted. `no-meter`: none is given, or several to learn from.
 * `no-nights`: no night of the period was counted. `no-entry`: the ledger has no entry with the number to void.
 */
export type SavingsRefusal =
  | 'disk'
  | 'no-time'
  | 'no-meter'
  | 'too-few-nights'
  | 'no-baseline'
  | 'no-nights'
  | 'no-entry'
  | 'ledger-full'
  | 'ledger-broken';

/** An answer, or why there is none. */
export type SavingsAnswer<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly why: SavingsRefusal };

/**
 * Proven savings, for console and reports. `from` and `to`: the first and the last night, both included. Nights before the baseline are
 * left out, and so is the running night. `result`, `add` and `freeze` are refused if hashes, signatures or the audit log show that the
 * ledger was changed; `export` is not.
 */
export interface SavingsTools {
  ledger(): Promise<SavingsAnswer<LedgerView>>;
  add(note: LedgerNote): Promise<SavingsAnswer<LedgerEntry>>;
  /** Freezes a baseline whose first night is the running one. */
  freeze(request: FreezeRequest): Promise<SavingsAnswer<LedgerEntry>>;
  result(from: SavingsDate, to: SavingsDate): Promise<SavingsAnswer<SavingsResult>>;
  export(from: SavingsDate, to: SavingsDate): Promise<SavingsAnswer<SavingsExport>>;
}
