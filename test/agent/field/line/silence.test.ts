import t from 'tap';
import { BusError } from '../../../../agent/core/errors.ts';
import { msg } from '../../../../agent/core/message.ts';
import { createPlant, LAMP, profile, SENSOR } from '../plant.ts';
import { eventsOf, LINE_CHAR_MS, LINE_GAP_MS, many, plantWith, resultOf } from './line-plant.ts';

// ── silent units ─────────────────────────────────────────────────────────────────────────────────────────────────────

t.test('a unit falls silent: readings missing, event, back-off; when it returns it is set up again', async (t) => {
  const plant = await plantWith(t, { devices: { L1: LAMP, L2: LAMP } });
  await plant.clock.advance(2_000);
  t.same(plant.alive, ['L1 up', 'L2 up']);
  t.match(plant.field.devices(), [
    { id: 'L1', unit: 1, state: 'ok', failures: 0, turnaroundMs: 3 },
    { id: 'L2', state: 'ok' },
  ]);
  plant.sim.silence(1);
  await plant.clock.advance(20_000);
  for (const quantity of ['level', 'temperature', 'load', 'fault'])
    t.match(plant.field.latest(`L1.${quantity}`), { value: null, quality: 'missing' });
  t.match(plant.field.latest('L2.level'), { quality: 'good' }, 'its neighbour does not suffer');
  t.same(eventsOf(plant, 'unit-silent'), ['L1 starts']);
  t.match(
    plant.events[0]?.text,
    /^L1 does not answer; check its supply, address 1 and its wire \(line north\); unit 1: no reply in 30 ms$/,
  );
  t.match(plant.field.devices()[0], { state: 'silent' });
  t.same(plant.alive.slice(2), ['L1 down']);
  const { registers } = plant.unit('L1');
  registers.set('holding:101', 0).set('holding:0', 70);
  plant.sim.revive(1);
  const backMono = plant.clock.monoMs();
  await plant.clock.advance(30_000);
  t.match(plant.field.latest('L1.level'), { value: 70, quality: 'good' });
  t.match(plant.field.latest('L1.fault'), { value: 0, quality: 'good' });
  t.same(eventsOf(plant, 'unit-silent'), ['L1 starts', 'L1 ends']);
  t.same(plant.alive.slice(3), ['L1 up']);
  t.equal(registers.get('holding:101'), 1_500, 'what it had forgotten is written again');
  t.same(
    plant.askedSince('L1', backMono).filter((what) => what.startsWith('write')),
    ['write holding:101=1500'],
    'and nothing else is',
  );
});

t.test('a unit that never answered is reported once and costs little', async (t) => {
  const plant = createPlant({ devices: { L1: LAMP, L2: LAMP } });
  t.teardown(() => plant.field.stop());
  plant.sim.silence(1);
  await plant.field.start();
  await plant.clock.advance(10_000);
  t.same(eventsOf(plant, 'unit-silent'), ['L1 starts']);
  t.match(plant.field.devices()[0], { state: 'silent', lastSeenMs: null, turnaroundMs: null });
  t.match(plant.field.latest('L1.level'), { quality: 'missing' });
  t.same(plant.alive, ['L2 up', 'L1 down']);
});

t.test('a dead unit costs at most 2 % of the line', async (t) => {
  const share = async (isKnown: boolean): Promise<number> => {
    const plant = createPlant({ devices: { L1: LAMP } });
    if (!isKnown) plant.sim.silence(1);
    await plant.field.start();
    await plant.clock.advance(2_000);
    plant.sim.silence(1);
    const sinceMono = plant.clock.monoMs();
    const before = plant.field.lines()[0]?.timeouts ?? 0;
    await plant.clock.advance(5 * 60_000);
    const timeouts = (plant.field.lines()[0]?.timeouts ?? 0) - before;
    await plant.field.stop();
    // Request and wait: the longest there is, 200 ms before a unit has shown its pace, 30 ms after.
    const eachMs = (isKnown ? 30 : 200) + 8 * LINE_CHAR_MS + 11 * LINE_CHAR_MS + LINE_GAP_MS;
    return (timeouts * eachMs) / (plant.clock.monoMs() - sinceMono);
  };
  const [known, unknown] = [await share(true), await share(false)];
  t.ok(known > 0 && known <= 0.02, `${(100 * known).toFixed(2)} % of a unit that died`);
  t.ok(unknown > 0 && unknown <= 0.02, `${(100 * unknown).toFixed(2)} % of one that never was`);
});

