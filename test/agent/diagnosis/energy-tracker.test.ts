import fc from 'fast-check';
import t from 'tap';
import { DAY_MS, HOUR_MS } from '../../../agent/core/durations.ts';
import { nightAt } from '../../../agent/diagnosis/energy-count.ts';
import { type NightTally, NO_TALLY } from '../../../agent/diagnosis/energy-tally.ts';
import { createLocalCalendar } from '../../../agent/lighting/local-time.ts';
import { at, createEnergyRig, isAlike, litH, litMs, PARIS, paris } from './energy-street.ts';

const sumWh = (kept: readonly { readonly tally: NightTally }[]): number =>
  kept.flatMap(({ tally }) => Object.values(tally.zones)).reduce((sum, { wh }) => sum + wh, 0);

const noons: [story: string, zone: string, utc: string, night: string][] = [
  ['the evening belongs to its own day', 'Europe/Paris', '2026-12-01T21:00Z', '2026-12-01'],
  ['the morning to the day before', 'Europe/Paris', '2026-12-02T10:59Z', '2026-12-01'],
  ['noon begins the next', 'Europe/Paris', '2026-12-02T11:00Z', '2026-12-02'],
  ['in summer an hour earlier', 'Europe/Paris', '2026-06-02T10:00Z', '2026-06-02'],
  ['on the first of January it is last year', 'Europe/Paris', '2027-01-01T05:00Z', '2026-12-31'],
  ['the first of March follows the last of February', 'Pacific/Auckland', '2028-02-29T18:00Z', '2028-02-29'],
];

for (const [story, zone, utc, expected] of noons) {
  t.test(story, async (t) => t.equal(nightAt(createLocalCalendar(zone), Date.parse(utc)), expected));
}

t.test('a night ends at noon, is reported and kept, and the next one begins at zero', async (t) => {
  const street = createEnergyRig(paris('2026-12-01 12:00'));
  street.set(at(100));
  await street.start();
  for (let hour = 0; hour < 30; hour++) await street.pass(HOUR_MS);
  t.strictSame(await street.nights(), [
    ['2026-12-01', 24],
    ['2026-12-02', 6],
  ]);
  t.match(street.published, [[2 * 0.04 * 24, paris('2026-12-02 12:00')]]);
});

const changes: [story: string, start: string, hoursAt30: number, wholeH: number][] = [
  ['the step from 23:00 to 06:00 lasts six hours when spring takes one', '2026-03-28 12:00', 6, 23],
  ['and eight when autumn gives one', '2026-10-24 12:00', 8, 25],
  ['and seven on any other night', '2026-12-01 12:00', 7, 24],
];

for (const [story, start, hoursAt30, wholeH] of changes) {
  t.test(story, async (t) => {
    const street = createEnergyRig(paris(start));
    street.set(at(100));
    await street.start();
    for (let minute = 0; minute < 25 * 60 + 30; minute += 10) {
      const { hour } = PARIS.localAt(street.clock.wallMs());
      street.set(at(hour >= 23 || hour < 6 ? 30 : 100));
      await street.pass(10 * 60_000);
    }
    const [first] = (await street.tracker.nights(start.slice(0, 10), start.slice(0, 10))) ?? [];
    t.equal(litH(first?.tally ?? NO_TALLY), wholeH);
    t.equal((first?.tally.zones['road']?.bandMs[3] ?? 0) / HOUR_MS, hoursAt30);
  });
}

