/**
 * The nodes as one worker sees them: a cache of the births in the database.
 *
 * Another worker that stores a birth sends a notification; the node is then read again before its next message.
 */
import type { BornMetric } from '../core/births.ts';
import type { NodeDirectory } from '../core/data-message.ts';
import type { MessageOrigin } from '../core/topic.ts';
import type { RunQuery } from './postgres.ts';

/**
 * A session of a node, begun by an NBIRTH; a rebirth begins one too. `epoch`: as in `SessionStart`. Units: `bornMs` ms UTC, when the NBIRTH
 * was sent, or else received.
 */
export interface KnownSession {
  readonly epoch: string;
  readonly bornMs: number;
}

/** Nodes that are kept in memory. Source: assumed; more than a city has, at about 100 KB each. Confirmed by: the memory of a worker of the largest city. */
const MOST_NODES = 4_000;
/** Aliases of one node in its present epoch: a client that invents devices must not fill the memory of the workers. Source: assumed; a cabinet of 1,000 devices has 15,000. Confirmed by: the largest cabinet in service. */
const MOST_METRICS = 100_000;
/** A node in the cache of a worker, with its newest sessions, its series, and the aliases of its births. */
export class CachedNode implements NodeDirectory {
  readonly id: number;
  readonly group: string;
  readonly node: string;
  /** Newest first, at most two. */
  sessions: readonly KnownSession[] = [];
  /** Whether it must be read from the database before its next message. */
  isStale = true;
  /** When its last read from the database began. Units: ms of `performance.now()`. */
  loadedMono = Number.NEGATIVE_INFINITY;
  /** By device: epoch and digest of the last birth that this worker has stored since the node was read. */
  readonly births = new Map<string, string>();
  /** By epoch, then by alias. */
  readonly aliases = new Map<string, Map<number, BornMetric>>();
  readonly #series = new Map<string, Map<string, number>>();

  constructor(id: number, group: string, node: string) {
    this.id = id;
    this.group = group;
    this.node = node;
  }

  /** That of the newest session, empty if its NBIRTH had none; null without a session. */
  get epoch(): string | null {
    return this.sessions[0]?.epoch ?? null;
  }

  /** Undefined if no birth in memory has this alias. */
  metric(epoch: string, alias: number): BornMetric | undefined {
    return this.aliases.get(epoch)?.get(alias);
  }

  /** The id of a series; undefined if it is not in memory. */
  series(device: string, quantity: string): number | undefined {
    return this.#series.get(device)?.get(quantity);
  }

  /** Adds the id of a series to memory only. */
  setSeries(device: string, quantity: string, id: number): void {
    const ofDevice = this.#series.get(device) ?? new Map<string, number>();
    this.#series.set(device, ofDevice);
    ofDevice.set(quantity, id);
  }

  /** Whether the aliases of the present epoch and so many metrics together are more than any cabinet has. */
  isTooLarge(metrics: number): boolean {
    return (this.aliases.get(this.epoch ?? '')?.size ?? 0) + metrics > MOST_METRICS;
  }

  /** Adds the aliases of a birth; those of the epoch before it stay. */
  addAliases(epoch: string, device: string, aliases: StoredAliases): void {
    const known = this.aliases.get(epoch) ?? new Map<number, BornMetric>();
    this.aliases.set(epoch, known);
    for (const [alias, [name, datatype, series]] of Object.entries(aliases))
      known.set(Number(alias), { device, name: shared(name), datatype, series });
  }

  /** Removes sessions, births, aliases and series from memory. */
  forget(): void {
    this.births.clear();
    this.aliases.clear();
    this.#series.clear();
    this.sessions = [];
  }
}

/**
 * Aliases of a device or the node, of one birth or of all in an epoch. As the table `birth` has them: alias to name of the metric,
 * Sparkplug type (0: unknown) and id of the series. Null instead of the id: the metric is not a reading.
 */
export type StoredAliases = Readonly<Record<string, readonly [string, number, number | null]>>;

/** A node whose alias is missing is read again at most this often. Units: ms. Source: assumed; a birth takes a worker some 100 ms from its arrival to its commit. Confirmed by: the time between a birth and the first data that needs it. */
const RELOAD_MS = 250;

/** Names that are kept once. Source: assumed; cabinets of one city have some thousand different names of devices and metrics. Confirmed by: the same. */
const MOST_NAMES = 20_000;
/** The same names return in every cabinet; each is kept once. */
const names = new Map<string, string>();
function shared(name: string): string {
  const known = names.get(name);
  if (known !== undefined || names.size >= MOST_NAMES) return known ?? name;
  names.set(name, name);
  return name;
}

/** Nodes by group and name, read from the database when they are first needed. */
export class NodeRegistry {
  readonly #nodes = new Map<string, CachedNode>();
  /** It keeps nodes that `#nodes` has lost, so that what was committed for them is acknowledged. */
  readonly #byId = new Map<number, CachedNode>();
  #server = '';

  /** Another text once the database was restored or started again, as of the last `resolve`; empty before the first. */
  get server(): string {
    return this.#server;
  }

