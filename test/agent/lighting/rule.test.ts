import fc from 'fast-check';
import t from 'tap';
import type { PresenceSensor, Rule } from '../../../agent/core/cabinet.ts';
import type { PointId, Quality, Reading } from '../../../agent/core/words.ts';
import type { RuleState, SensorState, TrafficState } from '../../../agent/lighting/lighting.ts';
import { afterRuleInput, isSomeoneIn, type RuleFacts, rulesRaise, ruleText } from '../../../agent/lighting/rule.ts';
import { texts } from '../../support/texts.ts';

const S = 1_000;
const SMOG: Rule = {
  id: 'smog',
  when: { kind: 'above', point: 'AIR1.pm25', value: 50, clearsAt: 40, forS: 60 },
  raise: { zones: ['rue'], levelPct: 80 },
};
const COLD: Rule = { id: 'cold', when: { kind: 'below', point: 'W1.temperature', value: 0, clearsAt: 2, forS: 0 }, raise: null };
const CROWD: Rule = { id: 'crowd', when: { kind: 'presence', zone: 'parc' }, raise: { zones: ['rue', 'parc'], levelPct: 60 } };
const JAM: Rule = { id: 'jam', when: { kind: 'traffic', zone: 'route', flowPct: 80, clearsAt: 60 }, raise: null };

const word = (value: number | null, atS: number, quality: Quality = value === null ? 'missing' : 'good'): Reading => ({
  pointId: 'AIR1.pm25',
  value,
  quality,
  atMono: atS * S,
  atMs: atS * S,
});
const read = (reading: Reading | undefined): RuleFacts => ({ kind: 'reading', reading });

/** [story, rule, [second, value or quality, holds after it]…]; a word that is only a time is a tick. */
type Line = readonly [atS: number, word: number | Exclude<Quality, 'good'> | 'tick', holds: boolean];
const STORIES: readonly [string, Rule, readonly Line[]][] = [
  [
    'it lasts long enough: it holds',
    SMOG,
    [
      [0, 60, false],
      [59, 'tick', false],
      [60, 'tick', true],
    ],
  ],
  [
    'at the threshold is not above it',
    SMOG,
    [
      [0, 50, false],
      [100, 'tick', false],
    ],
  ],
  [
    'poll after poll beyond it',
    SMOG,
    [
      [0, 60, false],
      [30, 61, false],
      [60, 62, true],
    ],
  ],
  [
    'poll after poll without an answer',
    SMOG,
    [
      [0, 60, false],
      [60, 60, true],
      [70, 'missing', true],
      [130, 'missing', true],
      [190, 'bad', false],
    ],
  ],
  [
    'a peak is too short',
    SMOG,
    [
      [0, 60, false],
      [30, 45, false],
      [61, 'tick', false],
    ],
  ],
  [
    'a dip into the band restarts the time',
    SMOG,
    [
      [0, 60, false],
      [30, 45, false],
      [40, 60, false],
      [99, 'tick', false],
      [100, 'tick', true],
    ],
  ],
  [
    'it came true between two looks',
    SMOG,
    [
      [0, 60, false],
      [300, 45, true],
    ],
  ],
  [
    'the band keeps it',
    SMOG,
    [
      [0, 60, false],
      [60, 60, true],
      [70, 41, true],
      [9_999, 'tick', true],
    ],
  ],
  [
    'back at clearsAt for long enough: it ends',
    SMOG,
    [
      [0, 60, false],
      [60, 60, true],
      [70, 40, true],
      [129, 'tick', true],
      [130, 'tick', false],
    ],
  ],
  [
    'a short relief does not end it',
    SMOG,
    [
      [0, 60, false],
      [60, 60, true],
      [70, 30, true],
      [100, 41, true],
      [131, 'tick', true],
    ],
  ],
  [
    'it ended between two looks',
    SMOG,
    [
      [0, 60, false],
      [60, 60, true],
      [70, 30, true],
      [200, 60, false],
      [260, 'tick', true],
    ],
  ],
  [
    'no answer: let go after forS and a minute',
    SMOG,
    [
      [0, 60, false],
      [60, 60, true],
      [70, 'missing', true],
      [189, 'tick', true],
      [190, 'tick', false],
    ],
  ],
  [
    'a value that is not plausible is none',
    SMOG,
    [
      [0, 60, false],
      [60, 60, true],
      [70, 'bad', true],
      [190, 'tick', false],
    ],
  ],
  [
    'a stale value counts from when it was read',
    SMOG,
    [
      [0, 60, false],
      [60, 60, true],
      [90, 'tick', true],
      [181, 'stale', false],
    ],
  ],
  [
    'it answers again in time',
    SMOG,
    [
      [0, 60, false],
      [60, 60, true],
      [70, 'missing', true],
      [180, 60, true],
      [9_999, 'tick', true],
    ],
  ],
  [
    'lost on its way back: let go no later',
    SMOG,
    [
      [0, 60, false],
      [60, 60, true],
      [70, 30, true],
      [80, 'missing', true],
      [129, 'tick', true],
      [130, 'tick', false],
    ],
  ],
  [
    'lost before it lasted: the time restarts',
    SMOG,
    [
      [0, 60, false],
      [30, 'missing', false],
      [40, 60, false],
      [61, 'tick', false],
      [100, 'tick', true],
    ],
  ],
  [
    'never heard of',
    SMOG,
    [
      [0, 'tick', false],
      [9_999, 'tick', false],
    ],
  ],
  [
    'frost, at once',
    COLD,
    [
      [0, 1, false],
      [10, -0.1, true],
      [20, 0, true],
      [30, 1.9, true],
      [40, 2, false],
    ],
  ],
];

