import t from 'tap';
import type { PlatformOrder } from '../../../../agent/core/ports.ts';
import { CommandInbox } from '../../../../agent/sync/commands/command-inbox.ts';
import { createReadLimit } from '../../../../agent/sync/commands/read-limit.ts';
import { encodePayload, type Metric, toLong } from '../../../../agent/sync/sparkplug/codec.ts';
import { createMetricTable } from '../../../../agent/sync/sparkplug/metric-table.ts';
import { manualClock, NODE_DEVICES, silentLog } from '../small-node.ts';

const table = createMetricTable(NODE_DEVICES);
const text = (name: string, value: string): Metric => ({ name, value: { kind: 'string', value } });
const flag = (name: string, value: boolean): Metric => ({ name, value: { kind: 'boolean', value } });
const EMERGENCY = flag('Emergency/On', true);
/** As long as they may be. */
const [LONG_ID, LONG_REASON] = ['f'.repeat(63), text('Emergency/Reason', 'é'.repeat(80))];

function openInbox() {
  const clock = manualClock();
  const orders: PlatformOrder[] = [];
  const inbox = new CommandInbox({
    table,
    cabinetId: 'c1',
    clock,
    log: silentLog,
    store: {
      save: async () => true,
      load: async () => undefined,
      loadAll: async () => [],
      audit: { note: () => {}, read: async () => undefined },
    },
    random: () => 0.5,
    onOrder: (order) => orders.push(order),
    onRebirth: () => {},
    onTaken: () => {},
    onAnswer: () => {},
    onEvent: () => {},
  });
  /** As the uplink hands a message on. */
  const receive = (deviceId: string | null, payload: Uint8Array, retained = false): void => {
    const message = { topic: '', payload, retained };
    if (!inbox.admits(message, deviceId)) return;
    if (deviceId === null) inbox.nodeCommand(message);
    else inbox.deviceCommand(deviceId, message);
  };
  const emergencies = (): number =>
    orders.filter(({ kind, request }) => kind === 'override' && 'rank' in request && request.rank === 'emergency').length;
  return { clock, receive, emergencies };
}

/** Each way in which a platform may send it: for the street and for a zone, by name with all that fits, and by alias. */
function ways(timestampMs: number): readonly (readonly [place: string | null, payload: Uint8Array])[] {
  return [null, 'Z1'].flatMap((place, n) => {
    const entries = place === null ? table.node : (table.devices.get(place)?.metrics ?? []);
    const alias = entries.find(({ name }) => name === 'Emergency/On')?.alias ?? -1;
    const named = encodePayload({ timestampMs, metrics: [EMERGENCY, LONG_REASON, text('Command/Id', `${LONG_ID}${n}`)] });
    const short = encodePayload({ timestampMs, metrics: [{ alias, value: EMERGENCY.value }, text('Command/Id', `short-${n}`)] });
    return [[place, named] as const, [place, short] as const];
  });
}

/** What may flood a node. */
const FLOODS: Readonly<Record<string, (nowMs: number) => Uint8Array>> = {
  'sound commands': (timestampMs) => encodePayload({ timestampMs, metrics: [{ name: 'Override/Level', value: toLong(5) }] }),
  'bytes that are no payload': () => Buffer.alloc(100, 0xff),
  'no bytes': () => Buffer.alloc(0),
  'long payloads': () => encodePayload({ metrics: [text('Override/Reason', 'x'.repeat(65_000))] }),
  'empty metrics, as short as an emergency': () => Buffer.alloc(60, Buffer.from([0x12, 0])),
  'ends of emergencies': (timestampMs) => encodePayload({ timestampMs, metrics: [flag('Emergency/On', false)] }),
  'texts that name one': (timestampMs) => encodePayload({ timestampMs, metrics: [text('Override/Reason', 'Emergency/On')] }),
  rebirths: () => encodePayload({ metrics: [flag('Node Control/Rebirth', true)] }),
};

for (const [kind, payloadAt] of Object.entries(FLOODS)) {
  t.test(`an emergency is carried out at once in a flood: ${kind}`, async (t) => {
    for (const perS of [200, 2_000]) {
      const { clock, receive, emergencies } = openInbox();
      const flood = (count: number): void => {
        const payload = payloadAt(clock.wallMs());
        for (let i = 0; i < count; i += 1) receive(i % 2 === 0 ? 'Z1' : null, payload);
      };
      flood(1_500);
      await clock.advance(1_000);
      for (const [n, [place]] of ways(0).entries()) {
        flood(perS / 2);
        receive(place, ways(clock.wallMs())[n]?.[1] ?? Buffer.alloc(0));
        flood(perS / 2);
        await clock.advance(1_000);
        t.equal(emergencies(), n + 1, `number ${n + 1}, among ${perS} a second`);
      }
    }
  });
}

t.test('a retained emergency is not carried out in a flood either', async (t) => {
  const { clock, receive, emergencies } = openInbox();
  for (let i = 0; i < 3_000; i += 1) receive(null, Buffer.alloc(60));
  for (const [place, payload] of ways(clock.wallMs())) receive(place, payload, true);
  await clock.advance(1_000);
  t.equal(emergencies(), 0);
});

t.test('parsing in a flood is limited by messages and by bytes, even if each looks like an emergency', async (t) => {
  const admittedOf = async (payload: Uint8Array, perS: number): Promise<number> => {
    const clock = manualClock();
    const limit = createReadLimit(clock, table);
    let admitted = 0;
    for (let second = 0; second < 20; second += 1) {
      for (let i = 0; i < perS; i += 1) admitted += limit.admits({ topic: '', payload, retained: false }, null) ? 1 : 0;
      await clock.advance(1_000);
    }
    return admitted;
  };
  t.ok((await admittedOf(Buffer.alloc(60, Buffer.from([0x12, 0])), 2_000)) <= 1_000 + 20 * 100);
  t.ok((await admittedOf(Buffer.alloc(65_536), 300)) <= (8 * 2 ** 20 + 20 * 2 ** 17) / 65_536);
  t.ok((await admittedOf(encodePayload({ metrics: [EMERGENCY] }), 3_000)) <= 1_500 + 20 * 600);
});

t.test('a program update in its largest parts is not delayed, at the rate at which commands are accepted', async (t) => {
  const clock = manualClock();
  const limit = createReadLimit(clock, table);
  const part = { topic: '', payload: Buffer.alloc(49_500), retained: false };
  for (let i = 0; i < 120; i += 1) t.ok(limit.admits(part, null), `part ${i}`);
  for (let i = 0; i < 600; i += 1) {
    await clock.advance(500);
    if (!limit.admits(part, null)) t.fail(`part ${i} of those at two a second`);
  }
});
