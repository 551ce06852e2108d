/**
 * Stores the births of a batch, so that every worker can decode what follows them, and notifies the other workers.
 */
import { createHash } from 'node:crypto';
import {
  birthEpoch,
  birthSeries,
  isNewerBirth,
  isReading,
  readSession,
  SERIES_PROPERTIES,
  type SessionStart,
  soundType,
} from '../core/births.ts';
import type { NodeMessage } from '../core/message.ts';
import { isTime } from '../core/times.ts';
import { notifyWorkers } from './birth-notices.ts';
import type { CachedNode, StoredAliases } from './node-registry.ts';
import type { Database, RunQuery } from './postgres.ts';
import { type NumberedSeries, saveSeries, seriesKey } from './store-series.ts';

/** An NBIRTH or DBIRTH, with its node in the cache of this worker. */
export interface BirthMessage {
  readonly message: NodeMessage;
  readonly node: CachedNode;
}

/** A session that began with an NBIRTH, which may be a rebirth. One call of `storeBirths` returns at most one for each node. */
export interface BornSession {
  readonly node: CachedNode;
  readonly session: SessionStart;
}

/**
 * Stores the sessions, aliases and series of births in one transaction, adds them to the cache and notifies the other workers. The values
 * in births are not stored here. Returns the sessions that began.
 *
 * A birth that repeats the last one of its device in the epoch, apart from values, changes no alias and no series. Such an NBIRTH still
 * begins a session; one that is not `isNewerBirth` does not. A DBIRTH for which `birthEpoch` is null adds no alias.
 *
 * Errors: as `Database.query`.
 */
export async function storeBirths(database: Database, births: readonly BirthMessage[], workerId: string): Promise<readonly BornSession[]> {
  const sorted = births.toSorted(
    (a, b) => a.node.id - b.node.id || Number(b.message.origin.verb === 'NBIRTH') - Number(a.message.origin.verb === 'NBIRTH'),
  );
  const stored = await database.transaction(async (query) => {
    await lockSessions(query, [...new Set(sorted.map(({ node }) => node))]);
    return saveBirths(query, sorted, workerId);
  });
  const { sessions, series, aliases } = stored;
  for (const { node, shape, id } of series.values()) node.setSeries(shape.device, shape.quantity, id);
  for (const birth of aliases) {
    birth.node.addAliases(birth.epoch, birth.message.origin.device, birth.aliases);
    birth.node.births.set(birth.message.origin.device, `${birth.epoch} ${shapeOf(birth.message)}`);
  }
  for (const { node, session } of sessions) {
    // Births that another worker stored before this NBIRTH are read with the next message.
    if (node.epoch !== session.epoch) node.isStale = true;
    node.sessions = [{ epoch: session.epoch, bornMs: session.bornMs }, ...node.sessions].slice(0, 2);
  }
  return sessions;
}

/**
 * Locks the nodes and reads their sessions. Without it two workers could store the NBIRTH of a new epoch and the birth of a device at the
 * same time, and the device would stay with the epoch before.
 */
async function lockSessions(query: RunQuery, nodes: readonly CachedNode[]): Promise<void> {
  const rows = await query<{ id: number; epoch: string | null; born_ms: number | null }>(
    'select id, epoch, extract(epoch from born_at)::float8 * 1000 as born_ms from node where id = any($1) order by id for update',
    [nodes.map(({ id }) => id)],
  );
  const byId = new Map(nodes.map((node) => [node.id, node]));
  for (const { id, epoch, born_ms } of rows) {
    const node = byId.get(id);
    if (node === undefined || epoch === null) continue;
    const session = { epoch, bornMs: Math.round(born_ms ?? 0) };
    if (node.epoch === epoch) node.sessions = [session, ...node.sessions.slice(1)];
    else node.sessions = [session, ...node.sessions].slice(0, 2);
  }
}

type StoredBirths = {
  readonly sessions: readonly BornSession[];
  readonly series: NumberedSeries;
  readonly aliases: readonly (BirthMessage & { readonly epoch: string; readonly aliases: StoredAliases })[];
};

async function saveBirths(query: RunQuery, sorted: readonly BirthMessage[], workerId: string): Promise<StoredBirths> {
  const sessions = newestSessions(sorted);
  const changed = sorted.filter(
    ({ node, message }) => node.births.get(message.origin.device) !== `${epochFor(node, message, sessions)} ${shapeOf(message)}`,
  );
  const isNewEpoch = sessions.filter(({ node, session }) => node.epoch !== session.epoch);
  const shapes = changed.flatMap(({ node, message }) => birthSeries(message.origin, message.payload).map((shape) => ({ node, shape })));
  const series = await saveSeries(query, shapes);
  await saveSessions(query, sessions);
  const aliases = changed.flatMap((birth) => {
    const epoch = epochFor(birth.node, birth.message, sessions);
    return epoch === null ? [] : [{ ...birth, epoch, aliases: aliasesOf(birth, series) }];
  });
  await saveAliases(query, aliases);
  await adoptEarlyBirths(query, isNewEpoch);
  await notifyWorkers(query, workerId, [...new Set([...changed, ...isNewEpoch].map(({ node }) => node.id))]);
  return { sessions, series, aliases };
}

function newestSessions(births: readonly BirthMessage[]): BornSession[] {
  const newest = new Map<number, BornSession>();
  for (const { node, message } of births) {
    if (message.origin.verb !== 'NBIRTH') continue;
    const session = readSession(message.payload, message.receivedMs);
    const before = newest.get(node.id)?.session ?? node.sessions[0];
    if (isNewerBirth(session.bornMs, before?.bornMs ?? null)) newest.set(node.id, { node, session });
  }
  return [...newest.values()];
}

