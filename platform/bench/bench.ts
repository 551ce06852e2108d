/**
 * `bench`: how many values a second reach PostgreSQL, how late, and with how much memory; and whether any is lost.
 *
 * Prints JSON lines. Everything runs on this machine: the figures are for all parts together.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { NODE_FLAGS } from '../cli/node-flags.ts';
import { type HostCommandOptions, numberOption } from '../cli/options.ts';
import { PlatformFailure } from '../core/errors.ts';
import { migrateDatabase } from '../database/migrate.ts';
import { type Database, openDatabase } from '../database/postgres.ts';
import { endProcess } from '../servers/programs.ts';
import { startTemporaryMosquitto } from '../servers/temporary-mosquitto.ts';
import { startTemporaryPostgres } from '../servers/temporary-postgres.ts';
import { totalOf } from './figures.ts';
import { LoadGenerator } from './generator.ts';
import { measure, type RunningWorker, readAllSamples } from './measure.ts';
import { printFigures, printSample, type RunTotals } from './report.ts';

const BENCH_HELP = `npm run platform -- bench [--rate 10000] [--seconds 60] [--nodes 200] [--workers 2] [--kill] [--maximum 20]

  --rate     values a second; eight of them are one message and one row
  --nodes    simulated cabinets, with 31 lamps each
  --kill     a worker is ended by SIGKILL every four seconds and replaced
  --maximum  so many seconds with more than the host can take, after the others`;
const LAMPS = 31;
/** Not measured: caches and partitions are filled. Units: s. */
const WARM_UP_S = 5;
/** More than any worker can take. Units: values/s. */
const OVERLOAD = 1_000_000;
/** Rows are sent again 10 s after they were not acknowledged; all must be here after some rounds. Units: ms. */
const SETTLE_MS = 120_000;
const MAIN = join(import.meta.dirname, '../main.ts');

/**
 * Runs the bench and prints its figures. Resolves with the exit code: 1 if more or fewer values are stored than sent, a row is not
 * acknowledged, or the goal of lag or rate is missed. These goals do not count once a worker was killed. With `--help` it only prints the
 * help.
 *
 * Errors: rejects, for example with PlatformFailure for a wrong option or a program that is not installed.
 */
export async function runBench({ values, isHelp }: HostCommandOptions): Promise<number> {
  if (isHelp) {
    console.log(BENCH_HELP);
    return 0;
  }
  const option = (name: string, standard: number): number => numberOption(`--${name}`, values[name], standard);
  const whole = (name: string, standard: number): number => {
    const number = option(name, standard);
    if (!Number.isInteger(number)) throw new PlatformFailure('usage', `--${name}: write a whole number`);
    return number;
  };
  const [rate, seconds, nodes, count] = [option('rate', 10_000), option('seconds', 60), whole('nodes', 200), whole('workers', 2)];
  // The broker first: it ends at once if PostgreSQL does not start.
  const broker = await startTemporaryMosquitto();
  const postgres = await startTemporaryPostgres(['shared_buffers = 512MB', 'max_wal_size = 4GB']).catch(async (error: unknown) => {
    await broker.stop();
    throw error;
  });
  const folder = mkdtempSync(join(tmpdir(), 'luciole-bench-'));
  const database = openDatabase({ url: postgres.url, connections: 1 });
  const generator = new LoadGenerator({ url: broker.url, nodes, lamps: LAMPS, rate });
  const startWorker = workerStarter(folder, ['--database', postgres.url, '--broker', broker.url]);
  const workers: RunningWorker[] = [];
  try {
    await migrateDatabase(database);
    for (let i = 0; i < count; i += 1) workers.push(startWorker());
    await untilCount(database, `select count(*) as n from process where ready_at > now() - interval '5 seconds'`, count);
    await generator.open();
    await untilCount(database, 'select count(*) as n from birth', nodes * (LAMPS + 1));
    console.error(`${nodes * LAMPS} lamps are known; ${rate} values a second for ${seconds} s`);
    generator.start();
    await pause(WARM_UP_S * 1_000);
    const servers = { postgres: postgres.pid, broker: broker.pid };
    const measured = await measure({ seconds, workers, startWorker, isKilling: values['kill'] === true, servers, onSample: printSample });
    const maximum = values['maximum'] === undefined ? null : await findMaximum(generator, workers, option('maximum', 20));
    generator.stop();
    return printFigures(await totalsOf(generator, database, maximum), measured, rate);
  } finally {
    await generator.close();
    await Promise.all(workers.map(({ child }) => endProcess(child, 'SIGTERM')));
    await database.end();
    await broker.stop();
    await postgres.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

function workerStarter(folder: string, address: readonly string[]): () => RunningWorker {
  let started = 0;
  return () => {
    started += 1;
    const socket = join(folder, `${started}.sock`);
    const words = ['worker', ...address, '--metrics', socket, '--group', 'bench'];
    return { child: spawn(process.execPath, [...NODE_FLAGS, MAIN, ...words], { stdio: ['ignore', 'ignore', 'inherit'] }), socket };
  };
}

/** Offers more than the host can take. Returns the values a second that were stored meanwhile. */
async function findMaximum(generator: LoadGenerator, workers: readonly RunningWorker[], seconds: number): Promise<number> {
  generator.start(OVERLOAD);
  await pause(WARM_UP_S * 1_000);
  const [before, startMs] = [await readAllSamples(workers), performance.now()];
  await pause(seconds * 1_000);
  const after = await readAllSamples(workers);
  const name = 'luciole_platform_readings_inserted_total';
  return Math.round(((totalOf(after, name) - totalOf(before, name)) * 1_000) / (performance.now() - startMs));
}

async function totalsOf(generator: LoadGenerator, database: Database, maximum: number | null): Promise<RunTotals> {
  const deadlineMs = performance.now() + SETTLE_MS;
  while (generator.unacked > 0 && performance.now() < deadlineMs) await pause(200);
  const [stored] = await database.query<{ n: string; bytes: string }>(
    `select count(*) as n, (select sum(pg_total_relation_size(inhrelid)) from pg_inherits where inhparent = 'reading_data'::regclass) as bytes from reading_data`,
  );
  return {
    ...{ sent: generator.sentValues, stored: Number(stored?.n ?? 0), bytes: Number(stored?.bytes ?? 0), maximum },
    ...{ unacked: generator.unacked, resentRows: generator.resentRows, rebirths: generator.rebirths },
  };
}

async function untilCount(database: Database, text: string, wanted: number): Promise<void> {
  for (let waitedMs = 0; waitedMs < 120_000; waitedMs += 200) {
    const [row] = await database.query<{ n: string }>(text);
    if (Number(row?.n ?? 0) >= wanted) return;
    await pause(200);
  }
  throw new Error(`not ${wanted} within two minutes: ${text}`);
}
