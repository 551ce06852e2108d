import fc from 'fast-check';
import t from 'tap';
import type { UplinkMetric, UplinkValue } from '../../../../agent/core/ports.ts';
import {
  decodePayload,
  encodePayload,
  type Metric,
  type MetricValue,
  type Payload,
  toLong,
} from '../../../../agent/sync/sparkplug/codec.ts';
import { toBirthMetric, toDataMetric } from '../../../../agent/sync/sparkplug/metric-shape.ts';
import { createMetricTable } from '../../../../agent/sync/sparkplug/metric-table.ts';
import { readWirePayload } from '../../../platform/wire-reader.ts';
import { NODE_DEVICES } from '../small-node.ts';
import { decodeWithProtoc, withoutProtoc } from './protoc.ts';

const AT_MS = 1_795_557_300_123;
const double = (value: number): MetricValue => ({ kind: 'double', value });

const vectors: [story: string, payload: Payload, text: string][] = [
  ['seq 0 is on the wire', { timestampMs: AT_MS, seq: 0, metrics: [] }, `timestamp: ${AT_MS} seq: 0`],
  [
    'a death has no seq',
    { timestampMs: AT_MS, metrics: [{ name: 'bdSeq', datatype: 4, value: toLong(255) }] },
    `timestamp: ${AT_MS} metrics { name: "bdSeq" datatype: 4 long_value: 255 }`,
  ],
  [
    'false is a value',
    { metrics: [{ name: 'a', value: { kind: 'boolean', value: false } }] },
    'metrics { name: "a" boolean_value: false }',
  ],
  ['zero is a value', { metrics: [{ alias: 3, value: double(0) }] }, 'metrics { alias: 3 double_value: 0 }'],
  ['an empty text is a value', { metrics: [{ alias: 3, value: { kind: 'string', value: '' } }] }, 'metrics { alias: 3 string_value: "" }'],
  ['an alias beyond 32 bits', { metrics: [{ alias: 2 ** 53 - 1, isNull: true }] }, 'metrics { alias: 9007199254740991 is_null: true }'],
  [
    '64 bits beyond 2^53 are exact',
    { metrics: [{ alias: 1, value: { kind: 'long', value: 2n ** 63n + 12_345_678_901n } }] },
    'metrics { alias: 1 long_value: 9223372049200454709 }',
  ],
  [
    'a negative whole number is two’s complement',
    { metrics: [{ alias: 1, value: toLong(-71) }] },
    `metrics { alias: 1 long_value: ${2n ** 64n - 71n} }`,
  ],
  [
    '32 bits are unsigned on the wire',
    { metrics: [{ alias: 1, value: { kind: 'int', value: -1 } }] },
    'metrics { alias: 1 int_value: 4294967295 }',
  ],
  [
    'history with a quality',
    {
      metrics: [
        {
          alias: 9,
          timestampMs: AT_MS,
          isHistorical: true,
          value: double(12.5),
          properties: [{ key: 'Quality', type: 3, value: { kind: 'int', value: 500 } }],
        },
      ],
    },
    `metrics { alias: 9 timestamp: ${AT_MS} is_historical: true properties { keys: "Quality" values { type: 3 int_value: 500 } } double_value: 12.5 }`,
  ],
];
for (const [story, payload, text] of vectors) {
  t.test(`protoc decodes the meaning: ${story}`, { skip: withoutProtoc }, async (t) => {
    t.equal(decodeWithProtoc(encodePayload(payload)), text);
  });
}

const table = createMetricTable(NODE_DEVICES);
const shape = (type: UplinkMetric['type'], unit = ''): Parameters<typeof toDataMetric>[0] => ({
  name: 'm',
  pointId: null,
  type,
  unit,
  isTypedInData: false,
  isTransient: false,
  alias: 7,
  deviceId: 'L01',
});
const good = (value: UplinkValue['value'], quality: UplinkValue['quality'] = 'good'): UplinkValue => ({ value, quality, atMs: AT_MS });
const qualityIs = (code: number): Metric['properties'] => [{ key: 'Quality', type: 3, value: { kind: 'int', value: code } }];

const shapes: [story: string, made: Metric, wanted: Metric][] = [
  [
    'data carries the alias and nothing of the birth',
    toDataMetric(shape('Double', 'W'), good(1.5), false),
    { alias: 7, timestampMs: AT_MS, value: double(1.5) },
  ],
  [
    'history says so',
    toDataMetric(shape('Double'), good(1.5), true),
    { alias: 7, timestampMs: AT_MS, isHistorical: true, value: double(1.5) },
  ],
  [
    'missing is null with quality 0',
    toDataMetric(shape('Double'), good(null, 'missing'), false),
    { alias: 7, timestampMs: AT_MS, properties: qualityIs(0), isNull: true },
  ],
  [
    'bad is null with quality 0',
    toDataMetric(shape('Double'), good(null, 'bad'), false),
    { alias: 7, timestampMs: AT_MS, properties: qualityIs(0), isNull: true },
  ],
  [
    'stale keeps its value, with quality 500',
    toDataMetric(shape('Double'), good(8, 'stale'), false),
    { alias: 7, timestampMs: AT_MS, properties: qualityIs(500), value: double(8) },
  ],
  [
    'a number that is none is bad',
    toDataMetric(shape('Double'), good(Number.NaN), false),
    { alias: 7, timestampMs: AT_MS, properties: qualityIs(0), isNull: true },
  ],
  [
    'a text where a number belongs is bad',
    toDataMetric(shape('Int64'), good('x'), false),
    { alias: 7, timestampMs: AT_MS, properties: qualityIs(0), isNull: true },
  ],
  [
    'a flag is 0 or 1',
    toDataMetric(shape('Boolean'), good(1), false),
    { alias: 7, timestampMs: AT_MS, value: { kind: 'boolean', value: true } },
  ],
  ['a null that is right is good', toDataMetric(shape('Int64'), good(null), false), { alias: 7, timestampMs: AT_MS, isNull: true }],
  [
    'a birth names, types and gives the unit',
    toBirthMetric(shape('Int64', 'Wh'), good(5)),
    {
      name: 'm',
      alias: 7,
      timestampMs: AT_MS,
      datatype: 4,
      properties: [{ key: 'engUnit', type: 12, value: { kind: 'string', value: 'Wh' } }],
      value: toLong(5),
    },
  ],
];
for (const [story, made, wanted] of shapes) t.test(story, async (t) => t.strictSame(made, wanted));

