/** Births on request: DATA stops immediately, readings of that time arrive after the births, and large births are sent in parts. */

import t from 'tap';
import { msg } from '../../../../agent/core/message.ts';
import type { UplinkDevice } from '../../../../agent/core/ports.ts';
import { toLong } from '../../../../agent/sync/sparkplug/codec.ts';
import { manualClock, until } from '../small-node.ts';
import { BIRTHS, online, openUplinkScene, verbs } from '../uplink-scene.ts';

t.test('a request for births within the minimum interval stops all DATA immediately, and no reading from then is lost', async (t) => {
  const clock = manualClock();
  const { host, node } = await openUplinkScene(t, { clock });
  await node.uplink.start();
  await until(online(node));
  node.poll({ 'L01.level': 1 });
  t.ok(await until(() => host.messages.length === 6));
  await host.requestRebirth();
  t.ok(await until(() => host.messages.length === 11), 'the first is answered at once');
  for (const gapMs of [5_000, 10_000]) {
    const before = host.messages.length;
    const { commandsReceived } = node.uplink.status();
    await host.requestRebirth();
    t.ok(await until(() => node.uplink.status().commandsReceived === commandsReceived + 1));
    const frames = [2, 3, 4].map((value) => node.poll({ 'L01.level': value + gapMs, 'M1.energy': value + gapMs }));
    node.commit();
    node.uplink.update('L02', 'Reason', { value: `after ${gapMs}`, quality: 'good', atMs: clock.wallMs() });
    await host.write('Sync/Resend', JSON.stringify({ id: `r-${gapMs}`, fromSeq: 1, toSeq: 1 }));
    await host.command('L02', []);
    t.ok(await until(() => node.uplink.status().commandsReceived === commandsReceived + 2));
    await clock.advance(gapMs - 1);
    node.uplink.deviceAlive('M1', false);
    node.uplink.deviceAlive('M1', true);
    t.ok(await until(() => host.messages.length === before + 2));
    t.equal(verbs(host.messages.slice(before)), 'DDEATH:M1 DBIRTH:M1', 'deaths and births go on, DATA does not');
    await clock.advance(1);
    t.ok(await until(() => host.messages.length >= before + 7));
    t.equal(verbs(host.messages.slice(before + 2, before + 7)), BIRTHS);
    const has = ({ atMs }: { readonly atMs: number }): boolean =>
      host.values.has(`L01/level@${atMs}`) && host.values.has(`M1/energy@${atMs}`);
    t.ok(await until(() => frames.every(has)), 'what was read meanwhile comes behind the births');
    const results = (): string[] =>
      [...host.values.values()].filter(({ metric }) => metric === 'Sync/Resend Result').map(({ value }) => String(value));
    t.ok(await until(() => results().some((text) => text.includes(`"r-${gapMs}","state":"done"`))), 'and so do answers');
    t.ok(await until(() => node.store.cursor === node.store.rows.length));
    const reason = host.messages[before + 4]?.payload.metrics.find(({ name }) => name === 'Reason');
    t.match(reason, { value: `after ${gapMs}` });
  }
  t.match(host, { seqGaps: 0, strays: 0 });
});

t.test('a host that requests births again and again is an event while it does', async (t) => {
  const clock = manualClock();
  const { host, node } = await openUplinkScene(t, { clock });
  await node.uplink.start();
  await until(online(node));
  const storms = () => node.events.filter(({ code }) => code === 'births-asked-too-often');
  const ask = async (): Promise<void> => {
    const { commandsReceived } = node.uplink.status();
    await host.requestRebirth();
    await until(() => node.uplink.status().commandsReceived > commandsReceived);
  };
  for (let i = 0; i < 4; i += 1) {
    await ask();
    await clock.advance(60_000);
  }
  t.strictSame(storms(), [], 'a few are no reason');
  for (let i = 0; i < 20; i += 1) {
    await ask();
    await clock.advance(60_000);
  }
  t.match(storms(), [{ severity: 'warning', endMs: null, text: /Check which host writes Node Control\/Rebirth/ }]);
  await clock.advance(1_800_000);
  t.match([storms().length, storms().at(-1)?.endMs !== null], [2, true]);
});

