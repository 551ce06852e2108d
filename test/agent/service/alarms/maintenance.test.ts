import t from 'tap';
import { HOUR_MS, MINUTE_MS } from '../../../../agent/core/durations.ts';
import { isSuppressed } from '../../../../agent/core/event-handling.ts';
import { createAlarmBench } from './alarm-bench.ts';

t.test('maintenance records events without raising them, is itself reported, and at its end raises what lasts on', async (t) => {
  const bench = await createAlarmBench();
  const before = bench.begin('lamp-power-low', 'L01');
  await bench.maintain('L01', 60, { reason: 'new driver' });
  t.match(bench.sent.at(-1), {
    code: 'maintenance-mode',
    source: 'L01',
    talq: 'maintenanceMode',
    severity: 'warning',
    endMs: null,
    text: /new driver/,
  });
  const short = bench.begin('unit-silent', 'L01');
  const lasting = bench.begin('lamp-out', 'L01');
  bench.begin('driver-reset', 'L01', { endMs: bench.clock.wallMs() });
  bench.begin('lamp-out', 'L02');
  t.strictSame(
    bench.raised.map(({ code, source }) => `${code} ${source}`),
    ['lamp-power-low L01', 'maintenance-mode L01', 'lamp-out L02'],
  );
  t.notOk(isSuppressed(before), 'an alarm that was raised before stays raised');
  t.match(bench.disk.events.get(lasting.id), { suppressed: { maintenance: /^maintenance-mode:L01:site:/, untilMs: null } });
  await bench.clock.advance(30 * MINUTE_MS);
  bench.end(short);
  await bench.clock.advance(30 * MINUTE_MS + 1_000);
  t.strictSame(bench.open(), ['lamp-power-low L01', 'lamp-out L01', 'lamp-out L02']);
  t.match(bench.raised.at(-2), { id: lasting.id, startMs: lasting.startMs, suppressed: { untilMs: bench.clock.wallMs() - 1_000 } });
  t.match(bench.raised.at(-1), {
    code: 'maintenance-mode',
    text: /is over; 3 events suppressed \(unit-silent L01, lamp-out L01, driver-reset L01\), 1 of them last on/,
  });
  t.ok(isSuppressed(bench.disk.events.get(short.id) ?? before), 'what ended in it was never raised');
  t.match(bench.alarms.ended(), [{ count: 3, suppressed: [{ source: 'L01' }, {}, {}] }]);
  t.strictSame(JSON.parse(String(bench.shown.get('Maintenance/List'))), []);
});

const covers: readonly (readonly [target: string, code: 'lamp-out' | 'unit-silent' | 'line-down', source: string, isSuppressed: boolean])[] = [
  ['L01', 'lamp-out', 'L01', true],
  ['L01', 'unit-silent', 'L01', true],
  ['L01', 'lamp-out', 'L01.level', true],
  ['L01', 'lamp-out', 'L02', false],
  ['L01', 'lamp-out', 'L011', false],
  ['A', 'lamp-out', 'G1.ecg0_fault', true],
  ['A', 'lamp-out', 'G1.ecg1_fault', false],
  ['A', 'unit-silent', 'G1', false],
  ['A', 'unit-silent', 'G1.temperature', false],
  ['north', 'lamp-out', 'L02', true],
  ['north', 'unit-silent', 'S1', true],
  ['north', 'unit-silent', 'S1.motion', true],
  ['north', 'unit-silent', 'L01.far', false],
  ['north', 'unit-silent', 'S2', false],
  ['north', 'line-down', 'street', false],
  ['north', 'line-down', 'north', false],
  ['north', 'unit-silent', 'north', true],
  ['south', 'line-down', 'far', true],
  ['south', 'unit-silent', 'G1', false],
  ['south', 'lamp-out', 'L01', false],
  ['L03', 'unit-silent', 'L03.zone', false],
  ['L03', 'unit-silent', 'L03.level', true],
  ['south', 'unit-silent', 'L03.zone', false],
  ['L03.zone', 'unit-silent', 'L03.zone', true],
  ['L07', 'lamp-out', 'L07', true],
  ['L07', 'unit-silent', 'L07', false],
  ['one', 'lamp-out', 'L07', true],
  ['one', 'unit-silent', 'L07', false],
  ['both', 'unit-silent', 'L07', true],
  ['ANG-1', 'unit-silent', 'G1', true],
  ['ANG-1', 'line-down', 'street', true],
]; // biome-ignore format: a table
for (const [target, code, source, wanted] of covers)
  t.test(`maintenance of ${target} ${wanted ? 'suppresses' : 'does not suppress'} ${code} of ${source}`, async (t) => {
    const bench = await createAlarmBench();
    await bench.maintain(target, 60);
    const event = bench.begin(code, source);
    t.equal(
      bench.ongoing.openEvents().some((each) => each.id === event.id && isSuppressed(each)),
      wanted,
    );
  });

