import t from 'tap';
import { createStoreRig, frame, testFolder } from '../fixtures/kit.ts';

t.test('a frame has its row number before it is on disk, and gets no other', async (t) => {
  const { clock, store, committed } = createStoreRig({ dir: testFolder(t) });
  t.equal(store.rowOf(1), null, 'no row number before the disk has answered');
  await store.start();
  const { epoch } = await store.status();
  const promised = [1, 2, 3].map((ticket) => {
    store.append(frame(ticket));
    return store.rowOf(ticket);
  });
  t.strictSame(
    promised,
    [1, 2, 3].map((seq) => ({ epoch, seq })),
  );
  await clock.advance(10_000);
  t.strictSame(
    committed.map(({ seq }) => seq),
    [1, 2, 3],
  );
  await store.stop();
});

t.test('a killed run leaves its numbers unused: a number sent to the platform never means another frame', async (t) => {
  const dir = testFolder(t);
  const killed = createStoreRig({ dir });
  await killed.store.start();
  killed.store.append(frame(1));
  await killed.clock.advance(10_000);
  killed.store.append(frame(2));
  const lost = killed.store.rowOf(2)?.seq ?? 0;
  t.equal(lost, 2);

  const next = createStoreRig({ dir });
  await next.store.start();
  next.store.append(frame(1));
  const promised = next.store.rowOf(1)?.seq ?? 0;
  t.ok(promised > lost, `promised ${promised}, lost ${lost}`);
  await next.store.stop();
  t.strictSame(
    next.committed.map(({ seq }) => seq),
    [promised],
  );

  const after = createStoreRig({ dir });
  await after.store.start();
  t.strictSame(after.store.rowOf(1)?.seq, promised + 1, 'a clean end leaves no hole');
  t.match(await after.store.status(), { frames: 2, backlogFrames: 2, account: { isBalanced: true } });
  t.strictSame(
    (await after.store.readAfter(0, 10)).map(({ seq }) => seq),
    [1, promised],
  );
  await after.store.stop();
});

t.test('the numbers of a killed run stay unused even if the run after it commits no frame and stops cleanly', async (t) => {
  const dir = testFolder(t);
  const killed = createStoreRig({ dir });
  await killed.store.start();
  killed.store.append(frame(1));
  await killed.clock.advance(10_000);
  killed.store.append(frame(2));
  const sent = killed.store.rowOf(2);

  const idle = createStoreRig({ dir });
  await idle.store.start();
  await idle.store.stop();

  const next = createStoreRig({ dir });
  await next.store.start();
  next.store.append(frame(1));
  const row = next.store.rowOf(1);
  t.equal(row?.epoch, sent?.epoch);
  t.ok((row?.seq ?? 0) > (sent?.seq ?? 0), `numbered ${row?.seq}, sent by the killed run ${sent?.seq}`);
  await next.store.stop();
});

t.test('an invalid frame costs only its own number', async (t) => {
  const { store, committed } = createStoreRig({ dir: testFolder(t) });
  await store.start();
  store.append(frame(1));
  store.append({ ...frame(2), atMono: Number.NaN });
  store.append(frame(3));
  const promised = [store.rowOf(1)?.seq, store.rowOf(3)?.seq];
  await store.stop();
  t.strictSame(
    committed.map(({ seq }) => seq),
    promised,
  );
  t.strictSame(promised, [1, 3]);
});

t.test('numbers are promised as far as they are reserved, and the reserve grows with each commit', async (t) => {
  const { clock, store } = createStoreRig({ dir: testFolder(t) });
  await store.start();
  t.equal(store.rowOf(8_192)?.seq, 8_192);
  t.equal(store.rowOf(8_193), null, 'a disk that stalls longer gets frames whose number is not known yet');
  for (let ticket = 1; ticket <= 5_000; ticket++) store.append(frame(ticket));
  await clock.advance(10_000);
  t.equal(store.rowOf(13_192)?.seq, 13_192);
  await store.stop();
});

for (const commitSeconds of [600, 3_600])
  t.test(`each live frame has its number over a commit window of ${commitSeconds} s, again and again`, async (t) => {
    const { clock, store } = createStoreRig({ dir: testFolder(t), commitSeconds });
    await store.start();
    for (let ticket = 1; ticket <= 3 * commitSeconds; ticket++) {
      store.append(frame(ticket));
      if (store.rowOf(ticket) === null) return t.fail(`frame ${ticket} has no number`);
      if (ticket % 100 === 0) await clock.advance(100_000);
    }
    await store.stop();
  });
