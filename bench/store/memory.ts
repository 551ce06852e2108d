/**
 * What the storage thread costs in memory.
 *
 * Owns the rounds. Each measurement is a process of its own: `memory-process.ts`.
 */

import { quantile } from '../../agent/core/quantile.ts';
import leanStart from '../../agent/lean-start.json' with { type: 'json' };
import { startChild } from '../child.ts';
import { type BenchOptions, type BenchResult, round } from '../result.ts';
import { scratchFolder } from '../undo.ts';
import type { MemoryAnswer, MemoryQuestion } from './memory-process.ts';

const DATABASES = ['none', 'direct', 'thread'] as const;
const ROUNDS = { full: 5, quick: 1 };
const WARM_HOURS = 0.05;
const HOURS = { full: 2, quick: 0.5 };
const MEGABYTE = 2 ** 20;
/** Source: `agent/luciole.js`, which starts the agent so. */
const AGENT_ENV = { NODE_OPTIONS: '--max-semi-space-size=1 --max-old-space-size=64', ...leanStart.env };

export async function memoryBench({ quick, emit, progress }: BenchOptions): Promise<void> {
  progress('store: memory with and without the storage thread');
  const seen = { none: [] as number[], direct: [] as number[], thread: [] as number[] };
  const { dir: cache, remove } = scratchFolder('bench');
  const how = { hours: quick ? HOURS.quick : HOURS.full, cache };
  // Once unseen: they compile everything, which the later ones find.
  for (const database of DATABASES) await rssOf(database, { hours: WARM_HOURS, cache });
  for (let i = 0; i < (quick ? ROUNDS.quick : ROUNDS.full); i++) {
    for (const database of DATABASES) seen[database].push(await rssOf(database, how));
  }
  remove();
  const mb = (values: readonly number[]): number => round(quantile(values, 0.5) / MEGABYTE, 1);
  const [none, direct, thread] = [mb(seen.none), mb(seen.direct), mb(seen.thread)];
  const note = `heap, memory pools and compiled code as the agent has them; whole process ${thread} MB; ${none} MB without a database, ${direct} MB with it on the main thread`;
  const figure = (metric: string, value: number): BenchResult => ({ bench: 'store', metric, value: round(value, 1), unit: 'MB', note });
  emit(figure('memory-storage-thread', thread - direct));
  emit(figure('memory-storage-thread-and-database', thread - none));
}

async function rssOf(database: MemoryQuestion['database'], { hours, cache }: { hours: number; cache: string }): Promise<number> {
  const child = asTheAgent({ ...AGENT_ENV, NODE_COMPILE_CACHE: cache }, () =>
    startChild<MemoryQuestion, MemoryAnswer>('store/memory-process.ts'),
  );
  try {
    const { rssBytes } = await child.ask({ database, hours });
    return rssBytes;
  } finally {
    await child.stop();
  }
}

/** A child takes its settings from the environment at its start. */
function asTheAgent<T>(settings: Readonly<Record<string, string>>, start: () => T): T {
  const before = Object.keys(settings).map((name) => [name, process.env[name]] as const);
  Object.assign(process.env, settings);
  const started = start();
  for (const [name, value] of before) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
  return started;
}
