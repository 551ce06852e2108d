import { join } from 'node:path';
import Database from 'better-sqlite3';
import fc from 'fast-check';
import t from 'tap';
import { texts } from '../../support/texts.ts';
import { createStoreRig, type Fault, faultyLink, frame, STORE_START_MS, testFolder } from './fixtures/kit.ts';

t.test('a disk that refuses is a state and one event; nothing is lost and the end is reported', async (t) => {
  const dir = testFolder(t);
  const fault: { now: Fault } = { now: 'none' };
  const { clock, store, events, committed } = createStoreRig({ dir, openLink: faultyLink(fault) });
  await store.start();
  fault.now = 'refused';
  t.equal(await store.save('a', 1), false, 'the caller hears that it is not on disk');
  for (let ticket = 1; ticket <= 30; ticket++) {
    store.append(frame(ticket));
    await clock.advance(1_000);
  }
  t.match(texts(await store.status()), { state: 'trouble', reason: /the disk is full/, readingsWaiting: 30, readingsStored: 0 });
  t.match(
    events.map(({ code, source, endMs }) => ({ code, source, endMs })),
    [
      { code: 'store-trouble', source: 'state.db', endMs: null },
      { code: 'store-trouble', source: 'telemetry.db', endMs: null },
    ],
  );
  t.strictSame(
    events.map(({ text }) => String(text)),
    ['events and audit entries wait in memory, settings are not saved: the disk is full', 'readings wait in memory: the disk is full'],
    'each file names what it holds up',
  );
  fault.now = 'none';
  await clock.advance(31_000);
  t.strictSame(
    committed.map(({ ticket, seq }) => [ticket, seq]),
    Array.from({ length: 30 }, (_, i) => [i + 1, i + 1]),
  );
  t.match(texts(await store.status()), { state: 'ok', reason: '', readingsWaiting: 0, readingsStored: 30, readingsLost: 0 });
  t.strictSame(
    events
      .filter(({ endMs }) => endMs !== null)
      .map(({ text }) => String(text))
      .sort(),
    [
      'events, audit entries and settings can be written again; those in memory are written within two minutes',
      'readings are written again',
    ],
    'both ended',
  );
  t.equal(new Set(events.map(({ id }) => id)).size, 2, 'an end carries the id of its start');
  t.equal((await store.events({ sinceMs: 0, limit: 9 })).length, 2, 'and they are in the book');
  t.equal(await store.load('a'), undefined, 'what was refused does not turn up later');
  for (const name of ['telemetry.db', 'state.db']) {
    const db = new Database(join(dir, name), { readonly: true });
    t.ok(
      db.prepare("SELECT value FROM meta WHERE key = 'probed_ms'").pluck().get(),
      `${name}: the end was reported after a test write, not after a read`,
    );
    db.close();
  }
  await store.stop();
});

t.test('when memory is full the oldest readings are discarded, as one gap that is written when the disk is back', async (t) => {
  const dir = testFolder(t);
  const fault: { now: Fault } = { now: 'refused' };
  const { clock, store, events, committed } = createStoreRig({ dir, openLink: faultyLink(fault) });
  await store.start();
  for (let ticket = 1; ticket <= 30; ticket++) store.append(frame(ticket, 1_000));
  t.match(await store.status(), { readingsWaiting: 20_000, readingsLost: 10_000 });
  fault.now = 'none';
  await clock.advance(31_000);
  t.equal(committed.length, 20);
  t.strictSame(
    committed.map(({ ticket }) => ticket),
    Array.from({ length: 20 }, (_, i) => i + 11),
  );
  t.match(await store.gapsAfter(0), [{ firstSeq: null, lastSeq: null, readings: 10_000, reason: 'memory-full', atMs: STORE_START_MS }]);
  t.match(await store.status(), { readingsWaiting: 0, readingsStored: 20_000, readingsLost: 10_000, gaps: 1 });
  const lost = events.filter(({ code }) => code === 'readings-lost');
  t.strictSame(
    lost.map(({ endMs }) => endMs === null),
    [true, false],
    'one event with start and end',
  );
  t.match(String(lost.at(-1)?.text), /^10000 readings lost/, 'its end has all that were discarded');
  store.append({ ...frame(31), atMs: Number.NaN });
  store.append(frame(5));
  await clock.advance(10_000);
  t.match(await store.gapsAfter(1), [{ readings: 2, reason: 'malformed' }], 'frames without sense are counted, not stored');
  await store.stop();
});

