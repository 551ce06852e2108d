import fc from 'fast-check';
import t from 'tap';
import type { Lane, LevelWrite, WriteResult } from '../../../agent/core/ports.ts';
import type { Profile, Quirks } from '../../../agent/core/profile.ts';
import { createBusLoad } from '../../../agent/field/bus-load.ts';
import { afterTurn, NONE_SINCE, nextLane } from '../../../agent/field/lanes.ts';
import { type Block, blocksOf, firstDue, nextDueMono, splitBlock } from '../../../agent/field/poll-plan.ts';
import { createReadBacks, type ReadBack } from '../../../agent/field/read-backs.ts';
import { createUnit, type Unit } from '../../../agent/field/unit.ts';
import { createWriteQueue } from '../../../agent/field/write-queue.ts';
import { createModbusDriver } from '../../../drivers/modbus/modbus-driver.ts';
import { testDevice } from '../../support/profiles.ts';
import { LAMP, point, profile } from './plant.ts';

// ── poll plan ────────────────────────────────────────────────────────────────────────────────────────────────────────

const device = (points: Profile['points'], quirks: Partial<Quirks> = {}): Profile =>
  profile('device', points, { quirks: { ...LAMP.quirks, maxHole: 0, ...quirks } });
const at = (address: number, over: Parameters<typeof point>[1] = {}) => point(`p${address}`, { address, ...over });
const f32 = { type: 'f32' } as const;
const coil = { table: 'coil', type: 'bit' } as const;
const told = (blocks: readonly Block[]) => blocks.map(({ table, address, count, poll }) => `${table} ${address}+${count} ${poll}`);

const plans: [story: string, profile: Profile, maxRegisters: number, blocks: string[]][] = [
  ['neighbours are one block', device([at(3), at(4), at(5)]), 40, ['input 3+3 normal']],
  ['in whatever order they are written', device([at(5), at(3), at(4)]), 40, ['input 3+3 normal']],
  ['a hole splits where the profile allows none', device([at(3), at(5)]), 40, ['input 3+1 normal', 'input 5+1 normal']],
  ['a hole is read over where the profile allows it', device([at(3), at(6)], { maxHole: 2 }), 40, ['input 3+4 normal']],
  ['a larger hole is not', device([at(3), at(7)], { maxHole: 2 }), 40, ['input 3+1 normal', 'input 7+1 normal']],
  ['a wide value counts in full', device([at(0, f32), at(2, f32), at(4)]), 40, ['input 0+5 normal']],
  ['the profile caps a block', device([at(0), at(1), at(2)], { maxReadRegisters: 2 }), 40, ['input 0+2 normal', 'input 2+1 normal']],
  ['the latency budget caps a block', device([at(0), at(1), at(2)]), 2, ['input 0+2 normal', 'input 2+1 normal']],
  ['a wide value is never cut', device([at(0), at(1, f32)]), 2, ['input 0+1 normal', 'input 1+2 normal']],
  [
    'classes are not mixed',
    device([at(0), at(1, { poll: 'fast' }), at(2)]),
    40,
    ['input 1+1 fast', 'input 0+1 normal', 'input 2+1 normal'],
  ],
  ['tables are not mixed', device([at(0), at(1, { table: 'holding' })]), 40, ['holding 1+1 normal', 'input 0+1 normal']],
  ['what is never polled is in no block', device([at(0), at(1, { poll: 'never' })]), 40, ['input 0+1 normal']],
  [
    'bits have their own cap',
    device(
      [0, 1, 2].map((a) => at(a, coil)),
      { maxReadBits: 2 },
    ),
    1,
    ['coil 0+2 normal', 'coil 2+1 normal'],
  ],
  ['an even device is asked from even to even', device([at(3), at(5, f32)], { evenAlign: true, maxHole: 1 }), 40, ['input 2+6 normal']],
];
for (const [story, profile, maxRegisters, blocks] of plans) {
  t.test(`plan: ${story}`, async (t) => t.same(told(blocksOf(profile, maxRegisters)), blocks));
}

const anyDevice = fc
  .record({
    addresses: fc.uniqueArray(fc.nat(60), { minLength: 1, maxLength: 20 }),
    maxHole: fc.nat(6),
    maxReadRegisters: fc.integer({ min: 1, max: 20 }),
    evenAlign: fc.boolean(),
  })
  .map(({ addresses, ...quirks }) =>
    device(
      addresses.map((address) => at(2 * address, { ...(address % 3 === 0 ? f32 : {}), poll: address % 2 === 0 ? 'normal' : 'slow' })),
      quirks,
    ),
  );

