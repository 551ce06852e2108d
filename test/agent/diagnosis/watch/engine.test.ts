import t from 'tap';
import { powerW } from '../../../../agent/diagnosis/energy.ts';
import { faultTexts } from '../../../../agent/diagnosis/watch/fault-report.ts';
import { setCommand, setValue } from '../../../../agent/diagnosis/watch/watch-frame.ts';
import { RATED_W, type SmallWatch, smallWatch, switched } from './small-watch.ts';

function lit(options?: Parameters<typeof smallWatch>[0], nights = 1): SmallWatch {
  const watch = smallWatch(options);
  watch.level(100);
  watch.pass(nights * 200);
  return watch;
}

for (const everyMs of [5_000, 60_000, 300_000, 900_000])
  t.test(`a dead lamp is found with a poll each ${everyMs / 1_000} s, and only that lamp`, (t) => {
    const watch = lit();
    watch.drawnW[2] = 0.4;
    watch.pass(Math.max(4, (4 * everyMs) / 60_000), everyMs);
    t.strictSame(watch.log, ['L2 lamp-out begins']);
    t.end();
  });

t.test('a lamp that changes its level every half minute is judged all the same', (t) => {
  const watch = lit({ powerStepW: 1 });
  for (let n = 0; n < 60; n++) {
    watch.level(n % 2 === 0 ? 20 : 90);
    if (n >= 30) watch.drawnW[1] = 0.5;
    watch.pass(0.5, 5_000);
  }
  t.strictSame(watch.log, ['L1 lamp-out begins']);
  t.end();
});

t.test('the fault stays until the morning, ends then if it is gone, and not before', (t) => {
  const watch = lit();
  watch.drawnW[0] = 0;
  watch.pass(5);
  watch.level(100);
  watch.pass(60);
  t.strictSame(watch.log, ['L0 lamp-out begins'], 'lit again, still open');
  watch.level(0);
  watch.sunDeg = 5;
  watch.pass(4 * 60);
  t.strictSame(watch.log, ['L0 lamp-out begins']);
  watch.pass(90);
  t.strictSame(watch.log, ['L0 lamp-out begins', 'L0 lamp-out ends']);
  t.end();
});

t.test('a fault that persists over the day is one fault', (t) => {
  const watch = lit();
  watch.drawnW[0] = 0;
  for (const _ of [1, 2]) {
    watch.pass(60);
    watch.level(0);
    watch.sunDeg = 30;
    watch.pass(600);
    watch.sunDeg = -20;
    watch.level(100);
    watch.drawnW[0] = 0;
  }
  watch.pass(60);
  t.strictSame(watch.log, ['L0 lamp-out begins']);
  t.end();
});

t.test('a slow loss is not learned away, and shows as a drift', (t) => {
  const watch = lit();
  t.ok(Math.abs(watch.engine.lamps.power.driftPct(3) ?? 1) < 0.1);
  let share = 1;
  for (let hour = 0; hour < 400 && watch.log.length === 0; hour++) {
    share -= 0.001;
    watch.drawnW[3] = RATED_W * share;
    watch.pass(60);
  }
  t.strictSame(watch.log, ['L3 lamp-power-low begins']);
  t.ok(share > 0.78 && share < 0.82, `found at ${share.toFixed(2)}`);
  t.ok(Math.abs((watch.engine.lamps.power.driftPct(3) ?? 0) + 19) < 2);
  t.end();
});

t.test('lamps that go dark together are one fault of their feeder', (t) => {
  for (const count of [3, 6]) {
    const watch = lit();
    for (let lamp = 0; lamp < count; lamp++) watch.drawnW[lamp] = null;
    watch.pass(15);
    t.strictSame(watch.log, ['F supply-lost begins'], `${count} silent`);
    t.ok(watch.engine.isWithoutSupply(0));
    watch.drawnW.fill(RATED_W);
    watch.pass(15);
    t.strictSame(watch.log, ['F supply-lost begins', 'F supply-lost ends']);
  }
  const watch = lit();
  watch.drawnW[4] = null;
  watch.pass(15);
  t.strictSame(watch.log, ['L4 unit-silent begins'], 'one alone is its own');
  t.end();
});

