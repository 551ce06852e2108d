import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import { stringify } from 'yaml';
import { controlledPlace, MAX_NESTING, textRefusal } from '../../../../agent/config/load/text-bounds.ts';
import { Message, NO_TEXT } from '../../../../agent/core/message.ts';

const ROOT = join(import.meta.dirname, '../../../..');
const DEEP = new RegExp(`^line (\\d+) has more than ${MAX_NESTING} lists or sections within each other`);
const refusedAt = (text: string): number => Number(DEEP.exec(String(textRefusal(text)))?.[1] ?? 0);

t.test('control characters are refused at their line; text, tabs and line ends of all kinds are not', async (t) => {
  const fine = ['a: b\n', 'a:\tb\r\n', 'name: Rue de l\u2019Église 🌃\n', '\ufeffa: b', '', '\u00a0', 'a: "\\e[2J"'];
  for (const text of fine) t.equal(textRefusal(text), NO_TEXT, JSON.stringify(text));
  for (const [char, code] of [
    ['\u0000', '0000'],
    ['\u001b', '001B'],
    ['\u0007', '0007'],
    ['\u007f', '007F'],
    ['\u0085', '0085'],
    ['\u009b', '009B'],
    ['\r', '000D'],
    ['\v', '000B'],
    ['\f', '000C'],
    ['\u202e', '202E'],
    ['\u2066', '2066'],
    ['\u200f', '200F'],
    ['\u2028', '2028'],
  ] as const)
    t.equal(String(textRefusal(`a: b\n# c ${char}d\n`)), `line 2 contains the control character U+${code}: remove it`);
});

t.test('every file of this program is far from the bound', async (t) => {
  const files = ['config', 'drivers/profiles'].flatMap((dir) => readdirSync(join(ROOT, dir)).map((name) => join(ROOT, dir, name)));
  const texts = files.filter((file) => /\.ya?ml$/.test(file)).map((file) => readFileSync(file, 'utf8'));
  t.ok(texts.length > 20);
  for (const text of texts) t.equal(textRefusal(text), NO_TEXT);
  const wider = texts.map((text) => text.replaceAll(/^( *)/gm, '$1'.repeat(2)));
  for (const text of wider) t.equal(textRefusal(text), NO_TEXT, 'with twice the indentation too');
});

t.test('parts within parts are refused at the line that passes the bound, however they are written', async (t) => {
  const n = MAX_NESTING;
  const lines = (count: number, line: (i: number) => string) => Array.from({ length: count }, (_, i) => line(i)).join('\n');
  const rows: readonly (readonly [how: string, text: (depth: number) => string, line: (limit: number) => number])[] = [
    ['brackets', (d) => '['.repeat(d), () => 1],
    ['braces with keys', (d) => '{a: '.repeat(d), () => 1],
    ['brackets line by line', (d) => lines(d, () => '['), (d) => d],
    ['brackets between comments that close', (d) => lines(d, () => '[ # ]'), (d) => d],
    ['brackets between quotes that close', (d) => lines(d, () => `[ "]", ']', "\\"]",`), (d) => d],
    ['brackets after words with quotes in them', (d) => lines(d, () => `[ it's ], # '\n[ x'y, `), (d) => 2 * d - 0],
    ['brackets after a quote over two lines', (d) => lines(d, () => '[ "\n]]",'), (d) => 2 * d - 1],
    ['indented sections', (d) => lines(d, (i) => `${' '.repeat(i)}a:`), (d) => d],
    ['dashes in a row', (d) => '- '.repeat(d), () => 1],
    ['question marks in a row', (d) => '? '.repeat(d), () => 1],
    ['dashes line by line', (d) => lines(d, (i) => `${' '.repeat(i)}-`), (d) => d],
  ]; // biome-ignore format: a table
  for (const [how, text, line] of rows) {
    t.equal(refusedAt(text(n - 2)), 0, `${how}: fewer are taken`);
    t.equal(refusedAt(text(n * 2)) > 0, true, how);
    for (const times of [10, 1_000]) t.ok(refusedAt(text(n * times)) <= line(n + 2), `${how}, ${times} times as many, at the same line`);
  }
});

t.test('brackets that are only text are no nesting', async (t) => {
  const many = (text: string) => Array.from({ length: 500 }, () => text).join('\n');
  for (const text of [
    '# [ {',
    'a: x [ {',
    'a: "[ {"',
    "a: '[ {' # '",
    'a: |\n  [ {\n  # "',
    '- >-\n    { [\n    - - -',
    '- |-\n  line [\n  - x {',
    '- - >-\n    line [\n    { x',
    'a:\n  - |\n    line [',
    "a: b # it's [",
    '- { a: "[", b: \'{\' }',
    "a: l'avenue [",
    '- a: [b, c]\n  d: {e: f}',
  ])
    t.equal(textRefusal(`${many(text)}\n`), NO_TEXT, text);
});

t.test('the counted depth of text written by the library, in either style, is exact or one too high', async (t) => {
  const word = fc.constantFrom('a', "it's", '[x', 'x]', '# no', '"', '- y', 'a: b', '{', '|', 'line\nbreak [\n- x', '');
  const { value } = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 45, depthSize: 'max', withCrossShrink: true },
      word,
      fc.array(tie('value'), { minLength: 1, maxLength: 2 }),
      fc.dictionary(word, tie('value'), { minKeys: 1, maxKeys: 2 }),
    ),
  }));
  const wrapped = fc
    .tuple(value, fc.array(fc.boolean(), { maxLength: 45, size: 'max' }))
    .map(([inner, around]) => around.reduce<unknown>((of, isList) => (isList ? [of] : { a: of }), inner));
  const depthOf = (of: unknown): number => (typeof of === 'object' && of !== null ? 1 + Math.max(0, ...Object.values(of).map(depthOf)) : 0);
  let [taken, refused] = [0, 0];
  fc.assert(
    fc.property(wrapped, fc.boolean(), (of, isFlow) => {
      const text = stringify(of, { collectionStyle: isFlow ? 'flow' : 'block', lineWidth: 0 });
      const isRefused = refusedAt(text) > 0;
      if (isRefused) refused += 1;
      else taken += 1;
      return isRefused ? depthOf(of) + 1 > MAX_NESTING : depthOf(of) <= MAX_NESTING;
    }),
    { numRuns: 400 },
  );
  t.ok(taken > 20 && refused > 20, `${taken} taken, ${refused} refused`);
});

t.test('the largest file is read in one pass, whatever its content', async (t) => {
  for (const part of ['[', "'", '"', '\\"', '- ', '#', ' #', ': ', '|\n', '{"a":', ']', '&a ', '[ # ]\n', "[ '\n", '\r\n'])
    t.type(textRefusal(part.repeat(Math.ceil(524_288 / part.length))), Message, JSON.stringify(part));
});

t.test('a control character or line end behind an escape is found at its place', (t) => {
  t.equal(controlledPlace({ name: 'Rue', lines: [{ id: 'north' }] }), null);
  t.equal(controlledPlace({ name: '\u001b[2J' }), 'name');
  t.equal(controlledPlace({ name: 'Rue \u202egnp' }), 'name', 'a mark of writing direction');
  t.equal(controlledPlace({ name: 'شارع القدس', next: 'Церковь 👩\u200d🔧' }), null, 'a name in any script');
  t.equal(controlledPlace({ profiles: { x: { notes: 'one\ntwo' } } }), null);
  t.equal(controlledPlace({ a: { b: [{ c: 'x' }, { c: 'x\nend' }] } }), 'a.b[1].c');
  t.end();
});
