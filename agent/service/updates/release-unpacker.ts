/**
 * Unpacks the update file that the agent has received into the folder of releases, where the agent itself cannot write. So what runs at the
 * next start is what the maker signed, whatever became of the agent.
 *
 * Runs as root in a process of its own (luciole-release.service), on files that belong to the agent: it opens no link and no pipe, reads one
 * file under whatever name, and uses nothing that the maker's key has not signed.
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

export interface UnpackerParts {
  /** Of the agent; only read. */
  readonly stateDir: string;
  /** Of the unpacked releases; only root writes there. */
  readonly unpackedDir: string;
  readonly keysDir: string;
  readonly arch: string;
  /** Serial of the installed package; 0 where the program was not packaged. */
  readonly installedSerial: number;
  /** Room in a folder. Units: bytes. Default: that of the disk. */
  readonly freeBytes?: (dir: string) => Promise<number>;
}

/**
 * Checks signature, architecture, age and hash again, and unpacks. Returns the name of the release.
 *
 * Errors: rejects with UpdateError, or the system's error; the releases that were there before are unchanged.
 */
export async function unpackRelease(parts: UnpackerParts): Promise<string> {
  const { stateDir, unpackedDir, keysDir, arch, installedSerial, freeBytes = freeBytesOf } = parts;
  const releases = new ReleaseStore(stateDir, unpackedDir);
  const file = await openPlainFile(releases.incoming);
  try {
    // The same file throughout, whatever its name leads to meanwhile.
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
    // What was before the current one is not gone back to any more.
    await removeAllBut(unpackedDir, [current, name]);
    return name;
  } finally {
    await file.close();
  }
}

/** What the starter runs. Source: systemd/package/files/luciole.sh. */
const PROGRAM = 'bin/luciole';

/** A release without its program would only stop the agent and return. Errors: rejects with UpdateError. */
async function expectProgram(dir: string): Promise<void> {
  const found = await stat(join(dir, PROGRAM)).catch(() => null);
  if (found?.isFile() !== true || (found.mode & 0o111) === 0) throw new UpdateError('damaged', msg`there is no program ${PROGRAM} in it`);
}

/** Opens a file of another user. Errors: rejects with UpdateError for what is no plain file, with the system's error (ELOOP for a link). */
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
