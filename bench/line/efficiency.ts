/**
 * How much of a line's time is wire time: ours, the peers', and the limit of physics.
 *
 * Masters take turns on the same pseudo-terminals, so that a busy machine disturbs all alike.
 *
 * Two figures, never mixed. *Without gap*: request + turnaround + reply over wall time, our silence between frames switched off,
 * because the peers keep none. *With gap*: ours as shipped; the silence the standard demands counts as wire time, as it does on a real line.
 */

import { quantile } from '../../agent/core/quantile.ts';
import { BAUDS, physicalMs, silenceMs } from '../bus.ts';
import type { RoundAnswer } from '../master-process.ts';
import { against, type BenchOptions, type BenchResult, type Emit, round, withPeer } from '../result.ts';
import { type Contestant, type Contestants, cpuUs, PEERS, playRound, type Score } from './contest.ts';
import { type Bus, startBus } from './parts.ts';

/** Units: %. Source: measured on a probe of the same shape, poller and `readSync` on the descriptor, before this line was built. */
const GOAL_PCT: Readonly<Record<(typeof BAUDS)[number], number>> = { 9600: 98, 19200: 97, 115200: 94 };
/** Of one master at one speed; an odd number has a middle. */
const ROUNDS = { full: 5, quick: 3 };
/** Units: ms. */
const ROUND_MS = { full: 700, quick: 300 };
const WARM_UP_READS = 200;

export async function efficiencyBench(contestants: Contestants, options: BenchOptions): Promise<void> {
  const { quick, emit, progress } = options;
  const bus = startBus();
  const latenessMs: number[] = [];
  try {
    await warmUp(contestants, bus);
    for (const baud of BAUDS) {
      const scores = contestants.map((contestant): Score => ({ contestant, rounds: [], requests: 0, tooEarly: 0 }));
      const rounds = quick ? ROUNDS.quick : ROUNDS.full;
      const reads = Math.ceil((quick ? ROUND_MS.quick : ROUND_MS.full) / physicalMs(baud));
      const { path } = await bus.ask({ plug: { baud, units: [1] } });
      for (let i = 1; i <= rounds; i++) {
        for (const score of scores) latenessMs.push(...(await playRound(score, bus, { path, baud, reads })).latenessMs);
        progress(`line: efficiency at ${baud} baud, round ${i} of ${rounds}, ${reads} reads each: ${roundText(scores, baud)}`);
      }
      report(baud, scores, emit);
      if (baud === BAUDS.at(-1)) reportMemory(scores, emit);
    }
    const p99Us = round(1_000 * quantile(latenessMs, 0.99), 0);
    emit({ bench: 'line', metric: 'unit-lateness-p99', value: p99Us, unit: 'µs', note: 'error of the simulated unit itself' });
  } finally {
    await bus.stop();
  }
}

/** Compiled code is what runs on a cabinet for months. */
async function warmUp(contestants: Contestants, bus: Bus): Promise<void> {
  const baud = 115_200;
  const { path } = await bus.ask({ plug: { baud, units: [1] } });
  for (const contestant of contestants)
    await playRound({ contestant, rounds: [], requests: 0, tooEarly: 0 }, bus, { path, baud, reads: WARM_UP_READS });
}

function report(baud: (typeof BAUDS)[number], scores: readonly Score[], emit: Emit): void {
  const line = (metric: string, value: number, unit: string): BenchResult => ({ bench: 'line', metric, baud, value, unit });
  const of = scoreOf(scores);
  const withPeers = (ours: BenchResult, figure: (score: Score) => number): void => {
    for (const peer of PEERS) {
      const score = scores.find(({ contestant }) => contestant.name === peer);
      if (score !== undefined) emit(withPeer(ours, peer, figure(score)));
    }
  };
  const free = (score: Score): number => efficiencyPct(score.rounds, physicalMs(baud));
  withPeers(against(line('efficiency-no-gap', free(of('luciole-no-gap')), '%'), '>=', GOAL_PCT[baud]), free);

  const kept = efficiencyPct(of('luciole').rounds, physicalMs(baud) + silenceMs(baud));
  const note = `as shipped; the standard's silence of ${round(silenceMs(baud), 2)} ms counts as wire time`;
  emit({ ...against(line('efficiency-with-gap', kept, '%'), '>=', GOAL_PCT[baud]), note });

  const early = ({ tooEarly, requests }: Score): number => round((100 * tooEarly) / requests, 1);
  withPeers({ ...against(line('requests-without-silence', early(of('luciole')), '%'), '<=', 0), note: 'as shipped' }, early);

  const overhead = (score: Score): number => overheadUs(score, physicalMs(baud));
  withPeers(line('overhead-p50-no-gap', overhead(of('luciole-no-gap')), 'µs'), overhead);

  withPeers({ ...line('cpu-per-read-no-gap', cpuUs(of('luciole-no-gap')), 'µs'), note: 'replies arrive in one piece' }, cpuUs);
  withPeers({ ...line('cpu-per-read', cpuUs(of('luciole')), 'µs'), note: 'as shipped, keeping the silence' }, cpuUs);
}

function reportMemory(scores: readonly Score[], emit: Emit): void {
  const rss = ({ rounds }: Score): number => round(Math.max(...rounds.map(({ rssMb }) => rssMb)), 0);
  const ours: BenchResult = {
    bench: 'line',
    metric: 'rss-of-the-master',
    value: rss(scoreOf(scores)('luciole')),
    unit: 'MB',
    note: 'run from source',
  };
  for (const score of scores) if (isPeer(score.contestant)) emit(withPeer(ours, score.contestant.name, rss(score)));
}

function isPeer({ name }: Contestant): boolean {
  return PEERS.some((peer) => peer === name);
}

function scoreOf(scores: readonly Score[]): (name: string) => Score {
  return (name) => {
    const found = scores.find(({ contestant }) => contestant.name === name);
    if (found === undefined) throw new TypeError(`${name} takes no part`);
    return found;
  };
}

function efficiencyPct(rounds: readonly RoundAnswer[], idealMs: number): number {
  const shares = rounds.map(({ wallMs, readMs }) => (100 * readMs.length * idealMs) / wallMs);
  return round(quantile(shares, 0.5), 1);
}

function overheadUs({ rounds }: Score, idealMs: number): number {
  const overheadsMs = rounds.flatMap(({ readMs }) => readMs.map((ms) => ms - idealMs));
  return round(1_000 * quantile(overheadsMs, 0.5), 0);
}

function roundText(scores: readonly Score[], baud: number): string {
  return scores
    .map(({ contestant: { name }, rounds }) => {
      const idealMs = physicalMs(baud) + (name === 'luciole' ? silenceMs(baud) : 0);
      return `${name} ${efficiencyPct(rounds.slice(-1), idealMs)} %`;
    })
    .join(', ');
}
