import fc from 'fast-check';
import t from 'tap';
import { BusError } from '../../../agent/core/errors.ts';
import { createManualClock } from '../../../agent/core/manual-clock.ts';
import type { Lane } from '../../../agent/core/ports.ts';
import type { Profile, Quirks } from '../../../agent/core/profile.ts';
import { createBusLoad } from '../../../agent/field/bus-load.ts';
import { createConsoleJobs } from '../../../agent/field/console-jobs.ts';
import { createDeadBudget, createSilenceWatch, hushMs } from '../../../agent/field/dead-units.ts';
import { afterTurn, type LaneNeeds, NONE_SINCE, nextLane } from '../../../agent/field/lanes.ts';
import { createLineMemory, isNews, learnedOf, recall } from '../../../agent/field/line-memory.ts';
import { type LinePace, limitsOf, presencePeriodMs } from '../../../agent/field/line-pace.ts';
import {
  answered,
  type Block,
  blockAround,
  type Limits,
  lost,
  POLL_PERIOD_MS,
  refusedIn,
  type Slot,
  slotsOf,
} from '../../../agent/field/poll-plan.ts';
import { createUnit, isolatedQuantities, type Unit, welcome } from '../../../agent/field/unit.ts';
import { agendaOf } from '../../../agent/field/units-due.ts';
import { createModbusDriver } from '../../../drivers/modbus/modbus-driver.ts';
import { testDevice } from '../../support/profiles.ts';
import { LAMP, point, profile, SENSOR } from './plant.ts';

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
const told = ({ table, address, count }: Block): string => `${table} ${address}+${count}`;
/** The requests of one round from a cold start, the slots in the order of their addresses. */
function round(profile: Profile, over: Partial<Limits> = {}): string[] {
  const slots = slotsOf(profile);
  const requests: string[] = [];
  for (const [first, slot] of slots.entries()) {
    if (!slot.isFirst) continue;
    const block = blockAround({ slots, first, nowMono: 0, periodsMs: POLL_PERIOD_MS, limits: limits(profile, over) });
    answered(block, { nowMono: 0, periodsMs: POLL_PERIOD_MS, phase: 1 });
    requests.push(told(block));
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
    t.equal(told(blockAround({ slots, first: 0, nowMono: 0, periodsMs: POLL_PERIOD_MS, limits: WIDE })), request);
  });
}

t.test('a presence poll takes slower neighbours along only when their time has come', async (t) => {
  const slots = slotsOf(device([at(0, fast), at(1)]));
  const ask = (): string => told(blockAround({ slots, first: 0, nowMono: 100, periodsMs: POLL_PERIOD_MS, limits: WIDE }));
  (slots[1] as Slot).dueMono = 110;
  t.equal(ask(), 'input 0+1');
  (slots[1] as Slot).dueMono = 100;
  t.equal(ask(), 'input 0+2');
});

t.test('a slot keeps its pace, a late one is not made up for in a burst, a lost one is asked again soon, but not for ever', async (t) => {
  const slots = slotsOf(device([at(0)])) as [Slot];
  const block = blockAround({ slots, first: 0, nowMono: 0, periodsMs: POLL_PERIOD_MS, limits: WIDE });
  const dues: number[] = [];
  const after = (nowMono: number): unknown => {
    answered(block, { nowMono, periodsMs: POLL_PERIOD_MS, phase: 0.4 });
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
  t.test(`what is worth reading at once: ${story}`, async (t) => {
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
  'while the line has room each register is asked within its period, none twice in a request, and no request is over a limit',
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
          answered(block, { nowMono, periodsMs: POLL_PERIOD_MS, phase });
        }
        return [...asked.values()].every((mono) => mono > 0);
      }),
      { numRuns: 60 },
    );
    t.pass('for all devices');
  },
);

