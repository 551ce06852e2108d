/**
 * The recordings on disk: one file each in a folder of the agent's data, bounded in number and bytes.
 *
 * The name of a file has its number, its time and whether it is protected, so a folder needs no index.
 */
import { mkdir, open, readdir, rename, rm, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { replaceWholeLater, syncFolder } from '../../core/atomic-write.ts';
import type { RecorderConfig } from '../../core/cabinet.ts';
import type { WallMs } from '../../core/clock.ts';
import { msg } from '../../core/message.ts';
import type { RecordingHead, RecordingSummary } from '../../core/recorder-tools.ts';
import { Refusal } from '../../core/refusal.ts';
import { readRegularFileLater } from '../../core/regular-file.ts';
import { encodeRecording, HEAD_END_BYTES, recordingHeadOf } from './recording-codec.ts';

/** Name of the folder below that of the store. */
const RECORDINGS_DIR = 'recordings';
const NAME = /^(\d{6,9})-(\d{8}T\d{6}Z)(\.pinned)?\.flight$/;
/** Readable by the agent only: recordings have details of a street. */
const MODE = { folder: 0o700, file: 0o600 };
/** Free space that a recording leaves. Units: bytes. Source: assumed; the store needs it more. Confirmed by: a disk that fills up on the bench. */
const SPARE_BYTES = 2 ** 20;
/** Share of the recordings that may be protected, so that there is always room for new ones. Source: assumed. Confirmed by: recordings that people protect in a year. */
const PINNED_SHARE = 1 / 2;
/** Share of the room that recordings for people may take from those of alarms. Source: assumed; as for protected ones. Confirmed by: recordings that people request in a year. */
const REQUESTED_SHARE = 1 / 2;
/** Most bytes read for a head at first; a longer head is read again as a whole. */
const FIRST_HEAD_BYTES = 16_384;

/**
 * Most recordings that are kept, and most bytes of them together. Only adding or extending one removes others for this. Protected ones
 * count, but are not removed.
 */
export interface RecordingLimits {
  readonly maxRecordings: number;
  readonly maxBytes: number;
}

/** Returns the limits of a configuration. Units: a megabyte has 1,000,000 bytes. */
export function recordingLimitsOf({ maxRecordings, maxMegabytes }: RecorderConfig): RecordingLimits {
  return { maxRecordings, maxBytes: maxMegabytes * 1_000_000 };
}

interface Found {
  readonly id: number;
  readonly name: string;
  readonly isPinned: boolean;
  readonly bytes: number;
}

/** The recordings of one folder. Calls must not overlap. Errors: a method may reject, for example with Refusal or the system's error. */
export class RecordingFolder {
  readonly #dir: string;
  readonly #limits: () => RecordingLimits;
  /** Highest number that this run has used. */
  #lastId = 0;

  /** `storeDir`: folder of the store; the folder of the recordings is created at the first one. */
  constructor(storeDir: string, limits: () => RecordingLimits) {
    this.#dir = join(storeDir, RECORDINGS_DIR);
    this.#limits = limits;
  }

  /** Resolves with the recordings in the order of their ids; empty without a folder. */
  async list(): Promise<RecordingSummary[]> {
    const found = await this.#found();
    return Promise.all(found.map(async (each) => summaryOf(each, await this.#headIn(each))));
  }

  /** Stores a new recording; older ones may be removed for it. `atMs`: for the name of its file. */
  async add(head: RecordingHead, packed: readonly Uint8Array[], atMs: WallMs): Promise<RecordingSummary> {
    const file = encodeRecording(head, packed);
    await mkdir(this.#dir, { recursive: true, mode: MODE.folder });
    const id = Math.max(this.#lastId, ...(await this.#names()).map((each) => each.id)) + 1;
    this.#lastId = id;
    await this.#makeRoom(await this.#removalOrder(head, file.length), file.length);
    const name = nameOf(id, atMs);
    await replaceWholeLater(join(this.#dir, name), file, MODE.file);
    return summaryOf({ id, name, isPinned: false, bytes: file.length }, head);
  }

  /** Replaces the content of a recording; others may be removed for it. Undefined if it no longer exists. */
  async replace(id: number, head: RecordingHead, packed: readonly Uint8Array[]): Promise<RecordingSummary | undefined> {
    const found = await this.#found();
    const each = found.find((other) => other.id === id);
    if (each === undefined) return undefined;
    const file = encodeRecording(head, packed);
    await this.#makeRoom(
      found.filter((other) => other !== each),
      file.length,
    );
    await replaceWholeLater(join(this.#dir, each.name), file, MODE.file);
    return summaryOf({ ...each, bytes: file.length }, head);
  }

  /**
   * Protects a recording from removal by new ones, or ends that. Undefined if it does not exist. Rejects with Refusal if half of
   * `maxRecordings` are protected already.
   */
  async pin(id: number, isPinned: boolean): Promise<RecordingSummary | undefined> {
    const found = await this.#found();
    const each = found.find((other) => other.id === id);
    if (each === undefined) return undefined;
    const most = Math.floor(this.#limits().maxRecordings * PINNED_SHARE);
    if (isPinned && !each.isPinned && found.filter((other) => other.isPinned).length >= most)
      throw new Refusal(msg`${most} recordings are protected already: end the protection of one with \`luciole recorder unpin\``);
    const name = `${each.name.replace(/(\.pinned)?\.flight$/, '')}${isPinned ? '.pinned' : ''}.flight`;
    if (name !== each.name) {
      await rename(join(this.#dir, each.name), join(this.#dir, name));
      await syncFolder(this.#dir);
    }
    return summaryOf({ ...each, name, isPinned }, await this.#headIn({ ...each, name }));
  }

  /** Removes the recordings whose file name has an earlier time, protected ones too. Resolves with their number. */
  async expire(beforeMs: WallMs): Promise<number> {
    const old = (await this.#names()).filter(({ name }) => timeIn(name) < beforeMs);
    for (const { name } of old) await rm(join(this.#dir, name), { recursive: true, force: true });
    return old.length;
  }

  /** Resolves with the content of the file of a recording; undefined if there is no such recording. */
  async read(id: number): Promise<Buffer | undefined> {
    const each = (await this.#found()).find((other) => other.id === id);
    return each === undefined ? undefined : readRegularFileLater(join(this.#dir, each.name), { maxBytes: this.#limits().maxBytes * 2 });
  }

  /** Everything with the name of a recording, also what is no file. */
  async #names(): Promise<Omit<Found, 'bytes'>[]> {
    const names = await readdir(this.#dir).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return [];
      throw error;
    });
    return names.flatMap((name) => {
      const match = NAME.exec(name);
      return match === null ? [] : [{ name, id: Number(match[1]), isPinned: match[3] !== undefined }];
    });
  }

  async #found(): Promise<Found[]> {
    const found = await this.#names();
    const sized = await Promise.all(
      found.map(async (each) => {
        const info = await stat(join(this.#dir, each.name)).catch(() => null);
        return info?.isFile() === true ? [{ ...each, bytes: info.size }] : [];
      }),
    );
    return sized.flat().sort((a, b) => a.id - b.id);
  }

  /** Oldest first; those that people requested before all others, once these have their share. */
  async #removalOrder({ cause }: RecordingHead, bytes: number): Promise<readonly Found[]> {
    const found = await this.#found();
    if (cause !== 'request') return found;
    const heads = await Promise.all(found.map((each) => this.#headIn(each)));
    const own = found.filter((each, index) => !each.isPinned && heads[index]?.cause === 'request');
    const { maxRecordings, maxBytes } = this.#limits();
    const ownBytes = own.reduce((sum, each) => sum + each.bytes, bytes);
    const isMany = own.length + 1 > maxRecordings * REQUESTED_SHARE || ownBytes > maxBytes * REQUESTED_SHARE;
    return isMany ? [...own, ...found.filter((each) => !own.includes(each))] : found;
  }

  async #makeRoom(found: readonly Found[], bytes: number): Promise<void> {
    const { maxRecordings, maxBytes } = this.#limits();
    const size = (some: readonly Found[]): number => some.reduce((sum, each) => sum + each.bytes, 0);
    const pinned = found.filter(({ isPinned }) => isPinned);
    if (pinned.length >= maxRecordings || size(pinned) + bytes > maxBytes)
      throw new Refusal(msg`the protected recordings leave no room: end the protection of one with \`luciole recorder unpin\``);
    let [count, used] = [found.length, size(found)];
    for (const each of found) {
      if (count < maxRecordings && used + bytes <= maxBytes) break;
      if (each.isPinned) continue;
      await rm(join(this.#dir, each.name), { force: true });
      count--;
      used -= each.bytes;
    }
    await this.#expectSpace(bytes);
  }

  async #expectSpace(bytes: number): Promise<void> {
    const { bavail, bsize } = await statfs(this.#dir);
    if (bavail * bsize < bytes + SPARE_BYTES) throw Object.assign(new Error('too little space'), { code: 'ENOSPC' });
  }

  async #headIn({ name }: Pick<Found, 'name'>): Promise<RecordingHead | null> {
    const file = await open(join(this.#dir, name), 'r').catch(() => null);
    if (file === null) return null;
    try {
      const read = async (bytes: number): Promise<Buffer> => {
        const { buffer, bytesRead } = await file.read(Buffer.alloc(bytes), 0, bytes, 0);
        return buffer.subarray(0, bytesRead);
      };
      return recordingHeadOf(await read(FIRST_HEAD_BYTES)) ?? recordingHeadOf(await read(HEAD_END_BYTES));
    } catch (error) {
      // One damaged file must not hide the others.
      if (error instanceof Error && 'code' in error) return null;
      throw error;
    } finally {
      await file.close();
    }
  }
}

function nameOf(id: number, atMs: WallMs): string {
  const time = new Date(atMs).toISOString().slice(0, 19).replace(/[:-]/g, '');
  return `${String(id).padStart(6, '0')}-${time}Z.flight`;
}

/** Time in the name of a recording. */
function timeIn(name: string): WallMs {
  const [, , time = ''] = NAME.exec(name) ?? [];
  return Date.parse(time.replace(/^(....)(..)(..T..)(..)/, '$1-$2-$3:$4:'));
}

function summaryOf({ id, isPinned, bytes }: Found, head: RecordingHead | null): RecordingSummary {
  return { id, isPinned, bytes, head };
}
