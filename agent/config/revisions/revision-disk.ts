/**
 * Revisions on disk: a file with their history, one folder for each revision and each candidate, one for the file of the site.
 *
 * A folder is written under another name, flushed and renamed: after a power cut a new one is complete or does not exist. One that was
 * being replaced may then be missing or incomplete. Nothing is written on the calling thread, because a stalled flash must not delay a
 * line.
 */
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { replaceWholeLater, syncFolder } from '../../core/atomic-write.ts';
import { flawOfFile, readRegularFileLater } from '../../core/regular-file.ts';
import type { ConfigFiles } from '../../core/revisions.ts';

/** Name of a candidate's folder: `candidate-` and a hash of its author, or `candidate` alone for one of an earlier release. */
export type CandidateFiles = 'candidate' | `candidate-${string}`;

/** A revision by its number, a candidate, or the file of the site as last loaded. */
export type KeptFiles = number | CandidateFiles | 'site';

/** Reads and writes revisions. Two calls of `writeFiles` must not overlap, nor two of `writeHistory`. */
export interface RevisionDisk {
  /** The path for the folder of the given files; it need not exist. */
  dirOf(of: KeptFiles): string;
  /** The parsed history; undefined if there is none, it cannot be read, or it is not JSON. Its content is not checked. */
  readHistory(): Promise<unknown>;
  /** Resolves when the history is durably on disk. Errors: rejects with the system's error. */
  writeHistory(history: unknown): Promise<void>;
  /** Replaces the whole folder; resolves when that is durably on disk. `note`: stored as JSON beside the files. Errors: as `writeHistory`. */
  writeFiles(of: KeptFiles, files: ConfigFiles, note: unknown): Promise<void>;
  /** Undefined if there is no readable cabinet.yaml. A profile that cannot be read is left out. `note`: undefined if it cannot be read. */
  readFiles(of: KeptFiles): Promise<(ConfigFiles & { readonly note: unknown }) | undefined>;
  /** Removes the folder; resolves also if there is none. Errors: rejects with the system's error. */
  remove(of: KeptFiles): Promise<void>;
  /** Marks a revision as on trial; resolves when that is durably on disk. Errors: rejects with the system's error, EEXIST if it is marked. */
  markTrial(number: number): Promise<void>;
  /** Removes the mark; resolves when that is durably on disk. Errors: as `writeHistory`. */
  unmarkTrial(number: number): Promise<void>;
  /** Whether a revision has the mark; false if its folder cannot be read. */
  isMarked(number: number): Promise<boolean>;
  /** The numbers of the revisions that have a folder, in any order; empty if the disk cannot be read. */
  kept(): Promise<readonly number[]>;
  /** The candidates that have a folder; empty if the disk cannot be read. */
  candidates(): Promise<readonly CandidateFiles[]>;
}

const HISTORY = 'book.json';
const CABINET = 'cabinet.yaml';
const NOTE = 'note.json';
const PROFILES = 'profiles';
/** An empty file in the folder of a revision. */
const MARK = 'on-trial';
/** Broker names and the lighting plan of a city are not for every user of the machine; `files` are restricted further by the umask. */
const MODE = { history: 0o600, files: 0o640 };
/**
 * Larger files are not read. Units: bytes. Source: assumed; ten times the history, and the largest site file, of a large cabinet. Confirmed by: the
 * file sizes of the largest cabinet.
 */
const MAX_BYTES = 16 * 2 ** 20;

/**
 * Returns the SHA-256 over `cabinet.yaml` and all profiles, each with its name and length. The order of the profiles has no effect. Shape:
 * 64 hex digits.
 */
export function revisionHash({ cabinet, profiles }: ConfigFiles): string {
  const hash = createHash('sha256');
  const all = [[CABINET, cabinet] as const, ...Object.entries(profiles).sort(([a], [b]) => (a < b ? -1 : 1))];
  for (const [name, text] of all) hash.update(`${name}\0${Buffer.byteLength(text)}\0${text}`);
  return hash.digest('hex');
}

/**
 * Creates the access to the revisions in folder `dir`, which need not exist yet. `onFlaw`: called when a file that exists cannot be read or
 * parsed as JSON, with the path and the cause as one text.
 */
