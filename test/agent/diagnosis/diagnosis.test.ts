import t from 'tap';
import { createManualClock } from '../../../agent/core/manual-clock.ts';
import type { Semantic } from '../../../agent/core/profile.ts';
import type { AgentEvent, Reading } from '../../../agent/core/words.ts';
import { createDiagnosis } from '../../../agent/diagnosis/diagnosis.ts';
import { verdictOf } from '../../../agent/diagnosis/faults.ts';
import { reading } from '../lighting/street.ts';

const verdicts: [story: string, semantic: Semantic, value: number | null, quality: Reading['quality'], verdict: object | undefined][] = [
  ['a door at 1 is open', 'door', 1, 'good', { code: 'door-open', severity: 'warning', wrong: true }],
  ['a door at 0 is closed', 'door', 0, 'good', { code: 'door-open', wrong: false }],
  ['a raised flag is a fault', 'fault', 1, 'good', { code: 'lamp-fault', severity: 'alarm', wrong: true }],
  ['so are several bits', 'fault', 6, 'good', { code: 'lamp-fault', wrong: true }],
  ['no flag is none', 'fault', 0, 'good', { code: 'lamp-fault', wrong: false }],
  ['less than full output is a warning', 'derating', 80, 'good', { code: 'lamp-fault', severity: 'warning', wrong: true, text: /80 %/ }],
  ['full output is well', 'derating', 100, 'good', { wrong: false }],
  ['silence says nothing', 'door', null, 'missing', undefined],
  ['old news says nothing', 'door', 1, 'stale', undefined],
  ['a level is not a fault', 'level', 1, 'good', undefined],
];
for (const [story, semantic, value, quality, verdict] of verdicts) {
  t.test(story, async (t) => t.match(verdictOf(reading('X.y', value, 0, quality), semantic), verdict));
}

t.test('each trouble is told once when it begins and once, under the same id, when it ends', async (t) => {
  const clock = createManualClock(1_000);
  const events: AgentEvent[] = [];
  const points = new Map<Reading['pointId'], { semantic: Semantic }>([
    ['IO1.door', { semantic: 'door' }],
    ['L1.overcurrent', { semantic: 'fault' }],
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
  t.match(events, [
    { id: 'door-open:IO1.door:1000', code: 'door-open', source: 'IO1.door', startMs: 1_000, endMs: null },
    { id: 'lamp-fault:L1.overcurrent:1000', code: 'lamp-fault', endMs: null },
    { id: 'door-open:IO1.door:1000', startMs: 1_000, endMs: 1_500 },
  ]);
  t.equal(events.length, 3);
});
