/**
 * Unpacks the update file that the agent received into the folder of releases, where the agent itself cannot write. So the next start
 * runs what the maker signed, even if the agent has been compromised.
 *
 * Runs as root in a separate process (luciole-release.service), on files that belong to the agent. It opens no link and no pipe, reads the
 * same open file throughout, and uses nothing that the maker's key has not signed.
 */

import { constants } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, rename, rm, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { syncFolder } from '../../core/atomic-write.ts';
import { msg } from '../../core/message.ts';
import { ReleaseStore, readReleaseSerials, writeReleaseSerials } from './release-store.ts';
import { UpdateError } from './update-error.ts';
import { checkUpdateFile, readUpdateKeys, releaseName } from './update-file.ts';
import { expectRoom } from './update-inbox.ts';
import { unpackUpdate } from './update-unpack.ts';

const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
const UNPACKING = 'unpacking';

/** Folders, keys and facts of this gateway that the unpacking of an update needs. */
export interface UnpackerParts {
  /** State folder of the agent; only read. */
  readonly stateDir: string;
  /** Folder of the unpacked releases; only root writes there. */
  readonly unpackedDir: string;
  /** Folder of the makers' public keys. */
  readonly keysDir: string;
  /** Architecture that the update must have, as `process.arch` gives it. */
  readonly arch: string;
  /** Serial of the installed package; 0 if the program was not packaged. */
  readonly installedSerial: number;
  /** Free space of a folder. Units: bytes. Default: that of its disk. */
  readonly freeBytes?: (dir: string) => Promise<number>;
}

/**
 * Checks the received update file, unpacks it and updates the recorded `ReleaseSerials`. Resolves with the name of the release. A release
 * of that name in `unpackedDir` is replaced. Any other except the current one may be removed. If this rejects, each of these changes may
 * have been made.
 *
 * Errors: rejects with UpdateError if the update is refused, for example, or with the error of the system or the decompression.
 */
export async function unpackRelease(parts: UnpackerParts): Promise<string> {
  const { stateDir, unpackedDir, keysDir, arch, installedSerial, freeBytes = freeBytesOf } = parts;
  const releases = new ReleaseStore(stateDir, unpackedDir);
  const file = await openPlainFile(releases.incoming);
  try {
    // The same open file throughout, even if its name now leads to another one.
    const path = `/proc/self/fd/${file.fd}`;
    const { least } = await readReleaseSerials(unpackedDir);
    const needs = { keys: await readUpdateKeys(keysDir), keysDir, arch, serial: Math.max(installedSerial, least - 1), failed: null };
    const checked = await checkUpdateFile(path, needs);
    const { header } = checked;
    const { current, previous } = await releases.facts();
    await removeAllBut(unpackedDir, [current, previous]);
    await expectRoom({ dir: unpackedDir, freeBytes: () => freeBytes(unpackedDir) }, header.unpackedBytes);
    const unpacking = join(unpackedDir, UNPACKING);
    await mkdir(unpacking, { mode: 0o755 });
    try {
      await unpackUpdate(path, checked, unpacking);
      await expectProgram(unpacking);
    } catch (error) {
      await rm(unpacking, { recursive: true, force: true });
      throw error;
    }
    const name = releaseName(header);
    await writeReleaseSerials(unpackedDir, { least: Math.max(least, header.leastSerial), installed: installedSerial });
    await rm(join(unpackedDir, name), { recursive: true, force: true });
    await rename(unpacking, join(unpackedDir, name));
    await syncFolder(unpackedDir);
    // Releases before the current one cannot be reverted to any more, so they are removed.
    await removeAllBut(unpackedDir, [current, name]);
    return name;
  } finally {
    await file.close();
  }
}

/** The program that the starter runs. Source: systemd/package/files/luciole.sh. */
const PROGRAM = 'bin/luciole';

/** A release without its program would only stop the agent and be reverted. Errors: rejects with UpdateError. */
async function expectProgram(dir: string): Promise<void> {
  const found = await stat(join(dir, PROGRAM)).catch(() => null);
  if (found?.isFile() !== true || (found.mode & 0o111) === 0) throw new UpdateError('damaged', msg`there is no program ${PROGRAM} in it`);
}

/**
 * Opens a regular file for reading; the caller closes it. Does not follow a link as its last part and does not wait for a pipe. Errors:
 * rejects with UpdateError, for example for a folder, or with the system's error, for example for a link.
 */
export async function openPlainFile(path: string): Promise<FileHandle> {
  const file = await open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  if ((await file.stat()).isFile()) return file;
  await file.close();
  throw new UpdateError('unsafe', msg`${path} is not a regular file`);
}

async function removeAllBut(dir: string, names: readonly (string | null)[]): Promise<void> {
  for (const entry of await readdir(dir, { withFileTypes: true }))
    if (entry.isDirectory() && !names.includes(entry.name)) await rm(join(dir, entry.name), { recursive: true, force: true });
}

async function freeBytesOf(dir: string): Promise<number> {
  const { bavail, bsize } = await statfs(dir);
  return bavail * bsize;
}
