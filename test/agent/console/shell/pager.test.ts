import t from 'tap';
import type { Key } from '../../../../agent/console/shell/keys.ts';
import { createPager } from '../../../../agent/console/shell/pager.ts';

const SPACE = { kind: 'text', text: ' ', pasted: false } as const;
const shownBy = (out: string): string[] => out.replace(/--More--$/, '').match(/.+(?=\n)/g) ?? [];

t.test('a page is full of rows, not of lines: a line wider than the terminal takes several', async (t) => {
  const lines = ['a'.repeat(80), 'b'.repeat(81), 'c', 'd', 'e'];
  const pager = createPager(lines, { rows: 5, widthCols: 80 }, 'help');
  const first = pager.start();
  t.strictSame(shownBy(first.out), lines.slice(0, 3), 'one row, two rows, one row, and the question');
  t.notOk(first.isDone);
  const second = pager.press(SPACE);
  t.strictSame(shownBy(second.out).slice(-2), ['d', 'e']);
  t.ok(second.isDone);
});

t.test('a line that no page can hold is shown whole, and none is lost', async (t) => {
  const wide = 'w'.repeat(1_000);
  const pager = createPager(['a', wide, 'b'], { rows: 5, widthCols: 80 }, 'help');
  t.strictSame(shownBy(pager.start().out), ['a']);
  t.match(pager.press(SPACE).out, wide);
  t.match(pager.press(SPACE), { out: /b\n$/, isDone: true });
});

t.test('a terminal without a height is never stopped', async (t) => {
  const lines = Array.from({ length: 300 }, (_, index) => `${index}`.padEnd(100, '.'));
  const { out, isDone } = createPager(lines, { rows: 0, widthCols: 80 }, 'help').start();
  t.ok(isDone);
  t.strictSame(shownBy(out), lines);
});

const keys = (text: string): Key[] =>
  [...text].map((char) =>
    char === '\n' ? { kind: 'control', name: 'enter', pasted: false } : { kind: 'text', text: char, pasted: false },
  );

for (const line of ['help release L03', 'find x', 'quit all', 'n L03', ' release L03', 'x'])
  t.test(`a line that arrives at --More-- is left whole: ${line}`, async (t) => {
    const pager = createPager(['1', '2', '3', '4', '5', '6', '7', '8'], { rows: 3, widthCols: 80 }, 'help');
    pager.start();
    const [first, ...rest] = keys(line);
    t.match(pager.press(first as Key, rest), { isDone: true, isForLine: true });
  });

for (const typed of [' ', 'f', 'j', '\n', 'q', '?', '  ', '\n\n', ' q', 'jjj'])
  t.test(`the pager keeps its own keys, even if they are typed ahead: ${JSON.stringify(typed)}`, async (t) => {
    const pager = createPager(Array.from({ length: 40 }, String), { rows: 3, widthCols: 80 }, 'help');
    pager.start();
    const all = keys(typed);
    for (const [index, key] of all.entries()) {
      const end = all.findIndex((each, at) => at > index && each.kind === 'control');
      t.not(pager.press(key, all.slice(index + 1, end < 0 ? undefined : end)).isForLine, true);
    }
  });
