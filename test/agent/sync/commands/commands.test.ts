import fc from 'fast-check';
import t from 'tap';
import { HOUR_MS } from '../../../../agent/core/durations.ts';
import type { Message } from '../../../../agent/core/message.ts';
import type { UplinkDevice } from '../../../../agent/core/ports.ts';
import { type CommandContext, readDeviceCommand, readNodeCommand } from '../../../../agent/sync/commands/commands.ts';
import { encodePayload, type Metric, toLong } from '../../../../agent/sync/sparkplug/codec.ts';
import { createMetricTable } from '../../../../agent/sync/sparkplug/metric-table.ts';
import { texts } from '../../../support/texts.ts';
import { NODE_DEVICES, NODE_START_MS } from '../small-node.ts';

/** A lamp, a zone and a box with one contact that may be switched and one that may not. */
const BOX: UplinkDevice = {
  id: 'R1',
  target: null,
  metrics: [
    { name: 'relay_1', pointId: 'R1.relay_1', type: 'Boolean', unit: '', write: { min: 0, max: 1 } },
    { name: 'volume', pointId: 'R1.volume', type: 'Double', unit: '%', write: { min: 10, max: 80 } },
    { name: 'input_1', pointId: 'R1.input_1', type: 'Boolean', unit: '' },
  ],
};

const table = createMetricTable([...NODE_DEVICES, BOX]);
const lamp = table.devices.get('L01');
const context: CommandContext = { nowMs: NODE_START_MS, nowMono: 1_000, clockQuality: 'synced', freshId: 'fresh' };
const message = (metrics: readonly Metric[], changes: { retained?: boolean; timestampMs?: number | undefined } = {}) => ({
  topic: '',
  payload: encodePayload({ timestampMs: 'timestampMs' in changes ? changes.timestampMs : NODE_START_MS, metrics }),
  retained: changes.retained ?? false,
});
const whole = (name: string, value: number): Metric => ({ name, value: toLong(value) });
const flag = (name: string, value: boolean): Metric => ({ name, value: { kind: 'boolean', value } });
const real = (name: string, value: number): Metric => ({ name, value: { kind: 'double', value } });
const level = (value: number): Metric => ({ name: 'Override/Level', value: toLong(value) });
const minutes = (value: number): Metric => ({ name: 'Override/Minutes', value: toLong(value) });
const text = (name: string, value: string): Metric => ({ name, value: { kind: 'string', value } });
const release = (value: boolean): Metric => ({ name: 'Override/Release', value: { kind: 'boolean', value } });

const zone = table.devices.get('Z1');
const box = table.devices.get('R1');
const NODE = { node: table.node, cabinet: { kind: 'cabinet', id: 'c1' } } as const;

