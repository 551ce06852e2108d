import { deflateSync } from 'node:zlib';
import fc from 'fast-check';
import t from 'tap';
import { encodePayload } from '../../agent/sync/sparkplug/codec.ts';
import { Batch } from '../../platform/core/batch.ts';
import type { BornMetric } from '../../platform/core/births.ts';
import type { NodeDirectory } from '../../platform/core/data-message.ts';
import type { NodeMessage } from '../../platform/core/message.ts';
import { readTopic } from '../../platform/core/topic.ts';
import { readPayload } from '../../platform/core/wire.ts';

const NOW = 1_795_714_158_624;
const METRICS: Record<string, Record<number, BornMetric>> = {
  e1: {
    1: { device: 'L01', name: 'power', datatype: 10, series: 11 },
    2: { device: 'L01', name: 'Lamp/Reason', datatype: 12, series: null },
    3: { device: '', name: 'Sync/Segment', datatype: 17, series: null },
    4: { device: '', name: 'Sync/Event', datatype: 12, series: null },
    5: { device: '', name: 'Command/Outcome', datatype: 12, series: null },
  },
  e2: { 1: { device: 'L01', name: 'level', datatype: 10, series: 22 } },
};
const directory: NodeDirectory = {
  id: 1,
  epoch: 'e1',
  metric: (epoch, alias) => METRICS[epoch]?.[alias],
  series: (device, quantity) => (device === 'L.01' && quantity === 'power' ? 33 : undefined),
};

type Metrics = Parameters<typeof encodePayload>[0]['metrics'];
/** From the agent's own encoder to the host's decoder: two descriptions of one wire. */
function message(topic: string, metrics: Metrics): NodeMessage {
  const payload = readPayload(encodePayload({ timestampMs: NOW, seq: 3, metrics }));
  const origin = readTopic(topic);
  if (payload === undefined || origin === undefined) throw new Error('not a message');
  return { origin, payload, bytes: 100, receivedMs: NOW + 5, receivedMono: 5 };
}
const double = (alias: number, value: number, atMs = NOW) => ({ alias, timestampMs: atMs, value: { kind: 'double' as const, value } });
const rows = (value: string) => ({ alias: 206, timestampMs: NOW, isTransient: true, value: { kind: 'string' as const, value } });
const string = (alias: number, value: string) => ({ alias, timestampMs: NOW, value: { kind: 'string' as const, value } });

t.test('readings with their mark; the epoch of the mark decides what an alias means', async (t) => {
  const batch = new Batch();
  t.equal(batch.add(message('spBv1.0/g/DDATA/c1/L01', [double(1, 41.5), rows('e1:18-18:1/1')]), directory), undefined);
  t.equal(batch.add(message('spBv1.0/g/DDATA/c1/L01', [double(1, 80), rows('e2:1-1:1/2')]), directory), undefined);
  t.strictSame(batch.readings, { series: [11, 22], atMs: [NOW, NOW], value: [41.5, 80], quality: [192, 192] });
  const { complete, partial } = batch.parts.result();
  t.strictSame([complete.map(({ epoch }) => epoch), partial.map(({ epoch }) => epoch)], [['e1'], ['e2']]);
});

t.test('a message that cannot be decoded as a whole adds nothing', async (t) => {
  const batch = new Batch();
  const unknown = [double(1, 1), double(99, 2), rows('e1:1-1:1/1')];
  t.strictSame(batch.add(message('spBv1.0/g/DDATA/c1/L01', unknown), directory), { kind: 'birth-missing' });
  t.strictSame(
    batch.add(message('spBv1.0/g/DDATA/c1/L02', [double(1, 1), rows('e1:1-1:1/1')]), directory),
    { kind: 'birth-missing' },
    'alias of another device',
  );
  t.strictSame(
    batch.add(message('spBv1.0/g/DDATA/c1/L01', [double(1, 1), rows('e9:1-1:1/1')]), directory),
    { kind: 'birth-missing' },
    'another store',
  );
  t.strictSame([batch.readings.series, batch.parts.result().complete, batch.isEmpty], [[], [], true]);
});

t.test('quality, missing values, flags, and times that no database holds', async (t) => {
  const quality = (value: number) => [{ key: 'Quality', type: 3, value: { kind: 'int' as const, value } }];
  const batch = new Batch();
  batch.add(
    message('spBv1.0/g/DDATA/c1/L01', [
      { ...double(1, 7), properties: quality(500) },
      { alias: 1, timestampMs: NOW + 1, isNull: true, properties: quality(0) },
      { alias: 1, timestampMs: NOW + 2, value: { kind: 'boolean', value: true } },
      double(1, 1, 2 ** 60),
    ]),
    directory,
  );
  t.strictSame([batch.readings.value, batch.readings.quality, batch.invalid], [[7, null, 1], [500, 0, 192], 1]);
});

