/**
 * Durable writes. A file is replaced as a whole or not at all, never through a link that another user planted, and never with more rights
 * than needed.
 *
 * A new file is created exclusively, gets mode and owner through its handle, is flushed, and gets its name by a rename. Then the folder is
 * flushed.
 * In `createFile` and `replaceWhole`, root acts as the user who could replace a part of the path. A planted link then gives no access that
 * this user does not have.
 */
import {
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fsyncSync,
  lstatSync,
  openSync,
  readlinkSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';

/** Owner of a file: ids of the user and of the group. Source: passwd(5). */
export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_RDONLY, O_WRONLY } = constants;
const NEW_FILE = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW;
/** Most links that are followed. Source: path_resolution(7). */
const MAX_LINKS = 40;

/**
 * Creates a file and flushes it and its folder to disk. `mode` is not reduced by the umask. `owner` is set only if the process acts as
 * root in this folder, see `asOwnerOf`.
 *
 * Errors: throws the system's error, for example EEXIST if the name exists. A failed write may leave an incomplete file.
 */
export function createFile(path: string, text: string | Uint8Array, mode: number, owner: Owner | null = null): void {
  asOwnerOf(dirname(path), () => {
    writeNew(path, text, mode, owner);
    syncPath(dirname(path));
  });
}

/**
 * Replaces a file, or creates it: after a mains cut either the old or the new content is complete. A link is replaced, not followed.
 * `mode` is not reduced by the umask. If the process acts as root in this folder, see `asOwnerOf`, the file keeps its former owner.
 *
 * Errors: throws the system's error (`code` ENOSPC, EACCES, ...). The file may then be the old or the new one.
 */
export function replaceWhole(path: string, text: string | Uint8Array, mode: number): void {
  asOwnerOf(dirname(path), () => {
    const fresh = `${path}.new`;
    // Left by an earlier run, or planted: this removes the name, never the target of a link.
    rmSync(fresh, { force: true });
    try {
      writeNew(fresh, text, mode, formerOwner(path));
      renameSync(fresh, path);
    } catch (error) {
      rmSync(fresh, { force: true });
      throw error;
    }
    syncPath(dirname(path));
  });
}

/**
 * Replaces a file, or creates it, asynchronously: after a mains cut either the old or the new content is complete. Two calls for one file
 * must not overlap. An abort of `signal` before the rename keeps the file as it is and is not an error. Unlike in `replaceWhole`, root keeps
 * its rights, and gives the file the owner of the folder.
 *
 * Errors: rejects with the system's error. The file may then be the old or the new one.
 */
export async function replaceWholeLater(path: string, text: string | Uint8Array, mode: number, signal?: AbortSignal): Promise<void> {
  const folder = await open(dirname(path), O_RDONLY);
  try {
    const fresh = signal === undefined ? `${path}.new` : `${path}.next`;
    await rm(fresh, { force: true });
    await writeNewLater(fresh, text, mode, await folder.stat());
    if (signal === undefined) await rename(fresh, path);
    else if (signal.aborted) return await rm(fresh, { force: true });
    else renameSync(fresh, path);
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** Flushes a folder to disk, so that the names in it outlast a mains cut. Errors: rejects with the system's error. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, O_RDONLY);
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** Flushes a file or a folder to disk. Blocks. Errors: throws the system's error. */
export function syncPath(path: string): void {
  const file = openSync(path, 'r');
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/**
 * Runs `work` and returns its result. In a root process it runs with the rights of the first owner other than root on the path of the
 * folder, if there is one. The process must do nothing else until `work`, or its promise, ends.
 *
 * Errors: throws or rejects as `work` does; throws the system's error if the rights cannot be changed.
 */
export function asOwnerOf<T>(folder: string, work: () => T): T {
  const leave = becomeOwnerOf(folder);
  let result: T;
  try {
    result = work();
  } catch (error) {
    leave();
    throw error;
  }
  if (result instanceof Promise) return result.finally(leave) as T;
  leave();
  return result;
}

/** Only the effective ids change, on every thread (setuid(2), NPTL), so that they can be restored. */
function becomeOwnerOf(folder: string): () => void {
  const { geteuid, seteuid, getegid, setegid, getgroups, setgroups } = process;
  const isRoot = geteuid?.() === 0 && seteuid && getegid && setegid && getgroups && setgroups;
  const owner = isRoot ? ownerOnTheWay(folder) : null;
  if (!isRoot || owner === null) return () => {};
  const before = { gid: getegid(), groups: getgroups() };
  setgroups([owner.gid]);
  setegid(owner.gid);
  seteuid(owner.uid);
  return () => {
    seteuid(0);
    setegid(before.gid);
    setgroups(before.groups);
  };
}

/** The first owner other than root on the path of a folder; null if only root could replace a part of it. */
function ownerOnTheWay(folder: string, links = 0): Owner | null {
  const parts = resolve(folder).split('/').slice(1);
  let at = '/';
  for (const [i, part] of parts.entries()) {
    at = join(at, part);
    const found = lstatSync(at, { throwIfNoEntry: false });
    if (found === undefined) return null;
    if (found.uid !== 0) return { uid: found.uid, gid: found.gid };
    if (found.isSymbolicLink() && links < MAX_LINKS)
      return ownerOnTheWay(resolve(dirname(at), readlinkSync(at), ...parts.slice(i + 1)), links + 1);
  }
  return null;
}

function writeNew(path: string, text: string | Uint8Array, mode: number, owner: Owner | null): void {
  const file = openSync(path, NEW_FILE, mode);
  try {
    fchmodSync(file, mode);
    // In the folder of another user the file already has that owner; only root can change the owner of a file.
    if (owner !== null && process.geteuid?.() === 0) fchownSync(file, owner.uid, owner.gid);
    const bytes = Buffer.from(text);
    for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

async function writeNewLater(path: string, text: string | Uint8Array, mode: number, { uid, gid }: Owner): Promise<void> {
  const file = await open(path, NEW_FILE, mode);
  try {
    await file.chmod(mode);
    if (process.geteuid?.() === 0) await file.chown(uid, gid);
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Null if no file existed. */
function formerOwner(path: string): Owner | null {
  const before = lstatSync(path, { throwIfNoEntry: false });
  return before === undefined ? null : { uid: before.uid, gid: before.gid };
}
