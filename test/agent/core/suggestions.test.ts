import fc from 'fast-check';
import t from 'tap';
import { closest, nearest } from '../../../agent/core/suggestions.ts';

t.test('the nearest word is the one with the fewest wrong letters', async (t) => {
  t.equal(nearest('stauts', ['status', 'points']), 'status');
  t.equal(nearest('x', ['status']), undefined);
  fc.assert(
    fc.property(
      fc.array(fc.string({ minLength: 1 }), { minLength: 1 }),
      (words) => nearest(words[0] ?? '', words)?.toLowerCase() === words[0]?.toLowerCase(),
    ),
  );
});

t.test('all words that are as close are named, and none that is far', async (t) => {
  t.strictSame(closest('lod', ['log', 'load', 'store']), ['load', 'log']);
  t.strictSame(closest('xyzzy', ['status', 'log']), []);
  t.strictSame(closest('STATUS', ['status']), [], 'case counts');
});
