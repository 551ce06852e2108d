/**
 * The street of the detection figures: 35 lamps, two motion sensors and a meter on one line at 19200 baud.
 *
 * Pure. Shared by the process that simulates it and by the one that runs the agent.
 */
import { join } from 'node:path';
import { type LoadedSite, loadSite } from '../agent/config/load/load-site.ts';
import type { Cabinet } from '../agent/core/cabinet.ts';
import { testDevice, testLine } from '../test/support/profiles.ts';
import { serialAt } from './bus.ts';

export const STREET_BAUD = 19_200;
export const LAMPS = 35;
/** A bench detects more often than people pass; above this, a sensor counts as faulty. Source: the largest value of the schema. */
const MAX_PER_H = 100_000;
export const SENSORS = ['S01', 'S02'] as const;
/** Level of the street, and the level after a detection. Units: %. */
export const LEVELS_PCT = { base: 30, boost: 100 };
/** Time at which the detection figures begin: a winter night, in an hour in which the programme changes no level. */
export const NIGHT_MS = Date.parse('2026-12-15T23:30:00+01:00');

/** Units: m. Source: assumed; usual distance of poles in a residential street. Confirmed by: the light points of the city in its inventory. */
const POLE_DISTANCE_M = 25;

interface StreetSiteOptions {
  readonly port: string;
  readonly broadcast: boolean;
  /** Data folder of the agent. */
  readonly dir: string;
  /** Default: 35. */
  readonly lamps?: number;
  /** Port of a TIC meter on a line of its own. Default: none. */
  readonly ticPath?: string;
}
const DEMO = join(import.meta.dirname, '../config/demo.yaml');

function meterLines(port: string | undefined): Cabinet['lines'] {
  const meter = testDevice('LINKY', { unit: 0, profile: 'enedis-linky-tic' });
  return port === undefined ? [] : [testLine('meter', [meter], { kind: 'uart', port })];
}

/**
 * Returns the configuration of the street, for the agent and for the process that simulates it. The latter stores nothing and gives an
 * empty `dir`.
 */
export function streetSite({ port, broadcast, dir, lamps = LAMPS, ticPath }: StreetSiteOptions): LoadedSite {
  const site = loadSite(DEMO);
  const [zone] = site.cabinet.zones;
  const [sensor] = zone?.presence?.sensors ?? [];
  if (zone === undefined || sensor === undefined) throw new Error('the demo street has changed');
  const numbers = Array.from({ length: lamps }, (_, i) => i + 1);
  const lampId = (n: number): string => `L${String(n).padStart(2, '0')}`;
  const poleId = (n: number): string => `P${n}`;
  const devices = [
    ...numbers.map((n) => testDevice(lampId(n), { unit: n, profile: 'wirenboard-wb-led', pole: poleId(n) })),
    ...SENSORS.map((id, i) =>
      testDevice(id, { unit: 41 + i, profile: 'wirenboard-wb-msw', pole: poleId(Math.ceil(((i + 1) * lamps) / 3)) }),
    ),
    testDevice('M01', { unit: 51, profile: 'eastron-sdm630' }),
  ];
  const cabinet: Cabinet = {
    ...site.cabinet,
    lines: [testLine('street', devices, { port, broadcast, serial: serialAt(STREET_BAUD) }), ...meterLines(ticPath)],
    poles: numbers.map((n) => ({ id: poleId(n), atM: n * POLE_DISTANCE_M, branch: null })),
    lamps: numbers.map((n) => ({
      id: lampId(n),
      device: lampId(n),
      point: 'level',
      pole: poleId(n),
      ratedPowerW: 60,
      minPct: 10,
      maxPct: 100,
    })),
    programmes: [{ id: 'constant', steps: [{ at: 'dusk', level: { pct: LEVELS_PCT.base }, boostPct: null }] }],
    zones: [
      {
        ...zone,
        lamps: numbers.map(lampId),
        programme: 'constant',
        presence: {
          sensors: SENSORS.map((device) => ({ ...sensor, device, ownHoldS: 0, offDelayS: 0, maxPerH: MAX_PER_H })),
          boostPct: LEVELS_PCT.boost,
          holdS: 0,
          rampUpS: 0,
          rampDownS: 0,
          reachM: null,
          maxBoostS: 3_600,
          wave: null,
          relayedPct: null,
        },
      },
    ],
    uplink: null,
    store: { ...site.cabinet.store, dir },
  };
  return { ...site, cabinet };
}