t.test('a unit that refuses a request is asked without holes, then in halves, until what it does not have is alone', async (t) => {
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
          if (isThere) answered(block, { nowMono: 0, periodsMs: POLL_PERIOD_MS, phase: 1 });
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

// ── lanes ────────────────────────────────────────────────────────────────────────────────────────────────────────────

const turns = (lanes: readonly Lane[], count: number, needs: LaneNeeds = {}): Lane[] => {
  let since = NONE_SINCE;
  return Array.from({ length: count }, () => {
    const lane = nextLane(new Set(lanes), since, needs) as Lane;
    since = afterTurn(since, lane);
    return lane;
  });
};
const share = (lanes: readonly Lane[], lane: Lane): number => turns(lanes, 1_000).filter((turn) => turn === lane).length;

t.test('the most urgent lane goes first', async (t) => {
  t.equal(nextLane(new Set(), NONE_SINCE), undefined);
  t.equal(nextLane(new Set<Lane>(['telemetry', 'presence', 'urgent', 'command']), NONE_SINCE), 'urgent');
  t.equal(nextLane(new Set<Lane>(['telemetry', 'presence', 'command']), NONE_SINCE), 'command');
  t.equal(nextLane(new Set<Lane>(['probe', 'telemetry', 'console', 'presence']), NONE_SINCE), 'presence');
  t.equal(nextLane(new Set<Lane>(['probe', 'telemetry', 'console']), NONE_SINCE), 'console');
  t.equal(nextLane(new Set<Lane>(['probe', 'telemetry']), NONE_SINCE), 'telemetry');
});

t.test('nobody starves: presence waits for one other at most, telemetry and console keep a tenth, probes a fiftieth', async (t) => {
  t.same(turns(['command', 'presence'], 6), ['command', 'presence', 'command', 'presence', 'command', 'presence']);
  t.ok(share(['presence', 'telemetry'], 'telemetry') >= 90);
  t.ok(share(['command', 'telemetry'], 'telemetry') >= 90);
  t.ok(share(['command', 'presence', 'console', 'telemetry'], 'telemetry') >= 80);
  t.ok(share(['command', 'presence', 'console', 'telemetry'], 'console') >= 80);
  t.ok(share(['presence', 'telemetry', 'probe'], 'probe') >= 18);
  t.ok(share(['presence', 'telemetry', 'probe'], 'presence') >= 850);
  t.equal(share(['command', 'probe'], 'probe'), 0, 'the dead wait for commands');
});

t.test('while units are found again the next probe follows after four others, but never before commands and urgent writes', async (t) => {
  const since = { ...NONE_SINCE, probe: 4 };
  const waiting = (...lanes: Lane[]): ReadonlySet<Lane> => new Set<Lane>(['probe', 'telemetry', ...lanes]);
  t.equal(nextLane(waiting(), since, { isFinding: true }), 'probe');
  t.equal(nextLane(waiting(), { ...since, probe: 3 }, { isFinding: true }), 'telemetry');
  t.equal(nextLane(waiting(), since, { isFinding: false }), 'telemetry');
  t.equal(nextLane(waiting('command'), since, { isFinding: true }), 'command');
  t.equal(nextLane(waiting('urgent'), since, { isFinding: true }), 'urgent');
});

t.test(
  'while a lamp is dark until it is set up, set-up goes first; sensors get each fifth turn, and commands go before it as ever',
  async (t) => {
    const needs = { isLightWaiting: true };
    t.same(turns(['presence', 'telemetry'], 6, needs), ['telemetry', 'telemetry', 'telemetry', 'telemetry', 'presence', 'telemetry']);
    t.equal(nextLane(new Set<Lane>(['urgent', 'telemetry']), NONE_SINCE, needs), 'urgent');
    t.equal(nextLane(new Set<Lane>(['command', 'telemetry']), NONE_SINCE, needs), 'command');
    const console = turns(['presence', 'console', 'telemetry'], 1_000, needs).filter((lane) => lane === 'console').length;
    t.ok(console >= 80, 'and a person at the cabinet keeps a tenth');
  },
);

t.test('nothing goes before an urgent write but a sensor after each fourth', async (t) => {
  t.equal(share(['urgent', 'command', 'console', 'telemetry', 'probe'], 'urgent'), 1_000);
  t.same(turns(['urgent', 'presence', 'telemetry'], 6), ['urgent', 'urgent', 'urgent', 'urgent', 'presence', 'urgent']);
});

t.test('presence inputs are asked as often as half of the line allows, between 75 and 100 ms', async (t) => {
  const slow: LinePace = { registerMs: 2.1, fixedMs: 13.5, gapMs: 3.6 };
  t.equal(presencePeriodMs(slow, 1), 75);
  t.equal(presencePeriodMs(slow, 2), 100);
  t.equal(presencePeriodMs({ registerMs: 0, fixedMs: 0, gapMs: 0 }, 4), 80, 'a network line still waits for its units');
});

// ── whose turn it is ─────────────────────────────────────────────────────────────────────────────────────────────────

const VALUES = { rampUpMs: 1, rampDownMs: 1, failsafeTimeoutS: 1, failsafeLevelPct: 1 };
const unitOf = (id: string, type: Profile = LAMP): Unit =>
  createUnit({ device: testDevice(id, { profile: type.id }), driver: createModbusDriver(type), setupValues: VALUES });

t.test('the unit whose wish is oldest is asked first, one that rests or is held is not, and the next time is known', async (t) => {
  const [a, b, sensor] = [unitOf('A'), unitOf('B'), unitOf('S', SENSOR)];
  const look = (nowMono: number, probeMono = 0) => {
    const { presence, telemetry, setUp, probe, nextMono } = agendaOf([a, b, sensor], nowMono, probeMono);
    return [presence, telemetry, setUp, probe]
      .map((unit) => unit?.device.id ?? '-')
      .join(' ')
      .concat(` ${nextMono}`);
  };
  Object.assign(a, { telemetryMono: 50 });
  Object.assign(b, { telemetryMono: 40 });
  Object.assign(sensor, { presenceMono: 60 });
  t.equal(look(30), '- - - - 40');
  t.equal(look(55), '- B - - 60');
  t.equal(look(70), 'S B - - Infinity');
  b.heldMono = 90;
  t.equal(look(70), 'S A - - 90');
  welcome(a, 70, false);
  t.equal(look(70), 'S A A - 90');
  a.health = { ...a.health, state: 'flaky', dueMono: 75 };
  t.equal(look(70), 'S - - - 75', 'a flaky unit rests');
  a.health = { ...a.health, state: 'silent', dueMono: 65 };
  t.equal(look(70), 'S - - A 90');
  t.equal(look(70, 80), 'S - - - 80', 'no probe before its share of the line allows it');
});

t.test('dead units cost their share of the line at most, whenever they are asked', async (t) => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 20, max: 1_000 }), { minLength: 20, maxLength: 60 }), (losses) => {
      const budget = createDeadBudget();
      let [nowMono, spentMs] = [0, 0];
      for (const lostMs of losses) {
        nowMono = budget.readyMono(nowMono) + lostMs;
        spentMs += lostMs;
        budget.charge(lostMs, nowMono);
      }
      return spentMs <= 0.02 * nowMono + 1_000 + 1_000;
    }),
  );
  const budget = createDeadBudget();
  for (let nowMono = 0; nowMono < 3_600_000; nowMono += 1_000) budget.charge(200, nowMono);
  t.ok(budget.readyMono(3_600_000) <= 3_610_000, 'what others ask of the dead, and a whole line that is dead, add up to no debt');
  t.equal(hushMs(40, 1), 2_000);
  t.equal(hushMs(40, 25), 50_000, '25 dead lamps share what one may have');
});

