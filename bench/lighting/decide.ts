/**
 * The time of one decision for a whole street.
 *
 * 250 lamps with wave, traffic and everything else that a zone may have; the snapshot changes from one call to the next.
 */

import { quantile } from '../../agent/core/quantile.ts';
import type { PointId } from '../../agent/core/words.ts';
import { createDecider } from '../../agent/lighting/decide.ts';
import type { Detection, SensorState } from '../../agent/lighting/lighting.ts';
import { against, type BenchOptions, round } from '../result.ts';
import { lightingSite } from './street.ts';

const LAMPS = 250;
/** Units: ms. Source: the goal set for this figure. */
const GOAL_MS = 2;
const CALLS = { full: 5_000, quick: 500 };
const WARM_UP = 300;
const START_MS = Date.parse('2026-12-01T22:00:00+01:00');

export async function decideBench({ quick, emit, progress }: BenchOptions): Promise<void> {
  const { cabinet } = lightingSite({ poles: LAMPS, hasWave: true, dir: '' });
  const decider = createDecider(cabinet);
  const sensors = cabinet.zones.flatMap(({ presence }) => presence?.sensors ?? []);
  const states = new Map<PointId, SensorState>();
  const detections: Detection[] = [];
  const callsMs: number[] = [];
  for (let call = 0; call < WARM_UP + (quick ? CALLS.quick : CALLS.full); call++) {
    const nowMono = call * 137;
    const { device, point } = sensors[call % sensors.length] ?? { device: '', point: '' };
    states.set(`${device}.${point}`, { present: call % 3 === 0, sinceMono: nowMono, lastPresentMono: nowMono, quality: 'good' });
    const pole = cabinet.lines[0]?.devices.find(({ id }) => id === device)?.pole ?? '';
    detections.push({ source: device, pole, atMono: nowMono, isRelayed: false, speedKmh: null, direction: null });
    if (detections.length > 50) detections.shift();
    const snapshot = { nowMs: START_MS + nowMono, nowMono, clockQuality: 'synced' as const, sensors: states, intents: [], detections };
    const startMs = performance.now();
    decider.decide(snapshot);
    if (call >= WARM_UP) callsMs.push(performance.now() - startMs);
  }
  progress(`lighting: ${callsMs.length} decisions for ${LAMPS} lamps`);
  const base = { bench: 'lighting', unit: 'ms', note: `${LAMPS} lamps, ${sensors.length} sensors, 50 detections, with the wave` };
  emit(against({ ...base, metric: 'decide-p50', value: round(quantile(callsMs, 0.5), 3) }, '<=', GOAL_MS));
  emit({ ...base, metric: 'decide-p99', value: round(quantile(callsMs, 0.99), 3) });
}
