/** Writes what nodes report as JSON: events, gaps, audit logs and outcomes of commands. */
import type { LogPoint } from '../core/acks.ts';
import type { Batch } from '../core/batch.ts';
import { COMMAND_STATES } from '../core/command.ts';
import { AHEAD_MS } from '../core/times.ts';
import type { RunQuery } from './postgres.ts';

/**
 * Stores events; the newest report about each counts. Open events reported before the newest list of open ones, and not in it, are ended
 * with the time of that list.
 */
export async function saveEvents(query: RunQuery, { reports: { events, openEvents } }: Batch): Promise<void> {
  const rows = [...events.values()];
  if (rows.length > 0) {
    await query(
      `insert into event_data as e (node_id, id, code, source, severity, started_at, ended_at, text, body, reported_at)
       select u.node, u.id, u.code, u.source, u.severity, to_timestamp(u.start_ms / 1000.0), to_timestamp(u.end_ms / 1000.0), u.text, u.body::jsonb,
         to_timestamp(u.at_ms / 1000.0)
       from unnest($1::int[], $2::text[], $3::text[], $4::text[], $5::text[], $6::float8[], $7::float8[], $8::text[], $9::text[], $10::float8[])
         u (node, id, code, source, severity, start_ms, end_ms, text, body, at_ms) order by 1, 2
       on conflict (node_id, id) do update set ended_at = excluded.ended_at, text = excluded.text, body = excluded.body,
         severity = excluded.severity, reported_at = excluded.reported_at
         where e.reported_at <= excluded.reported_at or e.reported_at > now() + $11 * interval '1 ms'`,
      [
        ...[rows.map(({ node }) => node), rows.map(({ id }) => id), rows.map(({ code }) => code), rows.map(({ source }) => source)],
        ...[rows.map(({ severity }) => severity), rows.map(({ startMs }) => startMs), rows.map(({ endMs }) => endMs)],
        ...[rows.map(({ text }) => text), rows.map(({ body }) => body), rows.map(({ atReportMs }) => atReportMs)],
        AHEAD_MS,
      ],
    );
  }
  const lists = [...openEvents].sort(([a], [b]) => a - b);
  for (const [node, { ids, atMs }] of lists) {
    await query(
      `update node set open_events = $2, open_events_at = to_timestamp($3 / 1000.0)
       where id = $1 and (open_events_at is null or open_events_at <= to_timestamp($3 / 1000.0) or open_events_at > now() + $4 * interval '1 ms')`,
      [node, ids, atMs, AHEAD_MS],
    );
  }
  const touched = [...new Set([...rows.map(({ node }) => node), ...lists.map(([node]) => node)])];
  if (touched.length > 0) {
    await query(
      `update event_data e set ended_at = n.open_events_at from node n
       where n.id = any($1) and e.node_id = n.id and e.ended_at is null and e.id <> all(n.open_events)
         and (e.reported_at < n.open_events_at or e.reported_at > now() + $2 * interval '1 ms')`,
      [touched, AHEAD_MS],
    );
  }
}

/**
 * Stores gaps, each once: by its id, or by rows and reason if it has none. The report stored last sets the number of readings. The head of
 * an epoch becomes the last gap that an unbroken chain reaches from 0.
 */
export async function saveGaps(query: RunQuery, { reports: { gaps } }: Batch): Promise<void> {
  if (gaps.length === 0) return;
  const keyed = [
    ...new Map(gaps.map((gap) => [`${gap.node} ${gap.epoch} ${gap.id ?? `${gap.from}-${gap.to} ${gap.reason}`}`, gap])).values(),
  ];
  await query(
    `insert into gap_data (node_id, epoch, key, gap_id, after_id, from_row, to_row, readings, is_estimate, reason, at)
     select u.node, u.epoch, coalesce(u.id::text, coalesce(u.f::text, '') || '-' || coalesce(u.t::text, '') || ' ' || u.reason), u.id, u.after, u.f, u.t,
       u.readings, u.estimate, u.reason, to_timestamp(u.at_ms / 1000.0)
     from unnest($1::int[], $2::text[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::boolean[], $9::text[], $10::float8[])
       u (node, epoch, id, after, f, t, readings, estimate, reason, at_ms) order by 1, 2, 3
     on conflict (node_id, epoch, key) do update set readings = excluded.readings, is_estimate = excluded.is_estimate`,
    [
      ...[keyed.map(({ node }) => node), keyed.map(({ epoch }) => epoch), keyed.map(({ id }) => id), keyed.map(({ after }) => after)],
      ...[keyed.map(({ from }) => from), keyed.map(({ to }) => to), keyed.map(({ readings }) => Math.round(readings))],
      ...[
        keyed.map(({ isEstimate }) => isEstimate),
        keyed.map(({ reason }) => reason),
        keyed.map(({ atMs, atReportMs }) => atMs ?? atReportMs),
      ],
    ],
  );
  await query(
    `with recursive chain (node_id, epoch, id) as (
       select e.node_id, e.epoch, e.gap_head from node_epoch e join (select distinct node, epoch from unnest($1::int[], $2::text[]) u (node, epoch)) u
         on e.node_id = u.node and e.epoch = u.epoch
       union select c.node_id, c.epoch, g.gap_id from chain c join gap_data g on g.node_id = c.node_id and g.epoch = c.epoch and g.after_id = c.id and g.gap_id > c.id)
     update node_epoch e set gap_head = h.id from (select node_id, epoch, max(id) as id from chain group by 1, 2) h
     where e.node_id = h.node_id and e.epoch = h.epoch and e.gap_head < h.id`,
    [keyed.map(({ node }) => node), keyed.map(({ epoch }) => epoch)],
  );
}

