/** Types of proven savings: the frozen baseline, the ledger of adjustments, the counted nights, and the result with its error bar. */
import type { Season } from './cabinet.ts';
import type { WallMs } from './clock.ts';
import type { ChainEntry, ChainHead } from './hash-chain.ts';

/** The date of the noon at which a night begins, `2026-12-01`. */
export type SavingsDate = string;

/**
 * Why an entry of the ledger exists. `baseline`: a baseline was frozen. `void`: an earlier entry no longer counts. The causes from
 * `settings-changed` on are entered by the agent; the others by a person, or by both.
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

/** One of `LEDGER_CAUSES`. */
export type LedgerCause = (typeof LEDGER_CAUSES)[number];

/** A lamp of the reference. Units: W at full power, gear included; `reduction` is the share of it at the reference's level. */
export interface ReferenceLamp {
  readonly id: string;
  readonly powerW: number;
  readonly reduction: number;
}

/**
 * What an entry changes in the reference from its first to its last night. `energy` is for the whole span: it is divided equally among its
 * nights. `power`: the lamps use this power in the reference.
 */
export type LedgerEffect =
  | { readonly kind: 'none' }
  | { readonly kind: 'add-lamps'; readonly zone: string; readonly lamps: readonly ReferenceLamp[] }
  | { readonly kind: 'remove-lamps'; readonly lamps: readonly string[] }
  | { readonly kind: 'power'; readonly lamps: readonly string[]; readonly powerW: number }
  | { readonly kind: 'energy'; readonly kwh: number; readonly zone: string | null }
  | { readonly kind: 'load'; readonly loadW: number };

/** The content of an entry before it is in the ledger. `to` null: it applies until further notice. */
export interface LedgerNote {
  readonly cause: LedgerCause;
  /** User who entered it, as `console:ada`; `agent` for the agent. */
  readonly by: string;
  readonly from: SavingsDate;
  readonly to: SavingsDate | null;
  /** Lamps, zones, meters or keys of the configuration that it is about. */
  readonly about: readonly string[];
  readonly effect: LedgerEffect;
  /** What a person typed, or facts of the agent as `key=value`. */
  readonly note: string;
  /** Number of the entry that no longer counts. Only with cause `void`. */
  readonly voids?: number;
  /** Only with cause `baseline`. */
  readonly baseline?: SavingsBaseline;
}

/** An entry of the ledger. */
export interface LedgerEntry extends LedgerNote, ChainHead {
  readonly atMs: WallMs;
}

/** A signature with the cabinet's key over the newest entry of the ledger, and so over all before it. Shape: PEM, base64. */
export interface LedgerSeal extends ChainHead {
  /** Edge node of the cabinet, as in the certificate. */
  readonly node: string;
  readonly atMs: WallMs;
  /** Certificate of the key, with the intermediate certificates of the file. */
  readonly certificates: string;
  readonly signature: string;
}

/** A zone of the reference, with its rule for the hours of darkness. Units: degrees, min, h. */
export interface ReferenceZone {
  readonly id: string;
  readonly sunBelowDeg: number;
  readonly onOffsetMin: number;
  readonly offOffsetMin: number;
  readonly seasons: readonly Season[];
  /** Mean hours of darkness of a night, over the year from the first night of the baseline. */
  readonly meanHours: number;
  readonly lamps: readonly ReferenceLamp[];
}

/** A meter that measures the saving. `classPct`: its limit of error. Units: %. */
export interface SavingsMeter {
  readonly id: string;
  readonly profile: string;
  /** Serial number as a person gave it; empty if it is not known. */
  readonly serial: string;
  readonly classPct: number;
}

/** The coefficients that turn the computed energy of the lamps into that of a meter. */
export interface LoadFit {
  /** Mean load with all lamps dark; 0 if there was no such time. Units: W. */
  readonly otherW: number;
  /** The lowest such load of a learned night. Units: W. */
  readonly leastOtherW: number;
  /** Further load while lamps are lit, for each watt above `leastOtherW`: a heater against frost works more at night. */
  readonly litShare: number;
  /** Measured energy for each computed one, by level: 0 %, 1 to 10 %, ... 91 to 100 %. The first is 0: dark lamps are in `otherW`. */
  readonly factors: readonly number[];
  /** Nights from which they were learned. */
  readonly nights: number;
  readonly cvPct: number;
  readonly nmbePct: number;
  /** Standard error of the energy at the level of most of the energy. Units: %. */
  readonly standardErrorPct: number;
}

