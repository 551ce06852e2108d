import t from 'tap';
import type { SavingsResult } from '../../../../agent/core/savings-view.ts';
import { emptyZone, NO_TALLY } from '../../../../agent/diagnosis/energy-tally.ts';
import type { KeptNights } from '../../../../agent/diagnosis/energy-tracker.ts';
import { isNightDate, nightDates, reportNights, yearBefore } from '../../../../agent/diagnosis/reports/report-nights.ts';
import { bestOf, usedEnergy } from '../../../../agent/diagnosis/reports/used-energy.ts';
import { finished } from './report-scene.ts';

const kept = (period: string, nights = 1, isOpen = false): KeptNights => ({
  ...{ period, isOpen },
  tally: { ...NO_TALLY, zones: { z: { ...emptyZone(2), nights, wh: 100 * nights } }, awayMs: 1 },
});

t.test('nights that were not counted are named, and the last one may go on', async (t) => {
  const nights = finished(reportNights('2026-12-01', '2026-12-04', [kept('2026-12-01'), kept('2026-12-04', 1, true)]));
  t.match(nights, { expected: 4, counted: 2, missing: ['2026-12-02', '2026-12-03'], partMonths: [], isOpen: true });
  t.equal(nights.sum.zones['z']?.wh, 200);
});

t.test('a month of which only the sum is kept counts if all its nights are in the range', async (t) => {
  const stored = [kept('2024-11', 28), kept('2024-12-01')];
  t.match(finished(reportNights('2024-11-01', '2024-12-01', stored)), { expected: 31, counted: 29, missing: [], partMonths: [] });
  const part = finished(reportNights('2024-11-15', '2024-12-01', stored));
  t.match(part, { expected: 17, counted: 1, partMonths: ['2024-11'] });
  t.equal(part.missing.length, 16, 'its nights are in no sum');
});

t.test('a month of which only some nights are proven has the energy of all its nights', async (t) => {
  const month = kept('2024-12', 31);
  const metered = { ...month, tally: { ...month.tally, meters: { M1: { kwh: 31, nights: 31, computedWh: 0 } } } };
  const proven = (from: number): SavingsResult => {
    const dates = nightDates(`2024-12-${from}`, '2024-12-31');
    return {
      nights: dates.map((date) => ({ date, measuredKwh: 1, estimatedKwh: 0, adjustedKwh: 2, halfKwh: 0.1 })),
    } as unknown as SavingsResult;
  };
  const used = (stored: KeptNights, savings: SavingsResult) =>
    finished(usedEnergy(finished(reportNights('2024-12-01', '2024-12-31', [stored])), savings, new Set()))[0];
  const part = used(metered, proven(31));
  t.match(part, { period: '2024-12', metered: { kwh: 31, source: 'meters' }, proof: null });
  const computed = used(month, proven(31));
  t.match(computed === undefined ? null : bestOf(computed), { kwh: 3.1, source: 'computed' }, 'without another meter it is computed');
  const meterOnly = { ...metered, tally: { ...metered.tally, zones: {} } };
  t.match(used(meterOnly, proven(31)), { metered: { kwh: 31 } });
  t.match(used(metered, proven(10)), { metered: { source: 'meters' } });
  const whole = {
    nights: [...nightDates('2024-12-01', '2024-12-09').map((date) => ({ ...proven(31).nights[0], date })), ...proven(10).nights],
  };
  t.match(used(metered, whole as unknown as SavingsResult), { metered: { kwh: 31, source: 'proof' }, proof: { referenceKwh: 62 } });
});

t.test('a range without any night has no sum', async (t) => {
  t.match(finished(reportNights('2026-12-01', '2026-12-02', [])), { counted: 0, missing: { length: 2 }, isOpen: false });
});

const years: [date: string, before: string][] = [
  ['2026-12-01', '2025-12-01'],
  ['2028-02-29', '2027-02-28'],
  ['2029-02-28', '2028-02-28'],
  ['2027-01-01', '2026-01-01'],
];

for (const [date, before] of years) t.test(`a year before ${date} is ${before}`, async (t) => t.equal(yearBefore(date), before));

t.test('dates that do not exist are none, and a range has an end', async (t) => {
  for (const text of ['2026-02-29', '2026-13-01', '2026-1-1', '', 'x', '2026-12-01T00']) t.notOk(isNightDate(text), text);
  t.ok(isNightDate('2028-02-29'));
  t.equal(nightDates('0001-01-01', '9999-12-31').length, 13 * 366);
});