t.test('a unit that returns is noticed on a line with no time to spare', async (t) => {
  const plant = await plantWith(t, { devices: { L1: LAMP, ...many(8, SENSOR, 'S') } });
  await plant.clock.advance(5_000);
  t.ok((plant.field.lines()[0]?.busyPct ?? 0) > 99, 'the line is full');
  plant.sim.silence(1);
  await plant.clock.advance(60_000);
  t.match(plant.field.devices()[0], { state: 'silent' });
  plant.sim.revive(1);
  await plant.clock.advance(65_000);
  t.match(plant.field.devices()[0], { state: 'ok' });
});

for (const others of ['of its type', 'of another type'] as const) {
  t.test(`of 20 units that never answered, one that returns is noticed within a minute, next to others ${others}`, async (t) => {
    const meter = profile('meter', LAMP.points);
    for (const turnaroundMs of [3, 25, 90]) {
      const plant = createPlant({ devices: { ...many(20, LAMP), M1: others === 'of its type' ? LAMP : meter } });
      t.teardown(() => plant.field.stop());
      for (let unit = 1; unit <= 20; unit++) plant.sim.silence(unit);
      await plant.field.start();
      await plant.clock.advance(600_000);
      const before = plant.field.lines()[0]?.timeouts ?? 0;
      const sinceMono = plant.clock.monoMs();
      for (const unit of [4, 13]) {
        plant.unit(`L${unit}`).turnaroundMs = turnaroundMs;
        plant.sim.revive(unit);
        const atMono = plant.clock.monoMs();
        const state = (): string | undefined => plant.field.devices().find(({ id }) => id === `L${unit}`)?.state;
        while (state() !== 'ok' && plant.clock.monoMs() < atMono + 300_000) await plant.clock.advance(500);
        t.ok(
          plant.clock.monoMs() - atMono <= 60_000,
          `a reply after ${turnaroundMs} ms: after ${(plant.clock.monoMs() - atMono) / 1_000} s`,
        );
        plant.sim.silence(unit);
        await plant.clock.advance(120_000);
      }
      const eachMs = 30 + 8 * LINE_CHAR_MS + LINE_GAP_MS;
      const sharePct = (100 * ((plant.field.lines()[0]?.timeouts ?? 0) - before) * eachMs) / (plant.clock.monoMs() - sinceMono);
      t.ok(sharePct < 2.3, `${sharePct.toFixed(1)} % of the line`);
    }
  });
}

t.test('one lost reply is no silence', async (t) => {
  const plant = await plantWith(t, { devices: { L1: LAMP } });
  await plant.clock.advance(2_000);
  plant.sim.delayNext(1, 300);
  await plant.clock.advance(10_000);
  t.same(plant.events, []);
  t.match(plant.field.latest('L1.level'), { quality: 'good' });
  t.match(plant.field.lines()[0], { timeouts: 1, lateReplies: 1 });
});

t.test('a unit that has become slow is waited for, not given up', async (t) => {
  const plant = await plantWith(t, { devices: { L1: LAMP, L2: LAMP } });
  await plant.clock.advance(5_000);
  plant.unit('L1').turnaroundMs = 300;
  await plant.clock.advance(60_000);
  t.match(plant.field.devices()[0], { id: 'L1', state: 'ok' });
  t.match(plant.field.latest('L1.level'), { quality: 'good' });
});

