import fc from 'fast-check';
import t from 'tap';
import { msg } from '../../../../agent/core/message.ts';
import { numberColumn, reportTable, shown, sumColumn, textColumn } from '../../../../agent/diagnosis/reports/report-table.ts';

t.test('numbers of a sum column are rounded so that they add up to the rounded sum', async (t) => {
  const table = reportTable(
    msg`T`,
    [textColumn('zone', 'Zone'), sumColumn('kwh', 'kWh', 'kWh', 1), numberColumn('pct', '%', '%', 0)],
    [
      ['a', 0.34, 33.4],
      ['b', 0.33, 33.3],
      ['c', 0.33, 33.3],
    ],
  );
  t.same(table.rows, [
    ['a', 0.4, 33],
    ['b', 0.3, 33],
    ['c', 0.3, 33],
  ]);
  t.match(table.total, [{ id: 'all' }, 1, '']);
});

const totals: [story: string, rows: (number | null | string)[], total: unknown][] = [
  ['what is not known is no zero, and the total is that of the known rows', [1.26, null, 2.31], 3.6],
  ['nothing known has no total', [null, null], null],
  ['a cell that does not apply is left', [1, ''], 1],
  ['one row needs no total', [5], undefined],
];

for (const [story, cells, total] of totals) {
  t.test(story, async (t) => {
    const table = reportTable(
      msg`T`,
      [sumColumn('kwh', 'kWh', 'kWh', 1)],
      cells.map((cell) => [cell]),
    );
    t.equal(table.total?.[0], total);
    t.same(
      table.rows.map(([cell]) => cell === null),
      cells.map((cell) => cell === null),
    );
  });
}

t.test('any numbers add up as they are shown, and none is off by a unit', async (t) => {
  const numbers = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 2, maxLength: 40 });
  fc.assert(
    fc.property(numbers, fc.nat(3), (values, decimals) => {
      const { rows, total } = reportTable(
        msg`T`,
        [sumColumn('kwh', '', '', decimals)],
        values.map((value) => [value]),
      );
      const cells = rows.map(([cell]) => Number(cell));
      const sum = cells.reduce((all, cell) => all + cell, 0);
      const unit = 10 ** -decimals;
      return (
        Math.abs(sum - Number(total?.[0])) < unit / 100 && cells.every((cell, at) => Math.abs(cell - (values[at] ?? 0)) < unit * (1 + 1e-6))
      );
    }),
  );
  t.pass('held for all');
});

t.test('rounding shows no negative zero', async (t) => {
  t.ok(Object.is(shown(-0.001, 1), 0));
  t.equal(shown(null, 1), null);
});
