import { createHash } from 'node:crypto';
import t from 'tap';
import { DAY_MS, MINUTE_MS } from '../../../../agent/core/durations.ts';
import { GENESIS } from '../../../../agent/store/state/audit-chain.ts';
import { texts } from '../../../support/texts.ts';
import { createMemoryStore } from '../memory-store.ts';
import { runDry, setUp } from './delivery-scene.ts';

interface SentEntry {
  readonly n?: number;
  readonly after?: number;
  readonly atMs?: number;
  readonly hash: string;
  readonly body?: string | null;
  readonly lost?: number;
  readonly head?: number;
}

/** A cabinet whose audit log has `count` entries, and a platform that stores what it receives. */
function scene(count: number, store = createMemoryStore()) {
  for (let i = 0; i < count; i += 1) store.note(`action ${i + 1}`);
  const parts = setUp('auto', store);
  const stored = new Map<number, SentEntry>();
  let heard = 0;
  /** Receives the entries sent since the last call. `every`: only each n-th of them is not lost. */
  const hear = (every = 1): SentEntry[] => {
    const entries = parts.audits.slice(heard).map((text) => JSON.parse(text) as SentEntry);
    heard = parts.audits.length;
    for (const [i, entry] of entries.entries()) if (entry.n !== undefined && i % every === 0) stored.set(entry.n, entry);
    return entries;
  };
  const numbers = (entries: readonly SentEntry[]): number[] => entries.flatMap(({ n }) => n ?? []);
  /** The last entry up to which none is missing. */
  const head = (): { n: number; hash: string } => {
    const next = new Map([...stored.values()].map((entry) => [entry.after, entry]));
    let at = { n: 0, hash: '' };
    for (let entry = next.get(0); entry !== undefined; entry = next.get(at.n)) at = { n: entry.n ?? 0, hash: entry.hash };
    return at;
  };
  const turn = async (): Promise<void> => {
    await parts.delivery.refresh();
    await runDry(parts);
  };
  const session = async (): Promise<void> => {
    parts.delivery.close();
    parts.wire.cut(0);
    parts.delivery.open(parts.wire.link());
    await runDry(parts);
  };
  return { ...parts, stored, hear, numbers, head, turn, session };
}

/** Checks the chain as described in docs/platform.md. */
function breaks(entries: readonly SentEntry[]): number[] {
  const byN = new Map(entries.map((entry) => [entry.n, entry]));
  return entries.flatMap(({ n = 0, atMs, body, hash }) => {
    const before = n === 1 ? '0'.repeat(64) : byN.get(n - 1)?.hash;
    if (before === undefined) return [];
    return createHash('sha256').update(`${before}\n${n}\n${atMs}\n${body}`).digest('hex') === hash ? [] : [n];
  });
}
const upTo = (count: number, from = 1): number[] => Array.from({ length: Math.max(0, count - from + 1) }, (_, i) => from + i);

t.test(
  'every entry of the audit log is sent once the link is up, with the newest one named first, and the chain can be checked',
  async (t) => {
    for (const count of [1, 19, 20, 21, 250]) {
      const cabinet = scene(count);
      await cabinet.session();
      const entries = cabinet.hear();
      t.strictSame(entries[0], { head: count, hash: (cabinet.store.audits.at(-1) ?? GENESIS).hash });
      t.strictSame(cabinet.numbers(entries), upTo(count));
      t.strictSame(breaks([...cabinet.stored.values()]), []);
      cabinet.store.note('later');
      await cabinet.turn();
      t.strictSame(cabinet.numbers(cabinet.hear()), [count + 1], 'within the minute, and nothing again');
      const forged = [...cabinet.stored.values()].map((entry) => (entry.n === count + 1 ? { ...entry, body: '{}' } : entry));
      t.strictSame(breaks(forged), [count + 1], 'a changed entry is seen');
    }
  },
);

