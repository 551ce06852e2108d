/**
 * Revisions on disk: one small book, one folder for each revision, one for the candidate, one for the file of the site as it was taken up.
 *
 * Owns the folder. Every file is written beside its place, flushed and renamed, so that a power cut leaves the old or the new and nothing in
 * between. Never on the calling thread: a flash that stalls must not hold up a line.
 */
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ConfigFiles } from '../../core/revisions.ts';

/** A revision by its number, the candidate, or the file of the site as it was last taken up. */
export type KeptFiles = number | 'candidate' | 'site';

export interface RevisionDisk {
  /** Folder of one of them. */
  dirOf(of: KeptFiles): string;
  /** Undefined where there is none, or it cannot be read as JSON. */
  readBook(): Promise<unknown>;
  /** These resolve when it is on disk for good. Errors: reject with the system's error. */
  writeBook(book: unknown): Promise<void>;
  writeFiles(of: KeptFiles, files: ConfigFiles, note: unknown): Promise<void>;
  /** Undefined where it is not whole. */
  readFiles(of: KeptFiles): Promise<(ConfigFiles & { readonly note: unknown }) | undefined>;
  remove(of: KeptFiles): Promise<void>;
  /** Numbers of the revisions that have a folder. */
  kept(): Promise<readonly number[]>;
}

const BOOK = 'book.json';
const CABINET = 'cabinet.yaml';
const NOTE = 'note.json';
const PROFILES = 'profiles';

/** SHA-256 over all files, each with its name and length. Shape: 64 hex digits. */
export function revisionHash({ cabinet, profiles }: ConfigFiles): string {
  const hash = createHash('sha256');
  const all = [[CABINET, cabinet] as const, ...Object.entries(profiles).sort(([a], [b]) => (a < b ? -1 : 1))];
  for (const [name, text] of all) hash.update(`${name}\0${Buffer.byteLength(text)}\0${text}`);
  return hash.digest('hex');
}

/** `dir` need not exist yet. */
export function createRevisionDisk(dir: string): RevisionDisk {
  const dirOf = (of: KeptFiles): string => join(dir, typeof of === 'number' ? `r${of}` : of);

  return {
    dirOf,
    async readBook() {
      const text = await textOf(join(dir, BOOK));
      return text === undefined ? undefined : parsed(text);
    },
    async writeBook(book) {
      await mkdir(dir, { recursive: true });
      const beside = join(dir, `.${BOOK}.${randomBytes(4).toString('hex')}`);
      await writeFlushed(beside, JSON.stringify(book));
      await rename(beside, join(dir, BOOK));
      await flushFolder(dir);
    },
    async writeFiles(of, { cabinet, profiles }, note) {
      await mkdir(dir, { recursive: true });
      await sweep(dir);
      const beside = join(dir, `.new.${randomBytes(4).toString('hex')}`);
      await mkdir(join(beside, PROFILES), { recursive: true });
      for (const [name, text] of Object.entries(profiles)) await writeFlushed(join(beside, PROFILES, name), text);
      await writeFlushed(join(beside, CABINET), cabinet);
      await writeFlushed(join(beside, NOTE), JSON.stringify(note));
      for (const folder of [join(beside, PROFILES), beside]) await flushFolder(folder);
      // A folder cannot be renamed over one that is not empty.
      await rm(dirOf(of), { recursive: true, force: true });
      await rename(beside, dirOf(of));
      await flushFolder(dir);
    },
    async readFiles(of) {
      const folder = dirOf(of);
      // The first alone: on a disk that hangs each read holds one of Node's four threads.
      const cabinet = await textOf(join(folder, CABINET));
      if (cabinet === undefined) return undefined;
      const note = await textOf(join(folder, NOTE));
      const names = (await namesIn(join(folder, PROFILES))).filter((name) => name.endsWith('.yaml') && !name.startsWith('.'));
      const texts = await Promise.all(names.map(async (name) => [name, await textOf(join(folder, PROFILES, name))] as const));
      const profiles = Object.fromEntries(texts.flatMap(([name, text]) => (text === undefined ? [] : [[name, text]])));
      return { cabinet, profiles, note: note === undefined ? undefined : parsed(note) };
    },
    async remove(of) {
      await rm(dirOf(of), { recursive: true, force: true });
    },
    async kept() {
      return (await namesIn(dir)).flatMap((name) => (/^r[1-9]\d*$/.test(name) ? [Number(name.slice(1))] : []));
    },
  };
}

async function writeFlushed(file: string, text: string): Promise<void> {
  // Broker names and the plan of a city's lights are nobody else's business.
  const handle = await open(file, 'w', 0o640);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function flushFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** What a power cut left beside its place. */
async function sweep(dir: string): Promise<void> {
  for (const name of await namesIn(dir))
    if (/^\.(new|book\.json)\./.test(name)) await rm(join(dir, name), { recursive: true, force: true });
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (error instanceof Error && 'code' in error) return [];
    throw error;
  }
}

async function textOf(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error) return undefined;
    throw error;
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text, (key, value: unknown) => (key === '__proto__' ? undefined : value));
  } catch {
    // Cut short by a power cut before this book knew how to be whole, or written by somebody else.
    return undefined;
  }
}
