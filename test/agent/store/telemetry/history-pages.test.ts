/** A history request for a long time: it gets the same answer whatever happens during it, and blocks nothing. */
import t from 'tap';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../../../agent/core/durations.ts';
import type { History, HistoryQuery } from '../../../../agent/core/ports.ts';
import { openInProcessLink } from '../../../../agent/store/client/in-process-link.ts';
import { STORE_TIMEOUT_MS } from '../../../../agent/store/client/storage-client.ts';
import type { Kind, OpenLink, StoreAnswer, StoreRequest } from '../../../../agent/store/messages.ts';
import { memoryFolder } from '../../../support/memory-folder.ts';
import { createFedStore } from '../fixtures/fed-store.ts';
import { STORE_START_MS } from '../fixtures/kit.ts';

/** A link that notes each request, and calls `before` with the number of the request of its kind. */
function watched(before: { now: (kind: Kind, n: number) => Promise<void> | void }) {
  const kinds: Kind[] = [];
  const openLink: OpenLink = (setup, onLost) => {
    const link = openInProcessLink(setup, onLost);
    return {
      close: link.close,
      ask: async <K extends Kind>(request: StoreRequest<K>): Promise<StoreAnswer<K>> => {
        kinds.push(request.kind);
        await before.now(request.kind, kinds.filter((kind) => kind === request.kind).length);
        return link.ask<K>(request);
      },
    };
  };
  return { kinds, openLink };
}

const DAYS = 6;
const WHOLE: HistoryQuery = {
  pointId: 'D0.power',
  fromMs: STORE_START_MS,
  toMs: STORE_START_MS + 2 * DAYS * DAY_MS,
  resolution: 'hour',
  limit: 20_000,
};

/** Six days of readings each ten minutes, packed by the hour but for the last hours. */
async function sixDays(dir: string, openLink: OpenLink) {
  const { clock, store, feed, run } = createFedStore(dir, { openLink });
  await store.start();
  for (let hour = 0; hour < 24 * DAYS; hour++) {
    await run(HOUR_MS, 10 * MINUTE_MS);
    if (hour < 24 * DAYS - 3) await store.compact();
  }
  await clock.advance(10_000);
  return { clock, store, feed, run };
}

/** Duration of each page on the clock of the store. Units: ms. */
const PAGE_MS = 1_000;

t.test('a history of many days is read in pages: commits run in between, and no thread is replaced for it', async (t) => {
  const before: Parameters<typeof watched>[0] = { now: () => {} };
  const { kinds, openLink } = watched(before);
  const { clock, store, feed } = await sixDays(memoryFolder(t), openLink);
  before.now = (kind) => (kind === 'history' ? new Promise((resolve) => void clock.after(PAGE_MS, () => resolve())) : undefined);
  kinds.length = 0;
  let history: History | undefined;
  void store.history(WHOLE).then((found) => {
    history = found;
  });
  feed();
  await clock.advance(300_000);
  t.equal(history?.buckets.length, 24 * DAYS + 1);
  t.equal(
    history?.buckets.reduce((sum, { readings }) => sum + readings, 0),
    6 * 24 * DAYS,
  );
  const pages = kinds.filter((kind) => kind === 'history').length;
  t.ok(pages > (24 * DAYS) / 10, `${pages} pages: none has more than ten hours of segments`);
  t.ok(pages * PAGE_MS > STORE_TIMEOUT_MS.read, 'longer than one request may take');
  t.ok(kinds.indexOf('commit') < kinds.lastIndexOf('history'), 'the commit did not wait for the last page');
  t.match(await store.status(), { state: 'ok', readingsWaiting: 0 });
  await store.stop();
});

t.test('readings that are packed between two pages are in the answer once', async (t) => {
  for (const atPage of [1, 2, 3, 8]) {
    const before: Parameters<typeof watched>[0] = { now: () => {} };
    const { openLink } = watched(before);
    const { store } = await sixDays(memoryFolder(t), openLink);
    let [page, packed] = [0, 0];
    before.now = async (kind) => {
      if (kind !== 'history' || ++page !== atPage) return;
      packed = (await store.compact())?.readings ?? 0;
    };
    const { rows } = (await store.history({ ...WHOLE, resolution: 'raw' })) ?? { rows: [] };
    const times = rows.map(({ atMs }) => atMs);
    t.equal(times.length, 6 * 24 * DAYS, `at page ${atPage}`);
    t.equal(new Set(times).size, times.length);
    t.strictSame(
      times,
      times.toSorted((a, b) => a - b),
    );
    t.ok(packed > 0);
    await store.stop();
  }
});

t.test('the newest rows are enough for a bound on rows', async (t) => {
  const { kinds, openLink } = watched({ now: () => {} });
  const { store } = await sixDays(memoryFolder(t), openLink);
  kinds.length = 0;
  for (const limit of [1, 10, 100]) {
    const { rows, isCut } = (await store.history({ ...WHOLE, resolution: 'raw', limit })) ?? { rows: [], isCut: false };
    t.match([rows.length, isCut], [limit, true]);
    t.equal(rows.at(-1)?.atMs, STORE_START_MS + DAYS * DAY_MS - 10 * MINUTE_MS);
  }
  t.ok(kinds.length < 12, `${kinds.length} pages for the last day`);
  t.match(await store.history({ ...WHOLE, fromMs: 0, toMs: 1 }), { buckets: [], isCut: false });
  await store.stop();
});
