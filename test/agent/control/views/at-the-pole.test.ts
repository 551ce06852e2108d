import t from 'tap';
import { blinkLevel, blinkOf } from '../../../../agent/control/requests/blink.ts';
import { IdentifyHandler } from '../../../../agent/control/requests/identify.ts';
import { WalkTestHandler } from '../../../../agent/control/views/walk-test.ts';
import type { WalkStep } from '../../../../agent/core/light-tools.ts';
import { createManualClock } from '../../../../agent/core/manual-clock.ts';
import { Refusal } from '../../../../agent/core/refusal.ts';
import type { Decision, PointId } from '../../../../agent/core/words.ts';
import type { SensorState } from '../../../../agent/lighting/lighting.ts';
import { intent, makeStreet, PRESENCE, seen, sensor, winter } from '../../lighting/street.ts';
import { type FakeStreet, makeFakeStreet } from '../fake-street.ts';

// biome-ignore format: a table
const lamps: [story: string, minPct: number, maxPct: number, low: number, high: number][] = [
  ['a lamp that dims', 5, 100, 20, 100],
  ['a lamp that does not go below 50 %', 50, 100, 50, 100],
  ['a lamp that hardly dims goes out for a moment', 70, 100, 0, 100],
  ['a relay', 100, 100, 0, 100],
  ['a lamp held low', 5, 50, 0, 50],
];
for (const [story, minPct, maxPct, low, high] of lamps) {
  t.test(`a visible blink: ${story}`, async (t) => {
    t.match(blinkOf({ minPct, maxPct }, PRESENCE), { lowPct: low, highPct: high });
  });
}

t.test('a blink begins high and gives the driver time for its ramps', async (t) => {
  const blink = blinkOf({ minPct: 5, maxPct: 100 }, { ...PRESENCE, rampUpS: 1, rampDownS: 6 });
  const levels = [0, 1_999, 2_000, 5_999, 6_000, 8_000].map((ms) => blinkLevel(blink, ms));
  t.same(levels, [100, 100, 20, 20, 100, 20]);
  t.match(blinkOf({ minPct: 5, maxPct: 100 }, { ...PRESENCE, rampUpS: 60, rampDownS: 300 }), { highMs: 6_000, lowMs: 6_000 });
  t.match(blinkOf({ minPct: 5, maxPct: 100 }, null), { highMs: 2_000, lowMs: 6_000 }, 'the usual ramps');
});

async function litStreet(t: { teardown(fn: () => unknown): void }, now = winter('23:30')): Promise<FakeStreet> {
  const street = makeFakeStreet({ now });
  t.teardown(() => street.control.stop());
  await street.control.start();
  street.poll();
  await street.clock.advance(100);
  return street;
}
const identify = (street: FakeStreet, lamp = 'L3', forMs = 30_000) => {
  const reported: number[] = [];
  return {
    reported,
    run: street.control.identify({ lamp, forMs, authority: 'technician', source: 'console:tech', tell: (pct) => reported.push(pct) }),
  };
};

t.test('one lamp blinks and the street around it stays as it is; it ends by itself', async (t) => {
  const street = await litStreet(t);
  const { reported } = identify(street, 'L3', 10_000);
  await street.clock.advance(50);
  t.same([...street.levels.values()], [30, 30, 100, 30, 30, 30], 'at once');
  await street.clock.advance(3_000);
  t.equal(street.levels.get('L3'), 20, 'above the minimum of the lamp, whatever the zone says');
  await street.clock.advance(8_000);
  t.same([...street.levels.values()], [30, 30, 30, 30, 30, 30], 'back at its programme');
  t.same(reported, [100, 20, 100, 20]);
  t.equal(street.disk.size, 0, 'nothing of it is kept, so a restart ends it too');
});

t.test('a person who disconnects ends it immediately; by day it blinks too', async (t) => {
  const street = await litStreet(t, winter('12:30'));
  const { run } = identify(street);
  await street.clock.advance(50);
  t.equal(street.levels.get('L3'), 100);
  run.stop();
  await street.clock.advance(50);
  t.equal(street.levels.get('L3'), 0);
  run.stop();
});

