import t from 'tap';
import { folded, monthsAfter, monthsBetween, nextNight, nightOf, readMonth, withPart } from '../../../agent/diagnosis/energy-months.ts';
import { emptyZone, NO_TALLY } from '../../../agent/diagnosis/energy-tally.ts';

// ── months ───────────────────────────────────────────────────────────────────────────────────────────────────────────

t.test('months and nights are counted over the ends of months and years', async (t) => {
  t.equal(nextNight('2026-12-31'), '2027-01-01');
  t.equal(nextNight('2028-02-28'), '2028-02-29');
  t.strictSame(monthsBetween('2026-11-30', '2027-02-01'), ['2026-11', '2026-12', '2027-01', '2027-02']);
  t.strictSame(monthsBetween('2027-02-01', '2026-11-30'), []);
  t.strictSame(monthsBetween('9999-11-30', '9999-12-31'), ['9999-11', '9999-12']);
  t.equal(monthsAfter('2027-01', -14), '2025-11');
});

t.test('a part that is written twice counts once, many parts stay few, and a folded month keeps its sums', async (t) => {
  const part = (id: string, wh: number) => ({ ...NO_TALLY, id, endMs: 0, zones: { path: { ...emptyZone(2), wh } } });
  let month = readMonth(undefined);
  for (let index = 0; index < 30; index++) month = withPart(month, '2026-12-01', part(`p${index}`, 1));
  month = withPart(month, '2026-12-01', part('p29', 5));
  t.match(nightOf(month.nights['2026-12-01'] ?? []).zones, { path: { wh: 34, nights: 1, lampNights: 2 } });
  t.ok((month.nights['2026-12-01']?.length ?? 0) <= 8);
  month = withPart(month, '2026-12-02', part('q', 10));
  const old = readMonth(JSON.parse(JSON.stringify(folded(month))));
  t.match(old, { nights: {}, folded: { zones: { path: { wh: 44, nights: 2, lampNights: 4 } } } });
  t.match(folded(withPart(old, '2026-12-03', part('r', 1))).folded, { zones: { path: { wh: 45, nights: 3 } } });
});

t.test('a zone may have the name of a property that every object has', async (t) => {
  const zones = { constructor: { ...emptyZone(2), wh: 3 } };
  const month = withPart(readMonth(undefined), '2026-12-01', { ...NO_TALLY, id: 'a', endMs: 0, zones });
  t.match(folded(withPart(month, '2026-12-02', { ...NO_TALLY, id: 'b', endMs: 0, zones })).folded?.zones['constructor'], {
    wh: 6,
    nights: 2,
  });
});
