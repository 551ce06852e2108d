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
/** Detections of each way. */
const DETECTIONS = { full: 100, quick: 3 };

type Meter = Child<TicQuestion, TicAnswer>;
type Way = 'alone' | 'with-tic';
const WAYS: readonly Way[] = ['alone', 'with-tic'];

export async function ticLoadBench(options: BenchOptions): Promise<void> {
  const meter: Meter = startChild('tic-process.ts');
  try {
    const { path } = await meter.ask({});
    await efficiencyWithTic(path, options);
    await detectionWithTic(path, options);
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

async function detectionWithTic(ticPath: string, { quick, emit, progress }: BenchOptions): Promise<void> {
  const street: Child<StreetQuestion, StreetAnswer> = startChild('street-process.ts');
  const agent: Child<AgentQuestion, AgentAnswer> = startChild('agent-process.ts');
  try {
    const firstMs: Record<Way, number[]> = { alone: [], 'with-tic': [] };
    for (const way of WAYS) {
      const { path } = await street.ask({ ask: 'build', broadcast: true });
      await agent.ask({ run: { path, broadcast: true, ...(way === 'alone' ? {} : { ticPath }) } });
      await street.ask({ ask: 'ready' });
      for (let i = 0; i < (quick ? DETECTIONS.quick : DETECTIONS.full); i++)
        firstMs[way].push((await street.ask({ ask: 'detect' })).firstMs);
      progress(`line: detection ${way}: first level p99 ${round(quantile(firstMs[way], 0.99), 1)} ms`);
    }
    await agent.ask({ run: null });
    const [alone, beside] = WAYS.map((way) => quantile(firstMs[way], 0.99)) as [number, number];
    const note = `p99 to the first level of ${firstMs.alone.length} detections: ${round(beside, 1)} ms with TIC beside, ${round(alone, 1)} ms alone`;
    const morePct = round(Math.max(0, (100 * (beside - alone)) / alone), 2);
    emit({
      ...against({ bench: 'line', metric: 'detection-p99-rise-by-tic', baud: STREET_BAUD, value: morePct, unit: '%' }, '<=', GOAL_PCT),
      note,
    });
  } finally {
    await Promise.all([agent.stop(), street.stop()]);
  }
}