t.test('no remote intent outranks a blinking lamp; another technician does, and is named', async (t) => {
  const street = await litStreet(t);
  void street.override({ levelPct: 80, target: { kind: 'lamp', id: 'L3' }, rank: 'emergency' });
  const first = identify(street);
  await street.clock.advance(3_000);
  t.equal(street.levels.get('L3'), 20);
  t.notOk(first.run.ended.aborted);
  const second = identify(street);
  t.ok(first.run.ended.aborted, 'a newer one replaces it');
  first.run.stop();
  await street.clock.advance(50);
  t.equal(street.levels.get('L3'), 100, 'a newer one goes on when the older is ended');
  second.run.stop();
  t.notOk(second.run.ended.aborted);
  void street.override({
    levelPct: 90,
    target: { kind: 'zone', id: 'rue' },
    rank: 'maintenance',
    source: 'console:eve',
    reason: 'identify',
  });
  t.throws(() => identify(street), { message: 'L3 is locked at 90 % by console:eve, so it cannot blink; `luciole release rue` first' });
  void street.override({ levelPct: 10, target: { kind: 'zone', id: 'rue' }, rank: 'maintenance', source: 'console:eve' });
  t.doesNotThrow(() => identify(street).run.stop(), 'a low lock leaves room to blink above it');
});

t.test('a lamp that cannot blink is refused with a reason', async (t) => {
  const identify = new IdentifyHandler(makeStreet(), createManualClock(0), () => {});
  const request = { lamp: 'L3', forMs: 30_000, authority: 'technician', source: 'console:tech', tell: () => {} } as const;
  t.throws(() => identify.start({ ...request, lamp: 'L9' }, []), { message: 'there is no lamp L9 on this street' });
  t.throws(() => identify.start({ ...request, forMs: 4_000 }, []), { message: 'a lamp blinks for 5 s to 10 min, not for 4 s' });
  t.throws(() => identify.start({ ...request, forMs: Number.NaN }, []), Refusal);
  t.doesNotThrow(() => identify.start(request, [intent({ levelPct: 100 })]), 'an override is outranked');
  t.equal(identify.intents().length, 1);
  t.throws(() => makeFakeStreet().control.identify(request), { message: /starting or stopping/ });
});

t.test('a sender that stops its blinking because a newer one replaced it causes no decision', async (t) => {
  let decisions = 0;
  const identify = new IdentifyHandler(makeStreet(), createManualClock(0), () => {
    decisions += 1;
  });
  const request = { lamp: 'L3', forMs: 30_000, authority: 'technician', source: 'console:tech', tell: () => {} } as const;
  const first = identify.start(request, []);
  first.ended.addEventListener('abort', () => first.stop());
  identify.start(request, []);
  t.strictSame([decisions, identify.intents().length], [2, 1]);
});

t.test('a walk reports each detection, the lamps it raised, nearest first, and the delay', async (t) => {
  const street = await litStreet(t);
  const steps: WalkStep[] = [];
  const { sensors } = street.control.walkTest('rue', 60_000, (step) => steps.push(step));
  t.same(sensors, ['S01.motion', 'S02.motion']);
  const atMs = street.clock.wallMs();
  street.sense('S01', 80);
  t.same(steps, [], 'a step is reported once its effect is known');
  await street.clock.advance(1_100);
  t.same(steps, [{ atMs, pointId: 'S01.motion', pole: 'P2', raised: ['L2', 'L1', 'L3'], alreadyLit: false, latencyMs: 10 }]);
  street.sense('S01', 10);
  await street.clock.advance(2_000);
  street.sense('S01', 80);
  await street.clock.advance(1_100);
  t.match(steps[1], { raised: [], alreadyLit: true, latencyMs: null }, 'within the hold no lamp has to rise');
  street.sense('S02', 80);
  await street.clock.advance(1_100);
  t.match(steps[2], { pointId: 'S02.motion', pole: 'P5', raised: ['L5', 'L4', 'L6'], alreadyLit: false });
});

