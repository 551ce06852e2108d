import t from 'tap';
import { MINUTE_MS } from '../../../../agent/core/durations.ts';
import { afterExtra, answersTwice, doMostAnswerTwice } from '../../../../agent/field/units/unit-trouble.ts';

const NONE = { count: 0, atMono: 0 };
const unitWith = (count: number) => ({ extras: { count, atMono: 0 } });

t.test('a few unrequested replies are an accident, ten in a row are two units with one address', async (t) => {
  let extras = NONE;
  for (let n = 1; n <= 10; n++) {
    extras = afterExtra(extras, n * 1_000);
    t.equal(answersTwice({ extras }, n * 1_000), n === 10, `${n}`);
  }
  t.equal(answersTwice({ extras }, 10_000 + MINUTE_MS), true);
  t.equal(answersTwice({ extras }, 10_001 + MINUTE_MS), false, 'over a minute after the last');
  t.equal(afterExtra(extras, 10_001 + MINUTE_MS).count, 1, 'a pause of a minute begins the count again');
});

t.test('a line repeats its traffic if one unit answers twice and more than half have had such a reply', async (t) => {
  for (const [counts, isLine] of [
    [[10, 1, 1, 0], true],
    [[10, 1, 0, 0], false],
    [[10], false],
    [[9, 9, 9], false],
    [[10, 10], true],
  ] as const)
    t.equal(doMostAnswerTwice(counts.map(unitWith), 1_000), isLine, counts.join());
});
