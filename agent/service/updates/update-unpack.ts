/**
 * The program's folder out of an update, beside the one that runs.
 *
 * Owns the reading of the archive, which takes nothing but plain files and folders below its own. Each file is on disk before it resolves.
 * Called by the desk of updates, for a file whose signature was checked. Source: POSIX.1-2017, pax, "ustar Interchange Format".
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createZstdDecompress } from 'node:zlib';
import { UpdateError } from './update-error.ts';
import type { CheckedUpdate } from './update-file.ts';

const BLOCK_BYTES = 512;
/** The folder that an archive holds; it becomes that of the release. */
const ROOT = 'luciole/';
/** Source: systemd/package/tree.ts has 12; a program of many parts has some hundred. */
const MAX_ENTRIES = 5_000;
const SAFE_PATH = /^[A-Za-z0-9._@+-]+(\/[A-Za-z0-9._@+-]+)*\/?$/;

/** Errors: rejects with UpdateError, `dir` then holds a part of it; with the system's own error for a disk that takes no more. */
export async function unpackUpdate(path: string, { header, payloadAt }: CheckedUpdate, dir: string): Promise<void> {
  const hash = createHash('sha256');
  const reader = createTarReader(dir, header.unpackedBytes);
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
  // The file lay in between: what was unpacked is what was checked, or it is thrown away.
  if (hash.digest('hex') !== header.sha256) throw new UpdateError('damaged', 'the file changed while it was unpacked; bring it again');
}

function createTarReader(dir: string, maxBytes: number) {
  let rest: Buffer = Buffer.alloc(0);
  let file: { readonly handle: FileHandle; left: number; padding: number } | null = null;
  let isOver = false;
  let [bytes, entries] = [0, 0];

  async function entry(block: Buffer): Promise<void> {
    if (block.every((byte) => byte === 0)) {
      isOver = true;
      return;
    }
    const { path, type, size, mode } = headerOf(block);
    [bytes, entries] = [bytes + size, entries + 1];
    if (bytes > maxBytes || entries > MAX_ENTRIES) throw new UpdateError('unsafe', 'it unpacks to more than it says');
    if (path === ROOT) return;
    const inner = path.slice(ROOT.length);
    if (!path.startsWith(ROOT) || !SAFE_PATH.test(inner) || inner.split('/').includes('..'))
      throw new UpdateError('unsafe', `it holds a path outside of its folder: ${path}`);
    if (type === 'folder') {
      await mkdir(join(dir, inner), { recursive: true, mode: 0o755 });
      return;
    }
    await mkdir(dirname(join(dir, inner)), { recursive: true, mode: 0o755 });
    const handle = await open(join(dir, inner), 'wx', mode & 0o111 ? 0o755 : 0o644);
    file = { handle, left: size, padding: (BLOCK_BYTES - (size % BLOCK_BYTES)) % BLOCK_BYTES };
    if (size === 0) await finish();
  }

  async function finish(): Promise<void> {
    const { handle } = file as NonNullable<typeof file>;
    await handle.sync();
    await handle.close();
    file = null;
  }

  /** True when it used some of the rest. */
  async function step(): Promise<boolean> {
    if (isOver) {
      rest = Buffer.alloc(0);
      return false;
    }
    if (file === null) {
      if (rest.length < BLOCK_BYTES) return false;
      const block = rest.subarray(0, BLOCK_BYTES);
      rest = rest.subarray(BLOCK_BYTES);
      await entry(block);
      return true;
    }
    if (file.left > 0) {
      if (rest.length === 0) return false;
      const part = rest.subarray(0, file.left);
      rest = rest.subarray(part.length);
      await file.handle.writeFile(part);
      file.left -= part.length;
      return true;
    }
    if (rest.length < file.padding) return false;
    rest = rest.subarray(file.padding);
    await finish();
    return true;
  }

  return {
    async take(chunk: Buffer): Promise<void> {
      rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      while (await step());
    },
    /** Errors: throws UpdateError for an archive without its end. */
    expectWhole(): void {
      if (!isOver) throw new UpdateError('damaged', 'the archive in it ends too early');
    },
    async close(): Promise<void> {
      await file?.handle.close();
      file = null;
    },
  };
}

function headerOf(block: Buffer): { path: string; type: 'file' | 'folder'; size: number; mode: number } {
  const text = (from: number, length: number): string =>
    block
      .subarray(from, from + length)
      .toString('utf8')
      .replace(/\0.*$/s, '');
  const number = (from: number, length: number): number => Number.parseInt(text(from, length).trim() || '0', 8);
  const prefix = text(345, 155);
  const path = prefix === '' ? text(0, 100) : `${prefix}/${text(0, 100)}`;
  const type = { '0': 'file', '5': 'folder' }[text(156, 1)] as 'file' | 'folder' | undefined;
  if (!text(257, 6).startsWith('ustar')) throw new UpdateError('damaged', 'what it holds is no archive');
  if (type === undefined) throw new UpdateError('unsafe', `it holds something other than files and folders: ${path}`);
  return { path, type, size: number(124, 12), mode: number(100, 8) };
}
