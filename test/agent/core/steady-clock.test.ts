import fc from 'fast-check';
import t from 'tap';
import type { ClockQuality } from '../../../agent/core/clock.ts';
import { createManualClock } from '../../../agent/core/manual-clock.ts';
import { createSteadyClock, type StoredHeldTime } from '../../../agent/core/steady-clock.ts';

const [SECOND, MINUTE, HOUR, DAY] = [1_000, 60_000, 3_600_000, 86_400_000];
const NIGHT_MS = Date.parse('2026-12-15T22:00:00Z');

/** A steady clock on a system clock that tests step, with true time beside it and a battery clock where one is given. */
function rig({ quality = 'synced' as ClockQuality, hasBattery = false, mayStepOnce = false, stored = null as StoredHeldTime | null } = {}) {
  const system = createManualClock(NIGHT_MS, quality);
  let batteryAheadMs: number | null = hasBattery ? 0 : null;
  let memory = stored;
  const trueMs = (): number => NIGHT_MS + system.monoMs();
  const start = () =>
    createSteadyClock({
      clock: system,
      battery: () =>
        batteryAheadMs === null ? null : { atMs: Math.floor((trueMs() + batteryAheadMs) / SECOND) * SECOND, atMono: system.monoMs() },
      mayStepOnce: () => mayStepOnce,
      memory: {
        load: () => memory,
        save: (held) => {
          memory = JSON.parse(JSON.stringify(held));
        },
      },
    });
  let clock = start();
  clock.quality();
  return {
    system,
    trueMs,
    get clock() {
      return clock;
    },
    step(ms: number, later = SECOND) {
      system.stepWall(ms);
      return this.pass(later);
    },
    /** Looks each second at most a thousand times. */
    async pass(ms: number) {
      const every = Math.max(SECOND, ms / 1_000);
      for (let passed = 0; passed < ms; passed += every) {
        await system.advance(every);
        clock.quality();
      }
    },
    setBattery(aheadMs: number | null) {
      batteryAheadMs = aheadMs;
    },
    restart() {
      clock = start();
      clock.quality();
    },
    /** Error of the agent's time. Units: s. */
    errorS: () => Math.round((clock.wallMs() - trueMs()) / SECOND),
    otherS: () => {
      const otherMs = clock.otherMs();
      return otherMs === null ? null : Math.round((otherMs - trueMs()) / SECOND);
    },
  };
}

const STEPS: [story: string, stepMs: number, errorS: number, otherS: number | null, isDisputed: boolean][] = [
  ['half a second is no step', 500, 1, null, false],
  ['a minute forward is followed, with the held time beside it', MINUTE, 60, 0, false],
  ['a minute back is followed, with the held time beside it', -MINUTE, -60, 0, false],
  ['ten minutes less a second are followed', 10 * MINUTE - SECOND, 599, 0, false],
  ['ten minutes and a second are not', 10 * MINUTE + SECOND, 0, 601, true],
  ['nor are they back', -10 * MINUTE - SECOND, 0, -601, true],
  ['ten hours back are not', -10 * HOUR, 0, -36_000, true],
  ['ten hours forward are not', 10 * HOUR, 0, 36_000, true],
  ['a thousand years are not', 365_000 * DAY, 0, 365_000 * 86_400, true],
  ['a clock that says 1970 is not', -NIGHT_MS, 0, Math.round(-NIGHT_MS / SECOND), true],
];
for (const [story, stepMs, errorS, otherS, isDisputed] of STEPS) {
  t.test(`a step of a trusted clock: ${story}`, async (t) => {
    const street = rig();
    await street.step(stepMs);
    t.equal(street.errorS(), errorS);
    t.equal(street.otherS(), otherS);
    t.equal(street.clock.step() !== null, isDisputed);
    t.equal(street.clock.quality(), isDisputed ? 'rtc' : 'synced', 'it is not what a time server says');
    await street.step(-stepMs);
    t.strictSame([street.errorS(), street.clock.step(), street.clock.quality()], [0, null, 'synced'], 'taken back, it is over');
  });
}

t.test('a clock at the limit does not flip between trusted and not', async (t) => {
  const street = rig();
  await street.step(10 * MINUTE + SECOND);
  let flips = 0;
  for (let second = 0; second < 600; second++) {
    const before = street.clock.step() !== null;
    await street.step(second % 2 === 0 ? -2 * SECOND : 2 * SECOND);
    if (before !== (street.clock.step() !== null)) flips++;
  }
  t.equal(flips, 0);
});

for (const [everyMs, byMs] of [
  [MINUTE, 9 * MINUTE],
  [MINUTE, -9 * MINUTE],
  [10 * SECOND, 54 * SECOND],
  [10 * MINUTE, -90 * MINUTE],
  [SECOND, SECOND / 10],
] as const) {
  t.test(`steps of ${byMs / SECOND} s each ${everyMs / SECOND} s do not add up`, async (t) => {
    const street = rig();
    for (let passed = 0; passed < 2 * HOUR; passed += everyMs) await street.step(byMs, everyMs);
    t.ok(Math.abs(street.errorS()) <= 1, `${street.errorS()} s off`);
    t.ok(street.clock.step() !== null);
  });
}