t.test('while a feeder is switched off its lamps are neither silent nor dark', (t) => {
  const watch = smallWatch({ hasContactor: true });
  switched(watch, true);
  watch.level(100);
  watch.pass(200);
  switched(watch, false);
  watch.level(0);
  watch.drawnW.fill(null);
  watch.sunDeg = 20;
  watch.pass(600);
  t.strictSame(watch.log, []);
  switched(watch, true);
  watch.sunDeg = -5;
  watch.drawnW.fill(RATED_W);
  watch.level(100);
  watch.pass(60);
  t.strictSame(watch.log, [], 'and have time to start');
  t.end();
});

t.test('a contactor that sticks is found by its lamps, and the lamps are not blamed', (t) => {
  const watch = smallWatch({ hasContactor: true });
  switched(watch, true);
  watch.level(100);
  watch.pass(60);
  switched(watch, false);
  watch.level(0);
  watch.drawnW.fill(RATED_W);
  watch.sunDeg = 20;
  setValue(watch.frame.lamps.voltage, 0, 231, watch.nowMono);
  watch.pass(60);
  t.strictSame(watch.log, ['F contactor-stuck-on begins']);
  const parts = { ...watch, clock: { wallMs: () => 0, monoMs: () => watch.nowMono }, decisionOf: () => undefined };
  const { evidence } = faultTexts({ kind: 'feeder', fault: 'contactor-stuck-on', index: 0, begins: true }, parts);
  t.match(`${evidence}`, / since it was switched off: 50 W$/, 'not the voltage that was read before');
  t.end();
});

t.test('values that no lamp can have neither throw nor hide a fault', (t) => {
  for (const strange of [-40, 0, 1e9, Number.NaN]) {
    const watch = lit();
    watch.drawnW[5] = strange;
    watch.pass(30);
    watch.drawnW[2] = 0;
    watch.pass(5);
    t.ok(watch.log.includes('L2 lamp-out begins'), `${strange} W`);
  }
  t.end();
});

for (const sunDeg of [null, -8])
  t.test(
    `${sunDeg === null ? 'without a trusted time' : 'in a polar night'} a fault begins all the same, and ends a day after its repair`,
    (t) => {
      const watch = lit();
      watch.sunDeg = sunDeg;
      watch.pass(30 * 60);
      watch.drawnW[0] = 0;
      watch.pass(5);
      watch.drawnW[0] = RATED_W;
      watch.pass(20 * 60);
      t.strictSame(watch.log, ['L0 lamp-out begins']);
      watch.pass(5 * 60);
      t.strictSame(watch.log, ['L0 lamp-out begins', 'L0 lamp-out ends']);
      t.end();
    },
  );

t.test('a register too coarse for the power of a lamp does not make it dark; at a level that it shows, it does', (t) => {
  const watch = lit({ powerStepW: 10 });
  const readings = (levelPct: number, minutes: number): void => {
    watch.level(levelPct);
    for (const [lamp, drawnW] of watch.drawnW.entries()) watch.drawnW[lamp] = 10 * Math.floor((drawnW ?? 0) / 10);
    watch.pass(minutes);
  };
  readings(15, 60);
  t.strictSame(watch.log, [], 'less than a step');
  readings(100, 10);
  watch.drawnW[2] = 0;
  watch.pass(10);
  t.strictSame(watch.log, ['L2 lamp-out begins']);
  t.end();
});

