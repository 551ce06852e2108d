import t from 'tap';
import { type Message, msg, NO_TEXT } from '../../../../agent/core/message.ts';
import type { UpdateManager } from '../../../../agent/core/updates.ts';
import { createPlatformUpdates } from '../../../../agent/service/updates/platform-updates.ts';
import { readNodeCommand } from '../../../../agent/sync/commands/commands.ts';
import { encodePayload, type Metric, toLong } from '../../../../agent/sync/sparkplug/codec.ts';
import { createMetricTable } from '../../../../agent/sync/sparkplug/metric-table.ts';

const NOW_MS = 1_795_558_200_000;
const table = createMetricTable([]);
const text = (name: string, value: string): Metric => ({ name: `Update/${name}`, value: { kind: 'string', value } });
const whole = (name: string, value: number): Metric => ({ name: `Update/${name}`, value: toLong(value) });
const flag = (name: string, value: boolean): Metric => ({ name: `Update/${name}`, value: { kind: 'boolean', value } });
const data: Metric = { name: 'Update/Data', value: { kind: 'bytes', value: Buffer.from('abc') } };
const id: Metric = { name: 'Command/Id', value: { kind: 'string', value: 'u1' } };
const read = (metrics: readonly Metric[], { retained = false } = {}) =>
  readNodeCommand(
    { topic: 'spBv1.0/g/NCMD/c1', payload: encodePayload({ timestampMs: NOW_MS, metrics: [...metrics, id] }), retained },
    { node: table.node, cabinet: { kind: 'cabinet', id: 'c1' } },
    { nowMs: NOW_MS, nowMono: 0, clockQuality: 'synced', freshId: 'fresh' },
  );

const sound: [story: string, metrics: readonly Metric[], ask: object][] = [
  [
    'a part',
    [text('Action', 'put'), whole('At', 65_536), whole('Of', 100_000), data],
    { action: 'put', part: { atByte: 65_536, ofBytes: 100_000, data: Buffer.from('abc') } },
  ],
  ['an install', [text('Action', 'install')], { action: 'install', isForced: false }],
  ['a forced one', [text('Action', 'install'), flag('Force', true)], { action: 'install', isForced: true }],
  ['a way back', [text('Action', 'revert')], { action: 'revert', isForced: false }],
];
for (const [story, metrics, ask] of sound)
  t.test(`${story} is parsed`, async (t) =>
    t.match(read(metrics), { kind: 'order', order: { kind: 'update', request: { commandId: 'u1', ask } } }),
  );

const unsound: [story: string, metrics: readonly Metric[], reason: RegExp][] = [
  ['no action', [whole('At', 0)], /Update\/Action is one of put, install, revert/],
  ['an unknown action', [text('Action', 'format')], /is one of put, install, revert/],
  ['a part without its place', [text('Action', 'put'), data], /say where the part begins/],
  ['a place below zero', [text('Action', 'put'), whole('At', -5), whole('Of', 9), data], /Update\/At/],
  ['a part without bytes', [text('Action', 'put'), whole('At', 0), whole('Of', 9)], /Update\/Data takes Bytes/],
  ['a force that is none', [text('Action', 'install'), text('Force', 'yes')], /Update\/Force/],
  ['a field of another action', [text('Action', 'install'), whole('At', 0)], /Update\/At does not belong to Update\/Action "install"/],
  ['a write to what is shown', [text('Action', 'install'), text('State', 'confirmed')], /Update\/State/],
];
for (const [story, metrics, reason] of unsound)
  t.test(`${story} is refused with a reason`, async (t) => t.match(read(metrics), { kind: 'refused', reason }));
t.test('one from the memory of the broker is refused', async (t) =>
  t.match(read([text('Action', 'install')], { retained: true }), { kind: 'refused' }),
);

t.test('each ends once, with the reason of the update manager, and the node shows which release runs', async (t) => {
  const ends: string[] = [];
  const shown = new Map<string, unknown>();
  const status = {
    version: '1',
    release: '20-0.2.0',
    state: 'trial',
    previous: 'package',
    serial: 1,
    failed: null,
    keys: [],
    obstacle: NO_TEXT,
  } as const;
  const desk: UpdateManager = {
    status: async () => status,
    put: async () => ({ isDone: true, text: msg`3 of 9 bytes` }),
    install: async ({ isForced }) => ({ isDone: isForced, text: msg`6 lamps are lit` }),
    revert: async () => ({ isDone: false, text: msg`there is no release to go back to` }),
  };
  const common = {
    cabinetId: 'c1',
    clock: { wallMs: () => NOW_MS, monoMs: () => 0 },
    uplink: { update: (_device: string, name: string, { value }: { value: unknown }) => void shown.set(name, value) },
    onOutcome: ({ commandId, state, reason }: { commandId: string; state: string; reason: Message }) =>
      void ends.push(`${commandId} ${state} ${reason}`.trim()),
  };
  const updates = createPlatformUpdates({ manager: desk, ...common });
  await updates.take({ commandId: 'a', ask: { action: 'put', part: { atByte: 0, ofBytes: 9, data: Buffer.from('abc') } } });
  await updates.take({ commandId: 'b', ask: { action: 'install', isForced: false } });
  await updates.take({ commandId: 'c', ask: { action: 'install', isForced: true } });
  await updates.take({ commandId: 'd', ask: { action: 'revert', isForced: false } });
  await createPlatformUpdates({ manager: null, ...common }).take({ commandId: 'e', ask: { action: 'revert', isForced: false } });
  t.strictSame(
    ends.filter((end) => !end.endsWith('received')),
    [
      'a verified',
      'b refused 6 lamps are lit',
      'c verified',
      'd refused there is no release to go back to',
      'e refused started this way, the agent accepts no updates',
    ],
  );
  await updates.show();
  t.strictSame(
    [...shown],
    [
      ['Update/Release', '20-0.2.0'],
      ['Update/State', 'trial'],
      ['Update/Failed', ''],
    ],
  );
});
