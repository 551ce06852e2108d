import { rmSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { NumberedPart, RecordBasis, RecordQuery } from '../../../../agent/core/decision-record.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../../../agent/core/durations.ts';
import type { ReadingFrame } from '../../../../agent/core/ports.ts';
import { cut, inside, MB, must, type OpenStore, openStore } from '../files/open-store.ts';
import { createStoreRig, frame, STORE_START_MS, testFolder } from '../fixtures/kit.ts';

const BASIS: RecordBasis = { revision: 7, version: '1.2.0', street: JSON.stringify({ lamps: ['L1'] }) };

/** Part `part` of segment `segment`, of a minute; the streams say which one it is. */
function makePart(segment: number, part: number, changes: Partial<NumberedPart> = {}): NumberedPart {
  const minute = segment * 360 + part;
  const bytes = (letter: string): Uint8Array => Buffer.from(`${letter}${segment}.${part} `);
  return {
    ...{ segment, part, basis: part === 0 ? BASIS : null, isEnd: false, lost: 0, clockQuality: 'synced' as const },
    ...{ fromMono: minute * MINUTE_MS, toMono: (minute + 1) * MINUTE_MS },
    ...{ fromMs: STORE_START_MS + minute * MINUTE_MS, toMs: STORE_START_MS + (minute + 1) * MINUTE_MS },
    ...{ ticks: bytes('t'), inputs: bytes('i'), levels: bytes('l') },
    ...changes,
  };
}

const commit = (store: OpenStore, record: readonly NumberedPart[], frames: readonly ReadingFrame[] = []) =>
  must(
    store.ask('commit', {
      state: null,
      telemetry: { frames, record, gaps: [], deliveredUnstored: null, cursorSeq: null, probe: false, nextTicket: 1 },
    }).telemetry as { ok: true; value: unknown },
  );
const page = (store: OpenStore, query: Partial<RecordQuery> = {}) =>
  must(store.ask('decisions', { fromMs: STORE_START_MS, toMs: STORE_START_MS + 400 * DAY_MS, afterId: 0, ...query }));
const texts = (store: OpenStore, query: Partial<RecordQuery> = {}): string[][] =>
  page(store, query).segments.map(({ ticks, inputs, levels }) => [ticks, inputs, levels].map((bytes) => Buffer.from(bytes).toString()));
const compact = (store: OpenStore): void => {
  while (must(store.ask('compact', { atMono: 0 })).more);
};

t.test('parts of a segment are joined, also after a cut of the power and packed', async (t) => {
  const dir = testFolder(t);
  const store = openStore(t, dir, { setup: { boot: 'a' } });
  for (const part of [0, 1, 2]) commit(store, [makePart(0, part)]);
  const whole = [['t0.0 t0.1 t0.2 ', 'i0.0 i0.1 i0.2 ', 'l0.0 l0.1 l0.2 ']];
  t.same(texts(store), whole);
  const [segment] = page(store).segments;
  t.match(segment, {
    basis: BASIS,
    fromMs: STORE_START_MS,
    toMs: STORE_START_MS + 3 * MINUTE_MS,
    fromMono: 0,
    isThinned: false,
    isEnd: false,
  });
  t.same(texts(openStore(t, cut(t, dir))), whole, 'what was committed survives');
  commit(store, [makePart(0, 1), makePart(0, 2)]);
  t.same(texts(store), whole, 'a commit whose answer was lost is repeated without effect');
  commit(store, [makePart(1, 0)]);
  const rowsOf = (): unknown => inside(join(dir, 'telemetry.db'), (db) => db.prepare('SELECT segment, packed FROM record').raw().all());
  compact(store);
  t.same(
    rowsOf(),
    [
      [0, 1],
      [1, 0],
    ],
    'the running segment stays as it is',
  );
  t.same(texts(store), [...whole, ['t1.0 ', 'i1.0 ', 'l1.0 ']]);
  t.equal(page(store).segments[0]?.toMs, STORE_START_MS + 3 * MINUTE_MS);
  t.equal(
    inside(join(dir, 'telemetry.db'), (db) => db.prepare('SELECT count(*) FROM record_basis').pluck().get()),
    1,
    'one basis for both',
  );
});

t.test('a part that cannot be read without a lost one is not stored', async (t) => {
  const store = openStore(t, testFolder(t));
  commit(store, [makePart(0, 0), makePart(0, 2)]);
  commit(store, [makePart(1, 1)]);
  t.same(texts(store), [['t0.0 ', 'i0.0 ', 'l0.0 ']]);
});

t.test('after a replacement of the file a segment begins again, and the parts that it lost are counted', async (t) => {
  const dir = testFolder(t);
  const { store, clock } = createStoreRig({ dir, commitSeconds: 10 });
  await store.start();
  let number = 0;
  const append = (isFirst: boolean): boolean => store.appendDecisions(makePart(0, number++, { basis: isFirst ? BASIS : null }));
  const lost = async (): Promise<number | undefined> => (await store.status()).decisionsLost;
  t.equal(append(true), true);
  await clock.advance(60_000);
  rmSync(join(dir, 'telemetry.db'));
  t.equal(append(false), true, 'it is not known yet');
  await clock.advance(120_000);
  t.equal(await lost(), 1);
  t.equal(append(false), false, 'the recorder is to begin a segment');
  t.equal(append(true), true);
  t.equal(append(false), true);
  await clock.advance(60_000);
  const segments = (await store.decisions({ fromMs: STORE_START_MS, toMs: STORE_START_MS + DAY_MS, afterId: 0 }))?.segments ?? [];
  t.same(
    segments.map(({ ticks }) => Buffer.from(ticks).toString()),
    ['t0.3 t0.4 '],
  );
  t.equal(await lost(), 2);
  await store.stop();
});

t.test('a period is answered in pages, with the neighbours outside of it', async (t) => {
  const store = openStore(t, testFolder(t));
  for (let segment = 0; segment < 20; segment++) commit(store, [makePart(segment, 0, { isEnd: segment === 19 })]);
  const first = page(store);
  t.equal(first.segments.length, 8);
  const rest = page(store, { afterId: first.nextId ?? 0 });
  t.equal(rest.segments.length, 8);
  t.equal(page(store, { afterId: rest.nextId ?? 0 }).nextId, null);
  const atMs = STORE_START_MS + 5 * 360 * MINUTE_MS + 2 * MINUTE_MS;
  const between = page(store, { fromMs: atMs, toMs: atMs + 1 });
  t.same([between.segments.length, between.before?.id, between.after?.id], [0, 6, 7]);
  const beyond = page(store, { fromMs: STORE_START_MS + 100 * DAY_MS });
  t.match(beyond, { before: { isEnd: true }, after: null });
});

t.test('at its cap the record loses inputs first, then whole segments, and says so', async (t) => {
  const store = openStore(t, testFolder(t), { setup: { maxBytes: 16 * MB } });
  // Bytes that do not deflate: 16 kB of inputs and 4 kB of levels in each segment, and a cap of 1 MB.
  let seed = 7;
  const rough = (length: number): Uint8Array =>
    Uint8Array.from({ length }, () => {
      seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
      return seed >>> 24;
    });
  for (let segment = 0; segment < 150; segment++) {
    const toMs = STORE_START_MS + (segment + 1) * 6 * HOUR_MS;
    commit(store, [makePart(segment, 0, { toMs, inputs: rough(16_000), levels: rough(4_000) })]);
    const { bytes, maxBytes } = page(store, { afterId: 1e9 }).facts;
    if (bytes > maxBytes + 25_000) t.fail(`${bytes} of ${maxBytes}`);
  }
  const { facts } = page(store, { afterId: 1e9 });
  t.equal(facts.maxBytes, MB);
  t.ok(facts.thinned > 20 && facts.thinned < facts.segments, `${facts.thinned} of ${facts.segments} thinned`);
  t.ok((facts.droppedToMs ?? 0) > STORE_START_MS, 'the first ones are gone');
  t.ok((facts.thinnedToMs ?? 0) > (facts.droppedToMs ?? 0));
  const [oldest] = page(store).segments;
  t.same([oldest?.isThinned, oldest?.inputs.length, oldest?.levels.length], [true, 0, 4_000], 'levels are kept');
  t.ok(facts.bytesPerDay !== null && facts.bytesPerDay > 20_000);
  t.equal(
    must(store.ask('check', {})).files.every(({ ok }) => ok),
    true,
  );
});

t.test('the record is kept for its days, by a trusted clock', async (t) => {
  for (const recordDays of [1, 35, 400]) {
    const store = openStore(t, testFolder(t), { setup: { recordDays } });
    commit(store, [], [frame(1)]);
    const days = recordDays + 5;
    for (let day = 0; day < days; day++) commit(store, [makePart(day * 4, 0)]);
    store.now.atMs = STORE_START_MS + days * DAY_MS;
    must(store.ask('retain', { provenSeq: 0, livedMs: days * DAY_MS, isSynced: true }));
    const { facts } = page(store, { afterId: 1e9 });
    t.equal(facts.segments, recordDays, `${recordDays} days`);
    t.equal(facts.agedToMs, STORE_START_MS + 4 * DAY_MS + MINUTE_MS);
  }
});

t.test('times of a clock that was wrong are corrected once the time is known', async (t) => {
  const store = openStore(t, testFolder(t));
  const wrong = { clockQuality: 'none' as const, fromMs: 1_000, toMs: 61_000 };
  commit(store, [makePart(0, 0, wrong)]);
  t.same(page(store, { fromMs: 0 }).segments[0]?.fromMs, 1_000);
  // A frame of this run with a synchronised clock, an hour after the segment.
  commit(store, [], [{ ...frame(1), atMono: HOUR_MS, atMs: STORE_START_MS + HOUR_MS }]);
  t.match(page(store).segments, [{ fromMs: STORE_START_MS, toMs: STORE_START_MS + MINUTE_MS, isCorrected: true }]);
});

t.test('a damaged segment is left out, counted, and removed by a check', async (t) => {
  const dir = testFolder(t);
  const store = openStore(t, dir);
  for (const segment of [0, 1, 2]) commit(store, [makePart(segment, 0), makePart(segment, 1)]);
  store.close();
  inside(join(dir, 'telemetry.db'), (db) => db.exec("UPDATE record SET levels = x'00' WHERE segment = 1 AND part = 0"));
  const again = openStore(t, dir);
  t.match(page(again), { damaged: 1, segments: [{ id: 1 }, { id: 5 }] });
  const [telemetry] = must(again.ask('check', {})).files;
  t.match(telemetry, { ok: false, problems: [/1 segment of the record of decisions removed as damaged/] });
  t.match(page(again), { damaged: 0, segments: [{ id: 1 }, { id: 5 }] });
  t.equal(must(again.ask('check', {})).files[0]?.ok, true);
});

t.test('a segment that is damaged inside reaches to its last sound part, and answers no later instant', async (t) => {
  const dir = testFolder(t);
  const store = openStore(t, dir);
  commit(store, [makePart(0, 0), makePart(0, 1), makePart(0, 2, { isEnd: true })]);
  store.close();
  inside(join(dir, 'telemetry.db'), (db) => db.exec("UPDATE record SET levels = x'00' WHERE part = 1"));
  const again = openStore(t, dir);
  const at = (minutes: number) =>
    page(again, { fromMs: STORE_START_MS + minutes * MINUTE_MS, toMs: STORE_START_MS + minutes * MINUTE_MS + 1 });
  t.match(at(0.5), { damaged: 0, segments: [{ toMs: STORE_START_MS + MINUTE_MS, isEnd: false }] });
  t.match(at(2.5), { damaged: 1, segments: [] });
});

t.test('segments whose basis is damaged are left out, and removed by a check', async (t) => {
  const dir = testFolder(t);
  const store = openStore(t, dir);
  commit(store, [makePart(0, 0), makePart(0, 1)]);
  store.close();
  inside(join(dir, 'telemetry.db'), (db) => db.exec("UPDATE record_basis SET body = replace(body, '{', '[')"));
  const again = openStore(t, dir);
  t.match(page(again), { damaged: 1, segments: [] });
  t.match(must(again.ask('check', {})).files[0], { ok: false });
  t.match(page(again), { damaged: 0, segments: [] });
});

t.test('the earlier release can still use the file', async (t) => {
  const dir = testFolder(t);
  const store = openStore(t, dir);
  commit(store, [makePart(0, 0)], [frame(1)]);
  store.close();
  t.equal(
    inside(join(dir, 'telemetry.db'), (db) => db.prepare("SELECT value FROM meta WHERE key = 'readable_since'").pluck().get()),
    2,
  );
});

t.test('a damaged segment that loses its inputs to the cap stays damaged', async (t) => {
  const dir = testFolder(t);
  const setup = { setup: { maxBytes: 16 * MB } };
  let seed = 7;
  const rough = (length: number): Uint8Array =>
    Uint8Array.from({ length }, () => {
      seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
      return seed >>> 24;
    });
  const record = (store: OpenStore, from: number, to: number): void => {
    for (let segment = from; segment < to; segment++)
      commit(store, [makePart(segment, 0, { inputs: rough(16_000), levels: rough(4_000) })]);
    compact(store);
  };
  const first = openStore(t, dir, setup);
  record(first, 0, 20);
  first.close();
  const rowOf = (sql: string): unknown => inside(join(dir, 'telemetry.db'), (db) => db.prepare(sql).get());
  t.match(rowOf('SELECT packed, inputs IS NULL AS thin FROM record WHERE segment = 10'), { packed: 1, thin: 0 });
  inside(join(dir, 'telemetry.db'), (db) => db.exec("UPDATE record SET levels = x'00' WHERE segment = 10"));
  const again = openStore(t, dir, setup);
  record(again, 20, 75);
  t.match(rowOf('SELECT inputs IS NULL AS thin FROM record WHERE segment = 10'), { thin: 1 });
  let found = { damaged: 0, nextId: 0 as number | null };
  let damaged = 0;
  do {
    found = page(again, { afterId: found.nextId ?? 0 });
    damaged += found.damaged;
  } while (found.nextId !== null);
  t.equal(damaged, 1);
});