const dangers: readonly (readonly [code: Parameters<Awaited<ReturnType<typeof createAlarmBench>>['begin']>[0], site: boolean, platform: boolean])[] = [
  ['lamp-out', true, true],
  ['door-open', true, false],
  ['phase-lost', true, false],
  ['breaker-tripped', true, false],
  ['supply-voltage-high', true, false],
  ['earth-leakage', false, false],
  ['login-locked', false, false],
  ['users-changed', false, false],
  ['clock-stepped', false, false],
  ['store-trouble', false, false],
  ['config-refused', false, false],
  ['uplink-taken-over', false, false],
  ['sound-emergency', false, false],
]; // biome-ignore format: a table
for (const [code, bySite, byPlatform] of dangers)
  for (const [owner, wanted] of [['site', bySite], ['platform', byPlatform]] as const) // biome-ignore format: one line
    t.test(`${code} is ${wanted ? '' : 'not '}suppressed by maintenance of the cabinet by the ${owner}`, async (t) => {
      const bench = await createAlarmBench();
      await bench.maintain('ANG-1', 60, { owner, source: owner });
      bench.begin(code, 'door');
      t.equal(isSuppressed(bench.ongoing.openEvents().at(-1) ?? {}), wanted);
    });

t.test('a device counts as in maintenance only with all its lamps, a lamp on its own', async (t) => {
  const { alarms, maintain } = await createAlarmBench();
  await maintain('L07', 60);
  t.ok(alarms.isInMaintenance('lamp', 'L07'));
  t.notOk(alarms.isInMaintenance('lamp', 'L08'));
  t.notOk(alarms.isInMaintenance('device', 'L07'));
  await maintain('L08', 60);
  t.notOk(alarms.isInMaintenance('device', 'L07'), 'each covers one of them');
  await maintain('both', 60);
  t.ok(alarms.isInMaintenance('device', 'L07'));
});

t.test('overlapping maintenance: an alarm is raised when the last one that covers it ends', async (t) => {
  const bench = await createAlarmBench();
  await bench.maintain('L01', 30);
  await bench.maintain('north', 60);
  const event = bench.begin('lamp-out', 'L01');
  await bench.clock.advance(31 * MINUTE_MS);
  t.notOk(bench.raised.some(({ id }) => id === event.id));
  t.match(bench.alarms.maintenance(), [{ target: { id: 'north' }, count: 1 }]);
  await bench.maintain('north', null);
  t.ok(bench.raised.some(({ id }) => id === event.id));
  t.equal(bench.raised.filter(({ id }) => id === event.id).length, 1);
});

t.test('a second start gives it another end, shorter or longer, and is no second event', async (t) => {
  const bench = await createAlarmBench();
  const [first] = await bench.maintain('L01', 120);
  const [second] = await bench.maintain('L01', 10);
  t.equal(second?.id, first?.id);
  await bench.clock.advance(11 * MINUTE_MS);
  t.strictSame(bench.alarms.maintenance(), []);
});

