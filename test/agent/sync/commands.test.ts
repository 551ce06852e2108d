import fc from 'fast-check';
import t from 'tap';
import type { OverrideRequest, ReleaseRequest } from '../../../agent/core/ports.ts';
import type { AgentEvent, Outcome } from '../../../agent/core/words.ts';
import { encodePayload, type Metric, toLong } from '../../../agent/sync/codec.ts';
import { createCommandDesk } from '../../../agent/sync/command-desk.ts';
import { type CommandContext, readDeviceCommand, readNodeCommand } from '../../../agent/sync/commands.ts';
import { createMetricTable } from '../../../agent/sync/metric-table.ts';
import { DEVICES, manualClock, START_MS } from './small-node.ts';

const table = createMetricTable(DEVICES);
const lamp = table.devices.get('L01');
const context: CommandContext = { nowMs: START_MS, clockQuality: 'synced', freshId: 'fresh' };
const message = (metrics: readonly Metric[], changes: { retained?: boolean; timestampMs?: number | undefined } = {}) => ({
  topic: '',
  payload: encodePayload({ timestampMs: 'timestampMs' in changes ? changes.timestampMs : START_MS, metrics }),
  retained: changes.retained ?? false,
});
const level = (value: number): Metric => ({ name: 'Override/Level', value: toLong(value) });
const minutes = (value: number): Metric => ({ name: 'Override/Minutes', value: toLong(value) });
const text = (name: string, value: string): Metric => ({ name, value: { kind: 'string', value } });
const release = (value: boolean): Metric => ({ name: 'Override/Release', value: { kind: 'boolean', value } });

const accepted: [story: string, metrics: Metric[], wanted: object][] = [
  [
    'a level alone lasts two hours',
    [level(80)],
    {
      kind: 'override',
      request: {
        levelPct: 80,
        minutes: 120,
        rank: 'override',
        reason: '',
        commandId: 'fresh',
        source: 'platform',
        target: { kind: 'lamp', id: 'L01' },
      },
    },
  ],
  [
    'all that may be said',
    [level(0), minutes(1_440), text('Override/Reason', 'événement 🎆'), text('Override/Id', 'a-1')],
    { request: { levelPct: 0, minutes: 1_440, reason: 'événement 🎆', commandId: 'a-1' } },
  ],
  [
    'a 32-bit field holds a whole number too',
    [{ name: 'Override/Level', datatype: 3, value: { kind: 'int', value: 100 } }],
    { request: { levelPct: 100 } },
  ],
  ['by alias', [{ alias: lamp?.byName.get('Override/Level')?.alias as number, value: toLong(30) }], { request: { levelPct: 30 } }],
  ['a reason that is null is none', [level(5), { name: 'Override/Reason', isNull: true }], { request: { reason: '' } }],
  ['a release', [release(true)], { kind: 'release', request: { commandId: 'fresh', target: { id: 'L01' } } }],
  ['a level beside "release: false"', [level(5), release(false)], { kind: 'override' }],
];
for (const [story, metrics, wanted] of accepted) {
  t.test(`obeyed: ${story}`, async (t) => t.match(readDeviceCommand(message(metrics), lamp, context), wanted));
}

