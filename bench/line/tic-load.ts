/**
 * What a TIC meter at 1200 baud costs the Modbus line beside it: efficiency of the line and time to the light after a detection, each with the
 * meter and without, in turns.
 *
 * The meter sends from a process of its own; the gateway reads it in the process that also reads the line.
 */
import { quantile } from '../../agent/core/quantile.ts';
import type { AgentAnswer, AgentQuestion } from '../agent-process.ts';
import { BAUDS, physicalMs, REGISTER_VALUES, silenceMs } from '../bus.ts';
import { type Child, startChild } from '../child.ts';
import type { RoundAnswer, RoundQuestion } from '../master-process.ts';
import { against, type BenchOptions, round } from '../result.ts';
import { STREET_BAUD } from '../street-cabinet.ts';
import type { StreetAnswer, StreetQuestion } from '../street-process.ts';
import type { TicAnswer, TicQuestion } from '../tic-process.ts';
import { startBus } from './parts.ts';

/** Largest change by the meter. Units: %. Source: the goal set for it. */
const GOAL_PCT = 1;
/** Rounds of each way at one speed. */
const ROUNDS = { full: 15, quick: 3 };
/** Units: ms. */
const ROUND_MS = { full: 2_000, quick: 500 };
/** Detections of each way. Source: of 200 the quantile of 99 % lies between the 195th and the 200th (95 % interval). */
const DETECTIONS = { full: 200, quick: 3 };
const PROGRESS_EVERY = 50;
/** Standard deviations on each side of a 95 % interval. Source: normal distribution. */
const SIDES_95 = 1.96;

type Meter = Child<TicQuestion, TicAnswer>;
type Way = 'alone' | 'with-tic';
const WAYS: readonly Way[] = ['alone', 'with-tic'];

/** Efficiency of the line with and without the meter, at each speed. */
export async function ticEfficiencyBench(options: BenchOptions): Promise<void> {
  const meter: Meter = startChild('tic-process.ts');
  try {
    const { path } = await meter.ask({});
    await efficiencyWithTic(path, options);
  } finally {
    await meter.stop();
  }
}

async function efficiencyWithTic(ticPath: string, { quick, emit, progress }: BenchOptions): Promise<void> {
  const bus = startBus();
  const master: Child<RoundQuestion, RoundAnswer> = startChild('master-process.ts', ['luciole']);
  try {
    for (const baud of BAUDS) {
      const shares: Record<Way, number[]> = { alone: [], 'with-tic': [] };
      const idealMs = physicalMs(baud) + silenceMs(baud);
      const reads = Math.ceil((quick ? ROUND_MS.quick : ROUND_MS.full) / idealMs);
      const { path } = await bus.ask({ plug: { baud, units: [1] } });
      for (let i = 0; i < (quick ? ROUNDS.quick : ROUNDS.full); i++) {
        for (const way of WAYS) {
          const beside = way === 'alone' ? {} : { ticPath };
          const { wallMs, readMs } = await master.ask({ path, baud, reads, values: REGISTER_VALUES, ...beside });
          await bus.ask({});
          shares[way].push((100 * readMs.length * idealMs) / wallMs);
        }
      }
      const [alone, beside] = WAYS.map((way) => round(quantile(shares[way], 0.5), 2)) as [number, number];
      progress(`line: efficiency at ${baud} baud: ${alone} % alone, ${beside} % beside a meter`);
      const note = `TIC at 1200 baud beside: ${beside} %, alone ${alone} %; medians of rounds in turns`;
      const lossPct = round(Math.max(0, (100 * (alone - beside)) / alone), 2);
      emit({ ...against({ bench: 'line', metric: 'efficiency-loss-by-tic', baud, value: lossPct, unit: '%' }, '<=', GOAL_PCT), note });
    }
  } finally {
    await Promise.all([bus.stop(), master.stop()]);
  }
}

/**
 * Time to the light after a detection, with and without the meter: two streets of the same seed, each with its own agent. Each detection is
 * made in both streets at one time, so both ways meet the same machine.
 */