/**
 * Stores entries of audit logs, each once by number and hash, and the ends of the logs as the nodes reported them last. Returns the last entry up
 * to which all that the node sent are stored, for each node with entries in this batch; a node without such an entry is left out.
 */
export async function saveLog(query: RunQuery, { reports: { log, logHeads } }: Batch): Promise<readonly LogPoint[]> {
  for (const [node, { n, hash, atMs, isHead }] of [...logHeads].sort(([a], [b]) => a - b)) {
    await query(
      `update node set log_reported_n = $2, log_reported_hash = $3, log_reported_at = to_timestamp($4 / 1000.0)
       where id = $1 and ($5 or log_reported_n is null or log_reported_n < $2)
         and (log_reported_at is null or log_reported_at <= to_timestamp($4 / 1000.0) or log_reported_at > now() + $6 * interval '1 ms')`,
      [node, n, hash, atMs, isHead, AHEAD_MS],
    );
  }
  if (log.length === 0) return [];
  await query(
    `insert into audit (node_id, n, hash, after_n, at_ms, body, lost)
     select * from unnest($1::int[], $2::bigint[], $3::text[], $4::bigint[], $5::bigint[], $6::text[], $7::bigint[]) order by 1, 2, 3 on conflict do nothing`,
    [
      ...[log.map(({ node }) => node), log.map(({ n }) => n), log.map(({ hash }) => hash), log.map(({ after }) => after)],
      ...[log.map(({ atMs }) => atMs), log.map(({ body }) => body), log.map(({ lost }) => lost)],
    ],
  );
  const heads = await query<{ id: number; log_n: string; log_hash: string }>(
    `with recursive chain (node_id, n, hash) as (
       select id, log_n, log_hash from node where id = any($1)
       union select c.node_id, a.n, a.hash from chain c join audit a on a.node_id = c.node_id and a.after_n = c.n and a.n > c.n)
     update node n set log_n = h.n, log_hash = h.hash from (select distinct on (node_id) node_id, n, hash from chain order by node_id, n desc) h
     where n.id = h.node_id and h.n > 0 returning n.id, n.log_n, n.log_hash`,
    [[...new Set(log.map(({ node }) => node))]],
  );
  return heads.map(({ id, log_n, log_hash }) => ({ node: id, n: Number(log_n), hash: log_hash }));
}

/**
 * Stores the states of commands. A state only changes to a later one of `COMMAND_STATES`, because outcomes of one command may reach two
 * workers. `verified`, `refused` and `failed` never change; `expired` may still become one of them.
 */
export async function saveCommandOutcomes(query: RunQuery, { reports: { outcomes } }: Batch): Promise<void> {
  const known = outcomes.filter(({ state }) => (COMMAND_STATES as readonly string[]).includes(state));
  if (known.length === 0) return;
  const furthest = new Map<string, (typeof known)[number]>();
  const rank = (state: string): number => (COMMAND_STATES as readonly string[]).indexOf(state);
  for (const outcome of known) {
    const key = `${outcome.node} ${outcome.id}`;
    if (rank(outcome.state) > rank(furthest.get(key)?.state ?? '')) furthest.set(key, outcome);
  }
  const rows = [...furthest.values()];
  await query(
    `update command c set state = u.state, reason = u.reason, outcome = u.body::jsonb, answered_at = coalesce(c.answered_at, now()),
       ended_at = case when u.state in ('verified', 'refused', 'failed', 'expired') then now() end
     from unnest($1::int[], $2::text[], $3::text[], $4::text[], $5::text[]) u (node, id, state, reason, body) join node n on n.id = u.node
     where c.id = u.id and c.cabinet = n.node and (c.group_name is null or c.group_name = n.group_name)
       and c.state not in ('verified', 'refused', 'failed') and array_position($6::text[], u.state) > array_position($6::text[], c.state)`,
    [
      ...[rows.map(({ node }) => node), rows.map(({ id }) => id), rows.map(({ state }) => state), rows.map(({ reason }) => reason)],
      ...[rows.map(({ body }) => body), [...COMMAND_STATES]],
    ],
  );
}
