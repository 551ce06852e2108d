/** Readings at every rate and commit window, on every kind of disk: stored, delivered or in a gap, and never two of these. */
import { rmSync } from 'node:fs';
import fc from 'fast-check';
import t from 'tap';
import { createManualClock } from '../../../agent/core/manual-clock.ts';
import { msg } from '../../../agent/core/message.ts';
import type { FrameFate, Gap, ReadingFrame } from '../../../agent/core/ports.ts';
import type { PointId } from '../../../agent/core/words.ts';
import { openInProcessLink } from '../../../agent/store/client/in-process-link.ts';
import type { Kind, OpenLink, StoreAnswer, StoreRequest } from '../../../agent/store/messages.ts';
import { createStore } from '../../../agent/store/store.ts';
import { openWorkerLink } from '../../../agent/store/worker-link.ts';
import { SILENT, STORE_START_MS, testFolder } from './fixtures/kit.ts';

/** As the recorder makes them: one frame a second at most. */
const FRAME_MS = 1_000;

interface Disk {
  isRefusing: boolean;
  /** From question to answer, on the test's clock. Units: ms. */
  delayMs: number;
}

/** What a run hands in, what the disk does, and what the platform has got. */
function cabinet(dir: string, commitSeconds: number, openLink?: OpenLink) {
  const clock = createManualClock(STORE_START_MS);
  const disk: Disk = { isRefusing: false, delayMs: 0 };
  const slowLink: OpenLink = (setup, onLost) => {
    const link = openInProcessLink(setup, onLost);
    return {
      close: link.close,
      ask: async <K extends Kind>(request: StoreRequest<K>): Promise<StoreAnswer<K>> => {
        if (disk.delayMs > 0) await new Promise<void>((resolve) => clock.after(disk.delayMs, resolve));
        if (!disk.isRefusing || request.kind !== 'commit') return link.ask<K>(request);
        const refused = { ok: false, code: 'full', message: msg`the disk is full` } as const;
        const { telemetry, state } = request as StoreRequest<'commit'>;
        return { answer: { telemetry: telemetry && refused, state: state && refused }, notices: [] } as unknown as StoreAnswer<K>;
      },
    };
  };
  const store = createStore({
    dir,
    clock,
    log: SILENT,
    commitSeconds,
    maxMegabytes: 64,
    maxDays: 400,
    decimals: new Map(),
    openLink: openLink ?? slowLink,
  });
  const fates = new Map<number, FrameFate>();
  const sizes = new Map<number, number>();
  const seqs = new Map<number, number>();
  let ticket = 0;
  store.fates = () => (of) => fates.get(of) ?? 'undelivered';
  store.onCommitted = ({ tickets }) => {
    for (const { ticket: done, seq } of tickets) seqs.set(done, seq);
  };
  const append = (readings: number, fate: FrameFate = 'undelivered'): void => {
    ticket += 1;
    const at = { atMono: clock.monoMs(), atMs: clock.wallMs() };
    const frame: ReadingFrame = {
      ticket,
      ...at,
      clockQuality: 'synced',
      readings: Array.from({ length: readings }, (_, i) => ({ pointId: `P${i}.v` as PointId, value: ticket, quality: 'good', ...at })),
    };
    sizes.set(ticket, readings);
    fates.set(ticket, fate);
    store.append(frame);
  };
  return { clock, disk, store, fates, sizes, seqs, append };
}

const sum = (numbers: Iterable<number>): number => [...numbers].reduce((total, number) => total + number, 0);

const healthy: [readingsPerS: number, commitSeconds: number][] = [
  [40, 600],
  [500, 60],
  [2_964, 10],
  [5_000, 1],
  [9_000, 600],
];
for (const [readingsPerS, commitSeconds] of healthy)
  t.test(`a sound disk loses nothing at ${readingsPerS} readings/s and commits each ${commitSeconds} s`, async (t) => {
    const { clock, store, append, sizes } = cabinet(testFolder(t), commitSeconds, openWorkerLink);
    await store.start();
    for (let produced = 0; produced < 30_000; produced += readingsPerS) {
      append(readingsPerS);
      await clock.advance(FRAME_MS);
      // The thread works in real time: an answer to this request shows that the commit before it is done.
      await store.status();
    }
    await store.stop();
    await store.start();
    const { account, readingsLost } = await store.status();
    t.match({ account, readingsLost }, { readingsLost: 0, account: { produced: sum(sizes.values()), gaps: 0, isBalanced: true } });
    await store.stop();
  });

t.test('memory is written at half full; otherwise readings wait one commit period at most', async (t) => {
  const { clock, store, append, seqs } = cabinet(testFolder(t), 600);
  await store.start();
  for (let i = 0; i < 9; i++) append(1_000);
  await clock.advance(FRAME_MS);
  t.equal(seqs.size, 0, 'not yet');
  append(1_000);
  await clock.advance(0);
  t.equal(seqs.size, 10);
  append(1);
  await clock.advance(598_000);
  t.equal(seqs.size, 10);
  await clock.advance(1_000);
  t.equal(seqs.size, 11);
  await store.stop();
});

