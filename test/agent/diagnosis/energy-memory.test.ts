import t from 'tap';
import { DAY_MS, HOUR_MS } from '../../../agent/core/durations.ts';
import { energySums } from '../../../agent/diagnosis/energy-rows.ts';
import { at, createEnergyRig, litH, paris } from './energy-street.ts';

t.test('while the disk cannot be read counting continues, nothing is overwritten, and the sums are merged later', async (t) => {
  const street = createEnergyRig(paris('2026-12-01 12:00'));
  street.set(at(100));
  await street.start();
  await street.pass(HOUR_MS);
  street.disk.dead = true;
  await street.restart('kill');
  for (let hour = 0; hour < 25; hour++) await street.pass(HOUR_MS);
  t.equal(await street.tracker.nights('2026-12-01', '2026-12-02'), undefined);
  street.disk.dead = false;
  await street.pass(2 * 60_000);
  t.strictSame(await street.nights(), [
    ['2026-12-01', 24],
    ['2026-12-02', 2.033],
  ]);
});

t.test('a cut between the writing of a finished night and that of the new one doubles nothing', async (t) => {
  for (const left of [0, 1, 2]) {
    const street = createEnergyRig(paris('2026-12-01 12:00'));
    street.set(at(100));
    await street.start();
    for (let hour = 0; hour < 23; hour++) await street.pass(HOUR_MS);
    await street.pass(HOUR_MS - 1_000);
    street.disk.left = left;
    await street.pass(20_000);
    await street.restart('kill');
    for (let minute = 0; minute < 60; minute++) await street.pass(60_000);
    const kept = await street.nights();
    t.strictSame(
      kept.map(([night]) => night),
      ['2026-12-01', '2026-12-02'],
    );
    t.ok((kept[0]?.[1] ?? 0) > 22.9 && (kept[0]?.[1] ?? 0) <= 24.01, `${left} writings: ${kept[0]?.[1]} h`);
  }
});

t.test('a clock that returns to the old night does not start a new one either', async (t) => {
  const street = createEnergyRig(paris('2026-12-01 12:00'));
  street.set(at(100));
  await street.start();
  for (let hour = 0; hour < 10; hour++) await street.pass(HOUR_MS);
  street.disk.left = 1;
  street.step(DAY_MS);
  await street.pass(20_000);
  street.step(-DAY_MS);
  await street.restart('kill');
  for (let hour = 0; hour < 2; hour++) await street.pass(HOUR_MS);
  t.strictSame(await street.nights(), [['2026-12-01', 12]]);
});

t.test('data of another program under its keys is ignored', async (t) => {
  for (const rubbish of [
    'null',
    '7',
    '[]',
    '{"open":7,"closed":{}}',
    '{"open":{"date":"2026-12-01","zones":3},"closed":[null,{"date":4}]}',
  ]) {
    const kept = new Map([
      ['energy.tonight', rubbish],
      ['energy.2026-12', rubbish],
    ]);
    const street = createEnergyRig(paris('2026-12-01 12:00'), { kept, dead: false, left: Number.POSITIVE_INFINITY });
    street.set(at(100));
    await street.start();
    await street.pass(HOUR_MS);
    t.strictSame(await street.nights(), [['2026-12-01', 1]], rubbish);
  }
});

t.test('four hundred nights are kept one by one, older ones as months, and the sum stays', async (t) => {
  const street = createEnergyRig(paris('2026-01-01 12:00'));
  street.set(at(100));
  await street.start();
  for (let day = 0; day < 480; day++) await street.pass(DAY_MS);
  const kept = (await street.tracker.nights('2026-01-01', '2027-12-31')) ?? [];
  const single = kept.filter(({ period }) => period.length === 10);
  t.ok(single.length >= 400 && single.length < 450, `${single.length} nights`);
  t.match(kept[0], { period: '2026-01', tally: { zones: { path: { nights: 31 } } } });
  const hours = kept.reduce((sum, { tally }) => sum + litH(tally), 0);
  t.equal(Math.round(hours), 480 * 24);
  const longest = Math.max(...[...street.disk.kept.values()].map((json) => json.length));
  t.ok(longest < 40_000, `a month of two zones has ${longest} bytes`);
  const sums = energySums(kept, 'month', ['path', 'road']);
  t.match(sums.rows.slice(0, 3), [
    { period: '2026-01', zone: 'path', nights: 31 },
    { period: '2026-01', zone: 'road' },
    { period: '2026-02', zone: 'path', nights: 28 },
  ]);
});