const wrong: [metrics: Metric[], reason: RegExp][] = [
  [[], /nothing is asked/],
  [[minutes(10)], /nothing is asked/],
  [[release(false)], /nothing is asked/],
  [[level(101)], /Level is 101, allowed are 0 to 100/],
  [[level(-1)], /Level is -1, allowed/],
  [[{ name: 'Override/Level', datatype: 3, value: { kind: 'int', value: 2 ** 32 - 5 } }], /Level is -5/],
  [[{ name: 'Override/Level', value: { kind: 'long', value: 2n ** 63n - 1n } }], /allowed are 0 to 100/],
  [[{ name: 'Override/Level', value: { kind: 'double', value: 50 } }], /takes an Int64/],
  [[{ name: 'Override/Level', value: { kind: 'float', value: 50 } }], /takes an Int64/],
  [[{ name: 'Override/Level', datatype: 10, value: toLong(50) }], /takes an Int64/],
  [[text('Override/Level', '50')], /takes an Int64/],
  [[{ name: 'Override/Level', isNull: true }], /takes an Int64/],
  [[level(5), minutes(0)], /Minutes is 0, allowed are 1 to 1440/],
  [[level(5), minutes(1_441)], /Minutes is 1441/],
  [[level(5), text('Override/Reason', 'x'.repeat(81))], /81 characters, at most 80/],
  [[level(5), text('Override/Reason', 'a\u001b[2Jb')], /control characters/],
  [[level(5), { name: 'Override/Reason', value: toLong(1) }], /takes a String/],
  [[level(5), text('Override/Id', 'x'.repeat(65))], /65 characters, at most 64/],
  [[level(5), release(true)], /contradict/],
  [[{ name: 'Override/Release', value: toLong(1) }], /takes a Boolean/],
  [[level(5), level(6)], /stands twice/],
  [[{ name: 'level', value: toLong(5) }], /level cannot be written/],
  [[{ name: 'Override/Outcome', value: { kind: 'string', value: 'x' } }], /cannot be written/],
  [[{ name: '__proto__', value: toLong(5) }], /no metric "__proto__"/],
  [[{ name: 'a\u001bb', value: toLong(5) }], /no metric "a\?b"/],
  [[{ alias: 4_711, value: toLong(5) }], /no metric alias 4711/],
  [[{ value: toLong(5) }], /no metric alias undefined/],
  [Array.from({ length: 33 }, () => level(1)), /33 metrics, at most 32/],
];
for (const [metrics, reason] of wrong) {
  t.test(`refused: ${reason.source}`, async (t) =>
    t.match(readDeviceCommand(message(metrics), lamp, context), { kind: 'refused', reason }),
  );
}

t.test('an alias of another metric beside the name is refused', async (t) => {
  const alias = lamp?.byName.get('Override/Minutes')?.alias as number;
  t.match(readDeviceCommand(message([{ ...level(5), alias }]), lamp, context), { reason: /no metric/ });
});

t.test('refused as a whole: retained, too large, no payload, unknown or unwritable device', async (t) => {
  const read = (m: ReturnType<typeof message>, device = lamp) => readDeviceCommand(m, device, context);
  t.match(read(message([level(5)], { retained: true })), { reason: /retained/ });
  t.match(read({ ...message([]), payload: Buffer.alloc(65_537) }), { reason: /65537 bytes, at most 65536/ });
  t.match(read({ ...message([]), payload: Buffer.from('{"level":5}') }), { reason: /not a Sparkplug payload/ });
  t.match(readDeviceCommand(message([level(5)]), undefined, context), { reason: 'unknown device' });
  t.match(read(message([level(5)]), table.devices.get('M1')), { reason: /nothing that can be written/ });
});

t.test('the time of a command counts only while the clock is to be trusted', async (t) => {
  const at = (timestampMs: number | undefined, clockQuality: CommandContext['clockQuality']) =>
    readDeviceCommand(message([level(5)], { timestampMs }), lamp, { ...context, clockQuality });
  t.match(at(START_MS - 300_001, 'synced'), { reason: /300 s old, at most 300 s/ });
  t.match(at(START_MS + 300_001, 'rtc'), { reason: /300 s ahead/ });
  t.match(at(START_MS - 300_000, 'synced'), { kind: 'override' });
  t.match(at(0, 'restored'), { kind: 'override' });
  t.match(at(undefined, 'synced'), { kind: 'override' });
});

t.test('an NCMD asks for a rebirth by name, or is refused', async (t) => {
  const rebirth = (value: boolean): Metric => ({ name: 'Node Control/Rebirth', value: { kind: 'boolean', value } });
  const read = (metrics: Metric[], retained = false) => readNodeCommand(message(metrics, { retained }), context);
  t.strictSame(read([rebirth(true)]), { value: 'rebirth' });
  t.strictSame(read([rebirth(false)]), { value: 'nothing' });
  t.match(read([rebirth(true)], true), { reason: /retained/ });
  t.match(read([{ name: 'Node Control/Reboot', value: { kind: 'boolean', value: true } }]), {
    reason: /no writable metric "Node Control\/Reboot"/,
  });
  t.match(read([{ name: 'Node Control/Rebirth', value: toLong(1) }]), { reason: /takes a Boolean/ });
  t.match(read([{ alias: 1, value: { kind: 'boolean', value: true } }]), { reason: /no writable metric ""/ });
});

