import t from 'tap';
import type { IntentAuthority, Outcome, Target } from '../../../../agent/core/words.ts';
import { texts } from '../../../support/texts.ts';
import { winter } from '../../lighting/street.ts';
import { L1, levelsOf, litStreet, stages } from '../lit-street.ts';

t.test('an override reports its stages, stays in force, ends by itself, and the street returns', async (t) => {
  const street = await litStreet(t);
  const final = street.override({ minutes: 2 });
  t.same(stages(street, 'c1'), ['received', 'queued']);
  await street.clock.advance(30);
  t.match(texts(await final), { state: 'verified', reason: '', levelPct: 50, lamps: { L1: 'verified', L6: 'verified' } });
  t.same(stages(street, 'c1'), ['received', 'queued', 'sent', 'verified']);
  street.sense('S01', 80);
  await street.clock.advance(119_000);
  t.same(levelsOf(street), [50, 50, 50, 50, 50, 50], 'presence does not raise what a person has set');
  street.sense('S01', 0);
  await street.clock.advance(30_000);
  t.same(levelsOf(street), [30, 30, 30, 30, 30, 30]);
  t.match(texts(street.events), [
    { code: 'override-started', source: 'rue' },
    { code: 'override-ended', source: 'rue', text: /is over$/ },
  ]);
  t.same(street.disk.get('control.overrides'), []);
});

t.test('an override below the minimum ends verified at the minimum and reports that', async (t) => {
  const street = await litStreet(t);
  const final = street.override({ levelPct: 0 });
  await street.clock.advance(30);
  t.match(texts(await final), { state: 'verified', levelPct: 10 });
  t.same(levelsOf(street), [10, 10, 10, 10, 10, 10]);
});

t.test('an override to the level a lamp already has is verified without a write', async (t) => {
  const street = await litStreet(t);
  t.match(await street.override({ levelPct: 30 }), { state: 'verified' });
  t.same(stages(street, 'c1'), ['received', 'queued', 'verified']);
  t.same(street.writes, []);
});

t.test('below a technician an override waits, fails as unseen, and takes over afterwards', async (t) => {
  const street = await litStreet(t);
  const lock = street.override({ target: L1, levelPct: 0, rank: 'maintenance', source: 'console:anna', minutes: 10 });
  await street.clock.advance(30);
  t.match(texts(await lock), { state: 'verified', levelPct: 0 });
  const zone = street.override({ levelPct: 70 });
  await street.clock.advance(30);
  t.match(texts(await zone), {
    state: 'failed',
    reason: 'L1: waiting: maintenance by console:anna has priority',
    lamps: { L1: 'failed', L2: 'verified' },
    waiting: [{ lamps: ['L1'], wish: { target: L1, rank: 'maintenance', source: 'console:anna', levelPct: 0 } }],
  });
  t.same(levelsOf(street), [0, 70, 70, 70, 70, 70]);
  t.match(await street.control.release({ commandId: 'r1', target: L1, authority: 'platform', source: 'platform' }), {
    state: 'refused',
    reason: /maintenance by console:anna can only be released at the console/,
  });
  const release = street.control.release({ commandId: 'r2', target: L1, authority: 'technician', source: 'console:paul' });
  await street.clock.advance(30);
  t.match(texts(await release), { state: 'verified', levelPct: null, lamps: { L1: 'verified' } });
  t.equal(street.levels.get('L1'), 70);
  t.match(await street.control.release({ commandId: 'r3', target: L1, authority: 'technician', source: 'console:paul' }), {
    state: 'refused',
    reason: /no override of lamp L1/,
  });
});

t.test(
  'a release of own intents leaves the lock that another person set on the same lamp, and is refused without an own one',
  async (t) => {
    const street = await litStreet(t);
    for (const source of ['console:paul', 'console:anna'])
      void street.override({ target: L1, levelPct: source === 'console:anna' ? 0 : 60, rank: 'maintenance', source });
    await street.clock.advance(30);
    const own = { target: L1, authority: 'technician', source: 'console:paul', rank: 'maintenance', isOwnOnly: true } as const;
    const release = street.control.release({ ...own, commandId: 'r1' });
    await street.clock.advance(30);
    t.match(texts(await release), { state: 'verified' });
    t.equal(street.levels.get('L1'), 0, 'the lock of anna is in force');
    t.match(await street.control.release({ ...own, commandId: 'r2' }), { state: 'refused', reason: /no override of lamp L1/ });
  },
);