t.test('the result of a command while births are due is sent after them', async (t) => {
  const clock = manualClock();
  const { host, node } = await openUplinkScene(t, { clock });
  node.onOrder = (order) => {
    if (order.kind !== 'override') return;
    const { commandId, target, levelPct } = order.request;
    const atMs = clock.wallMs();
    node.uplink.outcome({ commandId, target, levelPct, state: 'verified', reason: msg``, lamps: {}, source: 'platform', atMs });
  };
  await node.uplink.start();
  await until(online(node));
  for (const _ of ['answered', 'due']) await host.requestRebirth();
  await until(() => node.uplink.status().commandsReceived === 2);
  const metrics = [
    { name: 'Override/Level', value: toLong(20) },
    { name: 'Override/Id', value: { kind: 'string' as const, value: 'a-1' } },
  ];
  await host.command('L01', metrics, { timestampMs: clock.wallMs() });
  t.ok(await until(() => node.uplink.status().commandsReceived === 3));
  await clock.advance(4_000);
  t.equal(host.outcomes.length, 0);
  await clock.advance(1_000);
  t.ok(await until(() => host.outcomes.some(({ id, state }) => id === 'a-1' && state === 'verified')));
});

t.test('a session that ends while births are due loses nothing', async (t) => {
  const clock = manualClock();
  const { broker, host, node } = await openUplinkScene(t, { clock, primaryHost: 'scada' });
  await node.uplink.start();
  await until(online(node));
  for (const _ of ['answered', 'due']) await host.requestRebirth();
  await until(() => node.uplink.status().commandsReceived === 2);
  const frame = node.poll({ 'L01.level': 7 });
  node.commit();
  await host.write('Sync/Resend', JSON.stringify({ id: 'r-1', fromSeq: 9, toSeq: 1 }));
  await host.command('L02', []);
  await until(() => node.uplink.status().commandsReceived === 3);
  const before = host.messages.length;
  await broker.stop();
  await until(() => node.uplink.status().state === 'down');
  await broker.start();
  for (let i = 0; i < 200 && !online(node)(); i += 1) {
    await clock.advance(1_000);
    await until(online(node), 20);
  }
  t.ok(await until(() => host.values.has(`L01/level@${frame.atMs}`)));
  const birth = host.messages.slice(before).find(({ verb }) => verb === 'NBIRTH');
  t.match(birth?.payload.metrics.find(({ name }) => name === 'Sync/Resend Result')?.value, /"r-1","state":"refused"/);
  const live = node.poll({ 'L01.level': 8 });
  t.ok(await until(() => host.values.get(`L01/level@${live.atMs}`)?.historical === false), 'and live data flows again');
});

/** Devices whose births need this many bytes in all, about. */
function wideDevices(megabytes: number): UplinkDevice[] {
  const metrics = 400;
  return Array.from({ length: Math.round((megabytes * 1e6) / (metrics * 65)) }, (_, i) => ({
    id: `W${i}`,
    target: null,
    metrics: Array.from({ length: metrics }, (_, n) => ({
      name: `measured_channel_number_${n}`,
      pointId: `W${i}.${n}` as const,
      type: 'Double' as const,
      unit: 'W',
    })),
  }));
}

t.test('births of any size reach the platform, and live data follows them', { timeout: 120_000 }, async (t) => {
  for (const megabytes of [0.4, 6]) {
    const devices = wideDevices(megabytes);
    const { host, node } = await openUplinkScene(t, { devices });
    await node.uplink.start();
    t.ok(await until(() => host.alive.size === devices.length, 60_000), `${megabytes} MB: all are born`);
    const bytes = host.messages.reduce((sum, message) => sum + message.bytes.length, 0);
    t.ok(bytes > megabytes * 800_000, `${bytes} bytes of births`);
    await host.requestRebirth();
    t.ok(await until(() => host.messages.filter(({ verb }) => verb === 'DBIRTH').length === 2 * devices.length, 60_000), 'and again');
    const frame = node.poll({ 'W0.0': 5 });
    t.ok(await until(() => host.values.has(`W0/measured_channel_number_0@${frame.atMs}`)));
    t.match(host, { seqGaps: 0, strays: 0 });
    t.match(node.uplink.status(), { state: 'online', bdSeq: 0 });
    await node.uplink.stop();
    host.forget();
  }
});