t.test('after a start the last night is sent once more, so that the platform has it in its birth', async (t) => {
  const street = createEnergyRig(paris('2026-12-31 12:00'));
  street.set(at(100));
  await street.start();
  for (let hour = 0; hour < 26; hour++) await street.pass(HOUR_MS);
  await street.restart('stop');
  t.strictSame(
    street.published.map(([kwh, endMs]) => [kwh.toFixed(2), endMs]),
    [
      ['1.92', paris('2027-01-01 12:00')],
      ['1.92', paris('2027-01-01 12:00')],
    ],
  );
});

t.test('a meter is read for its count from noon to noon, across a restart too, next to the computed energy', async (t) => {
  const street = createEnergyRig(paris('2026-12-01 12:00'));
  street.set(at(100));
  await street.start();
  street.tracker.meters.read('M01', 1_000);
  for (let hour = 0; hour < 12; hour++) await street.pass(HOUR_MS);
  street.tracker.meters.read('M01', 1_003);
  await street.restart('stop', HOUR_MS);
  street.tracker.meters.read('M01', 1_003.5);
  for (let hour = 0; hour < 10; hour++) await street.pass(HOUR_MS);
  street.tracker.meters.read('M01', 1_006);
  for (let hour = 0; hour < 3; hour++) await street.pass(HOUR_MS);
  street.tracker.meters.read('M01', 1_006.5);
  const [first, second] = (await street.tracker.nights('2026-12-01', '2026-12-02')) ?? [];
  const measured = energySums(first === undefined ? [] : [first], null, []).meters;
  t.match(measured, [{ device: 'M01', kwh: 6, nights: 1 }]);
  t.ok(Math.abs((measured[0]?.computedKwh ?? 0) - 0.18 * 23) < 1e-6, '180 W for the 23 hours of the agent');
  t.match(second?.tally.meters, { M01: { kwh: 0.5 } });
});

t.test('an absence of days does not add their energy to one night', async (t) => {
  const street = createEnergyRig(paris('2026-12-01 12:00'));
  await street.start();
  street.tracker.meters.read('M01', 1_000);
  await street.restart('stop', 3 * DAY_MS);
  street.tracker.meters.read('M01', 1_030);
  street.tracker.meters.read('M01', 1_031);
  const kept = (await street.tracker.nights('2026-12-04', '2026-12-04')) ?? [];
  t.match(kept[0]?.tally, { meters: { M01: { kwh: 1 } }, awayMs: DAY_MS });
});

t.test('what a meter counted before a run that never knew the time is counted after it', async (t) => {
  const street = createEnergyRig(paris('2026-12-01 18:00'));
  await street.start();
  street.tracker.meters.read('M01', 1_000);
  street.tracker.meters.read('M01', 1_002);
  street.tracker.meters.read('M02', 50);
  await street.pass(HOUR_MS);
  street.trust('none');
  street.step(-20 * 365 * DAY_MS);
  await street.restart('kill', HOUR_MS);
  street.tracker.meters.read('M01', 1_004);
  await street.pass(HOUR_MS);
  street.tracker.meters.read('M01', 1_006);
  // A second run that does not know the time either, and reads one meter less.
  await street.restart('stop', HOUR_MS);
  street.tracker.meters.read('M01', 1_008);
  await street.pass(HOUR_MS);
  await street.restart('stop', HOUR_MS);
  street.step(20 * 365 * DAY_MS);
  street.trust('synced');
  street.tracker.meters.read('M01', 1_010);
  street.tracker.meters.read('M02', 57);
  await street.pass(HOUR_MS);
  const [kept] = (await street.tracker.nights('2026-12-01', '2026-12-01')) ?? [];
  t.match(kept?.tally, { meters: { M01: { kwh: 10 }, M02: { kwh: 7 } }, awayMs: 3 * HOUR_MS, undatedMs: 3 * HOUR_MS });
});