t.test('a walk changes no level, ends by itself and by its reader', async (t) => {
  const street = await litStreet(t);
  const steps: WalkStep[] = [];
  const { stop } = street.control.walkTest('rue', 600_000, (step) => steps.push(step));
  street.control.walkTest('rue', 30_000, (step) => steps.push(step));
  street.writes.length = 0;
  await street.clock.advance(31_000);
  t.same(street.writes, []);
  street.sense('S01', 80);
  await street.clock.advance(1_100);
  t.equal(steps.length, 1, 'the short one is over');
  street.sense('S02', 80);
  stop();
  await street.clock.advance(1_100);
  t.equal(steps.length, 1, 'nothing is reported after the walk has ended');
});

t.test('a walk is ended when its control stops, not when its time is over', async (t) => {
  const street = await litStreet(t);
  const [short, long] = [30_000, 600_000].map((forMs) => street.control.walkTest('rue', forMs, () => {}));
  await street.clock.advance(31_000);
  t.equal(long?.ended.aborted, false);
  await street.control.stop();
  t.equal(long?.ended.aborted, true);
  t.equal(short?.ended.aborted, false);
});

t.test('by day, and under an override, detections are reported though no lamp rises', async (t) => {
  const street = await litStreet(t, winter('12:30'));
  const steps: WalkStep[] = [];
  street.control.walkTest('rue', 600_000, (step) => steps.push(step));
  street.sense('S01', 80);
  await street.clock.advance(1_100);
  t.match(steps, [{ pointId: 'S01.motion', raised: [], alreadyLit: false, latencyMs: null }]);
});

t.test('a counter is reported at each rise, a sensor that follows the others never', async (t) => {
  const clock = createManualClock(0);
  const presence = { ...PRESENCE, sensors: [sensor('C1', { kind: 'counter' }), sensor('S02', { listen: 'group' })] };
  const walks = new WalkTestHandler(makeStreet({ zone: { presence } }), clock);
  const steps: WalkStep[] = [];
  const states = new Map<PointId, SensorState>([['C1.motion', { ...seen(0, true), sinceMono: 0 }]]);
  walks.look({ sensors: states, decisions: [] });
  t.same(walks.watch('rue', 60_000, (step) => steps.push(step)).sensors, ['C1.motion']);
  await clock.advance(5_000);
  walks.look({ sensors: states, decisions: [] });
  states.set('C1.motion', { ...seen(0, true), lastPresentMono: 4_000 }).set('S02.motion', seen(4_500, true));
  walks.look({ sensors: states, decisions: [] });
  await clock.advance(1_000);
  t.match(steps, [{ pointId: 'C1.motion', atMs: 4_000, pole: null }], 'a detection from before the walk is not reported');
  t.equal(steps.length, 1);
});

t.test('a walk needs a sensor that is in use', async (t) => {
  const walks = new WalkTestHandler(makeStreet({ zone: { presence: null } }), createManualClock(0));
  t.throws(() => walks.watch('rue', 60_000, () => {}), { message: /zone rue has no presence sensor of its own/ });
  t.throws(() => walks.watch('place', 60_000, () => {}), { message: 'there is no zone place on this street' });
});

t.test('a lamp that rises for another reason is not counted as raised by a detection', async (t) => {
  const clock = createManualClock(0);
  const walks = new WalkTestHandler(makeStreet(), clock);
  const steps: WalkStep[] = [];
  const decision = (lampId: string, levelPct: number, rank: Decision['rank']): Decision => ({
    ...{ lampId, levelPct, rank, reason: rank === 'presence' ? 'presence' : 'programme' },
    ...{ distanceM: null, trace: [] },
  });
  walks.look({ sensors: new Map(), decisions: [decision('L1', 30, 'programme'), decision('L2', 30, 'programme')] });
  walks.watch('rue', 60_000, (step) => steps.push(step));
  const states = new Map<PointId, SensorState>([['S01.motion', seen(0, true)]]);
  walks.look({ sensors: states, decisions: [decision('L1', 90, 'programme'), decision('L2', 100, 'presence')] });
  walks.sent('L1', 20);
  walks.sent('L2', 60);
  walks.sent('L2', 90);
  await clock.advance(1_000);
  t.match(steps, [{ raised: ['L2'], latencyMs: 60 }], 'the first level that left for it counts');
});
