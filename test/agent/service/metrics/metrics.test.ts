import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { MINUTE_MS } from '../../../../agent/core/durations.ts';
import { type MetricFamily, metricsText } from '../../../../agent/core/metrics.ts';
import { createHealth } from '../../../../agent/service/metrics/health.ts';
import { createMetricsFile } from '../../../../agent/service/metrics/metrics-file.ts';
import { readExposition } from '../../../support/exposition.ts';
import { createRig } from '../../../support/rig.ts';

const NIGHT = '2026-12-15T23:30:00+01:00';
const FORMATS = ['openmetrics', 'prometheus'] as const;

const FAMILIES: readonly MetricFamily[] = [
  {
    name: 'luciole',
    type: 'info',
    unit: '',
    help: 'Version',
    samples: [{ labels: { version: '1.0', cabinet: 'a "b" \\ c\nd' }, value: 1 }],
  },
  { name: 'luciole_memory_bytes', type: 'gauge', unit: 'bytes', help: 'In \\ "use"', samples: [{ value: 1.5e21 }] },
  { name: 'luciole_starts', type: 'counter', unit: '', help: 'Starts', samples: [{ value: 3 }] },
  { name: 'luciole_unknown', type: 'gauge', unit: '', help: 'No value', samples: [] },
];

t.test('the two texts conform to their formats', async (t) => {
  t.equal(
    metricsText(FAMILIES, 'openmetrics'),
    [
      '# TYPE luciole info',
      '# HELP luciole Version',
      'luciole_info{version="1.0",cabinet="a \\"b\\" \\\\ c\\nd"} 1',
      '# TYPE luciole_memory_bytes gauge',
      '# UNIT luciole_memory_bytes bytes',
      '# HELP luciole_memory_bytes In \\\\ \\"use\\"',
      'luciole_memory_bytes 1.5e+21',
      '# TYPE luciole_starts counter',
      '# HELP luciole_starts Starts',
      'luciole_starts_total 3',
      '# EOF\n',
    ].join('\n'),
  );
  t.match(
    metricsText(FAMILIES, 'prometheus'),
    /^# TYPE luciole_info gauge\n.*# TYPE luciole_starts_total counter\n[^#]*# HELP luciole_starts_total Starts\nluciole_starts_total 3\n$|^# TYPE luciole_info gauge\n/s,
  );
  for (const format of FORMATS) {
    const read = readExposition(metricsText(FAMILIES, format), format);
    const [info] = [...read.values()][0]?.samples ?? [];
    t.equal(info?.labels.get('cabinet'), 'a "b" \\ c\nd', 'what is escaped comes back');
    t.equal(read.size, 3, 'a family without a value is left out');
  }
});

t.test('the reader refuses what is no such text, so that the tests by it can fail', async (t) => {
  const bad = [
    'luciole_x 1\n# EOF\n',
    '# TYPE luciole_x gauge\nluciole_x 1\n',
    '# TYPE luciole_x counter\nluciole_x 1\n# EOF\n',
    '# TYPE luciole_x gauge\n# UNIT luciole_x bytes\nluciole_x 1\n# EOF\n',
    '# TYPE luciole_x gauge\nluciole_x 1\nluciole_x 2\n# EOF\n',
    '# TYPE luciole_x gauge\n\nluciole_x 1\n# EOF\n',
    '# TYPE luciole_x gauge\nluciole_x{a="b} 1\n# EOF\n',
    '# TYPE luciole_x gauge\nluciole_x NaNx\n# EOF\n',
  ];
  for (const text of bad) t.throws(() => readExposition(text, 'openmetrics'), JSON.stringify(text));
});