/** A frozen reference: what would have been used without the present control. */
export interface SavingsBaseline {
  /** `nameplates`: powers of the configuration. `meter`: the same, scaled by what a meter measured. */
  readonly source: 'nameplates' | 'meter';
  /** The first night that is compared with it. */
  readonly from: SavingsDate;
  readonly latitudeDeg: number;
  readonly longitudeDeg: number;
  readonly timezone: string;
  readonly meters: readonly SavingsMeter[];
  readonly zones: readonly ReferenceZone[];
  /** Load behind the meters that the reference has too: other loads, and the standby of today's lamps by day. Units: W. */
  readonly otherW: number;
  /** Measured for computed energy by level, as in `LoadFit`; all 1 for nameplates. Lamps that are added later use them too. */
  readonly factors: readonly number[];
  /** Half width of the 90 % interval of its power. Units: %. */
  readonly powerHalfPct: number;
  /** Standard deviation of one night. Units: %. */
  readonly nightPct: number;
  /** Nights from which a meter's baseline was learned; null for nameplates. */
  readonly learnedNights: number | null;
}

/** Why the energy of a part of a night was not measured. */
export type SavingsGapReason = 'meter-silent' | 'meter-restarted' | 'no-meter';

/** A part of a night without measurement. Units: Wh; `halfWh` is half of the 90 % interval. */
export interface SavingsGap {
  readonly fromMs: WallMs;
  readonly toMs: WallMs;
  readonly why: SavingsGapReason;
  /** Computed energy of the lamps in this time, by level as in `LoadFit.factors`. */
  readonly bandWh: readonly number[];
  /** The coefficients with which it was estimated. */
  readonly otherW: number;
  readonly factors: readonly number[];
  /** Ratio of the measured to the modelled energy in the rest of the night. */
  readonly ratio: number;
  readonly wh: number;
  readonly halfWh: number;
}

/** What one meter counted in one night. Units: Wh. */
export interface SavingsMeterNight {
  /** Totals of the meter at the first and last reading that count for this night; null if there is none. */
  readonly startWh: number | null;
  readonly endWh: number | null;
  /** Energy between these totals that is in no gap and in no other night. */
  readonly measuredWh: number;
  readonly gaps: readonly SavingsGap[];
  /** Energy by the model for the same night, without looking at the meter; null before anything was learned. */
  readonly modelWh: number | null;
}

/** A night as it is stored for the proof. */
export interface SavingsNight {
  readonly date: SavingsDate;
  readonly fromMs: WallMs;
  readonly toMs: WallMs;
  readonly meters: Readonly<Record<string, SavingsMeterNight>>;
  /** Computed energy of each zone, by which the measured energy is divided. Units: Wh. */
  readonly zoneWh: Readonly<Record<string, number>>;
}

/** Energy of a night or a period. Units: kWh; `halfKwh` is half of the 90 % interval of the saving. */
export interface SavingsFigures {
  /** Reference with the mean hours of darkness, without adjustments. */
  readonly referenceKwh: number;
  /** What the real hours of darkness change. */
  readonly routineKwh: number;
  /** What the ledger changes. */
  readonly nonRoutineKwh: number;
  /** `referenceKwh`, `routineKwh` and `nonRoutineKwh` together. */
  readonly adjustedKwh: number;
  readonly measuredKwh: number;
  readonly estimatedKwh: number;
  readonly savedKwh: number;
}

/** A night of the result. */
export interface SavingsNightFigures extends SavingsFigures {
  readonly date: SavingsDate;
  /** Hours of darkness of each zone. */
  readonly darkHours: Readonly<Record<string, number>>;
  /** Null if nothing was learned before. */
  readonly modelKwh: number | null;
  readonly halfKwh: number;
}

