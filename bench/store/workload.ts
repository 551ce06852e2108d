/**
 * The readings of a cabinet's lines in a day: 60 drivers with six quantities each, one driver polled a second.
 *
 * Owns the simulated drivers. Pure: the same seed and times give the same readings.
 *
 * Like the real load, and not easier: levels move in steps with an occasional boost, everything measured is noisy in
 * its last digit, all readings of one poll have one time, and no two polls are exactly a minute apart.
 */
import type { PointId, Reading } from '../../agent/core/words.ts';
import type { ChangeRule } from '../../agent/store/recorder.ts';
import { createRandom } from '../../test/street/random.ts';

export interface Workload {
  /** By point. */
  readonly decimals: ReadonlyMap<string, number>;
  readonly rules: ReadonlyMap<string, ChangeRule>;
  readonly points: readonly PointId[];
  /** The driver whose turn it is. */
  poll(now: { readonly atMs: number; readonly atMono: number }): readonly Reading[];
}

export const DRIVERS = 60;
/** Decimals of each quantity. Units: %, W, Wh, °C, V, mA. Source: register maps of LED drivers and meters. */
const QUANTITIES = { level: 0, power: 1, energy: 0, temperature: 1, voltage: 1, current: 0 } as const;
type Quantity = keyof typeof QUANTITIES;
export const SERIES = DRIVERS * Object.keys(QUANTITIES).length;
/** When the simulated readings begin: noon UTC on 20 March 2026, so the day begins with the lamps off. */
export const FIRST_DAY_MS = Date.parse('2026-03-20T12:00:00Z');

/** A night's programme. Units: hours UTC, %. Source: the demo's programme with a half-way step; twelve hours, the mean of a year. */
const STEPS: readonly (readonly [fromHour: number, levelPct: number])[] = [
  [0, 30],
  [5, 60],
  [5.75, 100],
  [6.25, 0],
  [18.25, 100],
  [21, 60],
  [23, 30],
];
/** Share of polls at night that find a lamp raised for somebody. Source: assumed; three passages an hour with a minute of hold. Confirmed by: a month of detections of a real street. */
const BOOSTED_SHARE = 0.05;
/** Polls come late by a few ms, as the queue of a line lets them. Units: ms. */
const JITTER_MS = 9;
/** Source: assumed; a 60 W driver's data sheet: 4 % of its power at the lowest level, power factor 0.95. Confirmed by: the power of a real driver at its lowest level. */
const DRIVER = { standbyW: 0.4, floorShare: 0.04, powerFactor: 0.95 };
const POLL_HOURS = 1 / 60;

interface Driver {
  readonly id: string;
  readonly ratedW: number;
  energyWh: number;
  heatK: number;
}

export function createWorkload(seed: number): Workload {
  const random = createRandom(seed);
  const noise = (width: number): number => (random() + random() - 1) * width;
  const drivers = Array.from({ length: DRIVERS }, (_, i): Driver => {
    const id = `D${String(i + 1).padStart(2, '0')}`;
    return { id, ratedW: 40 + Math.round(random() * 50), energyWh: Math.round(random() * 900_000), heatK: 0 };
  });
  let turn = 0;
  let gridV = 231;

  function measure(driver: Driver, atMs: number): Record<Quantity, number> {
    const level = levelPct(atMs, random);
    const share = DRIVER.floorShare + ((1 - DRIVER.floorShare) * level) / 100;
    const power = Math.max(0, (level === 0 ? DRIVER.standbyW : driver.ratedW * share) + noise(0.25));
    driver.energyWh += power * POLL_HOURS;
    driver.heatK += ((level * 25) / 100 - driver.heatK) * 0.08;
    gridV += noise(0.2) + (231 - gridV) * 0.002;
    const voltage = gridV + noise(0.3);
    const current = (power / (voltage * DRIVER.powerFactor)) * 1_000 + noise(1.5);
    return {
      level,
      power,
      energy: Math.floor(driver.energyWh),
      temperature: outsideC(atMs) + driver.heatK + noise(0.15),
      voltage,
      current: Math.max(0, current),
    };
  }

  const points = drivers.flatMap(({ id }) => names().map((quantity): PointId => `${id}.${quantity}`));
  const decimals = new Map(points.map((point) => [point, QUANTITIES[quantityOf(point)]]));
  return {
    decimals,
    rules: new Map([...decimals].map(([point, places]) => [point, { decimals: places, deadband: 0 }])),
    points,
    poll: ({ atMs, atMono }) => {
      const driver = drivers[turn++ % DRIVERS] as Driver;
      const lateMs = Math.floor(random() * JITTER_MS);
      const values = measure(driver, atMs);
      return names().map(
        (quantity): Reading => ({
          pointId: `${driver.id}.${quantity}`,
          value: toPlaces(values[quantity], QUANTITIES[quantity]),
          quality: 'good',
          atMono: atMono + lateMs,
          atMs: atMs + lateMs,
        }),
      );
    },
  };
}

function names(): readonly Quantity[] {
  return Object.keys(QUANTITIES) as Quantity[];
}

function quantityOf(point: PointId): Quantity {
  return point.slice(point.indexOf('.') + 1) as Quantity;
}

function levelPct(atMs: number, random: () => number): number {
  const hour = (atMs / 3_600_000) % 24;
  const pct = STEPS.findLast(([from]) => from <= hour)?.[1] ?? 0;
  return pct > 0 && random() < BOOSTED_SHARE ? 100 : pct;
}

/** A spring day: 4 °C before dawn, 14 °C in the afternoon. */
function outsideC(atMs: number): number {
  return 9 + 5 * Math.sin(((((atMs / 3_600_000) % 24) - 9) * Math.PI) / 12);
}

function toPlaces(value: number, decimals: number): number {
  return Math.round(value * 10 ** decimals) / 10 ** decimals;
}