const accepted: [story: string, device: typeof lamp, metrics: Metric[], wanted: object][] = [
  [
    'a level alone lasts two hours',
    lamp,
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
    lamp,
    [level(0), minutes(1_440), text('Override/Reason', 'événement 🎆'), text('Override/Id', 'a-1')],
    { request: { levelPct: 0, minutes: 1_440, reason: 'événement 🎆', commandId: 'a-1' } },
  ],
  ['an end instead of a length', lamp, [level(50), whole('Override/Until', NODE_START_MS + HOUR_MS)], { request: { minutes: 60 } }],
  ['the general id', zone, [level(50), text('Command/Id', 'g-1')], { request: { commandId: 'g-1', target: { kind: 'zone', id: 'Z1' } } }],
  ['an expiry goes with it', lamp, [level(50), whole('Command/Expires', NODE_START_MS + 30_000)], { request: { expiresMono: 31_000 } }],
  [
    'a 32-bit field holds a whole number too',
    lamp,
    [{ name: 'Override/Level', datatype: 3, value: { kind: 'int', value: 100 } }],
    { request: { levelPct: 100 } },
  ],
  ['by alias', lamp, [{ alias: lamp?.byName.get('Override/Level')?.alias as number, value: toLong(30) }], { request: { levelPct: 30 } }],
  ['a reason that is null is none', lamp, [level(5), { name: 'Override/Reason', isNull: true }], { request: { reason: '' } }],
  ['a release', lamp, [release(true)], { kind: 'release', request: { commandId: 'fresh', target: { id: 'L01' }, rank: 'override' } }],
  ['a release that waits', zone, [text('Override/Release At', 'next-step')], { kind: 'release', request: { atNextStep: true } }],
  ['a release said in both ways', zone, [release(true), text('Override/Release At', 'now')], { request: { atNextStep: undefined } }],
  ['a level beside "release: false"', lamp, [level(5), release(false)], { kind: 'override' }],
  [
    'a programme for a night',
    zone,
    [text('Programme/Choice', 'market'), text('Programme/Reason', 'fair')],
    { kind: 'programme', request: { zone: 'Z1', programme: 'market', minutes: 1_440, reason: 'fair' } },
  ],
  [
    'a programme until an instant',
    zone,
    [text('Programme/Choice', 'market'), whole('Programme/Until', NODE_START_MS + 48 * HOUR_MS)],
    { request: { minutes: 2_880 } },
  ],
  ['back to the calendar', zone, [text('Programme/Choice', '')], { kind: 'programme', request: { programme: null } }],
  [
    'an emergency of a zone',
    zone,
    [flag('Emergency/On', true), text('Emergency/Reason', 'fire')],
    {
      kind: 'override',
      request: { target: { kind: 'zone', id: 'Z1' }, levelPct: 100, rank: 'emergency', minutes: 120, reason: 'fire' },
    },
  ],
  [
    'and its end',
    zone,
    [flag('Emergency/On', false)],
    { kind: 'release', request: { target: { kind: 'zone', id: 'Z1' }, rank: 'emergency' } },
  ],
  ['a lamp shows itself', lamp, [whole('Identify/Seconds', 30)], { kind: 'blink', request: { lamp: 'L01', seconds: 30 } }],
  ['and no longer', lamp, [whole('Identify/Seconds', 0)], { kind: 'blink', request: { seconds: 0 } }],
  [
    'a contact',
    box,
    [flag('relay_1', true)],
    { kind: 'point', request: { deviceId: 'R1', pointId: 'R1.relay_1', value: 1, expiresMono: 61_000 } },
  ],
  ['a value within its limits', box, [real('volume', 80)], { kind: 'point', request: { pointId: 'R1.volume', value: 80 } }],
];
for (const [story, device, metrics, wanted] of accepted) {
  t.test(`obeyed: ${story}`, async (t) => t.match(readDeviceCommand(message(metrics), device, context), { kind: 'order', order: wanted }));
}

