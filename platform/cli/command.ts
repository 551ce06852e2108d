/** `command`: puts a command into the database and waits for its end; `status`: how the cabinets are. */
import { setTimeout as pause } from 'node:timers/promises';
import type { WrittenValue } from '../core/command.ts';
import { PlatformFailure } from '../core/errors.ts';
import { openDatabase, type RunQuery } from '../database/postgres.ts';
import type { HostCommandOptions } from './options.ts';

const LOOK_MS = 250;
const ENDS = ['verified', 'refused', 'failed', 'expired'];

interface Row {
  readonly id: string;
  readonly state: string;
  readonly reason: string;
  readonly outcome: unknown;
  readonly is_over: boolean;
}

/**
 * Stores one command, which the process `commands` sends, and prints its states until one is final or `expired`. Without an answer of the
 * cabinet it ends about 10 s after the expiry at the latest; after `received` it may wait longer. Resolves with the exit code: 0 when the
 * command was verified, else 1. Errors: rejects, for example with PlatformFailure for wrong words.
 */
export async function sendCommand({ words, database: url, expiresS, isJson }: HostCommandOptions): Promise<number> {
  const [target = '', ...pairs] = words;
  const [cabinet = '', device = '', ...more] = target.split('/');
  if (cabinet === '' || more.length > 0 || pairs.length === 0)
    throw new PlatformFailure('usage', 'write: command CABINET[/DEVICE] METRIC=VALUE…');
  const metrics = Object.fromEntries(pairs.map(readPair));
  const database = openDatabase({ url, connections: 1 });
  try {
    const [made] = await database.query<{ id: string }>(
      `insert into command (cabinet, device, metrics, expires_at) values ($1, $2, $3, now() + make_interval(secs => $4)) returning id`,
      [cabinet, device, JSON.stringify(metrics), expiresS],
    );
    return await follow(database.query, made?.id ?? '', isJson);
  } finally {
    await database.end();
  }
}

/**
 * Prints one line for each cabinet, as a table or, with `isJson`, as JSON. Resolves with 0, also if cabinets are offline. Errors: rejects
 * if the database fails.
 */
export async function printStatus({ database: url, isJson }: HostCommandOptions): Promise<number> {
  const database = openDatabase({ url, connections: 1 });
  try {
    const rows = await database.query<Record<string, unknown>>(
      `select c.cabinet, c.group_name, c.online, c.last_reading_at, c.rows_complete::int, c.devices_alive::int, c.devices::int, c.open_alarms::int,
         c.readings_lost::float8 from cabinet c order by 1`,
    );
    if (isJson) for (const row of rows) console.log(JSON.stringify(row));
    else console.table(rows);
    return 0;
  } finally {
    await database.end();
  }
}

async function follow(query: RunQuery, id: string, isJson: boolean): Promise<number> {
  let last = '';
  for (;;) {
    const [row] = await query<Row>(
      `select id, state, reason, outcome, expires_at < now() - interval '10 seconds' as is_over from command where id = $1`,
      [id],
    );
    if (row === undefined) throw new Error(`the command ${id} was removed`);
    if (row.state !== last) console.log(isJson ? JSON.stringify(row) : `${id}  ${row.state}  ${row.reason}`.trimEnd());
    last = row.state;
    // The process for commands ends those that are not received at their time, if it runs.
    if (row.is_over && (row.state === 'new' || row.state === 'published')) {
      console.error('the command has expired, but its state was not updated: check that `npm run platform -- commands` is running');
      return 1;
    }
    if (ENDS.includes(row.state)) return row.state === 'verified' ? 0 : 1;
    await pause(LOOK_MS);
  }
}

/** `true`, `false` and numbers are read as such; a text of digits is written in quotes. */
function readPair(pair: string): [string, WrittenValue] {
  const at = pair.indexOf('=');
  if (at < 1) throw new PlatformFailure('usage', `"${pair}": write METRIC=VALUE`);
  const [name, text] = [pair.slice(0, at), pair.slice(at + 1)];
  if (text === 'true' || text === 'false') return [name, text === 'true'];
  if (/^".*"$/.test(text)) return [name, text.slice(1, -1)];
  return [name, text !== '' && Number.isFinite(Number(text)) ? Number(text) : text];
}
