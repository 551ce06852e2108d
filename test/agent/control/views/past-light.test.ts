import t, { type Test } from 'tap';
import { DecisionRecorder } from '../../../../agent/control/record/decision-recorder.ts';
import { recordedAt } from '../../../../agent/control/views/past-light.ts';
import { HOUR_MS, MINUTE_MS } from '../../../../agent/core/durations.ts';
import { createManualClock } from '../../../../agent/core/manual-clock.ts';
import { openInProcessLink } from '../../../../agent/store/client/in-process-link.ts';
import type { OpenLink } from '../../../../agent/store/messages.ts';
import { createStore } from '../../../../agent/store/store.ts';
import { makeStreet, winter } from '../../lighting/street.ts';
import { type Fault, faultyLink, SILENT, testFolder } from '../../store/fixtures/kit.ts';
import { makeFakeStreet } from '../fake-street.ts';

/** A street with recorder and real databases on one clock; `run` begins a run of the agent, which ends with a stop or as by `kill -9`. */
function openPast(t: Pick<Test, 'teardown'>, { now = winter('16:00'), fault = { now: 'none' as Fault } } = {}) {
  const dir = testFolder(t);
  const clock = createManualClock(now);
  const openLink: OpenLink = faultyLink(fault, openInProcessLink);
  const run = async (street = makeStreet(), revision = 1) => {
    const store = createStore({
      dir,
      clock,
      log: SILENT,
      commitSeconds: 10,
      maxMegabytes: 64,
      maxDays: 400,
      decimals: new Map(),
      openLink,
    });
    await store.start();
    const recorder = new DecisionRecorder({ street, store, log: SILENT, version: '1.2.0', revision: () => revision });
    const fake = makeFakeStreet({ street, clock, recorder });
    await fake.control.start();
    fake.poll();
    return {
      ...fake,
      store,
      ask: (id: string, at: number | string) =>
        recordedAt({ store, flush: recorder.flush.bind(recorder) }, id, typeof at === 'string' ? winter(at) : at),
      stop: async () => {
        await fake.control.stop();
        await store.stop();
      },
      /** What waits in memory is lost. */
      kill: async () => {
        recorder.stop = () => {};
        store.appendDecisions = () => false;
        await fake.control.stop();
        await store.stop();
      },
    };
  };
  return { clock, run, fault };
}

t.test('a complaint is answered from the record: level, reason, inputs with their ages, revision', async (t) => {
  const { clock, run } = openPast(t, { now: winter('23:20') });
  const street = await run(makeStreet(), 7);
  t.teardown(street.stop);
  await clock.advance(20 * MINUTE_MS);
  street.sense('S01', 80);
  await clock.advance(4_000);
  street.sense('S01', 0);
  await clock.advance(1_000);
  void street.override({
    levelPct: 55,
    minutes: 30,
    target: { kind: 'lamp', id: 'L6' },
    commandId: 'contact:marie',
    source: 'console:marie',
    reason: 'works',
  });
  await clock.advance(HOUR_MS);
  const lamp = await street.ask('L2', winter('23:40') + 9_000);
  t.match(lamp, {
    missing: null,
    lamps: [{ id: 'L2', pole: 'P2', levelPct: 100, rank: 'presence', source: 'S01', sinceMs: winter('23:40'), recomputedPct: null }],
    basis: { revision: 7, version: '1.2.0' },
    clockQuality: 'synced',
    notes: [],
  });
  t.match(
    lamp?.lamps[0]?.trace?.find(({ applied }) => applied),
    { source: 'S01', levelPct: 100, text: /S01 detected someone 9 s ago, holds 6 s more/, changes: /a new detection restarts/ },
    'the ages are those of the instant',
  );
  t.same(
    lamp?.inputs.map(({ source, text }) => [source, String(text)]),
    [
      ['S01.motion', 'detected someone 9 s before'],
      ['S02.motion', 'not recorded: sensors have no effect by day'],
    ],
  );
  const zone = await street.ask('rue', winter('23:40') + 9_000);
  t.same(
    zone?.lamps.map(({ levelPct }) => levelPct),
    [100, 100, 100, 30, 30, 55],
  );
  t.ok(zone?.inputs.some(({ source, text }) => source === 'console:marie' && String(text) === 'requested 55 % for L6: works'));
  t.match(
    zone?.inputs.find(({ source }) => source === 'console:marie'),
    { sinceMs: winter('23:40') + 5_000 },
    'an id like that of a contact makes it none',
  );
  t.match(await street.ask('L2', winter('23:39')), { lamps: [{ levelPct: 30, rank: 'programme', source: 'residential' }] });
  t.match(await street.ask('L2', clock.wallMs() - 2_000), { lamps: [{ levelPct: 30 }] }, 'the last minute is on disk once somebody asks');
  t.match(await street.ask('L9', '23:40'), { missing: { why: 'unknown' } });
});

