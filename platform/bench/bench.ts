/**
 * `bench`: how many values a second reach PostgreSQL, how late, and with how much memory; and whether any is lost.
 *
 * Prints JSON lines. Everything runs on this machine: the figures are for all parts together.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type HostCommandOptions, numberOption } from '../cli/options.ts';
import { migrateDatabase } from '../database/migrate.ts';
import { type Database, openDatabase } from '../database/postgres.ts';
import { endProcess } from '../servers/programs.ts';
import { startTemporaryMosquitto } from '../servers/temporary-mosquitto.ts';
import { startTemporaryPostgres } from '../servers/temporary-postgres.ts';
import { quantileOf, readSamples, type Samples, totalOf } from './figures.ts';
import { LoadGenerator } from './generator.ts';

const BENCH_HELP = `npm run platform -- bench [--rate 10000] [--seconds 60] [--nodes 200] [--workers 2] [--kill]

  --rate     values a second; eight of them are one message and one row
  --nodes    simulated cabinets, with 31 lamps each
  --kill     a worker is ended by SIGKILL every few seconds and replaced`;
const LAMPS = 31;
/** Not measured: caches and partitions are filled. Units: s. */
const WARM_UP_S = 5;
const MAIN = join(import.meta.dirname, '../main.ts');

interface RunningWorker {
  readonly child: ChildProcess;
  readonly socket: string;
}

