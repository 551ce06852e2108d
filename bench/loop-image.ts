/**
 * A file as a disk: an ext4 image on a loop device that counts every written byte. Needs root, as every mount does.
 */
import { spawnSync } from 'node:child_process';
import { closeSync, ftruncateSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { type Undo, undoAtEnd } from './undo.ts';

export interface MountedImage {
  /** Where its files are. */
  readonly dir: string;
  /** What the device has seen up to now. */
  counts(): DeviceCounts;
  /** Writes all data that the kernel still holds to the device. */
  sync(): void;
  readonly unmount: Undo;
}

export interface DeviceCounts {
  readonly writtenBytes: number;
  readonly writes: number;
  readonly inFlight: number;
}

/** Source: Linux, Documentation/block/stat: always 512, whatever the device's own blocks are. */
const SECTOR_BYTES = 512;
/** Places in `/sys/block/<device>/stat`. Source: as above. */
const FIELD = { writes: 4, writtenSectors: 6, inFlight: 8 };
/** A killed process lets go of its files a moment later. Units: ms. */
const UNMOUNT = { tries: 60, pauseMs: 50 };
const PAUSE = new Int32Array(new SharedArrayBuffer(4));

/** Writes an empty ext4 file system of this size into a file; an existing file is overwritten. Errors: throws if `mkfs.ext4` fails. */
export function makeImage(file: string, megabytes: number): void {
  const fd = openSync(file, 'w');
  ftruncateSync(fd, megabytes * 2 ** 20);
  closeSync(fd);
  // All of its tables now, or the kernel would write them later, in the middle of somebody's count.
  run('mkfs.ext4', ['-q', '-F', '-m', '0', '-E', 'lazy_itable_init=0,lazy_journal_init=0', file]);
}

/**
 * Mounts the image at `dir`, which is created, with the options of a data partition. It is unmounted by `unmount`, or at the end of the
 * run. Needs root. Errors: throws with the message of `mount`.
 */
export function mountImage(file: string, dir: string): MountedImage {
  mkdirSync(dir, { recursive: true });
  run('mount', ['-o', 'loop,noatime', file, dir]);
  const unmount = undoAtEnd(() => unmountNow(dir));
  const device = deviceOf(dir);
  return {
    dir,
    counts: () => countsOf(device),
    sync: () => run('sync', ['-f', dir]),
    unmount,
  };
}

/**
 * Returns why no disk image can be mounted on this machine; null if it can. Tries it with a small image, which overwrites `file` and
 * leaves it.
 */
export function whyNoImage(file: string, dir: string): string | null {
  if (process.getuid?.() !== 0) return 'only root may mount a disk image';
  try {
    makeImage(file, 8);
    mountImage(file, dir).unmount();
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function unmountNow(dir: string): void {
  for (let i = 0; i < UNMOUNT.tries; i++) {
    if (spawnSync('umount', [dir]).status === 0) return;
    Atomics.wait(PAUSE, 0, 0, UNMOUNT.pauseMs);
  }
  // At least unmounted lazily; the device is released with its last user.
  run('umount', ['-l', dir]);
}

function deviceOf(dir: string): string {
  const line = readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .find((text) => text.split(' ')[1] === dir);
  if (line === undefined) throw new Error(`${dir} is not mounted`);
  return basename(line.split(' ')[0] ?? '');
}

function countsOf(device: string): DeviceCounts {
  const fields = readFileSync(`/sys/block/${device}/stat`, 'utf8').trim().split(/\s+/).map(Number);
  const at = (place: number): number => fields[place] ?? 0;
  return { writtenBytes: at(FIELD.writtenSectors) * SECTOR_BYTES, writes: at(FIELD.writes), inFlight: at(FIELD.inFlight) };
}

function run(program: string, words: readonly string[]): void {
  const { status, error, stderr } = spawnSync(program, words, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${[program, ...words].join(' ')}: ${error?.message ?? stderr.trim()}`);
}