t.test('the loss of a run without a store is one gap, however often it is reported, and also on a disk that refuses', async (t) => {
  const dir = testFolder(t);
  const fault: { now: Fault } = { now: 'refused' };
  const loss = { run: 'boot@4010', readings: 1_234, sinceMs: STORE_START_MS - 900_000 };
  const { clock, store, events } = createStoreRig({ dir, openLink: faultyLink(fault) });
  await store.start();
  let isOnDisk = false;
  const recorded = store.recordLoss(loss).then(() => {
    isOnDisk = true;
  });
  await clock.advance(5_000);
  t.notOk(isOnDisk);
  fault.now = 'none';
  await clock.advance(31_000);
  await recorded;
  const gap = { firstSeq: null, lastSeq: null, readings: 1_234, reason: 'no-store', atMs: STORE_START_MS - 900_000 };
  t.match(await store.gapsAfter(0), [gap]);
  t.match(await store.status(), { gaps: 1, readingsLost: 0, account: { produced: 1_234, gaps: 1_234, isBalanced: true } });
  t.match(
    events.filter(({ code }) => code === 'readings-lost'),
    [{ text: /safe mode ran without a store: 1234 readings lost/, startMs: STORE_START_MS - 900_000, endMs: STORE_START_MS }],
  );
  store.append(frame(1));
  await store.stop();
  const again = createStoreRig({ dir });
  await again.store.start();
  await again.store.recordLoss(loss);
  t.equal((await again.store.gapsAfter(0)).length, 1);
  again.store.append(frame(2));
  await again.store.stop();
});

const STEP = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('append' as const), readings: fc.integer({ min: 0, max: 5 }) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 15_000 }) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('fault' as const),
      fault: fc.constantFrom<Fault>('none', 'refused', 'dies-before', 'dies-after', 'hangs-before', 'hangs-after'),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('cursor' as const), seq: fc.nat(20) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('huge' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('restart' as const) }) },
);

t.test('each reading is stored once or counted as lost, for failures at any time', async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.array(STEP, { minLength: 5, maxLength: 25 }), async (steps) => {
      const dir = testFolder(t);
      const fault: { now: Fault } = { now: 'none' };
      let { clock, store, committed } = createStoreRig({ dir, openLink: faultyLink(fault) });
      let [ticket, produced, stored, lost] = [0, 0, 0, 0];
      const seqs: number[] = [];
      await store.start();
      const restart = async (): Promise<void> => {
        fault.now = 'none';
        await clock.advance(91_000);
        const status = await store.status();
        lost += status.readingsLost;
        stored += status.readingsStored;
        if (status.readingsWaiting !== 0 || status.state !== 'ok') throw new Error(`still waiting: ${JSON.stringify(status)}`);
        seqs.push(...committed.map(({ seq }) => seq));
        await store.stop();
        ({ clock, store, committed } = createStoreRig({ dir, openLink: faultyLink(fault) }));
        ticket = 0;
        await store.start();
      };
      for (const s of steps) {
        if (s.kind === 'append' || s.kind === 'huge') {
          const readings = s.kind === 'huge' ? 8_000 : s.readings;
          produced += readings;
          store.append(frame(++ticket, readings));
        } else if (s.kind === 'wait') await clock.advance(s.ms);
        else if (s.kind === 'fault') fault.now = s.fault;
        else if (s.kind === 'cursor') store.moveCursor(s.seq);
        else await restart();
      }
      await restart();
      const frames = await store.readAfter(0, 1_000);
      const gaps = (await store.gapsAfter(0)).reduce((sum, gap) => sum + gap.readings, 0);
      const kept = frames.reduce((sum, { readings }) => sum + readings.length, 0);
      const { readings, gaps: gapRows } = await store.status();
      await store.stop();
      const found = { produced, stored, lost, gaps, kept, readings, gapRows, seqs };
      const inOrder = JSON.stringify(frames.map(({ seq }) => seq)) === JSON.stringify(seqs);
      if (produced !== stored + lost || lost !== gaps || stored !== kept || kept !== readings || !inOrder)
        throw new Error(JSON.stringify(found));
    }),
    { numRuns: 25 },
  );
  t.pass('produced = stored + lost, gaps say the same, seqs as reported');
});

