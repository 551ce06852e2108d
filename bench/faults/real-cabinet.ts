/**
 * The watch of a meter on the log of a real cabinet: false alarms on nights as they were, and lamps and loads that the bench removes or adds.
 *
 * The model always comes from other nights than the ones that are judged.
 */
import { join } from 'node:path';
import { quantile } from '../../agent/core/quantile.ts';
import { type LoadModel, learnedLoad } from '../../agent/diagnosis/night-load/load-model.ts';
import { type LoadFindings, LoadWatch, type MeterMinute, NO_LOAD_MEMORY } from '../../agent/diagnosis/night-load/load-watch.ts';
import { createRandom } from '../../test/street/random.ts';
import { against, type BenchOptions, round } from '../result.ts';
import { type LoggedDay, loggedDays, loggedMinutes, loggedTimes, withLoad, withoutLamp } from './cabinet-log.ts';
import { thresholdAlarms } from './threshold-peer.ts';

const FILE = 'cabinet-meter.csv.gz';
const SEED = 21;
/** Cases of each size. */
const CASES = { full: 1_000, quick: 100 };
const LAMPS_W = [200, 150, 100, 50];
/** Units: minutes. Source: the issue. */
const ALLOWED_MIN = 30;
/** Source: the issue. */
const DAY_LOAD = { share: 0.05, minutes: 30 };
/** Wattages of the peer, as in the issue. */
const PEER = 'thresholds of 200 W and 2 %, 7 min, 10 min after switching';

/** A watch that has learned some nights and may be copied at no cost. */
interface Learned {
  readonly day: LoggedDay;
  readonly others: readonly LoggedDay[];
  readonly model: LoadModel;
  readonly isThird: boolean;
}

/** Prints the figures of the log in `dataDir`; without it, that there is none. */
export function realCabinetBench({ dataDir, quick, emit, progress }: BenchOptions): void {
  if (dataDir === null) {
    progress('faults: no log of a real cabinet; give --data DIR');
    return;
  }
  const days = loggedDays(loggedMinutes(join(dataDir, FILE)));
  const learned = days.flatMap((day, index): Learned[] => {
    const others = days.filter((other) => other !== day);
    const model = learnedLoad(others.map(({ night }) => night));
    return model === null ? [] : [{ day, others, model, isThird: index === 2 }];
  });
  if (learned.length < 3) {
    progress('faults: the log has fewer than three whole nights');
    return;
  }
  for (const each of learned) falseAlarms(each, emit, progress);
  const cases = quick ? CASES.quick : CASES.full;
  for (const lampW of LAMPS_W) for (const each of learned) lostLamps(each, lampW, cases, emit);
  for (const each of learned) dayLoads(each, cases, emit);
}

function watchOf({ others, model }: Learned): LoadWatch {
  return new LoadWatch({ ...NO_LOAD_MEMORY, nights: others.map(({ night }) => night) }, model);
}

function nameOf({ day, isThird }: Learned): string {
  return `${isThird ? 'third night, tuned on the first two' : 'cross-validated on the other two'}; lamps on at minute ${day.night.onMin}`;
}

/** Runs the watch over these minutes and returns when each finding began. */
function found(
  learned: Learned,
  minutes: readonly MeterMinute[],
  isFound: (findings: LoadFindings) => boolean,
  untilMin = Number.POSITIVE_INFINITY,
): number | null {
  const watch = watchOf(learned);
  for (const minute of minutes) {
    if (minute.atMin > untilMin) return null;
    watch.step(minute);
    if (isFound(watch.findings)) return minute.atMin;
  }
  return null;
}

function falseAlarms(learned: Learned, emit: BenchOptions['emit'], progress: BenchOptions['progress']): void {
  const watch = watchOf(learned);
  const seen = new Set<string>();
  for (const minute of learned.day.minutes) {
    watch.step(minute);
    for (const [name, finding] of Object.entries(watch.findings)) {
      if (finding === null || seen.has(name)) continue;
      seen.add(name);
      progress(`faults: ${name} at minute ${minute.atMin}: ${JSON.stringify(finding)}`);
    }
  }
  const { limits, exponents, warmUpMin } = learned.model;
  const note = `${nameOf(learned)}; limit ${percent(limits.both)} %, level alone ${percent(limits.level)} %, exponents ${exponents.fast.toFixed(2)} and ${exponents.slow.toFixed(2)}, warm-up ${warmUpMin} min`;
  const result = { bench: 'faults', metric: 'real-cabinet-false-alarms', value: seen.size, unit: 'alarms' };
  emit({
    ...against(result, '<=', 0),
    note,
    peer: PEER,
    peerValue: thresholdAlarms(
      learned.day.night,
      learned.others.map(({ night }) => night),
    ).length,
  });
}

function lostLamps(learned: Learned, lampW: number, cases: number, emit: BenchOptions['emit']): void {
  const random = createRandom(SEED);
  const times = loggedTimes(learned.day, true);
  const healthy = found(learned, learned.day.minutes, ({ lost, darkSinceMin }) => lost !== null || darkSinceMin !== null);
  const delays: number[] = [];
  for (let index = 0; index < cases; index++) {
    const fromMin = times[Math.floor(random() * times.length)] ?? 0;
    const minutes = withoutLamp(learned.day, lampW, fromMin);
    const at = found(learned, minutes, ({ lost }) => lost !== null, fromMin + ALLOWED_MIN);
    if (at !== null && at >= fromMin && at !== healthy) delays.push(at - fromMin);
  }
  const value = round((100 * delays.length) / cases, 1);
  const note = `${lampW} W of ${Math.round(learned.day.fullW)} W, ${nameOf(learned)}; ${delayText(delays)}; ${cases} cases, seed ${SEED}`;
  const result = { bench: 'faults', metric: `real-cabinet-lost-${lampW}w`, value, unit: `% found within ${ALLOWED_MIN} min` };
  emit({ ...(lampW === 200 && learned.isThird ? against(result, '>=', 95) : result), note });
}

function dayLoads(learned: Learned, cases: number, emit: BenchOptions['emit']): void {
  const { day } = learned;
  const random = createRandom(SEED);
  const dark = new Set(loggedTimes(day, false));
  // All of the load lies in the daytime, and the watch has seen some minutes of it.
  const starts = [...dark].filter((at) => dark.has(at - DAY_LOAD.minutes) && dark.has(at + DAY_LOAD.minutes));
  let count = 0;
  for (let index = 0; index < cases; index++) {
    const fromMin = starts[Math.floor(random() * starts.length)] ?? 0;
    const minutes = withLoad(day, DAY_LOAD.share * day.fullW, fromMin, DAY_LOAD.minutes);
    const at = found(learned, minutes, (findings) => findings.day !== null, fromMin + ALLOWED_MIN);
    if (at !== null && at >= fromMin) count++;
  }
  const result = { bench: 'faults', metric: 'real-cabinet-load-by-day', value: round((100 * count) / cases, 1), unit: '% found' };
  emit({ ...against(result, '>=', 100), note: `5 % of full power for 30 min, ${nameOf(learned)}; ${cases} cases, seed ${SEED}` });
}

function delayText(delays: readonly number[]): string {
  return delays.length === 0 ? 'none found' : `delay p50 ${quantile(delays, 0.5)} min, p95 ${quantile(delays, 0.95)} min`;
}

function percent(share: number): string {
  return (100 * share).toFixed(2);
}
