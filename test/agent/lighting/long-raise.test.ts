import fc from 'fast-check';
import t from 'tap';
import { afterRaise, type LongRaise } from '../../../agent/lighting/long-raise.ts';

const MAX_S = 100;
const HOLD_S = 90;

/**
 * One sign for ten seconds. In: `#` its sensors detect and raise the zone where they may, `h` its hold or a wave raises it where it may, `.`
 * nothing does, `d` day. Out: `x` raised for too long.
 */
function show(picture: string, maxBoostS = MAX_S): string {
  let state: LongRaise | undefined;
  let detectedMono = Number.NEGATIVE_INFINITY;
  return [...picture]
    .map((sign, at) => {
      const nowMono = at * 10_000;
      const detects = sign === '#';
      if (detects) detectedMono = nowMono;
      const zone = {
        isNight: sign !== 'd',
        isRaised: (detects || sign === 'h') && state?.isOver !== true,
        stillMs: nowMono - detectedMono,
      };
      state = afterRaise(state, zone, { maxBoostS, holdS: HOLD_S }, nowMono);
      return state?.isOver === true ? 'x' : '+';
    })
    .join('');
}

const pictures: [story: string, given: string, shows: string][] = [
  ['a raise that ends in time is none too long', '#########.#########.', '++++++++++++++++++++'],
  ['one that goes on is over', '#############', '++++++++++xxx'],
  ['after a minute of stillness its sensors are believed again', '############......##', '++++++++++xxxxxxx+++'],
  ['stillness that is shorter proves nothing', '############.....#.....#.', '++++++++++xxxxxxxxxxxxxxx'],
  ['the day ends it', '############d###', '++++++++++xx++++'],
  ['a wave that raises the zone for long, while its sensors detect no person, is none too long', 'h'.repeat(30), '+'.repeat(30)],
  ['a person after a long wave has light', `#${'h'.repeat(20)}#hhhh`, '+'.repeat(26)],
  ['pulses within the hold are one raise, over from a detection on', '#hhh#hhhhhhh#hhh', '++++++++++++xxxx'],
  ['by day nothing is counted', 'dddddddddddddddd', '++++++++++++++++'],
];
for (const [story, given, shows] of pictures) t.test(`${story}: ${given}`, async (t) => t.equal(show(given), shows));

t.test('presence raises a zone for at most its longest time, then needs a minute of stillness, whatever the sensors report', async () => {
  const pictures = fc.array(fc.constantFrom('#', '#', '#', '.', 'd'), { minLength: 1, maxLength: 120 }).map((signs) => signs.join(''));
  fc.assert(
    fc.property(pictures, fc.integer({ min: 10, max: 1_000 }), (picture, maxBoostS) => {
      const shown = show(picture, maxBoostS);
      let raisedS = 0;
      return [...picture].every((sign, at) => {
        raisedS = sign === '#' && shown[at] === '+' ? raisedS + 10 : 0;
        return raisedS <= maxBoostS + 10;
      });
    }),
  );
});