const refused: readonly (readonly [what: string, target: string, minutes: number | null, over: object, reason: RegExp])[] = [
  ['an unknown lamp', 'L99', 60, {}, /no lamp L99/],
  ['0 s', 'L01', 0, {}, /1 to 1440 min, not 0/],
  ['ten years', 'L01', 5_256_000, {}, /1 to 1440 min/],
  ['a negative time', 'L01', -5, {}, /1 to 1440 min/],
  ['no number', 'L01', Number.NaN, {}, /1 to 1440 min/],
  ['more than the platform may', 'L01', 481, { owner: 'platform' }, /1 to 480 min/],
  ['a huge reason', 'L01', 60, { reason: 'x'.repeat(161) }, /at most 160/],
  ['control characters', 'L01', 60, { reason: 'a\u0007' }, /control characters/],
  ['the end of none', 'L01', null, {}, /no maintenance of L01/],
]; // biome-ignore format: a table
for (const [what, target, minutes, over, reason] of refused)
  t.test(`refused: ${what}`, async (t) => {
    const bench = await createAlarmBench();
    await t.rejects(bench.maintain(target, minutes, over), { message: reason });
    t.strictSame(bench.alarms.maintenance(), []);
  });

t.test('the platform does not end what a person at the cabinet started; a person ends both', async (t) => {
  const bench = await createAlarmBench();
  await bench.maintain('L01', 60);
  await t.rejects(bench.maintain('L01', null, { owner: 'platform' }), { message: /by console:anna can only be ended at the console/ });
  await bench.platform.take({ commandId: 'p1', action: 'maintain', target: 'L01', minutes: 30, reason: '', source: 'platform' });
  t.match(bench.outcomes, [{ state: 'verified' }]);
  t.equal(bench.alarms.maintenance().length, 2);
  t.equal(JSON.parse(String(bench.shown.get('Maintenance/List'))).length, 2);
  t.equal((await bench.maintain('L01', null)).length, 2);
  t.strictSame(bench.alarms.maintenance(), []);
});

t.test('a hostile platform: maintenance started without pause hides alarms for 8 h, then a third of the time', async (t) => {
  const bench = await createAlarmBench();
  let inForceMin = 0;
  for (let minute = 0; minute < 3 * 24 * 60; minute++) {
    for (const minutes of [480, 60, 10, 1])
      await bench.platform.take({ commandId: `p${minute}`, action: 'maintain', target: '', minutes, reason: '', source: 'platform' });
    if (bench.alarms.maintenance().length > 0) inForceMin += 1;
    await bench.clock.advance(MINUTE_MS);
  }
  t.ok(inForceMin <= 8 * 60 + (3 * 24 - 8) * 60 * 0.35, `${inForceMin} min of 3 days`);
  t.ok(bench.raised.filter(({ code }) => code === 'maintenance-mode').length > 0, 'each is reported');
});

t.test('a flood of starts on one zone is refused above its rate', async (t) => {
  const bench = await createAlarmBench();
  for (let n = 0; n < 200; n++)
    await bench.platform.take({ commandId: `p${n}`, action: 'maintain', target: 'north', minutes: 5, reason: '', source: 'platform' });
  t.equal(bench.outcomes.filter(({ state }) => state === 'verified').length, 60);
  t.match(bench.outcomes.at(-1), { state: 'refused', reason: /too many starts/ });
});

t.test('maintenance survives a restart, and what begins again before the disk answers is suppressed too', async (t) => {
  const first = await createAlarmBench();
  await first.maintain('L01', 120);
  const id = first.alarms.maintenance()[0]?.id;
  first.begin('lamp-out', 'L01');
  await first.clock.advance(1_000);
  const bench = await first.restart({ passedMs: 10 * MINUTE_MS, early: [['unit-silent', 'L01']] });
  t.match(bench.alarms.maintenance(), [{ id, source: 'console:anna', count: 2 }]);
  t.equal(bench.disk.events.get(id ?? '')?.endMs, null, 'its event lasts on');
  bench.begin('lamp-out', 'L01');
  t.notOk(bench.raised.some(({ code }) => code === 'lamp-out'));
  t.ok(bench.ongoing.openEvents().filter(isSuppressed).length === 2, 'both');
  await bench.clock.advance(110 * MINUTE_MS);
  t.strictSame(bench.alarms.maintenance(), []);
  t.ok(
    bench.raised.some(({ code }) => code === 'lamp-out'),
    'raised at the end',
  );
});

