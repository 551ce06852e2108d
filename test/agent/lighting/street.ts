/**
 * A small street for the tests of lighting and control: six lamps every 25 m, two sensors, one zone at Angers.
 */
import type { PresenceConfig, Programme, Zone } from '../../../agent/core/cabinet.ts';
import type { Intent, Reading } from '../../../agent/core/words.ts';
import type { LightingSnapshot, SensorState, Street } from '../../../agent/lighting/lighting.ts';

export const PRESENCE: PresenceConfig = {
  sensors: [
    { device: 'S01', point: 'motion', threshold: 50, ownHoldS: 5 },
    { device: 'S02', point: 'motion', threshold: 50, ownHoldS: 5 },
  ],
  boostPct: 100,
  holdS: 20,
  rampUpS: 1,
  rampDownS: 5,
  reachM: 40,
};

export const RESIDENTIAL: Programme = {
  id: 'residential',
  steps: [
    { at: 'dusk', levelPct: 80 },
    { at: { hour: 23, minute: 0 }, levelPct: 30 },
    { at: { hour: 6, minute: 0 }, levelPct: 90 },
  ],
};

const ZONE: Zone = {
  id: 'rue',
  lamps: ['L1', 'L2', 'L3', 'L4', 'L5', 'L6'],
  programme: 'residential',
  minPct: 10,
  sunBelowDeg: -2,
  presence: PRESENCE,
};

/** Lamps L1..L6 at 0, 25 … 125 m; S01 stands at L2, S02 at L5. */
export function makeStreet(
  changes: { zone?: Partial<Zone>; programme?: Programme; lamp?: { minPct?: number; maxPct?: number } } = {},
): Street {
  const poles = [1, 2, 3, 4, 5, 6].map((n) => ({ id: `P${n}`, atM: (n - 1) * 25 }));
  return {
    latitudeDeg: 47.4736,
    longitudeDeg: -0.5541,
    timezone: 'Europe/Paris',
    poles,
    lamps: poles.map(({ id }, i) => ({
      id: `L${i + 1}`,
      device: `L${i + 1}`,
      point: 'level',
      pole: id,
      ratedPowerW: 60,
      minPct: 5,
      maxPct: 100,
      ...changes.lamp,
    })),
    zones: [{ ...ZONE, ...changes.zone }],
    programmes: [changes.programme ?? RESIDENTIAL],
    lines: [
      {
        devices: [
          { id: 'S01', pole: 'P2' },
          { id: 'S02', pole: 'P5' },
        ],
      },
    ],
  };
}

/** An instant by the clock of Angers in winter, UTC+1. */
export function winter(time: string, day = '2026-01-15'): number {
  return Date.parse(`${day}T${time}:00+01:00`);
}

export function seen(atMono: number, present = false, quality: SensorState['quality'] = 'good'): SensorState {
  return { present, sinceMono: atMono, lastPresentMono: atMono, quality };
}

export function intent(changes: Partial<Intent> = {}): Intent {
  return {
    id: 'i1',
    target: { kind: 'zone', id: 'rue' },
    levelPct: 50,
    rank: 'override',
    source: 'platform',
    reason: 'works',
    sinceMs: 0,
    untilMs: 0,
    untilMono: 1e12,
    ...changes,
  };
}

export function snapshot(changes: Partial<LightingSnapshot> = {}): LightingSnapshot {
  return { nowMs: winter('23:30'), nowMono: 1_000_000, clockQuality: 'synced', sensors: new Map(), intents: [], ...changes };
}

export function reading(pointId: Reading['pointId'], value: number | null, atMono: number, quality: Reading['quality'] = 'good'): Reading {
  return { pointId, value, quality, atMono, atMs: atMono };
}
