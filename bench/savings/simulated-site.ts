/** The configuration of the simulated street, as far as the proof of savings reads it. */
import type { Cabinet, Lamp, Zone } from '../../agent/core/cabinet.ts';

/** What the proof reads of a cabinet. */
export type SavingsSite = Pick<
  Cabinet,
  'lamps' | 'zones' | 'lines' | 'programmes' | 'calendars' | 'rules' | 'latitudeDeg' | 'longitudeDeg' | 'timezone'
>;

/** Returns a street with one zone, lit from the sun 2° below the horizon at a baseline of 100 %. Units: W, by lamp. */
export function simulatedCabinet(ratedW: readonly number[]): SavingsSite {
  const lamps = ratedW.map((ratedPowerW, at): Lamp => {
    const id = `L${String(at + 1).padStart(2, '0')}`;
    return { id, device: id, point: 'level', pole: id, ratedPowerW, minPct: 0, maxPct: 100 };
  });
  const zone: Zone = {
    ...{ id: 'street', lamps: lamps.map(({ id }) => id), kind: 'road', programme: 'p', calendar: null, minPct: 10, designClass: null },
    ...{ sunBelowDeg: -2, onOffsetMin: 0, offOffsetMin: 0, photocell: null, dark: null, presence: null, traffic: null },
    ...{ baseline: { levelPct: 100, lampPowerW: null }, constantLight: null },
  };
  return {
    ...{ lamps, zones: [zone], lines: [], programmes: [], calendars: [], rules: [] },
    ...{ latitudeDeg: 47.47, longitudeDeg: -0.55, timezone: 'UTC' },
  };
}
