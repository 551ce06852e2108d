/**
 * Writes a batch in one transaction. Returns what may be acknowledged once it is committed.
 *
 * Every statement touches its rows in the order of their keys, and the tables come in one order, so that workers do not wait for each
 * other in a circle.
 */
import type { AckPoint, LogPoint } from '../core/acks.ts';
import type { Batch } from '../core/batch.ts';
import type { SeenParts } from '../core/rows-mark.ts';
import { AHEAD_MS } from '../core/times.ts';
import type { Database, RunQuery } from './postgres.ts';
import { saveCommandOutcomes, saveEvents, saveGaps, saveLog } from './store-reports.ts';

/** What a committed batch allows to acknowledge. `inserted`: readings that were new. */
export interface StoredBatch {
  /** The present heads of each stored epoch of which the batch has rows or parts of them, even if they did not move. */
  readonly acks: readonly AckPoint[];
  /** One for each node with audit entries in the batch, if there is an entry up to which all are stored. */
  readonly logs: readonly LogPoint[];
  readonly inserted: number;
}

/** Ranges of complete rows that are kept for one store of a node, the lowest first. Rows beyond them count as not received, so they are requested again. Source: assumed; 16 KB that each batch rewrites, while a cabinet whose rows arrive in order has one. Confirmed by: the ranges of a real fleet after the loss of a worker. */
const MOST_RANGES = 1_000;

/** Writes a batch in one transaction. Errors: as `Database.query`; then nothing was written, unless the connection was lost at the commit. */
export function storeBatch(database: Database, batch: Batch): Promise<StoredBatch> {
  return database.transaction(async (query) => {
    const inserted = await saveReadings(query, batch);
    await saveProperties(query, batch);
    await saveDevices(query, batch);
    await saveEvents(query, batch);
    await saveGaps(query, batch);
    const logs = await saveLog(query, batch);
    await saveCommandOutcomes(query, batch);
    await saveDeaths(query, batch);
    const acks = await saveRows(query, batch);
    return { acks, logs, inserted };
  });
}

async function saveReadings(query: RunQuery, { readings }: Batch): Promise<number> {
  if (readings.series.length === 0) return 0;
  const [counted] = await query<{ inserted: string }>(
    `with fresh as (
       insert into reading_data (series_id, quality, at, value)
       select s, q, to_timestamp(t / 1000.0), v from unnest($1::int[], $2::smallint[], $3::float8[], $4::float8[]) u (s, q, t, v) order by s, t
       on conflict (series_id, at) do nothing returning 1
     ) select count(*) as inserted from fresh`,
    [arrayText(readings.series), arrayText(readings.quality), arrayText(readings.atMs), arrayText(readings.value)],
  );
  return Number(counted?.inserted ?? 0);
}

/** The library would quote each number of an array by itself, which costs a third of a worker's time. Measured with 10,000 values a second. */
function arrayText(values: readonly (number | null)[]): string {
  return `{${values.map((value) => (value === null ? 'null' : String(value))).join()}}`;
}

async function saveProperties(query: RunQuery, { properties }: Batch): Promise<void> {
  if (properties.size === 0) return;
  const rows = [...properties.values()];
  await query(
    `insert into property_data as p (node_id, device, name, value, at)
     select u.node, u.device, u.name, u.value::jsonb, to_timestamp(u.ms / 1000.0)
     from unnest($1::int[], $2::text[], $3::text[], $4::text[], $5::float8[]) u (node, device, name, value, ms) order by 1, 2, 3
     on conflict (node_id, device, name) do update set value = excluded.value, at = excluded.at
       where (p.at <= excluded.at or p.at > now() + $6 * interval '1 ms') and p.value is distinct from excluded.value`,
    [
      ...[rows.map(({ node }) => node), rows.map(({ device }) => device), rows.map(({ name }) => name)],
      ...[rows.map(({ value }) => jsonOf(value)), rows.map(({ atMs }) => atMs), AHEAD_MS],
    ],
  );
}

/** Null is a value that the node does not have. Bytes are base64. */
function jsonOf(value: number | boolean | string | Uint8Array | null): string | null {
  if (value instanceof Uint8Array) return JSON.stringify(Buffer.from(value).toString('base64'));
  return value === null || (typeof value === 'number' && !Number.isFinite(value)) ? null : JSON.stringify(value);
}

async function saveDevices(query: RunQuery, { devices }: Batch): Promise<void> {
  if (devices.size === 0) return;
  const rows = [...devices.values()];
  await query(
    `insert into device_data as d (node_id, device, is_alive, changed_at)
     select u.node, u.device, u.alive, to_timestamp(u.ms / 1000.0) from unnest($1::int[], $2::text[], $3::boolean[], $4::float8[]) u (node, device, alive, ms)
     order by 1, 2 on conflict (node_id, device) do update set is_alive = excluded.is_alive, changed_at = excluded.changed_at
       where d.changed_at <= excluded.changed_at or d.changed_at > now() + $5 * interval '1 ms'`,
    [
      ...[rows.map(({ node }) => node), rows.map(({ device }) => device), rows.map(({ isAlive }) => isAlive)],
      ...[rows.map(({ atMs }) => atMs), AHEAD_MS],
    ],
  );
}

/**
 * A death counts for the session with its bdSeq, and not for a newer one. That of a session whose birth was lost has a newer number than the
 * node, so its node is offline too. Source: Sparkplug 3.0, `payloads-ndeath-bdseq`: bdSeq counts the sessions, 0 to 255.
 */
