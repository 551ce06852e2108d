import fc from 'fast-check';
import t from 'tap';
import { readPlacedYaml } from '../../../../agent/config/load/places.ts';
import type { Profile, Quirks } from '../../../../agent/core/profile.ts';
import { type LinePace, limitsOf, presencePeriodMs } from '../../../../agent/field/polls/line-pace.ts';
import {
  blockAround,
  type Limits,
  lost,
  markAnswered,
  POLL_PERIOD_MS,
  type PollBlock,
  refusedIn,
  type Slot,
  slotsOf,
  wholeRound,
} from '../../../../agent/field/polls/poll-plan.ts';
import { readProfiles } from '../../../../drivers/registry.ts';
import { LAMP, point, profile } from '../plant.ts';

// ── what is asked together ───────────────────────────────────────────────────────────────────────────────────────────

const device = (points: Profile['points'], quirks: Partial<Quirks> = {}): Profile =>
  profile('device', points, { quirks: { ...LAMP.quirks, maxHole: 0, ...quirks } });

const at = (address: number, over: Parameters<typeof point>[1] = {}) => point(`p${address}`, { address, ...over });

const f32 = { type: 'f32' } as const;

const coil = { table: 'coil', type: 'bit' } as const;

const fast = { poll: 'fast' } as const;

const slow = { poll: 'slow' } as const;

/** A line on which reading over 10 registers is cheaper than asking again, and 40 fit into the latency budget. */
const WIDE: Limits = { maxCount: 40, maxHole: 4, breakEven: 10, evenAlign: false };

const limits = ({ quirks }: Profile, over: Partial<Limits> = {}): Limits => ({
  ...WIDE,
  maxHole: quirks.maxHole,
  maxCount: Math.min(40, quirks.maxReadRegisters),
  evenAlign: quirks.evenAlign,
  ...over,
});

const requestOf = ({ table, address, count }: PollBlock): string => `${table} ${address}+${count}`;

/** The requests of one round from a cold start, the slots in the order of their addresses. */
function round(profile: Profile, over: Partial<Limits> = {}): string[] {
  const slots = slotsOf(profile);
  const requests: string[] = [];
  for (const [first, slot] of slots.entries()) {
    if (!slot.isFirst) continue;
    const block = blockAround({ slots, first, nowMono: 0, periodsMs: POLL_PERIOD_MS, limits: limits(profile, over) });
    markAnswered(block, { nowMono: 0, periodsMs: POLL_PERIOD_MS, phase: 1 });
    requests.push(requestOf(block));
  }
  return requests;
}

const plans: [story: string, profile: Profile, over: Partial<Limits>, requests: string[]][] = [
  ['neighbours are one request', device([at(3), at(4), at(5)]), {}, ['input 3+3']],
  ['in whatever order they are written', device([at(5), at(3), at(4)]), {}, ['input 3+3']],
  ['a hole splits where the profile allows none', device([at(3), at(5)]), {}, ['input 3+1', 'input 5+1']],
  ['a hole is read over where the profile allows it', device([at(3), at(6)], { maxHole: 2 }), {}, ['input 3+4']],
  ['a larger hole is not', device([at(3), at(7)], { maxHole: 2 }), {}, ['input 3+1', 'input 7+1']],
  ['nor one that costs more than a request', device([at(3), at(7)], { maxHole: 9 }), { breakEven: 2.9 }, ['input 3+1', 'input 7+1']],
  ['a wide value counts in full', device([at(0, f32), at(2, f32), at(4)]), {}, ['input 0+5']],
  ['the profile caps a request', device([at(0), at(1), at(2)], { maxReadRegisters: 2 }), {}, ['input 0+2', 'input 2+1']],
  ['the latency budget caps a request', device([at(0), at(1), at(2)]), { maxCount: 2 }, ['input 0+2', 'input 2+1']],
  ['a wide value is never cut', device([at(0), at(1, f32)]), { maxCount: 1 }, ['input 0+1', 'input 1+2']],
  ['classes that are due together are asked together', device([at(0), at(1, slow), at(2)]), {}, ['input 0+3']],
  ['tables are not mixed', device([at(0), at(1, { table: 'holding' })]), {}, ['holding 1+1', 'input 0+1']],
  ['what is never polled is not asked', device([at(0), at(1, { poll: 'never' })]), {}, ['input 0+1']],
  ['bits have their own cap', device([0, 1, 2].map((a) => at(a, coil))), { maxCount: 2 }, ['coil 0+2', 'coil 2+1']],
  ['the bits of a register are one', device([at(8, { id: 'a', bit: 0 }), at(8, { id: 'b', bit: 1 }), at(9)]), {}, ['input 8+2']],
  ['an even device is asked from even to even', device([at(3), at(5, f32)], { evenAlign: true, maxHole: 1 }), {}, ['input 2+6']],
  [
    'a register that answers truly only alone is asked alone, and nothing is read over it',
    device([at(0), at(1), at(2)], { singleOnly: [[1, 1]] }),
    {},
    ['input 0+1', 'input 1+1', 'input 2+1'],
  ],
  [
    'also where it is the second half of a point that begins at another',
    device([at(9), at(10), at(10, { id: 'wide', ...f32 })], { singleOnly: [[11, 11]] }),
    {},
    ['input 9+1', 'input 10+2'],
  ],
];