t.test('unacknowledged entries are sent again after each birth, the newest twenty; across a restart too', async (t) => {
  const first = scene(50);
  await first.session();
  first.hear();
  await first.session();
  t.strictSame(first.numbers(first.hear()), upTo(50, 31));
  first.delivery.close();
  const second = scene(0, first.store);
  await second.delivery.restore();
  await second.session();
  t.strictSame(second.numbers(second.hear()), upTo(50, 31));
});

t.test('a platform that acknowledges what it has gets the rest, whatever is lost on the way', async (t) => {
  const cabinet = scene(95);
  await cabinet.session();
  cabinet.hear(7);
  for (let minute = 0; minute < 400 && cabinet.head().n < 100; minute += 1) {
    if (minute < 5) cabinet.store.note('later');
    if (cabinet.head().n > 0) t.equal(texts(await cabinet.delivery.acknowledgeAudit(cabinet.head())), '');
    else t.equal(texts(await cabinet.delivery.acknowledgeAudit({ n: 0, hash: '' })), '');
    await cabinet.clock.advance(10 * MINUTE_MS);
    await cabinet.turn();
    cabinet.hear(3);
  }
  t.equal(cabinet.head().n, 100);
  await cabinet.delivery.acknowledgeAudit(cabinet.head());
  await cabinet.session();
  t.strictSame(cabinet.numbers(cabinet.hear()), [], 'acknowledged, and never sent again');
  await cabinet.delivery.acknowledgeAudit({ n: 0, hash: '' });
  await cabinet.turn();
  t.strictSame(cabinet.numbers(cabinet.hear()), upTo(100), 'a platform that says it has none gets all');
});

t.test('entries that were trimmed before they were sent are reported as lost, in the order of the log', async (t) => {
  const cabinet = scene(2_600);
  // As the store trims: the oldest go, what admins did stays.
  cabinet.store.audits.splice(0, 1_000);
  cabinet.store.audits.splice(3, 497);
  await cabinet.session();
  await cabinet.delivery.acknowledgeAudit({ n: 0, hash: '' });
  cabinet.hear();
  await cabinet.turn();
  const entries = cabinet.hear().filter(({ n }) => n !== undefined);
  t.match(entries.slice(0, 4), [{ n: 1_001, after: 0, lost: 1_000 }, { n: 1_002 }, { n: 1_003 }, { n: 1_501, after: 1_003, lost: 497 }]);
  t.equal(
    entries.reduce((sum, { lost = 0 }) => sum + 1 + lost, 0),
    2_600,
    'sent and lost are all that ever were',
  );
});

t.test('while the disk does not answer, an acknowledgement is asked for again, and no missing entry is reported', async (t) => {
  const store = createMemoryStore();
  const { auditAfter } = store.port;
  const cabinet = scene(30, store);
  await cabinet.session();
  Object.assign(store.port, { auditAfter: async () => undefined });
  t.match(await cabinet.delivery.acknowledgeAudit({ n: 30, hash: 'a'.repeat(64) }), /cannot be read now: send it again later/);
  Object.assign(store.port, { auditAfter });
  cabinet.hear();
  t.equal(
    texts(
      await cabinet.delivery.acknowledgeAudit(
        await cabinet.store.port.auditAfter(29).then((page) => page?.rows[0] as { n: number; hash: string }),
      ),
    ),
    '',
  );
});

t.test('an acknowledgement of another log is ignored, and the newest entry is sent so that the platform detects it', async (t) => {
  const cabinet = scene(30);
  await cabinet.session();
  cabinet.hear();
  for (const [n, hash, reason] of [
    [30, 'a'.repeat(64), /entry 30 of the audit log has another hash here/],
    [31, 'a'.repeat(64), /there is no entry 31/],
    [300_000, 'a'.repeat(64), /there is no entry/],
  ] as const) {
    t.match(await cabinet.delivery.acknowledgeAudit({ n, hash }), reason);
    await cabinet.turn();
    t.match(cabinet.hear(), [{ head: 30 }]);
  }
  await cabinet.session();
  t.strictSame(cabinet.numbers(cabinet.hear()), upTo(30, 11), 'not taken for acknowledged');
});