t.test('a working agent reports its figures, with their units in the names, in both formats', async (t) => {
  const rig = await createRig(t, { startAt: NIGHT, withUplink: true });
  await rig.until('dimmed', () => rig.levels().every((level) => level === 30));
  await rig.until('delivered', async () => (await rig.status()).uplink.readingsAcked > 0, 2 * MINUTE_MS);
  const families = await rig.agent.view.metrics();
  for (const format of FORMATS) readExposition(metricsText(families, format), format);
  const read = readExposition(metricsText(families, 'openmetrics'), 'openmetrics');
  const value = (family: string, labels: Readonly<Record<string, string>> = {}): number | undefined =>
    read.get(family)?.samples.find((sample) => Object.entries(labels).every(([name, word]) => sample.labels.get(name) === word))?.value;
  const { lines, store, uplink } = await rig.status();
  t.equal(value('luciole_lamps', { state: 'lit' }), 4);
  t.equal(value('luciole_line_up', { line: 'north' }), 1);
  t.equal(value('luciole_line_transactions', { line: 'north' }), lines[0]?.transactions);
  t.equal(value('luciole_units', { state: 'ok' }), 6);
  t.equal(value('luciole_store_readings'), store.readings);
  t.equal(value('luciole_uplink_proven_readings'), uplink.readingsAcked);
  t.equal(value('luciole_uplink_state', { state: 'online' }), 1);
  t.equal(value('luciole_clock_quality', { quality: 'synced' }), 1);
  t.equal(value('luciole_events', { code: 'agent-started' }), 1);
  t.equal(value('luciole_safe_mode'), 0);
  for (const [name, { unit }] of read) t.ok(!/(bytes|seconds|ratio)$/.test(name) || name.endsWith(unit === '' ? '?' : `_${unit}`), name);

  rig.street.unitOf('L03').line.silence(rig.street.unitOf('L03').unit);
  await rig.until('silent', async () => (await rig.status()).activeEvents.length > 0, 2 * MINUTE_MS);
  const later = readExposition(metricsText(await rig.agent.view.metrics(), 'openmetrics'), 'openmetrics');
  t.match(
    later.get('luciole_active_events')?.samples.map(({ labels, value: active }) => [labels.get('severity'), active]),
    [
      ['warning', 1],
      ['alarm', 0],
    ],
  );
});

t.test('the births send the state of the agent to the platform', async (t) => {
  const rig = await createRig(t, { startAt: NIGHT, withUplink: true });
  await rig.until('born', () => rig.host.nodeAlive, MINUTE_MS);
  const birth = rig.host.messages.find(({ verb }) => verb === 'NBIRTH');
  const published = new Map(birth?.payload.metrics.map(({ name, value, isNull }) => [name, isNull ? null : value]));
  t.equal(published.get('Agent/Safe Mode'), false);
  t.equal(published.get('Agent/Last End'), '');
  t.equal(published.get('Agent/Bus Use'), 0n);
  for (const name of ['Agent/Memory', 'Agent/Loop Lag', 'Agent/Starts'])
    t.equal(published.get(name), null, `${name}: not measured on a simulated street`);
});

t.test('the file for the exporter exists within a minute, complete and readable, and an unwritable folder is reported once', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'luciole-'));
  t.teardown(() => rmSync(dir, { recursive: true }));
  const textfile = join(dir, 'textfile');
  mkdirSync(textfile);
  const rig = await createRig(t, {
    startAt: NIGHT,
    change: (cabinet) => ({ ...cabinet, service: { metricsFile: join(textfile, 'luciole.prom') } }),
  });
  const isWritten = async (): Promise<boolean> => {
    // A busy disk takes longer than simulated minutes do.
    await new Promise((resolve) => setTimeout(resolve, 1));
    return readdirSync(textfile).includes('luciole.prom');
  };
  await rig.until('written', isWritten, 2 * MINUTE_MS);
  t.strictSame(readdirSync(textfile), ['luciole.prom']);
  t.equal(statSync(join(textfile, 'luciole.prom')).mode & 0o777, 0o644, 'for another user to read');
  t.ok(readExposition(readFileSync(join(textfile, 'luciole.prom'), 'utf8'), 'prometheus').has('luciole_uptime_seconds'));

  const logged: string[] = [];
  const file = createMetricsFile(join(dir, 'missing', 'luciole.prom'), { event: (name) => logged.push(name) });
  await file.write('a 1\n');
  await file.write('a 2\n');
  t.strictSame(logged, ['metrics-file-not-written']);
  mkdirSync(join(dir, 'missing'));
  await file.write('a 3\n');
  t.equal(readFileSync(join(dir, 'missing', 'luciole.prom'), 'utf8'), 'a 3\n');
  t.strictSame(readdirSync(join(dir, 'missing')), ['luciole.prom']);
});

t.test('the process is measured: memory, processor, and a loop that is held up', async (t) => {
  const health = createHealth();
  // Held up until it was seen: the first looks of the measurement may not have begun yet.
  while (health.sample().loopLag.maxMs < 50) {
    for (const fromMs = performance.now(); performance.now() - fromMs < 150; );
    await new Promise(setImmediate);
  }
  health.turn();
  const { residentBytes, heapBytes, userCpuS, systemCpuS, loopLag } = health.sample();
  health.stop();
  t.ok(residentBytes > heapBytes && heapBytes > 1e6);
  t.ok(userCpuS > 0 && systemCpuS >= 0);
  t.ok(loopLag.maxMs >= 50 && loopLag.maxMs >= loopLag.meanMs, `held up for 150 ms: ${loopLag.maxMs} ms`);
});
