import t from 'tap';
import { createEventTracker, type EventFacts } from '../../../agent/core/event-tracker.ts';
import { createManualClock } from '../../../agent/core/manual-clock.ts';
import { msg } from '../../../agent/core/message.ts';
import type { AgentEvent } from '../../../agent/core/words.ts';

function rig() {
  const clock = createManualClock(Date.parse('2026-11-28T20:00:00Z'));
  const events: AgentEvent[] = [];
  return { clock, events, tracker: createEventTracker(clock, (event) => events.push(event)) };
}

function released(source: string): EventFacts {
  return { code: 'override-ended', source, severity: 'info', text: msg`${source} was released` };
}

t.test(
  'events of one code and source in the same millisecond have ids of their own, so that no store replaces one by the other',
  async (t) => {
    const { clock, events, tracker } = rig();
    for (const source of ['street', 'street', 'A1', 'street', 'A1']) tracker.notice(released(source));
    await clock.advance(1);
    tracker.notice(released('street'));
    t.equal(new Set(events.map(({ id }) => id)).size, 6);
    t.same(
      events.map(({ id }) => id.replaceAll(/:\d{13}/g, '')),
      [
        'override-ended:street',
        'override-ended:street:1',
        'override-ended:A1',
        'override-ended:street:3',
        'override-ended:A1:4',
        'override-ended:street',
      ],
    );
  },
);

t.test('a condition that ends and begins again in the same millisecond is two events, each with its begin and its end', async (t) => {
  const { events, tracker } = rig();
  const facts: EventFacts = { code: 'unit-silent', source: 'A1', severity: 'warning', text: msg`A1 is silent` };
  for (const lasting of [true, false, true, false]) tracker.set(lasting, facts);
  const [first, firstEnd, second, secondEnd] = events.map(({ id }) => id);
  t.equal(firstEnd, first);
  t.equal(secondEnd, second);
  t.not(second, first);
});
