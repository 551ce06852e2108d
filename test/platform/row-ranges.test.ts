import t from 'tap';
import { readRowsMark } from './row-ranges.ts';

t.test('a mark is read, and nothing else is', async (t) => {
  t.strictSame(readRowsMark('a1b2c3d4:1204-1210:2/3'), { epoch: 'a1b2c3d4', from: 1_204, to: 1_210, part: 2, parts: 3, isAgain: false });
  t.match(readRowsMark('a1b2c3d4:1-1:1/1:again'), { isAgain: true });
  for (const text of ['', 'a:2-1:1/1', 'a:1-2:3/2', 'a:1-2:0/2', 'a:1-2', 'a:1-2:1/1:x', ':1-2:1/1'])
    t.equal(readRowsMark(text), undefined, text);
});