t.test('a band whose register reads 0 W for hours keeps its bounds, and a lamp that draws too much there is found', (t) => {
  const watch = smallWatch({ powerStepW: 10 });
  watch.level(10);
  watch.drawnW.fill(0);
  watch.pass(240);
  const { isLearned, expectedW, lowW, highW } = watch.engine.lamps.boundsAt(0, 10);
  t.strictSame({ isLearned, expectedW }, { isLearned: true, expectedW: 0 });
  t.ok(lowW <= 0 && highW > 0, `${lowW} to ${highW} W`);
  watch.drawnW[0] = 30;
  watch.pass(30);
  t.strictSame(watch.log, ['L0 lamp-power-high begins']);
  t.end();
});

t.test('a driver that restarts alone is reported, restarts of all are not', (t) => {
  const watch = lit();
  const uptimes = (startedMono: readonly number[]): void => {
    for (const [lamp, at] of startedMono.entries()) setValue(watch.frame.lamps.uptime, lamp, (watch.nowMono - at) / 1_000, watch.nowMono);
  };
  const boot = watch.plan.lamps.map(() => 0);
  uptimes(boot);
  watch.pass(10);
  const all = boot.map(() => watch.nowMono);
  watch.pass(1);
  uptimes(all);
  watch.pass(20);
  t.strictSame(watch.log, [], 'a short loss of mains');
  uptimes(all.map((at, lamp) => (lamp === 3 ? watch.nowMono - 1_000 : at)));
  watch.pass(20);
  t.strictSame(watch.log, ['L3 driver-reset begins']);
  t.end();
});

t.test('two losses of mains a few minutes apart are no restarts of drivers', (t) => {
  for (const apartMin of [1, 3, 4]) {
    const watch = lit();
    const read = (startMono: number): void => {
      for (const lamp of watch.plan.lamps.keys())
        setValue(watch.frame.lamps.uptime, lamp, (watch.nowMono - startMono) / 1_000, watch.nowMono);
    };
    read(0);
    watch.pass(10);
    for (const pauseMin of [apartMin, 20]) {
      read(watch.nowMono - 10_000);
      watch.pass(pauseMin);
    }
    t.strictSame(watch.log, [], `${apartMin} min`);
  }
  t.end();
});

t.test('one loss of mains is no restart of the drivers if only a few of them report their uptime', (t) => {
  for (const reporting of [1, 2, 3]) {
    const watch = lit();
    for (const uptimeS of [5_000, 10]) {
      for (let lamp = 0; lamp < reporting; lamp++) setValue(watch.frame.lamps.uptime, lamp, uptimeS, watch.nowMono);
      watch.pass(10);
    }
    t.strictSame(watch.log, [], `${reporting} drivers`);
  }
  t.end();
});

t.test('the commissioning finds a loss of a third in the first night, before anything is learned', (t) => {
  for (const isCommissioned of [false, true]) {
    const watch = smallWatch();
    const levels = [{ levelPct: 100, isConfirmed: true, settleMs: 300, powerW: RATED_W, powerFactor: 0.95 }];
    if (isCommissioned) watch.engine.lamps.takeReference(1, levels, false);
    watch.level(100);
    watch.drawnW[1] = RATED_W * 0.66;
    watch.pass(60);
    t.strictSame(watch.log, isCommissioned ? ['L1 lamp-power-low begins'] : [], isCommissioned ? 'commissioned' : 'not commissioned');
  }
  t.end();
});

t.test('a lamp whose power is known from its commissioning is judged by that, not by its rated power', (t) => {
  const watch = smallWatch();
  const drawnW = RATED_W * 1.6;
  watch.engine.lamps.takeReference(2, [{ levelPct: 100, isConfirmed: true, settleMs: null, powerW: drawnW, powerFactor: null }], false);
  watch.level(100);
  watch.drawnW[2] = drawnW;
  watch.pass(120);
  t.strictSame(watch.log, []);
  t.end();
});

t.test('a reading with coarse steps is no reference', (t) => {
  const watch = smallWatch({ powerStepW: 10 });
  watch.engine.lamps.takeReference(0, [{ levelPct: 100, isConfirmed: true, settleMs: null, powerW: RATED_W, powerFactor: null }], false);
  t.ok(Number.isNaN(watch.engine.lamps.power.reference(0, 9)));
  t.end();
});

