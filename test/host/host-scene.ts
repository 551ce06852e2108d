/** A real database, a real broker and the host's own processes, for tests that need them. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Test } from 'tap';
import type { UplinkConfig } from '../../agent/core/cabinet.ts';
import type { StoredFrame } from '../../agent/core/ports.ts';
import type { Database } from '../../platform/database/postgres.ts';
import type { TemporaryPostgres } from '../../platform/servers/temporary-postgres.ts';
import type { MemoryStore } from '../agent/sync/memory-store.ts';
import { createSmallNode, type SmallNode, uplinkConfig } from '../agent/sync/small-node.ts';
import { findProgram, type Mosquitto, startMosquitto } from '../platform/mosquitto.ts';
import { qualityCode } from '../platform/reading-base.ts';

const PLATFORM = join(import.meta.dirname, '../../platform');
const MAIN = join(PLATFORM, 'main.ts');
const SKEW = join(import.meta.dirname, '../support/skewed-clock.mjs');

/** Why such a test cannot run here; false if it can. */
export async function hostSkip(): Promise<string | false> {
  if (!existsSync(join(PLATFORM, 'node_modules/pg'))) return 'the packages of the host are not installed (node platform/install.mjs)';
  const { postgresFolder } = await import('../../platform/servers/programs.ts');
  if (postgresFolder() === undefined) return 'PostgreSQL is not installed (apt-get install postgresql-17)';
  return findProgram('mosquitto') === undefined ? 'mosquitto is not installed (apt-get install mosquitto)' : false;
}

/** The parts of one test. `run` starts a process of the host, `node` a cabinet's uplink over a store in memory. */
export interface HostScene {
  readonly mosquitto: Mosquitto;
  readonly database: Database;
  readonly postgres: TemporaryPostgres;
  /** `words`: further options of the command line; `skewMs`: how far its wall clock is ahead. */
  run(kind: 'state' | 'worker' | 'commands', options?: { readonly words?: readonly string[]; readonly skewMs?: number }): ChildProcess;
  kill(child: ChildProcess, signal: NodeJS.Signals): Promise<void>;
  /** `store`: that of an earlier node, which is the same cabinet after a restart. */
  node(name: string, changes?: Partial<UplinkConfig>, store?: MemoryStore): SmallNode;
  /** Lines of the host's logs that have a reason. */
  failures(): readonly string[];
  /** Checks the condition each 100 ms; false when it does not hold within `limitMs`. Rows that were not acknowledged come again after 30 s and more. */
  holds(condition: () => Promise<boolean> | boolean, limitMs?: number): Promise<boolean>;
}

/** The broker of a scene. `settings`: further lines for the configuration of Mosquitto. `broker`: used in its place. */
interface SceneOptions {
  readonly settings?: readonly string[];
  readonly broker?: Mosquitto;
}

/** Starts the database, and Mosquitto unless `broker` is given. All ends with the test. */
export async function openHostScene(t: Test, { settings = [], broker }: SceneOptions = {}): Promise<HostScene> {
  const [{ startTemporaryPostgres }, { openDatabase }, { migrateDatabase }, { endProcess }] = await Promise.all([
    import('../../platform/servers/temporary-postgres.ts'),
    import('../../platform/database/postgres.ts'),
    import('../../platform/database/migrate.ts'),
    import('../../platform/servers/programs.ts'),
  ]);
  const postgres = await startTemporaryPostgres(['fsync = off']);
  const mosquitto = broker ?? (await startMosquitto(findProgram('mosquitto') as string, ['max_queued_messages 0', ...settings]));
  const database = openDatabase({ url: postgres.url, connections: 2 });
  const children: ChildProcess[] = [];
  const reasons: string[] = [];
  const nodes: SmallNode[] = [];
  t.teardown(async () => {
    for (const node of nodes) await node.uplink.stop();
    await Promise.all(children.map((child) => endProcess(child, 'SIGKILL')));
    await database.end();
    await mosquitto.stop();
    await postgres.stop();
  });
  await migrateDatabase(database);
  return {
    ...{ mosquitto, database, postgres, failures: () => reasons },
    run: (kind, { words = [], skewMs = 0 } = {}) => {
      const flags = skewMs === 0 ? [] : ['--import', SKEW];
      const address = ['--database', postgres.url, '--broker', mosquitto.url];
      const child = spawn(process.execPath, [...flags, MAIN, kind, ...address, ...words], {
        stdio: ['ignore', 'ignore', 'pipe'],
        env: { ...process.env, CLOCK_SKEW_MS: String(skewMs) },
      });
      child.stderr?.setEncoding('utf8').on('data', (text: string) => {
        if (!text.startsWith('{')) t.fail(`${kind}: ${text}`);
        for (const line of text.split('\n')) if (line.includes('"reason"')) reasons.push(line);
      });
      children.push(child);
      return child;
    },
    kill: (child, signal) => endProcess(child, signal),
    node: (name, changes = {}, store = undefined) => {
      const config = uplinkConfig(mosquitto.url, { node: name, protocol: 5, conformance: true, proof: 'platform', ...changes });
      const node = createSmallNode({ cabinetId: name, config, ...(store === undefined ? {} : { store }) });
      nodes.push(node);
      return node;
    },
    holds: async (condition, limitMs = 90_000) => {
      for (let waitedMs = 0; waitedMs < limitMs; waitedMs += 100) {
        if (await condition()) return true;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      return condition();
    },
  };
}

/** The readings of a cabinet in the database: `device.quantity@ms` with value and quality code. */
export async function storedReadings(database: Database, cabinet: string): Promise<Map<string, string>> {
  const stored = await database.query<{ key: string; value: number | null; quality: number }>(
    `select s.device || '.' || s.quantity || '@' || round(extract(epoch from r.at) * 1000) as key, r.value, r.quality
     from reading_data r join series s on s.id = r.series_id join node n on n.id = s.node_id where n.node = $1`,
    [cabinet],
  );
  return new Map(stored.map(({ key, value, quality }) => [key, `${value} ${quality}`]));
}

/** The differences between the readings of a cabinet in the database and the rows of its store; empty when there are none. */
export async function readingDifferences(database: Database, cabinet: string, rows: readonly StoredFrame[]): Promise<string[]> {
  const have = await storedReadings(database, cabinet);
  const want = new Map(
    rows.flatMap(({ readings }) =>
      readings.map(({ pointId, atMs, value, quality }) => [`${pointId}@${Math.round(atMs)}`, `${value} ${qualityCode(quality)}`]),
    ),
  );
  return [
    ...[...want].filter(([key, value]) => have.get(key) !== value).map(([key, value]) => `${key} is ${have.get(key)}, stored ${value}`),
    ...[...have.keys()].filter((key) => !want.has(key)).map((key) => `${key} is not in the store`),
  ];
}
