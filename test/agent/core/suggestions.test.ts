import fc from 'fast-check';
import t from 'tap';
import { msg } from '../../../agent/core/message.ts';
import { closest, didYouMeanKey, nearest } from '../../../agent/core/suggestions.ts';

t.test('the closest word is the one with the fewest wrong letters', async (t) => {
  t.equal(nearest('stauts', ['status', 'points']), 'status');
  t.equal(nearest('x', ['status']), undefined);
  fc.assert(
    fc.property(
      fc.array(fc.string({ minLength: 1 }), { minLength: 1 }),
      (words) => nearest(words[0] ?? '', words)?.toLowerCase() === words[0]?.toLowerCase(),
    ),
  );
});

t.test('all equally close words are named, and no distant one', async (t) => {
  t.strictSame(closest('lod', ['log', 'load', 'store']), ['load', 'log']);
  t.strictSame(closest('xyzzy', ['status', 'log']), []);
  t.strictSame(closest('STATUS', ['status']), [], 'case counts');
});

t.test('a key is found by its words, whatever the unit at its end', async (t) => {
  const keys = ['id', 'minPct', 'minClass', 'ratedPowerW', 'latitudeDeg', 'holdS', 'rampUpS', 'rampDownS', 'fastRampS', 'rampS'];
  const cases: [typed: string, said: string][] = [
    ['latitude', '; did you mean "latitudeDeg"?'],
    ['lat', '; did you mean "latitudeDeg"?'],
    ['LATITUDE_DEG', '; did you mean "latitudeDeg"?'],
    ['power', '; did you mean "ratedPowerW"?'],
    ['power-rated', '; did you mean "ratedPowerW"?'],
    ['min', '; did you mean one of minPct, minClass?'],
    ['hodlS', '; did you mean "holdS"?'],
    ['ramp', '; did you mean "rampS"?'],
    ['colour', ' none'],
    ['id', '; did you mean "id"?'],
    ['__proto__', ' none'],
    ['la', ' none'],
    ['', ' none'],
  ];
  for (const [typed, said] of cases) t.equal(String(didYouMeanKey(typed, keys, msg` none`)), said, typed);
  fc.assert(
    fc.property(fc.string(), fc.array(fc.string()), (typed, keys) =>
      /^(; did you mean (".*"|one of .*)\?)?$/s.test(String(didYouMeanKey(typed, keys))),
    ),
  );
});
