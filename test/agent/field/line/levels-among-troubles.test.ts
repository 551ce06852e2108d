import t from 'tap';
import { createRandom } from '../../../street/random.ts';
import { LAMP, type Plant, SENSOR } from '../plant.ts';
import { LINE_CHAR_MS, LINE_GAP_MS, many, plantWith } from './line-plant.ts';
import { late, lateOrDamaged, trouble } from './troubles.ts';

/** A level, its acknowledgement and the silence behind it. Units: ms. */
const LEVEL_MS = 8 * LINE_CHAR_MS + 3 + 8 * LINE_CHAR_MS + LINE_GAP_MS;
const POLL_MS = 8 * LINE_CHAR_MS + 3 + 7 * LINE_CHAR_MS + LINE_GAP_MS;
/** Longest timeout of a unit that is often late; others have the timeout of their profile. Units: ms. */
const SLOW_WAIT_MS = 1_000;
const WAIT_MS = 200;

/** When a level first reached a lamp, from then on. Units: ms. */
function reachedMono(plant: Plant, lamp: string, { sinceMono, level }: { sinceMono: number; level?: number }): number {
  const wanted = level === undefined ? 'write holding:0=' : `write holding:0=${level}`;
  const isIt = (what: string): boolean => (level === undefined ? what.startsWith(wanted) : what === wanted);
  return plant.unit(lamp).asked.find(({ atMono, what }) => atMono >= sinceMono && isIt(what))?.atMono ?? Number.POSITIVE_INFINITY;
}

for (const lane of ['urgent', 'command'] as const)
  for (const [lamps, everyMs] of [
    [10, 100],
    [20, 150],
    [60, 500],
    [60, 50],
  ] as const)
    t.test(`levels for ${lamps} lamps that are renewed each ${everyMs} ms leave no lamp out, in the lane ${lane}`, async (t) => {
      const plant = await plantWith(t, { devices: many(lamps, LAMP) });
      await plant.clock.advance(5_000);
      const sinceMono = plant.clock.monoMs();
      for (let round = 0; round < 4_000 / everyMs; round++) {
        for (let i = 1; i <= lamps; i++) void plant.write(`L${i}`, 1 + ((round + 3 * i) % 100), { lane });
        await plant.clock.advance(everyMs);
      }
      const worstMs = Math.max(...Object.keys(many(lamps, LAMP)).map((id) => reachedMono(plant, id, { sinceMono }) - sinceMono));
      const boundMs = 1.5 * lamps * LEVEL_MS;
      t.ok(worstMs <= boundMs, `${worstMs.toFixed(0)} ms, of ${boundMs.toFixed(0)} ms`);
    });

t.test('while levels of healthy lamps never end, a lamp whose replies are always late gets its level too', async (t) => {
  const plant = await plantWith(t, { devices: many(60, LAMP), broadcast: false });
  await plant.clock.advance(5_000);
  trouble(plant, 1, { untilMono: Number.POSITIVE_INFINITY, what: late(600), sensorUnit: 60 });
  await plant.clock.advance(60_000);
  for (let round = 0; round < 20; round++) {
    const sinceMono = plant.clock.monoMs();
    for (let i = 0; i < 8; i++) {
      for (let lamp = 1; lamp <= 60; lamp++) void plant.write(`L${lamp}`, 1 + ((round + i + 3 * lamp) % 100));
      await plant.clock.advance(500);
    }
    const afterMs = reachedMono(plant, 'L1', { sinceMono }) - sinceMono;
    t.ok(afterMs <= SLOW_WAIT_MS + 2 * 60 * LEVEL_MS, `${afterMs.toFixed(0)} ms`);
  }
});

for (const troubled of [1, 5, 10])
  t.test(`an emergency reaches all healthy lamps of a street first; ${troubled} others are late or damaged by turns`, async (t) => {
    for (const seed of [1, 2, 3]) {
      const random = createRandom(seed);
      const plant = await plantWith(t, { devices: { ...many(35, LAMP), S1: SENSOR }, broadcast: false });
      await plant.clock.advance(10_000);
      for (let unit = 1; unit <= troubled; unit++)
        trouble(plant, unit, { untilMono: Number.POSITIVE_INFINITY, what: lateOrDamaged(random), sensorUnit: 36 });
      for (let i = 0; i < 100; i++) {
        for (let lamp = 1; lamp <= troubled; lamp++) void plant.write(`L${lamp}`, 1 + Math.floor(80 * random()), { lane: 'command' });
        await plant.clock.advance(600);
      }
      for (const level of [90, 91, 92, 93]) {
        const sinceMono = plant.clock.monoMs();
        for (let lamp = 1; lamp <= 35; lamp++) void plant.write(`L${lamp}`, level, { ttlMs: 10_000 });
        await plant.clock.advance(10_000);
        const sound = Array.from({ length: 35 - troubled }, (_, i) => `L${troubled + 1 + i}`);
        const worstMs = Math.max(...sound.map((lamp) => reachedMono(plant, lamp, { sinceMono, level }) - sinceMono));
        // What was in flight, and each troubled lamp once that did not show it yet.
        const boundMs = SLOW_WAIT_MS + troubled * WAIT_MS + 35 * LEVEL_MS + 10 * POLL_MS;
        t.ok(worstMs <= boundMs, `seed ${seed}: ${worstMs.toFixed(0)} ms, of ${boundMs.toFixed(0)} ms`);
      }
    }
  });

for (const latePct of [10, 40, 70])
  t.test(`a lamp has its level or a newer one a second after it at most, next to two whose replies are late: ${latePct} %`, async (t) => {
    for (const seed of [1, 2, 3, 4]) {
      const random = createRandom(seed);
      const plant = await plantWith(t, { devices: { ...many(6, LAMP), S1: SENSOR }, periodsMs: { fast: 100, normal: 200, slow: 30_000 } });
      await plant.clock.advance(3_000);
      for (const unit of [1, 2])
        trouble(plant, unit, { untilMono: Number.POSITIVE_INFINITY, what: lateOrDamaged(random, latePct), sensorUnit: 7 });
      const asked: { lamp: string; sinceMono: number }[] = [];
      for (let i = 0; i < 200; i++) {
        for (const id of i % 2 === 0 ? ['L1', 'L2'] : []) void plant.write(id, 1 + Math.floor(100 * random()), { lane: 'command' });
        await plant.clock.advance(137 + 40 * random());
        asked.push({ lamp: `L${3 + (i % 4)}`, sinceMono: plant.clock.monoMs() });
        void plant.write(`L${3 + (i % 4)}`, 1 + (i % 100));
      }
      await plant.clock.advance(10_000);
      const worstMs = Math.max(...asked.map(({ lamp, sinceMono }) => reachedMono(plant, lamp, { sinceMono }) - sinceMono));
      const boundMs = LINE_GAP_MS + 19 * LINE_CHAR_MS + SLOW_WAIT_MS + 1 + POLL_MS + 4 * LEVEL_MS;
      t.ok(worstMs <= boundMs, `seed ${seed}: ${worstMs.toFixed(0)} ms, of ${boundMs.toFixed(0)} ms`);
    }
  });
