import t from 'tap';
import { Follower } from '../../../../agent/control/writing/follower.ts';
import { createEventTracker } from '../../../../agent/core/event-tracker.ts';
import { createManualClock } from '../../../../agent/core/manual-clock.ts';
import { texts } from '../../../support/texts.ts';
import { makeStreet } from '../../lighting/street.ts';
import { litStreet } from '../lit-street.ts';

t.test('a lamp that answers without a valid level is written again and reported as not following after three times', async (t) => {
  const street = await litStreet(t);
  street.vague.add('L4');
  for (let second = 0; second < 120; second++) {
    street.poll();
    await street.clock.advance(1_000);
  }
  const writes = street.writes.filter(({ lampId }) => lampId === 'L4');
  t.ok(writes.length >= 3 && writes.length < 8, `${writes.length} writes: again and again, later each time`);
  t.match(texts(street.events), [
    { code: 'lamp-not-following', source: 'L4', text: 'does not follow: gave no valid level after it had confirmed 30 %', endMs: null },
  ]);
  street.vague.delete('L4');
  street.poll();
  await street.clock.advance(1_100);
  t.match(texts(street.events[1]), { text: 'follows again; it did not because: gave no valid level after it had confirmed 30 %' });
});

t.test('a lamp whose level has no value is not shown as following, and is again once it has one', async (t) => {
  const street = await litStreet(t);
  street.poll();
  t.match(street.control.why('L4'), { lamps: [{ following: true }] });
  street.vague.add('L4');
  street.poll();
  t.match(street.control.why('L4'), { lamps: [{ following: false, measuredPct: null }] });
  street.vague.delete('L4');
  street.poll();
  t.match(street.control.why('L4'), { lamps: [{ following: true }] });
});

t.test('a lamp that does not follow is reported once after three attempts, and once when it follows again', async (t) => {
  const street = await litStreet(t);
  street.silent.add('L4');
  street.poll();
  const final = street.override({ levelPct: 60 });
  await street.clock.advance(10_000);
  t.match(texts(await final), { state: 'failed', reason: /^L4: does not answer/, lamps: { L3: 'verified', L4: 'failed' } });
  t.match(texts(street.events.slice(1)), [
    { code: 'lamp-not-following', source: 'L4', severity: 'warning', text: 'does not follow: no reply', endMs: null },
  ]);
  t.match(street.control.why('L4'), { lamps: [{ following: false, wantedPct: 60, measuredPct: null }] });
  await street.clock.advance(300_000);
  t.ok(street.writes.filter(({ lampId }) => lampId === 'L4').length < 14, 'and its line is not flooded');
  const reported = () => street.events.filter(({ code }) => code === 'lamp-not-following');
  t.equal(reported().length, 1);
  street.silent.delete('L4');
  street.poll();
  await street.clock.advance(100);
  t.equal(street.levels.get('L4'), 60, 'written as soon as it answers');
  street.poll();
  await street.clock.advance(1_000);
  t.match(texts(reported()[1]), {
    id: reported()[0]?.id,
    text: 'follows again; it did not because: no reply',
    endMs: street.clock.wallMs() - 1_080,
  });
  t.match(street.control.why('L4'), { lamps: [{ following: true, measuredPct: 60 }] });
});

t.test('lamps that leave together are reported once', async (t) => {
  const { lamps } = makeStreet();
  const clock = createManualClock(0);
  const sent: (() => void)[] = [];
  let reported = 0;
  const follower = new Follower({
    lamps,
    clock,
    field: {
      latest: () => undefined,
      write: ({ onSent }) => new Promise(() => sent.push(() => onSent?.(0))),
    },
    events: createEventTracker(clock, () => undefined),
    log: { event: () => undefined },
    verificationOf: () => ({ settleMs: 0, tolerance: 0 }),
    onProgress: () => {
      reported++;
    },
  });
  follower.follow(lamps.map(({ id }) => ({ lampId: id, levelPct: 50, rank: 'override', reason: 'override', distanceM: null, trace: [] })));
  for (const each of sent) each();
  await clock.advance(0);
  t.same([sent.length, reported], [6, 1]);
  t.ok(lamps.every(({ id }) => follower.track(id).inFlight?.sent));
  for (const each of sent) each();
  await clock.advance(0);
  t.equal(reported, 2, 'and again the next time');
});

t.test('a lamp found at another level is written again', async (t) => {
  const street = await litStreet(t);
  street.poll();
  await street.clock.advance(1_000);
  street.levels.set('L5', 77);
  street.poll();
  t.same(street.writes, [], 'a first drift waits a second');
  await street.clock.advance(2_100);
  t.equal(street.levels.get('L5'), 30);
  t.same(
    street.writes.map(({ lampId }) => lampId),
    ['L5'],
  );
  const relit = [{ name: 'lamp-relit', fields: { lamp: 'L5', levelPct: 30, why: 'found at 77 % after it had confirmed 30 %' } }];
  t.same(street.log, relit);
  street.poll();
  await street.clock.advance(5_000);
  t.same(street.log, relit, 'logged once');
});
