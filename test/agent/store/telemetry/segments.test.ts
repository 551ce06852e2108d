import { statSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import t from 'tap';
import { DAY_MS, HOUR_MS } from '../../../../agent/core/durations.ts';
import { createManualClock } from '../../../../agent/core/manual-clock.ts';
import type { ReadingFrame, StoredFrame } from '../../../../agent/core/ports.ts';
import type { AgentEvent, PointId, Quality } from '../../../../agent/core/words.ts';
import { openInProcessLink } from '../../../../agent/store/client/in-process-link.ts';
import type { Setup } from '../../../../agent/store/messages.ts';
import { createStore } from '../../../../agent/store/store.ts';
import { memoryFolder } from '../../../support/memory-folder.ts';
import { SILENT, STORE_START_MS } from '../fixtures/kit.ts';

interface Options {
  readonly maxMegabytes?: number;
  readonly maxDays?: number;
  readonly machine?: Setup['machine'];
  readonly wallMs?: number;
}

/** A store on a manual clock with the load of a street: a number of points a minute, each with its own slow change. */
function street(dir: string, { maxMegabytes = 64, maxDays = 400, machine = null, wallMs = STORE_START_MS }: Options = {}) {
  const clock = createManualClock(wallMs);
  const events: AgentEvent[] = [];
  const store = createStore({
    dir,
    clock,
    log: SILENT,
    commitSeconds: 10,
    maxMegabytes,
    maxDays,
    decimals: new Map(Array.from({ length: 40 }, (_, i) => [`D${i}.power`, 1])),
    counters: new Set(['D0.power']),
    machine,
    openLink: openInProcessLink,
  });
  store.onEvent = (event) => void events.push(event);
  let ticket = 0;
  let seed = 1;
  const chance = (): number => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    return seed >>> 8;
  };
  const feed = (readings: readonly (readonly [PointId, number | null, Quality?])[]): void => {
    const at = { atMono: clock.monoMs(), atMs: clock.wallMs() };
    const frame: ReadingFrame = {
      ticket: ++ticket,
      ...at,
      clockQuality: clock.quality(),
      readings: readings.map(([pointId, value, quality = 'good']) => ({ pointId, value, quality, ...at })),
    };
    store.append(frame);
  };
  /** `points` points each `everyMs` for so long. */
  const run = async (forMs: number, { everyMs = 60_000, points = 4, rough = 0 } = {}): Promise<void> => {
    for (let passedMs = 0; passedMs < forMs; passedMs += everyMs) {
      feed(
        Array.from({ length: points }, (_, i): readonly [PointId, number] => {
          const noise = rough === 0 ? 0 : (chance() % 1_000) * rough;
          return [`D${i}.power`, i === 0 ? ticket : Math.round(10 * (i + noise + Math.sin(ticket / 50))) / 10];
        }),
      );
      await clock.advance(everyMs);
    }
  };
  return { clock, store, events, feed, run };
}

/** All of it, in pages as the uplink reads. */
async function drained(store: { readAfter(seq: number, max: number): Promise<readonly StoredFrame[]> }, page = 37): Promise<StoredFrame[]> {
  const frames: StoredFrame[] = [];
  for (;;) {
    const more = await store.readAfter(frames.at(-1)?.seq ?? 0, page);
    if (more.length === 0) return frames;
    frames.push(...more);
  }
}

const byPoint = (frames: readonly StoredFrame[]) =>
  frames.map(({ seq, readings }) => [
    seq,
    readings.map(({ pointId, value, quality, atMs }) => `${pointId} ${value} ${quality} ${atMs}`).sort(),
  ]);

t.test('a segment that covers the unused numbers of a killed run: the waiting frames are counted, wherever the cursor is', async (t) => {
  const dir = memoryFolder(t);
  const killed = street(dir);
  await killed.store.start();
  await killed.run(15 * 60_000);
  await killed.clock.advance(10_000);
  const { clock, store, run } = street(dir, { wallMs: killed.clock.wallMs() });
  await store.start();
  await run(5 * HOUR_MS);
  await clock.advance(10_000);
  await store.compact();
  const seqs = (await drained(store)).map(({ seq }) => seq);
  t.ok((seqs.at(-1) ?? 0) > seqs.length, 'numbers are unused');
  for (const [at, seq] of seqs.entries()) {
    if (at % 7 !== 0) continue;
    store.moveCursor(seq);
    t.equal((await store.status()).backlogFrames, seqs.length - at - 1, `cursor ${seq}`);
  }
  await store.stop();
});