t.test('a time over which the clock was set forward did not occur, and is not damage', async (t) => {
  const past = openPast(t, { now: winter('23:00') });
  const street = await past.run();
  t.teardown(street.stop);
  await past.clock.advance(10 * MINUTE_MS);
  past.clock.stepWall(5 * MINUTE_MS);
  await past.clock.advance(5 * MINUTE_MS);
  t.match(await street.ask('L1', '23:12'), { missing: { why: 'skipped' }, lamps: [] });
  for (const at of ['23:09', '23:16']) t.match(await street.ask('L1', at), { missing: null }, at);
});

t.test('where the record lacks the moment, it says why', async (t) => {
  const past = openPast(t, { now: winter('17:00') });
  const first = await past.run();
  await past.clock.advance(HOUR_MS);
  t.match(await first.ask('L1', '16:30'), { missing: { why: 'before', fromMs: null, toMs: winter('17:00') }, lamps: [] });
  await first.stop();
  await past.clock.advance(HOUR_MS);
  const second = await past.run();
  t.match(await second.ask('L1', '18:30'), { missing: { why: 'stopped', fromMs: winter('18:00'), toMs: winter('19:00') } });
  await past.clock.advance(HOUR_MS + 30_000);
  await second.kill();
  await past.clock.advance(HOUR_MS);
  const third = await past.run();
  const cutOff = await third.ask('L1', '20:30');
  t.equal(cutOff?.missing?.why, 'broken-off');
  t.ok((cutOff?.missing?.fromMs ?? 0) >= winter('19:55'), 'at most five minutes of a quiet street are lost');
  t.match(await third.ask('L1', '19:30'), { missing: null });
  past.fault.now = 'refused';
  await past.clock.advance(30 * MINUTE_MS);
  past.fault.now = 'none';
  await past.clock.advance(20 * MINUTE_MS);
  t.match(await third.ask('L1', past.clock.wallMs() - 1_000), { missing: null }, 'it goes on once the disk accepts it');
  await third.stop();
});

t.test('a disk that accepts nothing delays no decision', async (t) => {
  const past = openPast(t, { now: winter('17:00') });
  const street = await past.run();
  t.teardown(street.stop);
  await past.clock.advance(HOUR_MS);
  past.fault.now = 'refused';
  await past.clock.advance(HOUR_MS);
  street.sense('S01', 80);
  t.equal(street.writes.at(-1)?.levelPct, 100, 'the street follows at once');
  await past.clock.advance(HOUR_MS);
  past.fault.now = 'none';
  await past.clock.advance(HOUR_MS);
  t.match(await street.ask('L2', '18:30'), { missing: null }, 'what fitted into the memory is stored later');
  t.match(await street.ask('L2', past.clock.wallMs() - MINUTE_MS), { missing: null });
});

t.test('a time that the clock passed twice is answered once, with a note', async (t) => {
  const past = openPast(t, { now: winter('20:00') });
  const street = await past.run();
  t.teardown(street.stop);
  await past.clock.advance(2 * HOUR_MS);
  past.clock.stepWall(-HOUR_MS);
  await past.clock.advance(2 * HOUR_MS);
  t.match(await street.ask('L1', '21:30'), { missing: null, notes: [/the clock was set back/] });
  t.match(await street.ask('L1', '20:30'), { missing: null, notes: [] });
});

t.test('after a change of configuration, a moment before it is answered with the settings of that time', async (t) => {
  const past = openPast(t, { now: winter('23:00') });
  const first = await past.run(makeStreet(), 1);
  await past.clock.advance(HOUR_MS);
  await first.stop();
  const second = await past.run(makeStreet({ zone: { minPct: 50 } }), 2);
  t.teardown(second.stop);
  await past.clock.advance(HOUR_MS);
  t.match(await second.ask('L1', '23:30'), { lamps: [{ levelPct: 30, recomputedPct: null }], basis: { revision: 1 } });
  t.match(await second.ask('L1', winter('00:30', '2026-01-16')), { lamps: [{ levelPct: 50 }], basis: { revision: 2 } });
});