t.test('the platform sets a zone, then one lamp of it lower: the lamp follows, and its release gives it back to the zone', async (t) => {
  const street = await litStreet(t);
  const zone = street.override({ levelPct: 90 });
  await street.clock.advance(60_000);
  t.match(texts(await zone), { state: 'verified', levelPct: 90 });
  const lamp = street.override({ target: L1, levelPct: 40 });
  await street.clock.advance(30);
  t.match(texts(await lamp), { state: 'verified', levelPct: 40 });
  t.same(levelsOf(street), [40, 90, 90, 90, 90, 90]);
  const release = street.control.release({ commandId: 'r1', target: L1, authority: 'platform', source: 'platform' });
  await street.clock.advance(30);
  t.match(texts(await release), { state: 'verified' });
  t.same(levelsOf(street), [90, 90, 90, 90, 90, 90]);
});

t.test('a command for a zone reports a lamp as following the newer intent that its sender has set for it', async (t) => {
  const street = await litStreet(t);
  street.silent.add('L1');
  const zone = street.override({ levelPct: 90 });
  await street.clock.advance(30);
  void street.override({ target: L1, levelPct: 40 });
  street.silent.delete('L1');
  await street.clock.advance(60_000);
  t.match(texts(await zone), {
    state: 'failed',
    lamps: { L1: 'failed', L2: 'verified' },
    reason: /L1: waiting below override by platform/,
  });
});

t.test('a person who requests what a lamp in back-off should already do gets it immediately', async (t) => {
  const street = await litStreet(t);
  street.silent.add('L1');
  void street.override({ target: L1, levelPct: 60 });
  await street.clock.advance(40_000);
  street.silent.delete('L1');
  const again = street.override({ target: L1, levelPct: 60, source: 'console:anna' });
  await street.clock.advance(30);
  t.match(texts(await again), { state: 'verified' });
  t.same(stages(street, 'c2'), ['received', 'queued', 'sent', 'verified']);
});

t.test('a second release is refused with a reason and is no event; a release without permission is one', async (t) => {
  const street = await litStreet(t);
  const release = (target: Target, authority: IntentAuthority, atNextStep = false) =>
    street.control.release({ commandId: 'r', target, authority, source: `${authority}:x`, ...(atNextStep ? { atNextStep } : {}) });
  t.match(texts(await release(L1, 'technician')), { state: 'refused', reason: 'no override of lamp L1 is in force' });
  t.match(texts(await release(L1, 'platform', true)), { state: 'refused', reason: /lasts longer than the next step/ });
  t.same(street.events, [], 'there is nothing to look into');
  const lock = street.override({ target: L1, levelPct: 60, rank: 'maintenance', source: 'console:anna' });
  await street.clock.advance(30);
  await lock;
  const before = street.events.length;
  t.match(texts(await release(L1, 'platform')), { state: 'refused', reason: /can only be released at the console/ });
  t.match(await release({ kind: 'zone', id: 'nowhere' }, 'technician'), { state: 'refused', reason: /no zone nowhere/ });
  t.same(
    street.events.slice(before).map(({ code }) => code),
    ['command-refused', 'command-refused'],
  );
});

t.test('a refused override reports the reason and changes nothing', async (t) => {
  const street = await litStreet(t);
  t.match(await street.override({ target: { kind: 'lamp', id: 'L99' } }), { state: 'refused', reason: /no lamp L99/ });
  t.same(stages(street, 'c1'), ['received', 'refused']);
  t.match(texts(street.events), [{ code: 'command-refused', source: 'L99', text: /platform: .*L99/ }]);
  t.same([street.writes, street.disk.size], [[], 0]);
});

t.test('a refused write of a point that a lamp follows is an event, as any other refusal', async (t) => {
  const street = await litStreet(t);
  const request = { commandId: 'p1', deviceId: 'L1', pointId: 'L1.level', value: 0, source: 'platform', expiresMono: 1e9 } as const;
  t.match(texts(await street.control.writePoint(request)), { state: 'refused', reason: /L1\.level follows .*: the agent would undo/ });
  t.match(texts(street.events), [{ code: 'command-refused', source: 'L1', text: /^platform: L1\.level follows/ }]);
});

/** A street whose disk refuses writes while `disk.isFull`. */
async function fullStreet(t: { teardown(fn: () => unknown): void }) {
  const disk = { isFull: false };
  const street = await litStreet(t, { saves: async () => !disk.isFull });
  return { disk, street };
}

