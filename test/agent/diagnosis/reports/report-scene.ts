/** A small street and its counted nights, for tests of reports. */
import type { Cabinet } from '../../../../agent/core/cabinet.ts';
import { HOUR_MS } from '../../../../agent/core/durations.ts';
import { emptyZone, type NightTally, NO_TALLY, type ZoneTally } from '../../../../agent/diagnosis/energy-tally.ts';
import type { NightFacts, UnreadFact } from '../../../../agent/diagnosis/reports/report-facts.ts';
import { reportNights } from '../../../../agent/diagnosis/reports/report-nights.ts';
import { usedEnergy } from '../../../../agent/diagnosis/reports/used-energy.ts';

/** Runs steps to their end. */
export function finished<T>(steps: Generator<unknown, T, void>): T {
  for (let step = steps.next(); ; step = steps.next()) if (step.done === true) return step.value;
}

/** Two zones of 2 lamps and 1 lamp, 50 W each, on three poles. */
export const CABINET = {
  ...{
    id: 'A1',
    name: 'Rue A',
    latitudeDeg: 47.5,
    longitudeDeg: -0.5,
    timezone: 'Europe/Paris',
    uplink: null,
    lines: [],
    store: { peopleDays: 400 },
  },
  poles: ['P1', 'P2', 'P3'].map((id, at) => ({ id, atM: at * 30, branch: at === 2 ? 'B' : null })),
  lamps: ['L1', 'L2', 'L3'].map((id, at) => ({
    id,
    device: id,
    point: 'level',
    pole: `P${at + 1}`,
    ratedPowerW: 50,
    minPct: 0,
    maxPct: 100,
  })),
  zones: [
    { id: 'path', lamps: ['L1', 'L2'] },
    { id: 'road', lamps: ['L3'] },
  ].map((zone) => ({ ...zone, sunBelowDeg: 0, onOffsetMin: 0, offOffsetMin: 0, seasons: [] })),
} as unknown as Cabinet;

/** A zone whose lamps were lit at 30 % for `hours` each, and raised for a tenth of it. */
export function zoneTally(lamps: number, hours: number, wh: number): ZoneTally {
  const ms = lamps * hours * HOUR_MS;
  const bandMs = emptyZone(0).bandMs.map((_, band) => (band === 3 ? 0.9 * ms : band === 10 ? 0.1 * ms : 0));
  const period = { ms: 0.9 * ms, boostedMs: 0.1 * ms, fullWh: 0.9 * lamps * hours * 50, boostedFullWh: 0.1 * lamps * hours * 50 };
  const own = { ...period, wh: 0.3 * period.fullWh, boostedWh: period.boostedFullWh };
  const sums = { wh, quietWh: wh, baselineWh: lamps * hours * 100, levelMs: 37 * ms, boostedMs: 0.1 * ms, activations: 5 };
  return { ...emptyZone(lamps), ...sums, bandMs, periods: { 30: own } };
}

/** A night of this street: 10 h of light, 1 kWh on the path and 0.5 kWh on the road. */
export function nightTally(changes: Partial<NightTally> = {}): NightTally {
  return {
    ...NO_TALLY,
    zones: { path: zoneTally(2, 10, 1_000), road: zoneTally(1, 10, 500) },
    lampWh: { L1: 500, L2: 500, L3: 500 },
    ...changes,
  };
}

/** The facts of nights from the first of December 2026 on, each with its counts. */
export function factsOf(tallies: readonly NightTally[], changes: Partial<NightFacts> = {}): NightFacts {
  const dates = tallies.map((_, at) => `2026-12-${String(at + 1).padStart(2, '0')}`);
  const kept = tallies.map((tally, at) => ({ period: dates[at] ?? '', isOpen: false, tally }));
  const nights = finished(reportNights('2026-12-01', dates.at(-1) ?? '2026-12-01', kept));
  const savings = changes.savings ?? null;
  return {
    ...{ cabinet: CABINET, nowMs: Date.parse('2027-01-01T00:00Z'), spanMs: tallies.length * 24 * HOUR_MS, nights, savings, before: null },
    ...{ unread: new Set<UnreadFact>(), eventsFromMs: null, endMs: Date.parse('2026-12-31T11:00Z') },
    used: finished(usedEnergy(nights, savings, new Set(['UTIL']))),
    timeText: (atMs) => new Date(atMs).toISOString().slice(0, 16),
    ...{ failures: { lamps: [], others: [] }, darkMs: new Map(), byTariff: new Map(), lost: { gaps: 0, readings: 0, unknown: 0 } },
    ...{ meters: [], levels: null },
    ...changes,
  };
}
