/** The stored facts about the nights of a report: the input of all sections. */
import type { Cabinet } from '../../core/cabinet.ts';
import type { WallMs } from '../../core/clock.ts';
import type { SavingsDate, SavingsResult } from '../../core/savings-view.ts';
import type { EnergyRow } from '../../core/views.ts';
import type { EnergyPart } from '../energy-accounts.ts';
import { figures } from '../energy-rows.ts';
import type { ZoneTally } from '../energy-tally.ts';
import type { FailureFacts } from './failures.ts';
import type { LevelSteps } from './level-grid.ts';
import type { ReportNights } from './report-nights.ts';
import type { UsedEnergy } from './used-energy.ts';

/**
 * The counts of a range of nights. `used`: the energy of each counted or proven night, or of each month that is kept as one sum. `savings`:
 * null if no saving of these nights is proven, or if the ledger is broken.
 */
export interface RangeFacts {
  readonly nights: ReportNights;
  readonly savings: SavingsResult | null;
  readonly used: readonly UsedEnergy[];
}

/**
 * A device of category meter. `serial`: as the device states it, otherwise as a person stated it in the baseline of the proven saving; null
 * if neither is known. `classPct`: limit of error; null for a meter that is not in that baseline, and for all if no saving is proven.
 * Units: %.
 */
export interface MeterFacts {
  readonly id: string;
  readonly profile: string;
  readonly serial: string | null;
  readonly classPct: number | null;
}

/**
 * The recorded losses of readings (`Gap`) whose `atMs` is in the time of the report; the readings may be older. `unknown`: number of gaps
 * whose readings could not be counted; for each of those `readings` has an estimate, or nothing if there is none.
 */
export interface LostReadings {
  readonly gaps: number;
  readonly readings: number;
  readonly unknown: number;
}

/**
 * What the disk did not give for a report: it is not known. `losses`: the recorded losses of readings. `year-before`: the same dates a year
 * before. `tariff-totals`: the energy by tariff period. Of `levels`, the decided levels of one night, a part may be known.
 */
export type UnreadFact = 'events' | 'losses' | 'year-before' | 'tariff-totals' | 'levels';

/** Everything that a report about nights is made from. */
export interface NightFacts extends RangeFacts {
  readonly cabinet: Cabinet;
  readonly nowMs: WallMs;
  /** From the first noon to the last, or to now if that is earlier. Units: ms. */
  readonly spanMs: number;
  /** Returns the local date and time, as `2026-12-01 22:14`. */
  readonly timeText: (atMs: WallMs) => string;
  /** The same dates a year before; null if nothing of them was counted or proven, or if it could not be read. */
  readonly before: RangeFacts | null;
  readonly failures: FailureFacts;
  /**
   * Start of the time of which all events are still stored, within the nights: null if that is all of it, its end if it is none of it. It
   * means nothing if `unread` has `events`.
   */
  readonly eventsFromMs: WallMs | null;
  /** The end of the time that the nights cover: their last noon, or now if that is earlier. */
  readonly endMs: WallMs;
  /** Time at night in which a failure kept a lamp dark, by lamp; lamps without such a time may be absent. Units: ms. */
  readonly darkMs: ReadonlyMap<string, number>;
  /** Parts by tariff period of the ended nights for which the meter of the invoice has them, of the newest 400 nights at most. */
  readonly byTariff: ReadonlyMap<SavingsDate, readonly EnergyPart[]>;
  /** Facts that could not be read. */
  readonly unread: ReadonlySet<UnreadFact>;
  /** Null if it could not be read. */
  readonly lost: LostReadings | null;
  readonly meters: readonly MeterFacts[];
  /** Recorded decided levels of a single night; null if none above 0 % is recorded, and for several nights. */
  readonly levels: LevelSteps | null;
}

/**
 * Returns the nights that were not counted: `inProof`, whose energy is in the proven saving, usually as an estimate, and `inNone`, which are
 * in no sum.
 */
export function uncountedNights({ nights, savings }: Pick<RangeFacts, 'nights' | 'savings'>): {
  readonly inProof: readonly SavingsDate[];
  readonly inNone: readonly SavingsDate[];
} {
  const proven = new Set(savings?.nights.map(({ date }) => date));
  return { inProof: nights.missing.filter((date) => proven.has(date)), inNone: nights.missing.filter((date) => !proven.has(date)) };
}

/** Returns the figures of each zone that was counted, over all nights. Those of the configuration come first. */
export function zoneRows({
  nights,
  cabinet,
}: Pick<NightFacts, 'nights' | 'cabinet'>): readonly (Omit<EnergyRow, 'period'> & { readonly tally: ZoneTally })[] {
  const { zones } = nights.sum;
  const ids = [...new Set([...cabinet.zones.map(({ id }) => id), ...Object.keys(zones)])];
  return ids.flatMap((zone) => {
    const tally = zones[zone];
    return tally === undefined ? [] : [{ zone, ...figures(tally), tally }];
  });
}

/** Returns with how many decimals energies of this sum are shown: 2 below 100 kWh, 1 below 10,000 kWh, otherwise 0. The sign is ignored. */
export function kwhDecimals(totalKwh: number): number {
  const size = Math.abs(totalKwh);
  return size < 100 ? 2 : size < 10_000 ? 1 : 0;
}