t.test('aliases are unique over the node, and bdSeq and Node Control have none', async (t) => {
  const all = [...table.node, ...[...table.devices.values()].flatMap((device) => device.metrics)];
  const aliases = all.flatMap(({ alias }) => (alias === null ? [] : [alias]));
  t.equal(new Set(aliases).size, aliases.length);
  t.strictSame(
    all.filter(({ alias }) => alias === null).map(({ name }) => name),
    ['bdSeq', 'Node Control/Rebirth'],
  );
});

t.test('lamps and zones can be overridden, a meter cannot; a metric that a device defines is not added twice', async (t) => {
  t.strictSame(
    [...(table.devices.get('Z1')?.byName.keys() ?? [])],
    [
      ...['Override/Level', 'Override/Minutes', 'Override/Reason', 'Override/Id', 'Override/Release', 'Override/Until', 'Override/Outcome'],
      ...['Override/Release At', 'Emergency/On', 'Emergency/Minutes', 'Emergency/Reason', 'Emergency/Until'],
      ...['Programme/Choice', 'Programme/Minutes', 'Programme/Until', 'Programme/Reason'],
      ...['Command/Id', 'Command/Expires', 'Command/Outcome', 'Sync/Rows'],
    ],
  );
  t.strictSame([...(table.devices.get('M1')?.byName.keys() ?? [])], ['energy', 'Sync/Rows']);
  const own = createMetricTable([
    { id: 'L', target: { kind: 'lamp', id: 'L' }, metrics: [{ name: 'Override/Level', pointId: null, type: 'Int64', unit: '%' }] },
  ]);
  t.equal(own.devices.get('L')?.metrics.filter(({ name }) => name === 'Override/Level').length, 1);
});

const value: fc.Arbitrary<MetricValue> = fc.oneof(
  fc.nat(2 ** 32 - 1).map((n): MetricValue => ({ kind: 'int', value: n })),
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map((n): MetricValue => ({ kind: 'long', value: n })),
  fc.double({ noNaN: true }).map(double),
  fc.boolean().map((b): MetricValue => ({ kind: 'boolean', value: b })),
  fc.string({ unit: 'binary' }).map((s): MetricValue => ({ kind: 'string', value: s })),
);
const whole = fc.maxSafeNat();
const metric = fc.record(
  { alias: whole, timestampMs: whole, datatype: fc.nat(34), isHistorical: fc.boolean(), isTransient: fc.boolean(), value },
  { noNullPrototype: true },
);

t.test('an encoded payload is decoded by the codec and by the independent reader', async (t) => {
  fc.assert(
    fc.property(whole, fc.nat(255), fc.array(metric, { maxLength: 8 }), (timestampMs, seq, metrics) => {
      const bytes = encodePayload({ timestampMs, seq, metrics });
      const read = decodePayload(bytes);
      const wire = readWirePayload(bytes);
      t.match(read, { timestampMs, seq });
      t.strictSame(
        read?.metrics.map(({ name: _name, isNull: _isNull, properties: _properties, ...rest }) => rest),
        metrics,
      );
      t.strictSame([wire.timestampMs, wire.seq], [timestampMs, seq]);
      t.strictSame(
        wire.metrics.map((m) => [m.alias, m.timestampMs, m.datatype, m.isHistorical]),
        metrics.map((m) => [m.alias, m.timestampMs, m.datatype, m.isHistorical]),
      );
      t.strictSame(
        wire.metrics.map((m) => m.value),
        metrics.map((m) => (m.value.kind === 'long' ? BigInt.asIntN(64, m.value.value) : m.value.value)),
      );
      return t.passing();
    }),
    { numRuns: 50 },
  );
});

t.test('an alias beyond 2^53 is unknown, and a null is null whatever value is with it', async (t) => {
  t.match(decodePayload(Buffer.from('120b10ffffffffffffffffff01', 'hex')), { metrics: [{ alias: 2 ** 64 }] });
  t.match(decodePayload(Buffer.from('120438015032', 'hex')), { metrics: [{ isNull: true, value: undefined }] });
});

t.test('an invalid payload reads as undefined and never throws', async (t) => {
  const good = encodePayload({ timestampMs: AT_MS, seq: 1, metrics: [{ alias: 1, timestampMs: AT_MS, value: double(1) }] });
  const cases: [string, Buffer][] = [
    ['truncated', good.subarray(0, good.length - 3)],
    ['text', Buffer.from('{"online":true}')],
    ['deep groups', Buffer.alloc(60_000, 0x1b)],
    ['two values', Buffer.from('1204' + '50017001', 'hex')],
    ['keys without values', Buffer.from('12054a030a0161', 'hex')],
  ];
  for (const [story, bytes] of cases) t.equal(decodePayload(bytes), undefined, story);
  t.strictSame(
    decodePayload(Buffer.alloc(0)),
    { timestampMs: undefined, seq: undefined, metrics: [] },
    'nothing at all is an empty payload',
  );
});