t.test('an alarm that was raised before the maintenance stays raised over a restart, also under the same id', async (t) => {
  const first = await createAlarmBench();
  const before = first.begin('lamp-out', 'L01');
  await first.maintain('L01', 120);
  const hidden = first.begin('unit-silent', 'L01');
  await first.alarms.acknowledge({ event: hidden.id, note: '', source: 'platform' });
  const bench = await first.restart();
  bench.ongoing.onEvent(before);
  bench.ongoing.onEvent(hidden);
  t.match(bench.ongoing.openEvents().slice(-2), [
    { id: before.id, suppressed: undefined },
    { id: hidden.id, suppressed: { untilMs: null }, acknowledged: { by: 'platform' } },
  ]);
  bench.end(before);
  bench.begin('lamp-out', 'L01');
  t.ok(isSuppressed(bench.ongoing.openEvents().at(-1) ?? {}), 'a new occurrence is suppressed');
});

t.test('maintenance that ended while the agent was off is reported as over', async (t) => {
  const first = await createAlarmBench();
  await first.maintain('L01', 30);
  const bench = await first.restart({ passedMs: HOUR_MS });
  t.strictSame(bench.alarms.maintenance(), []);
  t.match(bench.raised, [{ code: 'maintenance-mode', text: /is over/ }]);
  t.not([...bench.disk.events.values()].find(({ code }) => code === 'maintenance-mode')?.endMs, null);
});

const YEARS_MS = 4 * 365 * 24 * HOUR_MS;
for (const [what, options] of [
  ['a clock that is 4 years back', { wrongByMs: -YEARS_MS }],
  ['a clock that is an hour back', { wrongByMs: -HOUR_MS }],
  ['a clock that is 4 years ahead', { wrongByMs: YEARS_MS }],
] as const)
  t.test(`a restart with ${what} never makes it longer`, async (t) => {
    let bench = await createAlarmBench();
    await bench.maintain('L01', 30);
    let lastedMs = 0;
    for (let run = 0; run < 4; run++) {
      for (let n = 0; n < 10; n++) {
        if (bench.alarms.maintenance().length > 0) lastedMs += MINUTE_MS;
        await bench.clock.advance(MINUTE_MS);
      }
      bench = await bench.restart(options);
    }
    for (let n = 0; n < 60; n++) {
      if (bench.alarms.maintenance().length > 0) lastedMs += MINUTE_MS;
      await bench.clock.advance(MINUTE_MS);
    }
    t.ok(lastedMs <= 30 * MINUTE_MS, `${lastedMs / MINUTE_MS} min`);
  });

t.test('with an untrusted clock after a restart it waits, and alarms are raised; later it goes on only until its first end', async (t) => {
  const first = await createAlarmBench();
  await first.maintain('L01', 60);
  const bench = await first.restart({ passedMs: 10 * MINUTE_MS, quality: 'none' });
  bench.begin('lamp-out', 'L01');
  t.ok(
    bench.raised.some(({ code }) => code === 'lamp-out'),
    'an alarm too many is better than a hidden one',
  );
  await bench.clock.advance(20 * MINUTE_MS);
  bench.clock.setQuality('synced');
  await bench.clock.advance(2_000);
  bench.begin('unit-silent', 'L01');
  t.ok(isSuppressed(bench.ongoing.openEvents().find(({ code }) => code === 'unit-silent') ?? {}));
  await bench.clock.advance(30 * MINUTE_MS);
  t.strictSame(bench.alarms.maintenance(), []);
});

