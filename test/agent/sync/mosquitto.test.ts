import { connectAsync } from 'mqtt';
import t from 'tap';
import type { OverrideRequest } from '../../../agent/core/ports.ts';
import { decodePayload } from '../../../agent/sync/sparkplug/codec.ts';
import { ReferenceHost } from '../../platform/host.ts';
import { findProgram, type Mosquitto, startMosquitto } from '../../platform/mosquitto.ts';
import { createSmallNode, GROUP, NODE, until, uplinkConfig } from './small-node.ts';
import { decodeWithProtoc, withoutProtoc } from './sparkplug/protoc.ts';

const program = findProgram('mosquitto');
const skip = program === undefined ? 'mosquitto is not installed (apt-get install mosquitto)' : withoutProtoc;

/** Everything under the node's topics, byte for byte, as an independent client receives it. */
async function listen({ url }: Mosquitto): Promise<{ readonly seen: [topic: string, bytes: Buffer][]; close(): Promise<void> }> {
  const seen: [string, Buffer][] = [];
  const client = await connectAsync(url, { protocolVersion: 5, reconnectPeriod: 0 });
  client.on('message', (topic, bytes) => seen.push([topic, bytes]));
  await client.subscribeAsync('spBv1.0/#', { qos: 1 });
  return { seen, close: () => client.endAsync(true) };
}

