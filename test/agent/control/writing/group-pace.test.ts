import fc from 'fast-check';
import t from 'tap';
import { loadCabinet } from '../../../../agent/config/load/load.ts';
import { streetKnowledge } from '../../../../agent/control/street-knowledge.ts';
import { Follower } from '../../../../agent/control/writing/follower.ts';
import { type LampGroup, lampsToWrite, type PacedWrite } from '../../../../agent/control/writing/group-pace.ts';
import { createWritePace } from '../../../../agent/control/writing/write-pace.ts';
import type { Cabinet } from '../../../../agent/core/cabinet.ts';
import { createEventTracker } from '../../../../agent/core/event-tracker.ts';
import type { Profile } from '../../../../agent/core/profile.ts';
import type { Decision, LevelPct } from '../../../../agent/core/words.ts';
import { GATEWAY, HEARING, PLAIN } from '../../field/group-lamps.ts';
import { createPlant } from '../../field/plant.ts';

const anyLevel = (lampIds: readonly string[]): LampGroup => ({ lampIds, canSet: () => true });
const ABC = anyLevel(['A', 'B', 'C']);
const write = (lampId: string, levelPct: LevelPct, lane: PacedWrite['lane'] = 'command'): PacedWrite => ({ lampId, levelPct, lane });
/** The lamps that leave with so many places on their line, in order; and how many places they took. */
function leaving(writes: readonly PacedWrite[], groups: readonly LampGroup[], places: number): string {
  let taken = 0;
  const lamps = lampsToWrite(writes, { groups, mayWrite: () => taken < places && ++taken > 0 }, 0);
  return `${[...lamps].sort().join('')} for ${taken}`;
}

const cases: [story: string, writes: PacedWrite[], groups: LampGroup[], places: number, leave: string][] = [
  ['a whole group counts as one', [write('A', 50), write('B', 50), write('C', 50)], [ABC], 1, 'ABC for 1'],
  ['and waits as one', [write('A', 50), write('B', 50), write('C', 50)], [ABC], 0, ' for 0'],
  ['one lamp has another level', [write('A', 50), write('B', 51), write('C', 50)], [ABC], 2, 'AB for 2'],
  ['one lamp waits for nothing', [write('A', 50), write('C', 50)], [ABC], 1, 'A for 1'],
  ['a lamp beside the group has its own place', [write('D', 50), write('A', 50), write('B', 50), write('C', 50)], [ABC], 2, 'ABCD for 2'],
  ['the group goes first', [write('D', 50), write('A', 50), write('B', 50), write('C', 50)], [ABC], 1, 'ABC for 1'],
  ['an urgent level takes no place', [write('A', 50, 'urgent'), write('B', 50)], [], 0, 'A for 0'],
  [
    'nor does a group of urgent levels',
    [write('A', 50, 'urgent'), write('B', 50, 'urgent'), write('C', 50, 'urgent')],
    [ABC],
    0,
    'ABC for 0',
  ],
  ['an urgent member of a group that waits leaves alone', [write('A', 50, 'urgent'), write('B', 50), write('C', 50)], [ABC], 0, 'A for 0'],
  [
    'a group within a group has left with it',
    [write('A', 50), write('B', 50), write('C', 50)],
    [ABC, anyLevel(['A', 'B'])],
    1,
    'ABC for 1',
  ],
  ['where the large one is not whole, the small one may be', [write('A', 50), write('B', 50)], [ABC, anyLevel(['A', 'B'])], 1, 'AB for 1'],
  [
    'a level that no group write can set goes lamp by lamp',
    [write('A', 50), write('B', 50), write('C', 50)],
    [{ ...ABC, canSet: (pct) => pct !== 50 }],
    2,
    'AB for 2',
  ],
];
for (const [story, writes, groups, places, leave] of cases) {
  t.test(`${story}: ${leave}`, async (t) => t.equal(leaving(writes, groups, places), leave));
}

