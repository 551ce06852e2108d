/** What the reference would have used in a night: powers times hours of darkness, with the adjustments of the ledger. Pure. */
import { DAY_MS, HOUR_MS } from '../../core/durations.ts';
import type { LedgerEntry, ReferenceLamp, ReferenceZone, SavingsBaseline, SavingsDate } from '../../core/savings-view.ts';
import { createLocalCalendar } from '../../lighting/local-time.ts';
import { createNights } from '../../lighting/night.ts';
import { overlaps } from './ledger-chain.ts';

/** A night whose reference is to be computed. Units: h. */
export interface ReferenceNight {
  readonly date: SavingsDate;
  /** From noon to noon, usually 24. */
  readonly hours: number;
  /** Hours of darkness by zone. */
  readonly darkHours: Readonly<Record<string, number>>;
}

/** The reference of one night: `referenceKwh`, `routineKwh` and `nonRoutineKwh` together, each as in `SavingsFigures`. Units: kWh. */
export interface ReferenceEnergy {
  readonly referenceKwh: number;
  readonly routineKwh: number;
  readonly nonRoutineKwh: number;
  /** Adjusted energy of each zone of the reference, without the other load and without adjustments of the whole cabinet. */
  readonly zones: Readonly<Record<string, number>>;
  /** What each entry with an effect changed in this night, by the number of the entry; entries of other nights are left out. */
  readonly byEntry: ReadonlyMap<number, number>;
}

type Zones = ReadonlyMap<string, { readonly hours: number; readonly lamps: readonly ReferenceLamp[] }>;

/** Returns a function that returns the hours of darkness in a night by zone, by the sun and the zone's offsets. Units: h. */
export function darkHoursOf({
  latitudeDeg,
  longitudeDeg,
  timezone,
  zones,
}: Pick<SavingsBaseline, 'latitudeDeg' | 'longitudeDeg' | 'timezone' | 'zones'>): (date: SavingsDate) => Readonly<Record<string, number>> {
  const calendar = createLocalCalendar(timezone);
  const nights = zones.map((zone) => ({ id: zone.id, of: createNights({ latitudeDeg, longitudeDeg }, zone, calendar) }));
  return (date) => {
    const [year = 0, month = 0, day = 0] = date.split('-').map(Number);
    const noonMs = calendar.instantOf({ year, month, day, hour: 12, minute: 0 });
    return Object.fromEntries(
      nights.map(({ id, of }) => [id, of.at(noonMs).dark.reduce((sum, { fromMs, toMs }) => sum + (toMs - fromMs) / HOUR_MS, 0)]),
    );
  };
}

/** Returns the dates of the nights from one to another, both included, at most the first `most`. Empty if `to` is earlier. */
export function datesBetween(from: SavingsDate, to: SavingsDate, most = 5_000): readonly SavingsDate[] {
  const dates: SavingsDate[] = [];
  for (let date = from; date <= to && dates.length < most; date = new Date(Date.parse(date) + DAY_MS).toISOString().slice(0, 10))
    dates.push(date);
  return dates;
}

/**
 * Returns the reference of a night. `entries`: those from `entriesWith` for this baseline, in their order. Source: IPMVP, Option B: Σ P·h(d)·r
 * (power, hours of darkness, `reduction`) and the other load, with routine and non-routine adjustments.
 */
export function referenceEnergy(baseline: SavingsBaseline, entries: readonly LedgerEntry[], night: ReferenceNight): ReferenceEnergy {
  const frozen: Zones = new Map(baseline.zones.map((zone) => [zone.id, { hours: night.darkHours[zone.id] ?? 0, lamps: zone.lamps }]));
  const otherKwh = (baseline.otherW * night.hours) / 1_000;
  const meanKwh = baseline.zones.reduce((sum, zone) => sum + zoneKwh(zone.lamps, zone.meanHours), 0) + otherKwh;
  const frozenKwh = lampsKwh(frozen) + otherKwh;
  const byEntry = new Map<number, number>();
  let zones = frozen;
  let wholeKwh = 0;
  const zoneExtra: Record<string, number> = {};
  for (const entry of entries) {
    if (entry.effect.kind === 'none' || !overlaps(entry, night.date, night.date)) continue;
    const before = lampsKwh(zones);
    zones = changedLamps(zones, entry, night);
    const extra = extraOf(entry, night);
    if (extra.zone === null) wholeKwh += extra.kwh;
    else zoneExtra[extra.zone] = (zoneExtra[extra.zone] ?? 0) + extra.kwh;
    byEntry.set(entry.n, lampsKwh(zones) - before + extra.kwh);
  }
  const extraKwh = wholeKwh + Object.values(zoneExtra).reduce((sum, kwh) => sum + kwh, 0);
  return {
    referenceKwh: meanKwh,
    routineKwh: frozenKwh - meanKwh,
    nonRoutineKwh: lampsKwh(zones) + otherKwh + extraKwh - frozenKwh,
    zones: Object.fromEntries([...zones].map(([id, { lamps, hours }]) => [id, zoneKwh(lamps, hours) + (zoneExtra[id] ?? 0)])),
    byEntry,
  };
}

