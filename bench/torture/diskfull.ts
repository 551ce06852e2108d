/**
 * `torture diskfull`: a foreign file fills the partition of a whole agent, while it runs and before it starts.
 *
 * Owns the image and the foreign file. The light must not be affected; the store must report the fault, keep what fits in memory, and continue when
 * there is space again.
 */
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { OverrideAnswer } from '../../agent/core/views.ts';
import { makeImage, mountImage, whyNoImage } from '../loop-image.ts';
import { scratchFolder } from '../undo.ts';
import { type AgentRun, type AgentStreet, openAgentStreet } from './agent-street.ts';
import { type TortureOptions, Unavailable } from './torture.ts';

/** Partitions with and without room for the ballast. Units: MB. */
const IMAGES_MB = [24, 64];
const LIGHT_WITHIN_MS = 5_000;
/** Units: ms. Source: assumed; the store's longest pause between two tries is 30 s. Confirmed by: the times of this run on the gateway. */
const WORD_WITHIN_MS = 40_000;
const RECOVERED_WITHIN_MS = 60_000;
/** Levels ordered one after the other, so that each is news to the lamps. Units: %. */
const LEVELS = ['60', '80'] as const;
const CHUNK_BYTES = 2 ** 20;
const SMALLEST_BYTES = 512;
/** Somebody's log that grows into whatever is free, again and again. Units: ms. */
const FILL_EVERY_MS = 200;

/**
 * Runs an agent on partitions that a foreign file fills, with `quick` on one of two. Resolves with true if light and store survived each.
 * Errors: rejects with Unavailable if no disk image can be mounted.
 */
export async function diskfullTorture({ quick, emit, progress }: TortureOptions): Promise<boolean> {
  const { dir, remove } = scratchFolder('td');
  const [image, mountPoint] = [join(dir, 'disk.img'), join(dir, 'mnt')];
  const why = whyNoImage(image, mountPoint);
  if (why !== null) throw new Unavailable(`diskfull needs root and a loop device: ${why}`);
  const street = await openAgentStreet(dir);
  let isClean = true;
  try {
    for (const megabytes of quick ? IMAGES_MB.slice(0, 1) : IMAGES_MB) {
      progress(`diskfull: a partition of ${megabytes} MB`);
      makeImage(image, megabytes);
      const mounted = mountImage(image, mountPoint);
      const problems: string[] = [];
      const figures = await survive(street, mountPoint, problems);
      mounted.unmount();
      for (const text of problems) progress(`diskfull: ${megabytes} MB: ${text}`);
      isClean &&= problems.length === 0;
      emit({ torture: 'diskfull', ok: problems.length === 0, partitionMb: megabytes, ...figures });
    }
  } finally {
    await street.close();
    remove();
  }
  return isClean;
}

async function survive(street: AgentStreet, mountPoint: string, problems: string[]): Promise<Readonly<Record<string, number>>> {
  const dataDir = join(mountPoint, 'data');
  mkdirSync(dataDir);
  const figures: Record<string, number> = {};
  const filler = createFiller(mountPoint);
  const runs: AgentRun[] = [];
  const start = (): AgentRun => {
    const run = street.run(dataDir);
    runs.push(run);
    return run;
  };
  const note = (name: string, ms: number, withinMs: number): void => {
    figures[name] = ms;
    if (ms > withinMs) problems.push(`${name}: ${ms} ms, expected ${withinMs}`);
  };
  try {
    const first = start();
    const before = await first.until(first.status, ({ store }) => store.readingsStored > 0, WORD_WITHIN_MS);
    filler.start();
    note('levelWhileFillingMs', await order(street, first, LEVELS[0]), LIGHT_WITHIN_MS);
    note('eventMs', await hearTrouble(first), WORD_WITHIN_MS);
    note('levelWhileFullMs', await order(street, first, LEVELS[1]), LIGHT_WITHIN_MS);
    await first.kill();

    const second = start();
    note('firstLevelAfterStartMs', (await second.lit()).firstMs, LIGHT_WITHIN_MS);
    note('eventAfterStartMs', await hearTrouble(second), WORD_WITHIN_MS);
    const foreign = filler.stop();
    figures['foreignMb'] = Math.round(foreign / CHUNK_BYTES);
    const { answer, afterMs } = await second.until(
      second.status,
      ({ store }) => store.state === 'ok' && store.readingsStored > 0,
      RECOVERED_WITHIN_MS,
    );
    note('recoveredMs', afterMs, RECOVERED_WITHIN_MS);
    const { account, epoch, lastSeq, readingsLost } = answer.store;
    if (epoch !== before.answer.store.epoch || lastSeq < before.answer.store.lastSeq) problems.push('it is not the same store any more');
    if (!account.isBalanced) problems.push(`the account is out of balance: ${JSON.stringify(account)}`);
    if (readingsLost > 0) problems.push(`${readingsLost} readings lost, though the memory was not full`);
    const code = await second.stop();
    if (code !== 0) problems.push(`the agent ended with ${code}`);
  } catch (error) {
    problems.push(error instanceof Error ? error.message : String(error));
  } finally {
    filler.stop();
    for (const run of runs) await run.kill();
  }
  return figures;
}

/**
 * Requests an override. Resolves with the time until the first lamp receives the level. Units: ms. Errors: rejects if it is not verified.
 */
async function order({ street, clock }: AgentStreet, run: AgentRun, level: string): Promise<number> {
  const fromMono = clock.monoMs();
  const asked = run.ask('override', { target: 'rue', level, for: '10m' }) as Promise<OverrideAnswer>;
  const seen = async () => street.levels.find(({ levelPct, arrivedMono }) => levelPct === Number(level) && arrivedMono >= fromMono);
  const { answer } = await run.until(seen, (found) => found !== undefined, WORD_WITHIN_MS);
  const { state } = await asked;
  if (state !== 'verified') throw new Error(`the override to ${level} % ended as ${state}`);
  return Math.round((answer?.arrivedMono ?? Number.POSITIVE_INFINITY) - fromMono);
}

async function hearTrouble(run: AgentRun): Promise<number> {
  const { afterMs } = await run.until(
    run.events,
    (events) => events.some(({ code, endMs }) => code === 'store-trouble' && endMs === null),
    WORD_WITHIN_MS,
  );
  return afterMs;
}

/** A foreign file that takes all there is, and whatever becomes free while it grows. */
function createFiller(mountPoint: string) {
  const file = join(mountPoint, 'foreign.log');
  let timer: NodeJS.Timeout | undefined;
  let bytes = 0;
  const fill = (): void => {
    const fd = openSync(file, 'a');
    try {
      for (let size = CHUNK_BYTES; size >= SMALLEST_BYTES; ) {
        try {
          bytes += writeSync(fd, Buffer.alloc(size, 0x2e));
        } catch (error) {
          if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error;
          size /= 2;
        }
      }
    } finally {
      closeSync(fd);
    }
  };
  return {
    start: (): void => {
      fill();
      timer = setInterval(fill, FILL_EVERY_MS);
    },
    /** Removes the file. Returns how many bytes it had. */
    stop: (): number => {
      clearInterval(timer);
      rmSync(file, { force: true });
      return bytes;
    },
  };
}
