import fc from 'fast-check';
import t from 'tap';
import { cabinetIn } from '../../../../agent/config/load/load.ts';
import { readPlacedYaml } from '../../../../agent/config/load/places.ts';
import { cabinetPoints } from '../../../../agent/core/cabinet-points.ts';
import { NO_TEXT } from '../../../../agent/core/message.ts';
import { type CommandRecord, describeOrder, fromStoredRecord, toStoredRecord } from '../../../../agent/sync/commands/command-record.ts';
import { type CommandContext, readDeviceCommand } from '../../../../agent/sync/commands/commands.ts';
import { uplinkDevices } from '../../../../agent/sync/sparkplug/cabinet-metrics.ts';
import { encodePayload, type Metric, toLong } from '../../../../agent/sync/sparkplug/codec.ts';
import { createMetricTable } from '../../../../agent/sync/sparkplug/metric-table.ts';
import { readProfiles } from '../../../../drivers/registry.ts';
import { texts } from '../../../support/texts.ts';
import { changed, SMALL_STREET } from '../../config/small-street.ts';
import { NODE_START_MS } from '../small-node.ts';

const CABINET = cabinetIn(
  changed(SMALL_STREET, [
    ['- { id: M01,', '- { id: PN1, unit: 41, profile: dm36b06 }\n      - { id: M01,'],
    ['group: Angers', 'group: Angers\npanels: [{ id: square-panel, device: PN1, points: [text], fallback: "30" }]'],
  ]),
);
if (CABINET === undefined) throw new Error('no cabinet');
const { profiles } = readProfiles([], readPlacedYaml);
const devices = uplinkDevices(CABINET, cabinetPoints(CABINET, profiles), profiles);
const table = createMetricTable(devices);
const context: CommandContext = { nowMs: NODE_START_MS, nowMono: 1_000, clockQuality: 'synced', freshId: 'fresh' };
const read = (id: string, metrics: readonly Metric[]) =>
  readDeviceCommand(
    { topic: '', payload: encodePayload({ timestampMs: NODE_START_MS, metrics }), retained: false },
    table.devices.get(id),
    context,
  );
const text = (value: string, name = 'Panel/Text'): Metric => ({ name, value: { kind: 'string', value } });
const flag = (name: string, value = true): Metric => ({ name, value: { kind: 'boolean', value } });
const minutes = (value: number): Metric => ({ name: 'Panel/Minutes', value: toLong(value) });

t.test('a panel is a device of its own, and its text point is no metric of the device behind it', async (t) => {
  const names = (id: string) => devices.find((each) => each.id === id)?.metrics.map(({ name }) => name);
  t.strictSame(names('square-panel'), ['Panel/Shown', 'Panel/State', 'Panel/Rank', 'Panel/Source', 'Panel/Until']);
  t.strictSame(names('PN1'), []);
  t.match([...(table.devices.get('square-panel')?.byName.keys() ?? [])], /Panel\/Text/);
});

const rows: readonly (readonly [what: string, metrics: readonly Metric[], request: object])[] = [
  ['a text alone lasts two hours', [text('Market')], { text: 'Market', minutes: 120, isEmergency: false, sender: 'platform', source: 'platform' }],
  ['all that may be said', [text('Évacuez 🚨'), minutes(5), flag('Panel/Emergency'), text('a-1', 'Command/Id')], { text: 'Évacuez 🚨', minutes: 5, isEmergency: true, commandId: 'a-1' }],
  ['braces stay text', [text('{bikes}')], { text: '{bikes}' }],
  ['the end of it', [flag('Panel/Clear')], { text: null, isEmergency: false }],
  ['the end of an emergency', [flag('Panel/Clear'), flag('Panel/Emergency')], { text: null, isEmergency: true }],
]; // biome-ignore format: a table
for (const [what, metrics, request] of rows)
  t.test(`a command for a panel: ${what}`, async (t) => {
    t.match(read('square-panel', metrics), {
      kind: 'order',
      target: { kind: 'device', id: 'square-panel' },
      order: { kind: 'panel', request: { panel: 'square-panel', ...request } },
    });
  });

