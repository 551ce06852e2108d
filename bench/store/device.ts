/**
 * How many bytes reach the storage device for each reading: what wears out a flash card.
 *
 * Owns the disk that counts. Everything counts: pages, journal, the file system's own bookkeeping; on a machine where no image can be mounted,
 * only what the kernel accounts to this process.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeImage, mountImage, whyNoImage } from '../loop-image.ts';
import { against, type BenchOptions, type BenchResult, round, withPeer } from '../result.ts';
import { scratchFolder } from '../undo.ts';
import { openFedStore } from './fed-store.ts';
import { createFeed, feedFrames } from './feed.ts';
import { openRowTable, type RowSettings } from './row-table.ts';

/** Units: s, bytes a reading. Source: the numbers to reach. */
const PERIODS = [
  { commitSeconds: 10, goal: 400 },
  { commitSeconds: 60, goal: 100 },
];
/** Indexes cost more the longer they are, so a whole day is measured. */
const HOURS = { full: 24, quick: 1 };
/** One commit a message is slow, so only so much of it; it would only get worse. */
const MESSAGE_HOURS = { full: 1, quick: 0.1 };
/** Files, tables and all that is made once are there by then; a gateway is not installed each day. */
const WARM_HOURS = 0.1;
const IMAGE_MB = 512;
const IMAGE_NOTE = 'sectors written to a loop device (ext4), all included';
const KERNEL_NOTE = "write_bytes of this process (/proc/self/io), without the file system's own";

/** Somebody who stores readings in a folder. */
interface Worker {
  /** Stores so much more. */
  run(hours: number): Promise<void>;
  readings(): number;
  close(): Promise<void>;
}

interface Measured {
  readonly bytesPerReading: number;
  readonly bytesPerDay: number;
}

export async function deviceBench({ quick, emit, progress }: BenchOptions): Promise<void> {
  const hours = quick ? HOURS.quick : HOURS.full;
  const messageHours = quick ? MESSAGE_HOURS.quick : MESSAGE_HOURS.full;
  const disk = openDisk(progress);
  try {
    const asDefault = await measure(disk, messageHours, (dir) => openRows(dir, 1, 'default'));
    for (const { commitSeconds, goal } of PERIODS) {
      progress(`store: bytes written to the device, ${hours} h with a commit each ${commitSeconds} s`);
      const ours = await measure(disk, hours, (dir) => openStore(dir, commitSeconds));
      const rows = await measure(disk, hours, (dir) => openRows(dir, commitSeconds, 'tuned'));
      const note = `${round(ours.bytesPerDay / 1e6, 1)} MB a day, with hourly compaction and a moving cursor; ${disk.note}`;
      const metric = `device-bytes-per-reading-${commitSeconds}s`;
      const figure: BenchResult = { bench: 'store', metric, value: round(ours.bytesPerReading, 1), unit: 'B', note };
      emit(withPeer(against(figure, '<=', goal), 'row a reading, WAL, synchronous FULL, same commits', round(rows.bytesPerReading, 1)));
      emit(
        withPeer(against(figure, '<=', goal), 'row a reading, default settings, a commit a message', round(asDefault.bytesPerReading, 1)),
      );
    }
  } finally {
    disk.close();
  }
}

async function openStore(dir: string, commitSeconds: number): Promise<Worker> {
  const fed = await openFedStore({ dir, commitSeconds, isCompacted: true, isDelivered: true });
  return { run: fed.run, readings: fed.feed.readings, close: fed.store.stop };
}

async function openRows(dir: string, commitSeconds: number, settings: RowSettings): Promise<Worker> {
  const table = openRowTable(dir, settings);
  const feed = createFeed();
  return {
    run: async (hours) => {
      for (let seconds = 0; seconds < hours * 3_600; seconds += commitSeconds) table.add(await feedFrames(feed, commitSeconds));
    },
    readings: feed.readings,
    close: async () => table.close(),
  };
}

interface Disk {
  readonly note: string;
  /** A fresh place. */
  place(): { readonly dir: string; writtenBytes(): number; done(): void };
  close(): void;
}

function openDisk(progress: (text: string) => void): Disk {
  const { dir, remove } = scratchFolder('bench');
  const [file, mountPoint] = [join(dir, 'disk.img'), join(dir, 'mnt')];
  const why = whyNoImage(file, mountPoint);
  if (why === null) return { note: IMAGE_NOTE, place: () => imagePlace(file, mountPoint), close: remove };
  progress(`store: bytes to the device by the kernel's accounting, since there is no loop device: ${why}`);
  return { note: KERNEL_NOTE, place: () => folderPlace(dir), close: remove };
}

function imagePlace(file: string, mountPoint: string): ReturnType<Disk['place']> {
  makeImage(file, IMAGE_MB);
  const image = mountImage(file, mountPoint);
  return {
    dir: mountPoint,
    writtenBytes: () => {
      image.sync();
      return image.counts().writtenBytes;
    },
    done: image.unmount,
  };
}

function folderPlace(parent: string): ReturnType<Disk['place']> {
  const { dir, remove } = scratchFolder('disk', parent);
  const writtenBytes = (): number => Number(/^write_bytes: (\d+)$/m.exec(readFileSync('/proc/self/io', 'utf8'))?.[1] ?? 0);
  return { dir, writtenBytes, done: remove };
}

async function measure(disk: Disk, hours: number, open: (dir: string) => Promise<Worker>): Promise<Measured> {
  const { dir, writtenBytes, done } = disk.place();
  try {
    const worker = await open(dir);
    await worker.run(WARM_HOURS);
    const before = { bytes: writtenBytes(), readings: worker.readings() };
    await worker.run(hours);
    const readings = worker.readings() - before.readings;
    await worker.close();
    const bytes = writtenBytes() - before.bytes;
    if (bytes === 0) throw new Error('this folder is not on a device that counts (a memory file system?): set TMPDIR to one that is');
    return { bytesPerReading: bytes / readings, bytesPerDay: (bytes / hours) * 24 };
  } finally {
    done();
  }
}
