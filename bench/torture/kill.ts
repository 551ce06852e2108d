/**
 * `torture kill`: a writer is killed at a random moment, round after round, on folders that are kept.
 *
 * Owns the folders and the rounds. Two kinds alternate: a roomy one, where nothing may be missing though it is compacted and delivered,
 * and a tight one, where readings are thinned and dropped all the time and each loss must be recorded.
 */
import { cpSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createRandom, type Random } from '../../test/street/random.ts';
import { scratchFolder } from '../undo.ts';
import { examine } from './examine.ts';
import { type CommandLedger, createCommandLedger } from './ledger.ts';
import { createTally } from './tally.ts';
import type { TortureOptions } from './torture.ts';
import { type Orders, startWriter, type WriterReport } from './writer.ts';

interface Place {
  readonly dir: string;
  readonly ledger: CommandLedger;
  readonly orders: Pick<Orders, 'load' | 'cursorOneIn' | 'maxMegabytes' | 'maxDays' | 'isTight'>;
}

/** Commits follow each other as fast as the disk allows. Units: s. */
const COMMIT_SECONDS = 0.005;
/**
 * How long a writer lives: up to `frames` committed frames, then up to `momentMs`, so that it dies anywhere within a commit. One in
 * `openingOneIn` dies within `openingMs`, while it opens the store.
 */
const LIFE = { frames: 400, momentMs: 12, openingMs: 400, openingOneIn: 8 };
/**
 * Simulated time from one round to the next: the writer's clock is later by this in each round, so that old readings can be compacted or
 * removed by age. Units: ms.
 */
export const ROUND_STEP_MS = 20 * 60_000;
const ROOMY = { load: 'light', cursorOneIn: 4, maxMegabytes: 256, maxDays: 400, isTight: false } as const;
/** The cap of the tight one changes from life to life, down to less than a segment, so that writers die while they make room. Units: MB. */
const TIGHT_CAPS_MB = [0.25, 0.25, 2, 0.05];
/** In one of `oneIn` lives the clock of the tight folder is wrong, by at most `mostMs` in either direction. */
const WRONG_CLOCK = { oneIn: 6, mostMs: 12 * 3_600_000 };
const TIGHT = { load: 'heavy', cursorOneIn: 100, maxMegabytes: 0.25, maxDays: 1, isTight: true } as const;

/**
 * Kills a writer at a random moment in each of `rounds` rounds and examines its store. Resolves with true if no committed reading was lost
 * without a record and no other problem was found.
 */
export async function killTorture({ rounds, seed, emit, progress }: TortureOptions): Promise<boolean> {
  const random = createRandom(seed);
  const { dir, remove } = scratchFolder('torture');
  const places: readonly Place[] = [
    { dir: join(dir, 'roomy'), ledger: createCommandLedger(seed, ROOMY.load), orders: ROOMY },
    { dir: join(dir, 'tight'), ledger: createCommandLedger(seed + 1, TIGHT.load), orders: TIGHT },
  ];
  for (const place of places) mkdirSync(place.dir);
  const tally = createTally('kill', progress);
  for (let round = 1; round <= rounds; round++) {
    const { ledger, orders, dir: folder } = places[round % places.length] as Place;
    const wrongMs =
      orders.isTight && Math.floor(random() * WRONG_CLOCK.oneIn) === 0 ? Math.round((2 * random() - 1) * WRONG_CLOCK.mostMs) : 0;
    const capMb = TIGHT_CAPS_MB[Math.floor(random() * TIGHT_CAPS_MB.length)] ?? orders.maxMegabytes;
    const roundOrders: Orders = {
      ...orders,
      maxMegabytes: orders.isTight ? capMb : orders.maxMegabytes,
      dir: folder,
      seed: ledger.seed,
      round,
      commitSeconds: COMMIT_SECONDS,
      paceMs: null,
      wallOffsetMs: round * ROUND_STEP_MS + wrongMs,
    };
    const said = await lifeOf(roundOrders, random);
    const reused = ledger.add(round, said);
    const copy = join(dir, 'copy');
    cpSync(folder, copy, { recursive: true });
    const verdict = await examine(copy, ledger, roundOrders);
    rmSync(copy, { recursive: true });
    tally.add({ round: `${round}/${rounds} ${orders.isTight ? 'tight' : 'roomy'}`, said, reused, verdict });
  }
  remove();
  emit({ ...tally.summary(), seed });
  return tally.isClean();
}

/** From its start to its death; counted in commits, so that a slow machine tortures as much. */
async function lifeOf(orders: Orders, random: Random): Promise<WriterReport> {
  const writer = startWriter(orders);
  if (Math.floor(random() * LIFE.openingOneIn) === 0) await sleep(random() * LIFE.openingMs);
  else {
    await writer.opened();
    const frames = random() * LIFE.frames;
    while (writer.report.frames.length < frames) await sleep(1);
    await sleep(random() * LIFE.momentMs);
  }
  await writer.kill();
  return writer.report;
}
