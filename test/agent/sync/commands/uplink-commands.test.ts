import t from 'tap';
import { msg } from '../../../../agent/core/message.ts';
import type { OverrideRequest, ReleaseRequest } from '../../../../agent/core/ports.ts';
import { toLong } from '../../../../agent/sync/sparkplug/codec.ts';
import { until } from '../small-node.ts';
import { online, openUplinkScene } from '../uplink-scene.ts';

t.test('an override arrives once, and its results are returned', async (t) => {
  const { host, node } = await openUplinkScene(t);
  const overrides: OverrideRequest[] = [];
  const releases: ReleaseRequest[] = [];
  node.onOrder = ({ kind, request }) => {
    if (kind === 'release') releases.push(request);
    if (kind !== 'override') return;
    overrides.push(request);
    for (const state of ['queued', 'sent', 'verified'] as const) {
      node.uplink.outcome({
        commandId: request.commandId,
        target: request.target,
        levelPct: request.levelPct,
        state,
        reason: msg``,
        lamps: { L01: state },
        source: request.source,
        atMs: Date.now(),
      });
    }
  };
  await node.uplink.start();
  await until(online(node));
  await host.override('Z1', { level: 80, minutes: 15, reason: 'marché de Noël', id: 'k-1' });
  t.ok(await until(() => host.outcomes.length === 3));
  t.match(overrides, [{ commandId: 'k-1', target: { kind: 'zone', id: 'Z1' }, levelPct: 80, minutes: 15, reason: 'marché de Noël' }]);
  t.strictSame(
    host.outcomes.map(({ device, id, state, level, lamps }) => [device, id, state, level, lamps]),
    ['queued', 'sent', 'verified'].map((state) => ['Z1', 'k-1', state, 80, { L01: state }]),
  );
  await host.override('Z1', { level: 80, minutes: 15, reason: 'marché de Noël', id: 'k-1' });
  t.ok(await until(() => host.outcomes.length === 4), 'a repeated command is answered');
  t.match([overrides.length, host.outcomes[3]], [1, { id: 'k-1', state: 'verified' }]);
  await host.release('L01');
  t.ok(await until(() => releases.length === 1));
  t.equal(host.duplicates, 0, 'each outcome has a time of its own');
});

t.test('bad commands are refused with their reason, on the device they were for', async (t) => {
  const { host, node } = await openUplinkScene(t);
  const overrides: OverrideRequest[] = [];
  node.onOrder = ({ kind, request }) => kind === 'override' && overrides.push(request);
  await host.command('L02', [{ name: 'Override/Level', value: toLong(10) }], { retain: true });
  await node.uplink.start();
  t.ok(await until(() => node.uplink.status().commandsRefused === 1), 'retained before it came');
  await until(online(node));
  await host.override('L01', { level: 101 });
  await host.command('L01', [{ name: 'Override/Level', value: { kind: 'double', value: 50 } }]);
  await host.command('L01', [{ name: 'Override/Level', value: toLong(50) }], { timestampMs: Date.now() - 3_600_000 });
  await host.command('nobody', [{ name: 'Override/Level', value: toLong(50) }]);
  t.ok(await until(() => host.outcomes.length >= 3 && node.uplink.status().commandsRefused === 5));
  await until(() => host.outcomes.at(-1)?.reason.includes('old') === true);
  t.match(host.outcomes.slice(-3), [{ state: 'refused', reason: /Level is 101/ }, { reason: /takes an Int64/ }, { reason: /3600 s old/ }]);
  t.match(node.uplink.status(), { commandsReceived: 5, commandsRefused: 5 });
  t.equal(overrides.length, 0);
  t.equal(node.events.filter(({ code }) => code === 'command-refused').length, 5);
});

t.test('an invalid resend is refused under its id, with the valid form', async (t) => {
  const { host, node } = await openUplinkScene(t);
  const results: unknown[] = [];
  host.onValue = ({ metric, value }) => metric === 'Sync/Resend Result' && results.push(JSON.parse(String(value)));
  await node.uplink.start();
  await until(online(node));
  await until(() => host.nodeAlive);
  for (const text of ['{"id":"r-1","fromSeq":5}', '{"id":"r-2","fromSeq":9,"toSeq":3}', 'everything'])
    await host.write('Sync/Resend', text);
  t.ok(await until(() => results.length === 3));
  const reason = 'Sync/Resend takes {"id","fromMs","toMs"} or {"id","fromSeq","toSeq"} as JSON, from before to';
  const wanted = { id: '{{"id","fromMs","toMs"}} or {{"id","fromSeq","toSeq"}} as JSON, from before to', args: [] };
  const reasonTemplate = { id: '{0} takes {1}', args: ['Sync/Resend', wanted] };
  t.strictSame(
    results,
    ['r-1', 'r-2', ''].map((each) => ({ id: each, state: 'refused', readings: 0, reason, reasonTemplate })),
  );
});

t.test('an emergency among 4,000 other messages from the broker is carried out, and the session continues', async (t) => {
  const { host, node } = await openUplinkScene(t);
  const emergencies: string[] = [];
  node.onOrder = ({ kind, request }) => {
    if (kind === 'override' && request.rank === 'emergency') emergencies.push(request.commandId);
  };
  await node.uplink.start();
  await until(online(node));
  await until(() => host.nodeAlive);
  const flood = async (count: number): Promise<void> => {
    const level = [{ name: 'Override/Level', value: toLong(50) }];
    await Promise.all(Array.from({ length: count }, (_, i) => host.command(i % 2 === 0 ? 'L01' : '', level)));
  };
  const fire = (id: string) => [
    { name: 'Emergency/On', value: { kind: 'boolean', value: true } } as const,
    { name: 'Command/Id', value: { kind: 'string', value: id } } as const,
  ];
  await flood(2_000);
  await Promise.all([flood(1_000), host.command('', fire('fire-1')), flood(1_000), host.command('Z1', fire('fire-2'))]);
  t.ok(await until(() => emergencies.length === 2), `carried out: ${emergencies.join()}`);
  t.ok(await until(() => node.uplink.status().commandsReceived === 4_002), 'each message has arrived');
  t.equal(node.uplink.status().state, 'online');
});
