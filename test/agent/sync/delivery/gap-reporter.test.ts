import t from 'tap';
import type { Message } from '../../../../agent/core/message.ts';
import type { Gap } from '../../../../agent/core/ports.ts';
import { gapHead, type ReportedGap } from '../../../platform/node-ingest.ts';
import { createMemoryStore } from '../memory-store.ts';
import { nextTurn, runDry, setUp } from './delivery-scene.ts';

const lossesUpTo = (count: number, first = 1): Gap[] =>
  Array.from({ length: count - first + 1 }, (_, i) => ({
    id: first + i,
    firstSeq: 10 * (first + i),
    lastSeq: 10 * (first + i) + 4,
    readings: 3,
    reason: 'cap',
    atMs: first + i,
  }));

/** A delivery with these losses, and a platform that stores the gaps it receives. */
function openScene(losses: readonly Gap[], { proof = 'auto', store = createMemoryStore() }: Partial<Parameters<typeof asScene>[0]> = {}) {
  store.gaps.push(...losses);
  return asScene({ proof, store });
}
function asScene({
  proof,
  store,
}: {
  readonly proof: 'auto' | 'broker' | 'platform';
  readonly store: ReturnType<typeof createMemoryStore>;
}) {
  const parts = setUp(proof, store);
  let heard = 0;
  const stored: ReportedGap[] = [];
  const platform = {
    stored,
    /** Receives the texts sent since the last call. `every`: only each n-th of them is not lost. */
    hear: (every = 1): number[] => {
      const texts = parts.notes.slice(heard);
      heard = parts.notes.length;
      const gaps = texts.map((text) => JSON.parse(text) as ReportedGap);
      stored.push(...gaps.filter((_, i) => i % every === 0));
      return gaps.map(({ id }) => id ?? 0);
    },
    acknowledge: (): Message => parts.delivery.acknowledge({ epoch: 'e1', seq: 0, gapId: gapHead(stored, 'e1') }),
  };
  const session = async (): Promise<void> => {
    parts.delivery.close();
    parts.wire.cut(0);
    parts.delivery.open(parts.wire.link());
    await runDry(parts);
  };
  return { ...parts, platform, session };
}
const ids = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, i) => from + i);

t.test(
  'losses reported while no platform listened are sent again after each birth until they are acknowledged, across restarts',
  async (t) => {
    for (const count of [1, 30, 300]) {
      const first = openScene(lossesUpTo(count));
      first.delivery.open(first.wire.link());
      await runDry(first);
      t.strictSame(first.platform.hear(Number.POSITIVE_INFINITY).length, count, 'sent, and not received by the platform');
      await first.session();
      t.strictSame(first.platform.hear(), ids(Math.max(1, count - 99), count), 'the newest come again, at the cost of a birth');
      first.platform.stored.length = 0;
      first.platform.acknowledge();
      await first.delivery.refresh();
      await runDry(first);
      t.strictSame(first.platform.hear(), ids(1, count), 'all are sent to a platform that reports it has none');
      const half = Math.ceil(count / 2);
      first.delivery.acknowledge({ epoch: 'e1', seq: 0, gapId: half });

      const second = openScene([], { store: first.store });
      await second.delivery.restore();
      second.delivery.open(second.wire.link());
      await runDry(second);
      t.strictSame(second.platform.hear(), ids(half + 1, count), 'after a restart those that are not acknowledged');
      second.delivery.acknowledge({ epoch: 'e1', seq: 0, gapId: count });
      await second.session();
      t.strictSame(second.platform.hear(), [], 'acknowledged, and never sent again');
    }
  },
);

t.test('a birth on request repeats the losses as a new session does', async (t) => {
  const scene = openScene(lossesUpTo(30));
  scene.delivery.open(scene.wire.link());
  await runDry(scene);
  scene.platform.hear();
  scene.delivery.hold();
  await scene.delivery.refresh();
  await runDry(scene);
  t.strictSame(scene.platform.hear(), []);
  scene.delivery.resume();
  await runDry(scene);
  t.strictSame(scene.platform.hear(), ids(1, 30));
});

t.test('even if reports get lost, the platform has each loss in the end; a silent one gets few, at growing intervals', async (t) => {
  const scene = openScene(lossesUpTo(95));
  const { delivery, platform, clock, store } = scene;
  delivery.open(scene.wire.link());
  await runDry(scene);
  platform.hear(7);
  platform.acknowledge();
  let sentGaps = 0;
  for (let minute = 0; minute < 1_440; minute += 1) {
    if (minute % 100 === 0) store.gaps.push(...lossesUpTo(96 + minute / 100, 96 + minute / 100));
    await clock.advance(60_000);
    await delivery.refresh();
    await runDry(scene);
    sentGaps += platform.hear(Number.POSITIVE_INFINITY).length;
  }
  t.ok(sentGaps <= 110 + 20 * 150, `${sentGaps} in a day without acknowledgement`);
  for (let round = 0; round < 60 && gapHead(platform.stored, 'e1') < 110; round += 1) {
    await clock.advance(600_000);
    await delivery.refresh();
    await runDry(scene);
    platform.hear(3);
    platform.acknowledge();
  }
  t.equal(gapHead(platform.stored, 'e1'), 110);
});

t.test('an acknowledged loss that was never reported, or of another store, is ignored', async (t) => {
  const scene = openScene(lossesUpTo(3));
  scene.delivery.open(scene.wire.link());
  await runDry(scene);
  scene.platform.hear();
  scene.delivery.acknowledge({ epoch: 'e1', seq: 0, gapId: 900 });
  scene.store.gaps.push(...lossesUpTo(6, 4));
  await scene.delivery.refresh();
  await runDry(scene);
  t.strictSame(scene.platform.hear(), [4, 5, 6]);
  t.match(scene.delivery.acknowledge({ epoch: 'e2', seq: 0, gapId: 6 }), /epoch here is e1/);
  await scene.session();
  t.strictSame(scene.platform.hear(), [4, 5, 6]);
});

t.test('a loss of unknown size is marked, and others are unchanged', async (t) => {
  const [counted, estimated] = lossesUpTo(2);
  const scene = openScene([counted as Gap, { ...(estimated as Gap), readings: 0, isEstimate: true, reason: 'set-aside' }]);
  scene.delivery.open(scene.wire.link());
  await runDry(scene);
  t.strictSame(
    scene.notes.map((text) => JSON.parse(text) as unknown),
    [
      { epoch: 'e1', id: 1, after: 0, from: 10, to: 14, readings: 3, reason: 'cap', atMs: 1 },
      { epoch: 'e1', id: 2, after: 1, from: 20, to: 24, readings: 0, estimate: true, reason: 'set-aside', atMs: 2 },
    ],
  );
});

t.test('each loss names the previous one, so that a platform detects a missing one', async (t) => {
  const scene = openScene([...lossesUpTo(2), ...lossesUpTo(9, 7)]);
  scene.delivery.open(scene.wire.link());
  await runDry(scene);
  scene.platform.hear();
  t.strictSame(
    scene.platform.stored.map(({ after }) => after),
    [0, 1, 2, 7, 8],
    'numbers that the store no longer has are no hole',
  );
  t.equal(gapHead(scene.platform.stored, 'e1'), 9);
  t.equal(
    gapHead(
      scene.platform.stored.filter(({ id }) => id !== 8),
      'e1',
    ),
    7,
  );
  await nextTurn();
});
