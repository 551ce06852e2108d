/**
 * `demo`: a database, a broker, the host and three simulated cabinets, all on this machine and only until it is stopped.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type HostCommandOptions, numberOption, readPlatformOptions } from '../cli/options.ts';
import { PlatformFailure } from '../core/errors.ts';
import { migrateDatabase } from '../database/migrate.ts';
import { type Database, openDatabase } from '../database/postgres.ts';
import { startTemporaryMosquitto, type TemporaryMosquitto } from '../servers/temporary-mosquitto.ts';
import { startTemporaryPostgres, type TemporaryPostgres } from '../servers/temporary-postgres.ts';
import { demoGuide } from './guide.ts';
import { isWorthAStart } from './health.ts';
import { DemoPart, type Say } from './parts.ts';
import { watchDemo } from './watch.ts';

const MAIN = join(import.meta.dirname, '../main.ts');
/** The repository's simulated street, as a program. */
const CABINET = join(import.meta.dirname, '../../test/street/cabinet-process.ts');
const CABINETS = ['demo-1', 'demo-2', 'demo-3'];
/** A cabinet starts within 10 s on a quiet machine. Units: ms. Source: assumed; six times that. Confirmed by: starts on a loaded machine. */
const FIRST_READING_MS = 60_000;
/** A server that has ended is started again after it. Units: ms. Source: assumed; its last child processes end within it. Confirmed by: kills of the demo's servers. */
const SERVER_AGAIN_MS = 2_000;
/** Units: ms. Source: assumed; a connection ends within milliseconds. Confirmed by: ends of the demo. */
const END_MS = 2_000;

/**
 * Runs until Ctrl-C, or for `--seconds` from the call on. Resolves with the exit code: 1 if a part does not start or ends again and again,
 * or a cabinet has no readings after a minute. An end by Ctrl-C or `--seconds` gives 0, also before there are readings. Errors: rejects
 * with PlatformFailure, for example if a program is missing.
 *
 * Ends the process 2 s after it has resolved or rejected, if connections keep it alive.
 */
export async function runDemo({ values, isJson }: HostCommandOptions): Promise<number> {
  const seconds = values['seconds'] === undefined ? null : numberOption('--seconds', values['seconds'], 0);
  // A terminal that was closed must not end the demo before its parts have ended.
  process.stderr.on('error', () => {});
  const say: Say = (text) => console.error(text);
  const signal = stopSignal(seconds, say);
  const demo = new Demo(say, signal);
  try {
    await demo.start();
    await Promise.race([demo.failed, aborted(signal)]);
    if (isJson) console.log(JSON.stringify(await demo.summary()));
    return 0;
  } catch (error) {
    if (signal.aborted) return 0;
    if (!(error instanceof Error) || error instanceof PlatformFailure) throw error;
    say(error.message);
    return 1;
  } finally {
    say('ending all parts');
    await demo.close();
    // A connection to a process that someone has stopped may never end.
    setTimeout(() => process.exit(), END_MS).unref();
  }
}

class Demo {
  readonly #say: Say;
  readonly #signal: AbortSignal;
  readonly #startedMs = performance.now();
  readonly #closers: (() => Promise<void>)[] = [];
  readonly #parts: DemoPart[] = [];
  readonly #ended: ((error: Error) => void)[] = [];
  /** Rejects when a part cannot be kept alive. */
  readonly failed: Promise<never>;
  #database: Database | null = null;
  #firstReadingS = 0;