t.test('compaction moves readings without changing them, and makes them small', async (t) => {
  const { clock, store, run } = street(memoryFolder(t));
  await store.start();
  await run(5 * HOUR_MS, { points: 40 });
  await clock.advance(10_000);
  const before = { frames: await drained(store), status: await store.status() };
  const report = await store.compact();
  const after = await store.status();
  t.strictSame(byPoint(await drained(store)), byPoint(before.frames));
  t.match(after, {
    lastSeq: 300,
    frames: 300,
    readings: 12_000,
    backlogFrames: 300,
    account: { produced: 12_000, backlog: 12_000, isBalanced: true },
  });
  t.ok(after.segments.count >= 4 && after.journal.readings <= 62 * 40, 'all but the last hour');
  t.match(report, { segments: after.segments.count, readings: after.segments.readings });
  t.ok(after.segments.bytes / after.segments.readings < 1.5, `${after.segments.bytes / after.segments.readings} bytes a reading`);
  t.match(await store.compact(), { segments: 0, readings: 0 }, 'a second time finds nothing to do');
  await store.stop();
});

t.test('readings are the same after a restart, and seq continues, also when everything is compacted', async (t) => {
  const dir = memoryFolder(t);
  const first = street(dir);
  await first.store.start();
  await first.run(2 * HOUR_MS);
  await first.store.stop();
  const again = street(dir, { wallMs: STORE_START_MS + DAY_MS });
  await again.store.start();
  await again.store.compact();
  const kept = await again.store.status();
  t.match(kept, { lastSeq: 120, account: { isBalanced: true } });
  await again.run(60_000);
  await again.clock.advance(10_000);
  t.match((await again.store.readAfter(120, 10))[0], { seq: 121 });
  t.equal((await drained(again.store)).length, 121);
  await again.store.stop();
});

t.test('a history is raw, by minute or by hour, the same from frames and from segments', async (t) => {
  const { clock, store, run, feed } = street(memoryFolder(t));
  await store.start();
  await run(3 * HOUR_MS);
  feed([['D1.power', null, 'missing']]);
  await clock.advance(10_000);
  const ask = { pointId: 'D1.power', fromMs: STORE_START_MS, toMs: STORE_START_MS + DAY_MS, limit: 10_000 } as const;
  const raw = await store.history({ ...ask, resolution: 'raw' });
  const hours = await store.history({ ...ask, resolution: 'hour' });
  t.equal(raw?.rows.length, 181);
  t.match(raw?.rows.at(-1), { value: null, quality: 'missing', isCorrected: false });
  const values = (raw?.rows ?? []).flatMap(({ value }) => (value === null ? [] : [value]));
  const inBuckets = hours?.buckets ?? [];
  t.equal(Math.max(...inBuckets.map(({ max }) => max ?? 0)), Math.max(...values));
  t.equal(Math.min(...inBuckets.map(({ min }) => min ?? 99)), Math.min(...values));
  t.equal(
    inBuckets.reduce((sum, { readings }) => sum + readings, 0),
    181,
  );
  const mean = inBuckets.reduce((sum, bucket) => sum + (bucket.mean ?? 0) * bucket.values, 0) / values.length;
  t.ok(Math.abs(mean - values.reduce((a, b) => a + b, 0) / values.length) < 1e-9, 'means weigh as their readings');
  t.ok(inBuckets.every(({ atMs }) => atMs % HOUR_MS === 0));
  await store.compact();
  t.strictSame(await store.history({ ...ask, resolution: 'raw' }), raw);
  t.strictSame(await store.history({ ...ask, resolution: 'hour' }), hours);
  const some = await store.history({
    ...ask,
    resolution: 'raw',
    fromMs: STORE_START_MS + HOUR_MS,
    toMs: STORE_START_MS + 2 * HOUR_MS,
    limit: 20,
  });
  t.equal(some?.rows.length, 20);
  t.equal(some?.isCut, true, 'a bound keeps the newest and says so');
  t.ok(some?.rows.every(({ atMs }) => atMs >= STORE_START_MS + HOUR_MS && atMs < STORE_START_MS + 2 * HOUR_MS));
  t.match(await store.history({ ...ask, pointId: 'X.y', resolution: 'raw' }), { rows: [], buckets: [], isCut: false });
  await store.stop();
});