export async function ticDetectionBench({ quick, emit, progress }: BenchOptions): Promise<void> {
  const pair = startPair();
  const firstMs: Record<Way, number[]> = { alone: [], 'with-tic': [] };
  const count = quick ? DETECTIONS.quick : DETECTIONS.full;
  try {
    await begin(pair);
    for (let i = 1; i <= count; i++) {
      const detect = async (way: Way): Promise<unknown> => firstMs[way].push((await pair.streets[way].ask({ ask: 'detect' })).firstMs);
      await Promise.all(WAYS.map(detect));
      if (i % PROGRESS_EVERY === 0) progress(`line: detection ${i} of ${count}`);
    }
    const loops = await Promise.all(WAYS.map((way) => pair.agents[way].ask({ run: null })));
    const [alone, beside] = WAYS.map((way) => quantile(firstMs[way], 0.99)) as [number, number];
    const medians = WAYS.map((way) => `${round(quantile(firstMs[way], 0.5), 1)} ms`).join(' alone and ');
    const spreads = WAYS.map((way) => spreadOfP99(firstMs[way])).join(' alone and ');
    const note = `p99 to the first level of ${count} detections: ${round(beside, 1)} ms with TIC beside, ${round(alone, 1)} ms alone; 95 % interval of the p99 ${spreads} with it; medians ${medians} with it`;
    const morePct = round(Math.max(0, (100 * (beside - alone)) / alone), 2);
    emit({
      ...against({ bench: 'line', metric: 'detection-p99-rise-by-tic', baud: STREET_BAUD, value: morePct, unit: '%' }, '<=', GOAL_PCT),
      note,
    });
    emitLoopDelay(emit, loops, alone);
  } finally {
    await Promise.all([pair.meter, ...WAYS.flatMap((way) => [pair.agents[way], pair.streets[way]])].map((child) => child.stop()));
  }
}

/** The 95 % interval of the quantile of 99 %, from the ranks it can have. Source: order statistics, binomial ranks. */
function spreadOfP99(values: readonly number[]): string {
  const sorted = values.toSorted((a, b) => a - b);
  const halfRanks = SIDES_95 * Math.sqrt(sorted.length * 0.99 * 0.01);
  const at = (rank: number): number => round(sorted[Math.min(Math.max(Math.round(rank), 0), sorted.length - 1)] ?? Number.NaN, 1);
  return `${at(0.99 * sorted.length - halfRanks)} to ${at(0.99 * sorted.length + halfRanks)} ms`;
}

/** What the meter's bytes can add to a detection: the delay of the event loop. Far less scattered than the p99 of some hundred detections. */
function emitLoopDelay(emit: BenchOptions['emit'], loops: readonly AgentAnswer[], detectionMs: number): void {
  const [alone, beside] = loops.map(({ loopDelayMs }) => loopDelayMs) as [number, number];
  const sharePct = round(Math.max(0, (100 * (beside - alone)) / detectionMs), 2);
  const note = `p99.9 of the event loop's delay: ${round(beside, 2)} ms with TIC beside, ${round(alone, 2)} ms alone`;
  const figure = { bench: 'line', metric: 'loop-delay-by-tic-of-detection-p99', baud: STREET_BAUD, value: sharePct, unit: '%' };
  emit({ ...against(figure, '<=', GOAL_PCT), note });
}

interface Pair {
  readonly meter: Meter;
  readonly streets: Readonly<Record<Way, Child<StreetQuestion, StreetAnswer>>>;
  readonly agents: Readonly<Record<Way, Child<AgentQuestion, AgentAnswer>>>;
}

function startPair(): Pair {
  return {
    meter: startChild('tic-process.ts'),
    streets: { alone: startChild('street-process.ts'), 'with-tic': startChild('street-process.ts') },
    agents: { alone: startChild('agent-process.ts'), 'with-tic': startChild('agent-process.ts') },
  };
}

async function begin({ meter, streets, agents }: Pair): Promise<void> {
  const { path: ticPath } = await meter.ask({});
  const beginWay = async (way: Way): Promise<void> => {
    const { path } = await streets[way].ask({ ask: 'build', broadcast: true });
    await agents[way].ask({ run: { path, broadcast: true, ...(way === 'alone' ? {} : { ticPath }) } });
    await streets[way].ask({ ask: 'ready' });
  };
  await Promise.all(WAYS.map(beginWay));
}