for (const [story, profile, over, requests] of plans) {
  t.test(`plan: ${story}`, async (t) => t.same(round(profile, over), requests));
}

const wishes: [story: string, dues: [first: number, ...others: number[]], request: string][] = [
  ['alone when its neighbours have time', [0, 4_000, 4_000], 'input 0+1'],
  ['with a neighbour that is nearly due', [0, 1_000, 4_000], 'input 0+2'],
  ['over one that has time, to reach one that has not', [0, 4_000, 0], 'input 0+3'],
];

for (const [story, dues, request] of wishes) {
  t.test(`a register is asked ${story}`, async (t) => {
    const slots = slotsOf(device([at(0), at(1), at(2)]));
    for (const [i, dueMono] of dues.entries()) (slots[i] as Slot).dueMono = dueMono;
    t.equal(requestOf(blockAround({ slots, first: 0, nowMono: 0, periodsMs: POLL_PERIOD_MS, limits: WIDE })), request);
  });
}

t.test('a presence poll includes slower registers only when they are due', async (t) => {
  const slots = slotsOf(device([at(0, fast), at(1)]));
  const ask = (): string => requestOf(blockAround({ slots, first: 0, nowMono: 100, periodsMs: POLL_PERIOD_MS, limits: WIDE }));
  (slots[1] as Slot).dueMono = 110;
  t.equal(ask(), 'input 0+1');
  (slots[1] as Slot).dueMono = 100;
  t.equal(ask(), 'input 0+2');
});

t.test('a slot keeps its pace: a late one causes no burst, a lost one is repeated soon, but not for ever', async (t) => {
  const slots = slotsOf(device([at(0)])) as [Slot];
  const block = blockAround({ slots, first: 0, nowMono: 0, periodsMs: POLL_PERIOD_MS, limits: WIDE });
  const dues: number[] = [];
  const after = (nowMono: number): unknown => {
    markAnswered(block, { nowMono, periodsMs: POLL_PERIOD_MS, phase: 0.4 });
    return dues.push(slots[0].dueMono);
  };
  after(20);
  after(2_030);
  after(7_100);
  after(30_000);
  t.same(dues, [2_020, 7_020, 12_020, 32_500], 'the first comes early, to spread the units over a period');
  for (const nowMono of [33_000, 35_000, 37_000]) {
    lost(block, { nowMono, periodsMs: POLL_PERIOD_MS });
    dues.push(slots[0].dueMono - nowMono);
  }
  t.same(dues.slice(4), [1_000, 1_000, 5_000]);
});

const PACE: LinePace = { registerMs: 2 * (10_000 / 9_600), fixedMs: 13 * (10 / 9.6), gapMs: 3.5 * (10 / 9.6) };

const paces: [story: string, pace: LinePace, turnaroundMs: number | null, breakEven: number, maxCount: number][] = [
  ['9600 baud, a quick unit', PACE, 3, 9.7, 16],
  ['9600 baud, a slow one', PACE, 30, 22.6, 5],
  ['9600 baud, one that takes all of the budget', PACE, 90, 51.4, 5],
  ['9600 baud, one that has not been met', PACE, null, 13, 12],
  ['a network', { registerMs: 0, fixedMs: 0, gapMs: 0 }, 3, Number.POSITIVE_INFINITY, 125],
];

for (const [story, pace, turnaroundMs, breakEven, maxCount] of paces) {
  t.test(`registers worth reading immediately: ${story}`, async (t) => {
    const found = limitsOf(pace, { profile: LAMP, turnaroundMs, noHoles: false }, 'input');
    t.equal(found.maxCount, maxCount);
    t.ok(found.breakEven === breakEven || Math.abs(found.breakEven - breakEven) < 0.1, `${found.breakEven}`);
    t.equal(limitsOf(pace, { profile: LAMP, turnaroundMs, noHoles: true }, 'input').maxHole, 0);
  });
}

const anyDevice = fc
  .record({
    addresses: fc.uniqueArray(fc.nat(60), { minLength: 1, maxLength: 20 }),
    maxHole: fc.nat(6),
    maxReadRegisters: fc.integer({ min: 4, max: 20 }),
    evenAlign: fc.boolean(),
  })
  .map(({ addresses, ...quirks }) =>
    device(
      addresses.map((address) => at(2 * address, { ...(address % 3 === 0 ? f32 : {}), poll: address % 2 === 0 ? 'normal' : 'slow' })),
      { ...quirks, singleOnly: [[40, 44]] },
    ),
  );

