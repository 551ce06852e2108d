import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import t from 'tap';
import { parse } from 'yaml';
import { findProgram } from '../platform/mosquitto.ts';
import { DEMO_CABINETS, fillDemoRows } from './demo-rows.ts';
import { hostSkip, openHostScene } from './host-scene.ts';
import { startPrometheus } from './prometheus-scene.ts';

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

t.test('every metric exists, and Prometheus understands every query', { skip: hostMissing || prometheusMissing }, async (t) => {
  const scene = await openHostScene(t);
  const rulesFile = join(PROMETHEUS, 'luciole-platform.rules.yml');
  const { settings, query, count } = await startPrometheus(t, scene, rulesFile);
  const shipped = parse(readFileSync(join(PROMETHEUS, 'prometheus.yml'), 'utf8')) as Record<string, unknown>;
  t.strictSame(Object.keys(shipped).sort(), Object.keys(settings).sort(), 'the shipped configuration with other addresses');
  const node = scene.node('c1');
  await node.uplink.start();
  const isRead = async (): Promise<boolean> => {
    node.poll({ 'L01.level': Math.random() });
    node.commit();
    // A rate needs two scrapes.
    return (await count('rate(luciole_platform_lag_seconds_count[1m]) > 0 and on () (sum(up) == 3)')) > 0;
  };
  t.ok(await scene.holds(isRead, 60_000), 'Prometheus has read a worker that stores');
  const { groups } = parse(readFileSync(rulesFile, 'utf8')) as { groups: { rules: { alert: string; expr: string }[] }[] };
  const alerts = groups.flatMap(({ rules }) => rules.map(({ alert, expr }) => ({ name: alert, expr })));
  const shown = targets.flatMap(({ name, target: { expr } }) => (expr === undefined ? [] : [{ name, expr: expandPromql(expr) }]));
  t.ok(alerts.length > 5 && shown.length > 20, `${alerts.length} alerts, ${shown.length} queries`);
  const all = [...alerts, ...shown];
  const names = new Set(all.flatMap(({ expr }) => expr.match(/\b(?:luciole|process)_\w+|\bup\b/g) ?? []));
  for (const name of names) t.not(await count(name), 0, `${name} exists`);
  for (const { name, expr } of all) {
    const { status, error } = await query(expr);
    t.equal(status, 'success', `${name}: ${expr} ${error ?? ''}`);
  }
  for (const { name, expr } of shown) t.not(await count(expr), 0, `${name} shows something`);
});

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
