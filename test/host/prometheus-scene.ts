/** A real Prometheus that reads the processes of a host, for tests of dashboards and alerts. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';
import type { HostScene } from './host-scene.ts';

const MAIN = join(import.meta.dirname, '../../platform/main.ts');
const KINDS = ['worker', 'state', 'commands'];

/** What Prometheus answers to a query. */
interface PrometheusAnswer {
  readonly status: string;
  readonly error?: string;
  readonly data?: { readonly result: readonly unknown[] };
}

/** A running Prometheus. `settings` is its configuration. */
export interface RunningPrometheus {
  readonly settings: Readonly<Record<string, unknown>>;
  query(expr: string): Promise<PrometheusAnswer>;
  /** How many series a query gives; 0 while Prometheus starts. */
  count(expr: string): Promise<number>;
}

/** Starts a worker, `state` and `commands` with figures, and a Prometheus that reads them each second. All end with the test. */
export async function startPrometheus(t: Test, { database, mosquitto }: HostScene, rules: string): Promise<RunningPrometheus> {
  const { findFreePort, endProcess } = await import('../../platform/servers/programs.ts');
  const children: ChildProcess[] = [];
  const folder = mkdtempSync(join(tmpdir(), 'luciole-prometheus-'));
  t.teardown(async () => {
    await Promise.all(children.map((child) => endProcess(child, 'SIGTERM')));
    rmSync(folder, { recursive: true, force: true });
  });
  const start = (program: string, words: readonly string[]) => children.push(spawn(program, [...words], { stdio: 'ignore' }));
  const [found] = await database.query<{ port: number }>('select inet_server_port() as port');
  const address = ['--database', `postgres://city@127.0.0.1:${found?.port}/city`, '--broker', mosquitto.url];
  const static_configs: object[] = [];
  for (const kind of KINDS) {
    const target = `127.0.0.1:${await findFreePort()}`;
    start(process.execPath, [MAIN, kind, ...address, '--metrics', target]);
    static_configs.push({ targets: [target], labels: { process: kind } });
  }
  const settings = {
    global: { scrape_interval: '1s', evaluation_interval: '1s' },
    rule_files: [rules],
    scrape_configs: [{ job_name: 'luciole-platform', static_configs }],
  };
  const config = join(folder, 'prometheus.yml');
  // JSON is YAML too.
  writeFileSync(config, JSON.stringify(settings));
  const own = `127.0.0.1:${await findFreePort()}`;
  start('prometheus', [`--config.file=${config}`, `--storage.tsdb.path=${join(folder, 'data')}`, `--web.listen-address=${own}`]);
  const query = async (expr: string): Promise<PrometheusAnswer> =>
    (await fetch(`http://${own}/api/v1/query?query=${encodeURIComponent(expr)}`)).json() as Promise<PrometheusAnswer>;
  const count = async (expr: string): Promise<number> => (await query(expr).catch(() => undefined))?.data?.result.length ?? 0;
  return { settings, query, count };
}