t.test(
  'while the line has capacity each register is read within its period, none twice in a request, and no request exceeds a limit',
  async (t) => {
    fc.assert(
      fc.property(anyDevice, fc.integer({ min: 4, max: 40 }), fc.double({ min: 0.01, max: 1, noNaN: true }), (profile, maxCount, phase) => {
        const slots = slotsOf(profile);
        const bounds = limits(profile, { maxCount: Math.min(maxCount, profile.quirks.maxReadRegisters) });
        const asked = new Map(slots.map((slot): [Slot, number] => [slot, 0]));
        for (let nowMono = 0; nowMono < 70_000; ) {
          const slot = slots.reduce((a, b) => (b.dueMono < a.dueMono ? b : a));
          nowMono = Math.max(nowMono, slot.dueMono);
          const block = blockAround({ slots, first: slots.indexOf(slot), nowMono, periodsMs: POLL_PERIOD_MS, limits: bounds });
          const inside = block.slots.every(
            ({ address, count }) => address >= block.address && address + count <= block.address + block.count,
          );
          const isSound =
            inside && new Set(block.slots).size === block.slots.length && (block.count <= bounds.maxCount || block.slots.length === 1);
          if (!isSound || (block.slots.length > 1 && block.slots.some(({ isSingle }) => isSingle))) return false;
          nowMono += 20;
          for (const each of block.slots) {
            // The round before it may have kept it: as many requests as there are slots.
            if (nowMono - (asked.get(each) as number) > POLL_PERIOD_MS[each.poll] + 20 * slots.length) return false;
            asked.set(each, nowMono);
          }
          markAnswered(block, { nowMono, periodsMs: POLL_PERIOD_MS, phase });
        }
        return [...asked.values()].every((mono) => mono > 0);
      }),
      { numRuns: 60 },
    );
    t.pass('for all devices');
  },
);

t.test('a unit that refuses a request is read without gaps, then in halves, until the missing register is alone', async (t) => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.nat(30), { minLength: 2, maxLength: 15 }),
      fc.uniqueArray(fc.nat(14), { maxLength: 3 }),
      fc.boolean(),
      (addresses, gone, fills) => {
        const profile = device(
          addresses.map((address) => at(address)),
          { maxHole: 4 },
        );
        const slots = slotsOf(profile);
        const missing = new Set(gone.map((i) => slots[i % slots.length]?.address));
        const known = new Set(addresses);
        let noHoles = false;
        for (let requests = 0; ; requests++) {
          const first = slots.findIndex((slot) => slot.isolation === null && slot.dueMono <= 0);
          if (first < 0) break;
          if (requests > 12 * slots.length) return false;
          const block = blockAround({
            slots,
            first,
            nowMono: 0,
            periodsMs: POLL_PERIOD_MS,
            limits: limits(profile, noHoles ? { maxHole: 0 } : {}),
          });
          const isThere = Array.from({ length: block.count }, (_, i) => block.address + i).every(
            (a) => !missing.has(a) && (fills || known.has(a)),
          );
          if (isThere) markAnswered(block, { nowMono: 0, periodsMs: POLL_PERIOD_MS, phase: 1 });
          else {
            noHoles ||= block.hasHoles;
            refusedIn(block, slots, 0);
          }
        }
        return slots.every(({ address, isolation }) => (isolation?.cause === 'refused') === missing.has(address));
      },
    ),
  );
  t.pass('exactly those, whatever else is asked');
});

t.test('presence inputs are polled as often as half of the line allows, every 75 to 100 ms', async (t) => {
  const slow: LinePace = { registerMs: 2.1, fixedMs: 13.5, gapMs: 3.6 };
  t.equal(presencePeriodMs(slow, 1), 75);
  t.equal(presencePeriodMs(slow, 2), 100);
  t.equal(presencePeriodMs({ registerMs: 0, fixedMs: 0, gapMs: 0 }, 4), 80, 'a network line still waits for its units');
});

t.test('a whole round of each shipped profile reads each slot, and none twice', async (t) => {
  const { profiles } = readProfiles([], readPlacedYaml);
  for (const profile of profiles.values())
    for (const maxHole of [0, 4, 20]) {
      const slots = slotsOf(profile);
      const blocks = wholeRound({ slots, periodsMs: POLL_PERIOD_MS }, () => limits(profile, { maxHole }));
      const read = blocks.flatMap(({ slots: taken }) => taken.map(({ table, address }) => `${table} ${address}`));
      t.strictSame([...new Set(read)].sort(), slots.map(({ table, address }) => `${table} ${address}`).sort(), profile.id);
    }
});