t.test('threshold, hysteresis and delay', async (t) => {
  for (const [story, rule, lines] of STORIES) {
    let state: RuleState | undefined;
    let latest: Reading | undefined;
    for (const [atS, what, holds] of lines) {
      if (typeof what === 'number') latest = word(what, atS);
      else if (what === 'stale') latest = { ...(latest as Reading), quality: 'stale' };
      else if (what !== 'tick') latest = word(null, atS, what);
      state = afterRuleInput(state, read(latest), rule, atS * S);
      t.equal(state.holds, holds, `${story}: second ${atS}`);
    }
  }
});

t.test('a rule is in force since it became true, not since it was evaluated', async (t) => {
  const up = afterRuleInput(undefined, read(word(60, 0)), SMOG, 0);
  t.match(afterRuleInput(up, read(word(60, 0)), SMOG, 300 * S), { holds: true, sinceMono: 60 * S, value: 60 });
});

t.test('presence in a zone lasts as long as its light is held', async (t) => {
  const sensor = (device: string, over: Partial<PresenceSensor> = {}): PresenceSensor => ({
    device,
    point: 'motion',
    kind: 'motion',
    threshold: 50,
    ownHoldS: 5,
    minPulseS: 0,
    offDelayS: 0,
    blankS: 0,
    stuckS: 1_800,
    maxPerH: 100_000,
    listen: 'own',
    ...over,
  });
  const zone = { sensors: [sensor('S1'), sensor('S2', { listen: 'group' })], holdS: 30 };
  const at = (over: Partial<SensorState>, id: PointId = 'S1.motion') =>
    new Map([[id, { present: false, sinceMono: 0, lastPresentMono: 0, quality: 'good', ...over } satisfies SensorState]]);
  t.equal(isSomeoneIn(zone, new Map(), 0), false, 'a sensor that never spoke');
  t.equal(isSomeoneIn(zone, at({ present: true }), 9_999 * S), true, 'seen now');
  t.equal(isSomeoneIn(zone, at({}), 24_999), true, 'held');
  t.equal(isSomeoneIn(zone, at({}), 25_000), false, 'gone');
  t.equal(isSomeoneIn(zone, at({ present: true, stuck: true }), 0), false, 'stuck');
  t.equal(isSomeoneIn(zone, at({ present: true, quality: 'missing' }), 9_999 * S), false, 'does not answer');
  t.equal(isSomeoneIn(zone, at({ present: true }, 'S2.motion'), 0), false, 'follows the others');
  const came = afterRuleInput(undefined, { kind: 'presence', present: true }, CROWD, 5 * S);
  t.match(came, { holds: true, sinceMono: 5 * S });
  t.match(afterRuleInput(came, { kind: 'presence', present: false }, CROWD, 9 * S), { holds: false, sinceMono: 9 * S });
});

t.test('traffic against the design flow', async (t) => {
  const flow = (flowPerH: number | null, runningPerH = 0): RuleFacts => ({
    kind: 'traffic',
    traffic: { flowPerH, runningPerH, step: null, sinceMono: 0 } satisfies TrafficState,
    config: { designFlowPerH: 500 },
  });
  let state = afterRuleInput(undefined, flow(400), JAM, 0);
  const after = (facts: RuleFacts, atS: number): boolean => {
    state = afterRuleInput(state, facts, JAM, atS * S);
    return state.holds;
  };
  t.equal(state.holds, false, '80 % is not above 80 %');
  t.equal(after(flow(100, 401), 1), true, 'the running window is enough');
  t.equal(String(ruleText(JAM, state)), 'jam: traffic in route at 80.2 %, until 60 %');
  t.equal(after(flow(301), 2), true);
  t.equal(after(flow(300), 3), false);
  t.equal(after(flow(450), 4), true);
  t.equal(after(flow(null), 5), true, 'not known is let go after a minute');
  t.equal(after({ kind: 'traffic', traffic: undefined, config: { designFlowPerH: 500 } }, 65), false);
});

