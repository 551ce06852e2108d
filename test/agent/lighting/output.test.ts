import fc from 'fast-check';
import t from 'tap';
import type { Output } from '../../../agent/core/cabinet.ts';
import { outputNumber, outputProblems } from '../../../agent/core/output-values.ts';
import type { PointProfile } from '../../../agent/core/profile.ts';
import type { PointId } from '../../../agent/core/words.ts';
import type { RuleState } from '../../../agent/lighting/lighting.ts';
import {
  isEmergency,
  litZones,
  type OutputFacts,
  type OutputState,
  outputValue,
  type ResolvedOutput,
  resolveOutputs,
} from '../../../agent/lighting/output.ts';
import { testPoint, testProfile, writable } from '../../support/profiles.ts';
import { texts } from '../../support/texts.ts';
import { intent } from './street.ts';

const S = 1_000;
const CIRCUIT: Output = {
  id: 'K1',
  device: 'IO1',
  point: 'relay',
  idle: 0,
  litWith: { zones: ['rue', 'parc'], value: 1 },
  rules: [],
  minOnS: 300,
  minOffS: 60,
};
const PANEL: Output = {
  id: 'panel',
  device: 'IO1',
  point: 'message',
  idle: 'blank',
  litWith: null,
  rules: [
    { rule: 'smog', value: 'slow down' },
    { rule: 'jam', value: 'jam ahead' },
  ],
  minOnS: 120,
  minOffS: 30,
};
const POINTS: readonly PointProfile[] = [
  testPoint('relay', { semantic: 'relay', table: 'coil', type: 'bit', write: writable({ max: 1, settleMs: 50, verify: 'contact' }) }),
  testPoint('contact', { table: 'discrete', type: 'bit' }),
  testPoint('message', {
    table: 'holding',
    address: 10,
    enum: { '0': 'blank', '3': 'slow down', '7': 'jam ahead', '200': 'test' },
    write: writable({ max: 99 }),
  }),
  testPoint('volume', {
    table: 'holding',
    address: 11,
    scale: 0.5,
    offset: -10,
    decimals: 1,
    enum: { '0': 'off', '30': 'loud' },
    write: writable({ min: -10, max: 10 }),
  }),
  testPoint('mains', { table: 'coil', address: 9, type: 'bit', write: writable({ max: 1, dangerous: true }) }),
  testPoint('level', { semantic: 'level', table: 'holding', write: writable() }),
];
const pointOf = (id: PointId): PointProfile | undefined => POINTS.find((point) => `IO1.${point.id}` === id);
const resolved = (output: Output): ResolvedOutput => resolveOutputs({ outputs: [output] }, pointOf)[0] as ResolvedOutput;
const K1 = resolved(CIRCUIT);
const SIGN = resolved(PANEL);
const HOLDS: RuleState = { holds: true, sinceMono: 0 };

function facts(over: Partial<OutputFacts> & { lit?: readonly string[]; rules?: readonly string[] } = {}): OutputFacts {
  const { lit = [], rules = [], ...rest } = over;
  const ruleStates = new Map(rules.map((id) => [id, HOLDS]));
  return { litZones: new Set(lit), ruleStates, before: undefined, found: null, isEmergency: false, nowMono: 0, ...rest };
}