t.test('pages of a time range return every reading in it once, in the order of seq', async (t) => {
  const { clock, store, run } = street(memoryFolder(t));
  await store.start();
  await run(4 * HOUR_MS);
  await clock.advance(10_000);
  await store.compact();
  const [fromMs, toMs] = [STORE_START_MS + HOUR_MS, STORE_START_MS + 3 * HOUR_MS];
  const seqs: number[] = [];
  for (let afterSeq: number | null = 0; afterSeq !== null; ) {
    const page = await store.exportPage({ fromMs, toMs, afterSeq, maxFrames: 25 });
    seqs.push(...(page?.frames ?? []).map(({ seq }) => seq));
    t.ok((page?.frames.length ?? 0) <= 25);
    t.equal(page?.epoch, (await store.status()).epoch);
    afterSeq = page?.nextSeq ?? null;
  }
  t.strictSame(
    seqs,
    Array.from({ length: 120 }, (_, i) => 61 + i),
  );
  await store.stop();
});

t.test('readings taken before the clock was known get the time of the run once it is known, and are marked', async (t) => {
  const dir = memoryFolder(t);
  const machine = { bootId: 'start-1', startMono: 5_000 };
  const lostMs = Date.parse('2026-01-02T00:00:00Z');
  const trueMs = STORE_START_MS + 90 * DAY_MS;
  const early = street(dir, { machine, wallMs: lostMs });
  early.clock.setQuality('restored');
  await early.store.start();
  await early.run(2 * HOUR_MS);
  await early.store.stop();

  const later = street(dir, { machine: { ...machine, startMono: 5_000 + 3 * HOUR_MS }, wallMs: lostMs + 3 * HOUR_MS });
  later.clock.setQuality('none');
  await later.store.start();
  await later.run(HOUR_MS / 2);
  await later.store.compact();
  t.notOk(
    (await later.store.readAfter(0, 500)).some(({ isCorrected }) => isCorrected),
    'not corrected before the time is known',
  );
  later.clock.stepWall(trueMs - later.clock.wallMs());
  later.clock.setQuality('synced');
  await later.run(HOUR_MS / 2);
  await later.clock.advance(10_000);
  const frames = await later.store.readAfter(0, 500);
  const atMs = frames.map((frame) => frame.atMs);
  t.strictSame(
    frames.map(({ isCorrected }) => isCorrected),
    [...Array(150).fill(true), ...Array(30).fill(false)],
    'also those of the run before, on the same start of the machine',
  );
  t.equal(atMs[150], trueMs, 'what was dated well is as it was');
  t.equal(atMs[120], trueMs - HOUR_MS / 2);
  t.equal(atMs[0], trueMs - HOUR_MS / 2 - 3 * HOUR_MS);
  t.ok(frames.every((frame) => frame.readings.every((reading) => reading.atMs === frame.atMs)));
  const history = await later.store.history({
    pointId: 'D1.power',
    fromMs: trueMs - 4 * HOUR_MS,
    toMs: trueMs,
    resolution: 'raw',
    limit: 500,
  });
  t.equal(history?.rows.length, 150, 'and found by their true time, compacted or not');
  t.ok(history?.rows.every(({ isCorrected }) => isCorrected));
  await later.store.stop();

  const other = street(dir, { machine: { bootId: 'start-2', startMono: 9 }, wallMs: trueMs + DAY_MS });
  await other.store.start();
  await other.run(60_000);
  await other.clock.advance(10_000);
  t.equal((await other.store.readAfter(0, 1))[0]?.atMs, atMs[0], 'another start of the machine changes nothing of it');
  await other.store.stop();
});

