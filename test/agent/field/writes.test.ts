import t from 'tap';
import type { DeviceConfig } from '../../../agent/core/cabinet.ts';
import { msg } from '../../../agent/core/message.ts';
import type { LevelWrite } from '../../../agent/core/ports.ts';
import type { GroupProfile, Profile } from '../../../agent/core/profile.ts';
import type { PointId } from '../../../agent/core/words.ts';
import { createResponseTimes } from '../../../agent/field/units/response-times.ts';
import type { Unit } from '../../../agent/field/units/unit.ts';
import { FRESH } from '../../../agent/field/units/unit-health.ts';
import { chooseGroup, createGroupRepeats, type GroupedDevice, groupsOf, lineBroadcasts } from '../../../agent/field/writes/group-writes.ts';
import { createReadBacks, proofRequest } from '../../../agent/field/writes/read-backs.ts';
import { createWriteQueue, type WaitingWrite } from '../../../agent/field/writes/write-queue.ts';
import { createModbusDriver } from '../../../drivers/modbus/modbus-driver.ts';
import { testDevice } from '../../support/profiles.ts';
import { ALL_UNITS_GROUP, GATEWAY, HEARING, level, PLAIN } from './group-lamps.ts';
import { point, profile, SENSOR } from './plant.ts';

const at = ({ name, value = 50 }: { name: PointId; value?: number }): LevelWrite => ({
  commandId: name,
  lampId: name,
  pointId: name,
  levelPct: value,
  lane: 'urgent',
  expiresMono: 1_000,
});

// ── waiting, and waiting for proof ───────────────────────────────────────────────────────────────────────────────────

const unitOf = (id: string, type: Profile = HEARING, over: Partial<Unit> = {}): Unit =>
  ({
    device: testDevice(id),
    driver: createModbusDriver(type),
    health: FRESH,
    responses: createResponseTimes([], 200),
    lastMono: 0,
    nextWriteMono: 0,
    hushedMono: 0,
    ...over,
  }) as Unit;
const asSilent = (unit: Unit): Unit => ({ ...unit, health: { ...unit.health, state: 'silent' } });

function waitingOf(unit: Unit, over: Partial<LevelWrite> = {}, settle: WaitingWrite['settle'] = () => {}): WaitingWrite {
  const write = { ...at({ name: `${unit.device.id}.level` }), ...over };
  return { write, unit, quantity: 'level', addedMono: 0, attempts: 0, sentMono: null, mayGroup: true, settle };
}

function queued() {
  const queue = createWriteQueue();
  const ends: string[] = [];
  const add = (name: string, lamp: string, over: Partial<LevelWrite> = {}, unit = unitOf(lamp)): void =>
    queue.add(
      waitingOf(unit, { commandId: name, ...over }, (result) =>
        ends.push(`${name}: ${result.state === 'failed' ? result.reason : result.state}`),
      ),
    );
  return { queue, ends, add };
}