t.test('the end of an override, an emergency, a release or a programme reports that a full disk did not store it', async (t) => {
  const { disk, street } = await fullStreet(t);
  const { control, clock } = street;
  const zone = { kind: 'zone', id: 'rue' } as const;
  const requests: readonly [story: string, request: () => Promise<Outcome>][] = [
    ['an override', () => street.override()],
    ['an emergency', () => street.override({ rank: 'emergency', levelPct: 100, source: 'console:anna' })],
    ['an override below it', () => street.override({ levelPct: 60, minutes: 1_000 })],
    ['maintenance', () => street.override({ target: L1, rank: 'maintenance', source: 'console:anna' })],
    ['a release', () => control.release({ commandId: 'r1', target: L1, authority: 'technician', source: 'console:anna' })],
    [
      'a release at the next step',
      () => control.release({ commandId: 'r2', target: zone, authority: 'technician', source: 'console:anna', atNextStep: true }),
    ],
    [
      'a programme',
      () =>
        control.chooseProgramme({ commandId: 'p1', zone: 'rue', programme: 'residential', minutes: 60, reason: '', source: 'platform' }),
    ],
    [
      'the calendar again',
      () => control.chooseProgramme({ commandId: 'p2', zone: 'rue', programme: null, minutes: 0, reason: '', source: 'platform' }),
    ],
  ];
  for (const isFull of [true, false]) {
    disk.isFull = isFull;
    for (const [story, request] of requests) {
      const answer = request();
      await clock.advance(2_000);
      const final = await answer;
      t.not(final.state, 'refused', story);
      t.equal(final.isSaved, isFull ? false : undefined, `${story}, ${isFull ? 'a full disk' : 'a sound one'}`);
      t.match(
        street.outcomes.findLast(({ commandId }) => commandId === final.commandId),
        { isSaved: final.isSaved },
        'the platform too',
      );
    }
  }
  t.equal(street.log.filter(({ name }) => name === 'overrides-not-saved').length, 1, 'the log has it once');
});

t.test('what a full disk did not store is saved once there is space, without a further request', async (t) => {
  for (const fullMinutes of [0.1, 1, 30]) {
    const { disk, street } = await fullStreet(t);
    disk.isFull = true;
    const override = street.override();
    void street.control.chooseProgramme({
      ...{ commandId: 'p1', zone: 'rue', programme: 'residential', minutes: 60, reason: '', source: 'platform' },
    });
    await street.clock.advance(fullMinutes * 60_000);
    t.match(await override, { isSaved: false });
    t.same([...street.disk.keys()], []);
    disk.isFull = false;
    await street.clock.advance(31_000);
    t.match(street.disk.get('control.overrides'), [{ levelPct: 50 }]);
    t.match(street.disk.get('control.programmes'), [{ zone: 'rue' }]);
  }
});

t.test('a disk that hangs delays the end of an override by seconds only, and the light not at all', async (t) => {
  const street = await litStreet(t, { saves: () => new Promise(() => {}) });
  const override = street.override();
  await street.clock.advance(30);
  t.same(levelsOf(street), [50, 50, 50, 50, 50, 50]);
  t.same(stages(street, 'c1'), ['received', 'queued', 'sent']);
  await street.clock.advance(5_000);
  t.match(await override, { state: 'verified', isSaved: false });
});

t.test('an override that a newer one replaces, or that the stop cuts off, ends as failed', async (t) => {
  const street = await litStreet(t);
  const first = street.override({ levelPct: 50 });
  const second = street.override({ levelPct: 60 });
  t.match(texts(await first), { state: 'failed', reason: /replaced/ });
  await street.control.stop();
  t.match(texts(await second), { state: 'failed', reason: /stopped/ });
  t.match(texts(await street.override()), { state: 'refused', reason: /starting or stopping/ });
});

for (const diskMs of [500, 4_900, 50_000]) {
  t.test(
    `a stop while a verified command waits ${diskMs} ms for the disk publishes it as verified, and waits no longer than the disk may take`,
    async (t) => {
      let take: (isSaved: boolean) => void = () => {};
      const saved = new Promise<boolean>((resolve) => {
        take = resolve;
      });
      const street = await litStreet(t, { saves: () => saved });
      const final = street.override({ levelPct: 50 });
      await street.clock.advance(30);
      t.same(stages(street, 'c1'), ['received', 'queued', 'sent'], 'the lamps are verified, the disk has not answered');
      street.clock.after(diskMs, () => take(true));
      let isStopped = false;
      const stopping = street.control.stop().then(() => {
        isStopped = true;
      });
      await street.clock.advance(400);
      t.notOk(isStopped, 'the outcome has not been published yet');
      await street.clock.advance(5_000);
      t.ok(isStopped);
      await stopping;
      t.same(stages(street, 'c1'), ['received', 'queued', 'sent', 'verified']);
      t.match(await final, diskMs > 5_000 ? { state: 'verified', isSaved: false } : { state: 'verified' });
      t.equal((await final).isSaved, diskMs > 5_000 ? false : undefined);
    },
  );
}

