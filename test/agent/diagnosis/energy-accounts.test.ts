/** Cost and emissions of energy from dated prices and factors. */
import t from 'tap';
import type { EnergyAccounts } from '../../../agent/core/energy-accounts.ts';
import { type EnergyPart, energyCost, energyEmissions } from '../../../agent/diagnosis/energy-accounts.ts';

const ACCOUNTS: EnergyAccounts = {
  currency: 'EUR',
  // Not in the order of time.
  prices: [
    { from: '2026-08-01', tariff: null, perKwh: 0.3 },
    { from: '2026-02-01', tariff: null, perKwh: 0.2 },
    { from: '2026-02-01', tariff: 't1', perKwh: 0.1 },
  ],
  co2Factors: [
    { from: '2026-01-01', gramsPerKwh: 40, source: 'a publication, 2025' },
    { from: '2025-01-01', gramsPerKwh: 50, source: 'a publication, 2024' },
  ],
};
const kwh = (day: string, tariff: string | null = null, amount = 10): EnergyPart => ({ day, tariff, kwh: amount });

const costs: [story: string, parts: EnergyPart[], cost: number, unpricedKwh: number][] = [
  ['nothing', [], 0, 0],
  ['before the first price', [kwh('2026-01-31')], 0, 10],
  ['on its first day', [kwh('2026-02-01')], 2, 0],
  ['on the last day before the next', [kwh('2026-07-31')], 2, 0],
  ['after the change', [kwh('2026-08-01')], 3, 0],
  ['a tariff period with its own price keeps it', [kwh('2026-09-01', 't1')], 1, 0],
  ['one without its own has that of all others', [kwh('2026-09-01', 't2')], 3, 0],
  ['both, and some without a price', [kwh('2026-03-01', 't1', 5), kwh('2026-03-01', 't2', 5), kwh('2025-03-01', 't1', 7)], 1.5, 7],
];
for (const [story, parts, cost, unpricedKwh] of costs) {
  t.test(`cost: ${story}`, async (t) => {
    const found = energyCost(parts, ACCOUNTS);
    t.ok(Math.abs(found.cost - cost) < 1e-12, `${found.cost}`);
    t.match(found, { currency: 'EUR', unpricedKwh });
    t.equal(
      found.byTariff.reduce((sum, each) => sum + each.kwh, 0),
      parts.reduce((sum, each) => sum + each.kwh, 0),
    );
  });
}

t.test('without prices nothing costs, and all of it is stated as without a price', async (t) => {
  t.strictSame(energyCost([kwh('2026-03-01')], { ...ACCOUNTS, prices: [] }), {
    ...{ currency: 'EUR', cost: 0, unpricedKwh: 10, byTariff: [{ tariff: null, kwh: 10, cost: 0, unpricedKwh: 10 }] },
  });
});

t.test('each day has the factor in force, and the factors are named with their energy', async (t) => {
  const found = energyEmissions([kwh('2024-12-31', null, 3), kwh('2025-12-31'), kwh('2026-01-01'), kwh('2026-06-01')], ACCOUNTS);
  t.ok(Math.abs(found.kgCo2e - (10 * 0.05 + 20 * 0.04)) < 1e-12);
  t.equal(found.withoutFactorKwh, 3);
  t.strictSame(
    found.factors.map(({ from, kwh: amount }) => [from, amount]),
    [
      ['2025-01-01', 10],
      ['2026-01-01', 20],
    ],
  );
});
