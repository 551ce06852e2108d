/** Looks at the parts of the demo each second, and reports what stops and what goes on. */
import { setTimeout as pause } from 'node:timers/promises';
import { type HostConnection, openConnection } from '../broker/mqtt-connection.ts';
import type { HostCommandOptions } from '../cli/options.ts';
import { type Database, openDatabase } from '../database/postgres.ts';
import { HealthLog, type PartState } from './health.ts';
import type { DemoPart, Say } from './parts.ts';

const LOOK_MS = 1_000;
/** Without an answer for this long a part counts as stopped. Units: ms. Source: assumed; on a loaded machine a query of the demo takes half a second. Confirmed by: users of the demo. */
const ANSWER_MS = 4_000;
/** A process reports each second. Units: s. Source: assumed; as `ANSWER_MS`, with the pause of its own retries. Confirmed by: users of the demo. */
const SILENT_S = 8;

/** The parts of the demo that `watchDemo` checks, besides the cabinets in the database. */
export interface WatchedDemo {
  readonly databaseUrl: string;
  readonly broker: HostCommandOptions['broker'];
  /** Processes of the host, which report to the database. */
  readonly host: readonly DemoPart[];
}

interface Look {
  readonly cabinet: string | null;
  readonly online: boolean;
  readonly id: string | null;
  readonly silent_s: number;
}

/**
 * Checks the database, the broker and the cabinets until `signal` aborts, with a pause of 1 s after each check. Checks the host's processes
 * too once database and broker have answered for 16 s. `say` receives a sentence when a part stops answering or answers again.
 */
export async function watchDemo({ databaseUrl, broker, host }: WatchedDemo, say: Say, signal: AbortSignal): Promise<void> {
  const database = openDatabase({ url: databaseUrl, connections: 1, queryTimeoutMs: ANSWER_MS });
  const connection = openConnection({ broker, topics: [] });
  const health = new HealthLog();
  // The connection to the broker has a moment before it counts.
  await pause(LOOK_MS, undefined, { signal }).catch(() => undefined);
  let answersSinceMs = Date.now();
  while (!signal.aborted) {
    const [rows, isBrokerWell] = await Promise.all([lookAtDatabase(database), answers(connection)]);
    if (signal.aborted) break;
    const nowMs = Date.now();
    if (rows === null || !isBrokerWell) answersSinceMs = nowMs;
    // A process that waits for the database or the broker is silent for that reason.
    const judged = nowMs - answersSinceMs > 2 * SILENT_S * 1_000 ? host : [];
    for (const sentence of health.look(statesOf(rows, isBrokerWell, judged), nowMs)) say(sentence);
    await pause(LOOK_MS, undefined, { signal }).catch(() => undefined);
  }
  await Promise.all([within(database.end()), within(connection.close())]);
}

/** Null if the database does not answer. */
async function lookAtDatabase({ query }: Database): Promise<Look[] | null> {
  try {
    return await query<Look>(
      `select cabinet, online, null as id, 0::float8 as silent_s from cabinet
       union all select null, true, id, extract(epoch from now() - seen_at)::float8 from process order by cabinet`,
    );
  } catch {
    // It is away or stands still: that is what is looked for.
    return null;
  }
}

/** A broker that stands still accepts connections, but acknowledges nothing. */
async function answers(connection: HostConnection): Promise<boolean> {
  return (await within(connection.publish('luciole-demo/watch', '', { qos: 1 }))) === true;
}

function within<T>(work: Promise<T>): Promise<T | undefined> {
  return Promise.race([work, pause(ANSWER_MS, undefined, { ref: false })]);
}

function statesOf(rows: readonly Look[] | null, isBrokerWell: boolean, host: readonly DemoPart[]): PartState[] {
  const database = {
    ...{ name: 'the database', isWell: rows !== null },
    ...{ bad: 'does not answer: workers keep what arrives, and cabinets keep what is not stored', good: 'answers' },
  };
  const broker = { name: 'the broker', isWell: isBrokerWell, bad: 'does not answer: cabinets store their readings', good: 'answers' };
  const cabinets = (rows ?? []).flatMap(({ cabinet, online }) =>
    cabinet === null ? [] : [{ name: cabinet, isWell: online, bad: 'is offline', good: 'is online again' }],
  );
  const processes = host.flatMap(({ name, pid }) => {
    const row = (rows ?? []).find(({ id }) => id?.includes(`-${pid}-`) === true);
    if (row === undefined) return [];
    return [{ name, isWell: row.silent_s < SILENT_S, bad: `(process ${pid}) has not reported for ${SILENT_S} s`, good: 'reports' }];
  });
  return [database, broker, ...cabinets, ...processes];
}
