import fc from 'fast-check';
import t from 'tap';
import { type TableColumn, tableLines } from '../../../../agent/console/text/text-table.ts';
import { msg } from '../../../../agent/core/message.ts';

const red = (text: string): string => `\u001b[31m${text}\u001b[39m`;
const COLUMNS: readonly TableColumn[] = [
  { title: msg`Lamp`, maxCols: 6 },
  { title: msg`Level`, align: 'right' },
  { title: msg`Why`, wraps: true },
];

t.test('a cell that is too long is cut, its colour ends before the sign', async (t) => {
  const rows = [
    ['L07', '80 %'],
    ['a-long-name', '5 %'],
    [red('silent one'), ''],
  ];
  t.strictSame(tableLines(COLUMNS.slice(0, 2), rows, 80), ['Lamp    Level', 'L07      80 %', 'a-lon~    5 %', `${red('silen')}~`]);
});

t.test('in a table that wraps, each cell is broken between words, and a colour continues in the next line', async (t) => {
  const rows = [
    ['L07', '80 %', 'somebody walks under the sensor of pole P03, and 40 % is the least'],
    ['two words', '5 %', red('a state that runs on over two lines of its column')],
  ];
  t.strictSame(tableLines(COLUMNS, rows, 50), [
    'Lamp    Level  Why',
    'L07      80 %  somebody walks under the sensor of',
    '               pole P03, and 40 % is the least',
    `two       5 %  ${red('a state that runs on over two lines')}`,
    `words          ${red('of its column')}`,
  ]);
});

t.test('no table is wider than the page, whatever its content', async (t) => {
  const cell = fc.stringMatching(/^[a-z %.-]{0,40}$/);
  fc.assert(
    fc.property(fc.array(fc.tuple(cell, cell, cell)), fc.integer({ min: 60, max: 132 }), (rows, widthCols) =>
      tableLines(COLUMNS, rows, widthCols).every((line) => line.length <= widthCols && line === line.trimEnd()),
    ),
  );
  t.pass('held for all tables');
});