t.test('a later step of a dimming is no event of its own; its end is', async (t) => {
  const street = await litStreet(t);
  for (const levelPct of [20, 60, 100]) {
    void street.override({ levelPct, isFurther: levelPct > 20, reason: 'test' });
    await street.clock.advance(5_000);
  }
  await street.clock.advance(3 * 3_600_000);
  t.same(
    street.events.flatMap(({ code }) => (code.startsWith('override') ? [code] : [])),
    ['override-started', 'override-ended'],
  );
});

t.test('the caller gets the sent stage before the level is verified', async (t) => {
  const street = await litStreet(t);
  const final = street.override({ levelPct: 60 });
  await street.clock.advance(9);
  t.same(stages(street, 'c1'), ['received', 'queued']);
  await street.clock.advance(2);
  t.same(stages(street, 'c1'), ['received', 'queued', 'sent'], 'before any lamp was read back');
  t.match(street.outcomes.at(-1)?.lamps, { L1: 'sent' });
  await street.clock.advance(20);
  t.match(texts(await final), { state: 'verified' });
  t.same(stages(street, 'c1'), ['received', 'queued', 'sent', 'verified']);
});

t.test('a command for a lamp known to be silent is answered within seconds, and the lamp is set when it returns', async (t) => {
  const street = await litStreet(t);
  street.silent.add('L1').add('L2');
  street.poll();
  const lone = street.override({ target: L1, levelPct: 70 });
  const askedMono = street.clock.monoMs();
  let answeredMono = Number.POSITIVE_INFINITY;
  void lone.then(() => {
    answeredMono = street.clock.monoMs();
  });
  await street.clock.advance(5_000);
  t.match(texts(await lone), {
    state: 'failed',
    reason: /^does not answer: check its power and wiring; it is set as soon as it answers again$/,
  });
  t.ok(answeredMono - askedMono >= 2_000 && answeredMono - askedMono <= 3_100, `after ${answeredMono - askedMono} ms`);
  t.same(stages(street, 'c1'), ['received', 'queued', 'failed'], 'it was never reported as sent');
  const zone = street.override({ levelPct: 65 });
  await street.clock.advance(4_000);
  t.match(texts(await zone), {
    state: 'failed',
    reason: /^L1: waiting below .*; L2: does not answer/,
    lamps: { L2: 'failed', L3: 'verified' },
  });
  street.silent.clear();
  street.poll();
  await street.clock.advance(1_200);
  t.same(levelsOf(street).slice(0, 3), [70, 65, 65], 'the intents stayed in force');
});

t.test('a lamp that returns in time is verified', async (t) => {
  const street = await litStreet(t);
  street.silent.add('L1');
  street.poll();
  const final = street.override({ target: L1, levelPct: 70 });
  await street.clock.advance(1_500);
  street.silent.delete('L1');
  street.poll();
  await street.clock.advance(1_500);
  t.match(texts(await final), { state: 'verified' });
});

t.test('an override released at the next step ends there, in one change of light', async (t) => {
  const street = await litStreet(t, { now: winter('22:50') });
  void street.override({ levelPct: 55, minutes: 120 });
  await street.clock.advance(2_000);
  const answer = await street.control.release({
    commandId: 'r1',
    target: { kind: 'zone', id: 'rue' },
    authority: 'platform',
    source: 'platform',
    atNextStep: true,
  });
  t.match(answer, { state: 'verified' });
  await street.clock.advance(9 * 60_000);
  t.equal(street.levels.get('L1'), 55);
  await street.clock.advance(62_000);
  t.equal(street.levels.get('L1'), 30);
  const again = await street.control.release({
    commandId: 'r2',
    target: { kind: 'zone', id: 'rue' },
    authority: 'platform',
    source: 'platform',
    atNextStep: true,
  });
  t.match(texts(again), { state: 'refused', reason: /no override of zone rue/ });
  const cabinet = { kind: 'cabinet', id: 'rue' } as const;
  const named = await street.control.release({
    commandId: 'r3',
    authority: 'platform',
    source: 'platform',
    atNextStep: true,
    target: cabinet,
  });
  t.match(
    texts(named),
    { state: 'refused', reason: /no step of the programme is known for cabinet rue/ },
    'a cabinet with the id of a zone',
  );
});
