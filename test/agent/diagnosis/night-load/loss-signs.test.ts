import t from 'tap';
import { createLossSigns, WINDOW_MIN } from '../../../../agent/diagnosis/night-load/loss-signs.ts';

t.test('a minute without a voltage changes the signs of a loss no more than a minute less', async (t) => {
  const MINUTES = 60;
  const usualLnV = Math.log(230);
  const signsWith = (lostMin: readonly number[]) => {
    const power = Float64Array.from({ length: MINUTES }, (_, minute) => (minute < MINUTES - WINDOW_MIN - 1 ? 7 : 6.8));
    const lnV = Float64Array.from({ length: MINUTES }, (_, minute) => Math.log(minute < MINUTES - WINDOW_MIN - 1 ? 230 : 240));
    for (const minute of lostMin) lnV[minute] = Number.NaN;
    return createLossSigns(usualLnV)({ fast: power, slow: power.slice(), lnV }, new Float64Array(MINUTES).fill(7), MINUTES - 1);
  };
  const whole = signsWith([]);
  t.ok(whole.doubt > 0.01 && whole.jump > -0.2 && whole.jump < -0.15, 'the voltage explains a part');
  for (const lost of [[MINUTES - 4], [MINUTES - 13], [MINUTES - 2, MINUTES - 3, MINUTES - 12]])
    t.strictSame(signsWith(lost), whole, String(lost));
});