function epochFor(node: CachedNode, { origin, payload, receivedMs }: NodeMessage, sessions: readonly BornSession[]): string | null {
  if (origin.verb === 'NBIRTH') return readSession(payload, receivedMs).epoch;
  const born = sessions.find((one) => one.node === node)?.session;
  const known = born === undefined ? node.sessions : [born, ...node.sessions];
  return birthEpoch(sentMsOf(payload.sentMs, receivedMs), known);
}

function sentMsOf(sentMs: number | undefined, receivedMs: number): number {
  return sentMs !== undefined && isTime(sentMs) ? sentMs : receivedMs;
}

/** A digest of what a birth declares, without its values: a cache of texts would be most of a worker's memory. */
function shapeOf({ payload }: NodeMessage): string {
  const hash = createHash('sha1');
  for (const { name, alias, datatype, properties } of payload.metrics)
    hash.update(`${[name, alias, datatype, ...SERIES_PROPERTIES.map((key) => properties.get(key) ?? '')].join('\t')}\n`);
  return hash.digest('base64');
}

function aliasesOf({ node, message }: BirthMessage, series: NumberedSeries): StoredAliases {
  const { device } = message.origin;
  const entries = message.payload.metrics.flatMap(({ name, alias, datatype = 0 }): [string, readonly [string, number, number | null]][] => {
    if (name === undefined || alias === undefined) return [];
    const id = isReading(name) ? (series.get(seriesKey(node, device, name))?.id ?? null) : null;
    return [[String(alias), [name, soundType(datatype), id]]];
  });
  return Object.fromEntries(entries);
}

/** The rows before the first birth that this host has seen were proven before; a death of this session that arrived first stays a death. */
async function saveSessions(query: RunQuery, sessions: readonly BornSession[]): Promise<void> {
  if (sessions.length === 0) return;
  const column = <T>(read: (session: SessionStart) => T): T[] => sessions.map(({ session }) => read(session));
  const ids = sessions.map(({ node }) => node.id);
  await query(
    `update node n set epoch = u.epoch, born_at = to_timestamp(u.born_ms / 1000.0), received_at = now(), bd_seq = u.bd_seq,
       is_online = not (n.death_bd_seq is not distinct from u.bd_seq and n.death_at > now() - interval '30 seconds' and n.bd_seq is distinct from u.bd_seq)
     from unnest($1::int[], $2::text[], $3::float8[], $4::smallint[]) u (id, epoch, born_ms, bd_seq) where n.id = u.id`,
    [ids, column(({ epoch }) => epoch), column(({ bornMs }) => bornMs), column(({ bdSeq }) => bdSeq)],
  );
  await query(
    `insert into node_epoch as e (node_id, epoch, is_born, complete)
     select u.id, u.epoch, true, case when u.cursor > 0 then int8multirange(int8range(1, u.cursor + 1)) else '{}' end
     from unnest($1::int[], $2::text[], $3::bigint[]) u (id, epoch, cursor) where u.epoch <> '' order by 1, 2
     on conflict (node_id, epoch) do update set is_born = true, complete = e.complete + excluded.complete where not e.is_born`,
    [ids, column(({ epoch }) => epoch), column(({ cursor }) => cursor)],
  );
  await query('update rebirth set is_wanted = false where node_id = any($1) and is_wanted', [ids]);
}

async function saveAliases(
  query: RunQuery,
  births: readonly (BirthMessage & { readonly epoch: string; readonly aliases: StoredAliases })[],
): Promise<void> {
  // The last birth of a device in a batch counts; one statement may touch a row only once.
  const newest = new Map(births.map((birth) => [`${birth.node.id}\t${birth.epoch}\t${birth.message.origin.device}`, birth]));
  if (newest.size === 0) return;
  const rows = [...newest.values()];
  await query(
    `insert into birth as b (node_id, epoch, device, born_at, aliases, last_aliases)
     select u.id, u.epoch, u.device, to_timestamp(u.born_ms / 1000.0), u.aliases::jsonb, u.aliases::jsonb
     from unnest($1::int[], $2::text[], $3::text[], $4::float8[], $5::text[]) u (id, epoch, device, born_ms, aliases) order by 1, 2, 3
     on conflict (node_id, epoch, device) do update
       set born_at = excluded.born_at, aliases = b.aliases || excluded.aliases, last_aliases = excluded.aliases`,
    [
      ...[rows.map(({ node }) => node.id), rows.map(({ epoch }) => epoch), rows.map(({ message }) => message.origin.device)],
      ...[
        rows.map(({ message }) => sentMsOf(message.payload.sentMs, message.receivedMs)),
        rows.map(({ aliases }) => JSON.stringify(aliases)),
      ],
    ],
  );
}

/** Births of devices that another worker stored before the NBIRTH of their new epoch: they belong to it, since they were sent after it. */
async function adoptEarlyBirths(query: RunQuery, sessions: readonly BornSession[]): Promise<void> {
  if (sessions.length === 0) return;
  await query(
    `insert into birth (node_id, epoch, device, born_at, aliases, last_aliases)
     select distinct on (b.node_id, b.device) b.node_id, u.epoch, b.device, b.born_at, b.last_aliases, b.last_aliases
     from birth b join unnest($1::int[], $2::text[], $3::float8[]) u (id, epoch, born_ms)
       on b.node_id = u.id and b.epoch <> u.epoch and b.device <> '' and b.born_at >= to_timestamp(u.born_ms / 1000.0)
     order by b.node_id, b.device, b.born_at desc
     on conflict do nothing`,
    [sessions.map(({ node }) => node.id), sessions.map(({ session }) => session.epoch), sessions.map(({ session }) => session.bornMs)],
  );
}
