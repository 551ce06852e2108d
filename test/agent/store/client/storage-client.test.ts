import { join } from 'node:path';
import Database from 'better-sqlite3';
import t from 'tap';
import { createManualClock } from '../../../../agent/core/manual-clock.ts';
import { openInProcessLink } from '../../../../agent/store/client/in-process-link.ts';
import { StorageClient } from '../../../../agent/store/client/storage-client.ts';
import type { OpenLink, StoreAnswer } from '../../../../agent/store/messages.ts';
import { openWorkerLink } from '../../../../agent/store/worker-link.ts';
import { createStoreRig, type Fault, faultyLink, frame, never, STORE_START_MS, testFolder } from '../fixtures/kit.ts';

/** Notes each opening and each end of a thread. */
function counted(inner: OpenLink) {
  const count = { opened: 0, ended: 0 };
  const openLink: OpenLink = (setup, onLost) => {
    count.opened += 1;
    const link = inner(setup, onLost);
    return {
      ...link,
      close: async () => {
        count.ended += 1;
        await link.close();
      },
    };
  };
  return { count, openLink };
}

/** Whether it has arrived. */
function watched(promise: Promise<unknown>): { done: boolean } {
  const state = { done: false };
  void promise.then(() => {
    state.done = true;
  });
  return state;
}

for (const hang of ['hangs-before', 'hangs-after'] as const) {
  t.test(`a thread that ${hang} its commit is reported, ended and replaced; every frame arrives once`, async (t) => {
    const fault: { now: Fault } = { now: 'none' };
    const { count, openLink } = counted(faultyLink(fault));
    const { clock, store, events, committed } = createStoreRig({ dir: testFolder(t), openLink });
    await store.start();
    fault.now = hang;
    store.append(frame(1, 5));
    await clock.advance(10_000);
    const saved = store.save('a', 1);
    store.append(frame(2));
    await clock.advance(29_999);
    t.match([count, events], [{ opened: 1, ended: 0 }, []], 'a slow disk has its time');
    await clock.advance(1);
    t.match(count, { opened: 1, ended: 1 });
    t.match(events, [{ code: 'store-trouble', source: 'storage thread', endMs: null, text: /no answer to commit within 30 s/ }]);
    const troubled = store.status();
    await clock.advance(0);
    t.match(await troubled, { state: 'trouble', reason: /storage thread hangs/, readingsWaiting: 6 });
    fault.now = 'none';
    await clock.advance(11_000);
    t.equal(await saved, true);
    t.equal(count.opened, 2);
    t.match(committed, [
      { ticket: 1, seq: 1, readings: 5 },
      { ticket: 2, seq: 2, readings: 1 },
    ]);
    t.match(events.slice(1), [{ source: 'storage thread', endMs: Number }]);
    t.match(await store.status(), { state: 'ok', frames: 2, readings: 6, readingsStored: 6, readingsLost: 0, readingsWaiting: 0 });
    await store.stop();
  });
}

t.test('on a thread that hangs from the first moment start ends, status answers, and a fact is unread, not absent', async (t) => {
  const fault: { now: Fault } = { now: 'hangs-before' };
  const { clock, store } = createStoreRig({ dir: testFolder(t), openLink: faultyLink(fault) });
  const started = watched(store.start());
  await clock.advance(4_999);
  t.notOk(started.done);
  await clock.advance(2);
  t.ok(started.done, 'after its patience');
  const answers = Promise.all([store.status(), store.load('a', 'unread'), store.load('a'), store.readAfter(0, 9)]);
  await clock.advance(5_000);
  t.match(await answers, [{ state: 'ok', frames: 0 }, 'unread', undefined, []]);
  await clock.advance(20_000);
  t.match(await store.status(), { state: 'trouble' }, 'at once, now that it is known');
  t.equal(await store.load('a', 'unread'), 'unread');
  fault.now = 'none';
  await clock.advance(1_000);
  t.match(await store.status(), { state: 'ok' });
  t.equal(await store.load('a', 'unread'), undefined, 'asked, and nothing is stored');
  await store.stop();
});

t.test('stopping does not wait for a thread that hangs, but ends it', async (t) => {
  const fault: { now: Fault } = { now: 'none' };
  const { count, openLink } = counted(faultyLink(fault));
  const { clock, store } = createStoreRig({ dir: testFolder(t), openLink });
  await store.start();
  fault.now = 'hangs-before';
  store.append(frame(1));
  const stopped = watched(store.stop());
  await clock.advance(7_001);
  t.ok(stopped.done);
  t.match(count, { opened: 1, ended: 1 });
});

t.test('a thread that cannot be started is a failure; the waits between attempts grow, and nothing waits for it', async (t) => {
  const fault = { on: true };
  let tries = 0;
  const { clock, store, events, committed } = createStoreRig({
    dir: testFolder(t),
    openLink: (setup, onLost) => {
      tries += 1;
      if (fault.on) throw new Error('ERR_WORKER_OUT_OF_MEMORY');
      return openInProcessLink(setup, onLost);
    },
  });
  await store.start();
  t.equal(tries, 1);
  t.match(events, [{ code: 'store-trouble', source: 'storage thread', endMs: null, text: /cannot be started: ERR_WORKER_OUT_OF_MEMORY/ }]);
  t.match(await store.status(), { state: 'trouble' });
  store.append(frame(1, 3));
  for (const [afterMs, wanted] of [
    [999, 1],
    [1, 2],
    [1_999, 2],
    [1, 3],
  ] as const) {
    await clock.advance(afterMs);
    t.equal(tries, wanted);
  }
  fault.on = false;
  await clock.advance(14_000);
  t.match(committed, [{ ticket: 1, readings: 3 }]);
  t.match(await store.status(), { state: 'ok' });
  await store.stop();
});

