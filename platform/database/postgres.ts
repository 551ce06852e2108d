/**
 * PostgreSQL: queries, transactions and notifications. The only file that uses the `pg` library.
 */
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { PlatformFailure } from '../core/errors.ts';
import { keepListening, type NoticeConnection, type StopListening } from './listener.ts';

/**
 * Runs one statement and returns its rows. Errors: rejects with PlatformFailure `database-unavailable` or `data-rejected`, and with the
 * library's error, for example for wrong SQL.
 */
export type RunQuery = <Row extends object = Record<string, unknown>>(text: string, values?: readonly unknown[]) => Promise<Row[]>;

/** A pool of connections. */
export interface Database {
  readonly query: RunQuery;
  /** Runs the work in one transaction; an error of the work rolls it back. */
  transaction<T>(work: (query: RunQuery) => Promise<T>): Promise<T>;
  /**
   * Calls back for each notification of the channels, and once after each new connection of the listener, since notifications may
   * have been missed. Connects again by itself until the function that it resolves with is called, or `end`. Errors: rejects if the first
   * connection fails.
   */
  listen(channels: readonly string[], onNotice: (channel: string, payload: string) => void, onConnect: () => void): Promise<StopListening>;
  /**
   * Runs the work while this process alone holds the lock; `lost` resolves when the connection that holds it ends. Waits for the lock until
   * `signal` is aborted; the work is then left out. A later abort does not end the work.
   *
   * Errors: as `query` before the work, then as the work.
   */
  exclusively(lock: string, signal: AbortSignal, work: (lost: Promise<void>) => Promise<void>): Promise<void>;
  /** Stops the listeners. Then closes the pool, once running queries and transactions have ended. */
  end(): Promise<void>;
}

/** Where the database is. An empty `url` uses the variables `PGHOST`, `PGPORT`, `PGDATABASE`, `PGUSER` and so on. */
export interface DatabaseAddress {
  readonly url: string;
  /** Most connections for queries and transactions; each `listen` and `exclusively` has one of its own. */
  readonly connections: number;
  /** A query without a result for this long has failed; the server ends a statement at three quarters of it. Units: ms. Default: 60,000. */
  readonly queryTimeoutMs?: number;
}

/** Source: assumed; a batch takes a quarter of a second, a migration some seconds. Units: ms. Confirmed by: the slowest batches of a city. */
const QUERY_MS = 60_000;
/** The server ends a statement at this share of the time that its client waits, so that it does not continue, with its locks, for a client that has gone. Source: assumed; the answer has a quarter of the time for its way. Confirmed by: the slowest batches of a city. */
const STATEMENT_SHARE = 0.75;
/** Source: PostgreSQL, appendix A: query_canceled, which is how `statement_timeout` ends a statement. */
const CANCELED = '57014';
/** Source: assumed; a local network answers within milliseconds. Units: ms. Confirmed by: restarts of the city's database. */
const CONNECT_MS = 10_000;
/** How long an orderly end of a connection may take. Units: ms. Source: assumed; a server that answers does it within milliseconds. Confirmed by: restarts of the city's database. */
const END_MS = 2_000;
/** Source: PostgreSQL, appendix A: 08 connection, 53 resources, 57 operator, 58 system, 40 rollback, 55P03 lock not available, 25006 a standby. */
const TRANSIENT = /^(?:08|53|57|58|40|55P03|25006)/;
/** Source: PostgreSQL, appendix A: 22 data exceptions, 23 constraints, 54 limits such as the depth of JSON. */
const REJECTED = /^(?:22|23|54)/;
/** Source: Node.js, common system errors. */
const UNREACHABLE = /^E(?:CONNREFUSED|CONNRESET|NOENT|PIPE|TIMEDOUT|HOSTUNREACH|NETUNREACH|AI_AGAIN|NOTFOUND)$/;

/**
 * Creates a pool of at most `connections`, and connects at its first use. An empty `url` uses `PGHOST` and the like. A query or a statement
 * of a transaction fails if it has no result within `queryTimeoutMs`. Units: ms. Default: 60,000.
 */
export function openDatabase({ url, connections, queryTimeoutMs = QUERY_MS }: DatabaseAddress): Database {
  const settings = url === '' ? {} : { connectionString: url };
  const pool = openPool(settings, connections, queryTimeoutMs);
  const listeners = new Set<StopListening>();
  return {
    query: (text, values = []) => run(pool, text, values),
    transaction: (work) => inTransaction(pool, work),
    async listen(channels, onNotice, onConnect) {
      const stop = await keepListening(() => openListener(settings, channels, onNotice), onConnect);
      listeners.add(stop);
      return async () => {
        listeners.delete(stop);
        await stop();
      };
    },
    exclusively: async (lock, signal, work) => {
      const client = await connectClient(settings);
      const lost = new Promise<void>((resolve) => client.once('end', resolve));
      try {
        if (await takeLock(client, lock, signal)) await work(lost);
      } finally {
        await endClient(client);
      }
    },
    async end() {
      await Promise.all([...listeners].map((stop) => stop()));
      await pool.end();
    },
  };
}