/** Runs the bench. Resolves with the exit code: 1 if a value is lost or the goals of lag and rate are missed. */
export async function runBench({ values, isHelp }: HostCommandOptions): Promise<number> {
  if (isHelp) {
    console.log(BENCH_HELP);
    return 0;
  }
  const option = (name: string, standard: number): number => numberOption(`--${name}`, values[name], standard);
  const [rate, seconds, nodes, count] = [option('rate', 10_000), option('seconds', 60), option('nodes', 200), option('workers', 2)];
  const folder = mkdtempSync(join(tmpdir(), 'luciole-bench-'));
  const postgres = await startTemporaryPostgres(['shared_buffers = 512MB', 'max_wal_size = 4GB']);
  const broker = await startTemporaryMosquitto();
  const database = openDatabase({ url: postgres.url, connections: 1 });
  const generator = new LoadGenerator({ url: broker.url, nodes, lamps: LAMPS, rate });
  let started = 0;
  const startWorker = (): RunningWorker => {
    started += 1;
    const socket = join(folder, `${started}.sock`);
    const words = ['worker', '--database', postgres.url, '--broker', broker.url, '--metrics', socket, '--group', 'bench'];
    return { child: spawn(process.execPath, [MAIN, ...words], { stdio: ['ignore', 'ignore', 'inherit'] }), socket };
  };
  const workers: RunningWorker[] = [];
  try {
    await migrateDatabase(database);
    for (let i = 0; i < count; i += 1) workers.push(startWorker());
    await untilReady(database, count);
    await generator.open();
    await untilCount(database, 'select count(*) as n from birth', nodes * (LAMPS + 1));
    console.error(`${nodes * LAMPS} lamps are known; ${rate} values a second for ${seconds} s`);
    generator.start();
    await pause(WARM_UP_S * 1_000);
    const before = await samplesOf(workers);
    const rss: number[] = [];
    const kills = await measure({ seconds, workers, startWorker, isKilling: values['kill'] === true, rss });
    const after = await samplesOf(workers);
    generator.stop();
    return await report({ generator, database, before, after, rss, seconds, rate, kills });
  } finally {
    await generator.close();
    await Promise.all(workers.map(({ child }) => endProcess(child, 'SIGTERM')));
    await database.end();
    await broker.stop();
    await postgres.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Measured {
  readonly seconds: number;
  readonly workers: RunningWorker[];
  readonly startWorker: () => RunningWorker;
  readonly isKilling: boolean;
  readonly rss: number[];
}

async function measure({ seconds, workers, startWorker, isKilling, rss }: Measured): Promise<number> {
  let kills = 0;
  for (let second = 1; second <= seconds; second += 1) {
    await pause(1_000);
    if (second % 10 === 0 || second === seconds)
      rss.push(Math.round(totalOf(await samplesOf(workers), 'process_resident_memory_bytes') / 2 ** 20));
    if (!isKilling || second % 4 !== 0) continue;
    const at = Math.floor(Math.random() * workers.length);
    await endProcess((workers[at] as RunningWorker).child, 'SIGKILL');
    workers[at] = startWorker();
    kills += 1;
  }
  return kills;
}

async function report(run: {
  readonly generator: LoadGenerator;
  readonly database: Database;
  readonly before: readonly Samples[];
  readonly after: readonly Samples[];
  readonly rss: readonly number[];
  readonly seconds: number;
  readonly rate: number;
  readonly kills: number;
}): Promise<number> {
  const { generator, database, before, after, rss, seconds, rate, kills } = run;
  const deadlineMs = performance.now() + 60_000;
  while (generator.unacked > 0 && performance.now() < deadlineMs) await pause(200);
  const [stored] = await database.query<{ n: string; bytes: string }>(
    `select count(*) as n, (select sum(pg_total_relation_size(inhrelid)) from pg_inherits where inhparent = 'reading_data'::regclass) as bytes from reading_data`,
  );
  const lost = generator.sentValues - Number(stored?.n ?? 0);
  const lag = (q: number): number => Number(quantileOf('luciole_platform_lag_seconds', q, before, after).toFixed(3));
  const change = (name: string): number => totalOf(after, name) - totalOf(before, name);
  const figures: [string, number, string][] = [
    ['sent', generator.sentValues, 'values'],
    ['lost', lost, 'values'],
    ['not-acknowledged', generator.unacked, 'rows'],
    ['rows-sent-again', generator.resentRows, 'rows'],
    ['rebirths', generator.rebirths, 'requests'],
    ['dropped', totalOf(after, 'luciole_platform_dropped_total'), 'messages'],
    ['bytes-per-value', Number((Number(stored?.bytes ?? 0) / Math.max(1, Number(stored?.n ?? 0))).toFixed(1)), 'bytes'],
    ['workers-killed', kills, 'workers'],
    ['memory-of-workers', rss.at(-1) ?? 0, 'MB'],
    ['memory-of-workers-after-10-s', rss[0] ?? 0, 'MB'],
  ];
  if (kills === 0) {
    figures.push(
      ['rate', Math.round(change('luciole_platform_readings_inserted_total') / seconds), 'values/s'],
      ['lag-p50', lag(0.5), 's'],
      ['lag-p99', lag(0.99), 's'],
    );
    figures.push(
      ['cpu-of-workers', Number((change('process_cpu_seconds_total') / seconds).toFixed(2)), 'cores'],
      ['paused', change('luciole_platform_paused_seconds_total'), 's'],
    );
  }
  for (const [metric, value, unit] of figures) console.log(JSON.stringify({ bench: 'platform', metric, value, unit }));
  const isFast = kills > 0 || (lag(0.99) < 2 && change('luciole_platform_readings_inserted_total') / seconds > 0.98 * rate);
  return lost === 0 && generator.unacked === 0 && isFast ? 0 : 1;
}

async function samplesOf(workers: readonly RunningWorker[]): Promise<Samples[]> {
  const all = await Promise.all(workers.map(({ socket }) => readSamples(socket)));
  return all.filter((samples) => samples !== undefined);
}

async function untilReady(database: Database, workers: number): Promise<void> {
  await untilCount(database, `select count(*) as n from process where ready_at > now() - interval '5 seconds'`, workers);
}

async function untilCount(database: Database, text: string, wanted: number): Promise<void> {
  for (let waitedMs = 0; waitedMs < 120_000; waitedMs += 200) {
    const [row] = await database.query<{ n: string }>(text);
    if (Number(row?.n ?? 0) >= wanted) return;
    await pause(200);
  }
  throw new Error(`not ${wanted} within two minutes: ${text}`);
}