t.test(
  'a restart at any moment leaves the sums correct within a second; a power cut loses a quarter of an hour and reports it',
  async (t) => {
    const script = fc.array(
      fc.record({ waitMs: fc.integer({ min: 1_000, max: 5 * HOUR_MS }), levelPct: fc.integer({ min: 0, max: 100 }) }),
      {
        minLength: 3,
        maxLength: 20,
      },
    );
    await fc.assert(
      fc.asyncProperty(script, fc.nat(19), fc.constantFrom('stop' as const, 'kill' as const), async (steps, cutAt, how) => {
        const [plain, cut] = [createEnergyRig(paris('2026-12-01 15:00')), createEnergyRig(paris('2026-12-01 15:00'))];
        for (const street of [plain, cut]) await street.start();
        for (const [index, { waitMs, levelPct }] of steps.entries()) {
          if (index === cutAt) await cut.restart(how);
          for (const street of [plain, cut]) {
            street.set(at(levelPct));
            for (let leftMs = waitMs; leftMs > 0; leftMs -= 60_000) await street.pass(Math.min(leftMs, 60_000));
          }
        }
        const [a, b] = [await plain.tracker.nights('2026-12-01', '2026-12-31'), await cut.tracker.nights('2026-12-01', '2026-12-31')];
        if (a === undefined || b === undefined) return false;
        const lost = sumWh(a) - sumWh(b);
        if (how === 'stop')
          return a.length === b.length && a.every(({ tally }, index) => isAlike(b[index]?.tally.zones ?? {}, tally.zones, 1_000));
        const away = b.reduce((sum, { tally }) => sum + tally.awayMs, 0);
        // 180 W at most for sixteen minutes.
        return lost > -0.1 && lost <= 180 * (16 / 60) + 0.1 && away <= 16 * 60_000 && (lost < 0.1 || away > 0);
      }),
      { numRuns: 25 },
    );
    t.pass('held for all generated nights');
  },
);

t.test('a clock that is set, forwards or back, over one noon or many, loses no hour and counts none twice', async (t) => {
  const script = fc.array(
    fc.record({
      waitMs: fc.integer({ min: 1_000, max: 3 * HOUR_MS }),
      stepMs: fc.oneof(fc.constant(0), fc.integer({ min: -3 * DAY_MS, max: 3 * DAY_MS })),
    }),
    { minLength: 1, maxLength: 25 },
  );
  await fc.assert(
    fc.asyncProperty(script, fc.nat(24), async (steps, cutAt) => {
      const street = createEnergyRig(paris('2026-12-10 15:00'));
      street.set(at(100));
      await street.start();
      for (const [index, { waitMs, stepMs }] of steps.entries()) {
        street.step(stepMs);
        await street.pass(waitMs);
        if (index === cutAt) await street.restart('stop');
      }
      const kept = (await street.tracker.nights('2026-01-01', '2027-12-31')) ?? [];
      const countedMs = kept.reduce((sum, { tally }) => sum + litMs(tally), 0);
      return Math.abs(countedMs - steps.reduce((sum, { waitMs }) => sum + waitMs, 0)) < 1_000;
    }),
    { numRuns: 60 },
  );
  t.pass('held for all generated clocks');
});

t.test('while the time is not known no night ends; the count is added to the night in which it becomes known', async (t) => {
  const street = createEnergyRig(paris('2026-12-01 12:00'));
  street.set(at(100));
  await street.start();
  await street.pass(2 * HOUR_MS);
  await street.restart('stop');
  street.trust('none');
  street.step(-20 * 365 * DAY_MS);
  await street.restart('stop', HOUR_MS);
  for (let hour = 0; hour < 3; hour++) await street.pass(HOUR_MS);
  await street.restart('stop');
  await street.pass(HOUR_MS);
  street.step(20 * 365 * DAY_MS);
  street.trust('synced');
  await street.pass(HOUR_MS);
  t.strictSame(await street.nights(), [['2026-12-01', 7]]);
  const [kept] = (await street.tracker.nights('2026-12-01', '2026-12-01')) ?? [];
  t.match(kept?.tally, { undatedMs: 5 * HOUR_MS, zones: { path: { nights: 1, lampNights: 2 } } });
});

t.test('hours without the agent are reported, not counted', async (t) => {
  const street = createEnergyRig(paris('2026-12-01 18:00'));
  street.set(at(100));
  await street.start();
  await street.pass(HOUR_MS);
  await street.restart('stop', 2 * HOUR_MS);
  await street.pass(HOUR_MS);
  const [kept] = (await street.tracker.nights('2026-12-01', '2026-12-01')) ?? [];
  t.match(kept, { isOpen: true, tally: { awayMs: 2 * HOUR_MS } });
  t.equal(litH(kept?.tally ?? NO_TALLY), 2);
});