t.test('a unit that may still be starting is not called silent', async (t) => {
  const sleepy = profile('sleepy', LAMP.points, { quirks: { ...LAMP.quirks, startupSilenceMs: 10_000 } });
  const plant = createPlant({ devices: { L1: sleepy, L2: LAMP } });
  t.teardown(() => plant.field.stop());
  plant.sim.silence(1);
  plant.sim.silence(2);
  await plant.field.start();
  await plant.clock.advance(9_000);
  t.same(eventsOf(plant, 'unit-silent'), ['L2 starts']);
  await plant.clock.advance(10_000);
  t.same(eventsOf(plant, 'unit-silent'), ['L2 starts', 'L1 starts'], 'but in the end it is');
});

t.test('with one unit in ten dead a full line keeps nine tenths of its pace', async (t) => {
  const answers = async (dead: number): Promise<number> => {
    const plant = createPlant({ devices: many(30, LAMP), periodsMs: { fast: 100, normal: 200, slow: 200 } });
    await plant.field.start();
    for (let unit = 1; unit <= dead; unit++) plant.sim.silence(unit);
    await plant.clock.advance(60_000);
    await plant.field.stop();
    return [...plant.units.values()].reduce((sum, { asked }) => sum + asked.length, 0);
  };
  const [healthy, ailing] = [await answers(0), await answers(3)];
  t.ok(ailing >= 0.9 * healthy, `${ailing} answers beside ${healthy}`);
});

t.test('many dead units that must be waited for long cost no more than a few', async (t) => {
  const patient = profile('patient', LAMP.points, { quirks: { ...LAMP.quirks, responseTimeoutMs: 900 } });
  for (const wereMet of [true, false]) {
    const busyPct = async (dead: number): Promise<number> => {
      const plant = createPlant({ devices: { M1: LAMP, ...many(dead, patient) } });
      t.teardown(() => plant.field.stop());
      // Such a unit is waited for in full once it was met.
      for (let unit = 2; unit <= 1 + dead; unit++) {
        if (wereMet) plant.unit(`L${unit - 1}`).turnaroundMs = 850;
        else plant.sim.silence(unit);
      }
      await plant.field.start();
      await plant.clock.advance(300_000);
      for (let unit = 2; unit <= 1 + dead; unit++) plant.sim.silence(unit);
      await plant.clock.advance(300_000);
      let sumPct = 0;
      for (let minute = 0; minute < 10; minute++) {
        await plant.clock.advance(60_000);
        sumPct += plant.field.lines()[0]?.busyPct ?? 0;
      }
      return sumPct / 10;
    };
    const sharePct = (await busyPct(20)) - (await busyPct(0));
    t.ok(sharePct > 1 && sharePct < 2.3, `${sharePct.toFixed(1)} % of the line, ${wereMet ? 'met before' : 'never met'}`);
  }
});

t.test('levels for many dead lamps take no line time from the healthy ones', async (t) => {
  const plant = await plantWith(t, { devices: many(20, LAMP) });
  await plant.clock.advance(2_000);
  for (let unit = 1; unit <= 10; unit++) plant.sim.silence(unit);
  await plant.clock.advance(60_000);
  const timeouts = (): number => plant.field.lines()[0]?.timeouts ?? 0;
  const before = timeouts();
  for (let second = 0; second < 120; second++) {
    for (let lamp = 1; lamp <= 10; lamp++) if (second % 5 === 0) void plant.write(`L${lamp}`, 1 + (second % 100), { lane: 'command' });
    await plant.clock.advance(1_000);
  }
  const eachMs = 30 + 8 * LINE_CHAR_MS + 11 * LINE_CHAR_MS + LINE_GAP_MS;
  const sharePct = (100 * (timeouts() - before) * eachMs) / 120_000;
  t.ok(sharePct > 0 && sharePct < 5, `${sharePct.toFixed(1)} % of the line`);
});

t.test('lamps of one feeder that return together are all found soon after the first', async (t) => {
  const plant = await plantWith(t, { devices: { ...many(20, LAMP), S1: SENSOR } });
  await plant.clock.advance(2_000);
  for (let unit = 1; unit <= 20; unit++) plant.sim.silence(unit);
  await plant.clock.advance(300_000);
  t.equal(plant.field.devices().filter(({ state }) => state === 'silent').length, 20);
  for (let unit = 1; unit <= 20; unit++) plant.sim.revive(unit);
  const ok = (): number => plant.field.devices().filter(({ state, id }) => state === 'ok' && id !== 'S1').length;
  for (let ms = 0; ms < 60_000 && ok() === 0; ms += 100) await plant.clock.advance(100);
  await plant.clock.advance(3_000);
  t.equal(ok(), 20);
});

