import t from 'tap';
import { createStartGuard } from '../../../agent/control/start-guard.ts';
import { makeStreet, step, winter } from '../lighting/street.ts';
import { makeFakeStreet } from './fake-street.ts';
import { L1, levelsOf, litStreet } from './lit-street.ts';

t.test('a restart keeps an override without a flash, and not a moment longer than it was given', async (t) => {
  const before = await litStreet(t);
  void before.override({ levelPct: 55, minutes: 60 });
  await before.clock.advance(30);
  await before.control.stop();
  const after = await litStreet(t, { now: winter('23:40'), disk: before.disk });
  t.same(levelsOf(after), [55, 55, 55, 55, 55, 55]);
  t.ok(
    after.control.decisions().every(({ rank }) => rank === 'override'),
    'the first decision already has it',
  );
  await after.clock.advance(49 * 60_000);
  t.equal(after.levels.get('L1'), 55);
  await after.clock.advance(2 * 60_000);
  t.equal(after.levels.get('L1'), 30);
});

t.test('a disk that never answers does not keep the street dark, and a late answer is still taken up', async (t) => {
  const held = new Map<string, unknown>();
  const other = await litStreet(t, { disk: held });
  void other.override({ levelPct: 55 });
  await other.control.stop();
  const street = makeFakeStreet({
    load: () => new Promise((resolve) => street.clock.after(10_000, () => resolve(held.get('control.overrides')))),
  });
  t.teardown(() => street.control.stop());
  void street.control.start();
  await street.clock.advance(3_000);
  t.same(levelsOf(street), [30, 30, 30, 30, 30, 30]);
  await street.clock.advance(10_000);
  t.same(levelsOf(street), [55, 55, 55, 55, 55, 55]);
  const broken = makeFakeStreet({ load: () => Promise.reject(new Error('no disk')) });
  t.teardown(() => broken.control.stop());
  await broken.control.start();
  broken.poll();
  await broken.clock.advance(100);
  t.same(levelsOf(broken), [30, 30, 30, 30, 30, 30]);
});

t.test('without a trusted clock the street is lit; once the time is known it follows the programme', async (t) => {
  const street = await litStreet(t, { now: Date.UTC(1970, 0), quality: 'none' });
  t.same(levelsOf(street), [100, 100, 100, 100, 100, 100]);
  void street.override({ target: L1, levelPct: 40, minutes: 60 });
  await street.clock.advance(5_000);
  street.clock.stepWall(winter('23:30') - Date.UTC(1970, 0));
  street.clock.setQuality('synced');
  await street.clock.advance(1_100);
  t.same(levelsOf(street), [40, 30, 30, 30, 30, 30], 'the override held over the step');
  const [stored] = street.disk.get('control.overrides') as { untilMs: number }[];
  t.ok(Math.abs((stored?.untilMs ?? 0) - winter('23:30') - 3_600_000) < 10_000, 'and its end on disk is in the new time');
  t.match(
    street.events.filter(({ code }) => code === 'time-not-trusted'),
    [
      { source: 'clock', endMs: null },
      { source: 'clock', startMs: Date.UTC(1970, 0), endMs: winter('23:30') + 6_000 },
    ],
  );
});

/** What an earlier run left on disk: all lamps to 20 % until 23:00. */
async function diskWithWish(t: { teardown(fn: () => unknown): void }): Promise<Map<string, unknown>> {
  const before = await litStreet(t, { now: winter('22:00') });
  void before.override({ levelPct: 20, minutes: 60 });
  await before.clock.advance(30);
  await before.control.stop();
  return before.disk;
}