  constructor(say: Say, signal: AbortSignal) {
    this.#say = say;
    this.#signal = signal;
    this.failed = new Promise((_, reject) => this.#ended.push(reject));
    this.failed.catch(() => {});
  }

  /** Resolves when readings of all cabinets are stored. Errors: rejects when they do not arrive, or when `signal` ends the start. */
  async start(): Promise<void> {
    this.#say('starting PostgreSQL and Mosquitto');
    const postgres = await this.#startPostgres();
    const broker = await this.#startBroker();
    const database = openDatabase({ url: postgres.url, connections: 1 });
    this.#database = database;
    // A database that stands still never answers to the end of a connection.
    this.#closers.push(() => Promise.race([database.end(), pause(END_MS, undefined, { ref: false })]));
    await migrateDatabase(database);
    this.#signal.throwIfAborted();
    this.#say('starting the host: state, two workers, commands; and three cabinets');
    const host = ['state', 'worker', 'worker', 'commands'].map((kind, i) =>
      this.#run(kind === 'worker' ? `worker ${i}` : kind, [MAIN, kind, '--database', postgres.url, '--broker', broker.url]),
    );
    const folder = mkdtempSync(join(tmpdir(), 'luciole-demo-'));
    this.#closers.push(async () => rmSync(folder, { recursive: true, force: true }));
    for (const [i, id] of CABINETS.entries())
      this.#run(id, [CABINET, '--id', id, '--broker', broker.url, '--seed', String(i + 1), '--dir', join(folder, id)]);
    const arrived = await Promise.race([this.failed, firstReadings(database, this.#signal)]);
    this.#signal.throwIfAborted();
    if (!arrived) throw new Error('no reading of each cabinet has arrived within a minute');
    this.#firstReadingS = (performance.now() - this.#startedMs) / 1_000;
    const places = { databaseUrl: postgres.url, brokerUrl: broker.url, seconds: this.#firstReadingS };
    this.#say(demoGuide({ ...places, processes: this.#processes(postgres, broker) }));
    const { broker: address } = readPlatformOptions(['worker', '--broker', broker.url]);
    const watching = watchDemo({ databaseUrl: postgres.url, broker: address, host }, this.#say, this.#signal);
    this.#closers.push(() => watching);
  }

  async summary(): Promise<Record<string, unknown>> {
    const query = this.#database?.query;
    const [row] = (await query?.<{ readings: string }>('select count(*) as readings from reading')) ?? [];
    const cabinets = (await query?.('select cabinet, online, rows_complete::int, devices_alive::int from cabinet order by 1')) ?? [];
    return { firstReadingS: Number(this.#firstReadingS.toFixed(1)), readings: Number(row?.readings ?? 0), cabinets };
  }

  /** Ends all parts, those that need others first. */
  async close(): Promise<void> {
    await Promise.all(this.#parts.map((part) => part.stop()));
    for (const close of this.#closers.reverse()) await close();
  }

  async #startPostgres(): Promise<TemporaryPostgres> {
    const postgres = await startTemporaryPostgres([], {
      ...{ detached: true, signal: this.#signal },
      onEnd: this.#restarter('PostgreSQL', () => postgres.start()),
    });
    this.#closers.push(() => postgres.stop());
    return postgres;
  }

  async #startBroker(): Promise<TemporaryMosquitto> {
    const broker = await startTemporaryMosquitto({ detached: true, onEnd: this.#restarter('Mosquitto', () => broker.start()) });
    this.#closers.push(() => broker.stop());
    this.#signal.throwIfAborted();
    return broker;
  }

  /** What is done when a server ends by itself. */
  #restarter(name: string, start: () => Promise<void>): (how: string) => void {
    const endsMs: number[] = [];
    const again = async (how: string): Promise<void> => {
      endsMs.push(Date.now());
      if (!isWorthAStart(endsMs, Date.now())) throw new Error(`${name} ends again and again (${how})`);
      this.#say(`${name} has ended (${how}); it is started again`);
      await pause(SERVER_AGAIN_MS);
      if (!this.#signal.aborted) await start();
    };
    return (how) => void again(how).catch((error: unknown) => this.#fail(error));
  }

  #run(name: string, words: readonly string[]): DemoPart {
    const part = new DemoPart(name, words, this.#say, (line) => {
      if (!/ runs, agent \d+$/.test(line)) this.#say(line);
    });
    this.#parts.push(part);
    part.run().catch((error: unknown) => this.#fail(error));
    return part;
  }

  #fail(error: unknown): void {
    for (const reject of this.#ended) reject(error instanceof Error ? error : new Error(String(error)));
  }

  #processes(postgres: TemporaryPostgres, broker: TemporaryMosquitto): string[] {
    const servers = [`PostgreSQL ${postgres.pid}`, `Mosquitto ${broker.pid}`].join(', ');
    return [servers, this.#parts.map(({ name, pid }) => `${name}: ${pid}`).join(', ')];
  }
}

/** Waits until each cabinet has readings. Returns false when they do not arrive in time. */
async function firstReadings(database: Database, signal: AbortSignal): Promise<boolean> {
  for (let waitedMs = 0; waitedMs < FIRST_READING_MS && !signal.aborted; waitedMs += 500) {
    if ((await cabinetsWithReadings(database)) === CABINETS.length) return true;
    await pause(500, undefined, { signal }).catch(() => undefined);
  }
  return false;
}

/** 0 while the database is away. */
async function cabinetsWithReadings({ query }: Database): Promise<number> {
  try {
    const [row] = await query<{ cabinets: string }>('select count(distinct cabinet) as cabinets from reading');
    return Number(row?.cabinets ?? 0);
  } catch (error) {
    if (!(error instanceof PlatformFailure) || error.policy.kind !== 'retry') throw error;
    return 0;
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

/** Aborts with the first signal or after the time. Further signals are answered, so that nothing is left behind. */
function stopSignal(seconds: number | null, say: Say): AbortSignal {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      if (controller.signal.aborted) say('still ending; this takes some seconds');
      controller.abort();
    });
  }
  if (seconds !== null) setTimeout(() => controller.abort(), seconds * 1_000).unref();
  return controller.signal;
}