  /** The nodes of these messages, in their order, each with its births. Nodes that the database does not have are added to it. */
  async resolve(query: RunQuery, origins: readonly Pick<MessageOrigin, 'group' | 'node'>[]): Promise<CachedNode[]> {
    await this.#forgetOtherServer(query);
    // Those of this call: a notice may make the registry forget nodes while others are looked up.
    const found = new Map<string, CachedNode>();
    const missing = new Map<string, Pick<MessageOrigin, 'group' | 'node'>>();
    for (const one of origins) {
      const known = this.#nodes.get(keyOf(one));
      if (known === undefined) missing.set(keyOf(one), one);
      else found.set(keyOf(one), known);
    }
    for (const node of missing.size > 0 ? await this.#create(query, [...missing.values()]) : []) found.set(keyOf(node), node);
    this.#forgetOldest(found);
    const nodes = origins.map((one) => found.get(keyOf(one)) as CachedNode);
    const stale = [...new Set(nodes.filter(({ isStale }) => isStale))];
    if (stale.length > 0) await loadBirths(query, stale);
    return nodes;
  }

  /** A node that is in memory, also after `invalidate`; undefined for any other. */
  byId(id: number): CachedNode | undefined {
    return this.#byId.get(id);
  }

  /**
   * Marks a node to be read again: another worker has stored a birth of it. Without an id: all nodes are looked up again by name, since a
   * database that was restored may have given their ids to others.
   */
  invalidate(id?: number): void {
    if (id === undefined) this.#nodes.clear();
    else {
      const node = this.#byId.get(id);
      if (node !== undefined) node.isStale = true;
    }
  }

  /**
   * An alias of this node is missing: it is read again by the next `resolve`, unless that was done in the last 250 ms. Units: ms of
   * `performance.now()`.
   */
  missed(node: CachedNode, monoMs: number): void {
    if (monoMs - node.loadedMono >= RELOAD_MS) node.isStale = true;
  }

  /**
   * The connection of the listener may return later than the first query after a restore, so each group of messages checks this too. A
   * restore in place creates the table again; any other starts a server.
   */
  async #forgetOtherServer(query: RunQuery): Promise<void> {
    const [found] = await query<{ server: string }>(`select 'node'::regclass::oid || ' ' || pg_postmaster_start_time() as server`);
    const server = found?.server ?? '';
    if (server !== this.#server) this.#nodes.clear();
    this.#server = server;
  }

  async #create(query: RunQuery, wanted: readonly Pick<MessageOrigin, 'group' | 'node'>[]): Promise<CachedNode[]> {
    const values = [wanted.map(({ group }) => group), wanted.map(({ node }) => node)];
    const read = (): Promise<{ id: number; group_name: string; node: string }[]> =>
      query(
        'select n.id, n.group_name, n.node from node n join unnest($1::text[], $2::text[]) u (g, n) on n.group_name = u.g and n.node = u.n',
        values,
      );
    let rows = await read();
    if (rows.length < wanted.length) {
      await query(
        'insert into node (group_name, node) select * from unnest($1::text[], $2::text[]) order by 1, 2 on conflict do nothing',
        values,
      );
      rows = await read();
    }
    return rows.map(({ id, group_name: group, node }) => {
      const cached = new CachedNode(id, group, node);
      this.#nodes.set(keyOf(cached), cached);
      this.#byId.set(id, cached);
      return cached;
    });
  }

  /** Those not needed now that were added first; they are read again when they are needed. */
  #forgetOldest(needed: ReadonlyMap<string, CachedNode>): void {
    for (const [key, { id }] of this.#nodes) {
      if (this.#nodes.size <= MOST_NODES) return;
      if (needed.has(key)) continue;
      this.#nodes.delete(key);
      this.#byId.delete(id);
    }
  }
}

function keyOf({ group, node }: Pick<MessageOrigin, 'group' | 'node'>): string {
  return `${group}/${node}`;
}

/** Reads the sessions, births and series of these nodes. Errors: those of the query; then the nodes stay stale. */
async function loadBirths(query: RunQuery, nodes: readonly CachedNode[]): Promise<void> {
  // A birth that is stored while they are read marks the node as stale again.
  for (const node of nodes) node.isStale = false;
  try {
    await readBirths(query, nodes);
  } catch (error) {
    for (const node of nodes) node.isStale = true;
    throw error;
  }
}

async function readBirths(query: RunQuery, nodes: readonly CachedNode[]): Promise<void> {
  const ids = nodes.map(({ id }) => id);
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const loadedMono = performance.now();
  const sessions = await query<{ id: number; epoch: string | null; born_ms: string | null }>(
    'select id, epoch, (extract(epoch from born_at) * 1000)::bigint as born_ms from node where id = any($1)',
    [ids],
  );
  const births = await query<{ node_id: number; epoch: string; device: string; aliases: StoredAliases }>(
    // The present epoch and the one before it: messages of older ones are no longer on their way.
    `select b.node_id, b.epoch, b.device, b.aliases from node n
       left join lateral (select e.epoch from node_epoch e where e.node_id = n.id and e.is_born and e.epoch <> n.epoch
         order by e.first_seen_at desc limit 1) last on true
       join birth b on b.node_id = n.id and b.epoch in (coalesce(n.epoch, ''), last.epoch)
     where n.id = any($1) order by b.node_id, b.born_at`,
    [ids],
  );
  const series = await query<{ node_id: number; device: string; quantity: string; id: number }>(
    'select node_id, device, quantity, id from series where node_id = any($1)',
    [ids],
  );
  for (const node of nodes) {
    node.forget();
    node.loadedMono = loadedMono;
  }
  for (const { id, epoch, born_ms } of sessions) {
    const node = byId.get(id);
    if (node !== undefined && epoch !== null) node.sessions = [{ epoch, bornMs: Number(born_ms ?? 0) }];
  }
  for (const { node_id, epoch, device, aliases } of births) byId.get(node_id)?.addAliases(epoch, device, aliases);
  for (const { node_id, device, quantity, id } of series) byId.get(node_id)?.setSeries(shared(device), shared(quantity), id);
}
