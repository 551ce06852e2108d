/** Notifications between workers: births of these nodes have changed. */
import type { RunQuery } from './postgres.ts';

/** The PostgreSQL channel on which a worker notifies the others that it has stored births. */
export const BIRTH_CHANNEL = 'luciole_birth';

/** A worker has stored births. `by`: its id in the table `process`. `nodes`: ids of the table `node`. A repeated birth may be left out. */
export interface BirthNotice {
  readonly by: string;
  readonly nodes: readonly number[];
}

/** Nodes in one notification. Source: PostgreSQL, NOTIFY: a payload is shorter than 8,000 bytes. */
const NOTICE_NODES = 500;

/**
 * Notifies all workers, once the transaction is committed, that births of the nodes `ids` are stored. The sender receives it too, with its
 * own id in `by`. Without nodes it has no effect.
 */
export async function notifyWorkers(query: RunQuery, workerId: string, ids: readonly number[]): Promise<void> {
  for (let i = 0; i < ids.length; i += NOTICE_NODES) {
    await query('select pg_notify($1, $2)', [BIRTH_CHANNEL, JSON.stringify({ by: workerId, nodes: ids.slice(i, i + NOTICE_NODES) })]);
  }
}

/**
 * Reads a notification; undefined if it is none: every user of the database may send to the channel. Entries of `nodes` that are not
 * numbers are left out; the ids are not checked.
 */
export function readBirthNotice(payload: string): BirthNotice | undefined {
  try {
    const notice: unknown = JSON.parse(payload);
    if (typeof notice !== 'object' || notice === null || !('by' in notice) || !('nodes' in notice)) return undefined;
    const { by, nodes } = notice;
    if (typeof by !== 'string' || !Array.isArray(nodes)) return undefined;
    return { by, nodes: nodes.filter((node) => typeof node === 'number') };
  } catch {
    // Not JSON.
    return undefined;
  }
}