/** [second, zones lit, rules that hold, value, with 'emergency' or the value found at the device] */
type Moment = readonly [atS: number, lit: string, rules: string, value: number, extra?: 'emergency' | number];
const STORIES: readonly [string, ResolvedOutput, readonly Moment[]][] = [
  [
    'a zone is lit, its circuit closes; it opens when all its zones are dark',
    K1,
    [
      [0, '', '', 0],
      [60, 'rue', '', 1],
      [400, 'parc', '', 1],
      [500, '', '', 0],
    ],
  ],
  [
    'it stays closed for its shortest time',
    K1,
    [
      [0, 'rue', '', 1],
      [100, '', '', 1],
      [299, '', '', 1],
      [300, '', '', 0],
    ],
  ],
  [
    'and open, but where a zone is to be lit again it rests for two seconds',
    K1,
    [
      [0, 'rue', '', 1],
      [300, '', '', 0],
      [301, 'rue', '', 0],
      [302, 'rue', '', 1],
    ],
  ],
  [
    'a circuit that rests for less does so',
    { ...K1, minOffS: 1 },
    [
      [0, '', '', 0],
      [1, 'rue', '', 1],
    ],
  ],
  [
    'a value that is no light waits for its whole rest',
    SIGN,
    [
      [0, '', '', 0],
      [29, '', 'jam', 0],
      [30, '', 'jam', 7],
    ],
  ],
  [
    'lit again within that time: nothing has happened',
    K1,
    [
      [0, 'rue', '', 1],
      [100, '', '', 1],
      [200, 'rue', '', 1],
      [299, 'rue', '', 1],
      [9_999, 'rue', '', 1],
    ],
  ],
  [
    'in an emergency it closes at once',
    K1,
    [
      [0, '', '', 0],
      [10, 'rue', '', 1, 'emergency'],
    ],
  ],
  [
    'an emergency opens nothing sooner',
    K1,
    [
      [0, 'rue', '', 1],
      [10, '', '', 1, 'emergency'],
    ],
  ],
  ['a zone that it does not feed is none of its business', K1, [[0, 'place', '', 0]]],
  [
    'the first rule that holds goes before',
    SIGN,
    [
      [0, '', '', 0],
      [30, '', 'jam', 7],
      [150, '', 'smog jam', 3],
      [270, '', 'jam', 7],
      [390, '', '', 0],
    ],
  ],
  [
    'a message stays to be read, even for a more important one',
    SIGN,
    [
      [0, '', 'jam', 7],
      [10, '', 'smog jam', 7],
      [119, '', 'smog', 7],
      [120, '', 'smog', 3],
    ],
  ],
  ['after a start light does not wait', K1, [[0, 'rue', '', 1, 0]]],
  [
    'after a start what is found stays until rules are known again',
    SIGN,
    [
      [0, '', '', 3, 3],
      [60, '', 'smog', 3],
      [200, '', '', 0],
    ],
  ],
  [
    'and goes if none comes',
    SIGN,
    [
      [0, '', '', 3, 3],
      [119, '', '', 3],
      [120, '', '', 0],
    ],
  ],
  ['after a start a rule that holds does not wait for what is found', SIGN, [[0, '', 'jam', 7, 3]]],
  ['a value found that is none of ours goes at once', SIGN, [[0, '', '', 0, 42]]],
  [
    'a circuit found closed over dark lamps opens after its time',
    K1,
    [
      [0, '', '', 1, 1],
      [300, '', '', 0],
    ],
  ],
];

t.test('what an output shows', async (t) => {
  for (const [story, output, moments] of STORIES) {
    let before: OutputState | undefined;
    for (const [atS, lit, rules, value, extra] of moments) {
      const over = { lit: lit.split(' '), rules: rules.split(' '), found: typeof extra === 'number' ? extra : null };
      before = outputValue(output, facts({ ...over, before, isEmergency: extra === 'emergency', nowMono: atS * S }));
      t.equal(before.value, value, `${story}: second ${atS}`);
    }
  }
});

t.test('no rule opens a circuit over lit lamps', async (t) => {
  const cut = { ...K1, rules: [{ rule: 'smog', value: 0 }] };
  const lit = outputValue(cut, facts({ lit: ['rue'], rules: ['smog'] }));
  t.strictSame(texts(lit), { value: 1, sinceMono: 0, text: 'zone rue is lit' });
  t.equal(outputValue(cut, facts({ lit: ['rue'], rules: ['smog'], before: lit, nowMono: 9_999 * S })).value, 1);
});

t.test('an output gives its reason', async (t) => {
  const closed = outputValue(K1, facts({ lit: ['parc'] }));
  t.equal(String(closed.text), 'zone parc is lit');
  t.equal(String(outputValue(K1, facts({ before: closed, nowMono: 100 * S })).text), 'stays 3 min more, then 0: nothing else is requested');
  t.equal(String(outputValue(SIGN, facts({ rules: ['smog'] })).text), 'rule smog holds');
  t.equal(String(outputValue(SIGN, facts({ found: 7 })).text), 'as found at the start');
});

