import type { Branch, Pole, PresenceConfig, PresenceSensor, WaveConfig, Zone } from '../../../agent/core/cabinet.ts';
import type { Detection, LightingStreet } from '../../../agent/lighting/lighting.ts';
import type { WaveRaise } from '../../../agent/lighting/wave.ts';

const WAVE: WaveConfig = { mode: 'poles', speedKmh: 6, lookAheadS: 4, leastAheadM: 30, behindM: 15 };

export interface WaveZoneSettings {
  readonly poles: readonly string[];
  readonly sensors: readonly string[];
  readonly wave?: Partial<WaveConfig> | null;
  readonly holdS?: number;
  readonly relayedPct?: number | null;
  readonly sensor?: Partial<PresenceSensor>;
}

function zoneOf({ poles, sensors, wave = {}, holdS = 30, relayedPct = 70, sensor }: WaveZoneSettings, index: number): Zone {
  const presence: PresenceConfig = {
    sensors: sensors.map((pole) => ({
      device: `S-${pole}`,
      point: 'motion',
      kind: 'motion',
      threshold: 50,
      ownHoldS: 5,
      minPulseS: 0,
      offDelayS: 0,
      blankS: 0,
      stuckS: 3_600,
      maxPerH: 100_000,
      listen: 'own',
      ...sensor,
    })),
    boostPct: 100,
    holdS,
    rampUpS: 1,
    rampDownS: 10,
    reachM: 40,
    maxBoostS: 3_600,
    wave: wave === null ? null : { ...WAVE, ...wave },
    relayedPct,
  };
  return {
    id: `z${index}`,
    lamps: poles,
    kind: 'street',
    programme: 'p',
    calendar: null,
    minPct: 10,
    designClass: null,
    sunBelowDeg: -2,
    onOffsetMin: 0,
    offOffsetMin: 0,
    photocell: null,
    dark: null,
    presence,
    traffic: null,
    baseline: { levelPct: 100, lampPowerW: null },
    constantLight: null,
  };
}

/** A street with a lamp on each pole, with the pole's id, and one zone for each of `plans`. Sensors are called `S-<pole>`. */
export function streetOf(poles: readonly Pole[], plans: readonly WaveZoneSettings[], branches: readonly Branch[] = []): LightingStreet {
  const lamp = { point: 'level', ratedPowerW: 60, minPct: 0, maxPct: 100 };
  return {
    latitudeDeg: 47.4736,
    longitudeDeg: -0.5541,
    timezone: 'Europe/Paris',
    poles,
    branches,
    lamps: poles.map(({ id }) => ({ id, device: id, pole: id, ...lamp })),
    zones: plans.map(zoneOf),
    programmes: [],
    calendars: [],
    eventNights: [],
    rules: [],
    outputs: [],
    neighbours: [],
    lines: [{ devices: plans.flatMap(({ sensors }) => sensors.map((pole) => ({ id: `S-${pole}`, pole }))) }],
  };
}

const mainPole = (n: number, gapM = 25): Pole => ({ id: `P${n}`, atM: n * gapM, branch: null });
/** Poles P0, P1, ... of the main street, 25 m apart. */
export const row = (count: number): readonly Pole[] => Array.from({ length: count }, (_, n) => mainPole(n));
/** Ids of poles `P<from>` to `P<to>`, both included. */
export const poleNames = (from: number, to: number): readonly string[] => Array.from({ length: to - from + 1 }, (_, i) => `P${from + i}`);

/** A street of one zone: poles P0 to P11, 25 m apart, with sensors on P0, P3, P6 and P9. */
export const path = (wave: Partial<WaveConfig> = {}, more: Partial<WaveZoneSettings> = {}): LightingStreet =>
  streetOf(row(12), [{ poles: poleNames(0, 11), sensors: ['P0', 'P3', 'P6', 'P9'], wave, ...more }]);

/** A detection of the sensor on this pole, `atS` seconds after the start of the clock. */
export const seenAt = (pole: string, atS: number, more: Partial<Detection> = {}): Detection => ({
  source: `S-${pole}`,
  pole,
  atMono: atS * 1_000,
  isRelayed: false,
  speedKmh: null,
  direction: null,
  ...more,
});

/** The ids of the raised lamps, separated by blanks, in the order in which they would be written: nearest first. */
export const lit = (says: ReadonlyMap<string, WaveRaise>): string =>
  [...says]
    .sort(([, a], [, b]) => a.distanceM - b.distanceM)
    .map(([id]) => id)
    .join(' ');
/** The ids of the raised lamps, separated by blanks, in the order of the poles. */
export const litAlong = (says: ReadonlyMap<string, WaveRaise>, poles = row(40)): string =>
  poles
    .map(({ id }) => id)
    .filter((id) => says.has(id))
    .join(' ');
