import fc from 'fast-check';
import t from 'tap';
import { replayLimits } from '../../../../agent/control/replay/replay-limits.ts';
import { paretoFront, sweepPoints, sweepSettings } from '../../../../agent/control/replay/settings-sweep.ts';
import { makeStreet, PRESENCE, sensor, step } from '../../lighting/street.ts';

t.test('a sweep changes hold and steps of zones with presence, and never goes below the minimum of the zone', async (t) => {
  const street = makeStreet({
    zone: { minPct: 25 },
    programme: { id: 'residential', steps: [step('dusk', 100), step({ hour: 23, minute: 0 }, 30), step({ hour: 1, minute: 0 }, 0)] },
  });
  const changed = (addPct: number, boostSharePct = 100) =>
    sweepSettings({ holdS: 60, addPct, boostSharePct }, (recorded) => recorded).streetFor(street);
  const levels = (addPct: number) => changed(addPct).programmes[0]?.steps.map(({ level }) => ('pct' in level ? level.pct : null));
  t.same(levels(-20), [100, 25, 0], 'full and dark steps stay');
  t.same(levels(20), [100, 50, 0]);
  t.equal(changed(0).zones[0]?.presence?.holdS, 60);
  t.equal(changed(0, 60).zones[0]?.presence?.boostPct, 60);
  t.same(sweepSettings({ holdS: null, addPct: 0, boostSharePct: 100 }, (recorded) => recorded).streetFor(street), street, 'as is');
  t.equal(sweepPoints(false).length, 45);
  t.equal(sweepPoints(true).length, 135);
});

t.test('a level of 0 % with presence stays, in the zone and in a step', async (t) => {
  const street = makeStreet({
    zone: { presence: { ...PRESENCE, boostPct: 0 } },
    programme: { id: 'residential', steps: [{ ...step('dusk', 100), boostPct: 0 }] },
  });
  for (const boostSharePct of [100, 60])
    t.same(sweepSettings({ holdS: null, addPct: 0, boostSharePct }, (recorded) => recorded).streetFor(street), street);
});

const cost = fc.record({
  kwh: fc.integer({ min: 0, max: 20 }),
  darkMoments: fc.integer({ min: 0, max: 5 }),
  missingS: fc.integer({ min: 0, max: 5 }),
});

t.test('the front has exactly the costs that no other beats', async (t) => {
  type Cost = { kwh: number; darkMoments: number; missingS: number };
  const isDarker = (a: Cost, b: Cost): boolean =>
    a.darkMoments > b.darkMoments || (a.darkMoments === b.darkMoments && a.missingS > b.missingS);
  const beats = (a: Cost, b: Cost): boolean => a.kwh <= b.kwh && !isDarker(a, b) && (a.kwh < b.kwh || isDarker(b, a));
  fc.assert(
    fc.property(fc.array(cost, { maxLength: 30 }), (all) => {
      const front = paretoFront(all);
      const unbeaten = all.filter((each) => !all.some((other) => beats(other, each)));
      const key = (each: Cost): string => JSON.stringify([each.kwh, each.darkMoments, each.missingS]);
      return (
        JSON.stringify([...new Set(unbeaten.map(key))].toSorted()) === JSON.stringify(front.map(key).toSorted()) &&
        front.every((each, at) => at === 0 || (front[at - 1]?.kwh ?? 0) < each.kwh)
      );
    }),
  );
  t.pass();
});

const CELL = { device: 'PC1', point: 'lux', onBelowLux: 20, offAboveLux: 40, dwellS: 5, staleS: 300, windowMin: 60, seesOwnLight: false };
const TRAFFIC = { counters: [{ device: 'C1', point: 'count' }], designFlowPerH: 1_000, steps: [{ belowPct: 50, level: { pct: 60 } }] };
const RULE = {
  id: 'fog',
  when: { kind: 'below', point: 'W1.visibility', value: 200, clearsAt: 400, forS: 5 },
  raise: { zones: ['rue'], levelPct: 70 },
} as const;

t.test('what the record cannot follow is listed', async (t) => {
  const own = makeStreet({ zone: { photocell: CELL, traffic: TRAFFIC }, street: { rules: [RULE] } });
  const other = (zone: object, street: object = { rules: [RULE] }) =>
    replayLimits(own, makeStreet({ zone: { photocell: CELL, traffic: TRAFFIC, ...zone }, street }));
  t.same(other({}), []);
  t.same(other({ presence: { ...PRESENCE, holdS: 90, boostPct: 50, reachM: null, sensors: [sensor('S01', { listen: 'group' })] } }), []);
  t.same(other({ photocell: { ...CELL, onBelowLux: 30 } }), [{ kind: 'photocell', id: 'rue' }]);
  t.same(other({ traffic: { ...TRAFFIC, designFlowPerH: 500 } }), [{ kind: 'traffic', id: 'rue' }]);
  t.same(other({ traffic: { ...TRAFFIC, steps: [{ belowPct: 50, level: { pct: 40 } }] } }), [], 'the level of a step is applied');
  t.same(other({ presence: { ...PRESENCE, maxBoostS: 60 } }), [{ kind: 'max-boost', id: 'rue' }]);
  t.same(other({ presence: { ...PRESENCE, sensors: [sensor('S01', { threshold: 90 }), sensor('S03')] } }), [
    { kind: 'sensor-filter', id: 'S01.motion' },
    { kind: 'new-sensor', id: 'S03.motion' },
  ]);
  t.same(other({}, { rules: [{ ...RULE, when: { ...RULE.when, value: 300 } }] }), [{ kind: 'rule', id: 'fog' }]);
  const lamps = own.lamps.map((lamp) => (lamp.id === 'L2' ? { ...lamp, id: 'X2' } : lamp));
  t.same(other({ id: 'renamed', photocell: null, traffic: null, presence: null }, { rules: [RULE], lamps }), [
    { kind: 'zone-missing', id: 'rue' },
    { kind: 'lamp-missing', id: 'L2' },
    { kind: 'lamp-new', id: 'X2' },
  ]);
});
