import t from 'tap';
import { texts } from '../../support/texts.ts';
import { createMemoryStore } from './memory-store.ts';
import { manualClock, until } from './small-node.ts';
import { BIRTHS, online, openUplinkScene, verbs } from './uplink-scene.ts';

t.test('a session opens with births alone, in order, complete, at QoS 0 and not retained', async (t) => {
  const { host, node } = await openUplinkScene(t);
  node.poll({ 'L01.level': 40, 'L01.power': [7.5, 'stale'], 'M1.energy': 9_007_199_254_740_991 });
  await node.uplink.start();
  t.ok(await until(() => host.messages.length === 5));
  t.equal(verbs(host.messages), BIRTHS);
  t.ok(host.messages.every(({ qos, retain }) => qos === 0 && !retain));
  t.strictSame(
    host.messages.map(({ payload }) => payload.seq),
    [0, 1, 2, 3, 4],
  );
  const [nbirth, l01, , m1, z1] = host.messages.map(({ payload }) => new Map(payload.metrics.map((m) => [m.name, m])));
  t.match(nbirth?.get('bdSeq'), { value: 0n, datatype: 4, alias: undefined });
  t.match(nbirth?.get('Node Control/Rebirth'), { value: false, datatype: 11, alias: undefined });
  t.match(nbirth?.get('Properties/Software'), { value: 'Luciole' });
  t.match(nbirth?.get('Properties/Version'), { value: '1.2.3' });
  t.match(nbirth?.get('Sync/Epoch'), { value: 'e1' });
  t.match(nbirth?.get('Sync/Readings Lost'), { value: 0n, datatype: 4 });
  t.match(nbirth?.get('Sync/Gaps'), { value: 0n, datatype: 4 });
  t.match(l01?.get('level'), { value: 40, datatype: 10 });
  t.equal(l01?.get('level')?.properties.get('engUnit'), '%');
  t.match(l01?.get('power'), { value: 7.5 });
  t.equal(l01?.get('power')?.properties.get('Quality'), 500);
  t.match(m1?.get('energy'), { value: 9_007_199_254_740_991n, datatype: 4 });
  t.match(z1?.get('Override/Level'), { isNull: true, value: undefined, datatype: 4 });
  t.match(z1?.get('Override/Minutes'), { value: 120n });
  for (const { payload } of host.messages)
    for (const metric of payload.metrics) t.ok(metric.timestampMs !== undefined && metric.datatype !== undefined);
});

t.test('live readings are sent immediately, by alias alone, and count as delivered after the barrier', async (t) => {
  const { host, node } = await openUplinkScene(t);
  await node.uplink.start();
  await until(online(node));
  const frame = node.poll({ 'L01.level': 41, 'L02.level': [null, 'missing'] });
  t.ok(await until(() => node.uplink.status().readingsAcked === 2));
  await until(() => host.values.size === 2);
  t.match(host.values.get(`L01/level@${frame.atMs}`), { value: 41, quality: 192, historical: false });
  t.match(host.values.get(`L02/level@${frame.atMs}`), { value: null, quality: 0, historical: false });
  const data = host.messages.filter(({ verb }) => verb === 'DDATA').flatMap(({ payload }) => payload.metrics);
  t.ok(data.every(({ name, datatype, alias }) => name === undefined && datatype === undefined && alias !== undefined));
  node.commit();
  t.equal(node.store.cursor, 1);
  t.match(texts(node.uplink.status()), { state: 'online', reason: '', readingsPublished: 2, readingsHistorical: 0, readingsAcked: 2 });
});

t.test('losses are reported: in the birth, and within a minute of a new loss', async (t) => {
  const clock = manualClock();
  const store = createMemoryStore();
  const loss = { readingsLost: 20, gaps: 1 };
  const port = { ...store.port, status: async () => ({ ...(await store.port.status()), ...loss }) };
  const { host, node } = await openUplinkScene(t, { clock, store: { ...store, port } });
  await node.uplink.start();
  await until(online(node));
  t.ok(await until(() => host.messages.length === 5));
  const born = new Map(host.messages[0]?.payload.metrics.map((metric) => [metric.name, metric]));
  t.match([born.get('Sync/Readings Lost'), born.get('Sync/Gaps')], [{ value: 20n }, { value: 1n }]);
  await clock.advance(60_000);
  Object.assign(loss, { readingsLost: 33, gaps: 3 });
  await clock.advance(60_000);
  t.ok(await until(() => host.values.size === 2), 'nothing before it changed');
  t.match(
    [...host.values.values()],
    [
      { device: '', metric: 'Sync/Readings Lost', value: 33n, historical: false },
      { device: '', metric: 'Sync/Gaps', value: 3n },
    ],
  );
  t.match(host, { seqGaps: 0, strays: 0 });
});

