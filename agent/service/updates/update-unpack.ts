/**
 * Unpacks the program of an update whose signature has been checked.
 *
 * The archive may contain only regular files and folders below its own folder. Source: POSIX.1-2017, pax, "ustar Interchange Format".
 */

import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createZstdDecompress } from 'node:zlib';
import { msg } from '../../core/message.ts';
import { UpdateError } from './update-error.ts';
import type { CheckedUpdate } from './update-file.ts';

const BLOCK_BYTES = 512;
/** The only folder in an archive; it becomes the folder of the release. */
const ROOT = 'luciole/';
/** Source: systemd/package/tree.ts has 12; a program of many parts has some hundred. */
const MAX_ENTRIES = 5_000;
const SAFE_PATH = /^[A-Za-z0-9._@+-]+(\/[A-Za-z0-9._@+-]+)*\/?$/;

/**
 * Unpacks the archive of the update file at `path` into `dir`.
 *
 * Errors: rejects with UpdateError, for example if the archive is unsafe or incomplete, or with the error of the disk or the decompression.
 * `dir` may then contain files of the program.
 */
export async function unpackUpdate(path: string, { header, payloadAt }: CheckedUpdate, dir: string): Promise<void> {
  const hash = createHash('sha256');
  const reader = new TarReader(dir, header.unpackedBytes);
  const packed = createReadStream(path, { start: payloadAt });
  packed.on('data', (chunk) => hash.update(chunk));
  try {
    await pipeline(packed, createZstdDecompress(), async (chunks: AsyncIterable<Buffer>) => {
      for await (const chunk of chunks) await reader.take(chunk);
    });
    reader.expectWhole();
  } finally {
    await reader.close();
  }
  // The file may have changed between the check and unpacking.
  if (hash.digest('hex') !== header.sha256) throw new UpdateError('damaged', msg`the file changed while it was unpacked; send it again`);
}

/**
 * Writes the entries of a tar archive below one folder, as its bytes arrive.
 *
 * ```
 *            header of a file         all its bytes
 *  header ───────────────────► bytes ─────────────► padding ──► header
 *    │ header of a folder: mkdir, stays
 *    └── empty header ──► over: further bytes are discarded
 * ```
 */
class TarReader {
  readonly #dir: string;
  readonly #maxBytes: number;
  #rest: Buffer = Buffer.alloc(0);
  #file: { readonly handle: FileHandle; left: number; readonly padding: number } | null = null;
  #isOver = false;
  #bytes = 0;
  #entries = 0;

  constructor(dir: string, maxBytes: number) {
    this.#dir = dir;
    this.#maxBytes = maxBytes;
  }

  /** Errors: rejects with UpdateError for an archive that is unsafe or damaged, with the system's error for the disk. */
  async take(chunk: Buffer): Promise<void> {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    while (await this.#step());
  }

  /** Errors: throws UpdateError for an incomplete archive. */
  expectWhole(): void {
    if (!this.#isOver) throw new UpdateError('damaged', msg`the archive in it is truncated`);
  }

  async close(): Promise<void> {
    await this.#file?.handle.close();
    this.#file = null;
  }

  /** Returns true if it used some of the rest. */
  async #step(): Promise<boolean> {
    if (this.#isOver) {
      this.#rest = Buffer.alloc(0);
      return false;
    }
    const file = this.#file;
    if (file === null) {
      if (this.#rest.length < BLOCK_BYTES) return false;
      await this.#enter(this.#taken(BLOCK_BYTES));
      return true;
    }
    if (file.left > 0) {
      if (this.#rest.length === 0) return false;
      const part = this.#taken(file.left);
      await file.handle.writeFile(part);
      file.left -= part.length;
      return true;
    }
    if (this.#rest.length < file.padding) return false;
    this.#taken(file.padding);
    await this.#finish(file.handle);
    return true;
  }

  /** At most this many bytes of the rest. */
  #taken(bytes: number): Buffer {
    const part = this.#rest.subarray(0, bytes);
    this.#rest = this.#rest.subarray(part.length);
    return part;
  }

  async #enter(block: Buffer): Promise<void> {
    if (block.every((byte) => byte === 0)) {
      this.#isOver = true;
      return;
    }
    const { path, type, size, mode } = headerOf(block);
    this.#bytes += size;
    this.#entries += 1;
    if (this.#bytes > this.#maxBytes || this.#entries > MAX_ENTRIES)
      throw new UpdateError('unsafe', msg`it unpacks to more than it declares`);
    if (path === ROOT) return;
    const inner = path.slice(ROOT.length);
    if (!path.startsWith(ROOT) || !SAFE_PATH.test(inner) || inner.split('/').includes('..'))
      throw new UpdateError('unsafe', msg`it contains a path outside of its folder: ${path}`);
    const target = join(this.#dir, inner);
    await mkdir(type === 'folder' ? target : dirname(target), { recursive: true, mode: 0o755 });
    if (type === 'folder') return;
    const handle = await open(target, 'wx', mode & 0o111 ? 0o755 : 0o644);
    this.#file = { handle, left: size, padding: (BLOCK_BYTES - (size % BLOCK_BYTES)) % BLOCK_BYTES };
    if (size === 0) await this.#finish(handle);
  }

  async #finish(handle: FileHandle): Promise<void> {
    await handle.sync();
    await handle.close();
    this.#file = null;
  }
}

function headerOf(block: Buffer): { path: string; type: 'file' | 'folder'; size: number; mode: number } {
  const text = (from: number, length: number): string =>
    block
      .subarray(from, from + length)
      .toString('utf8')
      .replace(/\0.*$/s, '');
  const number = (from: number, length: number): number => {
    const digits = text(from, length).trim();
    if (!/^[0-7]*$/.test(digits)) throw new UpdateError('damaged', msg`its content is no archive`);
    return Number.parseInt(digits || '0', 8);
  };
  const prefix = text(345, 155);
  const path = prefix === '' ? text(0, 100) : `${prefix}/${text(0, 100)}`;
  const type = { '0': 'file', '5': 'folder' }[text(156, 1)] as 'file' | 'folder' | undefined;
  if (!text(257, 6).startsWith('ustar')) throw new UpdateError('damaged', msg`its content is no archive`);
  if (type === undefined) throw new UpdateError('unsafe', msg`it contains something other than files and folders: ${path}`);
  return { path, type, size: number(124, 12), mode: number(100, 8) };
}