/**
 * Returns the lamps of the reference in a night, by id, with the changes of all entries that apply to it. `entries`: those from
 * `entriesWith` for this baseline, in their order.
 */
export function referenceLampsOn(
  baseline: Pick<SavingsBaseline, 'zones'>,
  entries: readonly LedgerEntry[],
  date: SavingsDate,
): ReadonlyMap<string, ReferenceLamp> {
  let zones: Zones = new Map(baseline.zones.map((zone) => [zone.id, { hours: 0, lamps: zone.lamps }]));
  for (const entry of entries) if (overlaps(entry, date, date)) zones = changedLamps(zones, entry, { date, hours: 0, darkHours: {} });
  return new Map([...zones.values()].flatMap(({ lamps }) => lamps.map((lamp) => [lamp.id, lamp] as const)));
}

/** Returns the mean of the hours of darkness over 365 nights, of which `from` is the first. Units: h. */
export function meanDarkHours(hoursOf: (date: SavingsDate) => number, from: SavingsDate): number {
  const dates = datesBetween(from, '9999-12-31', 365);
  return dates.reduce((sum, date) => sum + hoursOf(date), 0) / dates.length;
}

function changedLamps(zones: Zones, { effect }: LedgerEntry, { darkHours }: ReferenceNight): Zones {
  if (effect.kind === 'add-lamps') {
    const zone = zones.get(effect.zone) ?? { hours: darkHours[effect.zone] ?? hoursOfAny(zones), lamps: [] };
    const ids = new Set(effect.lamps.map(({ id }) => id));
    return new Map(zones).set(effect.zone, { ...zone, lamps: [...zone.lamps.filter(({ id }) => !ids.has(id)), ...effect.lamps] });
  }
  if (effect.kind === 'remove-lamps') return mapped(zones, (lamp) => (effect.lamps.includes(lamp.id) ? null : lamp));
  if (effect.kind === 'power') return mapped(zones, (lamp) => (effect.lamps.includes(lamp.id) ? { ...lamp, powerW: effect.powerW } : lamp));
  return zones;
}

/** A zone that the baseline does not have follows the first zone of the baseline. */
function hoursOfAny(zones: Zones): number {
  for (const { hours } of zones.values()) return hours;
  return 0;
}

/**
 * Returns the energy that an entry adds to a night to which it applies. It may be negative, and is 0 if only lamps change. `zone`: null for
 * the whole cabinet. Units: h, kWh.
 */
export function extraOf(
  { effect, from, to }: LedgerEntry,
  { hours }: Pick<ReferenceNight, 'hours'>,
): { readonly zone: string | null; readonly kwh: number } {
  if (effect.kind === 'load') return { zone: null, kwh: (effect.loadW * hours) / 1_000 };
  if (effect.kind !== 'energy') return { zone: null, kwh: 0 };
  const nights = to === null ? 1 : Math.round((Date.parse(to) - Date.parse(from)) / DAY_MS) + 1;
  return { zone: effect.zone, kwh: effect.kwh / Math.max(1, nights) };
}

function mapped(zones: Zones, change: (lamp: ReferenceLamp) => ReferenceLamp | null): Zones {
  return new Map([...zones].map(([id, zone]) => [id, { ...zone, lamps: zone.lamps.flatMap((lamp) => change(lamp) ?? []) }]));
}

function lampsKwh(zones: Zones): number {
  let sum = 0;
  for (const { lamps, hours } of zones.values()) sum += zoneKwh(lamps, hours);
  return sum;
}

function zoneKwh(lamps: ReferenceZone['lamps'], hours: number): number {
  return lamps.reduce((sum, { powerW, reduction }) => sum + powerW * reduction * hours, 0) / 1_000;
}
