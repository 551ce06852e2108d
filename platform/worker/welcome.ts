/** What a node is asked for when its session begins. */
import type { AckPoint } from '../core/acks.ts';
import type { RunQuery } from '../database/postgres.ts';
import { readHeads } from '../database/store-batch.ts';
import type { BornSession } from '../database/store-births.ts';

/**
 * What follows from new sessions. `acks`: acknowledgements to send. `unpacked`: sessions of nodes that do not pack their backlog for this
 * host yet. `logless`: sessions of nodes that send their audit log, but this host does not have its beginning.
 */
export interface Welcome {
  readonly acks: readonly AckPoint[];
  readonly unpacked: readonly BornSession[];
  readonly logless: readonly BornSession[];
}

/**
 * Reads what new sessions need. An acknowledgement makes a node wait for those that follow; nodes without an epoch are not agents of ours
 * and get nothing. Errors: as `Database.query`.
 */
export async function readWelcome(query: RunQuery, sessions: readonly BornSession[]): Promise<Welcome> {
  const known = sessions.filter(({ session }) => session.epoch !== '');
  const epochs = known.map(({ node, session }) => ({ node: node.id, epoch: session.epoch }));
  const acks = await readHeads(query, epochs);
  const empty = await query<{ id: number }>('select id from node where id = any($1) and log_n = 0', [epochs.map(({ node }) => node)]);
  const ids = new Set(empty.map(({ id }) => id));
  return {
    acks,
    unpacked: known.filter(({ session }) => !session.isPacked),
    logless: known.filter(({ node, session }) => session.hasLog && ids.has(node.id)),
  };
}