const wrong: [metrics: Metric[], reason: RegExp, device?: typeof lamp][] = [
  [[], /nothing is requested/],
  [[minutes(10)], /nothing is requested/],
  [[release(false)], /nothing is requested/],
  [[level(101)], /Level is 101, allowed are 0 to 100/],
  [[level(-1)], /Level is -1, allowed/],
  [[{ name: 'Override/Level', datatype: 3, value: { kind: 'int', value: 2 ** 32 - 5 } }], /Level is -5/],
  [[{ name: 'Override/Level', value: { kind: 'long', value: 2n ** 63n - 1n } }], /allowed are 0 to 100/],
  [[{ name: 'Override/Level', value: { kind: 'double', value: 50 } }], /takes an Int64, this is double_value$/],
  [[{ name: 'Override/Level', value: { kind: 'float', value: 50 } }], /takes an Int64/],
  [[{ name: 'Override/Level', datatype: 10, value: toLong(50) }], /takes an Int64, this is long_value of datatype 10$/],
  [[text('Override/Level', '50')], /takes an Int64/],
  [[{ name: 'Override/Level', isNull: true }], /takes an Int64, this is null$/],
  [[level(5), minutes(0)], /Minutes is 0, allowed are 1 to 1440/],
  [[level(5), minutes(1_441)], /Minutes is 1441/],
  [[level(5), text('Override/Reason', 'x'.repeat(81))], /81 characters, at most 80/],
  [[level(5), text('Override/Reason', 'a\u001b[2Jb')], /control characters/],
  [[level(5), { name: 'Override/Reason', value: toLong(1) }], /takes a String/],
  [[level(5), text('Override/Id', 'x'.repeat(65))], /65 characters, at most 64/],
  [[level(5), release(true)], /contradict/],
  [[{ name: 'Override/Release', value: toLong(1) }], /takes a Boolean/],
  [[level(5), level(6)], /occurs twice/],
  [[{ name: 'level', value: toLong(5) }], /level of L01 cannot be written/],
  [[{ name: 'Override/Outcome', value: { kind: 'string', value: 'x' } }], /cannot be written/],
  [[{ name: '__proto__', value: toLong(5) }], /no metric "__proto__"/],
  [[{ name: 'a\u001bb', value: toLong(5) }], /no metric "a\?b"/],
  [[{ alias: 4_711, value: toLong(5) }], /no metric alias 4711/],
  [[{ value: toLong(5) }], /no metric alias undefined/],
  [[level(5), text('Command/Id', 'a'), text('Override/Id', 'b')], /differ: give one/],
  [[level(5), whole('Command/Expires', NODE_START_MS)], /expired 1 s ago: send it again with a new id/],
  [[level(5), whole('Command/Expires', NODE_START_MS - 60_000)], /expired 60 s ago/],
  [[level(5), whole('Command/Expires', NODE_START_MS + 25 * HOUR_MS)], /25 h ahead, at most 24 h/],
  [[level(5), whole('Command/Expires', 5)], /Expires takes a DateTime/],
  [[level(5), text('Command/Expires', '2026-11-24')], /Expires takes a DateTime/],
  [[level(5), minutes(5), whole('Override/Until', NODE_START_MS + HOUR_MS)], /contradict/],
  [[level(5), whole('Override/Until', NODE_START_MS - HOUR_MS)], /Until is 3600 s in the past: give a time ahead/],
  [[release(true), whole('Override/Until', NODE_START_MS + HOUR_MS)], /contradict/],
  [[text('Override/Release At', 'dawn')], /takes "now" or "next-step"/],
  [[release(false), text('Override/Release At', 'now')], /contradict/],
  [[level(5), whole('Identify/Seconds', 10)], /one command requests one thing, this one requests several \(Override, Identify\)/],
  [[text('Command/Id', 'a-1')], /nothing is requested/],
  [[text('Programme/Choice', 'x')], /no metric "Programme\/Choice": .*Override\/Level.* can be written/],
  [[text('Programme/Reason', 'x')], /Choice is missing/, zone],
  [[text('Programme/Choice', 'x'.repeat(65))], /at most 64/, zone],
  [[flag('Emergency/On', true)], /no metric "Emergency\/On"/],
  [[whole('Emergency/Minutes', 5)], /Emergency\/On is missing \(true lights all its lamps/, zone],
  [[flag('Emergency/On', false), whole('Emergency/Minutes', 5)], /contradict/, zone],
  [[flag('Emergency/On', true), whole('Emergency/Minutes', 1_441)], /allowed are 1 to 1440/, zone],
  [[flag('Emergency/On', true), level(5)], /one command requests one thing/, zone],
  [[text('Programme/Choice', 'x'), whole('Programme/Minutes', 44_641)], /allowed are 1 to 44640/, zone],
  [[text('Programme/Choice', ''), whole('Programme/Minutes', 5)], /gives the zone back now/, zone],
  [[whole('Programme/Choice', 1)], /takes a String/, zone],
  [[whole('Identify/Seconds', 4)], /allowed are 5 to 600, or 0/],
  [[whole('Identify/Seconds', 601)], /allowed are 0 to 600/],
  [[whole('Identify/Seconds', 10)], /no metric "Identify\/Seconds"/, zone],
  [[flag('input_1', true)], /input_1 of R1 cannot be written: relay_1, volume/, box],
  [[whole('relay_1', 1)], /relay_1 takes a Boolean/, box],
  [[flag('volume', true)], /volume takes a Double/, box],
  [[real('volume', 81)], /volume is 81, allowed are 10 to 80 %/, box],
  [[real('volume', Number.NaN)], /volume takes a Double, this is NaN$/, box],
  [[flag('relay_1', true), real('volume', 50)], /one point/, box],
  [[text('Command/Id', 'a')], /takes no such command/, box],
  [Array.from({ length: 33 }, () => level(1)), /33 metrics, at most 32/],
];
for (const [metrics, reason, device = lamp] of wrong) {
  t.test(`refused: ${reason.source}`, async (t) =>
    t.match(texts(readDeviceCommand(message(metrics), device, context)), { kind: 'refused', reason }),
  );
}

t.test('an alias of another metric together with the name is refused', async (t) => {
  const alias = lamp?.byName.get('Override/Minutes')?.alias as number;
  t.match(texts(readDeviceCommand(message([{ ...level(5), alias }]), lamp, context)), {
    kind: 'refused',
    reason: /^the name "Override\/Level" has the alias of Override\/Minutes beside it: give the name alone$/,
  });
});

t.test('refused as a whole: retained, too large, no payload, unknown or unwritable device', async (t) => {
  const read = (m: ReturnType<typeof message>, device = lamp) => readDeviceCommand(m, device, context);
  t.match(texts(read(message([level(5)], { retained: true }))), { reason: /retained/ });
  t.match(texts(read({ ...message([]), payload: Buffer.alloc(65_537) })), { reason: /65537 bytes, at most 65536/ });
  t.match(texts(read({ ...message([]), payload: Buffer.from('{"level":5}') })), { reason: /not a Sparkplug payload/ });
  t.match(texts(readDeviceCommand(message([level(5)]), undefined, context)), { reason: /^unknown device: .* DBIRTH/ });
  t.match(texts(read(message([level(5)]), table.devices.get('M1'))), { reason: /nothing that can be written/ });
});

t.test('for any refusal, the sender gets an answer under his id', async (t) => {
  const own = text('Command/Id', 'a-7');
  const alias = lamp?.byName.get('Command/Id')?.alias as number;
  const read = (m: ReturnType<typeof message>, device = lamp) => readDeviceCommand(m, device, context);
  const refused = { kind: 'refused', commandId: 'a-7', hasOwnId: true };
  t.match(texts(read(message([level(5), own], { timestampMs: NODE_START_MS - 300_001 }))), { ...refused, reason: /300 s old/ });
  t.match(texts(read(message([level(5), own], { retained: true }))), { ...refused, reason: /retained/ });
  t.match(texts(read(message([level(5), own, text('Override/Colour', 'red')]))), { ...refused, reason: /no metric/ });
  t.match(
    texts(read(message([level(5), { alias, value: { kind: 'string', value: 'a-7' } }], { retained: true }))),
    refused,
    'by alias too',
  );
  t.match(texts(read(message([level(5), text('Override/Id', 'a-7')], { retained: true }))), refused);
  t.match(texts(read(message([level(5), own], {}), table.devices.get('M1'))), { ...refused, reason: /nothing that can be written/ });
  t.match(texts(readDeviceCommand(message([level(5), own]), undefined, context)), { ...refused, reason: /^unknown device/ });
  t.match(texts(readNodeCommand(message([flag('Emergency/Off', true), own]), NODE, context)), { ...refused, reason: /no metric/ });
  const sent = message([level(5), own]);
  const withBytes = (hex: string) => ({ ...sent, payload: Buffer.concat([sent.payload, Buffer.from(hex, 'hex')]) });
  t.match(
    texts(read(withBytes('120b10ffffffffffffffffff01'))),
    { ...refused, reason: /no metric alias beyond 2\^53:/ },
    'an alias of 64 bits',
  );
  t.match(
    texts(read(withBytes('08ffffffffffffffffff01'))),
    { ...refused, reason: /payload timestamp is beyond 2\^53:/ },
    'a time of 64 bits',
  );
  t.match(texts(read(message([own, text('Override/Reason', 'x'.repeat(70_000))]))), { ...refused, reason: /at most 65536/ });
  for (const bad of ['', 'x'.repeat(65), 'a\u0007b'])
    t.match(read(message([level(5), text('Command/Id', bad)], { retained: true })), { commandId: 'fresh', hasOwnId: false });
});

t.test('the time of a command counts only while the clock is trusted', async (t) => {
  const at = (timestampMs: number | undefined, clockQuality: CommandContext['clockQuality']) =>
    readDeviceCommand(message([level(5)], { timestampMs }), lamp, { ...context, clockQuality });
  t.match(texts(at(NODE_START_MS - 300_001, 'synced')), {
    reason: /300 s old, at most 300 s: compare the clock of the sender with the cabinet's \(20.*Z\)/,
  });
  t.match(texts(at(Math.round(NODE_START_MS / 1_000), 'synced')), { reason: /takes milliseconds since 1970/ });
  t.match(texts(at(NODE_START_MS + 300_001, 'rtc')), { reason: /300 s ahead/ });
  t.match(at(NODE_START_MS - 300_000, 'synced'), { kind: 'order' });
  t.match(at(1_000_000_000_000, 'restored'), { kind: 'order' });
  for (const quality of ['none', 'restored', 'rtc', 'synced'] as const)
    for (const noTime of [0, 1, 1_795_000_000, 2 ** 53 - 1])
      t.match(texts(at(noTime, quality)), { reason: /^payload timestamp is \d+: it takes milliseconds/ });
  t.match(at(undefined, 'synced'), { kind: 'order' });
});

t.test('without a known time an expiry counts from the arrival, and requests that need a clock are refused', async (t) => {
  const at = (metrics: Metric[], clockQuality: CommandContext['clockQuality'], timestampMs: number | undefined = 1_000_000_000_000) =>
    readDeviceCommand(message([level(5), ...metrics], { timestampMs }), lamp, { ...context, clockQuality });
  const expires = (ms: number): Metric => whole('Command/Expires', ms);
  t.match(at([expires(1_000_000_020_000)], 'none'), {
    kind: 'order',
    lifetime: { expiresMono: 21_000 },
    order: { request: { expiresMono: 21_000 } },
  });
  t.match(texts(at([expires(1_000_000_020_000)], 'restored')), {
    reason: /expired by the clock here \(20.*Z\), which may be wrong: set it/,
  });
  t.match(at([expires(NODE_START_MS + 1)], 'restored', NODE_START_MS - 999), { lifetime: { expiresMono: 2_000 } });
  t.match(
    texts(
      readDeviceCommand(message([level(5), expires(NODE_START_MS + 9)], { timestampMs: undefined }), lamp, {
        ...context,
        clockQuality: 'none',
      }),
    ),
    {
      reason: /needs the payload timestamp/,
    },
  );
  t.match(texts(at([expires(999_999_999_999)], 'none')), { reason: /before its own timestamp/ });
  t.match(texts(at([whole('Override/Until', NODE_START_MS + HOUR_MS)], 'none')), {
    reason: /time is not known here: give Override\/Minutes/,
  });
});

t.test(
  'an unknown clock that is ahead blocks no emergency; commands that may darken are refused if it counts them as expired',
  async (t) => {
    for (const aheadMs of [1, 60_000, HOUR_MS, 24 * HOUR_MS, 365 * 24 * HOUR_MS, 8_760 * 24 * HOUR_MS]) {
      const now: CommandContext = { ...context, nowMs: NODE_START_MS + 60_000 + aheadMs, clockQuality: 'restored' };
      const expires = whole('Command/Expires', NODE_START_MS + 60_000);
      const emergency = [flag('Emergency/On', true), expires];
      t.match(readNodeCommand(message(emergency), NODE, now), { kind: 'order', lifetime: { expiresMono: 61_000 } }, 'the whole street');
      t.match(readDeviceCommand(message(emergency), zone, now), { kind: 'order', lifetime: { expiresMono: 61_000 } }, 'a zone');
      const trusted: CommandContext = { ...now, clockQuality: 'synced' };
      t.match(texts(readNodeCommand(message(emergency, { timestampMs: now.nowMs }), NODE, trusted)), { reason: /^expired \d+ s ago/ });
      t.match(texts(readNodeCommand(message([flag('Emergency/On', false), expires]), NODE, now)), { reason: /expired by the clock here/ });
      for (const darkens of [[level(0)], [level(100)], [release(true)]]) {
        t.match(texts(readDeviceCommand(message([...darkens, expires]), lamp, now)), { reason: /expired by the clock here/ });
        t.match(readDeviceCommand(message(darkens), lamp, now), { kind: 'order' }, 'the way that the refusal names');
        t.match(readDeviceCommand(message([...darkens, expires]), lamp, { ...now, clockQuality: 'none' }), { kind: 'order' });
      }
    }
  },
);

t.test('an empty id is refused, a null one counts as none', async (t) => {
  for (const name of ['Command/Id', 'Override/Id']) {
    t.match(texts(readDeviceCommand(message([level(5), text(name, '')]), lamp, context)), {
      kind: 'refused',
      reason: /Id is empty: give an id or leave it out/,
    });
    t.match(readDeviceCommand(message([level(5), { name, isNull: true, datatype: 12 }]), lamp, context), {
      kind: 'order',
      hasOwnId: false,
    });
  }
  const both = message([level(5), text('Command/Id', ''), text('Override/Id', 'a-7')]);
  t.match(texts(readDeviceCommand(both, lamp, context)), { kind: 'refused', commandId: 'a-7', hasOwnId: true });
  const emergency = (on: boolean) => readNodeCommand(message([flag('Emergency/On', on), text('Command/Id', '')]), NODE, context);
  t.match(
    texts([emergency(true), emergency(false)]),
    [{ kind: 'order', hasOwnId: false }, { kind: 'refused' }],
    'an emergency is not kept away by it',
  );
});

t.test('a refusal shows a number as its sender wrote it', async (t) => {
  const reasonOf = (value: Metric['value'], datatype: number | undefined) =>
    readDeviceCommand(message([{ name: 'Override/Level', value, ...(datatype === undefined ? {} : { datatype }) }]), lamp, context);
  const most = { kind: 'long', value: 2n ** 64n - 1n } as const;
  t.match(texts(reasonOf(most, 8)), { reason: /is 18446744073709551615, allowed/ });
  t.match(texts(reasonOf(most, 4)), { reason: /is -1, allowed/ });
  t.match(texts(reasonOf(most, undefined)), { reason: /is -1, allowed/ }, 'without a type it is the one of the birth, Int64');
  t.match(texts(reasonOf({ kind: 'int', value: 2 ** 32 - 1 }, 7)), { reason: /is 4294967295, allowed/ });
  t.match(texts(reasonOf({ kind: 'int', value: -1 }, 3)), { reason: /is -1, allowed/ });
  for (const datatype of [5, 6, 7, 8]) t.match(reasonOf({ kind: 'long', value: 50n }, datatype), { kind: 'order' });
});

t.test('the digest covers the request, whatever surrounds it and in any order', async (t) => {
  const digest = (metrics: Metric[]): string => (readDeviceCommand(message(metrics), lamp, context) as { digest: string }).digest;
  const one = digest([level(5), minutes(10), text('Command/Id', 'a')]);
  t.equal(digest([minutes(10), whole('Command/Expires', NODE_START_MS + 1_000), text('Override/Id', 'b'), level(5)]), one);
  t.not(digest([level(6), minutes(10)]), one);
});

t.test('an NCMD requests a rebirth by name, or an emergency, or is refused', async (t) => {
  const rebirth = (value: boolean): Metric => flag('Node Control/Rebirth', value);
  const read = (metrics: Metric[], retained = false) => readNodeCommand(message(metrics, { retained }), NODE, context);
  t.strictSame(read([rebirth(true)]), { kind: 'rebirth' });
  t.match(texts(read([rebirth(false)])), { kind: 'refused', reason: /^nothing is requested: Node Control\/Rebirth takes true$/ });
  t.match(texts(read([rebirth(false), text('Command/Id', 'n-1')])), { kind: 'refused', commandId: 'n-1' });
  for (const timestampMs of [0, 1, 2 ** 60])
    t.strictSame(readNodeCommand(message([rebirth(true)], { timestampMs }), NODE, context), { kind: 'rebirth' }, `at ${timestampMs}`);
  t.strictSame(read([]), { kind: 'nothing' });
  t.match(texts(read([rebirth(true)], true)), { reason: /retained/ });
  const old = message([rebirth(true)], { timestampMs: NODE_START_MS - 3_600_000 });
  t.strictSame(readNodeCommand(old, NODE, context), { kind: 'rebirth' }, 'a host whose clock is wrong must be able to read us');
  t.match(texts(read([flag('Node Control/Reboot', true)])), {
    reason: /no metric "Node Control\/Reboot": Node Control\/Rebirth, Emergency\/On, .* can be written/,
  });
  t.match(texts(read([whole('Node Control/Rebirth', 1)])), { reason: /takes a Boolean/ });
  t.match(texts(read([rebirth(true), flag('Emergency/On', true)])), { reason: /^send Node Control\/Rebirth alone in its command$/ });
  t.match(texts(read([{ alias: 1, value: { kind: 'boolean', value: true } }])), { reason: /cannot be written/ });
  t.match(
    texts(read([flag('Emergency/On', true), whole('Emergency/Minutes', 30), text('Emergency/Reason', 'fire'), text('Command/Id', 'e-1')])),
    {
      kind: 'order',
      target: NODE.cabinet,
      order: { kind: 'override', request: { rank: 'emergency', levelPct: 100, minutes: 30, reason: 'fire', commandId: 'e-1' } },
    },
  );
  t.match(read([flag('Emergency/On', false)]), { order: { kind: 'release', request: { rank: 'emergency', target: NODE.cabinet } } });
  t.match(texts(read([flag('Emergency/On', false), whole('Emergency/Minutes', 30)])), { reason: /contradict/ });
  t.match(texts(read([whole('Emergency/Minutes', 30)])), { reason: /Emergency\/On is missing/ });
  t.match(texts(read([flag('Emergency/On', true), whole('Emergency/Minutes', 1_441)])), { reason: /allowed are 1 to 1440/ });
  t.match(texts(read([whole('Emergency/Until', NODE_START_MS)])), { reason: /cannot be written/ });
});

t.test('a command that contains a write about delivery is refused with the format of that write', async (t) => {
  for (const [name, shape] of [
    ['Sync/Ack', '<epoch>:<seq>'],
    ['Sync/Log', '<number>:<hash>'],
    ['Sync/Accept', '"segments'],
    ['Sync/Resend', '{"id","fromMs","toMs"}'],
  ] as const) {
    const parsed = readNodeCommand(message([text(name, '7'), text('Command/Id', 'a')]), NODE, context);
    t.match(texts(parsed), { kind: 'refused' }, name);
    const reason = String((parsed as { reason: Message }).reason);
    t.ok(reason.startsWith(`${name} comes in an NCMD of its own, without Command/Id`) && reason.includes(shape), reason);
    t.notMatch(reason, /cannot be written/);
  }
});

t.test('for any bytes, reading does not fail', async (t) => {
  const aims = [lamp, zone, box, undefined];
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(3), (payload, aim) => {
      const hostile = { topic: '', payload, retained: false };
      return (
        readDeviceCommand(hostile, aims[aim], context).kind !== undefined && readNodeCommand(hostile, NODE, context).kind !== undefined
      );
    }),
  );
  t.pass();
});