t.test('delivered frames leave a full memory first and are no loss; frames being sent stay', async (t) => {
  const { clock, store, append, disk, fates, seqs } = cabinet(testFolder(t), 10);
  await store.start();
  append(1);
  await clock.advance(10_000);
  disk.isRefusing = true;
  append(1);
  // The first commit that is refused keeps its frames.
  await clock.advance(10_000);
  for (let ticket = 3; ticket <= 12; ticket++) append(1_000, 'undelivered');
  for (let ticket = 13; ticket <= 17; ticket++) append(1_000, 'delivered');
  for (let ticket = 18; ticket <= 30; ticket++) append(1_000, 'in-flight');
  t.match(await store.status(), { readingsLost: 4_000, readingsWaiting: 19_001 });
  for (let ticket = 18; ticket <= 30; ticket++) fates.set(ticket, 'delivered');
  for (let ticket = 31; ticket <= 33; ticket++) append(1_000, 'in-flight');
  t.match(await store.status(), { readingsLost: 4_000 });
  disk.isRefusing = false;
  await clock.advance(60_000);
  t.match(await store.status(), { account: { produced: 31_002, gaps: 4_000, isBalanced: true }, readingsWaiting: 0 });
  t.match(await store.gapsAfter(0), [{ firstSeq: 3, lastSeq: 6, readings: 4_000, reason: 'memory-full' }]);
  t.notOk(
    [13, 17, 18, 19, 20].some((ticket) => seqs.has(ticket)),
    'delivered and gone',
  );
  await store.stop();
});

const minute = fc.record({
  disk: fc.constantFrom('sound', 'sound', 'refusing', 'slow', 'very slow'),
  link: fc.constantFrom('up', 'away', 'in doubt'),
  readingsPerS: fc.oneof(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 60, max: 5_000 })),
  seconds: fc.integer({ min: 1, max: 90 }),
});
const DELAY_MS: Readonly<Record<string, number>> = { slow: 700, 'very slow': 8_000 };

t.test('each reading is stored, delivered or in one gap, at any rate, commit period and disk', async (t) => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(minute, { minLength: 1, maxLength: 5 }),
      fc.constantFrom(1, 2, 10, 60, 600),
      async (minutes, commitSeconds) => {
        const dir = testFolder({ teardown: () => {} });
        const { clock, disk, store, fates, sizes, seqs, append } = cabinet(dir, commitSeconds);
        try {
          await store.start();
          let produced = 0;
          for (const { disk: kind, link, readingsPerS, seconds } of minutes) {
            disk.isRefusing = kind === 'refusing';
            disk.delayMs = DELAY_MS[kind] ?? 0;
            for (let second = 0; second < seconds && produced < 45_000; second++) {
              const fate = link === 'up' ? 'in-flight' : 'undelivered';
              const ticket = sizes.size + 1;
              append(readingsPerS, fate);
              produced += readingsPerS;
              await clock.advance(FRAME_MS);
              // The platform acknowledges within a second what the link carried.
              if (link === 'up') fates.set(ticket, 'delivered');
              if (link === 'in doubt' && second % 3 === 0 && !seqs.has(ticket)) fates.set(ticket, 'undelivered');
            }
          }
          Object.assign(disk, { isRefusing: false, delayMs: 0 });
          await clock.advance(700_000);
          const { account, readingsWaiting, state } = await store.status();
          const gaps = await store.gapsAfter(0);
          const problem = wrongWith({ sizes, seqs, fates, gaps });
          const inGaps = sum(gaps.map(({ readings }) => readings));
          if (problem !== null || !account.isBalanced || account.produced !== produced || account.gaps !== inGaps || state !== 'ok')
            throw new Error(JSON.stringify({ problem, account, produced, inGaps, readingsWaiting, gaps }));
          await store.stop();
        } finally {
          rmSync(dir, { recursive: true, force: true });
        }
      },
    ),
    { numRuns: 15 },
  );
  t.pass('held for all generated evenings');
});

/** What the platform adds up: rows that it has, rows that are stored for it, rows in gaps. Null where each reading is in one of these. */
function wrongWith(of: {
  readonly sizes: ReadonlyMap<number, number>;
  readonly seqs: ReadonlyMap<number, number>;
  readonly fates: ReadonlyMap<number, FrameFate>;
  readonly gaps: readonly Gap[];
}): string | null {
  const base = [...of.seqs].map(([ticket, seq]) => seq - ticket)[0] ?? 0;
  let unnumbered = sum(of.gaps.filter(({ firstSeq }) => firstSeq === null).map(({ readings }) => readings));
  const left = new Map(of.gaps.map(({ id, firstSeq, readings }) => [id, firstSeq === null ? 0 : readings]));
  for (const [ticket, size] of of.sizes) {
    const isSafe = of.seqs.has(ticket) || of.fates.get(ticket) === 'delivered';
    const gap = of.gaps.find(({ firstSeq, lastSeq }) => firstSeq !== null && firstSeq <= base + ticket && base + ticket <= (lastSeq ?? 0));
    if (gap !== undefined) left.set(gap.id, (left.get(gap.id) ?? 0) - size);
    if (isSafe && gap !== undefined) return `row ${base + ticket} is safe and in gap ${gap.id}`;
    if (!isSafe && gap === undefined) unnumbered -= size;
  }
  if (unnumbered !== 0) return `${unnumbered} readings are counted twice or not at all`;
  const odd = [...left].find(([, readings]) => readings !== 0);
  return odd === undefined ? null : `gap ${odd[0]} is wrong by ${odd[1]} readings`;
}