t.test('a quality that the column cannot hold becomes 0', async (t) => {
  const odd = [1.5, -1, 40_000, Number.NaN];
  const batch = new Batch();
  for (const value of odd) {
    const properties = [{ key: 'Quality', type: 10, value: { kind: 'double' as const, value } }];
    batch.add(message('spBv1.0/g/DDATA/c1/L01', [{ ...double(1, 7), properties }]), directory);
  }
  t.strictSame(
    batch.readings.quality,
    odd.map(() => 0),
  );
});

t.test('a segment gives the same readings; a series without a number is requested', async (t) => {
  const segment = (p: string) =>
    deflateSync(
      JSON.stringify({
        v: 1,
        epoch: 'e1',
        from: 1,
        to: 2,
        seq: [1, 1],
        at: [NOW, 1_000],
        clock: [],
        series: [
          {
            p,
            d: 1,
            f: [0, 1],
            t: [-12, -9],
            v: [412, -3],
            q: [
              ['good', 1],
              ['stale', 1],
            ],
          },
        ],
      }),
    );
  const packed = (bytes: Uint8Array) =>
    message('spBv1.0/g/NDATA/c1', [{ alias: 3, timestampMs: NOW, value: { kind: 'bytes', value: bytes } }, rows('e1:1-2:1/1')]);
  const batch = new Batch();
  t.equal(batch.add(packed(segment('L.01.power')), directory), undefined);
  t.strictSame(batch.readings, { series: [33, 33], atMs: [NOW - 12, NOW + 991], value: [41.2, 40.9], quality: [192, 500] });
  t.strictSame(batch.add(packed(segment('L02.power')), directory), {
    kind: 'series-missing',
    points: [{ device: 'L02', quantity: 'power' }],
  });
  const bad = new Batch();
  t.equal(bad.add(packed(deflateSync('{"v":2}')), directory), undefined);
  t.equal(bad.invalid, 1);
});

t.test('properties and events: the newest counts, in any order', async (t) => {
  const batch = new Batch();
  const reason = (value: string, atMs: number) => ({ ...string(2, value), timestampMs: atMs });
  for (const metric of [reason('presence', NOW + 5), reason('programme', NOW)])
    batch.add(message('spBv1.0/g/DDATA/c1/L01', [metric]), directory);
  t.strictSame(
    [...batch.properties.values()].map(({ name, value }) => [name, value]),
    [['Lamp/Reason', 'presence']],
  );
  batch.add(message('spBv1.0/g/NDATA/c1', [string(4, '{"id":"a","startMs":1,"endMs":null,"text":"x\\u0000y"}')]), directory);
  batch.add(message('spBv1.0/g/NDATA/c1', [string(4, '{"open":["a"]}')]), directory);
  batch.add(message('spBv1.0/g/NDATA/c1', [string(5, '{"id":"a-1","state":"verified"}'), string(5, 'garbage')]), directory);
  batch.add(message('spBv1.0/g/NDATA/c1', [string(4, '{"id":"b","startMs":1,"x\\u0000":[{"y\\u0000":2}]}')]), directory);
  t.equal(batch.reports.events.get('1/a')?.text, 'xy', 'PostgreSQL stores no U+0000');
  t.strictSame(JSON.parse(batch.reports.events.get('1/b')?.body ?? ''), { id: 'b', startMs: 1, x: [{ y: 2 }] }, 'nor in a key');
  t.strictSame(
    [batch.reports.openEvents.get(1)?.ids, batch.reports.outcomes.map(({ state }) => state), batch.invalid],
    [['a'], ['verified'], 1],
  );
});

t.test('bytes from outside never throw, and neither do messages that they decode to', async () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 200 }),
      fc.constantFrom('NBIRTH/c1', 'NDATA/c1', 'DDATA/c1/L01', 'DDEATH/c1/L01', 'NDEATH/c1'),
      (bytes, topic) => {
        const payload = readPayload(bytes);
        const origin = readTopic(`spBv1.0/g/${topic}`);
        if (payload !== undefined && origin !== undefined)
          new Batch().add({ origin, payload, bytes: bytes.length, receivedMs: NOW, receivedMono: 0 }, directory);
        return true;
      },
    ),
    { numRuns: 2_000 },
  );
});

t.test('topics', async (t) => {
  const table: [string, boolean][] = [
    ['spBv1.0/g/NDATA/c1', true],
    ['spBv1.0/g/DDATA/c1/L01', true],
    ['spBv1.0/g/NDATA/c1/L01', false],
    ['spBv1.0/g/DDATA/c1', false],
    ['spBv1.0/g/NCMD/c1', false],
    ['spBv1.0/STATE/city', false],
    ['spBv1.0/g/DDATA/c1/L01/x', false],
    ['spAv1.0/g/NDATA/c1', false],
  ];
  for (const [topic, isOne] of table) t.equal(readTopic(topic) !== undefined, isOne, topic);
});
