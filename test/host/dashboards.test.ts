import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import t from 'tap';
import { parse } from 'yaml';
import { findProgram } from '../platform/mosquitto.ts';
import { DEMO_CABINETS, fillDemoRows } from './demo-rows.ts';
import { hostSkip, openHostScene } from './host-scene.ts';

const PLATFORM = join(import.meta.dirname, '../../platform');
const DASHBOARDS = join(PLATFORM, 'dashboards');
const PROMETHEUS = join(PLATFORM, 'prometheus');
const hostMissing = await hostSkip();
const prometheusMissing = findProgram('promtool') === undefined ? 'Prometheus is not installed (apt-get install prometheus)' : false;

interface Target {
  readonly datasource: { readonly type: string; readonly uid: string };
  readonly rawSql?: string;
  readonly format?: string;
  readonly expr?: string;
}
interface Panel {
  readonly id: number;
  readonly title: string;
  readonly type: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets: readonly Target[];
}
interface Dashboard {
  readonly id: null;
  readonly uid: string;
  readonly title: string;
  readonly schemaVersion: number;
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly { readonly name: string; readonly type: string; readonly query: string }[] };
}

const dashboards = readdirSync(DASHBOARDS)
  .filter((name) => name.endsWith('.json'))
  .map((name) => ({ name, content: JSON.parse(readFileSync(join(DASHBOARDS, name), 'utf8')) as Dashboard }));
const targets = dashboards.flatMap(({ name, content }) =>
  content.panels.flatMap((panel) => panel.targets.map((target) => ({ name: `${name}: ${panel.title}`, panel, target }))),
);

/**
 * What Grafana sends to the database. Source: Grafana documentation, "PostgreSQL query editor", macros; "Variable syntax", sqlstring.
 * A group of 60 s stands for `$__interval`; the panels set it as their least.
 */
function expandSql(text: string, cabinet: string): string {
  const [from, to] = [new Date(Date.now() - 86_400_000), new Date()].map((time) => `'${time?.toISOString()}'`);
  return text
    .replace(/\$__timeGroupAlias\(([\w.]+), \$__interval\)/g, 'floor(extract(epoch from $1)/60)*60 AS "time"')
    .replace(/\$__timeFilter\(([\w.]+)\)/g, `$1 BETWEEN ${from} AND ${to}`)
    .replace(/\$__timeFrom\(\)/g, `${from}`)
    .replace(/\$__timeTo\(\)/g, `${to}`)
    .replace(/\$\{cabinet:sqlstring\}/g, `'${cabinet.replaceAll("'", "''")}'`);
}

const expandPromql = (expr: string): string => expr.replaceAll('$__rate_interval', '1m');

t.test('dashboards: what Grafana needs to load them, and no panel over another', async (t) => {
  t.strictSame(dashboards.map(({ name }) => name).sort(), ['cabinet.json', 'city.json', 'host.json']);
  t.equal(new Set(dashboards.map(({ content }) => content.uid)).size, dashboards.length);
  for (const { name, content } of dashboards) {
    const { id, schemaVersion, panels, templating } = content;
    t.strictSame([id, schemaVersion], [null, 39], `${name}: the identifier is given by Grafana`);
    t.equal(new Set(panels.map((panel) => panel.id)).size, panels.length, `${name}: one identifier for each panel`);
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, i) => `${x + (i % w)},${y + Math.floor(i / w)}`),
    );
    t.equal(new Set(cells).size, cells.length, `${name}: no panel covers another`);
    t.ok(
      panels.every(({ gridPos: { x, w } }) => x + w <= 24),
      `${name}: 24 columns`,
    );
    const sources = new Map(templating.list.filter(({ type }) => type === 'datasource').map(({ name, query }) => [`\${${name}}`, query]));
    for (const { title, targets } of panels)
      for (const { datasource } of targets) t.equal(sources.get(datasource.uid), datasource.type, `${name}: ${title}`);
  }
});

t.test('every query of every dashboard finds rows of the demo', { skip: hostMissing }, async (t) => {
  const { database } = await openHostScene(t);
  await fillDemoRows(database);
  const queries = targets.filter(({ target }) => target.rawSql !== undefined);
  t.ok(queries.length > 20, `${queries.length} queries`);
  for (const { name, panel, target } of queries) {
    const rows = await database.query(expandSql(target.rawSql ?? '', 'demo-2'));
    t.not(rows.length, 0, name);
    t.notMatch(Object.values(rows[0] ?? {}), [null], `${name}: the first value is one`);
    if (target.format !== 'time_series') continue;
    const times = rows.map(({ time }) => Number(time));
    t.ok(
      times.every((time, i) => Number.isFinite(time) && (i === 0 || time >= (times[i - 1] ?? 0))),
      `${name}: sorted by time`,
    );
    t.equal(panel.type, 'timeseries', name);
  }
  const variables = dashboards.flatMap(({ content }) => content.templating.list.filter(({ type }) => type === 'query'));
  for (const { query } of variables) t.equal((await database.query(query)).length, DEMO_CABINETS.length, query);
  t.equal((await database.query(expandSql(`select \${cabinet:sqlstring} as name`, `x' or 'a' = 'a`))).length, 1);
});

t.test('Prometheus: configuration, alerts and their own tests', { skip: prometheusMissing }, async (t) => {
  const run = promisify(execFile);
  const check = (...words: string[]) => t.resolves(run('promtool', words, { cwd: PROMETHEUS }), words.join(' '));
  await check('check', 'config', 'prometheus.yml');
  await check('check', 'rules', '--lint=all', '--lint-fatal', 'luciole-platform.rules.yml');
  await check('test', 'rules', 'luciole-platform.rules.test.yml');
});

