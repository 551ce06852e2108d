import t from 'tap';
import { restoredLoad, storedNights, storedTonight } from '../../../../agent/diagnosis/night-load/load-memory.ts';
import { LoadWatch, type MeterMinute } from '../../../../agent/diagnosis/night-load/load-watch.ts';
import { type CabinetPhysics, cabinetMinutes, DAY, findingsLog, usualSteps } from './cabinet-physics.ts';

/** Nights that the watch learns before something happens. */
const LEARNED = 4;
const FAULT_DAY = LEARNED + 1;

function begun(physics: CabinetPhysics, days = FAULT_DAY + 2): { name: string; at: number }[] {
  return findingsLog(new LoadWatch(), cabinetMinutes(physics, 0, days)).flatMap(({ name, at, begins }) => (begins ? [{ name, at }] : []));
}

/** A lamp of `watts` at full power fails at a minute of the fault day. */
function lampLost(watts: number, minute: number, fullW = 5_000): NonNullable<CabinetPhysics['fault']> {
  return (atMin, loadW) => (atMin >= FAULT_DAY * DAY + minute ? loadW * (1 - watts / fullW) : loadW);
}

t.test('healthy nights raise no alarm, whatever the cabinet is like', (t) => {
  const kinds: Record<string, CabinetPhysics> = {
    'discharge lamps': {},
    'LED lamps': { exponent: 0, warmUpMin: 0 },
    'a voltage that swings by 10 %': { swingV: 23 },
    'a meter with steps of 10 W': { stepW: 10 },
    'a meter with steps of 100 W': { stepW: 100 },
    'a noisy meter': { noise: 0.01 },
    'a meter without voltage': { meter: (minute) => ({ ...minute, volts: Number.NaN }) },
    'no dimming': { dim: () => 1 },
    'a poll every 10 min': { meter: (minute) => (minute.atMin % 10 === 0 ? minute : { ...minute, watts: Number.NaN }) },
    'a standing load by day': { fault: (_, loadW) => loadW + 150 },
    'nights that become shorter by 4 min a day': { onAt: (day) => 360 + 2 * day, offAt: (day) => 1_080 - 2 * day },
    'steps by the clock while the sunset moves': {
      onAt: (day) => 360 + 3 * day,
      dim: (since, _, on) => usualSteps(since + on - 360),
    },
    'a change of summer time with steps by the wall clock': {
      dim: (since, day) => usualSteps(since + (day >= FAULT_DAY ? 60 : 0)),
      utcOffsetMin: (day) => (day >= FAULT_DAY ? 120 : 60),
    },
    'a change of summer time, lamps switched by the wall clock': {
      onAt: (day) => (day >= FAULT_DAY ? 300 : 360),
      offAt: (day) => (day >= FAULT_DAY ? 1_020 : 1_080),
      utcOffsetMin: (day) => (day >= FAULT_DAY ? 120 : 60),
    },
    'gaps of an hour in each night': {
      meter: (minute) => (minute.atMin % DAY > 700 && minute.atMin % DAY < 760 ? { ...minute, watts: Number.NaN } : minute),
    },
    'half of a night missing': {
      meter: (minute) =>
        minute.atMin > FAULT_DAY * DAY + 500 && minute.atMin < FAULT_DAY * DAY + 900 ? { ...minute, watts: Number.NaN } : minute,
    },
    'a short mains cut': { fault: (atMin, loadW) => (atMin >= FAULT_DAY * DAY + 600 && atMin < FAULT_DAY * DAY + 604 ? 0 : loadW) },
    'a lamp that flickers': { fault: (atMin, loadW) => (atMin > FAULT_DAY * DAY + 500 && atMin % 3 === 0 ? loadW * 0.975 : loadW) },
  };
  for (const [name, physics] of Object.entries(kinds)) t.same(begun(physics), [], name);
  t.end();
});

t.test('a lost lamp is found within 30 min, at any time of the night', (t) => {
  for (const minute of [400, 425, 436, 441, 500, 655, 661, 700, 900, 1_040]) {
    const [first, ...others] = begun({ fault: lampLost(200, minute) });
    const delay = (first?.at ?? Number.POSITIVE_INFINITY) - FAULT_DAY * DAY - minute;
    t.equal(first?.name, 'lost', `at minute ${minute}`);
    t.ok(delay >= 0 && delay <= 30, `${delay} min after minute ${minute}`);
    t.same(others, [], 'once');
  }
  t.end();
});

