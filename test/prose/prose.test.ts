import t from 'tap';
import { MOST_EXCEPTIONS, PROSE_EXCEPTIONS } from './exceptions.ts';
import { longSentencesIn, proseFiles, proseHitsIn, withExceptions } from './prose.ts';
import { PROSE_RULES } from './rules.ts';

const rulesIn = (file: string, text: string): string[] => proseHitsIn(file, text).map(({ rule }) => rule);

t.test('each rule finds its own example, in a comment and in a page', async (t) => {
  for (const { name, example } of PROSE_RULES) {
    t.ok(rulesIn('a.ts', `/** ${example} */\n`).includes(name), `${name} in a comment`);
    t.ok(rulesIn('a.md', `# A page\n\n${example}\n`).includes(name), `${name} in a page`);
  }
});

t.test('sentences, and what is found in them', async (t) => {
  const sentences: [string, string[]][] = [
    ['Returns the units that answered.', []],
    ['Nobody was told.', ['nobody', 'told']],
    ['A late reply cannot be told from the next one; the two are told apart.', []],
    ['It is as a\nrule late.', ['as a rule']],
    ['It runs unless told otherwise.', []],
    ['It tells a dead unit from a dead register.', []],
    ['The broker speaks MQTT 3.1.1.', []],
    ['The operator knows the street.', []],
    ['The unit that knows no such register answers with an exception.', ['knows']],
    ['Knows no table.', ['knows']],
    ['First line.\nHears the last one.', ['hears']],
    ['Report the tells of a fault.', []],
    ['The client wants it; technicians want light.', ['wants']],
    ['The cabinet never tells it.', ['tells']],
    ['The operator who may commit is named.', []],
    ['Who may commit?', []],
    ['Who commits is named.', ['starts with who']],
    ['Name it. Who commits is named.', ['starts with who']],
    ['The first of a group is kept.', []],
    ['Of the 41 readings one.', ['starts with of']],
    ['Of two levels the higher one.', []],
    ['There are two.', []],
    ['Null where it was not there.', ['is there']],
    ['It is there that the level is read.', []],
    ['The release was taken back.', ['taken back']],
  ];
  for (const [sentence, found] of sentences) {
    t.strictSame(rulesIn('a.md', sentence), found, sentence);
    t.strictSame(rulesIn('a.ts', `const a = 1; /* ${sentence} */`), found, sentence);
  }
});

t.test('only prose is read: neither code nor quotations', async (t) => {
  t.strictSame(
    proseHitsIn(
      'a.ts',
      [
        '/**',
        ' * Returns the rows.',
        ' * Each of them is in',
        ' *   vain.',
        ' */',
        `const told = 'nobody // told' + \`told // told \${/* told */ 1}\` + /told\\/\\*nobody/;`,
        '// biome-ignore lint/x: nobody',
        '// The field `nobody` is written by "nobody".',
        '// Two lines are in',
        '// vain.',
        'const f = () => { /* anew */ };',
      ].join('\n'),
    ).map(({ line, rule }) => `${line} ${rule}`),
    ['3 in vain', '6 told', '9 in vain', '11 anew'],
  );
  t.strictSame(
    proseHitsIn('a.md', '# Told\n\n```\ntold\n```\n\n- `told` [a page](told.md)\n- "told"\n\n| told | anew |\n<!-- told -->\n').map(
      ({ line, rule }) => `${line} ${rule}`,
    ),
    ['1 told', '10 told', '10 anew'],
  );
  t.strictSame(
    proseHitsIn('a.po', 'msgid ""\n"{0} is in "\n"vain"\nmsgstr "told"\n').map(({ line, rule }) => `${line} ${rule}`),
    ['2 in vain'],
    'an English template',
  );
});

t.test('an export of agent or drivers without a docstring is found', async (t) => {
  const found: [string, string[]][] = [
    ['export const A = 1;', ['1 no docstring']],
    ['/** The first. */\nexport const A = 1;', []],
    ['// The first.\nexport const A = 1;', ['2 no docstring']],
    ['/* The first. */\nexport const A = 1;', ['2 no docstring']],
    ['/** The file. */\n\nexport const A = 1;', ['3 no docstring']],
    ['/** The file. */\n\n/** The first. */\nexport const A = 1;', []],
    ['/** The first. */\n// biome-ignore lint/x: y\nexport const A = 1;', []],
    ['const A = 1;\nfunction f() {}\ninterface B {}', []],
    ['export interface B {}\nexport type C = B;\nexport class D {}', ['1 no docstring', '2 no docstring', '3 no docstring']],
    ['export abstract class D {}\nexport async function f() {}\nexport enum E {}', ['1 no docstring', '2 no docstring', '3 no docstring']],
    ['export default 1;\nexport default function () {}', ['1 no docstring', '2 no docstring']],
    ["export { A } from './a.ts';\nexport type { B } from './a.ts';\nexport * from './a.ts';", []],
    ['const A = 1;\n/** The second. */\nconst B = 2;\nexport { A, B as C };', ['1 no docstring']],
    ['/** Returns it. */\nexport function f(a: 1): 1;\nexport function f(a: 2): 2;\nexport function f(a: number) { return a; }', []],
    ['export function f(a: 1): 1;\n/** Returns it. */\nexport function f(a: number) { return a; }', ['1 no docstring']],
  ];
  for (const [text, hits] of found) {
    for (const file of ['agent/a.ts', 'drivers/b/c.ts'])
      t.strictSame(
        proseHitsIn(file, text).map(({ line, rule }) => `${line} ${rule}`),
        hits,
        text,
      );
  }
  for (const file of ['test/a.ts', 'a.ts', 'agent/luciole.js', 'docs/a.md'])
    t.strictSame(proseHitsIn(file, 'export const A = 1;'), [], file);
});

t.test('a long sentence is counted', async (t) => {
  const words = (count: number): string => `${'word '.repeat(count - 1)}word.`;
  t.equal(longSentencesIn('a.md', `The ${words(29)} The ${words(30)}\n\n- ${words(31)}\n`), 2);
  t.equal(longSentencesIn('a.ts', `// ${words(16)}\nconst a = 1;\n// ${words(16)}\n`), 0, 'two comments are two');
});

t.test('an exception covers one rule at one place, and each is needed', async (t) => {
  const hits = proseHitsIn('a.md', 'Told.\n\nTold anew.\n\nNobody.\n');
  const exceptions = [
    { file: 'a.md', rule: 'told', text: 'Told anew', reason: '' },
    { file: 'b.md', rule: 'nobody', text: 'Nobody', reason: '' },
  ];
  const { left, unused } = withExceptions(hits, exceptions);
  t.strictSame(
    left.map(({ line, rule }) => `${line} ${rule}`),
    ['1 told', '3 anew', '5 nobody'],
  );
  t.strictSame(unused, [exceptions[1]]);
});

t.test('the exceptions of the tree are few, explained, and each covers something', async (t) => {
  t.ok(PROSE_EXCEPTIONS.length <= MOST_EXCEPTIONS, `${PROSE_EXCEPTIONS.length} exceptions`);
  t.ok(PROSE_EXCEPTIONS.every(({ reason }) => reason.length > 10));
  const files = proseFiles();
  t.ok(files.length > 1_000, `${files.length} files were read`);
  const excepted = files.filter(({ file }) => PROSE_EXCEPTIONS.some((exception) => exception.file === file));
  t.strictSame(
    withExceptions(
      excepted.flatMap(({ file, text }) => proseHitsIn(file, text)),
      PROSE_EXCEPTIONS,
    ).unused,
    [],
  );
});
