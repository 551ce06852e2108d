/**
 * How many readings a second go to disk, beside the least that SQLite can be asked to do for them.
 *
 * Owns the rounds. Contestants take the same frames in the same batches with the same durability, in turns.
 */
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { createManualClock } from '../../agent/core/manual-clock.ts';
import type { ReadingFrame } from '../../agent/core/ports.ts';
import { quantile } from '../../agent/core/quantile.ts';
import { createStore } from '../../agent/store/store.ts';
import { against, type BenchOptions, type BenchResult, round, withPeer } from '../result.ts';
import { scratchFolder } from '../undo.ts';
import { createFeed, feedFrames, NO_LOG } from './feed.ts';
import { openRowTable } from './row-table.ts';
import { createWorkload, FIRST_DAY_MS } from './workload.ts';

/** Takes batches one after the other; each is on disk when its turn is over. */
interface Contestant {
  readonly name: string;
  open(dir: string): Promise<{ add(batch: readonly ReadingFrame[]): Promise<void>; close(): Promise<void> }>;
}

/** Goal, as a share of what bare inserts reach. Source: the issue's goal. */
const GOAL_SHARE = 0.5;
/**
 * Size of one transaction. Units: readings.
 *
 * `backlog`: the store's own largest batch, which it uses when the disk comes back. `minute`: a commit of a minute at this cabinet.
 */
const BATCHES = { backlog: 5_000, minute: 360 } as const;
const READINGS = { full: 300_000, quick: 60_000 };
const ROUNDS = { full: 5, quick: 3 };
const BARE = 'bare better-sqlite3, narrow rowid table';
const ROWS = 'row a reading';

const OURS: Contestant = {
  name: 'luciole',
  open: async (dir) => {
    const clock = createManualClock(FIRST_DAY_MS);
    const { decimals } = createWorkload(1);
    const store = createStore({ dir, clock, log: NO_LOG, commitSeconds: 1, maxMegabytes: 1_024, maxDays: 400, decimals });
    await store.start();
    return {
      add: async (batch) => {
        const lastTicket = batch.at(-1)?.ticket;
        const done = new Promise<void>((resolve) => {
          store.onCommitted = ({ tickets }) => {
            if (tickets.at(-1)?.ticket === lastTicket) resolve();
          };
        });
        for (const frame of batch) store.append(frame);
        await clock.advance(1_000);
        await done;
      },
      close: () => store.stop(),
    };
  },
};

const BARE_INSERTS: Contestant = {
  name: BARE,
  open: async (dir) => {
    const db = new Database(join(dir, 'bare.db'));
    for (const pragma of ['journal_mode = WAL', 'synchronous = FULL']) db.pragma(pragma);
    db.exec('CREATE TABLE log(seq INTEGER PRIMARY KEY, series INTEGER NOT NULL, ts INTEGER NOT NULL, value INTEGER NOT NULL) STRICT');
    const insert = db.prepare('INSERT INTO log(series, ts, value) VALUES(?, ?, ?)');
    const { points, decimals } = createWorkload(1);
    const series = new Map(points.map((point, id) => [point as string, { id, scale: 10 ** (decimals.get(point) ?? 0) }]));
    const add = db.transaction((batch: readonly ReadingFrame[]) => {
      for (const { readings } of batch) {
        for (const { pointId, value, atMs } of readings) {
          const { id = 0, scale = 1 } = series.get(pointId) ?? {};
          insert.run(id, atMs, Math.round((value ?? 0) * scale));
        }
      }
    });
    return { add: async (batch) => add(batch), close: async () => void db.close() };
  },
};

const ROW_INSERTS: Contestant = {
  name: ROWS,
  open: async (dir) => {
    const table = openRowTable(dir, 'tuned');
    return { add: async (batch) => table.add(batch), close: async () => table.close() };
  },
};

export async function ingestBench({ quick, emit, progress }: BenchOptions): Promise<void> {
  const frames = await feedFrames(createFeed(), (quick ? READINGS.quick : READINGS.full) / 6);
  for (const [name, batchReadings] of Object.entries(BATCHES)) {
    const batches = toBatches(frames, batchReadings);
    const rates = new Map<string, number[]>();
    for (let i = 0; i < (quick ? ROUNDS.quick : ROUNDS.full); i++) {
      for (const contestant of [OURS, BARE_INSERTS, ROW_INSERTS]) {
        rates.set(contestant.name, [...(rates.get(contestant.name) ?? []), await rateOf(contestant, batches)]);
      }
    }
    const rate = (who: string): number => round(quantile(rates.get(who) ?? [], 0.5), 0);
    progress(`store: batches of ${batchReadings}: ${[...rates.keys()].map((who) => `${who} ${rate(who)}/s`).join(', ')}`);
    const note = `batches of ${batchReadings}, WAL, synchronous FULL; ours through the real thread`;
    const ours: BenchResult = { bench: 'store', metric: `ingest-${name}`, value: rate(OURS.name), unit: 'readings/s', note };
    for (const peer of [BARE, ROWS]) emit(withPeer(ours, peer, rate(peer)));
    const share = { ...ours, metric: `ingest-share-of-bare-${name}`, value: round(rate(OURS.name) / rate(BARE), 2), unit: '' };
    emit(against(share, '>=', GOAL_SHARE));
  }
}

async function rateOf(contestant: Contestant, batches: readonly (readonly ReadingFrame[])[]): Promise<number> {
  const { dir, remove } = scratchFolder('bench');
  const { add, close } = await contestant.open(dir);
  try {
    // The first commit makes tables and statements.
    await add(batches[0] ?? []);
    const startMs = performance.now();
    let readings = 0;
    for (const batch of batches.slice(1)) {
      await add(batch);
      readings += batch.reduce((sum, frame) => sum + frame.readings.length, 0);
    }
    return readings / ((performance.now() - startMs) / 1_000);
  } finally {
    await close();
    remove();
  }
}

function toBatches(frames: readonly ReadingFrame[], batchReadings: number): readonly (readonly ReadingFrame[])[] {
  const batches: ReadingFrame[][] = [];
  let room = 0;
  for (const frame of frames) {
    if (room < frame.readings.length) {
      batches.push([]);
      room = batchReadings;
    }
    batches.at(-1)?.push(frame);
    room -= frame.readings.length;
  }
  return batches;
}