t.test('the size, the time and the end of a loss are reported', (t) => {
  const watch = new LoadWatch();
  const minute = FAULT_DAY * DAY + 700;
  for (const each of cabinetMinutes({ fault: lampLost(250, 700) }, 0, FAULT_DAY + 1)) watch.step(each);
  const { lost } = watch.findings;
  t.ok(Math.abs((lost?.fullWatts ?? 0) - 250) < 40, `${lost?.fullWatts} W at full power`);
  t.ok(Math.abs((lost?.watts ?? 0) - 250 * 0.7) < 40, `${lost?.watts} W at that time`);
  t.ok(Math.abs((lost?.sinceMin ?? 0) - minute) <= 12, `since minute ${lost?.sinceMin} instead of ${minute}`);
  t.equal(lost?.atSwitchOn, false);
  for (const each of cabinetMinutes({ fault: (_, loadW) => loadW * 0.95 }, FAULT_DAY + 1, FAULT_DAY + 2)) watch.step(each);
  t.not(watch.findings.lost, null, 'still missing on the next night');
  for (const each of cabinetMinutes({}, FAULT_DAY + 2, FAULT_DAY + 3)) watch.step(each);
  t.equal(watch.findings.lost, null, 'repaired');
  t.end();
});

t.test('light that is missing since switch-on is found, and says so', (t) => {
  const watch = new LoadWatch();
  for (const each of cabinetMinutes({ fault: lampLost(500, 0) }, 0, FAULT_DAY + 1)) watch.step(each);
  t.equal(watch.findings.lost?.atSwitchOn, true);
  t.equal(watch.findings.lost?.sinceMin, FAULT_DAY * DAY + 360);
  t.end();
});

t.test('a second lost lamp in the same night adds to the first', (t) => {
  const first = lampLost(300, 500);
  const watch = new LoadWatch();
  const fault: CabinetPhysics['fault'] = (atMin, loadW, lit) =>
    first(atMin, loadW, lit) - (atMin >= FAULT_DAY * DAY + 800 && lit ? 210 : 0);
  for (const each of cabinetMinutes({ fault }, 0, FAULT_DAY + 1)) watch.step(each);
  t.ok(Math.abs((watch.findings.lost?.fullWatts ?? 0) - 600) < 90, `${watch.findings.lost?.fullWatts} W`);
  t.end();
});

t.test('a feeder without power at night, or that does not come on, is dark; with the power it is over', (t) => {
  const at = FAULT_DAY * DAY + 600;
  const log = findingsLog(
    new LoadWatch(),
    cabinetMinutes({ fault: (atMin, loadW) => (atMin >= at && atMin < at + 120 ? 0 : loadW) }, 0, FAULT_DAY + 2),
  );
  t.same(
    log.map(({ name, begins }) => [name, begins]),
    [
      ['darkSinceMin', true],
      ['darkSinceMin', false],
    ],
  );
  t.ok((log[0]?.at ?? 0) - at <= 6);
  const missing = findingsLog(
    new LoadWatch(),
    cabinetMinutes({ fault: (atMin, loadW) => (atMin >= FAULT_DAY * DAY && atMin < (FAULT_DAY + 1) * DAY ? 0 : loadW) }, 0, FAULT_DAY + 2),
  );
  t.same(
    missing.map(({ name, begins }) => [name, begins]),
    [
      ['darkSinceMin', true],
      ['darkSinceMin', false],
    ],
    'a whole night without light',
  );
  t.end();
});

t.test('a load by day, and lamps that burn by day, are found within 30 min', (t) => {
  const at = (FAULT_DAY + 1) * DAY + 60;
  for (const watts of [0.05, 0.9]) {
    const log = findingsLog(
      new LoadWatch(),
      cabinetMinutes({ fault: (atMin, loadW) => (atMin >= at && atMin < at + 60 ? loadW + watts * 5_000 : loadW) }, 0, FAULT_DAY + 3),
    );
    t.same(
      log.map(({ name, begins }) => [name, begins]),
      [
        ['day', true],
        ['day', false],
      ],
      `${watts} of full power`,
    );
    t.ok((log[0]?.at ?? 0) - at <= 30);
  }
  t.end();
});

t.test('festive lights are more power than expected; while they burn, a lost lamp is still found, and their end is no loss', (t) => {
  const festive = (atMin: number): boolean => atMin >= FAULT_DAY * DAY && atMin < (FAULT_DAY + 3) * DAY;
  const lamp = (FAULT_DAY + 1) * DAY + 800;
  const fault: CabinetPhysics['fault'] = (atMin, loadW, lit) =>
    lit ? loadW + (festive(atMin) ? 900 : 0) - (atMin >= lamp && atMin < lamp + DAY / 2 ? 300 : 0) : loadW;
  const log = findingsLog(new LoadWatch(), cabinetMinutes({ fault }, 0, FAULT_DAY + 5));
  t.same(
    log.map(({ name, begins }) => `${name} ${begins}`),
    ['extra true', 'lost true', 'lost false', 'extra false'],
  );
  t.end();
});

