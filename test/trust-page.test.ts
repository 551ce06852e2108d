import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';

const ROOT = join(import.meta.dirname, '..');
const PAGE = readFileSync(join(ROOT, 'docs/trust.md'), 'utf8');
const [, evidence = ''] = PAGE.split('**Evidence**');
/** Evidence by its number. */
const notes = new Map(
  (evidence.split('\n## ')[0] ?? '').split(/^(?=\d+\. )/m).flatMap((text) => {
    const number = /^\d+/.exec(text)?.[0];
    return number === undefined ? [] : [[number, text] as const];
  }),
);

t.test('every cell is yes, no or limited, and what is not a right names its evidence', async (t) => {
  const rows = PAGE.split('\n').filter((line) => line.startsWith('| ') && !/^\| (what can be done|---)/.test(line));
  t.ok(rows.length >= 12);
  const used = new Set<string>();
  for (const row of rows) {
    const [what = '', ...cells] = row
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim());
    t.equal(cells.length, 8, what);
    for (const cell of cells) {
      t.match(cell, /^(yes|(no|limited)( \[\d+\])+)$/, `${what}: ${cell}`);
      for (const [, number = ''] of cell.matchAll(/\[(\d+)\]/g)) used.add(number);
    }
  }
  t.strictSame([...used].sort(), [...notes.keys()].sort(), 'and no evidence is left over or missing');
});

t.test('every test that the page names exists under that title', async (t) => {
  const named = [...PAGE.matchAll(/`(test\/[^`]+)` "([^"]+)"/g)].map(([, path = '', title = '']) => ({ path, title }));
  t.ok(named.length >= 20);
  for (const { path, title } of named) {
    const file = join(ROOT, path);
    t.ok(existsSync(file) && readFileSync(file, 'utf8').includes(title), `${path} "${title}"`);
  }
  const without = [...notes].filter(([, text]) => !/`test\/[^`]+` "/.test(text)).map(([number]) => number);
  t.strictSame(without, [], 'and each piece of evidence names one');
});