t.test('every polled point lies in exactly one block, whole, and no block is over its limit', async (t) => {
  fc.assert(
    fc.property(anyDevice, fc.integer({ min: 2, max: 40 }), (profile, maxRegisters) => {
      const blocks = blocksOf(profile, maxRegisters);
      const limit = Math.max(2, Math.min(profile.quirks.maxReadRegisters, maxRegisters)) + (profile.quirks.evenAlign ? 2 : 0);
      const holds = ({ address, count }: Block, p: Profile['points'][number]) =>
        p.address >= address && p.address + (p.type === 'f32' ? 2 : 1) <= address + count;
      return (
        blocks.every(({ count }) => count <= limit) &&
        profile.points.every((p) => blocks.filter((b) => b.quantities.includes(p.id) && holds(b, p) && b.poll === p.poll).length === 1)
      );
    }),
  );
  t.pass('for all devices');
});

t.test('a refused block is halved until each quantity stands alone, and none is lost', async (t) => {
  const whole = device([at(0), at(2, f32), at(4), at(7)], { maxHole: 4 });
  const [block] = blocksOf(whole, 40) as [Block];
  t.same(told(splitBlock(whole, block)), ['input 0+4 normal', 'input 4+4 normal']);
  const alone = (b: Block): Block[] => {
    const halves = splitBlock(whole, b);
    return halves.length === 1 ? halves : halves.flatMap(alone);
  };
  t.same(
    alone(block).map(({ quantities }) => quantities),
    [['p0'], ['p2'], ['p4'], ['p7']],
  );
});

t.test('the slot whose time came first is asked first', async (t) => {
  const slot = (dueMono: number) => ({ unit: 1, block: blocksOf(LAMP, 40)[0] as Block, dueMono });
  t.equal(firstDue([slot(30), slot(10), slot(20)], 25)?.dueMono, 10);
  t.equal(firstDue([slot(30)], 25), undefined, 'none is due yet');
  t.equal(nextDueMono(slot(1_000), 5_000, 1_020), 6_000, 'a period after it was due, so the pace is kept');
  t.equal(nextDueMono(slot(1_000), 5_000, 9_000), 11_500, 'a late one is not made up for in a burst');
});

// ── lanes ────────────────────────────────────────────────────────────────────────────────────────────────────────────

const turns = (lanes: readonly Lane[], count: number): Lane[] => {
  let since = NONE_SINCE;
  return Array.from({ length: count }, () => {
    const lane = nextLane(new Set(lanes), since) as Lane;
    since = afterTurn(since, lane);
    return lane;
  });
};
const share = (lanes: readonly Lane[], lane: Lane): number => turns(lanes, 1_000).filter((turn) => turn === lane).length;

t.test('the most urgent lane goes first', async (t) => {
  t.equal(nextLane(new Set(), NONE_SINCE), undefined);
  t.equal(nextLane(new Set<Lane>(['telemetry', 'presence', 'urgent', 'command']), NONE_SINCE), 'urgent');
  t.equal(nextLane(new Set<Lane>(['telemetry', 'presence', 'command']), NONE_SINCE), 'command');
  t.equal(nextLane(new Set<Lane>(['probe', 'telemetry', 'presence']), NONE_SINCE), 'presence');
  t.equal(nextLane(new Set<Lane>(['probe', 'telemetry']), NONE_SINCE), 'telemetry');
});

t.test(
  'telemetry keeps a tenth of a line full of presence polls, and probes a fiftieth, but nothing goes before an urgent write',
  async (t) => {
    t.ok(share(['presence', 'telemetry'], 'telemetry') >= 90);
    t.ok(share(['command', 'telemetry'], 'telemetry') >= 90);
    t.ok(share(['presence', 'telemetry', 'probe'], 'probe') >= 18);
    t.ok(share(['presence', 'telemetry', 'probe'], 'presence') >= 850);
    t.equal(share(['urgent', 'presence', 'telemetry', 'probe'], 'urgent'), 1_000);
  },
);

// ── writes waiting ───────────────────────────────────────────────────────────────────────────────────────────────────

const lampUnit = (): Unit =>
  createUnit({
    device: testDevice('L1', { profile: 'lamp' }),
    driver: createModbusDriver(LAMP),
    maxRegisters: 40,
    setupValues: { rampUpMs: 1, rampDownMs: 1, failsafeTimeoutS: 1, failsafeLevelPct: 1 },
  });