t.test('writes leave in order of arrival, separately in each lane', async (t) => {
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

t.test('lamps that answer do not wait for lamps known to be silent', async (t) => {
  const { queue, add } = queued();
  add('dead', 'L1', {}, asSilent(unitOf('L1')));
  add('b', 'L2');
  t.same(
    [queue.take('urgent', 0), queue.take('urgent', 0)].map((waiting) => waiting?.write.commandId),
    ['b', 'dead'],
  );
});

t.test('while levels of sound lamps always wait, every 49th of a lane is for a troubled lamp', async (t) => {
  const { queue, add } = queued();
  const flaky = { ...unitOf('T'), health: { ...FRESH, state: 'flaky' } } as Unit;
  const taken = (lane: LevelWrite['lane'], count: number): string[] =>
    Array.from({ length: count }, (_, i) => {
      // A sound lamp has the next level before the one before it has left.
      add(`s${i}`, `L${i}`, { lane });
      return queue.take(lane, 0)?.write.lampId ?? '';
    });
  const troubled = (lamps: readonly string[]): number[] => lamps.flatMap((lamp, i) => (lamp === 'T.level' ? [i + 1] : []));
  t.same(troubled(taken('urgent', 100)), [], 'none waits');
  add('t', 'T', {}, flaky);
  t.same(troubled(taken('command', 60)), [], 'turns of another lane do not count');
  t.same(troubled(taken('urgent', 60)), [49]);
  add('t', 'T', {}, flaky);
  t.same(troubled(taken('urgent', 60)), [49], 'and so on for the next');
});

t.test('the last value for a point applies, and the older write reports that', async (t) => {
  const { queue, add, ends } = queued();
  add('a', 'L1');
  add('b', 'L1', { levelPct: 80 });
  t.same(ends, ['a: a newer level took its place']);
  t.equal(queue.at('L1.level', 0)?.write.levelPct, 80);
  t.equal(queue.take('urgent', 0)?.write.levelPct, 80);
  t.equal(queue.at('L1.level', 0), undefined);
});

t.test('a write is never sent after its time, and reports the reason', async (t) => {
  const { queue, add, ends } = queued();
  add('a', 'L1', { expiresMono: 100 });
  add('b', 'L2', { expiresMono: 200 });
  add('c', 'L3', { expiresMono: 100 }, asSilent(unitOf('L3')));
  t.equal(queue.at('L1.level', 100), undefined);
  t.equal(queue.take('urgent', 100)?.write.commandId, 'b');
  t.notOk(queue.has('urgent', 100));
  t.match(ends, [/^a: not sent in time, the line had no room/, /^c: not sent in time, L3 does not answer: check power/]);
});

t.test('a write to a silent unit is held back until its turn, and free the moment the unit answers', async (t) => {
  const { queue, add } = queued();
  const unit = { ...asSilent(unitOf('L1')), nextWriteMono: 500 };
  add('a', 'L1', {}, unit);
  t.notOk(queue.has('urgent', 499));
  t.equal(queue.nextMono(), 500);
  t.ok(queue.has('urgent', 500));
  unit.health = FRESH;
  t.ok(queue.has('urgent', 10));
});

t.test('giving up settles every write once', async (t) => {
  const { queue, add, ends } = queued();
  add('a', 'L1');
  add('b', 'L2');
  queue.failAll(msg`the line went down`);
  queue.failAll(msg`again`);
  t.same(ends, ['a: the line went down', 'b: the line went down']);
  t.equal(queue.nextMono(), undefined);
});

t.test('read-backs are due one by one, a newer one replaces an older, and each leaves the line to others for a moment', async (t) => {
  const ends: string[] = [];
  let heldMono = 0;
  const readBacks = createReadBacks(() => heldMono);
  const add = (name: string, lamp: string, dueMono: number): void => {
    const waiting = waitingOf(unitOf(lamp), { commandId: name }, (result) =>
      ends.push(`${name}: ${result.state === 'failed' ? result.reason : ''}`),
    );
    readBacks.add({ sent: { ...waiting, sentMono: 1 }, leftMono: 1, lost: null, dueMono, tries: 0, byGroup: false });
  };
  add('a', 'L1', 40);
  add('b', 'L2', 30);
  add('c', 'L1', 50);
  t.same(ends, ['a: a newer level took its place']);
  t.equal(readBacks.nextMono(), 30);
  t.notOk(readBacks.isDue('command', 29));
  heldMono = 45;
  t.notOk(readBacks.isDue('command', 44));
  t.equal(readBacks.take('command', 45)?.sent.write.commandId, 'b');
  t.equal(readBacks.take('command', 45), undefined);
  readBacks.done(49.5);
  t.notOk(readBacks.isDue('command', 50), 'due, but others come first');
  t.equal(readBacks.take('command', 50.5)?.sent.write.commandId, 'c');
  add('d', 'L1', 60);
  readBacks.drop('L1.level');
  t.equal(readBacks.nextMono(), undefined);
  t.equal(ends.at(-1), 'd: a newer level took its place');
});

t.test('the read-back uses the register and the width of the profile', async (t) => {
  const split = profile('split', [level(10, { verify: 'actual' }), point('actual', { address: 30, type: 'f32' })]);
  t.same(proofRequest(unitOf('L1', split), 'level'), { unit: 1, table: 'input', address: 30, count: 2 });
  t.same(proofRequest(unitOf('L1'), 'level'), { unit: 1, table: 'holding', address: 0, count: 1 });
  t.throws(() => proofRequest(unitOf('L1'), 'colour'), /hearing has no point colour/);
});

// ── which group ──────────────────────────────────────────────────────────────────────────────────────────────────────

const deviceOf = (id: string, type: Profile, over: Partial<DeviceConfig> = {}): GroupedDevice => ({
  device: testDevice(id, { unit: Number(id.slice(1)), ...over }),
  driver: createModbusDriver(type),
});
const setUpAt = (address: number): Profile =>
  profile('p', [level(50)], { setup: [{ table: 'holding', address, value: 1, why: 'a test' }] });
const wide = profile('wide', [level(50), point('energy', { table: 'holding', address: 65_535, type: 'u64' })]);
const lines: [story: string, devices: GroupedDevice[], isAllowed: boolean, members: string[][]][] = [
  ['lamps of one type', [deviceOf('L1', HEARING), deviceOf('L2', HEARING)], true, [['L1.level', 'L2.level']]],
  ['where the site allows none', [deviceOf('L1', HEARING), deviceOf('L2', HEARING)], false, []],
  ['one lamp alone is no group', [deviceOf('L1', HEARING), deviceOf('L2', PLAIN)], true, []],
  [
    'a type that has nothing there does not mind',
    [deviceOf('L1', HEARING), deviceOf('L2', HEARING), deviceOf('L3', PLAIN), deviceOf('L4', SENSOR)],
    true,
    [['L1.level', 'L2.level']],
  ],
  [
    'a stranger that is written there forbids it',
    [deviceOf('L1', HEARING), deviceOf('L2', HEARING), deviceOf('L3', profile('p', [level(0)]))],
    true,
    [],
  ],
  [
    'so does one that is written there though read elsewhere',
    [deviceOf('L1', HEARING), deviceOf('L2', HEARING), deviceOf('L3', profile('p', [level(9, { address: 0 })]))],
    true,
    [],
  ],
  ['so does a set-up register', [deviceOf('L1', HEARING), deviceOf('L2', HEARING), deviceOf('L3', setUpAt(0))], true, []],
  [
    'so does a holding register that is only read',
    [deviceOf('L1', HEARING), deviceOf('L2', HEARING), deviceOf('L3', profile('p', [point('x', { table: 'holding', address: 0 })]))],
    true,
    [],
  ],
  [
    'so does the group register of a gateway',
    [
      deviceOf('L1', HEARING),
      deviceOf('L2', HEARING),
      deviceOf('G1', profile('dali', GATEWAY.points, { groups: [{ id: 'g0', reach: 'unit', table: 'holding', address: 0, sets: null }] })),
    ],
    true,
    [],
  ],
  [
    'an input register of that address is another place',
    [deviceOf('L1', HEARING), deviceOf('L2', HEARING), deviceOf('L3', profile('p', [point('x', { address: 0 })]))],
    true,
    [['L1.level', 'L2.level']],
  ],
  [
    'two types that obey at one place are one group',
    [deviceOf('L1', HEARING), deviceOf('L2', profile('twin', [level(0)], { groups: [ALL_UNITS_GROUP] }))],
    true,
    [['L1.level', 'L2.level']],
  ],
  [
    'a unit that obeys broadcasts without a known level point forbids it',
    [
      deviceOf('L1', HEARING),
      deviceOf('L2', HEARING),
      deviceOf('L3', profile('open', [level(0)], { groups: [{ ...ALL_UNITS_GROUP, sets: null }] })),
    ],
    true,
    [],
  ],
  ['the lamps behind a gateway', [deviceOf('G1', GATEWAY)], false, [['G1.lamp0', 'G1.lamp1']]],
  [
    'as the cabinet says where the profile leaves it open, unknown names left out',
    [
      deviceOf('G1', profile('dali', GATEWAY.points, { groups: [{ id: 'g0', reach: 'unit', table: 'holding', address: 9, sets: null }] }), {
        groups: { g0: ['lamp2', 'lamp0', 'lamp9'] },
      }),
    ],
    false,
    [['G1.lamp2', 'G1.lamp0']],
  ],
];
for (const [story, devices, isAllowed, members] of lines) {
  t.test(`groups of a line: ${story}`, async (t) =>
    t.same(
      groupsOf(devices, isAllowed).map((group) => group.members),
      members,
    ),
  );
}

t.test('a wide register counts in full', async (t) => {
  const far: GroupProfile = { ...ALL_UNITS_GROUP, address: 65_537 };
  const lamp = profile('far', [level(65_537)], { groups: [far] });
  t.same(lineBroadcasts([deviceOf('L1', lamp), deviceOf('L2', lamp), deviceOf('L3', wide)]), []);
});

t.test('a level of two registers forbids a broadcast that would reach into another unit by its second one', async (t) => {
  const float = profile('float', [{ ...level(0), type: 'f32' as const }], { groups: [ALL_UNITS_GROUP] });
  const behind = (address: number): Profile => profile('behind', [point('x', { table: 'holding', address })]);
  const at = ALL_UNITS_GROUP.address;
  t.same(lineBroadcasts([deviceOf('L1', float), deviceOf('L2', float), deviceOf('S1', behind(at + 1))]), []);
  t.equal(lineBroadcasts([deviceOf('L1', float), deviceOf('L2', float), deviceOf('S1', behind(at + 2))]).length, 1);
});

/** What the queue holds, by lamp: a level, `silent` when its unit is; the first is the lead. */
type Held = readonly [lamp: string, levelPct: number, over?: { silent?: true; alone?: true; lane?: 'command' }];
const choices: [story: string, held: readonly Held[], settled: string[] | null][] = [
  [
    'all want the same',
    [
      ['L1', 50],
      ['L2', 50],
      ['L3', 50],
    ],
    ['L1', 'L2', 'L3'],
  ],
  [
    'one wants another level',
    [
      ['L1', 50],
      ['L2', 50],
      ['L3', 51],
    ],
    null,
  ],
  [
    'one wants nothing',
    [
      ['L1', 50],
      ['L2', 50],
    ],
    null,
  ],
  [
    'one was missed by such a write before',
    [
      ['L1', 50],
      ['L2', 50, { alone: true }],
      ['L3', 50],
    ],
    null,
  ],
  [
    'the lead was',
    [
      ['L1', 50, { alone: true }],
      ['L2', 50],
      ['L3', 50],
    ],
    null,
  ],
  [
    'lanes do not matter',
    [
      ['L1', 50],
      ['L2', 50, { lane: 'command' }],
      ['L3', 50],
    ],
    ['L1', 'L2', 'L3'],
  ],
  [
    'a silent one does not prevent it, but its own write goes on',
    [
      ['L1', 50],
      ['L2', 50, { silent: true }],
      ['L3', 50],
    ],
    ['L1', 'L3'],
  ],
  [
    'one that answers among silent ones goes alone',
    [
      ['L1', 50],
      ['L2', 50, { silent: true }],
      ['L3', 50, { silent: true }],
    ],
    null,
  ],
  [
    'a silent one does not speak for the others',
    [
      ['L1', 50, { silent: true }],
      ['L2', 50],
      ['L3', 50],
    ],
    null,
  ],
];
for (const [story, held, settled] of choices) {
  t.test(`a broadcast: ${story}`, async (t) => {
    const units = ['L1', 'L2', 'L3'].map((id) => unitOf(id));
    const waiting = held.map(([id, levelPct, over = {}]): WaitingWrite => {
      const unit = units.find(({ device }) => device.id === id) as Unit;
      const write = waitingOf(over.silent ? asSilent(unit) : unit, { levelPct, lane: over.lane ?? 'urgent' });
      return { ...write, mayGroup: !over.alone };
    });
    const choice = chooseGroup(groupsOf(units, true), waiting[0] as WaitingWrite, (id) =>
      waiting.find(({ write }) => write.pointId === id),
    );
    t.same(choice?.writes.map(({ unit }) => unit.device.id) ?? null, settled);
    if (choice !== undefined) t.match(choice.request, { unit: 0, table: 'holding', address: 0, values: [50] });
  });
}

t.test('types that write a level differently are not set together', async (t) => {
  const fine = profile('fine', [{ ...level(0), scale: 0.1 }], { groups: [ALL_UNITS_GROUP] });
  const short = profile('short', [level(0, { max: 40 })], { groups: [ALL_UNITS_GROUP] });
  const choose = (other: Profile, levelPct: number) => {
    const units = [unitOf('L1'), unitOf('L2', other)];
    const [lead, second] = units.map((unit) => waitingOf(unit, { levelPct })) as [WaitingWrite, WaitingWrite];
    return chooseGroup(groupsOf(units, true), lead, (id) => (id === 'L2.level' ? second : undefined));
  };
  t.equal(choose(fine, 50), undefined);
  t.match(choose(fine, 0), { request: { values: [0] } }, 'unless it comes to the same');
  t.equal(choose(short, 50), undefined, 'nor where one type cannot');
});

t.test('a repetition is forgotten as soon as one of its lamps is to have another level', async (t) => {
  const units = ['L1', 'L2'].map((id) => unitOf(id));
  const [group] = groupsOf(units, true);
  const writes = units.map((unit) => waitingOf(unit));
  if (group === undefined) throw new Error('the test line has a group');
  const choice = { group, writes, request: { unit: 0, table: 'holding' as const, address: 0, values: [50] } };
  const wanted = new Map<PointId, number>([
    ['L1.level', 50],
    ['L2.level', 50],
  ]);
  const repeats = createGroupRepeats((id) => wanted.get(id));
  repeats.add(choice, 10);
  t.notOk(repeats.isDue(9));
  t.ok(repeats.isDue(10));
  t.equal(repeats.take(10), choice);
  t.equal(repeats.take(10), undefined);
  repeats.add(choice, 10);
  wanted.set('L2.level', 30);
  t.notOk(repeats.isDue(10));
  t.equal(repeats.nextMono(), undefined);
});