/** A zone of the result. Its share of the metered energy is by computed energy, because the meter measures the whole cabinet. */
export interface SavingsZoneFigures {
  readonly zone: string;
  readonly adjustedKwh: number;
  readonly usedKwh: number;
  readonly savedKwh: number;
}

/** What one entry of the ledger changed in the period. */
export interface SavingsAdjustment {
  readonly n: number;
  readonly cause: LedgerCause;
  readonly by: string;
  readonly kwh: number;
}

/** A gap with its night and meter. */
export interface SavingsNamedGap extends SavingsGap {
  readonly date: SavingsDate;
  readonly meter: string;
}

/** The saving of a period with its error bar. */
export interface SavingsResult {
  readonly from: SavingsDate;
  readonly to: SavingsDate;
  /** Nights of the period after the baseline began, and those of them that are stored. Nights that are not stored are in no sum. */
  readonly nightsExpected: number;
  readonly nightsCounted: number;
  readonly missingNights: readonly SavingsDate[];
  readonly baselineN: number;
  readonly baseline: SavingsBaseline;
  readonly total: SavingsFigures;
  /** Half of the 90 % interval of the saving. */
  readonly halfKwh: number;
  readonly savedPct: number | null;
  /** Parts of `halfKwh`, each as half of a 90 % interval. */
  readonly halfParts: { readonly referenceKwh: number; readonly meterKwh: number; readonly gapsKwh: number; readonly nightsKwh: number };
  /** The saving is larger than twice its standard error. Source: EVO 10100-1:2019 (IPMVP), uncertainty. */
  readonly isSignificant: boolean;
  /** The model of the meter, judged on nights that it had not learned; null with fewer than three such nights. */
  readonly cvPct: number | null;
  readonly nmbePct: number | null;
  readonly measuredSharePct: number | null;
  readonly estimatedSharePct: number | null;
  readonly nights: readonly SavingsNightFigures[];
  readonly zones: readonly SavingsZoneFigures[];
  readonly adjustments: readonly SavingsAdjustment[];
  readonly gaps: readonly SavingsNamedGap[];
  /** Entries of the ledger whose nights overlap the period, also those without an effect. */
  readonly entries: readonly LedgerEntry[];
}

/** Everything that is required to compute the saving again without the agent. */
export interface SavingsExport {
  readonly form: 'luciole-savings-1';
  readonly cabinet: string;
  readonly node: string;
  readonly chain: readonly ChainEntry[];
  readonly seals: readonly LedgerSeal[];
  readonly nights: readonly SavingsNight[];
  /** Hours of darkness by night and zone of the baseline. Units: h. */
  readonly darkHours: Readonly<Record<SavingsDate, Readonly<Record<string, number>>>>;
  readonly result: SavingsResult;
}

/** The ledger with the verdict about its chain. */
export interface LedgerView {
  readonly entries: readonly LedgerEntry[];
  readonly head: ChainHead;
  /** The first entry that was changed or does not follow the one before it; null if there is none. */
  readonly brokenAt: number | null;
  /** Newest entry that a signature covers; 0 for none. */
  readonly sealedN: number;
}

/** Facts a person gives to freeze a baseline. `nights`: those to learn from; null for nameplates. */
export interface FreezeRequest {
  readonly by: string;
  readonly note: string;
  readonly meters: readonly SavingsMeter[];
  readonly nights: { readonly from: SavingsDate; readonly to: SavingsDate } | null;
  /** Tolerance of the nameplates. Units: %. */
  readonly tolerancePct: number;
}

/** Why a request about savings was refused. */
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

/** Proven savings, for console and reports. Nothing rejects. */
export interface SavingsTools {
  ledger(): Promise<SavingsAnswer<LedgerView>>;
  add(note: LedgerNote): Promise<SavingsAnswer<LedgerEntry>>;
  freeze(request: FreezeRequest): Promise<SavingsAnswer<LedgerEntry>>;
  result(from: SavingsDate, to: SavingsDate): Promise<SavingsAnswer<SavingsResult>>;
  export(from: SavingsDate, to: SavingsDate): Promise<SavingsAnswer<SavingsExport>>;
}
