/**
 * Packs several files into one that any `tar` can unpack without this program. Pure.
 *
 * Errors: throws ConsoleError 'failed' if the bytes are not an archive, or contain a path outside the places of a restore, and if the files
 * are too large for one.
 * Source: POSIX.1-2017, pax, "ustar Interchange Format".
 */

import { gunzipSync, gzipSync } from 'node:zlib';
import { ConsoleError } from '../../console/console-error.ts';
import { type Argument, msg } from '../../core/message.ts';

/** One file in an archive. `name`: the path in the archive, with `/` between folders. */
export interface ArchiveFile {
  readonly name: string;
  readonly content: Buffer;
}

const BLOCK_BYTES = 512;
/** Longest name in the short header format. Units: bytes. */
const MAX_NAME = 100;
/**
 * Units: bytes, unpacked. Source: assumed; four times the largest state, which fits in the memory of a command. Confirmed by: the size of
 * the backup of the largest cabinet.
 */
const MAX_BYTES = 256 * 2 ** 20;
/** Readable by its owner only. */
const MODE = 0o600;
/** Offsets of the fields in a header. Units: bytes. */
const AT = { mode: 100, uid: 108, gid: 116, size: 124, mtime: 136, sum: 148, type: 156, magic: 257 };
const SAFE_NAME = /^[A-Za-z0-9_@+-][A-Za-z0-9._@+-]*(\/[A-Za-z0-9_@+-][A-Za-z0-9._@+-]*)*$/;

/**
 * Returns true if an archive may contain this name: a relative path of at most 100 characters, where no part begins with a dot. Allowed
 * characters: letters from A to Z, capital or small, digits, and `._@+-`.
 */
export function isSafeName(name: string): boolean {
  return name.length <= MAX_NAME && SAFE_NAME.test(name);
}

/**
 * Returns the files as a compressed tar archive (`.tar.gz`). Errors: throws ConsoleError 'failed' for a name that `isSafeName` refuses, or
 * if the files are too large for `unpackArchive`.
 */
export function packArchive(files: readonly ArchiveFile[]): Buffer {
  const bytes = files.reduce((sum, { content: { length } }) => sum + BLOCK_BYTES + length + paddingOf(length), 2 * BLOCK_BYTES);
  const [largest] = files.toSorted((a, b) => b.content.length - a.content.length);
  if (largest !== undefined && bytes > MAX_BYTES) {
    const [mb, limitMb] = [Math.ceil(bytes / 2 ** 20), MAX_BYTES / 2 ** 20];
    throw new ConsoleError(
      'failed',
      msg`a backup of ${mb} MB could not be restored: the limit is ${limitMb} MB; check why ${largest.name} is so large`,
    );
  }
  const blocks = files.flatMap(({ name, content }) => [header(name, content.length), content, Buffer.alloc(paddingOf(content.length))]);
  return gzipSync(Buffer.concat([...blocks, Buffer.alloc(2 * BLOCK_BYTES)]));
}

/**
 * Returns the files of an archive of `packArchive`. Errors: throws ConsoleError 'failed', for example if the archive is damaged, or larger
 * than 256 MiB unpacked.
 */
export function unpackArchive(packed: Uint8Array): readonly ArchiveFile[] {
  const tar = unzipped(packed);
  const files: ArchiveFile[] = [];
  for (let at = 0; at + BLOCK_BYTES <= tar.length; ) {
    const block = tar.subarray(at, at + BLOCK_BYTES);
    if (block.every((byte) => byte === 0)) return files;
    const { name, bytes } = readHeader(block);
    const content = tar.subarray(at + BLOCK_BYTES, at + BLOCK_BYTES + bytes);
    if (content.length !== bytes) break;
    files.push({ name, content });
    at += BLOCK_BYTES + bytes + paddingOf(bytes);
  }
  throw damaged(msg`the backup is truncated`);
}

function unzipped(packed: Uint8Array): Buffer {
  try {
    return gunzipSync(packed, { maxOutputLength: MAX_BYTES });
  } catch (cause) {
    throw damaged(cause instanceof Error ? cause.message : String(cause));
  }
}

function header(name: string, bytes: number): Buffer {
  if (!isSafeName(name))
    throw new ConsoleError('failed', msg`${name} cannot be in a backup: its name is too long or has characters that are not allowed`);
  const block = Buffer.alloc(BLOCK_BYTES);
  block.write(name, 0);
  const octal = (value: number, at: number, digits: number): number => block.write(value.toString(8).padStart(digits, '0'), at);
  octal(MODE, AT.mode, 7);
  for (const at of [AT.uid, AT.gid]) octal(0, at, 7);
  octal(bytes, AT.size, 11);
  octal(0, AT.mtime, 11);
  block.write('0', AT.type);
  block.write('ustar\0' + '00', AT.magic);
  block.write(`${sumOf(block).toString(8).padStart(6, '0')}\0 `, AT.sum);
  return block;
}

function readHeader(block: Buffer): { readonly name: string; readonly bytes: number } {
  const text = (at: number, length: number): string => block.toString('latin1', at, at + length).split('\0')[0] ?? '';
  const name = text(0, MAX_NAME);
  if (Number.parseInt(text(AT.sum, 8), 8) !== sumOf(block)) throw damaged(msg`the backup has a header with a wrong checksum`);
  const bytes = Number.parseInt(text(AT.size, 12), 8);
  if (text(AT.type, 1) !== '0' || !isSafeName(name) || !(bytes >= 0))
    throw damaged(msg`it contains ${JSON.stringify(name)}, which is not a part of a backup`);
  return { name, bytes };
}

/** Checksum of a header; the checksum field itself counts as spaces. */
function sumOf(block: Buffer): number {
  return block.reduce((sum, byte, at) => sum + (at >= AT.sum && at < AT.sum + 8 ? 0x20 : byte), 0);
}

function paddingOf(bytes: number): number {
  return (BLOCK_BYTES - (bytes % BLOCK_BYTES)) % BLOCK_BYTES;
}

function damaged(why: Argument): ConsoleError {
  return new ConsoleError('failed', msg`this is not a complete backup: ${why}; use another copy of the file`);
}
