/**
 * `demo`: a database, a broker, the host and three simulated cabinets, all on this machine and only until it is stopped.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type HostCommandOptions, numberOption } from '../cli/options.ts';
import { migrateDatabase } from '../database/migrate.ts';
import { type Database, openDatabase } from '../database/postgres.ts';
import { endProcess } from '../servers/programs.ts';
import { startTemporaryMosquitto } from '../servers/temporary-mosquitto.ts';
import { startTemporaryPostgres, type TemporaryPostgres } from '../servers/temporary-postgres.ts';

const MAIN = join(import.meta.dirname, '../main.ts');
/** The repository's simulated street, as a program. */
const CABINET = join(import.meta.dirname, '../../test/street/cabinet-process.ts');
const CABINETS = ['demo-1', 'demo-2', 'demo-3'];
/** A cabinet starts within 10 s on a quiet machine. Units: ms. Source: assumed; six times that. Confirmed by: starts on a loaded machine. */
const FIRST_READING_MS = 60_000;

/** Runs until Ctrl-C, or for `--seconds`. Resolves with the exit code: 1 when no reading arrives or a part ends by itself. */
export async function runDemo({ values, isJson }: HostCommandOptions): Promise<number> {
  const startedMs = performance.now();
  const children: ChildProcess[] = [];
  const closers: (() => Promise<void>)[] = [];
  const stopped = signalled(values['seconds'] === undefined ? null : numberOption('--seconds', values['seconds'], 0));
  const say = (text: string): void => console.error(text);
  try {
    say('starting PostgreSQL and Mosquitto');
    const postgres = await startTemporaryPostgres();
    closers.push(() => postgres.stop());
    const broker = await startTemporaryMosquitto();
    closers.push(() => broker.stop());
    const database = openDatabase({ url: postgres.url, connections: 1 });
    closers.push(() => database.end());
    await migrateDatabase(database);
    say('starting the host: state, two workers, commands; and three cabinets');
    const quiet = ['ignore', 'ignore', 'inherit'] as const;
    for (const kind of ['state', 'worker', 'worker', 'commands']) {
      children.push(
        spawn(process.execPath, [MAIN, kind, '--database', postgres.url, '--broker', broker.url], { stdio: ['ignore', 'ignore', 'pipe'] }),
      );
    }
    CABINETS.forEach((id, i) => {
      children.push(
        spawn(process.execPath, [CABINET, '--id', id, '--broker', broker.url, '--seed', String(i + 1)], {
          stdio: [...quiet],
          detached: true,
        }),
      );
    });
    for (const child of children) child.stderr?.resume();
    const ended = Promise.race(
      children.map((child) => new Promise<string>((resolve) => child.once('exit', () => resolve(child.spawnargs.join(' '))))),
    );
    const readings = await Promise.race([firstReadings(database), ended, stopped.then(() => 'stopped')]);
    if (typeof readings === 'string') return finish(readings, isJson);
    if (readings === 0) say('no reading has arrived within a minute');
    const seconds = (performance.now() - startedMs) / 1_000;
    say(guide(postgres, broker.url, seconds));
    const reason = await Promise.race([ended, stopped.then(() => 'stopped')]);
    if (isJson) console.log(JSON.stringify(await summary(database, seconds)));
    return finish(reason, isJson);
  } finally {
    say('ending all parts');
    await Promise.all(children.map((child) => endProcess(child, 'SIGTERM')));
    for (const close of closers.reverse()) await close();
  }
}

function finish(reason: string, isJson: boolean): number {
  if (reason === 'stopped') return 0;
  if (!isJson) console.error(`a part ended by itself: ${reason}`);
  return 1;
}

/** Waits until each cabinet has readings. */
async function firstReadings(database: Database): Promise<number> {
  let count = 0;
  for (let waitedMs = 0; waitedMs < FIRST_READING_MS; waitedMs += 500) {
    const [row] = await database.query<{ cabinets: string; readings: string }>(
      'select count(distinct cabinet) as cabinets, count(*) as readings from reading',
    );
    count = Number(row?.readings ?? 0);
    if (Number(row?.cabinets ?? 0) === CABINETS.length) return count;
    await pause(500);
  }
  return count;
}

async function summary(database: Database, firstReadingS: number): Promise<Record<string, unknown>> {
  const [row] = await database.query<{ readings: string }>('select count(*) as readings from reading');
  const cabinets = await database.query('select cabinet, online, rows_complete, devices_alive from cabinet order by 1');
  return { firstReadingS: Number(firstReadingS.toFixed(1)), readings: Number(row?.readings ?? 0), cabinets };
}

function guide({ url }: TemporaryPostgres, broker: string, seconds: number): string {
  return `
Readings of three cabinets are in PostgreSQL, ${seconds.toFixed(0)} s after the start. In a second terminal:

  psql ${url}

  select * from cabinet;
  select device, quantity, value, unit, quality, time from reading
    where cabinet = 'demo-1' order by time desc limit 20;
  select device, avg(value) as watts from reading
    where quantity = 'power' and time > now() - interval '5 minutes' group by 1 order by 1;
  select * from event;
  insert into command (cabinet, device, metrics)
    values ('demo-1', 'rue', '{"Override/Level": 80, "Override/Minutes": 5}');
  select id, state, reason from command;

The broker is ${broker}; its topics begin with spBv1.0/Demo.
All tables: docs/city-database.md. Ctrl-C ends everything and removes the data.
`;
}

function signalled(seconds: number | null): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => resolve());
    if (seconds !== null) setTimeout(resolve, seconds * 1_000).unref();
  });
}