t.test('a lamp burns by day against its command; one that is commanded on does not, however high the sun is', (t) => {
  for (const [level, found] of [
    [0, ['L1 lamp-day-burner begins']],
    [80, []],
  ] as const) {
    const watch = smallWatch();
    watch.sunDeg = 30;
    watch.pass(30);
    setCommand(watch.frame.commands, 1, level, watch.nowMono);
    watch.drawnW[1] = 40;
    watch.pass(10);
    t.strictSame(watch.log, found, `${level} %`);
  }
  t.end();
});

t.test('a driver that uses a tenth of its rating itself is no fault at a low level, before that level is learned or after', (t) => {
  for (const level of [1, 5, 10]) {
    const watch = lit();
    watch.level(level);
    watch.drawnW.fill(RATED_W * (0.13 + (0.87 * level) / 100));
    watch.pass(300);
    t.strictSame(watch.log, [], `${level} %`);
    watch.drawnW[4] = RATED_W;
    watch.pass(5);
    t.strictSame(watch.log, ['L4 lamp-power-high begins'], 'one that stays bright is');
  }
  t.end();
});

t.test('a path that is dark and lit for seconds only teaches its lamps, and a lost string is found', (t) => {
  const watch = smallWatch();
  let isBroken = false;
  const passers = (count: number): void => {
    for (let n = 0; n < count; n++) {
      watch.level(80);
      if (isBroken) watch.drawnW[2] = 0.6 * powerW(RATED_W, 80);
      watch.pass(0.75, 15_000);
      watch.level(0);
      watch.pass(2, 15_000);
    }
  };
  passers(150);
  t.strictSame(watch.log, []);
  isBroken = true;
  passers(10);
  t.strictSame(watch.log, ['L2 lamp-power-low begins']);
  t.end();
});

t.test('during fades that never end a lamp without power is out, and no other is', (t) => {
  const watch = lit();
  for (let n = 0; n < 80; n++) {
    watch.level(n % 2 === 0 ? 100 : 20);
    watch.drawnW.fill(0.6 * RATED_W);
    if (n >= 20) watch.drawnW[1] = 0.5;
    watch.pass(5 / 60, 5_000);
  }
  t.strictSame(watch.log, ['L1 lamp-out begins']);
  t.end();
});

t.test('a discharge lamp that strikes again after a dip warms up first', (t) => {
  const watch = lit();
  watch.drawnW[3] = 0.06 * RATED_W;
  watch.pass(2);
  for (const share of [0.4, 0.5, 0.6, 0.7, 0.8, 0.9]) {
    watch.drawnW[3] = share * RATED_W;
    watch.pass(1);
  }
  watch.drawnW[3] = RATED_W;
  watch.pass(30);
  t.strictSame(watch.log, []);
  t.end();
});

t.test('a wrong voltage of the mains is one event where no meter shows it', (t) => {
  const watch = lit();
  for (let n = 0; n < 5; n++) {
    for (const lamp of watch.plan.lamps.keys()) setValue(watch.frame.lamps.voltage, lamp, 275, watch.nowMono);
    watch.pass(1);
  }
  t.strictSame(watch.log, ['L0 supply-voltage-high begins']);
  t.end();
});

t.test('neither a 16-bit uptime that begins again nor a start of the only lamp is a restart of the driver', (t) => {
  for (const [lamps, uptimesS] of [
    [6, [65_500, 65_500 + 600 - 65_536]],
    [1, [5_000, 10]],
  ] as const) {
    const watch = lit({ lamps });
    for (const uptimeS of uptimesS) {
      setValue(watch.frame.lamps.uptime, 0, uptimeS, watch.nowMono);
      watch.pass(10);
    }
    t.strictSame(watch.log, [], `${lamps} lamps`);
  }
  t.end();
});