t.test('a line whose units are all silent is reopened after five seconds and two rounds of probes, then ever more rarely', async (t) => {
  const watch = createSilenceWatch();
  const reopened: string[] = [];
  const run = (fromMono: number, untilMono: number, isAllSilent: boolean): void => {
    for (let nowMono = fromMono; nowMono < untilMono; nowMono += 1_000) {
      watch.probed();
      const verdict = watch.look({ nowMono, isAllSilent, units: 3 });
      if (verdict !== undefined) reopened.push(`${verdict} ${nowMono / 1_000}`);
    }
  };
  run(0, 10_000, false);
  t.same(reopened, []);
  run(10_000, 400_000, true);
  t.same(reopened, ['reopen 16', 'reopen 76', 'reopen 196'], 'six probes after all fell silent, a minute, two minutes');
  run(400_000, 402_000, false);
  run(402_000, 420_000, true);
  t.same(reopened.slice(3), ['revived 400', 'reopen 408'], 'after an answer it begins anew');
});

t.test('jobs of a person go first come first served, and after a long one the line is left to others for as long', async (t) => {
  const clock = createManualClock(0);
  const jobs = createConsoleJobs(() => clock.monoMs());
  const done: string[] = [];
  const job = (name: string, ms: number) => async () => {
    await clock.advance(ms);
    done.push(name);
    return name;
  };
  const [first, second] = [jobs.add(job('scan', 250), true), jobs.add(job('read', 10), false)];
  t.equal(jobs.waitingMono(0), 0);
  await jobs.next();
  t.equal(await first, 'scan');
  t.equal(jobs.waitingMono(499), undefined);
  t.equal(jobs.nextMono(), 500);
  t.equal(jobs.waitingMono(500), 0);
  await jobs.next();
  t.equal(await second, 'read');
  t.equal(jobs.nextMono(), undefined);
  const third = jobs.add(() => Promise.reject(new RangeError('no such unit')), false);
  const fourth = jobs.add(job('never', 1), false);
  void jobs.next();
  await t.rejects(third, RangeError, 'its own trouble goes to who asked');
  jobs.failAll(new BusError('port-closed', 'line north is down'));
  await t.rejects(fourth, { code: 'port-closed' });
  t.same(done, ['scan', 'read']);
});

