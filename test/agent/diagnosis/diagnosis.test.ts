import t from 'tap';
import { createManualClock } from '../../../agent/core/manual-clock.ts';
import type { PointFlag, Semantic } from '../../../agent/core/profile.ts';
import type { AgentEvent, Reading } from '../../../agent/core/words.ts';
import { createDiagnosis, verdictsOf, type WatchedPoint } from '../../../agent/diagnosis/faults.ts';
import { texts } from '../../support/texts.ts';
import { reading } from '../lighting/street.ts';

/** A point as its profile means it, or as the site does where that is said. */
const point = (semantic: Semantic, flags: readonly PointFlag[] = [], site = semantic): WatchedPoint => ({
  semantic: site,
  profile: { semantic, flags },
});
const flag = (id: string, bit: number | null, changes: Partial<PointFlag> = {}): PointFlag => ({
  id,
  bit,
  severity: 'warning',
  message: `${id} it is`,
  inverted: false,
  ...changes,
});

const verdicts: [story: string, semantic: Semantic, value: number | null, quality: Reading['quality'], verdict: object | undefined][] = [
  ['a door at 1 is open', 'door', 1, 'good', { code: 'door-open', severity: 'warning', wrong: true }],
  ['a door at 0 is closed', 'door', 0, 'good', { code: 'door-open', wrong: false }],
  ['a raised flag is a fault', 'fault', 1, 'good', { code: 'lamp-fault', severity: 'alarm', wrong: true }],
  ['so are several bits', 'fault', 6, 'good', { code: 'lamp-fault', wrong: true }],
  ['no flag is none', 'fault', 0, 'good', { code: 'lamp-fault', wrong: false }],
  [
    'less than full output is a warning',
    'derating',
    80,
    'good',
    { code: 'thermal-derating', severity: 'warning', wrong: true, text: /80 %/ },
  ],
  ['full output is well', 'derating', 100, 'good', { wrong: false }],
  ['silence says nothing', 'door', null, 'missing', undefined],
  ['old news says nothing', 'door', 1, 'stale', undefined],
  ['a level is not a fault', 'level', 1, 'good', undefined],
];
for (const [story, semantic, value, quality, verdict] of verdicts) {
  t.test(story, async (t) =>
    t.match(texts(verdictsOf(reading('X.y', value, 0, quality), point(semantic))), verdict === undefined ? [] : [verdict]),
  );
}

const flags: [story: string, value: number | null, quality: Reading['quality'], flag: PointFlag, wrong: boolean | undefined][] = [
  ['a bit that is set is a flag that is up', 0b100, 'good', flag('a', 2), true],
  ['a bit beside it is another flag', 0b1011, 'good', flag('a', 2), false],
  ['the top bit of a signed register counts', -32_768, 'good', flag('a', 15), true],
  ['a negative number has the bits of its complement', -2, 'good', flag('a', 0), false],
  ['a wide register has more than 32 bits', 2 ** 40, 'good', flag('a', 40), true],
  ['and its low bits stay its own', 2 ** 40, 'good', flag('a', 8), false],
  ['without a bit any value but 0 is up', 7, 'good', flag('a', null), true],
  ['without a bit 0 is down', 0, 'good', flag('a', null), false],
  ['"voltage ok" is up when its bit is 0', 0, 'good', flag('a', 0, { inverted: true }), true],
  ['and down when it is 1', 1, 'good', flag('a', 0, { inverted: true }), false],
  ['a unit that is missing says nothing of its flags', null, 'missing', flag('a', 0), undefined],
  ['neither does an old value', 1, 'stale', flag('a', 0), undefined],
  ['nor a bad one', 1, 'bad', flag('a', 0), undefined],
];
for (const [story, value, quality, one, wrong] of flags) {
  t.test(story, async (t) => {
    const expected = wrong === undefined ? [] : [{ flag: 'a', code: 'device-flag', severity: 'warning', wrong }];
    t.match(verdictsOf(reading('X.y', value, 0, quality), point('other', [one])), expected);
    t.equal(verdictsOf(reading('X.y', value, 0, quality), point('other', [one])).length, expected.length);
  });
}

t.test('the words of a profile precede the kind of the point, those of the site precede both', async (t) => {
  const up = reading('IO1.input', 1, 0);
  const mains = [flag('mains-lost', null, { severity: 'alarm', message: 'mains lost' })];
  t.match(texts(verdictsOf(up, point('fault', mains))), [{ code: 'device-flag', severity: 'alarm', text: 'IO1.input: mains lost' }]);
  t.match(texts(verdictsOf(up, point('input', mains, 'door'))), [{ code: 'door-open', flag: '' }]);
  t.match(texts(verdictsOf(reading('IO1.input', 0, 0), point('fault', mains))), [
    { wrong: false, text: 'IO1.input: no longer: mains lost' },
  ]);
});

t.test('two flags of one register begin and end independently, and a missing unit clears nothing', async (t) => {
  const clock = createManualClock(1_000);
  const events: AgentEvent[] = [];
  const register = point('other', [flag('mains-lost', 0), flag('hot', 1, { severity: 'info' })]);
  const diagnosis = createDiagnosis({ points: new Map([['IO1.status', register]]), clock, onEvent: (event) => events.push(event) });
  const say = (value: number | null, quality: Reading['quality'] = 'good') =>
    diagnosis.onReadings([reading('IO1.status', value, 0, quality)]);
  say(0);
  t.same(events, [], 'all well is no news');
  say(0b11);
  await clock.advance(500);
  say(0b11);
  say(null, 'missing');
  say(0b10);
  clock.stepWall(-60_000);
  say(0);
  const common = { code: 'device-flag', source: 'IO1.status', startMs: 1_000 } as const;
  t.match(texts(events), [
    { ...common, id: 'device-flag:IO1.status:mains-lost:1000', severity: 'warning', text: 'IO1.status: mains-lost it is', endMs: null },
    { ...common, id: 'device-flag:IO1.status:hot:1000', severity: 'info', endMs: null },
    { ...common, id: 'device-flag:IO1.status:mains-lost:1000', text: 'IO1.status: no longer: mains-lost it is', endMs: 1_500 },
    { ...common, id: 'device-flag:IO1.status:hot:1000', endMs: 1_000 },
  ]);
  t.equal(events.length, 4);
});

t.test('each trouble is reported once when it begins and once, under the same id, when it ends', async (t) => {
  const clock = createManualClock(1_000);
  const events: AgentEvent[] = [];
  const points = new Map<Reading['pointId'], WatchedPoint>([
    ['IO1.door', point('door')],
    ['L1.overcurrent', point('fault')],
  ]);
  const diagnosis = createDiagnosis({ points, clock, onEvent: (event) => events.push(event) });
  const say = (door: number | null, fault: number, quality: Reading['quality'] = 'good') =>
    diagnosis.onReadings([reading('IO1.door', door, 0, quality), reading('L1.overcurrent', fault, 0), reading('L1.level', 1, 0)]);
  say(0, 0);
  t.same(events, [], 'all well is no news');
  say(1, 0);
  say(1, 1);
  await clock.advance(500);
  say(null, 1, 'missing');
  say(0, 1);
  say(0, 1);
  t.match(texts(events), [
    { id: 'door-open:IO1.door:1000', code: 'door-open', source: 'IO1.door', startMs: 1_000, endMs: null },
    { id: 'lamp-fault:L1.overcurrent:1000', code: 'lamp-fault', endMs: null },
    { id: 'door-open:IO1.door:1000', startMs: 1_000, endMs: 1_500 },
  ]);
  t.equal(events.length, 3);
});
