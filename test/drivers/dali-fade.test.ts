import t from 'tap';
import { daliFadeMs, daliFadeTime } from '../../drivers/dali-fade.ts';

/** Source: the table of IEC 62386-102, in tenths of a second. */
const TABLE_DS = [0, 7, 10, 14, 20, 28, 40, 57, 80, 113, 160, 226, 320, 453, 640, 905];

t.test('fade times are those of the standard', async (t) => {
  t.same(
    TABLE_DS.map((_, fadeTime) => Math.round(daliFadeMs(fadeTime) / 100)),
    TABLE_DS,
  );
});

t.test('a ramp gets the nearest of them, and none longer than there is', async (t) => {
  for (const [fadeTime, tenths] of TABLE_DS.entries()) t.equal(daliFadeTime(tenths * 100), fadeTime, `${tenths / 10} s`);
  t.same([100, 600, 1_100, 1_250, 60_000, 300_000].map(daliFadeTime), [0, 1, 2, 3, 14, 15]);
});