t.test('while the broker is away everything waits in the store, and arrives as history, once, in order', async (t) => {
  const { broker, host, node } = await openUplinkScene(t, { primaryHost: 'scada' });
  await node.uplink.start();
  await until(online(node));
  for (let i = 0; i < 10; i += 1) node.poll({ 'L01.level': i, 'M1.energy': i });
  await until(() => node.uplink.status().readingsAcked === 20);
  node.commit();
  await broker.stop();
  await until(() => node.uplink.status().state === 'down');
  t.match(node.uplink.status().reason, /check/);
  for (let i = 10; i < 300; i += 1) node.poll({ 'L01.level': i, 'M1.energy': i });
  node.commit();
  await broker.start();
  t.ok(await until(() => node.store.cursor === 300), 'the cursor reaches the end');
  node.poll({ 'L01.level': 99 });
  await until(() => host.values.size === 601);
  const levels = [...host.values.values()].filter(({ metric }) => metric === 'level');
  t.strictSame(
    levels.map(({ value }) => value),
    [...Array.from({ length: 300 }, (_, i) => i), 99],
  );
  t.strictSame(
    levels.map(({ historical }) => historical),
    Array.from({ length: 301 }, (_, i) => i >= 10 && i < 300),
  );
  t.match(host, { duplicates: 0, seqGaps: 0, strays: 0 });
  t.match(node.uplink.status(), { readingsPublished: 601, readingsHistorical: 580, bdSeq: /^[12345]$/ });
  t.match(
    node.events.map(({ code, endMs }) => [code, endMs === null]),
    [
      ['uplink-down', true],
      ['uplink-down', false],
    ],
  );
  t.equal(node.events[0]?.id, node.events[1]?.id);
});

t.test('a rebirth on request: same bdSeq, seq from 0, all devices again, no data between', async (t) => {
  const { host, node } = await openUplinkScene(t);
  await node.uplink.start();
  await until(online(node));
  node.poll({ 'L01.level': 1 });
  await until(() => host.messages.length === 6);
  await host.requestRebirth();
  t.ok(await until(() => host.messages.length === 11));
  t.equal(verbs(host.messages.slice(6)), BIRTHS);
  t.strictSame(
    host.messages.slice(6).map(({ payload }) => payload.seq),
    [0, 1, 2, 3, 4],
  );
  t.match(
    host.messages[6]?.payload.metrics.find(({ name }) => name === 'bdSeq'),
    { value: 0n },
  );
  node.poll({ 'L01.level': 2 });
  await until(() => host.messages.length === 12);
  t.match(host, { seqGaps: 0, strays: 0 });
});

t.test('a silent unit is dead until it returns, and its zone is not', async (t) => {
  const { host, node } = await openUplinkScene(t);
  node.uplink.deviceAlive('M1', false);
  node.uplink.deviceAlive('Z1', false);
  await node.uplink.start();
  await until(() => host.messages.length === 4);
  t.equal(verbs(host.messages), 'NBIRTH DBIRTH:L01 DBIRTH:L02 DBIRTH:Z1');
  node.uplink.deviceAlive('L01', false);
  node.uplink.deviceAlive('L01', false);
  node.poll({ 'L01.level': [null, 'missing'], 'L02.level': 3 });
  node.uplink.deviceAlive('M1', true);
  await until(() => host.messages.length === 7);
  t.equal(verbs(host.messages.slice(4)), 'DDEATH:L01 DDATA:L02 DBIRTH:M1');
  t.strictSame([...host.alive].sort(), ['L02', 'M1', 'Z1']);
  t.match(host.messages[4]?.payload, { seq: 4, metrics: [] });
  t.ok(host.messages[4]?.payload.timestampMs);
  await until(() => node.uplink.status().readingsAcked === 2);
  t.match(host, { seqGaps: 0, strays: 0 });
});

t.test('the last readings of a dead lamp still arrive: it is born for that, and dies again', async (t) => {
  const { host, node } = await openUplinkScene(t);
  node.poll({ 'L01.level': 10 });
  node.poll({ 'L01.level': [null, 'missing'] });
  node.commit();
  node.uplink.deviceAlive('L01', false);
  await node.uplink.start();
  t.ok(await until(() => node.store.cursor === 2));
  await until(() => verbs(host.messages).endsWith('DDEATH:L01'));
  t.equal(verbs(host.messages.slice(4)), 'DBIRTH:L01 DDATA:L01 DDEATH:L01');
  t.match(
    [...host.values.values()],
    [
      { value: 10, historical: true },
      { value: null, historical: true },
    ],
  );
  t.match(host, { seqGaps: 0, strays: 0, duplicates: 0 });
});

t.test('a reading of a lamp that counts as dead is not lost: it is sent as history; its stale quality is not sent', async (t) => {
  const { host, node } = await openUplinkScene(t);
  node.uplink.deviceAlive('L01', false);
  await node.uplink.start();
  await until(online(node));
  node.poll({ 'L01.level': [3, 'stale'], 'L02.level': 4 });
  t.ok(await until(() => host.values.size === 1), 'the other lamp is not held up');
  node.poll({ 'L01.level': 5 });
  node.commit();
  t.ok(await until(() => node.store.cursor === 2));
  await until(() => host.values.size === 2);
  t.match(
    [...host.values.values()],
    [
      { value: 4, historical: false },
      { value: 5, historical: true },
    ],
  );
  t.match(host, { seqGaps: 0, strays: 0, duplicates: 0 });
});

t.test('metrics that the agent sets itself are sent when they change, and only then', async (t) => {
  const { host, node } = await openUplinkScene(t);
  await node.uplink.start();
  await until(online(node));
  const say = (value: string, atMs: number): void => node.uplink.update('L02', 'Reason', { value, quality: 'good', atMs });
  say('dusk', 1_000);
  t.ok(await until(() => host.values.size === 1));
  say('dusk', 2_000);
  say('presence', 3_000);
  t.ok(await until(() => host.values.size === 2));
  t.strictSame([...host.values.keys()], ['L02/Reason@1000', 'L02/Reason@3000']);
  node.uplink.update('L02', 'no such metric', { value: 1, quality: 'good', atMs: 1 });
  node.uplink.update('nobody', 'Reason', { value: 1, quality: 'good', atMs: 1 });
});
