import t from 'tap';
import { createEventTracker } from '../../../agent/core/event-tracker.ts';
import { createManualClock } from '../../../agent/core/manual-clock.ts';
import type { AgentEvent, PointId, Quality } from '../../../agent/core/words.ts';
import { createMeterClock } from '../../../agent/diagnosis/meter-clock.ts';
import { testDevice } from '../../support/profiles.ts';

function rig() {
  const clock = createManualClock(Date.parse('2026-11-28T20:00:00Z'));
  const events: AgentEvent[] = [];
  const device = testDevice('LINKY');
  const watch = createMeterClock({
    points: new Map<PointId, { device: typeof device; semantic: 'clock' | 'other' }>([
      ['LINKY.clock', { device, semantic: 'clock' }],
      ['LINKY.tariff', { device, semantic: 'other' }],
    ]),
    clock,
    events: createEventTracker(clock, (event) => events.push(event)),
  });
  /** The meter sends its time once a second. */
  const run = async (seconds: number, aheadS: number, quality: Quality = 'good'): Promise<void> => {
    for (let i = 0; i < seconds; i++) {
      await clock.advance(1_000);
      const value = quality === 'missing' ? null : Math.round(clock.wallMs() / 1_000) + aheadS;
      watch.onReadings([{ pointId: 'LINKY.clock', value, quality, atMono: clock.monoMs(), atMs: clock.wallMs() }]);
    }
  };
  return { clock, events, run };
}

const calm: [story: string, seconds: number, aheadS: number, quality?: Quality][] = [
  ['clocks that agree', 600, 2],
  ['a difference within a minute', 600, -59],
  ['a large difference for less than three minutes', 180, 4_000],
  ['a meter without a value', 600, 4_000, 'missing'],
  ['a stale value', 600, 4_000, 'stale'],
];
for (const [story, seconds, aheadS, quality] of calm) {
  t.test(`${story}: no event`, async (t) => {
    const { run, events } = rig();
    await run(seconds, aheadS, quality);
    t.same(events, []);
  });
}

t.test('a difference is one event that says which clock is ahead and which is used, and it ends with the difference', async (t) => {
  const { run, events } = rig();
  await run(400, 300);
  t.match(events, [{ code: 'meter-clock-differs', source: 'LINKY', severity: 'warning', endMs: null }]);
  t.match(String(events[0]?.text), /5 min ahead of the agent's, which is used/);
  await run(200, 40);
  t.equal(events.length, 1, 'between both limits it goes on');
  await run(2, 10);
  t.match(events[1], { id: events[0]?.id, endMs: Number });
});

t.test('a large difference must last, also after a smaller one between both limits', async (t) => {
  const { run, events } = rig();
  await run(100, 70);
  await run(400, 40);
  await run(180, 70);
  t.same(events, []);
  await run(10, 70);
  t.match(events, [{ code: 'meter-clock-differs' }]);
});

t.test('a meter behind the agent is reported too', async (t) => {
  const { run, events } = rig();
  await run(400, -7_300);
  t.match(String(events[0]?.text), /2 h behind the agent's/);
});

t.test('while the agent has no trusted time, the difference is reported and the meter is not used', async (t) => {
  const { clock, run, events } = rig();
  clock.setQuality('none');
  await run(400, 86_400);
  t.match(String(events[0]?.text), /the agent's time is not trusted \(none\), and the meter's time is not used/);
  t.equal(clock.quality(), 'none', 'its quality is unchanged');
});

t.test('a wall clock that is set, however far, never makes more than one event at a time', async (t) => {
  const { clock, run, events } = rig();
  await run(200, 0);
  for (const stepMs of [1e9, -2e9, 5e8, 5e8]) {
    clock.stepWall(stepMs);
    await run(1, 0);
    await run(400, -stepMs / 1_000);
    await run(5, 0);
  }
  const open = events.filter(({ endMs }) => endMs === null).length;
  t.equal(events.length - open, open, 'each event ends');
});
