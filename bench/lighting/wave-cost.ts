/**
 * The time that the wave alone takes in one decision.
 *
 * 250 lamps and 50 detections of the last minutes, as many as the wave evaluates.
 */

import { quantile } from '../../agent/core/quantile.ts';
import type { Detection } from '../../agent/lighting/lighting.ts';
import { waveFor } from '../../agent/lighting/wave.ts';
import { against, type BenchOptions, round } from '../result.ts';
import { lightingSite } from './street.ts';

const LAMPS = 250;
const DETECTIONS = 50;
/** Units: ms of CPU. Source: a quarter of the goal of a decision, `decide.ts`. */
const GOAL_MS = 0.5;
const CALLS = { full: 500, quick: 100 };
/** The least of some tries: what else the machine does is not the wave's cost. */
const TRIES = 5;
/** Coprime to the number of sensors, so that the detections are spread over the street. */
const STRIDE = 37;

export async function waveBench({ quick, emit, progress }: BenchOptions): Promise<void> {
  const { cabinet } = lightingSite({ poles: LAMPS, hasWave: true, dir: '' });
  const wave = waveFor(cabinet);
  const poles = cabinet.lines.flatMap(({ devices }) => devices.flatMap(({ id, pole }) => (id.startsWith('S') && pole ? [pole] : [])));
  const costsMs = Array.from({ length: quick ? CALLS.quick : CALLS.full }, (_, call) => {
    const detections = Array.from(
      { length: DETECTIONS },
      (_, i): Detection => ({
        source: `sensor-${i}`,
        pole: poles[((call + i) * STRIDE) % poles.length] ?? '',
        atMono: i * 2_000,
        isRelayed: false,
        speedKmh: null,
        direction: null,
      }),
    );
    return Math.min(...Array.from({ length: TRIES }, () => cpuMs(() => wave(detections, DETECTIONS * 2_000))));
  });
  progress(`lighting: the wave ${costsMs.length} times`);
  const note = `CPU time, ${LAMPS} lamps, ${poles.length} sensors, ${DETECTIONS} detections`;
  emit(against({ bench: 'lighting', metric: 'wave-cpu-p50', value: round(quantile(costsMs, 0.5), 3), unit: 'ms', note }, '<=', GOAL_MS));
}

function cpuMs(work: () => void): number {
  const started = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(started);
  return (user + system) / 1_000;
}