const refusals: readonly (readonly [what: string, id: string, metrics: readonly Metric[], reason: RegExp])[] = [
  ['nothing', 'square-panel', [], /nothing is requested: Panel\/Text or Panel\/Clear is missing/],
  ['text and end', 'square-panel', [text('A'), flag('Panel/Clear')], /contradict each other/],
  ['a number for a text', 'square-panel', [{ name: 'Panel/Text', value: toLong(5) }], /takes a String/],
  ['a long text', 'square-panel', [text('x'.repeat(257))], /257 characters, at most 256/],
  ['control characters', 'square-panel', [text('A\u001b[2J')], /control characters/],
  ['two days', 'square-panel', [text('A'), minutes(2_881)], /allowed are 1 to 1440/],
  ['what is only shown', 'square-panel', [text('A', 'Panel/Shown')], /Panel\/Shown of square-panel cannot be written/],
  ['an override', 'square-panel', [{ name: 'Override/Level', value: toLong(5) }], /no metric/],
  ['the text point itself', 'PN1', [{ name: 'text', value: { kind: 'double', value: 5 } }], /nothing that can be written/],
  ['a text for a lamp', 'L01', [text('A')], /no metric/],
]; // biome-ignore format: a table
for (const [what, id, metrics, reason] of refusals)
  t.test(`refused as a whole: ${what}`, async (t) => t.match(texts(read(id, metrics)), { kind: 'refused', reason }));

t.test('the audit log has what was sent', async (t) => {
  const command = read('square-panel', [text('Leave'), flag('Panel/Emergency'), minutes(5)]);
  t.equal(command.kind === 'order' ? describeOrder(command.order) : '', 'emergency text of square-panel for 5 min: Leave');
  const end = read('square-panel', [flag('Panel/Clear')]);
  t.equal(end.kind === 'order' ? describeOrder(end.order) : '', 'end of the text of square-panel');
});

t.test('whatever a payload has, the order is within its bounds, or it is refused', async () => {
  const metric = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 300 }).map((each) => text(each)),
    fc.integer().map(minutes),
    fc.boolean().map((each) => flag('Panel/Emergency', each)),
    fc.boolean().map((each) => flag('Panel/Clear', each)),
  );
  fc.assert(
    fc.property(fc.array(metric, { maxLength: 4 }), (metrics) => {
      const command = read('square-panel', metrics);
      if (command.kind !== 'order') return true;
      if (command.order.kind !== 'panel') return false;
      const { text: sent, minutes: length } = command.order.request;
      return sent === null || (sent.length <= 256 && !/\p{C}/u.test(sent) && length >= 1 && length <= 1_440);
    }),
  );
});

t.test('a command of every kind is known after a restart', (t) => {
  const kinds: Readonly<Record<CommandRecord['kind'], null>> = {
    ...{
      override: null,
      release: null,
      programme: null,
      blink: null,
      point: null,
      panel: null,
      sound: null,
      alarm: null,
      config: null,
      update: null,
    },
    refused: null,
  };
  for (const kind of Object.keys(kinds) as CommandRecord['kind'][]) {
    const outcome = { commandId: 'a', target: { kind: 'cabinet', id: 'c1' }, levelPct: null, state: 'verified', reason: NO_TEXT } as const;
    const record: CommandRecord = {
      ...{ n: 1, commandId: 'a', kind, digest: '', what: '', receivedMs: NODE_START_MS, isTold: false },
      outcome: { ...outcome, lamps: {}, source: 'platform', atMs: NODE_START_MS },
    };
    const stored = JSON.parse(JSON.stringify(toStoredRecord(record))) as unknown;
    t.match(fromStoredRecord(stored), { commandId: 'a', kind }, kind);
  }
  t.end();
});