function openDesk() {
  const seen = {
    overrides: [] as OverrideRequest[],
    releases: [] as ReleaseRequest[],
    answers: [] as Outcome[],
    events: [] as AgentEvent[],
    rebirths: 0,
  };
  const clock = manualClock();
  const desk = createCommandDesk({
    table,
    nodeId: 'c1',
    clock,
    random: () => 0.5,
    onOverride: (request) => seen.overrides.push(request),
    onRelease: (request) => seen.releases.push(request),
    onRebirth: () => {
      seen.rebirths += 1;
    },
    onAnswer: (outcome) => seen.answers.push(outcome),
    onEvent: (event) => seen.events.push(event),
  });
  return { desk, clock, ...seen, seen };
}

t.test('a repeated command is answered with how the first went, and not run again', async (t) => {
  const { desk, overrides, answers, events } = openDesk();
  const command = message([level(5), text('Override/Id', 'a-1')]);
  desk.deviceCommand('L01', command);
  desk.deviceCommand('L01', command);
  t.equal(overrides.length, 1);
  t.match(answers, [{ commandId: 'a-1', state: 'received', levelPct: 5 }]);
  desk.note({ ...(answers[0] as Outcome), state: 'verified' });
  desk.deviceCommand('L01', command);
  t.match(answers[1], { commandId: 'a-1', state: 'verified' });
  t.equal(events.length, 0);
  for (let i = 0; i < 256; i += 1) desk.deviceCommand('L01', message([level(5), text('Override/Id', `b-${i}`)]));
  desk.deviceCommand('L01', command);
  t.equal(overrides.length, 1 + 256 + 1, 'forgotten after 256 others');
});

t.test('a refusal is counted, reported as an event and answered on the device', async (t) => {
  const { desk, answers, events } = openDesk();
  desk.deviceCommand('Z1', message([level(200), text('Override/Id', 'z-1')]));
  t.match(answers, [{ commandId: 'z-1', target: { kind: 'zone', id: 'Z1' }, state: 'refused', reason: /Level is 200/ }]);
  t.match(events, [{ code: 'command-refused', source: 'Z1', severity: 'warning', text: /Level is 200/ }]);
  desk.deviceCommand('nobody', message([level(20)]));
  desk.deviceCommand('M1', message([level(20)]));
  t.equal(answers.length, 1, 'a device that cannot answer does not');
  t.match(events.slice(1), [{ source: 'c1' }, { source: 'M1' }]);
  t.match(desk, { received: 3, refused: 3 });
});

t.test('a flood of bad commands is counted, but answered sixty times a minute at most', async (t) => {
  const { desk, clock, events, answers } = openDesk();
  for (let i = 0; i < 1_000; i += 1) desk.deviceCommand('L01', message([]));
  t.match([desk.refused, events.length, answers.length], [1_000, 60, 60]);
  await clock.advance(60_000);
  desk.deviceCommand('L01', message([]));
  t.equal(events.length, 61);
});

t.test('100,000 hostile payloads: none crashes, none raises a level that was not asked for', async (t) => {
  const { desk, overrides, seen } = openDesk();
  const seed = encodePayload({ timestampMs: START_MS, metrics: [level(50), minutes(5), text('Override/Id', 'x')] });
  let state = 12_345;
  const next = (limit: number): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return state % limit;
  };
  for (let i = 0; i < 100_000; i += 1) {
    const bytes = i % 3 === 0 ? Buffer.from(Array.from({ length: next(40) }, () => next(256))) : Buffer.from(seed);
    for (let flips = 0; flips < 1 + next(4) && bytes.length > 0; flips += 1) bytes[next(bytes.length)] = next(256);
    const hostile = { topic: '', payload: bytes.subarray(0, next(5) === 0 ? next(bytes.length + 1) : bytes.length), retained: false };
    if (next(2) === 0) desk.deviceCommand('L01', hostile);
    else desk.nodeCommand(hostile);
  }
  t.equal(desk.received, 100_000);
  t.ok(
    overrides.every(({ levelPct, minutes: m }) => Number.isInteger(levelPct) && levelPct >= 0 && levelPct <= 100 && m >= 1 && m <= 1_440),
  );
  t.ok(seen.events.length <= 60);
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 300 }),
      (payload) => readDeviceCommand({ topic: '', payload, retained: false }, lamp, context).kind !== undefined,
    ),
  );
});
