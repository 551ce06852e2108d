import fc from 'fast-check';
import t from 'tap';
import type { Rule } from '../../../agent/core/cabinet.ts';
import type { Decision, PointId } from '../../../agent/core/words.ts';
import { createDecider } from '../../../agent/lighting/decide.ts';
import { explain } from '../../../agent/lighting/explain.ts';
import { darkestStreet, shortfallsOf } from '../../../agent/lighting/floor.ts';
import { casesFor } from '../../../agent/lighting/floor-cases.ts';
import { lampUse } from '../../../agent/lighting/lamp-use.ts';
import type { LightingSnapshot, LightingStreet, RuleState } from '../../../agent/lighting/lighting.ts';
import { rulesLower } from '../../../agent/lighting/rule.ts';
import { texts } from '../../support/texts.ts';
import { intent, makeStreet, seen, snapshot, step, winter } from './street.ts';

const NOW = 1_000_000;

function lowering(id: string, levelPct: number, zones: readonly string[] = ['rue']): Rule {
  const when = { kind: 'above', point: 'LINKY.colour', value: 2.5, clearsAt: 2, forS: 60 } as const;
  return { id, when, raise: null, lower: { zones, levelPct } };
}
const RED = lowering('red-day', 20);
const HOLDS: RuleState = { holds: true, sinceMono: NOW - 60_000, value: 3 };
const holding = (...ids: string[]): ReadonlyMap<string, RuleState> => new Map(ids.map((id) => [id, HOLDS]));
const street = (changes: Parameters<typeof makeStreet>[0] = {}, rules = [RED]): LightingStreet =>
  makeStreet({ ...changes, street: { rules, ...changes.street } });
function decided(changes: Partial<LightingSnapshot>, of = street()): Decision {
  return createDecider(of).decide(snapshot({ rules: holding('red-day'), ...changes })).decisions[1] as Decision;
}
const present = new Map([['S01.motion' as PointId, seen(NOW, true)]]);
const RAISING: Rule = { ...lowering('smog', 0), raise: { zones: ['rue'], levelPct: 60 }, lower: { zones: [], levelPct: 0 } };

const table: [story: string, changes: Partial<LightingSnapshot>, of: LightingStreet, levelPct: number, reason: string][] = [
  ['at 23:30 the programme of 30 % gives 20 %', {}, street(), 20, 'programme'],
  ['a rule that does not apply lowers nothing', { rules: new Map() }, street(), 30, 'programme'],
  ['a level above the programme changes nothing', {}, street({}, [lowering('red-day', 50)]), 30, 'programme'],
  ['the evening is lowered too', { nowMs: winter('19:00') }, street(), 20, 'programme'],
  ['by day a lamp stays off', { nowMs: winter('13:00') }, street(), 0, 'day'],
  ['a person is lit as before', { sensors: present }, street(), 100, 'presence'],
  ['an override is followed as before', { intents: [intent({ levelPct: 70 })] }, street(), 70, 'override'],
  ['a rule that raises wins', { rules: holding('red-day', 'smog') }, street({}, [RED, RAISING]), 60, 'traffic'],
  ['the lowest of two rules counts', { rules: holding('red-day', 'peak') }, street({}, [RED, lowering('peak', 15)]), 15, 'programme'],
  ['never below the minimum of the zone', {}, street({}, [lowering('red-day', 0)]), 10, 'programme'],
  ['nor below that of the lamp', {}, street({ lamp: { minPct: 25 } }), 25, 'programme'],
  [
    'a zone that may be dark is not put out by it',
    {},
    street({ zone: { dark: { warnPct: 20, warnS: 30 } } }, [lowering('red-day', 0)]),
    10,
    'programme',
  ],
  [
    'a dark step stays dark',
    {},
    street({ zone: { dark: { warnPct: 20, warnS: 30 } }, programme: { id: 'residential', steps: [step('dusk', 0)] } }),
    0,
    'programme',
  ],
  ['another zone is not lowered', {}, street({}, [lowering('red-day', 20, ['square'])]), 30, 'programme'],
  ['without a trusted time a lamp has its maximum', { clockQuality: 'none' }, street(), 100, 'time-not-trusted'],
];
for (const [story, changes, of, levelPct, reason] of table) {
  t.test(story, async (t) => t.match(decided(changes, of), { levelPct, reason }));
}

