import t from 'tap';
import { wrap } from '../../../../agent/console/text/text-lines.ts';
import { tableLines } from '../../../../agent/console/text/text-table.ts';

const cases: readonly [why: string, text: string, widthCols: number, lines: readonly string[]][] = [
  ['a number keeps its sign', 'it was raised to 100 % by hand', 19, ['it was raised to', '100 % by hand']],
  ['French punctuation stays with its word', "voir l'adresse 21 : pas de reponse", 18, ["voir l'adresse", '21 : pas de', 'reponse']],
  ['so does a sign with a comma behind it', 'dimmed to 40 %, until six', 12, ['dimmed to', '40 %, until', 'six']],
  ['a sign that begins a word is a word', 'see %OK and ?x', 8, ['see %OK', 'and ?x']],
  ['a word that fills its line lets the sign go', 'abcdefgh ; ij', 8, ['abcdefgh', '; ij']],
];
for (const [why, text, widthCols, lines] of cases) t.test(why, async (t) => t.strictSame(wrap(text, widthCols), lines));

t.test('a column that wraps breaks its text the same way', async (t) => {
  const columns = [{ title: 'Id' }, { title: 'What', wraps: true }] as const;
  t.strictSame(tableLines(columns, [['L1', "ne repond pas ; voir l'adresse 21 : pas de reponse"]], 32), [
    'Id  What',
    'L1  ne repond pas ; voir',
    "    l'adresse 21 : pas de",
    '    reponse',
  ]);
});