async function saveDeaths(query: RunQuery, { deaths }: Batch): Promise<void> {
  if (deaths.length === 0) return;
  await query(
    `update node n set is_online = n.is_online and coalesce((u.bd_seq - n.bd_seq + 256) % 256 >= 128, true), death_bd_seq = u.bd_seq, death_at = now()
     from (select distinct on (node) node, bd_seq from unnest($1::int[], $2::smallint[]) with ordinality as t (node, bd_seq, i) order by node, i desc) u
     where n.id = u.node`,
    [deaths.map(({ node }) => node), deaths.map(({ bdSeq }) => bdSeq % 256)],
  );
}

/**
 * Adds the rows of which all messages have arrived, here or at another worker, and returns how far each node is complete.
 *
 * A node that sends is online, even if its birth was lost; the last messages before a death may be stored after it.
 */
async function saveRows(query: RunQuery, batch: Batch): Promise<readonly AckPoint[]> {
  const { complete, partial } = batch.parts.result();
  const finished = [...complete, ...(await saveParts(query, partial))];
  const epochs = [...complete, ...partial];
  if (epochs.length === 0) return [];
  // First the locks, in one order: an update takes them in an order of its own.
  await query(
    `select 1 from node_epoch e join (select distinct node, epoch from unnest($1::int[], $2::text[]) u (node, epoch)) u
       on e.node_id = u.node and e.epoch = u.epoch order by e.node_id, e.epoch for update of e`,
    [epochs.map(({ node }) => node), epochs.map(({ epoch }) => epoch)],
  );
  if (finished.length > 0) {
    await query(
      `insert into node_epoch as e (node_id, epoch, complete, last_row_at)
       select node, epoch, range_agg(int8range(f, t + 1)), now() from unnest($1::int[], $2::text[], $3::bigint[], $4::bigint[]) u (node, epoch, f, t)
       group by 1, 2 order by 1, 2
       on conflict (node_id, epoch) do update set last_row_at = now(),
         complete = (select range_agg(r) from (select r from unnest(e.complete + excluded.complete) r order by r limit $5) lowest)`,
      [
        finished.map(({ node }) => node),
        finished.map(({ epoch }) => epoch),
        finished.map(({ from }) => from),
        finished.map(({ to }) => to),
        MOST_RANGES,
      ],
    );
  }
  await query(
    `update node set is_online = true where id = any($1) and not is_online and (death_at is null or death_at < now() - interval '5 seconds')`,
    [[...new Set(epochs.map(({ node }) => node))]],
  );
  return readHeads(query, epochs);
}

async function saveParts(query: RunQuery, partial: readonly SeenParts[]): Promise<SeenParts[]> {
  if (partial.length === 0) return [];
  const merged = await query<{ node_id: number; epoch: string; from_row: string; to_row: string; parts: number }>(
    `with merged as (
       insert into row_part as p (node_id, epoch, from_row, to_row, parts, seen)
       select node, epoch, f, t, parts, seen::bit varying from unnest($1::int[], $2::text[], $3::bigint[], $4::bigint[], $5::smallint[], $6::text[])
         u (node, epoch, f, t, parts, seen) order by 1, 2, 3, 4, 5
       on conflict (node_id, epoch, from_row, to_row, parts) do update set seen = p.seen | excluded.seen
       returning *)
     select node_id, epoch, from_row, to_row, parts from merged where bit_count(seen) = parts`,
    [
      ...[partial.map(({ node }) => node), partial.map(({ epoch }) => epoch), partial.map(({ from }) => from)],
      ...[partial.map(({ to }) => to), partial.map(({ parts }) => parts), partial.map(({ seen }) => seen)],
    ],
  );
  if (merged.length > 0) {
    await query(
      `delete from row_part p using unnest($1::int[], $2::text[], $3::bigint[], $4::bigint[], $5::smallint[]) u (node, epoch, f, t, parts)
       where p.node_id = u.node and p.epoch = u.epoch and p.from_row = u.f and p.to_row = u.t and p.parts = u.parts`,
      [
        ...[merged.map(({ node_id }) => node_id), merged.map(({ epoch }) => epoch), merged.map(({ from_row }) => from_row)],
        ...[merged.map(({ to_row }) => to_row), merged.map(({ parts }) => parts)],
      ],
    );
  }
  return merged.map(({ node_id, epoch, from_row, to_row, parts }) => ({
    node: node_id,
    epoch,
    from: Number(from_row),
    to: Number(to_row),
    parts,
    seen: '',
  }));
}

/**
 * Returns up to which row, and up to which gap, the stored data of these epochs are complete; 0 for none. Rows that were delivered before
 * the first birth known here count as stored. An epoch that the database does not have is left out.
 */
export async function readHeads(
  query: RunQuery,
  epochs: readonly { readonly node: number; readonly epoch: string }[],
): Promise<readonly AckPoint[]> {
  const rows = await query<{ node_id: number; epoch: string; head: string; gap_head: string }>(
    `select e.node_id, e.epoch, e.gap_head, case when lower(e.complete) <= 1 then upper((select r from unnest(e.complete) r limit 1)) - 1 else 0 end as head
     from node_epoch e join (select distinct node, epoch from unnest($1::int[], $2::text[]) u (node, epoch)) u on e.node_id = u.node and e.epoch = u.epoch`,
    [epochs.map(({ node }) => node), epochs.map(({ epoch }) => epoch)],
  );
  return rows.map(({ node_id, epoch, head, gap_head }) => ({ node: node_id, epoch, head: Number(head), gapHead: Number(gap_head) }));
}