/** Errors: rejects with PlatformFailure `database-unavailable`. */
async function connectClient(settings: pg.ClientConfig): Promise<pg.Client> {
  const client = new pg.Client({ ...settings, application_name: 'luciole-platform', keepAlive: true, connectionTimeoutMillis: CONNECT_MS });
  // An error ends the connection; its end is what counts.
  client.on('error', () => {});
  await client.connect().catch((error: unknown) => {
    throw failureOf(error);
  });
  return client;
}

/** Resolves false if `signal` is aborted before the lock is free. */
async function takeLock(client: pg.Client, lock: string, signal: AbortSignal): Promise<boolean> {
  // While a query has no answer, `end` closes the connection at once.
  const leave = () => void client.end().catch(() => undefined);
  signal.addEventListener('abort', leave);
  try {
    if (!signal.aborted) await run(client, 'select pg_advisory_lock(hashtext($1))', [lock]);
    return !signal.aborted;
  } catch (error) {
    if (signal.aborted) return false;
    throw error;
  } finally {
    signal.removeEventListener('abort', leave);
  }
}

/** Does not wait for a server that no longer answers. */
async function endClient(client: pg.Client): Promise<void> {
  await Promise.race([client.end().catch(() => undefined), pause(END_MS, undefined, { ref: false })]);
}

async function openListener(
  settings: pg.ClientConfig,
  channels: readonly string[],
  onNotice: (channel: string, payload: string) => void,
): Promise<NoticeConnection> {
  const client = await connectClient(settings);
  const ended = new Promise<void>((resolve) => client.once('end', resolve));
  client.on('notification', ({ channel, payload = '' }) => onNotice(channel, payload));
  try {
    for (const channel of channels) await run(client, `listen ${channel}`, []);
  } catch (error) {
    await endClient(client);
    throw error;
  }
  return { ended, close: () => endClient(client) };
}

function openPool(settings: pg.ClientConfig, connections: number, queryTimeoutMs: number): pg.Pool {
  const pool = new pg.Pool({
    ...{ ...settings, max: connections, application_name: 'luciole-platform', keepAlive: true },
    ...{
      query_timeout: queryTimeoutMs,
      statement_timeout: Math.ceil(queryTimeoutMs * STATEMENT_SHARE),
      connectionTimeoutMillis: CONNECT_MS,
    },
  });
  // An idle connection that ends: the pool opens another one for the next query.
  pool.on('error', () => {});
  // One that ends while it is in use but between two queries: the next query fails, and is reported by its own error.
  pool.on('connect', (client) => client.on('error', () => {}));
  return pool;
}

async function run<Row extends object>(on: pg.Pool | pg.PoolClient | pg.Client, text: string, values: readonly unknown[]): Promise<Row[]> {
  try {
    const { rows } = await on.query(text, [...values]);
    return rows as Row[];
  } catch (error) {
    throw failureOf(error);
  }
}

async function inTransaction<T>(pool: pg.Pool, work: (query: RunQuery) => Promise<T>): Promise<T> {
  const client = await pool.connect().catch((error: unknown) => {
    throw failureOf(error);
  });
  let broken: Error | undefined;
  try {
    await run(client, 'begin', []);
    const result = await work((text, values = []) => run(client, text, values));
    await run(client, 'commit', []);
    return result;
  } catch (error) {
    // A connection whose query had no answer would not answer the rollback either: it is closed, which rolls back too.
    if (isSilent(error)) broken = error;
    else
      await run(client, 'rollback', []).catch((failure: unknown) => {
        broken = failure instanceof Error ? failure : new Error(String(failure));
      });
    throw error;
  } finally {
    client.release(broken);
  }
}

/** Whether the connection failed, and not a statement. */
function isSilent(error: unknown): error is PlatformFailure {
  return error instanceof PlatformFailure && error.code === 'database-unavailable' && !/^[0-9A-Z]{5}$/.test(codeOf(error.cause));
}

/** Whether the server cancelled a statement, as it does if one takes too long: a smaller one may succeed. */
export function isTimeout(error: unknown): error is PlatformFailure {
  return error instanceof PlatformFailure && codeOf(error.cause) === CANCELED;
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

/** The failure behind an error of the library; the error itself if it is one of the program, such as wrong SQL. */
function failureOf(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const code = codeOf(error);
  if (REJECTED.test(code)) return new PlatformFailure('data-rejected', error.message, error);
  const isClosed = code === '' && /Connection terminated|timeout|not queryable|Client was closed/i.test(error.message);
  if (TRANSIENT.test(code) || UNREACHABLE.test(code) || isClosed) return new PlatformFailure('database-unavailable', error.message, error);
  return error;
}