t.test(
  'every metric of dashboards and alerts exists, and Prometheus understands every query',
  { skip: hostMissing || prometheusMissing },
  async (t) => {
    const scene = await openHostScene(t);
    const { findFreePort, endProcess } = await import('../../platform/servers/programs.ts');
    const children: ChildProcess[] = [];
    const folder = mkdtempSync(join(tmpdir(), 'luciole-prometheus-'));
    t.teardown(async () => {
      await Promise.all(children.map((child) => endProcess(child, 'SIGTERM')));
      rmSync(folder, { recursive: true, force: true });
    });
    const ports = await Promise.all([findFreePort(), findFreePort(), findFreePort(), findFreePort()]);
    const kinds = ['worker', 'state', 'commands'];
    for (const [i, kind] of kinds.entries()) {
      const words = [
        join(PLATFORM, 'main.ts'),
        kind,
        '--database',
        scene.url,
        '--broker',
        scene.mosquitto.url,
        '--metrics',
        `127.0.0.1:${ports[i]}`,
      ];
      children.push(spawn(process.execPath, words, { stdio: 'ignore' }));
    }
    const config = parse(readFileSync(join(PROMETHEUS, 'prometheus.yml'), 'utf8')) as Record<string, unknown>;
    const own = {
      global: { scrape_interval: '1s', evaluation_interval: '1s' },
      rule_files: [join(PROMETHEUS, 'luciole-platform.rules.yml')],
      scrape_configs: [
        {
          job_name: 'luciole-platform',
          static_configs: kinds.map((process, i) => ({ targets: [`127.0.0.1:${ports[i]}`], labels: { process } })),
        },
      ],
    };
    t.strictSame(Object.keys(config).sort(), Object.keys(own).sort(), 'the shipped configuration with other addresses');
    // JSON is YAML too.
    writeFileSync(join(folder, 'prometheus.yml'), JSON.stringify(own));
    const api = `http://127.0.0.1:${ports[3]}`;
    children.push(
      spawn(
        'prometheus',
        [
          `--config.file=${join(folder, 'prometheus.yml')}`,
          `--storage.tsdb.path=${join(folder, 'data')}`,
          `--web.listen-address=127.0.0.1:${ports[3]}`,
        ],
        { stdio: 'ignore' },
      ),
    );
    const node = scene.node('c1');
    await node.uplink.start();
    const query = async (expr: string): Promise<{ status: string; error?: string; data?: { result: unknown[] } }> =>
      (await fetch(`${api}/api/v1/query?query=${encodeURIComponent(expr)}`)).json() as never;
    const isReady = await scene.holds(async () => {
      node.poll({ 'L01.level': Math.random() });
      node.commit();
      const found = await query('luciole_platform_readings_inserted_total > 0 and on () (sum(up) == 3)').catch(() => undefined);
      return (found?.data?.result.length ?? 0) > 0;
    }, 60_000);
    t.ok(isReady, 'Prometheus has read a worker that stores');
    const rules = parse(readFileSync(join(PROMETHEUS, 'luciole-platform.rules.yml'), 'utf8')) as {
      groups: { rules: { alert: string; expr: string }[] }[];
    };
    const expressions = [
      ...targets.flatMap(({ name, target: { expr } }) => (expr === undefined ? [] : [{ name, expr: expandPromql(expr) }])),
      ...rules.groups.flatMap(({ rules }) => rules.map(({ alert, expr }) => ({ name: alert, expr }))),
    ];
    t.ok(expressions.length > 25, `${expressions.length} expressions`);
    const names = new Set(expressions.flatMap(({ expr }) => expr.match(/\b(?:luciole|process)_\w+|\bup\b/g) ?? []));
    for (const name of names) t.not((await query(`count(${name})`)).data?.result.length, 0, `${name} exists`);
    for (const { name, expr } of expressions) {
      const { status, error } = await query(expr);
      t.equal(status, 'success', `${name}: ${expr} ${error ?? ''}`);
    }
    // A histogram needs two scrapes, so the figures of a dashboard come a little later.
    t.ok(
      await scene.holds(async () => ((await query('sum(rate(luciole_platform_lag_seconds_count[1m])) > 0')).data?.result.length ?? 0) > 0),
    );
    for (const { name, expr } of expressions.slice(0, -rules.groups.flatMap((group) => group.rules).length))
      t.not((await query(expr)).data?.result.length, 0, `${name} shows something`);
  },
);

t.test('the page names every dashboard and alert, and its YAML is valid', async (t) => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/city-dashboards.md'), 'utf8');
  for (const { name } of dashboards) t.ok(page.includes(`| \`${name}\` |`), name);
  const rules = readFileSync(join(PROMETHEUS, 'luciole-platform.rules.yml'), 'utf8');
  const alerts = [...rules.matchAll(/alert: (\w+)/g)].map(([, name = '']) => name);
  t.strictSame([...page.matchAll(/^\| `(Luciole\w+)` /gm)].map(([, name]) => name).sort(), alerts.sort());
  const [sources, providers] = [...page.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, text = '']) => parse(text) as Record<string, unknown>);
  t.match(sources, { apiVersion: 1, datasources: [{ type: 'grafana-postgresql-datasource' }, { type: 'prometheus' }] });
  t.match(providers, { apiVersion: 1, providers: [{ type: 'file' }] });
});
