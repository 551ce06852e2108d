/**
 * The host of `platform/` with a real PostgreSQL: a cluster in a temporary folder, and the processes that a city runs.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { quantileOf, type Samples, totalOf } from '../../platform/bench/figures.ts';
import { migrateDatabase } from '../../platform/database/migrate.ts';
import { type Database, openDatabase } from '../../platform/database/postgres.ts';
import { startTemporaryPostgres, type TemporaryPostgres } from '../../platform/servers/temporary-postgres.ts';
import type { CityHost, FleetCommand, FleetOutcome, HostCounts, HostNode } from './city-host.ts';
import { HostProcesses, type HostProcessSettings } from './host-processes.ts';
import { usageOfFamily } from './process-usage.ts';
import { DIGEST_HEX, type StoreDigest } from './store-digest.ts';

/** Source: the bench of the host: a quarter of the memory of a small database server, and checkpoints by time. */
const POSTGRES_SETTINGS = ['shared_buffers = 512MB', 'max_wal_size = 4GB'];
/** Longest start of the workers. Units: ms. Source: assumed; ten times the usual on two busy cores. Confirmed by: this bench on slower machines. */
const READY_MS = 60_000;
const LOOK_MS = 200;
const LAG = 'luciole_platform_lag_seconds';
/** Units: s. Source: assumed; longer than the longest trial of a revision. Confirmed by: this bench on slower machines. */
const EXPIRES_S = 900;
/** The text of a reading, as `store-digest.ts` writes it. */
const READING_TEXT = `s.device || '.' || s.quantity || '@' || round(extract(epoch from r.at) * 1000)::bigint || '=' || coalesce(r.value::text, '') || '/' || r.quality`;
const READINGS_OF = 'reading_data r join series s on s.id = r.series_id join node n on n.id = s.node_id';

/** Starts the database. The processes start with `start`. Errors: rejects if PostgreSQL does not start. */
export async function createPlatformHost(settings: Pick<HostProcessSettings, 'broker' | 'hostId' | 'workers'>): Promise<CityHost> {
  const postgres = await startTemporaryPostgres(POSTGRES_SETTINGS);
  const folder = mkdtempSync(join(tmpdir(), 'luciole-city-host-'));
  const database = openDatabase({ url: postgres.url, connections: 1 });
  const processes = new HostProcesses({ ...settings, database: postgres.url, folder });
  let lagBefore: readonly Samples[] = [];
  const host: CityHost = {
    async start() {
      processes.start();
      await untilReady(database, processes);
    },
    kill: (parts) => processes.end(parts === 'all' ? ['worker', 'commands', 'state'] : ['worker', 'commands'], 'SIGKILL'),
    async close() {
      await processes.end(['worker', 'commands', 'state'], 'SIGTERM');
      await database.end();
      await postgres.stop();
      rmSync(folder, { recursive: true, force: true });
    },
    counts: async () => countsOf(await processes.samples(), database),
    nodes: () => nodesOf(database),
    send: (command) => insert(database, command),
    outcomes: (id) => outcomesOf(database, id),
    command: (name, words, onLine) => processes.command(name, words, onLine),
    async lag() {
      const [before, after] = [lagBefore, await processes.samples()];
      lagBefore = after;
      return { p50: quantileOf(LAG, 0.5, before, after), p99: quantileOf(LAG, 0.99, before, after) };
    },
    usage: () => ({ workers: processes.usage('worker'), others: processes.usage('state', 'commands'), database: usageOf(postgres) }),
    size: () => sizeOf(database),
    digests: (nodes) => digestsOf(database, nodes),
    readings: (node) => readingsOf(database, node),
  };
  try {
    await migrateDatabase(database);
  } catch (error) {
    await host.close();
    throw error;
  }
  return host;
}

/** A worker that was killed still counts as ready for a while, so the processes that run now are waited for, by their ids. */
async function untilReady({ query }: Database, processes: HostProcesses): Promise<void> {
  for (let waitedMs = 0; waitedMs < READY_MS; waitedMs += LOOK_MS) {
    processes.check();
    const ready = (await query<{ id: string }>('select id from process where ready_at is not null')).map(({ id }) => id);
    if (processes.pids('worker').every((pid) => ready.some((id) => id.includes(`-${pid}-`)))) return;
    await sleep(LOOK_MS);
  }
  throw new Error(`the workers of the host are not ready after ${READY_MS / 1_000} s`);
}

