/** Which processes of the host run, and which births they need. */
import type { RunQuery } from './postgres.ts';

/**
 * What a running process reports about itself. `id`: its key in the table. `startedMs`: ms UTC; that of the first report stays. `isReady`:
 * false for a worker without its subscriptions at the broker, true for the other kinds.
 */
export interface ProcessNote {
  readonly id: string;
  readonly kind: 'worker' | 'commands' | 'state';
  readonly startedMs: number;
  readonly isReady: boolean;
}

/** A worker that has not reported for this long is gone. Units: s. Source: assumed; a restart of the only worker takes some seconds, and must not look like an outage to the cabinets. Confirmed by: restarts under load. */
const GONE_S = 15;

/** Records that a process runs now and, with `isReady`, that it is ready now. Without it, the time at which it was last ready stays. */
export async function noteProcess(query: RunQuery, { id, kind, startedMs, isReady }: ProcessNote): Promise<void> {
  await query(
    `insert into process as p (id, kind, started_at, seen_at, ready_at) values ($1, $2, to_timestamp($3 / 1000.0), now(), case when $4 then now() end)
     on conflict (id) do update set seen_at = now(), ready_at = coalesce(excluded.ready_at, p.ready_at)`,
    [id, kind, startedMs, isReady],
  );
}

/**
 * Whether at least one worker reported in the last 15 s that it was ready. A worker that ended in order counts as long as one that was
 * killed.
 */
export async function hasReadyWorker(query: RunQuery): Promise<boolean> {
  const [found] = await query<{ is_ready: boolean }>(
    `select exists (select from process where kind = 'worker' and ready_at > now() - make_interval(secs => $1)) as is_ready`,
    [GONE_S],
  );
  return found?.is_ready === true;
}

/**
 * Records that births of these nodes are needed, and when; the process `commands` requests them at its pace. Each call sets that time
 * to now, except for a node that was never born: its first call counts. Give each node once. Errors: as `query`.
 */
export async function wantRebirths(query: RunQuery, nodes: readonly number[]): Promise<void> {
  await query(
    `insert into rebirth as r (node_id, is_wanted, wanted_at) select u, true, now() from unnest($1::int[]) u order by 1
     on conflict (node_id) do update set is_wanted = true, wanted_at =
       case when r.is_wanted and exists (select from node n where n.id = r.node_id and n.received_at is null) then r.wanted_at else now() end`,
    [nodes],
  );
}
