/**
 * Receives an update file in parts and keeps it on disk. The size of the file shows the progress, also after a restart.
 */
import { constants } from 'node:fs';
import { mkdir, open, stat } from 'node:fs/promises';
import { type Message, msg } from '../../core/message.ts';
import { MAX_HEADER_BYTES, openHeader } from '../../core/update-header.ts';
import type { UpdatePart } from '../../core/updates.ts';
import type { ReleaseStore } from './release-store.ts';
import { UpdateError } from './update-error.ts';
import { beginOf, type CheckNeeds, checkUpdateHead, noKey } from './update-file.ts';

/** Free space that an update must leave for the store. Units: bytes. Source: assumed; a day of readings. Confirmed by: the daily growth of the store of a full cabinet. */
const SPARE_BYTES = 33_554_432;
/** A larger file is not an update. Units: bytes. Source: the package takes 31 MB. */
const MAX_FILE_BYTES = 268_435_456;
const { O_CREAT, O_NOFOLLOW, O_NONBLOCK, O_TRUNC, O_WRONLY } = constants;
/** For the first part: a pipe with this name is refused instead of blocking, and a link to a device cannot discard the parts. Source: open(2). */
const FIRST_PART = O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_NONBLOCK;

/**
 * Writes one part of the update file. Resolves with the progress, for display. A part at byte 0 replaces the file; another part must begin
 * where the file ends. `needs`: what the header is checked against; called only for a part that begins before `MAX_HEADER_BYTES`.
 *
 * Errors: rejects with UpdateError if the part or the update is refused, or if only a piece of the part could be written. Otherwise rejects
 * with the system's error; a piece of the part may then be in the file.
 */
export async function receivePart(
  releases: ReleaseStore,
  { atByte, ofBytes, data }: UpdatePart,
  needs: () => Promise<CheckNeeds>,
): Promise<Message> {
  if (ofBytes > MAX_FILE_BYTES) throw new UpdateError('not-an-update', msg`${ofBytes} bytes is too large for an update`);
  if (atByte + data.length > ofBytes) throw new UpdateError('not-an-update', msg`the part ends beyond the ${ofBytes} bytes of its file`);
  if (atByte > 0) await expectDue(releases.incoming, atByte);
  // Checked at each part, because the store may have grown since the first one.
  await expectRoom(releases, ofBytes - atByte);
  if (atByte < MAX_HEADER_BYTES) await expectHead(releases.incoming, { atByte, ofBytes, data }, await needs());
  await mkdir(releases.dir, { recursive: true, mode: 0o700 });
  const file = await open(releases.incoming, atByte === 0 ? FIRST_PART : 'r+', 0o600);
  try {
    const { bytesWritten } = await file.write(data, 0, data.length, atByte);
    if (bytesWritten < data.length)
      throw new UpdateError('no-room', msg`the disk is full: ${megabytes(ofBytes)} MB are needed on ${releases.dir}`);
  } finally {
    await file.close();
  }
  return msg`${atByte + data.length} of ${ofBytes} bytes`;
}

/**
 * Refuses a file by its header, before the sender pays for the rest and before more than the header of an unknown maker is on disk. The
 * header is checked with the part that completes it, however small the parts are.
 *
 * Errors: rejects with UpdateError.
 */
async function expectHead(incoming: string, { atByte, ofBytes, data }: UpdatePart, needs: CheckNeeds): Promise<void> {
  if (needs.keys.size === 0) throw new UpdateError('no-key', noKey(needs.keysDir));
  const before = atByte === 0 ? Buffer.alloc(0) : await beginOf(incoming, atByte);
  const begin = Buffer.concat([before, data]).subarray(0, MAX_HEADER_BYTES);
  if (begin.length >= Math.min(ofBytes, MAX_HEADER_BYTES) || openHeader(begin) !== undefined) checkUpdateHead(begin, ofBytes, needs);
}

/**
 * Resolves if `bytes` more bytes leave enough space free at `place`. Errors: rejects with UpdateError if not, with the system's error if
 * the free space cannot be read.
 */
export async function expectRoom(place: Pick<ReleaseStore, 'dir' | 'freeBytes'>, bytes: number): Promise<void> {
  const free = await place.freeBytes();
  if (free >= bytes + SPARE_BYTES) return;
  throw new UpdateError('no-room', msg`${megabytes(bytes + SPARE_BYTES)} MB are needed on ${place.dir}, ${megabytes(free)} MB are free`);
}

/** A part that a full disk truncated must be sent again. */
async function expectDue(file: string, atByte: number): Promise<void> {
  const size = await stat(file).then(
    (found) => found.size,
    () => 0,
  );
  if (atByte === size) return;
  throw new UpdateError('damaged', msg`received the part at byte ${atByte}, expected byte ${size}: continue at byte ${size}`);
}

function megabytes(bytes: number): number {
  return Math.ceil(bytes / 2 ** 20);
}