t.test('no second thread is started next to a hung one that cannot be ended', async (t) => {
  const fault: { now: Fault } = { now: 'none' };
  let release = (): void => {};
  const { count, openLink } = counted((setup, onLost) => {
    const link = faultyLink(fault)(setup, onLost);
    return {
      ...link,
      close: () =>
        new Promise((resolve) => {
          release = resolve;
        }),
    };
  });
  const { clock, store, committed } = createStoreRig({ dir: testFolder(t), openLink });
  await store.start();
  fault.now = 'hangs-before';
  store.append(frame(1));
  await clock.advance(300_000);
  t.match(count, { opened: 1, ended: 1 });
  t.match(await store.status(), { state: 'trouble', reason: /has not ended yet; check the storage card/ });
  fault.now = 'none';
  release();
  await clock.advance(31_000);
  t.equal(count.opened, 2);
  t.match(committed, [{ ticket: 1 }]);
  const stopped = watched(store.stop());
  await clock.advance(0);
  release();
  await clock.advance(0);
  t.ok(stopped.done);
});

t.test('a read waits while the thread works on a commit; its own time starts when the thread works on it', async (t) => {
  const clock = createManualClock(STORE_START_MS);
  const wire: { kind: string; answer: () => void }[] = [];
  const lost: string[] = [];
  const client = new StorageClient({
    clock,
    setup: () => ({
      dir: '',
      boot: '',
      maxBytes: 0,
      maxDays: 400,
      machine: null,
      counters: new Set<string>(),
      decimals: new Map(),
      floorSeq: 0,
    }),
    openLink: () => ({
      ask: (request) =>
        new Promise((resolve) =>
          wire.push({ kind: request.kind, answer: () => resolve({ answer: null, notices: [] } as unknown as StoreAnswer<never>) }),
        ),
      close: async () => {},
    }),
    onNotice: () => {},
    onLost: ({ message, code }) => lost.push(`${code}: ${message}`),
  });
  const commit = watched(client.ask('commit', { telemetry: null, state: null }));
  const read = watched(client.ask('status', { atMono: 0, provenSeq: 0 }));
  const second = watched(client.ask('status', { atMono: 0, provenSeq: 0 }));
  await clock.advance(29_000);
  wire.shift()?.answer();
  await clock.advance(4_999);
  t.match([commit, read, lost], [{ done: true }, { done: false }, []], '5 s count from the answer before');
  wire.shift()?.answer();
  await clock.advance(4_999);
  t.match([read, second, lost], [{ done: true }, { done: false }, []]);
  await clock.advance(1);
  t.match([second, lost], [{ done: true }, [/^worker-lost: the storage thread hangs: no answer to status within 5 s/]]);
  await clock.advance(60_000);
  t.equal(lost.length, 1, 'reported once');
});

t.test('a real thread whose answer never arrives is ended, and its frames are written once by the next', async (t) => {
  const dir = testFolder(t);
  const threads: ReturnType<OpenLink>[] = [];
  let mute = false;
  const { clock, store, committed } = createStoreRig({
    dir,
    openLink: (setup, onLost) => {
      const link = openWorkerLink(setup, onLost);
      threads.push(link);
      return {
        ...link,
        ask: (request) => {
          const answer = link.ask(request);
          return mute && request.kind === 'commit' && threads.length === 1 ? answer.then(never) : answer;
        },
      } as typeof link;
    },
  });
  const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));
  await store.start();
  mute = true;
  store.append(frame(1, 4));
  await clock.advance(10_000);
  const rows = new Database(join(dir, 'telemetry.db'), { readonly: true });
  t.teardown(() => rows.close());
  while (rows.prepare('SELECT count(*) FROM frame').pluck().get() !== 1) await turn();
  await clock.advance(30_000);
  while (threads.length < 2) {
    await turn();
    await clock.advance(100);
  }
  while (committed.length === 0) await turn();
  t.strictSame(committed, [{ ticket: 1, seq: 1, readings: 4 }]);
  await t.rejects(
    threads[0]?.ask({ kind: 'status', atMs: 0, atMono: 0, provenSeq: 0 }) as Promise<unknown>,
    { code: 'worker-lost' },
    'the first has ended',
  );
  t.match(await store.status(), { state: 'ok', frames: 1, readings: 4 });
  await store.stop();
});

t.test('a request that fails in a thread that answers is no hang', async (t) => {
  const client = new StorageClient({
    openLink: () => ({ ask: () => Promise.reject(new Error('a defect of the thread')), close: async () => {} }),
    setup: () => ({}) as never,
    clock: createManualClock(STORE_START_MS),
    onNotice: () => {},
    onLost: () => {},
  });
  await t.rejects(client.ask('load', { key: 'a' } as never), /a defect/);
  t.match(client.pulse(), { unansweredMono: null, isStuck: false });
});