t.test('a full store compacts, thins, then drops: every loss a gap, the account balanced, extremes and counters last', async (t) => {
  const dir = memoryFolder(t);
  const { clock, store, run, events } = street(dir, { maxMegabytes: 0.12 });
  await store.start();
  for (let hour = 0; hour < 100; hour++) {
    await run(HOUR_MS, { points: 12, rough: 1 });
    await store.compact();
  }
  await clock.advance(10_000);
  const status = await store.status();
  t.ok(statSync(join(dir, 'telemetry.db')).size <= 0.12 * 2 ** 20 + 4096, 'the file stays below its cap');
  t.match(status.account, { produced: 100 * 60 * 12, delivered: 0, isBalanced: true });
  const gaps = await store.gapsAfter(0);
  t.ok(gaps.some(({ reason }) => reason === 'thinned') && gaps.some(({ reason }) => reason === 'cap'));
  t.equal(
    gaps.reduce((sum, gap) => sum + gap.readings, 0),
    status.account.gaps,
  );
  const frames = await drained(store, 500);
  const all = frames.flatMap(({ readings }) => readings);
  t.equal(all.length, status.account.backlog, 'what it says is there is there');
  const counted = all.filter(({ pointId }) => pointId === 'D0.power').length;
  const other = all.filter(({ pointId }) => pointId === 'D5.power').length;
  t.ok(counted > 1.3 * other, `${counted} of the counter, ${other} of another`);
  t.ok(events.length > 0 && events.every(({ code }) => code === 'readings-lost'));
  store.moveCursor(status.lastSeq);
  for (let hour = 0; hour < 5; hour++) {
    await run(HOUR_MS, { points: 12, rough: 1 });
    await store.compact();
  }
  t.match((await store.status()).account, { isBalanced: true, gaps: status.account.gaps }, 'what was delivered makes room silently');
  await store.stop();
});

t.test('readings older than the limit in days are removed, only with a trusted clock', async (t) => {
  const { clock, store, run } = street(memoryFolder(t), { maxDays: 2 });
  await store.start();
  await run(DAY_MS, { everyMs: 300_000 });
  await clock.advance(10_000);
  await store.compact();
  store.moveCursor(100);
  await clock.advance(2 * DAY_MS - HOUR_MS);
  clock.setQuality('none');
  t.match(await store.retain(), { readings: 0, lost: 0 });
  clock.setQuality('synced');
  const report = await store.retain();
  const status = await store.status();
  t.ok((report?.readings ?? 0) > 0 && (status.oldestMs ?? 0) >= clock.wallMs() - 2 * DAY_MS - HOUR_MS);
  await clock.advance(3 * DAY_MS);
  const rest = await store.retain();
  t.match((await store.status()).account, { produced: 288 * 4, delivered: 400, isBalanced: true });
  t.equal((report?.lost ?? 0) + (rest?.lost ?? 0), (await store.status()).account.gaps);
  t.equal(
    (await store.gapsAfter(0)).every(({ reason }) => reason === 'age'),
    true,
  );
  await store.stop();
});

t.test('a compaction that finds only damaged rows reports no segment', async (t) => {
  const dir = memoryFolder(t);
  const { clock, store, run } = street(dir);
  await store.start();
  await run(2 * HOUR_MS);
  await clock.advance(10_000);
  const vandal = new Database(join(dir, 'telemetry.db'));
  vandal.prepare('UPDATE frame SET p = zeroblob(length(p))').run();
  vandal.close();
  t.match(await store.compact(), { segments: 0, frames: 0 });
  t.equal((await store.status()).segments.count, 0);
  await store.stop();
});

t.test('a damaged segment is found by its readers and by the check; the rest stays', async (t) => {
  const dir = memoryFolder(t);
  const { clock, store, run } = street(dir);
  await store.start();
  await run(6 * HOUR_MS);
  await clock.advance(10_000);
  await store.compact();
  const before = await store.status();
  const vandal = new Database(join(dir, 'telemetry.db'));
  const seqs = vandal.prepare('SELECT seq FROM segment ORDER BY seq').pluck().all() as number[];
  vandal.prepare('UPDATE segment SET p = zeroblob(length(p)) WHERE seq IN (?, ?)').run(seqs[0], seqs[2]);
  vandal.close();
  t.equal((await store.readAfter(0, 3))[0]?.seq, (seqs[0] ?? 0) + 1);
  const check = await store.check();
  t.match(
    check?.files.find(({ file }) => file === 'telemetry.db'),
    { problems: [/damaged/] },
    'the damaged segment that had not been read',
  );
  const after = await store.status();
  t.match(after.account, { isBalanced: true, produced: before.account.produced });
  t.equal(after.account.gaps, 2 * 60 * 4 + (after.account.gaps - 480), 'both are gaps');
  t.ok(after.account.gaps >= 400 && after.account.backlog === before.account.backlog - after.account.gaps);
  await store.stop();
});