t.test('a zone is lit while a lamp of it shall be, or still is', async (t) => {
  const zones = [
    { id: 'rue', lamps: ['L1', 'L2'] },
    { id: 'parc', lamps: ['L3'] },
  ] as never;
  const decisions = ['L1', 'L2', 'L3'].map((lampId) => ({ lampId, levelPct: lampId === 'L2' ? 30 : 0 }));
  t.strictSame([...litZones({ zones }, decisions, () => null)], ['rue']);
  t.strictSame([...litZones({ zones }, [], (id) => (id === 'L3' ? 4 : 0))], ['parc'], 'its driver is still falling');
  t.strictSame([...litZones({ zones }, [], () => 0)], []);
});

t.test('an emergency is one of the whole cabinet, for light, in force', async (t) => {
  const all = intent({ rank: 'emergency', target: { kind: 'cabinet', id: 'C1' }, levelPct: 100, untilMono: 10 });
  t.equal(isEmergency([all], 9), true);
  t.equal(isEmergency([all], 10), false);
  t.equal(isEmergency([{ ...all, levelPct: 0 }], 0), false);
  t.equal(isEmergency([{ ...all, rank: 'override' }], 0), false);
  t.equal(isEmergency([{ ...all, target: { kind: 'zone', id: 'rue' } }], 0), false);
});

t.test('an emergency of a zone is one for the circuits that feed it', async (t) => {
  const ofZone = intent({ rank: 'emergency', target: { kind: 'zone', id: 'rue' }, levelPct: 100, untilMono: 10 });
  t.equal(isEmergency([ofZone], 9, ['quay', 'rue']), true);
  t.equal(isEmergency([ofZone], 10, ['rue']), false);
  t.equal(isEmergency([ofZone], 9, ['quay']), false);
  t.equal(isEmergency([{ ...ofZone, target: { kind: 'lamp', id: 'rue' } }], 9, ['rue']), false);
});

t.test('values by name', async (t) => {
  t.match(SIGN, { pointId: 'IO1.message', proofId: 'IO1.message', idle: 0, litWith: null, rules: [{ value: 3 }, { value: 7 }] });
  t.match(K1, { proofId: 'IO1.contact', settleMs: 50, litWith: { value: 1 } });
  t.equal(outputNumber('loud', POINTS[3] as PointProfile), 5, 'in the unit of the point, as numbers are');
  t.equal(outputNumber('louder', POINTS[3] as PointProfile), undefined);
  const broken = [
    { ...PANEL, idle: 'blnak' },
    { ...PANEL, rules: [{ rule: 'smog', value: 'slow' }] },
    { ...PANEL, point: 'siren' },
    { ...PANEL, point: 'mains', idle: 0, rules: [] },
  ];
  t.strictSame(resolveOutputs({ outputs: broken }, pointOf), [], 'what means nothing is not written');
});

/** [story, changes, path, message] */
const MISTAKES: readonly [string, Output, readonly (string | number)[], RegExp][] = [
  ['a name mistyped', { ...PANEL, idle: 'blnak' }, [0, 'idle'], /"blnak" is not a value of "message"; did you mean "blank"\?/],
  [
    'a name of nothing',
    { ...PANEL, rules: [{ rule: 'smog', value: 'xyz' }] },
    [0, 'rules', 0, 'value'],
    /there are: blank, slow down, jam ahead, test/,
  ],
  [
    'a name where there are none',
    { ...CIRCUIT, idle: 'open' },
    [0, 'idle'],
    /"relay" has no names for its values; give a number from 0 to 1/,
  ],
  ['more digits than the device keeps', { ...PANEL, idle: 1.5 }, [0, 'idle'], /^1.5 has more decimals than "[a-z_]+" keeps; write 2$/],
  ['a number beyond the limits', { ...PANEL, idle: 100 }, [0, 'idle'], /^100 is outside 0 to 99/],
  ['a name beyond the limits', { ...PANEL, idle: 'test' }, [0, 'idle'], /^200 \("test"\) is outside 0 to 99/],
  ['a point mistyped', { ...PANEL, point: 'mesage' }, [0, 'point'], /has no point "mesage"; did you mean "message"\?/],
  [
    'a point that is only read',
    { ...CIRCUIT, point: 'contact' },
    [0, 'point'],
    /cannot be written; points that can be written: relay, message, volume, level/,
  ],
  ['a dangerous point', { ...CIRCUIT, point: 'mains' }, [0, 'point'], /dangerous to write, no output may/],
  ['a lamp', { ...CIRCUIT, point: 'level' }, [0, 'point'], /already sets the level of lamp "L1"; raise a zone by a rule/],
  ['a circuit that never changes', { ...CIRCUIT, litWith: { zones: ['rue'], value: 0 } }, [0, 'litWith', 'value'], /equals idle/],
  [
    'a rule that would open it',
    { ...CIRCUIT, rules: [{ rule: 'smog', value: 0 }] },
    [0, 'rules', 0, 'value'],
    /rule "smog" may not put a circuit/,
  ],
];

