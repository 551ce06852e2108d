import t from 'tap';
import { createManualClock } from '../../../../agent/core/manual-clock.ts';
import type { Profile } from '../../../../agent/core/profile.ts';
import { createLineMemory, hasLearnedMore, learnedOf, recall } from '../../../../agent/field/line/line-memory.ts';
import type { Slot } from '../../../../agent/field/polls/poll-plan.ts';
import { isolatedQuantities, type Unit } from '../../../../agent/field/units/unit.ts';
import { plannedUnit } from '../planned-unit.ts';
import { LAMP, profile } from '../plant.ts';

// ── what is remembered ───────────────────────────────────────────────────────────────────────────────────────────────

/** Now, by both clocks. */
const NOW = { mono: 0, wallMs: 0 };

const REFUSED = { cause: 'refused', tries: 0, isReported: false } as const;

function taught(id: string, type: Profile = LAMP): Unit {
  const unit = plannedUnit(id, type);
  unit.seenMs = 1;
  unit.noHoles = true;
  (unit.slots[1] as Slot).isolation = REFUSED;
  (unit.slots[2] as Slot).cutBefore = true;
  unit.health = { ...unit.health, turnaroundMs: { mean: 8, deviation: 1 }, firstByteMs: { mean: 20, deviation: 2 } };
  return unit;
}

t.test('learned properties of a unit are kept across a restart, unless its profile has changed or the note is not ours', async (t) => {
  const note = JSON.parse(JSON.stringify(learnedOf([taught('L1')], NOW))) as Record<string, unknown>;
  const unit = plannedUnit('L1');
  recall(unit, note['L1'], NOW);
  t.same(learnedOf([unit], NOW), note);
  t.equal(isolatedQuantities(unit, false).length, 1);
  const other = plannedUnit('L1', profile('lamp', LAMP.points.slice(1)));
  recall(other, note['L1'], NOW);
  t.match(other, { noHoles: false, health: { turnaroundMs: null } });
  const met = plannedUnit('L1');
  met.health = { ...met.health, turnaroundMs: { mean: 3, deviation: 0 }, firstByteMs: { mean: 3, deviation: 0 } };
  recall(met, note['L1'], NOW);
  t.match(met.health, { turnaroundMs: { mean: 3 } }, 'what it shows today is worth more');
  for (const strange of [
    undefined,
    null,
    7,
    'x',
    [],
    {},
    { ...(note['L1'] as object), refused: 3, cuts: null, turnaroundMs: { mean: -1 } },
  ])
    t.doesNotThrow(() => recall(plannedUnit('L1'), strange, NOW));
});

t.test('the writes to flash of a unit that does not answer are kept with those of the others', (t) => {
  const unit = taught('L1');
  unit.setUpWrites.note({ table: 'holding', address: 100 } as never, 0);
  const note = JSON.parse(JSON.stringify(learnedOf([unit], NOW))) as Record<string, unknown>;
  const silent = plannedUnit('L1', profile('lamp', LAMP.points.slice(1)));
  recall(silent, note['L1'], NOW);
  t.match(learnedOf([silent, taught('L2')], NOW), { L1: { setUpWrites: (note['L1'] as { setUpWrites: object }).setUpWrites }, L2: {} });
  t.end();
});

t.test('a note is written when something was refused or a pace has changed, not when it wavers', async (t) => {
  const note = learnedOf([taught('L1')], NOW);
  const [learned] = Object.values(note);
  const with_ = (over: object) => ({ L1: { ...learned, ...over } }) as typeof note;
  t.ok(hasLearnedMore({}, note));
  t.notOk(hasLearnedMore(note, note));
  t.ok(
    hasLearnedMore({}, { constructor: { ...learned, setUpWrites: { a: [1] } } } as unknown as typeof note),
    'a name that every object has',
  );
  t.notOk(hasLearnedMore(note, with_({ turnaroundMs: { mean: 11, deviation: 9 } })));
  t.ok(hasLearnedMore(note, with_({ turnaroundMs: { mean: 14, deviation: 1 } })));
  t.ok(hasLearnedMore(note, with_({ refused: [] })));
});

t.test('a note that could not be read is read again before another one is written over it', async (t) => {
  const clock = createManualClock(0);
  const step = { table: 'holding', address: 8 } as const;
  const before = plannedUnit('L1');
  before.seenMs = 1;
  for (const mono of [0, 1]) before.setUpWrites.note(step, mono);
  const note = learnedOf([before], NOW);
  let isReadable = false;
  const saved: unknown[] = [];
  const store = {
    load: async (_key: string, unread?: unknown) => (isReadable ? note : unread),
    save: async (_key: string, value: unknown) => saved.push(value) > 0,
  };
  const unit = plannedUnit('L1');
  const memory = createLineMemory({ lineId: 'north', units: [unit], store, clock });
  t.teardown(() => memory.stop());
  memory.start();
  await clock.advance(1_000);
  t.equal(unit.isSetUpHeld, false, 'a failsafe level must be set all the same');
  unit.seenMs = 1;
  unit.setUpWrites.note({ table: 'holding', address: 9 }, clock.monoMs());
  memory.saveNow();
  await clock.advance(150_000);
  t.same(saved, []);
  isReadable = true;
  await clock.advance(60_000);
  t.match(saved, [{ L1: { setUpWrites: { 'holding:8': [Number, Number], 'holding:9': [Number] } } }]);
  t.notOk(unit.setUpWrites.mayWrite(step, clock.monoMs()));
});

t.test('the note is written on change, at most once a minute, and read without delaying the line', async (t) => {
  const clock = createManualClock(0);
  const saves: number[] = [];
  let kept: unknown;
  let answer: (value: unknown) => void = () => {};
  const store = {
    load: () => new Promise<unknown>((resolve) => (answer = resolve)),
    save: async (_key: string, value: unknown) => {
      saves.push(clock.monoMs());
      kept = value;
      return true;
    },
  };
  const unit = plannedUnit('L1');
  const memory = createLineMemory({ lineId: 'north', units: [unit], store, clock });
  t.teardown(() => memory.stop());
  memory.start();
  memory.start();
  answer(learnedOf([taught('L1')], NOW));
  await clock.advance(150_000);
  t.ok(unit.noHoles);
  t.same(saves, [], 'what was read needs no writing');
  for (const slot of unit.slots.slice(1)) slot.isolation = REFUSED;
  unit.seenMs = 1;
  await clock.advance(150_000);
  t.same(saves, [180_000]);
  t.match(kept, { L1: { noHoles: true } });
  memory.stop();
  unit.noHoles = false;
  await clock.advance(150_000);
  t.equal(saves.length, 1);
});