const unknownTimes: [story: string, known: string, levelPct: number, ended: number, kept: number][] = [
  ['over by then, it never returns', '23:30', 30, 1, 0],
  ['still to last, it holds', '22:40', 20, 0, 1],
];
for (const [story, known, levelPct, ended, kept] of unknownTimes) {
  t.test(`an intent from before a power cut does not darken the street while the time is unknown: ${story}`, async (t) => {
    const wallMs = winter('22:05', '2026-01-14');
    const street = await litStreet(t, { now: wallMs, quality: 'restored', disk: await diskWithWish(t) });
    t.same(levelsOf(street), [100, 100, 100, 100, 100, 100]);
    void street.override({ target: { kind: 'lamp', id: 'L6' }, levelPct: 60, minutes: 60 });
    await street.clock.advance(5 * 60_000);
    t.same(levelsOf(street), [100, 100, 100, 100, 100, 60], 'what is asked now holds at once');
    t.equal((street.disk.get('control.overrides') as unknown[]).length, 2, 'a further power cut would not lose what waits');
    street.clock.stepWall(winter(known) - street.clock.wallMs());
    await street.clock.advance(1_100);
    t.equal(street.levels.get('L1'), 100, 'a clock that was merely moved is no trusted one');
    street.clock.setQuality('synced');
    await street.clock.advance(1_100);
    t.equal(street.levels.get('L1'), levelPct);
    t.equal(street.events.filter(({ code, source }) => code === 'override-ended' && source === 'rue').length, ended);
    t.equal((street.disk.get('control.overrides') as unknown[]).length, 1 + kept);
    await street.clock.advance(20 * 60_000);
    t.equal(street.levels.get('L1'), known < '23:00' ? 30 : levelPct, 'and ends when it was to end');
  });
}

t.test('an intent that waits for the time can be replaced and released', async (t) => {
  const toZone = { kind: 'zone', id: 'rue' } as const;
  const options = { now: winter('22:05'), quality: 'restored' } as const;
  const released = await litStreet(t, { ...options, disk: await diskWithWish(t) });
  const outcome = released.control.release({ commandId: 'r1', target: toZone, authority: 'platform', source: 'platform' });
  await released.clock.advance(1_100);
  t.match(await outcome, { state: 'verified' });
  t.same(released.disk.get('control.overrides'), []);
  const replaced = await litStreet(t, { ...options, disk: await diskWithWish(t) });
  void replaced.override({ levelPct: 15, minutes: 30 });
  for (const street of [released, replaced]) street.clock.setQuality('synced');
  for (const street of [released, replaced]) await street.clock.advance(1_100);
  t.same([released.levels.get('L1'), replaced.levels.get('L1')], [80, 15]);
});

t.test('a start keeps the light it finds for as long as a person may be present', async (t) => {
  const guard = createStartGuard(new Map([['L1', 20]]), 1_000);
  const reading = (value: number, atMono: number) => ({ pointId: 'L1.level' as const, value, quality: 'good' as const, atMono, atMs: 0 });
  t.ok(guard.isWaiting('L1', 1_500));
  t.notOk(guard.isWaiting('L9', 1_500), 'a lamp without presence waits for nothing');
  guard.take('L1', reading(100, 1_600));
  t.notOk(guard.isWaiting('L1', 1_700));
  t.strictSame([...guard.holds(1_700)], [['L1', { levelPct: 100, untilMono: 21_000 }]]);
  guard.take('L1', reading(30, 1_800));
  t.equal(guard.holds(1_900).get('L1')?.levelPct, 100, 'what was found first counts');
  t.equal(guard.holds(21_000).size, 0);
  t.notOk(createStartGuard(new Map([['L1', 20]]), 0).isWaiting('L1', 2_000), 'one that does not answer is not waited for');
});

// ── the dark ──────────────────────────────────────────────────────────────────────────────────────────────────────────

const CURFEW = makeStreet({
  zone: { presence: null, dark: { warnPct: 20, warnS: 30 } },
  programme: { id: 'residential', steps: [step('dusk', 100), step({ hour: 23, minute: 0 }, 0)] },
});

for (const [found, shows] of [
  [100, [20, 0]],
  [15, [20, 0]],
  [0, [0]],
] as const) {
  t.test(`a start in a street that may go dark, lamps found at ${found} %: ${shows.join(', then ')} %`, async (t) => {
    const street = makeFakeStreet({ street: CURFEW, now: winter('23:30') });
    for (const { id } of CURFEW.lamps) street.levels.set(id, found);
    const seen: (number | undefined)[] = [];
    await street.control.start();
    for (let s = 0; s < 40; s++) {
      await street.clock.advance(1_000);
      street.poll();
      seen.push(street.levels.get('L2'));
    }
    const after = seen.slice(seen.findIndex((level) => level !== found));
    t.same([...new Set(shows.length === 1 ? seen : after)], shows);
    if (shows.length > 1) t.ok(after.filter((level) => level === 20).length >= 29);
    await street.control.stop();
  });
}
