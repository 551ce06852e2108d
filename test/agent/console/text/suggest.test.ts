import fc from 'fast-check';
import t from 'tap';
import { nearest } from '../../../../agent/console/text/suggest.ts';

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
