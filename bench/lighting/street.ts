/**
 * Streets of the lighting figures, derived from the demo cabinet. The same street runs with and without the wave.
 */
import { join } from 'node:path';
import { type LoadedSite, loadSite } from '../../agent/config/load/load-site.ts';
import type { Cabinet, PresenceConfig, Zone } from '../../agent/core/cabinet.ts';
import { testDevice, testLine } from '../../test/support/profiles.ts';

const DEMO = join(import.meta.dirname, '../../config/demo.yaml');
/** Distance between neighbouring poles. Units: m. */
export const POLE_M = 25;
/** A sensor on every third pole, as on a real path. */
const SENSOR_EVERY = 3;
export const ZONE_LEVELS_PCT = { base: 20, boost: 100 };

export interface StreetPlan {
  readonly poles: number;
  readonly hasWave: boolean;
  readonly dir: string;
}

/**
 * Returns a path with a lamp on each pole and a sensor on each third, on one line at 19200 baud. `hasWave`: lamps ahead of a person rise.
 * `dir`: data folder.
 */
export function lightingSite({ poles, hasWave, dir }: StreetPlan): LoadedSite {
  const site = loadSite(DEMO);
  const [zone] = site.cabinet.zones;
  const [sensor] = zone?.presence?.sensors ?? [];
  if (zone?.presence == null || sensor === undefined) throw new Error('the demo street has changed');
  const numbers = Array.from({ length: poles }, (_, i) => i + 1);
  const [lampId, poleId, sensorId] = ['L', 'P', 'S'].map((letter) => (n: number) => `${letter}${String(n).padStart(3, '0')}`) as [
    (n: number) => string,
    (n: number) => string,
    (n: number) => string,
  ];
  const withSensor = numbers.filter((n) => n % SENSOR_EVERY === 1);
  const presence: PresenceConfig = {
    ...zone.presence,
    sensors: withSensor.map((n) => ({ ...sensor, device: sensorId(n), ownHoldS: 0 })),
    boostPct: ZONE_LEVELS_PCT.boost,
    holdS: 15,
    rampUpS: 1,
    rampDownS: 8,
    reachM: 40,
    wave: hasWave ? { mode: 'poles', speedKmh: 15, lookAheadS: 4, leastAheadM: 30, behindM: 15 } : null,
  };
  const path: Zone = { ...zone, id: 'path', kind: 'path', lamps: numbers.map(lampId), programme: 'low', minPct: 10, presence };
  const cabinet: Cabinet = {
    ...site.cabinet,
    lines: [
      testLine(
        'street',
        [
          ...numbers.map((n) => testDevice(lampId(n), { unit: n, profile: 'wirenboard-wb-led', pole: poleId(n) })),
          ...withSensor.map((n, i) => testDevice(sensorId(n), { unit: 200 + i, profile: 'wirenboard-wb-msw', pole: poleId(n) })),
        ],
        { port: 'street', serial: { baud: 19_200, parity: 'none', stopBits: 2, dataBits: 8 } },
      ),
    ],
    poles: numbers.map((n) => ({ id: poleId(n), atM: (n - 1) * POLE_M, branch: null })),
    lamps: numbers.map((n) => ({
      id: lampId(n),
      device: lampId(n),
      point: 'level',
      pole: poleId(n),
      ratedPowerW: 60,
      minPct: 10,
      maxPct: 100,
    })),
    programmes: [{ id: 'low', steps: [{ at: 'dusk', level: { pct: ZONE_LEVELS_PCT.base }, boostPct: null }] }],
    zones: [path],
    uplink: null,
    store: { ...site.cabinet.store, dir },
  };
  return { ...site, cabinet };
}