t.test('a log that was emptied or cut is sent from its beginning, so that the platform finds two entries with one number', async (t) => {
  const first = scene(60);
  await first.session();
  first.hear();
  await first.delivery.acknowledgeAudit(first.head());
  first.store.audits.length = 0;
  for (let i = 0; i < 5; i += 1) first.store.note(`forged ${i}`);
  await first.session();
  const entries = first.hear();
  t.match(entries[0], { head: 5 });
  t.strictSame(first.numbers(entries), upTo(5));
});

t.test('the newest entry is sent once a day even without events, so that a cut log is detected', async (t) => {
  const cabinet = scene(3);
  await cabinet.session();
  await cabinet.delivery.acknowledgeAudit(cabinet.store.audits[2] ?? GENESIS);
  cabinet.hear();
  let heads = 0;
  for (let hour = 0; hour < 24 * 10; hour += 1) {
    await cabinet.clock.advance(DAY_MS / 24);
    await cabinet.turn();
    heads += cabinet.hear().filter(({ head }) => head === 3).length;
  }
  t.equal(heads, 10);
});

t.test('a platform that no longer acknowledges costs little, and after a day counts as one that never did', async (t) => {
  const cabinet = scene(40);
  await cabinet.session();
  cabinet.hear();
  await cabinet.delivery.acknowledgeAudit(cabinet.head());
  for (let i = 0; i < 60; i += 1) cabinet.store.note('later');
  let entryCount = 0;
  for (let minute = 0; minute < 3 * 1_440; minute += 1) {
    await cabinet.clock.advance(MINUTE_MS);
    await cabinet.turn();
    entryCount += cabinet.hear().length;
  }
  t.ok(entryCount <= 60 + 20 * 30 + 3, `${entryCount} in three days`);
  t.equal(cabinet.head().n, 100, 'all of them came');
  cabinet.store.note('last');
  await cabinet.turn();
  t.strictSame(cabinet.numbers(cabinet.hear()), [101]);
});

t.test('a platform that first acknowledges after a day, with nothing, is waited for another day', async (t) => {
  const cabinet = scene(10);
  await cabinet.session();
  await cabinet.clock.advance(DAY_MS + MINUTE_MS);
  await cabinet.turn();
  await cabinet.delivery.acknowledgeAudit({ n: 0, hash: '' });
  await cabinet.turn();
  cabinet.hear();
  await cabinet.clock.advance(DAY_MS / 2);
  await cabinet.turn();
  t.strictSame(cabinet.numbers(cabinet.hear()), upTo(10), 'they are sent again');
});

t.test(
  'of a log from before this release a thousand entries are sent by themselves, older ones at the request of the platform',
  async (t) => {
    const cabinet = scene(9_000);
    await cabinet.session();
    const entries = cabinet.numbers(cabinet.hear());
    t.strictSame(entries, upTo(9_000, 8_001));
    await cabinet.delivery.acknowledgeAudit({ n: 0, hash: '' });
    await cabinet.turn();
    t.equal(cabinet.numbers(cabinet.hear()).length, 9_000);
  },
);

t.test('an entry that does not fit into the packets of the broker is sent without its text', async (t) => {
  const cabinet = scene(2);
  cabinet.store.note('a longer action '.repeat(4));
  cabinet.packet.maxTextBytes = 270;
  await cabinet.session();
  const entries = cabinet.hear().filter(({ n }) => n !== undefined);
  t.strictSame(
    entries.map(({ body }) => body === null),
    [false, false, true],
  );
  t.ok(cabinet.audits.every((text) => Buffer.byteLength(text) <= 270));
});