async function countsOf(samples: readonly Samples[], { query }: Database): Promise<HostCounts> {
  const [asked] = await query<{ n: number }>('select coalesce(sum(requests), 0)::int as n from rebirth');
  return {
    messages: totalOf(samples, 'luciole_platform_messages_total'),
    readings: totalOf(samples, 'luciole_platform_readings_total'),
    stored: totalOf(samples, 'luciole_platform_readings_inserted_total'),
    births: totalOf(samples, 'luciole_platform_messages_total{verb="NBIRTH"}'),
    rebirths: asked?.n ?? 0,
    dropped: totalOf(samples, 'luciole_platform_dropped_total'),
  };
}

async function nodesOf({ query }: Database): Promise<HostNode[]> {
  const rows = await query<{ node: string; born_ms: number; row_ms: number; head: string; missing: string; lost: string }>(
    `select n.node, extract(epoch from n.received_at)::float8 * 1000 as born_ms,
       coalesce(extract(epoch from e.last_row_at)::float8 * 1000, 0) as row_ms, coalesce(g.lost, 0) as lost,
       case when lower(e.complete) = 1 then (select upper(r) - 1 from unnest(e.complete) r limit 1) else 0 end as head,
       coalesce(upper(e.complete) - 1 - (select sum(upper(r) - lower(r)) from unnest(e.complete) r), 0) as missing
     from node n join node_epoch e on e.node_id = n.id and e.epoch = n.epoch
       left join (select node_id, sum(readings) as lost from gap group by 1) g on g.node_id = n.id
     where n.received_at is not null`,
  );
  return rows.map(({ node, born_ms: bornMs, row_ms: rowMs, head, missing, lost }) => ({
    ...{ node, bornMs, rowMs, head: Number(head), missing: Number(missing), lost: Number(lost) },
  }));
}

async function insert({ query }: Database, { id, nodes, metrics }: FleetCommand): Promise<void> {
  await query(
    `insert into command (id, cabinet, metrics, expires_at)
     select $1 || '-' || u, u, $2::jsonb, now() + make_interval(secs => $4) from unnest($3::text[]) u`,
    [id, JSON.stringify(metrics), nodes, EXPIRES_S],
  );
}

async function outcomesOf({ query }: Database, id: string): Promise<FleetOutcome[]> {
  return query<{ node: string; state: string; reason: string; afterMs: number }>(
    `select cabinet as node, state, reason, extract(epoch from ended_at - created_at)::float8 * 1000 as "afterMs"
     from command where starts_with(id, $1 || '-') and state in ('verified', 'refused', 'failed', 'expired')`,
    [id],
  );
}

function usageOf({ pid }: TemporaryPostgres): ReturnType<typeof usageOfFamily> {
  return pid === undefined ? { cpuMs: 0, rssBytes: 0 } : usageOfFamily(pid);
}

async function sizeOf({ query }: Database): Promise<{ readings: number; total: number; wal: number }> {
  const [row] = await query<{ readings: string; total: string; wal: string }>(
    `select (select coalesce(sum(pg_total_relation_size(inhrelid)), 0) from pg_inherits where inhparent = 'reading_data'::regclass) as readings,
       pg_database_size(current_database()) as total, pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0') as wal`,
  );
  return { readings: Number(row?.readings), total: Number(row?.total), wal: Number(row?.wal) };
}

async function digestsOf({ query }: Database, nodes: readonly string[]): Promise<StoreDigest[]> {
  const rows = await query<{ node: string; readings: number; sum: string }>(
    `select n.node, count(*)::int as readings, sum(('x' || left(md5(${READING_TEXT}), ${DIGEST_HEX}))::bit(${DIGEST_HEX * 4})::bigint)::text as sum
     from ${READINGS_OF} where n.node = any($1) group by 1`,
    [nodes],
  );
  const byNode = new Map(rows.map((row) => [row.node, row]));
  return nodes.map((node) => byNode.get(node) ?? { node, readings: 0, sum: '0' });
}

async function readingsOf({ query }: Database, node: string): Promise<string[]> {
  const rows = await query<{ text: string }>(`select ${READING_TEXT} as text from ${READINGS_OF} where n.node = $1`, [node]);
  return rows.map(({ text }) => text);
}
