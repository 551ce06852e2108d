import t from 'tap';
import { NO_TEXT } from '../../../../agent/core/message.ts';
import { describeOrder, fromStoredRecord, toStoredRecord } from '../../../../agent/sync/commands/command-record.ts';
import { type CommandContext, readNodeCommand } from '../../../../agent/sync/commands/commands.ts';
import { encodePayload, type Metric, toLong } from '../../../../agent/sync/sparkplug/codec.ts';
import { createMetricTable } from '../../../../agent/sync/sparkplug/metric-table.ts';
import { NODE_DEVICES, NODE_START_MS } from '../small-node.ts';

const { node } = createMetricTable(NODE_DEVICES);
const context: CommandContext = { nowMs: NODE_START_MS, nowMono: 1_000, clockQuality: 'synced', freshId: 'fresh' };
const text = (name: string, value: string): Metric => ({ name, value: { kind: 'string', value } });
const whole = (name: string, value: number): Metric => ({ name, value: toLong(value) });
const flag = (name: string, value: boolean): Metric => ({ name, value: { kind: 'boolean', value } });
const read = (metrics: readonly Metric[], { retained = false, sentMs = NODE_START_MS } = {}) =>
  readNodeCommand(
    { topic: '', payload: encodePayload({ timestampMs: sentMs, metrics }), retained },
    { node, cabinet: { kind: 'cabinet', id: 'ANG-1' } },
    context,
  );
const ID = 'lamp-out:L07:1795614324357';

// biome-ignore format: a table
const accepted: readonly (readonly [story: string, metrics: readonly Metric[], request: object, what: string])[] = [
  ['an event', [text('Alarm/Acknowledge', ID)], { action: 'acknowledge', event: ID, note: '', source: 'platform' }, `acknowledgement of ${ID}`],
  ['all, with a note of a person', [text('Alarm/Acknowledge', 'all'), text('Alarm/Note', 'seen'), text('Alarm/User', 'leo')], { action: 'acknowledge', event: 'all', note: 'seen', source: 'platform:leo' }, 'acknowledgement of all (platform:leo): seen'],
  ['maintenance of the cabinet', [flag('Maintenance/On', true), whole('Maintenance/Minutes', 30)], { action: 'maintain', target: '', minutes: 30, source: 'platform' }, 'maintenance for 30 min of the cabinet'],
  ['maintenance of a lamp', [flag('Maintenance/On', true), whole('Maintenance/Minutes', 480), text('Maintenance/Target', 'L07'), text('Maintenance/Reason', 'works')], { target: 'L07', minutes: 480, reason: 'works' }, 'maintenance for 480 min of L07: works'],
  ['its end', [flag('Maintenance/On', false), text('Maintenance/Target', 'L07')], { action: 'maintain', target: 'L07', minutes: null }, 'end of maintenance of L07'],
];
for (const [story, metrics, request, what] of accepted)
  t.test(`accepted: ${story}`, async (t) => {
    const command = read(metrics);
    t.match(command, { kind: 'order', target: { kind: 'cabinet', id: 'ANG-1' }, order: { kind: 'alarm', request } });
    t.equal(command.kind === 'order' ? describeOrder(command.order) : '', what);
  });

// biome-ignore format: a table
const refused: readonly (readonly [story: string, metrics: readonly Metric[], reason: RegExp])[] = [
  ['no event', [text('Alarm/Note', 'x')], /Alarm\/Acknowledge is missing/],
  ['an id without end', [text('Alarm/Acknowledge', 'x'.repeat(257))], /257 characters, at most 256/],
  ['a huge note', [text('Alarm/Acknowledge', ID), text('Alarm/Note', 'x'.repeat(161))], /at most 160/],
  ['a note with control characters', [text('Alarm/Acknowledge', ID), text('Alarm/Note', 'a\u001b[2J')], /control characters/],
  ['a number', [whole('Alarm/Acknowledge', 5)], /takes a String/],
  ['two things', [text('Alarm/Acknowledge', ID), flag('Maintenance/On', false)], /send Maintenance\/On by itself/],
  ['an emergency beside it', [flag('Maintenance/On', false), flag('Emergency/On', true)], /send Emergency\/On by itself/],
  ['maintenance without a length', [flag('Maintenance/On', true)], /Maintenance\/Minutes is missing: maintenance always has an end/],
  ['an end with a length', [flag('Maintenance/On', false), whole('Maintenance/Minutes', 5)], /contradict/],
  ['no minutes', [flag('Maintenance/On', true), whole('Maintenance/Minutes', 0)], /allowed are 1 to 480/],
  ['negative minutes', [flag('Maintenance/On', true), whole('Maintenance/Minutes', -5)], /allowed are 1 to 480/],
  ['ten years', [flag('Maintenance/On', true), whole('Maintenance/Minutes', 5_256_000)], /allowed are 1 to 480/],
  ['neither start nor end', [text('Maintenance/Target', 'L07')], /Maintenance\/On is missing/],
  ['the list, which only the agent sets', [text('Maintenance/List', '[]')], /cannot be written/],
];
for (const [story, metrics, reason] of refused)
  t.test(`refused: ${story}`, async (t) => {
    const command = read(metrics);
    t.match(command, { kind: 'refused', reason });
  });

t.test('a retained or stale command is refused as any other', async (t) => {
  const metrics = [text('Alarm/Acknowledge', ID)];
  t.match(read(metrics, { retained: true }), { kind: 'refused', reason: /retained/ });
  t.match(read(metrics, { sentMs: NODE_START_MS - 600_000 }), { kind: 'refused', reason: /600 s old/ });
});

t.test('each kind of order is remembered over a restart, so that none is carried out twice', async (t) => {
  for (const kind of ['override', 'release', 'programme', 'blink', 'point', 'panel', 'sound', 'alarm', 'config', 'update'] as const) {
    const outcome = {
      commandId: 'c1',
      target: { kind: 'cabinet', id: 'x' },
      levelPct: null,
      state: 'received',
      lamps: {},
      source: 'platform',
      atMs: 1,
    };
    const record = {
      ...{ commandId: 'c1', n: 1, kind, digest: 'd', what: 'w', receivedMs: 1, isTold: false },
      outcome: { ...outcome, reason: NO_TEXT },
    };
    t.ok(fromStoredRecord(JSON.parse(JSON.stringify(toStoredRecord(record as never)))), kind);
  }
});