t.test('in any situation, no more writes leave than there are places, groups as one, and each whole group as a whole', async () => {
  const ids = [...'ABCDEFGH'];
  const groups = [anyLevel([...'ABCDE']), anyLevel([...'ABC']), anyLevel(['G', 'H'])];
  const writes = fc
    .subarray(ids)
    .chain((lamps) =>
      fc.tuple(
        ...lamps.map((id) =>
          fc
            .record({ pct: fc.constantFrom(30, 30, 30, 70), isUrgent: fc.constantFrom(false, false, false, true) })
            .map(({ pct, isUrgent }) => write(id, pct, isUrgent ? 'urgent' : 'command')),
        ),
      ),
    );
  fc.assert(
    fc.property(writes, fc.nat(8), (waiting, places) => {
      let taken = 0;
      const lamps = lampsToWrite(waiting, { groups, mayWrite: () => taken < places && ++taken > 0 }, 0);
      const isPaced = (id: string): boolean => waiting.some(({ lampId, lane }) => lampId === id && lane === 'command');
      const whole = groups.filter(({ lampIds }) => {
        const levels = lampIds.map((id) => waiting.find(({ lampId }) => lampId === id)?.levelPct);
        return levels.every((pct) => pct !== undefined && pct === levels[0]);
      });
      const isSplit = whole.slice(0, 1).some(({ lampIds }) => new Set(lampIds.filter(isPaced).map((id) => lamps.has(id))).size > 1);
      const urgents = waiting.filter(({ lane }) => lane === 'urgent');
      return (
        taken <= places &&
        !isSplit &&
        urgents.every(({ lampId }) => lamps.has(lampId)) &&
        [...lamps].every((id) => waiting.some(({ lampId }) => lampId === id))
      );
    }),
  );
});

/** A line of so many lamps of one type. */
function cabinetOf(count: number, maxWritesPerS: number, broadcast = true): Cabinet {
  const ids = Array.from({ length: count }, (_, n) => `L${n + 1}`);
  const text = `cabinet: { id: c, name: C, latitudeDeg: 47.47, longitudeDeg: -0.55, timezone: Europe/Paris }
lines: [{ id: n, port: /dev/null, broadcast: ${broadcast}, maxWritesPerS: ${maxWritesPerS}, devices: [${ids.map((id, n) => `{ id: ${id}, unit: ${n + 1}, profile: hearing, pole: P1 }`).join(', ')}] }]
poles: [{ id: P1, atM: 0 }]
lamps: [${ids.map((id) => `{ id: ${id}, ratedPowerW: 60 }`).join(', ')}]
zones: [{ id: rue, lamps: [${ids.join(', ')}], programme: usual }]
programmes: [{ id: usual, steps: [{ at: dusk, levelPct: 30 }] }]`;
  return loadCabinet('c.yaml', () => text).cabinet;
}

const streets: [count: number, maxWritesPerS: number][] = [
  [35, 20],
  [60, 50],
  [60, 1],
  [247, 50],
];
for (const [count, maxWritesPerS] of streets) {
  t.test(`a step of ${count} lamps on a line of ${maxWritesPerS} levels a second stays one broadcast`, async (t) => {
    const cabinet = cabinetOf(count, maxWritesPerS);
    const plant = createPlant({ devices: Object.fromEntries(cabinet.lamps.map(({ id }) => [id, HEARING])) });
    const { pace, verificationOf } = streetKnowledge(cabinet, new Map(), new Map([[HEARING.id, HEARING]]));
    const { mayWrite } = createWritePace(pace.maxPerS);
    const follower = new Follower({
      ...{ lamps: cabinet.lamps, clock: plant.clock, field: plant.field, verificationOf, onProgress: () => {} },
      events: createEventTracker(plant.clock, () => {}),
      log: { event: () => {} },
      pace: { groups: pace.groups, mayWrite: (lampId, nowMono) => mayWrite(pace.lineOf(lampId) ?? '', nowMono) },
    });
    await plant.field.start();
    const decisions = (levelPct: LevelPct): Decision[] =>
      cabinet.lamps.map(({ id }) => ({ lampId: id, levelPct, rank: 'programme', reason: 'programme', distanceM: null, trace: [] }));
    for (const levelPct of [70, 30]) {
      for (let second = 0; second < 20; second++) {
        follower.follow(decisions(levelPct));
        await plant.clock.advance(1_000);
      }
      const times = cabinet.lamps.map(({ id }) => plant.unit(id).asked.find(({ what }) => what === `write holding:0=${levelPct}`)?.atMono);
      t.equal(new Set(times).size, 1, `all lamps get ${levelPct} % at one moment`);
      t.notOk(times.includes(undefined));
    }
    await plant.field.stop();
  });
}

t.test('groups are those that the line can send, as lamps', async (t) => {
  const groupsOf = (count: number, broadcast: boolean, type: Profile) =>
    streetKnowledge(cabinetOf(count, 50, broadcast), new Map(), new Map([['hearing', type]])).pace.groups;
  t.match(groupsOf(3, true, HEARING), [{ lampIds: ['L1', 'L2', 'L3'] }]);
  t.same([groupsOf(3, true, HEARING)[0]?.canSet(50), groupsOf(3, true, HEARING)[0]?.canSet(101)], [true, false]);
  t.same(groupsOf(3, false, HEARING), [], 'a site that allows no broadcast');
  t.same(groupsOf(3, true, PLAIN), [], 'a type without one');
  t.same(groupsOf(1, true, GATEWAY), [], 'a group with a level point that is no lamp never waits as a whole');
});
