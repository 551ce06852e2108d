import fc from 'fast-check';
import t from 'tap';
import { COMMANDS } from '../../../../agent/console/commands.ts';
import { commandHelp } from '../../../../agent/console/shell/command-help.ts';
import { wrap } from '../../../../agent/console/text/text-lines.ts';
import { tableLines } from '../../../../agent/console/text/text-table.ts';
import { msg } from '../../../../agent/core/message.ts';

const cases: readonly [why: string, text: string, widthCols: number, lines: readonly string[]][] = [
  ['a number keeps its sign', 'it was raised to 100 % by hand', 19, ['it was raised to', '100 % by hand']],
  ['French punctuation stays with its word', "voir l'adresse 21 : pas de reponse", 18, ["voir l'adresse", '21 : pas de', 'reponse']],
  ['so does a sign with a comma behind it', 'dimmed to 40 %, until six', 12, ['dimmed to', '40 %, until', 'six']],
  ['a sign that begins a word is a word', 'see %OK and ?x', 8, ['see %OK', 'and ?x']],
  [
    'a port is broken behind its separators',
    '/dev/serial/by-path/platform-3f980000.usb-usb-0:1.1:1.0-port0',
    28,
    ['/dev/serial/by-path/', 'platform-3f980000.usb-usb-0:', '1.1:1.0-port0'],
  ],
  ['a separator near the start would leave the line empty', 'a/bcdefghijklmnopqrst', 8, ['a/bcdefg', 'hijklmno', 'pqrst']],
  ['a list without blanks goes on behind a comma', '["L01","L02","L03"]', 14, ['["L01","L02",', '"L03"]']],
  ['one column', 'a/b', 1, ['a', '/', 'b']],
  ['a word that fills its line lets the sign go', 'abcdefgh ; ij', 8, ['abcdefgh', '; ij']],
];
for (const [why, text, widthCols, lines] of cases) t.test(why, async (t) => t.strictSame(wrap(text, widthCols), lines));

t.test('a column that wraps breaks its text the same way', async (t) => {
  const columns = [{ title: msg`Id` }, { title: msg`What`, wraps: true }] as const;
  t.strictSame(tableLines(columns, [['L1', "ne repond pas ; voir l'adresse 21 : pas de reponse"]], 32), [
    'Id  What',
    'L1  ne repond pas ; voir',
    "    l'adresse 21 : pas de",
    '    reponse',
  ]);
});

t.test('a broken word loses no letter, and no part is wider than the line', async (t) => {
  fc.assert(
    fc.property(fc.stringMatching(/^[a-z0-9/,;:=.-]{1,90}$/), fc.integer({ min: 1, max: 40 }), (word, widthCols) => {
      const lines = wrap(word, widthCols);
      return lines.join('') === word && lines.every((line) => line.length <= widthCols);
    }),
  );
  t.pass('held for all words');
});

t.test('the help of every command fits a terminal of any width that a session allows', async (t) => {
  for (const widthCols of [20, 24, 40, 50, 80, 132])
    for (const command of COMMANDS) {
      const [usage = '', ...lines] = commandHelp(command, widthCols, String);
      const examples = command.examples.length;
      const wide = [usage, ...lines.slice(0, lines.length - examples)].filter((line) => line.length > widthCols);
      t.same(wide, [], `${command.name} at ${widthCols} columns`);
    }
  t.same(wrap('abc', -5), ['a', 'b', 'c']);
});
