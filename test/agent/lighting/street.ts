/**
 * A small street for the tests of lighting and control: six lamps every 25 m, two sensors, one zone at Angers.
 */

import type { PresenceConfig, PresenceSensor, Programme, ProgrammeStep, Zone } from '../../../agent/core/cabinet.ts';
import type { Intent, LevelPct, Reading } from '../../../agent/core/words.ts';
import type { LightingSnapshot, LightingStreet, SensorState } from '../../../agent/lighting/lighting.ts';
import { createLocalCalendar } from '../../../agent/lighting/local-time.ts';
import { createNights } from '../../../agent/lighting/night.ts';
import { createProgrammeReader } from '../../../agent/lighting/programme.ts';

/** A motion sensor with threshold 50 and without filters, with these changes. */
export function sensor(device: string, changes: Partial<PresenceSensor> = {}): PresenceSensor {
  const plain = {
    point: 'motion',
    kind: 'motion',
    threshold: 50,
    ownHoldS: 5,
    minPulseS: 0,
    offDelayS: 0,
    blankS: 0,
    stuckS: 3_600,
    maxPerH: 100_000,
  } as const;
  return { device, ...plain, listen: 'own', ...changes };
}

export const PRESENCE: PresenceConfig = {
  sensors: [sensor('S01'), sensor('S02')],
  boostPct: 100,
  holdS: 20,
  rampUpS: 1,
  rampDownS: 5,
  reachM: 40,
  maxBoostS: 3_600,
  wave: null,
  relayedPct: null,
};

export function step(at: ProgrammeStep['at'], pct: LevelPct, boostPct: LevelPct | null = null): ProgrammeStep {
  return { at, level: { pct }, boostPct };
}

export const RESIDENTIAL: Programme = {
  id: 'residential',
  steps: [step('dusk', 80), step({ hour: 23, minute: 0 }, 30), step({ hour: 6, minute: 0 }, 90)],
};

export const ZONE: Zone = {
  id: 'rue',
  lamps: ['L1', 'L2', 'L3', 'L4', 'L5', 'L6'],
  kind: 'street',
  programme: 'residential',
  calendar: null,
  minPct: 10,
  designClass: null,
  sunBelowDeg: -2,
  onOffsetMin: 0,
  offOffsetMin: 0,
  photocell: null,
  dark: null,
  presence: PRESENCE,
  traffic: null,
  baseline: { levelPct: 100, lampPowerW: null },
  constantLight: null,
};

/** Lamps L1..L6 at 0, 25 … 125 m; S01 is at L2, S02 at L5. */
export function makeStreet(
  changes: {
    zone?: Partial<Zone>;
    programme?: Programme;
    lamp?: { minPct?: number; maxPct?: number };
    street?: Partial<LightingStreet>;
  } = {},
): LightingStreet {
  const poles = [1, 2, 3, 4, 5, 6].map((n) => ({ id: `P${n}`, atM: (n - 1) * 25, branch: null }));
  return {
    latitudeDeg: 47.4736,
    longitudeDeg: -0.5541,
    timezone: 'Europe/Paris',
    poles,
    branches: [],
    calendars: [],
    eventNights: [],
    rules: [],
    outputs: [],
    neighbours: [],
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
    ...changes.street,
  };
}

/** The instant of a time of day (`HH:MM`) at UTC+1, the winter time of Angers. Units: ms. */
export function winter(time: string, day = '2026-01-15'): number {
  return Date.parse(`${day}T${time}:00+01:00`);
}

/** A sensor that has been in this state since `atMono`, and was last present then. */
export function seen(atMono: number, present = false, quality: SensorState['quality'] = 'good'): SensorState {
  return { present, sinceMono: atMono, lastPresentMono: atMono, quality };
}

/** An override of zone `rue` to 50 % by the platform, with these changes. */
export function intent(changes: Partial<Intent> = {}): Intent {
  return {
    id: 'i1',
    target: { kind: 'zone', id: 'rue' },
    levelPct: 50,
    rank: 'override',
    authority: 'platform',
    source: 'platform',
    reason: 'works',
    sinceMs: 0,
    untilMs: 0,
    untilMono: 1e12,
    ...changes,
  };
}

const USUAL_NOW_MS = winter('23:30');

/** What a decision needs at 23:30 in winter, without sensors and intents, with these changes. */
export function snapshot(changes: Partial<LightingSnapshot> = {}): LightingSnapshot {
  return { nowMs: USUAL_NOW_MS, nowMono: 1_000_000, clockQuality: 'synced', sensors: new Map(), intents: [], ...changes };
}

export function reading(pointId: Reading['pointId'], value: number | null, atMono: number, quality: Reading['quality'] = 'good'): Reading {
  return { pointId, value, quality, atMono, atMs: atMono };
}

/** The state of the programme of the street's first zone at an instant: step and level. */
export function programmeAt(street: LightingStreet, nowMs: number) {
  const zone = street.zones[0] as Zone;
  const calendar = createLocalCalendar(street.timezone);
  return createProgrammeReader(street, zone, { calendar, nights: createNights(street, zone, calendar) }).at(nowMs);
}
