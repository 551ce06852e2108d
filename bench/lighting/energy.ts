/**
 * The energy that a winter week on demand saves against the declared baseline, with the wave and without.
 *
 * Simulates the passers-by. Decisions alone, second by second: levels and rated power curves, no bus.
 */
import type { PointId } from '../../agent/core/words.ts';
import { createDecider } from '../../agent/lighting/decide.ts';
import type { Detection, SensorState } from '../../agent/lighting/lighting.ts';
import { createRandom } from '../../test/street/random.ts';
import { type BenchOptions, round } from '../result.ts';
import { lightingSite, POLE_M } from './street.ts';

const POLES = 24;
const DAYS = { full: 7, quick: 1 };
const START_MS = Date.parse('2026-01-12T12:00:00+01:00');
/** Passers-by an hour, by the hour of the day. Source: assumed; a path to a station, busy in the evening, quiet after midnight. Confirmed by: a month of counts at a real path. */
const PEOPLE_PER_H = [2, 1, 1, 0, 0, 2, 12, 30, 30, 12, 10, 10, 12, 12, 12, 14, 20, 34, 36, 28, 18, 12, 8, 4];
/** Source: 5 km/h on foot, 18 km/h by bicycle. Units: m/s. */
const SPEEDS_MPS = [1.4, 5];
/** Units: m. Source: reach of a passive infrared sensor on a pole. */
const SIGHT_M = 8;
/** A dimmed driver still draws this share. Source: assumed; typical LED driver, as in the simulated street. Confirmed by: the power of a real driver at its lowest level. */
const STANDBY_SHARE = 0.04;

export async function energyBench({ quick, emit, progress }: BenchOptions): Promise<void> {
  const days = quick ? DAYS.quick : DAYS.full;
  for (const hasWave of [true, false]) {
    const { kWh, baselineKWh, boostedShare, people } = week(days, hasWave);
    const way = hasWave ? 'with-wave' : 'without-wave';
    const note = `${POLES} lamps of 60 W, ${days} winter nights from 12 January at Angers, ${people} passers-by, base 20 %, boost 100 %; baseline: 100 % all night, ${round(baselineKWh, 1)} kWh; computed from rated power`;
    emit({ bench: 'lighting', metric: `energy-${way}`, value: round(kWh, 2), unit: 'kWh', note });
    emit({ bench: 'lighting', metric: `saved-${way}`, value: round(100 * (1 - kWh / baselineKWh), 1), unit: '%', note });
    emit({ bench: 'lighting', metric: `boosted-${way}`, value: round(100 * boostedShare, 1), unit: '% of lit lamp-hours', note });
    progress(`lighting: a week ${way}`);
  }
}

interface Person {
  readonly startMs: number;
  /** Negative walks down the street. */
  readonly speedMps: number;
}

function peopleOf(days: number): Person[] {
  const random = createRandom(11);
  const people: Person[] = [];
  for (let second = 0; second < days * 86_400; second++) {
    const hour = new Date(START_MS + second * 1_000 + 3_600_000).getUTCHours();
    if (random() * 3_600 >= (PEOPLE_PER_H[hour] ?? 0)) continue;
    const speed = SPEEDS_MPS[random() < 0.7 ? 0 : 1] ?? 1;
    people.push({ startMs: START_MS + second * 1_000, speedMps: random() < 0.5 ? speed : -speed });
  }
  return people;
}

function week(days: number, hasWave: boolean) {
  const { cabinet } = lightingSite({ poles: POLES, hasWave, dir: '' });
  const decider = createDecider(cabinet);
  const lengthM = (POLES - 1) * POLE_M;
  const sensors = (cabinet.zones[0]?.presence?.sensors ?? []).map(({ device, point }) => {
    const pole = cabinet.lines[0]?.devices.find(({ id }) => id === device)?.pole ?? '';
    return { pointId: `${device}.${point}` as PointId, device, pole, atM: cabinet.poles.find(({ id }) => id === pole)?.atM ?? 0 };
  });
  const all = peopleOf(days);
  const states = new Map<PointId, SensorState>();
  let detections: Detection[] = [];
  let [kWh, baselineKWh, boostedS, litS] = [0, 0, 0, 0];
  for (let second = 0, next = 0, here: Person[] = []; second < days * 86_400; second++) {
    const nowMs = START_MS + second * 1_000;
    const nowMono = second * 1_000;
    while (next < all.length && (all[next]?.startMs ?? 0) <= nowMs) here.push(all[next++] as Person);
    const placeM = ({ startMs, speedMps }: Person): number => (speedMps > 0 ? 0 : lengthM) + (speedMps * (nowMs - startMs)) / 1_000;
    here = here.filter((person) => placeM(person) >= -20 && placeM(person) <= lengthM + 20);
    for (const { pointId, device, pole, atM } of sensors) {
      const present = here.some((person) => Math.abs(placeM(person) - atM) <= SIGHT_M);
      const before = states.get(pointId);
      if (present && before?.present !== true)
        detections.push({ source: device, pole, atMono: nowMono, isRelayed: false, speedKmh: null, direction: null });
      const lastPresentMono = present ? nowMono : (before?.lastPresentMono ?? null);
      states.set(pointId, {
        present,
        sinceMono: before?.present === present ? before.sinceMono : nowMono,
        lastPresentMono,
        quality: 'good',
      });
    }
    detections = detections.filter(({ atMono }) => nowMono - atMono < 300_000).slice(-200);
    for (const { levelPct, rank } of decider.decide({ nowMs, nowMono, clockQuality: 'synced', sensors: states, intents: [], detections })
      .decisions) {
      if (levelPct === 0) continue;
      litS++;
      if (rank === 'presence') boostedS++;
      kWh += (60 * (STANDBY_SHARE + ((1 - STANDBY_SHARE) * levelPct) / 100)) / 3_600_000;
      baselineKWh += 60 / 3_600_000;
    }
  }
  return { kWh, baselineKWh, boostedShare: litS === 0 ? 0 : boostedS / litS, people: all.length };
}
