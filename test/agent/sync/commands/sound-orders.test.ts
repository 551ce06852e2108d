import t from 'tap';
import type { UplinkDevice } from '../../../../agent/core/ports.ts';
import { describeOrder } from '../../../../agent/sync/commands/command-record.ts';
import { type CommandContext, readDeviceCommand } from '../../../../agent/sync/commands/commands.ts';
import { encodePayload, type Metric, toLong } from '../../../../agent/sync/sparkplug/codec.ts';
import { createMetricTable } from '../../../../agent/sync/sparkplug/metric-table.ts';
import { NODE_DEVICES, NODE_START_MS } from '../small-node.ts';

const SQUARE: UplinkDevice = { id: 'square-sound', target: null, metrics: [], part: 'sound-place' };
const place = createMetricTable([...NODE_DEVICES, SQUARE]).devices.get('square-sound');
const context: CommandContext = { nowMs: NODE_START_MS, nowMono: 1_000, clockQuality: 'synced', freshId: 'fresh' };
const text = (name: string, value: string): Metric => ({ name: `Sound/${name}`, value: { kind: 'string', value } });
const whole = (name: string, value: number): Metric => ({ name: `Sound/${name}`, value: toLong(value) });
const flag = (name: string, value: boolean): Metric => ({ name: `Sound/${name}`, value: { kind: 'boolean', value } });
const read = (...metrics: Metric[]) =>
  readDeviceCommand({ topic: '', payload: encodePayload({ timestampMs: NODE_START_MS, metrics }), retained: false }, place, context);

// biome-ignore format: a table
const accepted: readonly (readonly [story: string, metrics: readonly Metric[], ask: object])[] = [
  ['a track for two hours', [text('Play', 'birds')], { action: 'play', track: 'birds', minutes: 120 }],
  ['a track for ten minutes', [text('Play', 'birds'), whole('Minutes', 10)], { action: 'play', track: 'birds', minutes: 10 }],
  ['an announcement', [text('Announce', 'closing')], { action: 'announce', track: 'closing' }],
  ['an emergency', [text('Emergency', 'evacuation'), whole('Minutes', 5)], { action: 'emergency', track: 'evacuation', minutes: 5 }],
  ['silence', [flag('Stop', true)], { action: 'stop', minutes: 120 }],
  ['a volume', [whole('Set Volume', 30)], { action: 'volume', volumePct: 30, minutes: 120 }],
  ['the end of all requests', [flag('Resume', true)], { action: 'resume' }],
];
for (const [story, metrics, ask] of accepted)
  t.test(`accepted: ${story}`, async (t) => {
    const wanted = { kind: 'sound', request: { commandId: 'fresh', place: 'square-sound', ask, reason: '', source: 'platform' } };
    t.match(read(...metrics), { kind: 'order', target: { kind: 'device', id: 'square-sound' }, order: wanted });
  });

// biome-ignore format: a table
const refused: readonly (readonly [story: string, metrics: readonly Metric[], reason: RegExp])[] = [
  ['nothing', [text('Reason', 'x')], /exactly one/],
  ['two things', [text('Play', 'birds'), flag('Stop', true)], /exactly one/],
  ['no track', [text('Play', '')], /takes the name of a track/],
  ['a stop that is false', [flag('Stop', false)], /takes true/],
  ['minutes of an announcement', [text('Announce', 'closing'), whole('Minutes', 5)], /takes no Sound\/Minutes/],
  ['no minutes', [text('Play', 'birds'), whole('Minutes', 0)], /Sound\/Minutes/],
  ['more than a day', [text('Play', 'birds'), whole('Minutes', 1_441)], /Sound\/Minutes/],
  ['a volume above all', [whole('Set Volume', 101)], /Sound\/Set Volume/],
  ['a metric that only the agent sets', [text('State', 'playing')], /Sound\/State/],
  ['a name without end', [text('Play', 'x'.repeat(65))], /Sound\/Play/],
  ['an override of light', [{ name: 'Override/Level', value: toLong(5) }], /Override\/Level/],
];
for (const [story, metrics, reason] of refused)
  t.test(`refused: ${story}`, async (t) => {
    const command = read(...metrics);
    t.match(command, { kind: 'refused' });
    t.match(command.kind === 'refused' ? String(command.reason) : '', reason);
  });

t.test('the audit log has what was requested', async (t) => {
  const command = read(text('Emergency', 'evacuation'), whole('Minutes', 5), text('Reason', 'gas'));
  t.equal(command.kind === 'order' ? describeOrder(command.order) : '', 'sound emergency evacuation 5 at square-sound: gas');
});