export function createRevisionDisk(dir: string, onFlaw: (flaw: string) => void = () => {}): RevisionDisk {
  const dirOf = (of: KeptFiles): string => join(dir, typeof of === 'number' ? `r${of}` : of);
  const reportFlaw = (file: string, error: unknown): undefined => {
    const flaw = flawOfFile(file, error);
    if (flaw !== null) onFlaw(flaw);
  };
  const textOf = (file: string): Promise<string | undefined> =>
    readRegularFileLater(file, { maxBytes: MAX_BYTES }).then(
      (bytes) => bytes.toString('utf8'),
      (error: unknown) => reportFlaw(file, error),
    );
  const jsonOf = async (file: string): Promise<unknown> => {
    const text = await textOf(file);
    try {
      return text === undefined ? undefined : parsed(text);
    } catch (error) {
      return reportFlaw(file, error);
    }
  };

  return {
    dirOf,
    readHistory: () => jsonOf(join(dir, HISTORY)),
    async writeHistory(history) {
      await mkdir(dir, { recursive: true });
      await replaceWholeLater(join(dir, HISTORY), JSON.stringify(history), MODE.history);
    },
    writeFiles: (of, files, note) => writeRevision({ dir, to: dirOf(of) }, files, note),
    async readFiles(of) {
      const folder = dirOf(of);
      // Only the first: on a hung disk each read occupies one of Node's four threads.
      const cabinet = await textOf(join(folder, CABINET));
      if (cabinet === undefined) return undefined;
      const note = await jsonOf(join(folder, NOTE));
      const names = (await namesIn(join(folder, PROFILES))).filter((name) => name.endsWith('.yaml') && !name.startsWith('.'));
      const texts = await Promise.all(names.map(async (name) => [name, await textOf(join(folder, PROFILES, name))] as const));
      const profiles = Object.fromEntries(texts.flatMap(([name, text]) => (text === undefined ? [] : [[name, text]])));
      return { cabinet, profiles, note };
    },
    async remove(of) {
      await rm(dirOf(of), { recursive: true, force: true });
    },
    async markTrial(number) {
      await writeFlushed(join(dirOf(number), MARK), '');
      await syncFolder(dirOf(number));
    },
    async unmarkTrial(number) {
      await rm(join(dirOf(number), MARK), { force: true });
      await syncFolder(dirOf(number));
    },
    async isMarked(number) {
      return (await namesIn(dirOf(number))).includes(MARK);
    },
    async kept() {
      return (await namesIn(dir)).flatMap((name) => (/^r[1-9]\d*$/.test(name) ? [Number(name.slice(1))] : []));
    },
    async candidates() {
      return (await namesIn(dir)).filter((name): name is CandidateFiles => /^candidate(-[0-9a-f]+)?$/.test(name));
    },
  };
}

/** Writes a whole revision to a temporary folder, then renames it, so that the new one is complete. The old one is removed just before. */
async function writeRevision(
  { dir, to }: { readonly dir: string; readonly to: string },
  { cabinet, profiles }: ConfigFiles,
  note: unknown,
): Promise<void> {
  await mkdir(dir, { recursive: true });
  await removeDrafts(dir);
  const draft = join(dir, `.new.${randomBytes(4).toString('hex')}`);
  await mkdir(join(draft, PROFILES), { recursive: true });
  for (const [name, text] of Object.entries(profiles)) await writeFlushed(join(draft, PROFILES, name), text);
  await writeFlushed(join(draft, CABINET), cabinet);
  await writeFlushed(join(draft, NOTE), JSON.stringify(note));
  for (const folder of [join(draft, PROFILES), draft]) await syncFolder(folder);
  // A folder cannot be renamed to the name of a non-empty one.
  await rm(to, { recursive: true, force: true });
  await rename(draft, to);
  await syncFolder(dir);
}

async function writeFlushed(file: string, text: string): Promise<void> {
  const handle = await open(file, 'wx', MODE.files);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Removes temporary folders that a power cut left, of this version or an earlier one. */
async function removeDrafts(dir: string): Promise<void> {
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

/** Errors: throws SyntaxError for a text that was damaged or not written by this program. */
function parsed(text: string): unknown {
  return JSON.parse(text, (key, value: unknown) => (key === '__proto__' ? undefined : value));
}