t.test('two times that the light uses contain the true one, whatever steps and slews happen within 10 min', async () => {
  const moves = fc.array(
    fc.record({ byMs: fc.integer({ min: -20 * MINUTE, max: 20 * MINUTE }), forS: fc.integer({ min: 1, max: 7_200 }) }),
    {
      maxLength: 20,
    },
  );
  await fc.assert(
    fc.asyncProperty(moves, async (all) => {
      const street = rig();
      let passedS = 0;
      for (const { byMs, forS } of all) {
        await street.step(byMs, forS * SECOND);
        passedS += forS;
        const [ownMs, otherMs] = [street.clock.wallMs(), street.clock.otherMs()];
        const nearestMs = Math.min(Math.abs(ownMs - street.trueMs()), Math.abs((otherMs ?? ownMs) - street.trueMs()));
        // Two clocks nearer than a second are one, and what is held follows by 0.1 ms a second, in whole milliseconds.
        if (nearestMs > 1_001 + passedS * 0.1) throw new Error(`${nearestMs} ms off after ${passedS} s`);
      }
    }),
    {
      numRuns: 40,
      examples: [
        [
          [
            { byMs: -54_067, forS: 2_293 },
            { byMs: 52_228, forS: 6_468 },
          ],
        ],
      ],
    },
  );
});

t.test('a legitimate small step is followed in time, so that a year of them is no dispute', async (t) => {
  const street = rig();
  for (let day = 0; day < 365; day++) await street.step(4 * SECOND, DAY);
  t.equal(street.clock.step(), null);
  t.equal(street.errorS(), 4 * 365);
});

t.test('the first synchronisation of an unknown time is trusted, however large its step', async (t) => {
  for (const quality of ['none', 'restored'] as const) {
    const street = rig({ quality });
    await street.step(-12 * HOUR, MINUTE);
    t.strictSame([street.clock.quality(), street.clock.otherMs()], [quality, null]);
    street.system.stepWall(12 * HOUR);
    street.system.setQuality('synced');
    await street.pass(SECOND);
    t.strictSame([street.clock.quality(), street.errorS(), street.clock.step()], ['synced', 0, null]);
    await street.step(-10 * HOUR);
    t.ok(street.clock.step() !== null, 'and the next large one is not');
  }
});

t.test('a first synchronisation far from the battery clock is not trusted, a near one is immediately', async (t) => {
  const far = rig({ quality: 'rtc', hasBattery: true });
  far.system.stepWall(11 * MINUTE);
  far.system.setQuality('synced');
  await far.pass(HOUR);
  t.strictSame([far.errorS(), far.otherS()], [0, 660]);
  const near = rig({ quality: 'rtc', hasBattery: true });
  near.system.stepWall(9 * MINUTE);
  near.system.setQuality('synced');
  await near.pass(SECOND);
  t.strictSame([near.errorS(), near.otherS(), near.clock.quality()], [540, null, 'synced']);
});

t.test('a battery clock that ran on proves a step to it; one that was set by the step proves nothing', async (t) => {
  const proven = rig({ hasBattery: true });
  proven.setBattery(-3 * HOUR);
  proven.restart();
  await proven.pass(MINUTE);
  await proven.step(-3 * HOUR);
  await proven.pass(2 * SECOND);
  t.equal(proven.clock.step(), null);
  t.equal(proven.errorS(), -3 * 3_600);
  const set = rig({ hasBattery: true });
  await set.pass(MINUTE);
  await set.step(-3 * HOUR);
  set.setBattery(-3 * HOUR);
  await set.pass(DAY);
  t.ok(set.clock.step() !== null, 'as the kernel does every eleven minutes while it is synchronised');
  const late = rig();
  await late.step(-3 * HOUR);
  late.setBattery(-3 * HOUR);
  await late.pass(HOUR);
  t.ok(late.clock.step() !== null, 'nor does one that was not there before');
});

for (const share of [1e-3, 1e-2, 0.08]) {
  t.test(`a kernel slewed by ${share * 100} % is noticed by the battery clock, also when it sets that clock along`, async (t) => {
    const street = rig({ hasBattery: true });
    // The monotonic clock runs with the system clock, so the battery clock falls behind both.
    let behindMs = 0;
    const forMs = (2 * 11 * MINUTE) / share;
    for (let passed = 0, sinceSet = 0; passed < forMs; passed += 10 * SECOND, sinceSet += 10 * SECOND) {
      behindMs += 10 * SECOND * share;
      const isSet = share > 5e-3 && sinceSet >= 11 * MINUTE;
      if (isSet) [behindMs, sinceSet] = [0, 0];
      street.setBattery(-behindMs);
      await street.system.advance(10 * SECOND);
      street.clock.quality();
    }
    t.ok(street.clock.step() !== null);
  });
}

t.test('a restart of the agent continues with the held time', async (t) => {
  const street = rig();
  await street.step(-10 * HOUR);
  street.restart();
  t.strictSame([street.errorS(), street.otherS()], [0, -36_000]);
});

t.test('once confirmed, the system clock is right', async (t) => {
  const street = rig();
  await street.step(3 * HOUR);
  t.ok(street.clock.confirm());
  t.strictSame([street.errorS(), street.clock.step(), street.clock.quality()], [3 * 3_600, null, 'synced']);
  const unknown = rig({ quality: 'none' });
  t.notOk(unknown.clock.confirm(), 'where nothing vouches for it');
});

t.test('where nothing marks the first synchronisation, one large step forward is taken for it', async (t) => {
  const street = rig({ mayStepOnce: true });
  await street.step(12 * HOUR);
  t.strictSame([street.errorS(), street.clock.step()], [12 * 3_600, null]);
  await street.step(12 * HOUR);
  t.ok(street.clock.step() !== null, 'one');
  const back = rig({ mayStepOnce: true });
  await back.step(-12 * HOUR);
  t.ok(back.clock.step() !== null, 'a restored clock is never ahead');
});

t.test('a loss of synchronisation or of the battery clock changes nothing', async (t) => {
  const street = rig({ hasBattery: true });
  await street.pass(MINUTE);
  street.setBattery(null);
  street.system.setQuality('restored');
  await street.pass(30 * DAY);
  t.strictSame([street.errorS(), street.otherS(), street.clock.quality()], [0, null, 'synced']);
});
