/** What must be requested from cabinets: births that workers need, rows that are missing. */
import { holesBelow, MOST_WATCHED, type RowSpan } from '../core/holes.ts';
import { afterRequest, mayAsk, type RebirthHistory } from '../core/pacing.ts';
import type { RunQuery } from './postgres.ts';

/** A node whose births may be requested now. `nowMs`: when it was read; ms UTC of the database, whose clock all processes share. */
export interface WantedRebirth {
  readonly id: number;
  readonly group: string;
  readonly node: string;
  readonly history: RebirthHistory;
  readonly nowMs: number;
}

/**
 * A node is given this long after its NBIRTH until a message that cannot be decoded proves that births are missing: while a whole city is
 * born, the births of one node may wait in the queue of another worker, and requests would double the load. Units: s. Source: assumed; ten
 * times the lag of births at the start of 1,450 cabinets. Confirmed by: `npm run city -- --phases start`, births requested.
 */
const BORN_S = 20;
/** The same for a node that was never born, from its first message on. Units: s. Source: as above. */
const UNBORN_S = 10;

/**
 * Returns at most `most` nodes whose births may be requested now. A node is left out during the pause after a request. It is also left out
 * until `wantRebirths` is called for it more than 20 s after its NBIRTH. A node that was never born is left out for 10 s after the first
 * call. Order: by the time that `wantRebirths` recorded, oldest first.
 */
export async function wantedRebirths(query: RunQuery, most: number): Promise<WantedRebirth[]> {
  const rows = await query<{ id: number; group_name: string; node: string; asked_ms: number | null; wait_ms: number; now_ms: number }>(
    `select n.id, n.group_name, n.node, extract(epoch from r.asked_at)::float8 * 1000 as asked_ms, r.wait_ms,
       extract(epoch from now())::float8 * 1000 as now_ms
     from rebirth r join node n on n.id = r.node_id
     where r.is_wanted
       and (r.wanted_at > n.received_at + make_interval(secs => $2) or (n.received_at is null and r.wanted_at <= now() - make_interval(secs => $3)))
       and (r.asked_at is null or r.asked_at + r.wait_ms * interval '1 ms' <= now() or r.asked_at > now())
     order by r.wanted_at limit $1`,
    [most, BORN_S, UNBORN_S],
  );
  return rows
    .map(({ id, group_name: group, node, asked_ms: askedMs, wait_ms: waitMs, now_ms: nowMs }) => ({
      ...{ id, group, node, nowMs },
      history: { askedMs, waitMs },
    }))
    .filter(({ history, nowMs }) => mayAsk(history, nowMs));
}

/** Records that births are requested at `nowMs`, and the pause before the next request. They stay wanted until an NBIRTH is stored. */
export async function markAsked(query: RunQuery, { id, history, nowMs }: WantedRebirth): Promise<void> {
  const { waitMs } = afterRequest(history, nowMs);
  await query('update rebirth set asked_at = to_timestamp($2 / 1000.0), wait_ms = $3, requests = requests + 1 where node_id = $1', [
    id,
    nowMs,
    waitMs,
  ]);
}

/**
 * The lowest missing rows of nodes that are online, in their present epoch: rows that they have sent, below the highest one received. At
 * most `MOST_WATCHED` holes of each node; none if the node has not sent those rows yet.
 */
export async function holesOfNodes(
  query: RunQuery,
): Promise<{ readonly group: string; readonly node: string; readonly epoch: string; readonly holes: readonly RowSpan[] }[]> {
  const rows = await query<{ group_name: string; node: string; epoch: string; sent: number; holes: [string, string][] }>(
    `select n.group_name, n.node, e.epoch, greatest(coalesce((s.value #>> '{}')::float8, 0), coalesce((c.value #>> '{}')::float8, 0)) as sent,
       (select jsonb_agg(jsonb_build_array(lower(h)::text, (upper(h) - 1)::text))
        from (select l from unnest(int8multirange(int8range(1, upper(e.complete))) - e.complete) l order by l limit $1) lowest (h)) as holes
     from node n join node_epoch e on e.node_id = n.id and e.epoch = n.epoch
       left join property_data s on s.node_id = n.id and s.device = '' and s.name = 'Sync/Sent' and jsonb_typeof(s.value) = 'number'
       left join property_data c on c.node_id = n.id and c.device = '' and c.name = 'Sync/Cursor' and jsonb_typeof(c.value) = 'number'
     where n.is_online and not isempty(e.complete) and (lower(e.complete) > 1 or (select count(*) from unnest(e.complete)) > 1)`,
    [MOST_WATCHED],
  );
  return rows.map(({ group_name: group, node, epoch, sent, holes }) => ({
    ...{ group, node, epoch },
    holes: holesBelow(
      (holes ?? []).map(([from, to]) => ({ from: Number(from), to: Number(to) })),
      sent,
    ),
  }));
}