function queued(unit = lampUnit()) {
  const queue = createWriteQueue();
  const ends: string[] = [];
  const settle = (name: string) => (result: WriteResult) =>
    ends.push(`${name}: ${result.state === 'failed' ? result.reason : result.state}`);
  return {
    queue,
    ends,
    unit,
    add: (name: string, lamp: string, over: Partial<LevelWrite> = {}) =>
      queue.add({
        write: { commandId: name, lampId: lamp, pointId: `${lamp}.level`, levelPct: 50, lane: 'urgent', expiresMono: 1_000, ...over },
        unit,
        quantity: 'level',
        attempts: 0,
        settle: settle(name),
      }),
  };
}

t.test('writes leave in the order they came, each lane for itself', async (t) => {
  const { queue, add } = queued();
  add('a', 'L1');
  add('b', 'L2', { lane: 'command' });
  add('c', 'L3');
  t.ok(queue.has('urgent', 0) && queue.has('command', 0));
  t.same(
    [queue.take('urgent', 0), queue.take('urgent', 0), queue.take('urgent', 0)].map((waiting) => waiting?.write.commandId),
    ['a', 'c', undefined],
  );
  t.equal(queue.take('command', 0)?.write.commandId, 'b');
});

t.test('the last value for a point wins, and the older write says so', async (t) => {
  const { queue, add, ends } = queued();
  add('a', 'L1');
  add('b', 'L1', { levelPct: 80 });
  t.same(ends, ['a: a newer level took its place']);
  t.ok(queue.holds('L1.level'));
  t.equal(queue.take('urgent', 0)?.write.levelPct, 80);
  t.notOk(queue.holds('L1.level'));
});

t.test('a write is never sent after its time', async (t) => {
  const { queue, add, ends } = queued();
  add('a', 'L1', { expiresMono: 100 });
  add('b', 'L2', { expiresMono: 200 });
  t.equal(queue.take('urgent', 100)?.write.commandId, 'b');
  t.same(ends, ['a: not sent in time']);
});

t.test('a write to a silent unit is held back until its turn, and free the moment the unit answers', async (t) => {
  const { queue, add, unit } = queued();
  unit.health = { ...unit.health, state: 'silent' };
  unit.nextWriteMono = 500;
  add('a', 'L1');
  t.notOk(queue.has('urgent', 499));
  t.equal(queue.nextMono(), 500);
  t.ok(queue.has('urgent', 500));
  unit.health = { ...unit.health, state: 'ok' };
  t.ok(queue.has('urgent', 10));
});

t.test('giving up settles every write once', async (t) => {
  const { queue, add, ends } = queued();
  add('a', 'L1');
  add('b', 'L2');
  queue.failAll('the line went down');
  queue.failAll('again');
  t.same(ends, ['a: the line went down', 'b: the line went down']);
  t.equal(queue.nextMono(), undefined);
});

t.test(
  'read-backs come due one by one, a newer one replaces an older of its point, and a line that cannot ask yet is waited for',
  async (t) => {
    const ends: string[] = [];
    let heldMono = 0;
    const readBacks = createReadBacks(() => heldMono);
    const add = (name: string, lamp: string, dueMono: number): void =>
      readBacks.add({
        unit: lampUnit(),
        quantity: 'level',
        write: { commandId: name, lampId: lamp, pointId: `${lamp}.level`, levelPct: 50, lane: 'urgent', expiresMono: 1_000 },
        sentMono: 1,
        dueMono,
        tries: 0,
        settle: (result) => ends.push(`${name}: ${result.state === 'failed' ? result.reason : ''}`),
      } satisfies ReadBack);
    add('a', 'L1', 40);
    add('b', 'L2', 30);
    add('c', 'L1', 50);
    t.same(ends, ['a: a newer level took its place']);
    t.equal(readBacks.nextMono(), 30);
    t.notOk(readBacks.isDue(29));
    heldMono = 45;
    t.notOk(readBacks.isDue(44));
    t.equal(readBacks.take(45)?.write.commandId, 'b');
    t.equal(readBacks.take(45), undefined);
    t.equal(readBacks.take(50)?.write.commandId, 'c');
  },
);

t.test('the bus load is the share of the last minute in use', async (t) => {
  const load = createBusLoad();
  t.equal(load.busyPct(), 0);
  load.sample(0, 0);
  load.sample(30_000, 30_000);
  t.equal(load.busyPct(), 100);
  load.sample(60_000, 30_000);
  t.equal(load.busyPct(), 50);
  load.sample(120_000, 36_000);
  t.equal(load.busyPct(), 10, 'the first minute is forgotten');
});