t.test('messages forwarded by Mosquitto and decoded by protoc equal what the agent meant, over MQTT 5', { skip }, async (t) => {
  const mosquitto = await startMosquitto(program as string);
  const witness = await listen(mosquitto);
  const node = createSmallNode({ config: uplinkConfig(mosquitto.url, { protocol: 5 }) });
  t.teardown(async () => {
    await node.uplink.stop();
    await witness.close();
    await mosquitto.stop();
  });
  const born = node.poll({ 'L01.level': 40, 'L01.power': [null, 'bad'], 'M1.energy': 123_456_789_012 });
  await node.uplink.start();
  t.ok(await until(() => witness.seen.length === 5));
  const frame = node.poll({ 'L01.level': [55.5, 'stale'] });
  t.ok(await until(() => witness.seen.length === 6));
  t.ok(await until(() => node.uplink.status().readingsAcked === 1), 'the barrier passes');
  const text = (at: number): string => decodeWithProtoc(witness.seen[at]?.[1] as Buffer);
  const topic = (at: number): string | undefined => witness.seen[at]?.[0];

  t.equal(topic(0), 'spBv1.0/angers/NBIRTH/c1');
  const nbirth = text(0).replace(/timestamp: \d+/g, 'timestamp: T');
  t.match(nbirth, /^timestamp: T metrics \{/);
  t.match(nbirth, / seq: 0$/);
  t.match(nbirth, 'metrics { name: "bdSeq" timestamp: T datatype: 4 long_value: 0 }');
  t.match(nbirth, 'metrics { name: "Node Control/Rebirth" timestamp: T datatype: 11 boolean_value: false }');
  t.match(nbirth, /metrics \{ name: "Properties\/Version" alias: \d+ timestamp: T datatype: 12 string_value: "1.2.3" \}/);
  t.match(nbirth, /metrics \{ name: "Sync\/Backlog Frames" alias: \d+ timestamp: T datatype: 4 long_value: 0 \}/);

  t.equal(topic(1), 'spBv1.0/angers/DBIRTH/c1/L01');
  const unit = (text_: string): string => `keys: "engUnit" `.concat(text_);
  t.match(
    text(1),
    `timestamp: ${born.atMs} datatype: 10 properties { ${unit('values { type: 12 string_value: "%" }')} } double_value: 40 }`,
  );
  t.match(
    text(1),
    `timestamp: ${born.atMs} datatype: 10 is_null: true properties { keys: "engUnit" keys: "Quality" values { type: 12 string_value: "W" } values { type: 3 int_value: 0 } } }`,
  );
  t.match(
    text(1),
    /metrics \{ name: "Override\/Level" alias: \d+ timestamp: \d+ datatype: 4 is_null: true properties \{ keys: "engUnit" values \{ type: 12 string_value: "%" \} \} \}/,
  );
  t.match(text(1), / seq: 1$/);
  t.equal(topic(3), 'spBv1.0/angers/DBIRTH/c1/M1');
  t.match(text(3), `datatype: 4 properties { keys: "engUnit" values { type: 12 string_value: "Wh" } } long_value: 123456789012 }`);

  t.equal(topic(5), 'spBv1.0/angers/DDATA/c1/L01');
  const alias = /name: "level" alias: (\d+)/.exec(text(1))?.[1];
  const rows = /name: "Sync\/Rows" alias: (\d+)/.exec(text(1))?.[1];
  t.equal(
    text(5)
      .replace(/^timestamp: \d+ /, '')
      .replace(/\d+ is_transient/, '<now> is_transient'),
    `metrics { alias: ${alias} timestamp: ${frame.atMs} properties { keys: "Quality" values { type: 3 int_value: 500 } } double_value: 55.5 } metrics { alias: ${rows} timestamp: <now> is_transient: true string_value: "e1:2-2:1/1" } seq: 5`,
  );

  await node.uplink.stop();
  const deaths = (): number => witness.seen.filter(([seen]) => seen.includes('NDEATH')).length;
  t.ok(await until(() => deaths() === 2), 'our own, and the will that DISCONNECT 0x04 asks for');
  const death = witness.seen.find(([seen]) => seen === 'spBv1.0/angers/NDEATH/c1');
  t.match(decodeWithProtoc(death?.[1] as Buffer), /^timestamp: \d+ metrics \{ name: "bdSeq" timestamp: \d+ datatype: 4 long_value: 0 \}$/);
});

t.test('Mosquitto killed and started again: nothing is lost, and an override still arrives', { skip }, async (t) => {
  const mosquitto = await startMosquitto(program as string);
  const host = new ReferenceHost({ url: mosquitto.url, protocolVersion: 5, group: GROUP, node: NODE, hostId: 'scada' });
  await host.start();
  const node = createSmallNode({ config: uplinkConfig(mosquitto.url, { protocol: 5, primaryHost: 'scada' }) });
  t.teardown(async () => {
    await node.uplink.stop();
    await host.stop();
    await mosquitto.stop();
  });
  const overrides: OverrideRequest[] = [];
  node.onOrder = ({ kind, request }) => kind === 'override' && overrides.push(request);
  await node.uplink.start();
  await until(() => node.uplink.status().state === 'online');
  node.poll({ 'L01.level': 0 });
  await until(() => node.uplink.status().readingsAcked === 1);
  await mosquitto.kill();
  await until(() => node.uplink.status().state === 'down');
  for (let i = 1; i < 2_000; i += 1) node.poll({ 'L01.level': i, 'L02.level': i });
  node.commit();
  await mosquitto.start();
  t.ok(await until(() => node.store.cursor === 2_000, 10_000));
  await until(() => host.values.size === 3_999);
  t.equal(host.values.size, 3_999);
  t.match(host, { duplicates: 0, seqGaps: 0, strays: 0 });
  t.equal([...host.values.values()].filter(({ historical }) => historical).length, 3_998);
  await host.override('L01', { level: 30 });
  t.ok(await until(() => overrides.length === 1));
});

for (const { protocol, perSession, why } of [
  { protocol: 4, perSession: 1, why: 'its own: DISCONNECT of MQTT 3.1.1 takes the will back' },
  { protocol: 5, perSession: 2, why: 'its own, and the will that DISCONNECT 0x04 asks for' },
] as const) {
  t.test(
    `a primary host that flaps: each NBIRTH is followed by ${perSession} NDEATH of its bdSeq over MQTT ${protocol}`,
    { skip },
    async (t) => {
      const mosquitto = await startMosquitto(program as string);
      const witness = await listen(mosquitto);
      const host = await connectAsync(mosquitto.url, { protocolVersion: 5, reconnectPeriod: 0 });
      const node = createSmallNode({ config: uplinkConfig(mosquitto.url, { protocol, primaryHost: 'scada' }) });
      t.teardown(async () => {
        await node.uplink.stop();
        await host.endAsync(true);
        await witness.close();
        await mosquitto.stop();
      });
      let timestamp = Date.now();
      const state = (isOnline: boolean): Promise<unknown> => {
        timestamp += 1;
        return host.publishAsync('spBv1.0/STATE/scada', JSON.stringify({ online: isOnline, timestamp }), { qos: 1, retain: true });
      };
      const bdSeqs = (verb: string): number[] =>
        witness.seen
          .filter(([topic]) => topic === `spBv1.0/${GROUP}/${verb}/${NODE}`)
          .map(([, bytes]) => decodePayload(bytes)?.metrics.find(({ name }) => name === 'bdSeq')?.value)
          .map((value) => (value?.kind === 'long' ? Number(value.value) : -1));

      await node.uplink.start();
      for (const births of [1, 2, 3]) {
        await state(true);
        t.ok(await until(() => bdSeqs('NBIRTH').length === births, 20_000), `births ${births}`);
        await until(() => node.uplink.status().state === 'online');
        await state(false);
        t.ok(await until(() => bdSeqs('NDEATH').length === births * perSession, 5_000), why);
      }
      // The next births are paced: whatever the host says before they are due leaves no session to end.
      await until(() => node.uplink.status().state !== 'online');
      for (let i = 0; i < 20; i += 1) await state(i % 2 === 0);
      const births = bdSeqs('NBIRTH');
      t.equal(new Set(births).size, 3, 'each session has a bdSeq of its own');
      t.strictSame(
        bdSeqs('NDEATH'),
        births.flatMap((bdSeq) => Array.from({ length: perSession }, () => bdSeq)),
      );
    },
  );
}