t.test('a stuck meter is reported, and nothing is judged or learned from it', (t) => {
  let last: MeterMinute | null = null;
  const meter = (minute: MeterMinute): MeterMinute => {
    if (minute.atMin < FAULT_DAY * DAY + 600 || minute.atMin > (FAULT_DAY + 2) * DAY) return minute;
    last ??= minute;
    return { ...minute, watts: last.watts, volts: last.volts };
  };
  const log = findingsLog(new LoadWatch(), cabinetMinutes({ meter }, 0, FAULT_DAY + 3));
  t.same(
    log.map(({ name, begins }) => `${name} ${begins}`),
    ['stuckSinceMin true', 'stuckSinceMin false'],
  );
  t.end();
});

t.test('after a meter was exchanged, the difference is one event, and after two weeks the new normal', (t) => {
  const watch = new LoadWatch();
  const log = findingsLog(
    watch,
    cabinetMinutes(
      { meter: (minute) => (minute.atMin > FAULT_DAY * DAY ? { ...minute, watts: minute.watts * 0.92 } : minute) },
      0,
      FAULT_DAY + 18,
    ),
  );
  t.same(
    log.map(({ name, begins }) => `${name} ${begins}`),
    ['lost true', 'lost false'],
  );
  t.ok(Math.abs((watch.model?.fullW ?? 0) - 4_600) < 100, `${watch.model?.fullW} W`);
  t.end();
});

t.test('a restart at night changes nothing: no alarm, and a lamp lost meanwhile is found', (t) => {
  const minutes = cabinetMinutes({ fault: lampLost(250, 705) }, 0, FAULT_DAY + 1);
  const cut = FAULT_DAY * DAY + 700;
  const before = new LoadWatch();
  for (const minute of minutes.filter(({ atMin }) => atMin < cut)) before.step(minute);
  const after = new LoadWatch(before.memory());
  const log = findingsLog(
    after,
    minutes.filter(({ atMin }) => atMin >= cut + 10),
  );
  t.same(
    log.map(({ name, begins }) => `${name} ${begins}`),
    ['lost true'],
  );
  t.ok((log[0]?.at ?? 0) - cut <= 35);
  t.end();
});

t.test('a night of which the beginning was not seen is not learned, also after a restart', (t) => {
  const minutes = cabinetMinutes({}, 0, 2);
  const before = new LoadWatch();
  for (const minute of minutes.filter(({ atMin }) => atMin >= 600 && atMin < 700)) before.step(minute);
  const { nights, tonight } = before.memory();
  const after = new LoadWatch(
    restoredLoad(JSON.parse(JSON.stringify(storedNights(before.memory()))), JSON.parse(JSON.stringify(storedTonight(before.memory())))),
  );
  t.ok(tonight !== null && nights.length === 0, 'it runs');
  for (const minute of minutes.filter(({ atMin }) => atMin >= 700 && atMin < DAY)) after.step(minute);
  t.equal(after.nights, 0);
  for (const minute of minutes.filter(({ atMin }) => atMin >= DAY)) after.step(minute);
  t.equal(after.nights, 1, 'the next one is');
  t.end();
});

t.test('a night of which the end was not seen is not learned', (t) => {
  const watch = new LoadWatch();
  const isRead = (atMin: number): boolean => atMin < 620 || atMin > 1_200;
  for (const minute of cabinetMinutes({}, 0, 1)) if (isRead(minute.atMin)) watch.step(minute);
  t.same([watch.nights, watch.onMin], [0, null]);
  t.end();
});

t.test('lamps that burn by day, twelve hours from their usual time, are a load by day', (t) => {
  const at = (FAULT_DAY + 1) * DAY + 1_082;
  const log = begun({
    onAt: (day) => 360 + 2 * (day % 4),
    offAt: () => 900,
    fault: (atMin, loadW) => (atMin >= at && atMin < at + 60 ? 4_500 : loadW),
  });
  t.same(
    log.map(({ name }) => name),
    ['day'],
  );
  t.end();
});

t.test('with fewer than two nights nothing is judged', (t) => {
  const watch = new LoadWatch();
  t.same(findingsLog(watch, cabinetMinutes({ fault: (atMin, loadW) => (atMin > DAY + 700 ? loadW / 2 : loadW) }, 0, 2)), []);
  t.end();
});

t.test('the size of a loss and of an extra load are linear shares of the power', (t) => {
  for (const [name, factor, share] of [
    ['lost', 2 / 3, 1 / 3],
    ['lost', 1 / 2, 1 / 2],
    ['extra', 1.5, 1 / 2],
  ] as const) {
    const watch = new LoadWatch();
    const fault = (atMin: number, loadW: number): number => (atMin >= FAULT_DAY * DAY + 500 ? loadW * factor : loadW);
    for (const minute of cabinetMinutes({ fault }, 0, FAULT_DAY + 1)) {
      watch.step(minute);
      if (minute.atMin === FAULT_DAY * DAY + 800) break;
    }
    const found = watch.findings[name];
    const fullW = watch.model?.fullW ?? 0;
    t.ok(Math.abs((found?.fullWatts ?? 0) / fullW - share) < 0.03, `${name}: ${found?.fullWatts} of ${fullW} W`);
  }
  t.end();
});