t.test('the trace names the rule, its value and its end, with the programme below it', async (t) => {
  const { trace } = decided({});
  t.match(texts(trace.filter(({ rank }) => rank === 'programme')), [
    { source: 'red-day', levelPct: 20, applied: true, text: 'red-day: LINKY.colour at 3, until 2' },
    { source: 'residential', levelPct: 30, applied: false },
  ]);
  const of = street();
  const facts = { street: of, lampId: of.lamps[0]?.id ?? '', zone: of.zones[0] ?? null, plan: createDecider(of).plan('rue') ?? null };
  const line = trace.find(({ source }) => source === 'red-day');
  const shot = snapshot({ rules: holding('red-day') });
  const explained = line && explain(line, { ...facts, snapshot: shot });
  t.match(explained, { sinceMs: shot.nowMs - 60_000 });
  t.equal(String(explained?.changes), 'over at 2');
});

t.test('the energy without presence is that of the lowered level', async (t) => {
  const of = street();
  const [lamp, zone] = [of.lamps[1], of.zones[0]];
  if (lamp === undefined || zone === undefined) throw new TypeError('the street has a lamp');
  t.match(lampUse(decided({ sensors: present }, of), lamp, zone), { levelPct: 100, quietPct: 20, raisedBy: 'presence' });
});

t.test('without a good value the rule ends, and with it the lower level', async (t) => {
  t.equal(rulesLower([RED], new Map([['red-day', { holds: false, sinceMono: 0 }]]), 'rue'), null);
});

t.test('the floor is compared with every rule that lowers light', async (t) => {
  t.ok(casesFor([street()]).some(({ text }) => String(text).includes('under every rule that lowers light')));
  t.notOk(casesFor([makeStreet()]).some(({ text }) => String(text).includes('lowers light')));
  const nowMs = Date.parse('2026-11-27T11:00:00Z');
  const judge = (after: LightingStreet) => {
    const lampOf = new Map(after.lamps.map(({ id }) => [id, id]));
    return shortfallsOf({ after, floors: [{ street: makeStreet(), lampOf }], nowMs, nightsAhead: 3 });
  };
  t.same(judge(street({}, [lowering('red-day', 0)])), [], 'it cannot go below the floor');
  // A zone with a lower minimum is what lets a rule go below the floor; it is found with the rule in force.
  const texts = judge(street({ zone: { minPct: 5 } }, [lowering('red-day', 0)])).map(({ text }) => String(text));
  t.ok(texts.length > 0);
});

t.test('whatever rules apply, no lamp is below the darkest street that its zone allows', async (t) => {
  const darkest = createDecider(darkestStreet(makeStreet()));
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 100 }), { minLength: 1, maxLength: 4 }),
      fc.integer({ min: 0, max: 86_399 }),
      fc.boolean(),
      (levels, second, isPresent) => {
        const rules = levels.map((levelPct, i) => lowering(`r${i}`, levelPct));
        const shot = snapshot({
          nowMs: winter('00:00') + second * 1_000,
          sensors: isPresent ? present : new Map(),
          rules: holding(...rules.map(({ id }) => id)),
        });
        const least = darkest.decide(shot).decisions;
        const found = createDecider(street({}, rules)).decide(shot).decisions;
        return found.every(({ levelPct }, i) => levelPct >= (least[i]?.levelPct ?? 0));
      },
    ),
    { numRuns: 200, seed: 11 },
  );
  t.pass('held for all generated rules');
});