t.test('a row with flipped bytes becomes a gap, the others are still sent', async (t) => {
  const dir = testFolder(t);
  const { clock, store, events } = createStoreRig({ dir });
  await store.start();
  for (let ticket = 1; ticket <= 6; ticket++) {
    store.append(frame(ticket, 10));
    if (ticket % 2 === 0) await clock.advance(10_000);
  }
  const vandal = new Database(join(dir, 'telemetry.db'));
  for (const seq of [2, 4]) {
    const p = vandal.prepare('SELECT p FROM frame WHERE seq = ?').pluck().get(seq) as Buffer;
    p[5] = (p[5] ?? 0) ^ 16;
    vandal.prepare('UPDATE frame SET p = ? WHERE seq = ?').run(p, seq);
  }
  vandal.close();
  store.moveCursor(2);
  await clock.advance(10_000);
  for (let round = 0; round < 2; round++) {
    t.strictSame(
      (await store.readAfter(0, 4)).map(({ seq }) => seq),
      [5, 6],
      'a full answer in spite of it',
    );
    t.match(await store.gapsAfter(0), [{ firstSeq: 3, lastSeq: 4, readings: 20, reason: 'corrupt' }], 'what was delivered is not lost');
  }
  t.match(await store.status(), {
    frames: 2,
    readings: 20,
    readingsLost: 20,
    cursorSeq: 2,
    backlogFrames: 2,
    gaps: 1,
    account: { produced: 60, delivered: 20, backlog: 20, gaps: 20, isBalanced: true },
  });
  t.match(events, [{ code: 'readings-lost', source: 'corrupt' }]);
  await store.stop();
});

t.test('stopping tries once more, whatever the back-off', async (t) => {
  const dir = testFolder(t);
  const fault: { now: Fault } = { now: 'none' };
  const { clock, store, committed } = createStoreRig({ dir, openLink: faultyLink(fault) });
  await store.start();
  fault.now = 'refused';
  store.append(frame(1));
  await clock.advance(10_000);
  fault.now = 'none';
  await store.stop();
  t.match(committed, [{ ticket: 1, seq: 1 }]);
});

t.test('a loss in memory is written once, though the answer to its commit was lost', async (t) => {
  const dir = testFolder(t);
  const fault: { now: Fault } = { now: 'refused' };
  const { clock, store } = createStoreRig({ dir, openLink: faultyLink(fault) });
  await store.start();
  for (let ticket = 1; ticket <= 25; ticket++) store.append(frame(ticket, 1_000));
  fault.now = 'dies-after';
  await clock.advance(20_000);
  fault.now = 'none';
  await clock.advance(31_000);
  t.match(await store.gapsAfter(0), [{ readings: 5_000, reason: 'memory-full' }]);
  t.equal((await store.gapsAfter(0)).length, 1);
  t.match(await store.status(), { frames: 20, readingsStored: 20_000, readingsLost: 5_000 });
  await store.stop();
});
