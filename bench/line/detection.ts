/**
 * How soon the street is lit after a detection: to the first level on the wire, and to the last of 35 lamps.
 *
 * The whole agent on one line at 19200 baud, once with levels of a whole line as a broadcast, once lamp by lamp.
 */

import { quantile } from '../../agent/core/quantile.ts';
import type { AgentAnswer, AgentQuestion } from '../agent-process.ts';
import { type Child, startChild } from '../child.ts';
import { against, type BenchOptions, type BenchResult, round } from '../result.ts';
import { LAMPS, STREET_BAUD } from '../street-cabinet.ts';
import type { StreetAnswer, StreetQuestion } from '../street-process.ts';

/** To the first level. Units: ms. Source: the goal set for this line. */
const GOAL_MS = 100;
/** Source: of 40 the longest stands for the quantile of 99 %. */
const DETECTIONS = { full: 40, quick: 2 };

const WAYS = [
  { name: 'broadcast', broadcast: true },
  { name: 'unicast', broadcast: false },
] as const;
const QUANTILES = [
  ['p50', 0.5],
  ['p99', 0.99],
] as const;

export async function detectionBench({ quick, emit, progress }: BenchOptions): Promise<void> {
  const street: Child<StreetQuestion, StreetAnswer> = startChild('street-process.ts');
  const agent: Child<AgentQuestion, AgentAnswer> = startChild('agent-process.ts');
  try {
    for (const { name, broadcast } of WAYS) {
      const { path } = await street.ask({ ask: 'build', broadcast });
      await agent.ask({ run: { path, broadcast } });
      progress(`line: detection by ${name}: the agent meets ${LAMPS} lamps`);
      await street.ask({ ask: 'ready' });
      const seen: StreetAnswer[] = [];
      for (let i = 1; i <= (quick ? DETECTIONS.quick : DETECTIONS.full); i++) {
        const answer = await street.ask({ ask: 'detect' });
        seen.push(answer);
        progress(
          `line: detection by ${name} ${i}: first level after ${round(answer.firstMs, 0)} ms, last lamp ${round(answer.lastMs, 0)} ms`,
        );
      }
      report(name, seen, emit);
    }
    await agent.ask({ run: null });
  } finally {
    await Promise.all([agent.stop(), street.stop()]);
  }
}

function report(name: string, seen: readonly StreetAnswer[], emit: BenchOptions['emit']): void {
  const note = `whole agent, ${LAMPS} lamps, 2 sensors and a meter on the line, ${seen.length} detections`;
  const line = (metric: string, ms: number): BenchResult => ({
    bench: 'line',
    metric,
    baud: STREET_BAUD,
    value: round(ms, 0),
    unit: 'ms',
    note,
  });
  const firstMs = seen.map((answer) => answer.firstMs);
  const lastMs = seen.map((answer) => answer.lastMs);
  for (const [spread, share] of QUANTILES) {
    const first = line(`detection-to-first-level-${name}-${spread}`, quantile(firstMs, share));
    emit(spread === 'p99' ? against(first, '<=', GOAL_MS) : first);
    emit(line(`detection-to-last-lamp-${name}-${spread}`, quantile(lastMs, share)));
  }
}