t.test('an output that cannot be written is reported by check', async (t) => {
  const lamps = [{ id: 'L1', device: 'IO1', point: 'level' }];
  const profile = testProfile('box', POINTS);
  const check = (outputs: readonly Output[]) => outputProblems(outputs, lamps, (id) => (id === 'IO1' ? profile : undefined));
  t.strictSame(check([CIRCUIT, PANEL, { ...PANEL, device: 'IO9' }]), [], 'good ones, and one whose unknown device is reported elsewhere');
  for (const [story, output, path, message] of MISTAKES) {
    const found = check([output]);
    t.match(found, [{ path, message }], story);
    t.equal(found.length, 1, story);
  }
});

// ── properties ───────────────────────────────────────────────────────────────────────────────────────────────────────

const OUTPUT_ARB = fc
  .record({
    base: fc.constantFrom(K1, SIGN, {
      ...K1,
      rules: [
        { rule: 'smog', value: 0 },
        { rule: 'jam', value: 2 },
      ],
    }),
    minOnS: fc.nat(120),
    minOffS: fc.nat(120),
  })
  .map(({ base, ...dwell }): ResolvedOutput => ({ ...base, ...dwell }));
const MOMENT_ARB = fc.record({
  gapS: fc.integer({ min: 0, max: 90 }),
  lit: fc.subarray(['rue', 'parc', 'place']),
  rules: fc.subarray(['smog', 'jam']),
  isEmergency: fc.boolean(),
  found: fc.constantFrom(null, 0, 1, 3),
});

t.test('an output never chatters, and a circuit is never opened on a lit zone, whatever is requested', async () => {
  fc.assert(
    fc.property(OUTPUT_ARB, fc.array(MOMENT_ARB, { maxLength: 60 }), (output, moments) => {
      let before: OutputState | undefined;
      let nowMono = 0;
      return moments.every(({ gapS, ...what }) => {
        nowMono += gapS * S;
        const was: OutputState | undefined = before;
        before = outputValue(output, facts({ ...what, before: was, nowMono }));
        const isCircuitLit = output.litWith?.zones.some((zone) => what.lit.includes(zone)) === true;
        if (was === undefined) return !isCircuitLit || before.value !== output.idle;
        if (isCircuitLit && was.value !== output.idle && before.value === output.idle) return false;
        if (before.value === was.value) return before.sinceMono === was.sinceMono;
        const restS = isCircuitLit ? Math.min(output.minOffS, 2) : output.minOffS;
        const dwellMs = (was.value === output.idle ? restS : output.minOnS) * S;
        const isForced = what.isEmergency && isCircuitLit && was.value === output.idle;
        return before.sinceMono === nowMono && (isForced || nowMono - was.sinceMono >= dwellMs);
      });
    }),
  );
});

t.test('a restart at any instant leads to the same value, at the latest after the shortest time', async () => {
  fc.assert(
    fc.property(OUTPUT_ARB, fc.array(MOMENT_ARB, { minLength: 1, maxLength: 30 }), MOMENT_ARB, (output, moments, last) => {
      let before: OutputState | undefined;
      let nowMono = 0;
      for (const { gapS, ...what } of moments) {
        nowMono += gapS * S;
        before = outputValue(output, facts({ ...what, before, nowMono }));
      }
      const found = before?.value ?? null;
      const lit = { lit: last.lit, rules: last.rules };
      const restarted = outputValue(output, facts({ ...lit, found, nowMono }));
      const laterMono = nowMono + Math.max(output.minOnS, output.minOffS) * S;
      const value = (state: OutputState | undefined): number =>
        outputValue(output, facts({ ...lit, before: state, nowMono: laterMono })).value;
      return value(restarted) === value(before);
    }),
  );
});
