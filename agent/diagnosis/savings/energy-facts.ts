/** Finds the changes of a configuration that affect the proof of savings, and writes them as entries of the ledger. Pure. */
import { isDeepStrictEqual } from 'node:util';
import type { Cabinet } from '../../core/cabinet.ts';
import { isRecord } from '../../core/is-record.ts';
import type { LedgerNote, ReferenceLamp, SavingsDate } from '../../core/savings-view.ts';
import { referenceLamps } from './frozen-baseline.ts';

/** The parts of a configuration that concern the proof of savings. Shape: JSON. */
export interface EnergyFacts {
  /** By zone, its lamps with power (W) and reduction in the reference. */
  readonly lamps: Readonly<Record<string, readonly ReferenceLamp[]>>;
  /** By lamp, its rated power. Units: W. */
  readonly ratedPowerW: Readonly<Record<string, number>>;
  /** By meter, its profile. */
  readonly meters: Readonly<Record<string, string>>;
  /** Further parts of the configuration, by keys such as `programmes` or `zones.` with the id of a zone. */
  readonly settings: Readonly<Record<string, unknown>>;
}

const LAMP_KEY = 'lamps.';

/**
 * Returns the parts of a configuration that concern the proof of savings. `meterIds`: devices that are meters. `factors`: those of the
 * baseline; null if there is none.
 */
export function energyFacts(
  cabinet: Pick<Cabinet, 'lamps' | 'zones' | 'lines' | 'programmes' | 'calendars' | 'rules' | 'latitudeDeg' | 'longitudeDeg' | 'timezone'>,
  meterIds: ReadonlySet<string>,
  factors: readonly number[] | null,
): EnergyFacts {
  const { lamps, zones, programmes, calendars, rules, latitudeDeg, longitudeDeg, timezone } = cabinet;
  const devices = cabinet.lines.flatMap((line) => line.devices).filter(({ id }) => meterIds.has(id));
  const zoneSettings = zones.map(({ id, lamps: _lamps, ...zone }) => [`zones.${id}`, zone] as const);
  const settings = {
    ...Object.fromEntries(zoneSettings),
    programmes,
    calendars,
    rules,
    cabinet: { latitudeDeg, longitudeDeg, timezone },
    ...Object.fromEntries(lamps.map(({ id, minPct, maxPct }) => [`${LAMP_KEY}${id}`, { minPct, maxPct }])),
  };
  return {
    lamps: Object.fromEntries(zones.map((zone) => [zone.id, referenceLamps(cabinet, zone, factors === null ? null : { factors })])),
    ratedPowerW: Object.fromEntries(lamps.map(({ id, ratedPowerW }) => [id, ratedPowerW])),
    meters: Object.fromEntries(devices.map(({ id, profile }) => [id, profile])),
    // As it is read back from the disk.
    settings: JSON.parse(JSON.stringify(settings)) as Readonly<Record<string, unknown>>,
  };
}

/** Returns stored facts; null if one of their four parts is no object. What is in the parts is not checked. */
export function readEnergyFacts(stored: unknown): EnergyFacts | null {
  if (!isRecord(stored)) return null;
  const { lamps, ratedPowerW, meters, settings } = stored;
  const isWhole = [lamps, ratedPowerW, meters, settings].every(isRecord);
  return isWhole ? (stored as unknown as EnergyFacts) : null;
}

/**
 * Returns the ledger entries for the differences between two configurations. `date`: the first night of the second one. `reference`: the
 * lamps of the reference now. A lamp in it that moves to another zone keeps its power and reduction; one that is no longer in it stays out.
 * Without it, a lamp that moves has the values of `after`. Only entries about lamps that were added or removed have an effect.
 */
export function energyChanges(
  before: EnergyFacts,
  after: EnergyFacts,
  date: SavingsDate,
  reference?: ReadonlyMap<string, ReferenceLamp>,
): readonly LedgerNote[] {
  const zoneOf = (facts: EnergyFacts): Map<string, string> =>
    new Map(Object.entries(facts.lamps).flatMap(([zone, lamps]) => lamps.map(({ id }) => [id, zone] as const)));
  const [were, are] = [zoneOf(before), zoneOf(after)];
  const note = { by: 'agent', from: date, to: null, note: '', effect: { kind: 'none' } } as const;
  const gone = [...were].flatMap(([id, zone]) => (are.get(id) === zone ? [] : [id]));
  const added = Object.entries(after.lamps).flatMap(([zone, all]): LedgerNote[] => {
    const lamps = all
      .filter(({ id }) => were.get(id) !== zone && (!were.has(id) || reference === undefined || reference.has(id)))
      .map((lamp) => (were.has(lamp.id) ? (reference?.get(lamp.id) ?? lamp) : lamp));
    return lamps.length === 0
      ? []
      : [{ ...note, cause: 'lamps-added', about: lamps.map(({ id }) => id), effect: { kind: 'add-lamps', zone, lamps } }];
  });
  const rated = Object.entries(after.ratedPowerW).flatMap(([id, watts]) => {
    const was = before.ratedPowerW[id];
    return was === undefined || was === watts ? [] : [{ id, change: `${id}=${was}W>${watts}W` }];
  });
  const meters = [...new Set([...Object.keys(before.meters), ...Object.keys(after.meters)])].filter(
    (id) => before.meters[id] !== after.meters[id],
  );
  const keys = [...new Set([...Object.keys(before.settings), ...Object.keys(after.settings)])].filter(
    // A lamp that is new or gone has an entry of its own.
    (key) => !isDeepStrictEqual(before.settings[key], after.settings[key]) && !(key.startsWith(LAMP_KEY) && isNewOrGone(key)),
  );
  function isNewOrGone(key: string): boolean {
    return before.settings[key] === undefined || after.settings[key] === undefined;
  }
  return [
    ...(gone.length === 0
      ? []
      : [{ ...note, cause: 'lamps-removed', about: gone, effect: { kind: 'remove-lamps', lamps: gone } } as const]),
    ...added,
    ...(rated.length === 0
      ? []
      : [{ ...note, cause: 'wattage', about: rated.map(({ id }) => id), note: rated.map(({ change }) => change).join(' ') } as const]),
    ...(meters.length === 0 ? [] : [{ ...note, cause: 'meter-exchanged', to: date, about: meters, note: 'profile' } as const]),
    ...(keys.length === 0 ? [] : [{ ...note, cause: 'settings-changed', about: keys } as const]),
  ];
}
