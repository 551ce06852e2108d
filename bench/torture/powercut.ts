/**
 * `torture powercut`: the power fails at a random moment, and the disk has only the data that had reached it.
 *
 * Owns images and rounds. The writer works on a mounted image; it is stopped, the image file is copied, and the next round uses the copy. Data
 * still in the kernel's memory is lost with the old mount, as at a real cut. Source: reliability measurement; disks that lie about their flushes can be worse.
 */
import type { ChildProcess } from 'node:child_process';
import { copyFileSync, cpSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createSystemClock } from '../../agent/core/system-clock.ts';
import { createRandom, type Random } from '../../test/street/random.ts';
import { type MountedImage, makeImage, mountImage, whyNoImage } from '../loop-image.ts';
import { scratchFolder } from '../undo.ts';
import { examine } from './examine.ts';
import { ROUND_STEP_MS } from './kill.ts';
import { createCommandLedger } from './ledger.ts';
import { createTally } from './tally.ts';
import { type TortureOptions, Unavailable } from './torture.ts';
import { type Orders, startWriter, type WriterReport } from './writer.ts';

/** Units: MB. */
const IMAGE_MB = 48;
/** Long enough that there always is something to lose. Units: s. */
const COMMIT_SECONDS = 0.1;
/** Longest life of a writer after its store is open. Units: ms. */
const LIFE_MS = 700;
/** More than one commit window is lost only while a flush takes long. Units: ms. Source: assumed; a busy machine. Confirmed by: the flush times of the flash of the gateway. */
const SLOW_FLUSH_MS = 2_000;
/** Attempts: a copy during which the device was written is discarded. */
const COPY_TRIES = 20;
const FOLDER = 'data';
const KIND = { load: 'light', cursorOneIn: 4, paceMs: 10, maxMegabytes: 256, maxDays: 400, isTight: false } as const;

/**
 * Cuts the power of a writer at a random moment in each of `rounds` rounds and examines what was on the disk. Resolves with true if no
 * committed reading was lost and no other problem was found. Errors: rejects with Unavailable if no image can be mounted.
 */
export async function powercutTorture({ rounds, seed, emit, progress }: TortureOptions): Promise<boolean> {
  const { dir, remove } = scratchFolder('torture');
  const files = { image: join(dir, 'disk.img'), cut: join(dir, 'cut.img'), mountPoint: join(dir, 'mnt') };
  const why = whyNoImage(files.image, files.mountPoint);
  if (why !== null) throw new Unavailable(`powercut needs root and a loop device: ${why}`);
  const random = createRandom(seed);
  const ledger = createCommandLedger(seed, KIND.load);
  const tally = createTally('powercut', progress);
  makeImage(files.image, IMAGE_MB);
  let mounted = mountImage(files.image, files.mountPoint);
  const folder = join(files.mountPoint, FOLDER);
  mkdirSync(folder);
  for (let round = 1; round <= rounds; round++) {
    const orders: Orders = { ...KIND, dir: folder, seed, round, commitSeconds: COMMIT_SECONDS, wallOffsetMs: round * ROUND_STEP_MS };
    const { said, cutMs } = await lifeAndCut(orders, { random, mounted, files });
    mounted.unmount();
    renameSync(files.cut, files.image);
    mounted = mountImage(files.image, files.mountPoint);
    const reused = ledger.add(round, said);
    const copy = join(dir, 'copy');
    cpSync(folder, copy, { recursive: true });
    const verdict = await examine(copy, ledger, orders);
    rmSync(copy, { recursive: true });
    const uncommittedMs = lostMs(said, { newestMs: verdict.newestMs, cutMs });
    const problems = [...verdict.problems, ...windowProblems(uncommittedMs)];
    tally.add({ round: `${round}/${rounds}`, said, reused, uncommittedMs, verdict: { ...verdict, problems } });
  }
  mounted.unmount();
  remove();
  emit({ ...tally.summary(), seed, commitWindowMs: COMMIT_SECONDS * 1_000 });
  return tally.isClean();
}

interface Rig {
  readonly random: Random;
  readonly mounted: MountedImage;
  readonly files: { readonly image: string; readonly cut: string };
}

/** Runs the writer, then cuts the power: `cut` is the device at that moment. The writer is then dead, and its earlier reports are complete. */
async function lifeAndCut(orders: Orders, { random, mounted, files }: Rig): Promise<{ said: WriterReport; cutMs: number }> {
  const clock = createSystemClock({ quality: () => 'synced', wallOffsetMs: orders.wallOffsetMs });
  const writer = startWriter(orders);
  await writer.opened();
  await sleep(random() * LIFE_MS);
  await stop(writer.child);
  const cutMs = clock.wallMs();
  await copyAtRest(mounted, files);
  await writer.kill();
  return { said: writer.report, cutMs };
}

/** Resolves when all threads of the process are stopped. */
async function stop(child: ChildProcess): Promise<void> {
  child.kill('SIGSTOP');
  const tasks = `/proc/${child.pid}/task`;
  for (;;) {
    // Source: proc(5), stat: the state follows the name in brackets.
    const states = readdirSync(tasks).map((task) => /\) (\S)/.exec(readFileSync(join(tasks, task, 'stat'), 'utf8'))?.[1]);
    if (states.every((state) => state === 'T')) return;
    await sleep(1);
  }
}

/** Copies the device at one moment. Repeated if the device was written during the copy, because a real device keeps the order of its writes. */
async function copyAtRest(mounted: MountedImage, { image, cut }: Rig['files']): Promise<void> {
  for (let i = 0; i < COPY_TRIES; i++) {
    const before = mounted.counts();
    copyFileSync(image, cut);
    if (before.inFlight === 0 && mounted.counts().writes === before.writes) return;
    await sleep(5);
  }
  throw new Error('the device never stood still for a copy');
}

/** Returns how long before the cut the oldest missing reading was appended. Units: ms. */
function lostMs({ appended }: WriterReport, { newestMs, cutMs }: { newestMs: number; cutMs: number }): number {
  const firstLost = appended.find(({ atMs }) => atMs > newestMs);
  return firstLost === undefined ? 0 : cutMs - firstLost.atMs;
}

function windowProblems(uncommittedMs: number): readonly string[] {
  if (uncommittedMs <= COMMIT_SECONDS * 1_000 + SLOW_FLUSH_MS) return [];
  return [`readings of the last ${uncommittedMs} ms are gone, expected one commit window at most`];
}
