/**
 * Tests the code and the commands of docs/platform.md as they are printed there.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import t from 'tap';
import type { StoredFrame, UplinkDevice } from '../../../../agent/core/ports.ts';
import { readDeviceCommand, readNodeCommand } from '../../../../agent/sync/commands/commands.ts';
import { encodeRowsSegment } from '../../../../agent/sync/delivery/segment.ts';
import { encodePayload, type Metric, type MetricValue, toLong } from '../../../../agent/sync/sparkplug/codec.ts';
import { createMetricTable } from '../../../../agent/sync/sparkplug/metric-table.ts';
import { readSegment } from '../../../platform/segment-reader.ts';

const PAGE = readFileSync(new URL('../../../../docs/platform.md', import.meta.url), 'utf8');
const DECODER = /```python\n(?<code>.*?)```/s.exec(PAGE)?.groups?.['code'] ?? '';
/** Reads one block a line, writes its readings as one line of JSON. */
const READ_LINES = `
import base64, sys
for line in sys.stdin: print(json.dumps(list(readings(base64.b64decode(line)))))
`;
const hasPython = spawnSync('python3', ['--version']).status === 0;

const reading = fc.record({
  pointId: fc.constantFrom('L01.power' as const, 'a.b.level' as const),
  value: fc.oneof(
    fc.constant(null),
    fc.integer({ min: -100_000, max: 100_000 }).map((n) => n / 100),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
  ),
  quality: fc.constantFrom('good' as const, 'stale' as const, 'bad' as const, 'missing' as const),
  atMs: fc.integer({ min: 1_764_000_000_000, max: 1_764_000_100_000 }),
});
const frame = fc.record({ readings: fc.array(reading, { maxLength: 8 }), gap: fc.integer({ min: 1, max: 9 }) });

t.test('the decoder of the page reads every segment', { skip: hasPython ? false : 'no python3 here' }, async (t) => {
  const blocks = fc.sample(fc.array(frame, { minLength: 1, maxLength: 20 }), 200).map((list) => {
    let seq = 100;
    const frames = list.map(({ readings, gap }): StoredFrame => {
      seq += gap;
      return { seq, atMs: 1_764_000_100_000 + seq, clockQuality: 'synced', isCorrected: false, readings };
    });
    return encodeRowsSegment(frames, { epoch: 'a1b2c3d4', from: 100, to: seq });
  });
  const input = blocks.map((block) => block.toString('base64')).join('\n');
  const { stdout, stderr } = spawnSync('python3', ['-c', DECODER + READ_LINES], { input, encoding: 'utf8' });
  const rows = (list: unknown[][]): string[] => list.map((row) => JSON.stringify(row)).sort();
  const read = stdout
    .trim()
    .split('\n')
    .map((line) => rows(JSON.parse(line)));
  const wanted = blocks.map((block) =>
    rows(readSegment(block).readings.map(({ seq, pointId, atMs, value, quality }) => [seq, pointId, atMs, value, quality])),
  );
  t.equal(stderr, '');
  t.strictSame(read, wanted);
});

/** A lamp, a zone and a relay box, named as on the page. */
const DEVICES: UplinkDevice[] = [
  { id: 'L07', target: { kind: 'lamp', id: 'L07' }, metrics: [] },
  { id: 'rue', target: { kind: 'zone', id: 'rue' }, metrics: [] },
  { id: 'IO1', target: null, metrics: [{ name: 'relay_3', pointId: 'IO1.relay_3', type: 'Boolean', unit: '', write: { min: 0, max: 1 } }] },
];
const METRIC = /metrics \{ name: "(?<name>[^"]+)" +datatype: (?<datatype>\d+) +(?<kind>[a-z]+)_value: (?<value>.+) \}/g;
const VALUES: Record<string, (json: string) => MetricValue> = {
  long: (json) => toLong(Number(json)),
  boolean: (json) => ({ kind: 'boolean', value: json === 'true' }),
  string: (json) => ({ kind: 'string', value: JSON.parse(json) }),
  bytes: (json) => ({ kind: 'bytes', value: Buffer.from(JSON.parse(json)) }),
};

function metricsOf(message: string): Metric[] {
  return [...message.matchAll(METRIC)].map(({ groups = {} }) => ({
    name: groups['name'],
    datatype: Number(groups['datatype']),
    value: VALUES[groups['kind'] ?? '']?.(groups['value'] ?? ''),
  }));
}

t.test('each command of the page works as written there', async (t) => {
  const table = createMetricTable(DEVICES);
  const messages = PAGE.split(/^(?=spBv1\.0\/angers\/[ND]CMD\/c1)/m)
    .slice(1)
    .filter((text) => /^timestamp: \d+$/m.test(text.split('\n')[1] ?? ''));
  t.equal(messages.length, 12);
  for (const message of messages) {
    const [topic = '', time = ''] = message.split('\n');
    const nowMs = Number(time.slice('timestamp: '.length));
    const sent = {
      topic,
      payload: encodePayload({ timestampMs: nowMs, metrics: metricsOf(message.split('\n\n')[0] ?? '') }),
      retained: false,
    };
    const context = { nowMs, nowMono: 1_000, clockQuality: 'synced', freshId: 'fresh' } as const;
    const device = table.devices.get(topic.split('/')[4] ?? '');
    const node = { node: table.node, cabinet: { kind: 'cabinet', id: 'c1' } } as const;
    const command = topic.includes('/NCMD/') ? readNodeCommand(sent, node, context) : readDeviceCommand(sent, device, context);
    t.match(command, { kind: 'order', commandId: /^a-\d+$/ }, topic);
  }
});
