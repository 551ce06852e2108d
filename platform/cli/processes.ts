/** The processes that run until they are stopped: `state`, `worker` and `commands`. */
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { readBrokerFiles } from '../broker/broker-files.ts';
import { Dispatcher } from '../commands/dispatcher.ts';
import { PlatformFailure } from '../core/errors.ts';
import { checkTables } from '../database/migrate.ts';
import { type Database, openDatabase } from '../database/postgres.ts';
import { createHostLog, type HostLog } from '../service/host-log.ts';
import { createHostMetrics, type HostMetrics, serveMetrics } from '../service/metrics.ts';
import { StatePublisher } from '../state/state-publisher.ts';
import { Worker } from '../worker/worker.ts';
import type { HostCommandOptions } from './options.ts';

interface Parts {
  readonly id: string;
  readonly database: Database;
  readonly metrics: HostMetrics;
  readonly log: HostLog;
}

/** One transaction at a time, the heartbeat beside it, and one in reserve. */
const CONNECTIONS = 3;
/** A database that stands still must not hold STATE online. Units: ms. Source: assumed; its only queries touch one row. Confirmed by: the load of the city's database. */
const STATE_QUERY_MS = 5_000;

/**
 * Stores in the database what the cabinets send, and acknowledges it to them, until SIGTERM or SIGINT. Waits while the database is away.
 * Errors: rejects, for example if the database is available at the start and does not have the tables of this program.
 */
export async function runWorker(options: HostCommandOptions): Promise<void> {
  await runProcess('worker', options, async (parts) => {
    const { broker, groups, hostId, isPacked } = options;
    const worker = new Worker({ ...parts, broker, groups, hostId, isPacked });
    await worker.start();
    await signalled();
    await worker.stop();
  });
}

/**
 * Publishes on the broker whether the host is online (Sparkplug STATE), until SIGTERM or SIGINT. It is online while the database shows a
 * ready worker; it stays so for 15 s if the database does not answer. Errors: as `runWorker`.
 */
export async function runState(options: HostCommandOptions): Promise<void> {
  await runProcess('state', options, async (parts) => {
    const publisher = new StatePublisher({ ...parts, broker: options.broker, hostId: options.hostId });
    publisher.start();
    await signalled();
    await publisher.stop();
  });
}

/**
 * Sends to the cabinets the commands and requests in the database, and cleans up the tables, until SIGTERM or SIGINT. Waits while another
 * process does this, or while the database is away. Errors: as `runWorker`.
 */
export async function runCommands(options: HostCommandOptions): Promise<void> {
  await runProcess('commands', options, async (parts) => {
    const dispatcher = new Dispatcher({ ...parts, broker: options.broker });
    const running = dispatcher.run();
    await Promise.race([running, signalled()]);
    dispatcher.stop();
    await running;
  });
}

async function runProcess(kind: string, options: HostCommandOptions, work: (parts: Parts) => Promise<void>): Promise<void> {
  readBrokerFiles(options.broker);
  const id = `${kind}-${hostname()}-${process.pid}-${randomUUID().slice(0, 8)}`;
  const log = createHostLog(kind);
  const metrics = createHostMetrics();
  const server = options.metrics === undefined ? null : await serveMetrics(metrics, options.metrics);
  const database = openDatabase({
    url: options.database,
    connections: CONNECTIONS,
    ...(kind === 'state' ? { queryTimeoutMs: STATE_QUERY_MS } : {}),
  });
  log('started', { id, pid: process.pid });
  try {
    await refuseForeignTables(database);
    await work({ id, database, metrics, log });
  } finally {
    server?.close();
    await database.end().catch(() => undefined);
  }
  log('stopped', { id });
}

/** A database that is away is no reason to end: the work waits for it. */
async function refuseForeignTables({ query }: Database): Promise<void> {
  await checkTables(query).catch((error: unknown) => {
    if (!(error instanceof PlatformFailure) || error.policy.kind !== 'retry') throw error;
  });
}

function signalled(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve());
  });
}
