/**
 * How much of a line's time is wire time: ours, the peers', and the limit of physics.
 *
 * Owns the rounds and what they mean. Masters take turns on the same pseudo-terminals, so that a busy machine disturbs all alike.
 *
 * Two footings, never mixed. *Without gap*: request + turnaround + reply over wall time, our silence between frames switched off,
 * because the peers keep none. *With gap*: ours as shipped; the silence the standard demands counts as wire time, as it does on a real line.
 */
import { BAUDS, physicalMs, silenceMs } from './bus.ts';
import type { BusAnswer, BusQuestion } from './bus-process.ts';
import { type Child, startChild } from './child.ts';
import type { RoundAnswer, RoundQuestion } from './master-process.ts';
import { MASTER_NAMES, type MasterName } from './masters/masters.ts';
import { against, type BenchOptions, beside, type Emit, quantile, type Result, round } from './result.ts';

/** Units: %. Source: measured on a probe of the same shape, poller and `readSync` on the descriptor, before this line was built. */
const GOAL_PCT: Readonly<Record<(typeof BAUDS)[number], number>> = { 9600: 98, 19200: 97, 115200: 94 };
/** Of one master at one speed; an odd number has a middle. */
const ROUNDS = { full: 9, quick: 3 };
/** Units: ms. */
const ROUND_MS = { full: 1_000, quick: 300 };
const PEERS = ['modbus-serial', 'jsmodbus'] as const;

/** What one master did at one speed, all rounds together. */
interface Score {
  readonly rounds: RoundAnswer[];
  requests: number;
  tooEarly: number;
}

type Scores = Readonly<Record<MasterName, Score>>;
type Masters = Readonly<Record<MasterName, Child<RoundQuestion, RoundAnswer>>>;
type Bus = Child<BusQuestion, BusAnswer>;

export async function lineBench({ quick, emit, progress }: BenchOptions): Promise<void> {
  const bus: Bus = startChild('bus-process.ts', BAUDS.map(String));
  const masters = byMaster((name) => startChild<RoundQuestion, RoundAnswer>('master-process.ts', [name]));
  const latenessMs: number[] = [];
  try {
    const { paths } = await bus.ask({});
    await warmUp(masters, paths);
    await bus.ask({});
    for (const baud of BAUDS) {
      const scores = byMaster((): Score => ({ rounds: [], requests: 0, tooEarly: 0 }));
      const rounds = quick ? ROUNDS.quick : ROUNDS.full;
      const reads = Math.ceil((quick ? ROUND_MS.quick : ROUND_MS.full) / physicalMs(baud));
      for (let i = 1; i <= rounds; i++) {
        for (const name of MASTER_NAMES) {
          const answer = await masters[name].ask({ path: paths[baud] as string, baud, reads });
          const { seen } = await bus.ask({});
          scores[name].rounds.push(answer);
          scores[name].requests += seen.requests;
          scores[name].tooEarly += seen.tooEarly;
          latenessMs.push(...seen.latenessMs);
        }
        progress(`line: ${baud} baud, round ${i} of ${rounds}, ${reads} reads each: ${roundText(scores, baud)}`);
      }
      report(baud, scores, emit);
      if (baud === BAUDS.at(-1)) reportMemory(scores, emit);
    }
    emit({ bench: 'line', metric: 'unit-lateness-p99', ...us(quantile(latenessMs, 0.99)), note: 'error of the simulated unit itself' });
  } finally {
    await Promise.all([bus, ...Object.values(masters)].map((child) => child.stop()));
  }
}

/** Compiled code is what runs on a cabinet for months. */
async function warmUp(masters: Masters, paths: BusAnswer['paths']): Promise<void> {
  const baud = 115_200;
  for (const name of MASTER_NAMES) await masters[name].ask({ path: paths[baud] as string, baud, reads: 200 });
}

function report(baud: (typeof BAUDS)[number], scores: Scores, emit: Emit): void {
  const line = (metric: string, value: number, unit: string): Result => ({ bench: 'line', metric, baud, value, unit });
  const withPeers = (ours: Result, of: (name: MasterName) => number): void => {
    for (const peer of PEERS) emit(beside(ours, peer, of(peer)));
  };
  const free = (name: MasterName): number => efficiencyPct(scores[name], physicalMs(baud));
  withPeers(against(line('efficiency-no-gap', free('luciole-no-gap'), '%'), '>=', GOAL_PCT[baud]), free);

  const kept = efficiencyPct(scores.luciole, physicalMs(baud) + silenceMs(baud));
  const note = `as shipped; the standard's silence of ${round(silenceMs(baud), 2)} ms counts as wire time`;
  emit({ ...against(line('efficiency-with-gap', kept, '%'), '>=', GOAL_PCT[baud]), note });

  const early = (name: MasterName): number => round((100 * scores[name].tooEarly) / scores[name].requests, 1);
  const silence = { ...against(line('requests-without-silence', early('luciole'), '%'), '<=', 0), note: 'as shipped' };
  withPeers(silence, early);

  const overhead = (name: MasterName): number => overheadUs(scores[name], physicalMs(baud));
  withPeers(line('overhead-p50-no-gap', overhead('luciole-no-gap'), 'µs'), overhead);

  const cpu = (name: MasterName): number => cpuUs(scores[name]);
  withPeers({ ...line('cpu-per-read-no-gap', cpu('luciole-no-gap'), 'µs'), note: 'replies arrive in one piece' }, cpu);
  withPeers({ ...line('cpu-per-read', cpu('luciole'), 'µs'), note: 'as shipped, keeping the silence' }, cpu);
}

function reportMemory(scores: Scores, emit: Emit): void {
  const rss = (name: MasterName): number => round(Math.max(...scores[name].rounds.map(({ rssMb }) => rssMb)), 0);
  const ours: Result = { bench: 'line', metric: 'rss-of-the-master', value: rss('luciole'), unit: 'MB', note: 'run from source' };
  for (const peer of PEERS) emit(beside(ours, peer, rss(peer)));
}

function efficiencyPct({ rounds }: Score, idealMs: number): number {
  return round(
    quantile(
      rounds.map(({ wallMs, readMs }) => (100 * readMs.length * idealMs) / wallMs),
      0.5,
    ),
    1,
  );
}

function overheadUs({ rounds }: Score, idealMs: number): number {
  const overheadsMs = rounds.flatMap(({ readMs }) => readMs.map((ms) => ms - idealMs));
  return round(1_000 * quantile(overheadsMs, 0.5), 0);
}

function cpuUs({ rounds }: Score): number {
  return round(
    quantile(
      rounds.map((answer) => answer.cpuUs / answer.readMs.length),
      0.5,
    ),
    0,
  );
}

function roundText(scores: Scores, baud: number): string {
  return MASTER_NAMES.map((name) => {
    const last = scores[name].rounds.slice(-1);
    const idealMs = physicalMs(baud) + (name === 'luciole' ? silenceMs(baud) : 0);
    return `${name} ${efficiencyPct({ ...scores[name], rounds: last }, idealMs)} %`;
  }).join(', ');
}

function us(ms: number): Pick<Result, 'value' | 'unit'> {
  return { value: round(1_000 * ms, 0), unit: 'µs' };
}

function byMaster<T>(make: (name: MasterName) => T): Readonly<Record<MasterName, T>> {
  return Object.fromEntries(MASTER_NAMES.map((name) => [name, make(name)])) as Record<MasterName, T>;
}
