/**
 * The store compared with a simple model: exactly the appended readings are delivered, stored or in a gap, for any order of faults.
 */

import { rmSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import fc from 'fast-check';
import t from 'tap';
import { HOUR_MS } from '../../../agent/core/durations.ts';
import { StoreError } from '../../../agent/core/errors.ts';
import { createManualClock, type ManualClock } from '../../../agent/core/manual-clock.ts';
import { msg } from '../../../agent/core/message.ts';
import type { Store } from '../../../agent/core/ports.ts';
import type { PointId } from '../../../agent/core/words.ts';
import { openInProcessLink } from '../../../agent/store/client/in-process-link.ts';
import type { Kind, OpenLink, StoreAnswer, StoreRequest } from '../../../agent/store/messages.ts';
import { createStore } from '../../../agent/store/store.ts';
import { SILENT, STORE_START_MS, testFolder } from './fixtures/kit.ts';

const POINTS = 6;
/** So little that a few hundred rough readings fill it. Units: MB. */
const CAPS = [64, 0.14];

/** Fault of the next request to the thread. */
type Fault = 'refused' | 'dies-before' | 'dies-after';

interface Model {
  /** Readings handed in. */
  produced: number;
  /** By seq: what may come back. */
  readonly committed: Map<number, ReadonlySet<string>>;
  readonly waiting: Map<number, ReadonlySet<string>>;
  lastSeq: number;
  delivered: number;
}

interface Real {
  readonly dir: string;
  readonly maxMegabytes: number;
  readonly fault: { next: Fault | null };
  clock: ManualClock;
  store: Store;
  ticket: number;
  seed: number;
}

function faulty(fault: Real['fault']): OpenLink {
  return (setup, onLost) => {
    const link = openInProcessLink(setup, onLost);
    const die = (): never => {
      const error = new StoreError('worker-lost', msg`the test ended the thread`);
      onLost(error);
      throw error;
    };
    return {
      close: link.close,
      ask: async <K extends Kind>(request: StoreRequest<K>): Promise<StoreAnswer<K>> => {
        const now = request.kind === 'close' ? null : fault.next;
        if (now !== null) fault.next = null;
        if (now === 'dies-before') return die();
        if (now === 'refused') {
          const refused = { ok: false, code: 'full', message: msg`the disk is full` } as const;
          const answer = request.kind === 'commit' ? { telemetry: refused, state: refused } : refused;
          return { answer, notices: [] } as unknown as StoreAnswer<K>;
        }
        const answer = await link.ask<K>(request);
        return now === 'dies-after' ? die() : answer;
      },
    };
  };
}

function open(real: Real, model: Model): void {
  real.ticket = 0;
  model.waiting.clear();
  const decimals = new Map(Array.from({ length: POINTS }, (_, i) => [`P${i}.v`, 1]));
  const { dir, clock, maxMegabytes } = real;
  const openLink = faulty(real.fault);
  real.store = createStore({
    dir,
    clock,
    log: SILENT,
    commitSeconds: 10,
    maxMegabytes,
    maxDays: 2,
    decimals,
    counters: new Set(['P0.v']),
    openLink,
  });
  real.store.onCommitted = ({ tickets }) => {
    for (const { ticket, seq } of tickets) {
      if (seq <= model.lastSeq && !model.committed.has(seq)) throw new Error(`seq ${seq} came after ${model.lastSeq}`);
      model.committed.set(seq, model.waiting.get(ticket) ?? new Set());
      model.lastSeq = Math.max(model.lastSeq, seq);
    }
  };
}

function append(real: Real, model: Model, count: number): void {
  const at = { atMono: real.clock.monoMs(), atMs: real.clock.wallMs() };
  const readings = Array.from({ length: count }, (_, i) => {
    real.seed = (Math.imul(real.seed, 1_664_525) + 1_013_904_223) >>> 0;
    const pointId: PointId = `P${i % POINTS}.v`;
    return { pointId, value: (real.seed >>> 8) % 10_000, quality: 'good' as const, ...at };
  });
  real.ticket++;
  model.produced += count;
  model.waiting.set(real.ticket, new Set(readings.map(({ pointId, value }) => `${pointId} ${value}`)));
  real.store.append({ ticket: real.ticket, ...at, clockQuality: real.clock.quality(), readings });
}

/** Until nothing waits and nothing is wrong. */
async function heal(real: Real): Promise<void> {
  real.fault.next = null;
  await real.clock.advance(91_000);
  const status = await real.store.status();
  if (status.readingsWaiting !== 0 || status.state !== 'ok') throw new Error(`still waiting: ${status.reason}`);
}

async function verify(real: Real, model: Model): Promise<void> {
  await heal(real);
  const { account, lastSeq, cursorSeq } = await real.store.status();
  const fail = (what: string): never => {
    throw new Error(`${what}: ${JSON.stringify({ account, lastSeq, cursorSeq, produced: model.produced })}`);
  };
  if (!account.isBalanced) fail('not balanced');
  if (account.produced !== model.produced) fail('produced');
  if (lastSeq < model.lastSeq) fail('seq went back');
  if (account.delivered < model.delivered) fail('delivered fell');
  model.delivered = account.delivered;
  let [found, seq] = [0, cursorSeq];
  for (;;) {
    const frames = await real.store.readAfter(seq, 100);
    if (frames.length === 0) break;
    for (const frame of frames) {
      if (frame.seq <= seq) fail(`order at ${frame.seq}`);
      seq = frame.seq;
      found += frame.readings.length;
      for (const { pointId, value } of frame.readings)
        if (model.committed.get(frame.seq)?.has(`${pointId} ${value}`) === false) fail(`${pointId} ${value} in ${frame.seq}`);
    }
  }
  const after = await real.store.status();
  if (found !== after.account.backlog) fail(`${found} found`);
  const gaps = (await real.store.gapsAfter(0)).reduce((sum, gap) => sum + gap.readings, 0);
  if (gaps !== after.account.gaps) fail(`${gaps} in gaps`);
}

type Step = (real: Real, model: Model) => Promise<void>;

interface NamedStep {
  readonly name: string;
  readonly run: Step;
}

/** So that a step's arguments have their types where it is written. */
const step = (name: string, run: Step): NamedStep => ({ name, run });

const steps = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.tuple(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 12 })).map(([frames, readings]) =>
      step(`feed ${frames} x ${readings}`, async (real, model) => {
        for (let i = 0; i < frames; i++) {
          append(real, model, readings);
          await real.clock.advance(3_000);
        }
      }),
    ),
  },
  { weight: 2, arbitrary: fc.constant(step('two hours', (real) => real.clock.advance(2 * HOUR_MS))) },
  { weight: 2, arbitrary: fc.constant(step('compact', async (real) => void (await real.store.compact()))) },
  {
    weight: 1,
    arbitrary: fc.constant(
      step('three days', async (real) => {
        await real.clock.advance(72 * HOUR_MS);
        await real.store.retain();
      }),
    ),
  },
  {
    weight: 3,
    arbitrary: fc.double({ min: 0, max: 1, noNaN: true }).map((share) =>
      step(`deliver ${share}`, async (real) => {
        const { cursorSeq, lastSeq } = await real.store.status();
        real.store.moveCursor(Math.round(cursorSeq + share * (lastSeq - cursorSeq)));
      }),
    ),
  },
  {
    weight: 3,
    arbitrary: fc.constantFrom<Fault>('refused', 'dies-before', 'dies-after').map((fault) =>
      step(fault, async (real) => {
        real.fault.next = fault;
      }),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.constant(
      step('restart', async (real, model) => {
        await heal(real);
        await real.store.stop();
        open(real, model);
        await real.store.start();
      }),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom('frame', 'segment').map((table) =>
      step(`damage a ${table}`, async (real) => {
        await heal(real);
        const vandal = new Database(join(real.dir, 'telemetry.db'));
        vandal.exec(
          `UPDATE ${table} SET crc = crc + 1 WHERE length(p) > 0 AND seq = (SELECT max(seq) FROM ${table} WHERE seq < (SELECT max(seq) FROM ${table}))`,
        );
        vandal.close();
        await real.store.check();
      }),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.constantFrom('none', 'restored', 'synced'), fc.integer({ min: -30, max: 30 })).map(([quality, days]) =>
      step(`clock ${quality} ${days} d`, async (real) => {
        real.clock.setQuality(quality as 'none');
        if (quality !== 'synced') real.clock.stepWall(days * 24 * HOUR_MS);
      }),
    ),
  },
);

t.test('produced = delivered + stored + gaps after every step, and every returned reading was appended', async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.array(steps, { minLength: 4, maxLength: 14 }), fc.constantFrom(...CAPS), async (list, maxMegabytes) => {
      const dir = testFolder({ teardown: () => {} });
      const model: Model = { produced: 0, committed: new Map(), waiting: new Map(), lastSeq: 0, delivered: 0 };
      const real = {
        dir,
        maxMegabytes,
        fault: { next: null },
        clock: createManualClock(STORE_START_MS),
        ticket: 0,
        seed: 1,
      } as unknown as Real;
      try {
        open(real, model);
        await real.store.start();
        for (const { run } of list) {
          await run(real, model);
          if (real.fault.next === null) await verify(real, model);
        }
        await verify(real, model);
        await real.store.stop();
      } finally {
        rmSync(dir, { recursive: true, force: true });
      }
    }),
    { numRuns: 40 },
  );
  t.pass('held for all generated histories');
});
