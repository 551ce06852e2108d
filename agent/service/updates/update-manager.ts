/**
 * Exchanges the program: receives an update file, checks it, unpacks it next to the running release, switches to it on trial, and goes back.
 *
 * Does not switch while lamps are lit unless the request is forced.
 */
import { rm } from 'node:fs/promises';
import type { Log } from '../../core/ports.ts';
import type { UpdateAnswer, UpdateManager, UpdateRequest, UpdateView } from '../../core/updates.ts';
import { PACKAGE, type ReleaseStore } from './release-store.ts';
import { UpdateError } from './update-error.ts';
import { type CheckNeeds, checkUpdateFile, readUpdateKeys, releaseName } from './update-file.ts';
import { expectRoom, receivePart } from './update-inbox.ts';
import { unpackUpdate } from './update-unpack.ts';

export interface UpdateManagerParts {
  readonly releases: ReleaseStore;
  readonly log: Log;
  readonly version: string;
  /** Of the program that runs; 0 where it was not packaged. */
  readonly serial: number;
  readonly arch: string;
  readonly keysDir: string;
  /** Why this run cannot exchange its program; empty where it can. */
  readonly obstacle: string;
  /** Lamps that are lit, or whose level is unknown at night. */
  readonly lampsLit: () => number;
  readonly unitsOk: () => number;
  /** Ends this run, so that the next one starts the other release. */
  readonly restart: (why: string) => void;
}

export interface ExpiringUpdateManager extends UpdateManager {
  /** Removes a file that was not brought whole, or not installed. Errors: none. */
  expire(): Promise<void>;
}

/** One request at a time: a second one is refused until the first has ended. */
export function createUpdateManager(parts: UpdateManagerParts): ExpiringUpdateManager {
  const { log, obstacle } = parts;
  let isBusy = false;

  async function answer(work: () => Promise<string>): Promise<UpdateAnswer> {
    if (obstacle !== '') return { isDone: false, text: obstacle };
    if (isBusy) return { isDone: false, text: 'an update is being worked on already' };
    isBusy = true;
    try {
      return { isDone: true, text: await work() };
    } catch (error) {
      const text = error instanceof UpdateError ? error.message : diskWords(error);
      log.event('update-refused', { reason: text, code: error instanceof UpdateError ? error.code : 'disk' }, 'warning');
      return { isDone: false, text: `nothing was changed: ${text}` };
    } finally {
      isBusy = false;
    }
  }

  return {
    status: () => statusOf(parts),
    put: (part) => answer(() => receivePart(parts.releases, part, () => needsOf(parts))),
    install: (request) => answer(() => install(parts, request)),
    revert: (request) => answer(() => revert(parts, request)),
    expire: async () => {
      if (isBusy) return;
      await rm(parts.releases.incoming, { force: true }).catch((error: unknown) => log.event('release-not-kept', { error }, 'warning'));
    },
  };
}

async function statusOf({ releases, serial, version, keysDir, obstacle }: UpdateManagerParts): Promise<UpdateView> {
  const facts = await releases.facts();
  const { current, previous, trial, failed } = facts;
  return {
    version,
    release: current,
    state: trial === null ? 'confirmed' : 'trial',
    previous,
    serial: Math.max(serial, facts.serial),
    failed,
    keys: [...(await readUpdateKeys(keysDir)).keys()],
    obstacle,
  };
}

async function needsOf({ releases, serial, arch, keysDir }: UpdateManagerParts): Promise<CheckNeeds> {
  const facts = await releases.facts();
  return { keys: await readUpdateKeys(keysDir), keysDir, arch, serial: Math.max(serial, facts.serial), failed: facts.failed };
}

async function install(parts: UpdateManagerParts, request: UpdateRequest): Promise<string> {
  const { releases, log } = parts;
  if ((await releases.facts()).trial !== null) throw new UpdateError('unsafe', 'a release is on trial: wait for its end, or take it back');
  const checked = await checkUpdateFile(releases.incoming, await needsOf(parts));
  expectDark(parts, 'update', request);
  const { header } = checked;
  await expectRoom(releases, header.unpackedBytes);
  const dir = await releases.prepare();
  try {
    await unpackUpdate(releases.incoming, checked, dir);
  } catch (error) {
    await rm(dir, { recursive: true, force: true });
    throw error;
  }
  const name = releaseName(header);
  await releases.adopt(name, { serial: header.serial, unitsOk: parts.unitsOk() });
  await rm(releases.incoming, { force: true });
  log.event('update-installed', { release: name, was: parts.version }, 'warning');
  parts.restart(`release ${name} takes over`);
  return `${header.version} is unpacked and takes over now, on trial; see \`luciole update status\``;
}

async function revert(parts: UpdateManagerParts, request: UpdateRequest): Promise<string> {
  const { releases, log } = parts;
  const { previous, trial } = await releases.facts();
  if (previous === null) throw new UpdateError('unsafe', 'there is no release to go back to');
  expectDark(parts, 'go back', request);
  await releases.revert(trial !== null);
  log.event('update-taken-back', { to: previous }, 'warning');
  parts.restart(`release ${previous} takes over`);
  return `${previous === PACKAGE ? 'the installed package' : previous} takes over now`;
}

function expectDark({ lampsLit }: UpdateManagerParts, what: string, { isForced }: UpdateRequest): void {
  const lit = lampsLit();
  if (lit === 0 || isForced) return;
  throw new UpdateError('unsafe', `${lit} lamps are lit: ${what} by day, or say --force (the lamps keep their level meanwhile)`);
}

/** Errors: rethrows what is not an error of the disk or the archive. */
function diskWords(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code === 'ENOSPC' || code === 'EDQUOT') return 'the disk is full; make room';
  if (code === 'ENOENT') return 'no update was brought: bring the file first';
  if (error instanceof Error && 'syscall' in error) return `the disk does not take it (${code})`;
  if (code.startsWith('ERR_ZSTD') || code.startsWith('ZSTD')) return 'the archive in it is damaged';
  throw error;
}