t.test('when no unit answers any more the port is reopened, reported once, at growing intervals', async (t) => {
  const plant = await plantWith(t, { devices: { L1: LAMP, L2: LAMP } });
  await plant.clock.advance(2_000);
  for (const unit of [1, 2]) plant.sim.silence(unit);
  const reopened = (): number => plant.log.filter(({ name }) => name === 'line-reopened').length;
  await plant.clock.advance(5_000);
  t.equal(reopened(), 0, 'not before five seconds');
  await plant.clock.advance(20_000);
  t.equal(reopened(), 1);
  t.match(plant.field.lines()[0], { state: 'reopening', reason: /no unit on line north answers; check its supply/ });
  await plant.clock.advance(3_600_000);
  t.ok(reopened() >= 4 && reopened() <= 8, `${reopened()} times in an hour`);
  t.same(eventsOf(plant, 'line-silent'), ['north starts'], 'it goes on');
  t.same(eventsOf(plant, 'line-down'), [], 'its port is there');
  for (const unit of [1, 2]) plant.sim.revive(unit);
  await plant.clock.advance(61_000);
  t.same(eventsOf(plant, 'line-silent'), ['north starts', 'north ends']);
  t.match(plant.field.lines()[0], { state: 'up', reason: /^$/ });
  t.match(plant.field.latest('L1.level'), { quality: 'good' });
  t.match(plant.field.latest('L2.level'), { quality: 'good' });
  t.match(plant.sim.stats, { gapViolations: 0, collisions: 0, badRequests: 0 });
});

t.test('a port that does not open again ends all that waits for it', async (t) => {
  const plant = await plantWith(t, { devices: { L1: LAMP } });
  await plant.clock.advance(2_000);
  plant.sim.silence(1);
  await plant.clock.advance(4_000);
  plant.port.open = () => Promise.reject(new BusError('port-missing', msg`there is no such port`));
  let last = plant.write('L1', 1);
  for (let level = 2; level < 60 && plant.field.lines()[0]?.state === 'up'; level++) {
    last = plant.write('L1', level, { ttlMs: 60_000 });
    await plant.clock.advance(1_000);
  }
  t.match(plant.field.lines()[0], { state: 'down', reason: /there is no such port/ });
  t.match(await resultOf(plant, last, 100), { state: 'failed', reason: /the line went down/ });
});

t.test('a line on which no unit ever answered is not reopened', async (t) => {
  const plant = createPlant({ devices: { L1: LAMP } });
  t.teardown(() => plant.field.stop());
  plant.sim.silence(1);
  await plant.field.start();
  await plant.clock.advance(600_000);
  t.notOk(plant.log.some(({ name }) => name === 'line-reopened'));
});

t.test('the polls of a street are spread over their period, and a line with room has no late ones', async (t) => {
  const plant = await plantWith(t, { devices: many(20, LAMP) });
  await plant.clock.advance(10_000);
  const sinceMono = plant.clock.monoMs();
  await plant.clock.advance(10_000);
  const times = [...plant.units.values()].flatMap(({ asked }) =>
    asked.filter(({ atMono }) => atMono >= sinceMono).map(({ atMono }) => atMono),
  );
  const perSecond = Array.from({ length: 10 }, (_, i) => times.filter((mono) => Math.floor((mono - sinceMono) / 1_000) === i).length);
  t.ok(Math.min(...perSecond) >= 3 && Math.max(...perSecond) <= 8, `${perSecond} polls in each second`);
  t.equal(plant.field.bus.stats()[0]?.overruns, 0);
  const full = await plantWith(t, { devices: many(20, LAMP), periodsMs: { fast: 100, normal: 100, slow: 100 } });
  await full.clock.advance(10_000);
  t.ok((full.field.bus.stats()[0]?.overruns ?? 0) > 50, 'a full one counts them');
});