t.test('maintenance that waits for a trusted time is published, and its end returns the same fields as that of any other', async (t) => {
  const first = await createAlarmBench();
  await first.maintain('L01', 60);
  const bench = await first.restart({ quality: 'none' });
  t.match(JSON.parse(String(bench.shown.get('Maintenance/List'))), [{ target: 'L01' }]);
  const views = bench.alarms.maintenance();
  t.strictSame(await bench.maintain('L01', null), views);
  t.strictSame(bench.alarms.ended(), views);
  t.strictSame(JSON.parse(String(bench.shown.get('Maintenance/List'))), []);
});

t.test('steps of the clock in both directions change neither its length nor the order of its times', async (t) => {
  for (const stepMs of [-YEARS_MS, YEARS_MS, -HOUR_MS, HOUR_MS]) {
    const bench = await createAlarmBench();
    await bench.maintain('L01', 30);
    await bench.clock.advance(10 * MINUTE_MS);
    bench.clock.stepWall(stepMs);
    await bench.clock.advance(19 * MINUTE_MS);
    const [each] = bench.alarms.maintenance();
    t.equal((each?.untilMs ?? 0) - (each?.sinceMs ?? 0), 30 * MINUTE_MS);
    t.equal((each?.untilMs ?? 0) - bench.clock.wallMs(), MINUTE_MS);
    await bench.clock.advance(2 * MINUTE_MS);
    t.strictSame(bench.alarms.maintenance(), [], `${stepMs}`);
  }
});

t.test('without a disk it holds, says that it is not saved, and is saved once the disk accepts it', async (t) => {
  const bench = await createAlarmBench();
  bench.disk.works = false;
  const answer = await bench.alarms.maintain({
    target: { kind: 'lamp', id: 'L01' },
    minutes: 30,
    reason: '',
    owner: 'site',
    source: 'console:anna',
  });
  t.match(answer, { isSaved: false });
  bench.begin('lamp-out', 'L01');
  t.ok(isSuppressed(bench.ongoing.openEvents().at(-1) ?? {}));
  bench.disk.works = true;
  await bench.clock.advance(2 * MINUTE_MS);
  t.match((await bench.restart()).alarms.maintenance(), [{ target: { id: 'L01' } }]);
});

t.test('while the disk cannot be read, an end is refused with what to check; afterwards it succeeds', async (t) => {
  const first = await createAlarmBench();
  await first.maintain('L01', 120);
  first.disk.works = false;
  const bench = await first.restart();
  await t.rejects(bench.maintain('L01', null), { message: /could not be read yet: check the disk/ });
  bench.disk.works = true;
  await bench.clock.advance(MINUTE_MS);
  t.match(await bench.maintain('L01', null), [{ target: { id: 'L01' } }]);
  t.strictSame(bench.alarms.maintenance(), []);
});

t.test('damaged facts are ignored', async (t) => {
  for (const stored of [null, 7, 'x', [1], [{ id: 'x' }], { usedMs: 'x' }, [{ id: 'x', target: { kind: 'street', id: 'y' } }]]) {
    const first = await createAlarmBench();
    for (const key of ['service.maintenance', 'service.maintenance-platform', 'service.acknowledged']) first.disk.facts.set(key, stored);
    const bench = await first.restart();
    t.strictSame(bench.alarms.maintenance(), []);
    await bench.maintain('L01', 30, { owner: 'platform' });
  }
});

t.test('a thousand alarms at once in maintenance of the cabinet: none is raised, all are counted, twenty are named', async (t) => {
  const bench = await createAlarmBench();
  await bench.maintain('ANG-1', 60);
  for (let n = 0; n < 1_000; n++) bench.begin('unit-silent', `X${n}`);
  t.equal(bench.raised.length, 1);
  t.match(bench.alarms.maintenance(), [{ count: 1_000 }]);
  t.equal(bench.alarms.maintenance()[0]?.suppressed.length, 20);
  await bench.maintain('ANG-1', null);
  t.equal(bench.raised.length, 1_002);
  t.match(bench.raised.at(-1), { text: /1000 events suppressed \(unit-silent X0, .* and 992 more\), 1000 of them/ });
});