// ── what is remembered ───────────────────────────────────────────────────────────────────────────────────────────────

/** Now, by both clocks. */
const NOW = { mono: 0, wallMs: 0 };
const REFUSED = { cause: 'refused', tries: 0, isReported: false } as const;

function taught(id: string, type: Profile = LAMP): Unit {
  const unit = unitOf(id, type);
  unit.seenMs = 1;
  unit.noHoles = true;
  (unit.slots[1] as Slot).isolation = REFUSED;
  (unit.slots[2] as Slot).cutBefore = true;
  unit.health = { ...unit.health, turnaroundMs: { mean: 8, deviation: 1 }, firstByteMs: { mean: 20, deviation: 2 } };
  return unit;
}

t.test('what a unit has taught is known after a restart, unless its profile has changed or the note is not ours', async (t) => {
  const note = JSON.parse(JSON.stringify(learnedOf([taught('L1')], NOW))) as Record<string, unknown>;
  const unit = unitOf('L1');
  recall(unit, note['L1'], NOW);
  t.same(learnedOf([unit], NOW), note);
  t.equal(isolatedQuantities(unit, false).length, 1);
  const other = unitOf('L1', profile('lamp', LAMP.points.slice(1)));
  recall(other, note['L1'], NOW);
  t.match(other, { noHoles: false, health: { turnaroundMs: null } });
  const met = unitOf('L1');
  met.health = { ...met.health, turnaroundMs: { mean: 3, deviation: 0 }, firstByteMs: { mean: 3, deviation: 0 } };
  recall(met, note['L1'], NOW);
  t.match(met.health, { turnaroundMs: { mean: 3 } }, 'what it shows today is worth more');
  for (const strange of [
    undefined,
    null,
    7,
    'x',
    [],
    {},
    { ...(note['L1'] as object), refused: 3, cuts: null, turnaroundMs: { mean: -1 } },
  ])
    t.doesNotThrow(() => recall(unitOf('L1'), strange, NOW));
});

t.test('a note is news when something was refused or a pace has changed, not when it wavers', async (t) => {
  const note = learnedOf([taught('L1')], NOW);
  const [learned] = Object.values(note);
  const with_ = (over: object) => ({ L1: { ...learned, ...over } }) as typeof note;
  t.ok(isNews({}, note));
  t.notOk(isNews(note, note));
  t.notOk(isNews(note, with_({ turnaroundMs: { mean: 11, deviation: 9 } })));
  t.ok(isNews(note, with_({ turnaroundMs: { mean: 14, deviation: 1 } })));
  t.ok(isNews(note, with_({ refused: [] })));
});

t.test('the note is written on change, at most once a minute, and read without holding anybody up', async (t) => {
  const clock = createManualClock(0);
  const saves: number[] = [];
  let kept: unknown;
  let answer: (value: unknown) => void = () => {};
  const store = {
    load: () => new Promise<unknown>((resolve) => (answer = resolve)),
    save: async (_key: string, value: unknown) => {
      saves.push(clock.monoMs());
      kept = value;
      return true;
    },
  };
  const unit = unitOf('L1');
  const memory = createLineMemory({ lineId: 'north', units: [unit], store, clock });
  t.teardown(() => memory.stop());
  memory.start();
  memory.start();
  answer(learnedOf([taught('L1')], NOW));
  await clock.advance(150_000);
  t.ok(unit.noHoles);
  t.same(saves, [], 'what was read needs no writing');
  for (const slot of unit.slots.slice(1)) slot.isolation = REFUSED;
  unit.seenMs = 1;
  await clock.advance(150_000);
  t.same(saves, [180_000]);
  t.match(kept, { L1: { noHoles: true } });
  memory.stop();
  unit.noHoles = false;
  await clock.advance(150_000);
  t.equal(saves.length, 1);
});

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