t.test('the rule that raises a zone most, with its reading', async (t) => {
  const rules = [CROWD, SMOG, { ...SMOG, id: 'smog2' }, COLD];
  const holding = (value: number | null = null): RuleState => ({ holds: true, sinceMono: 0, value });
  const none: RuleState = { holds: false, sinceMono: 0 };
  t.equal(rulesRaise(rules, new Map(), 'rue'), null);
  t.equal(
    rulesRaise(
      rules,
      new Map([
        ['smog', none],
        ['cold', holding(-3)],
      ]),
      'rue',
    ),
    null,
    'a rule may raise nothing',
  );
  const states = new Map([
    ['crowd', holding()],
    ['smog', holding(82.456)],
    ['smog2', holding(90)],
  ]);
  t.strictSame(texts(rulesRaise(rules, states, 'rue')), { levelPct: 80, rule: 'smog', text: 'smog: AIR1.pm25 at 82.46, until 40' });
  t.strictSame(texts(rulesRaise(rules, states, 'parc')), { levelPct: 60, rule: 'crowd', text: 'crowd: someone in parc' });
  t.equal(rulesRaise(rules, states, 'place'), null);
  t.equal(String(ruleText(SMOG, { ...none, value: 12 })), 'smog: AIR1.pm25 at 12, holds above 50');
  t.equal(String(ruleText(COLD, none)), 'cold: W1.temperature without a value, holds below 0');
});

// ── properties ───────────────────────────────────────────────────────────────────────────────────────────────────────

const GAP_ARB = fc.integer({ min: 1, max: 90 });
const WORD_ARB = fc.tuple(
  GAP_ARB,
  fc.oneof({ weight: 6, arbitrary: fc.integer({ min: 30, max: 60 }) }, { weight: 1, arbitrary: fc.constant(null) }),
);
const RULE_ARB = fc.record({ kind: fc.constantFrom('above', 'below'), forS: fc.constantFrom(0, 30, 60) }).map(
  ({ kind, forS }): Rule => ({
    ...SMOG,
    when: { kind, point: 'AIR1.pm25', value: kind === 'above' ? 50 : 40, clearsAt: kind === 'above' ? 40 : 50, forS },
  }),
);

t.test('a rule does not depend on how often it is evaluated', async () => {
  fc.assert(
    fc.property(
      RULE_ARB,
      fc.array(WORD_ARB, { minLength: 1, maxLength: 40 }),
      fc.array(fc.integer({ min: 1, max: 89 }), { maxLength: 5 }),
      (rule, words, looks) => {
        let [bare, busy]: (RuleState | undefined)[] = [];
        let latest: Reading | undefined;
        let atS = 0;
        return words.every(([gapS, value]) => {
          for (const s of looks.filter((s) => s < gapS).toSorted((a, b) => a - b))
            busy = afterRuleInput(busy, read(latest), rule, (atS + s) * S);
          atS += gapS;
          latest = word(value, atS);
          bare = afterRuleInput(bare, read(latest), rule, atS * S);
          busy = afterRuleInput(busy, read(latest), rule, atS * S);
          const isSame = bare.holds === busy.holds && (bare.sinceMono === busy.sinceMono || !bare.holds);
          return isSame && bare.beyondMono === busy.beyondMono && bare.clearMono === busy.clearMono && bare.lostMono === busy.lostMono;
        });
      },
    ),
  );
});

t.test('a rule changes at most once in each forS, and does not outlive its sensor', async () => {
  fc.assert(
    fc.property(RULE_ARB, fc.array(WORD_ARB, { minLength: 1, maxLength: 60 }), (rule, words) => {
      const forMs = 'forS' in rule.when ? rule.when.forS * S : 0;
      let state: RuleState | undefined;
      let atS = 0;
      for (const [gapS, value] of words) {
        atS += gapS;
        const before: RuleState | undefined = state;
        state = afterRuleInput(state, read(word(value, atS)), rule, atS * S);
        if (before !== undefined && before.holds !== state.holds && before.holds && state.sinceMono - before.sinceMono < forMs)
          return false;
      }
      return !afterRuleInput(state, read(word(null, atS + 1)), rule, (atS + 1) * S + forMs + 60 * S).holds;
    }),
  );
});
