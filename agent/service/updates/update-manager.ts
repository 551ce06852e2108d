/**
 * Changes the program: receives an update file, checks it, has it unpacked, starts it on trial, and reverts it.
 *
 * Does not change releases while lamps are lit unless the request is forced.
 */

import { rm } from 'node:fs/promises';
import { type Message, msg } from '../../core/message.ts';
import type { Log } from '../../core/ports.ts';
import type { UpdateAnswer, UpdateManager, UpdateRequest, UpdateView } from '../../core/updates.ts';
import { PACKAGE, type ReleaseStore } from './release-store.ts';
import type { UnpackAnswer } from './unpack-request.ts';
import { UpdateError, updateFailureText } from './update-error.ts';
import { type CheckNeeds, checkUpdateFile, readUpdateKeys, releaseName } from './update-file.ts';
import { expectRoom, receivePart } from './update-inbox.ts';

/** The running release and its surroundings, as the manager of updates needs them. */
export interface UpdateManagerParts {
  readonly releases: ReleaseStore;
  readonly log: Log;
  /** Version of the running program. */
  readonly version: string;
  /** Name of the running release; `PACKAGE` for the installed package. */
  readonly release: string;
  /** Has the received file unpacked where only root can write. */
  readonly unpack: () => Promise<UnpackAnswer>;
  /** Serial of the running program; 0 if it was not packaged. */
  readonly serial: number;
  /** Architecture of this gateway, as `process.arch` gives it. */
  readonly arch: string;
  /** Folder of the makers' public keys. */
  readonly keysDir: string;
  /** Why this run cannot change its program; empty if it can. */
  readonly obstacle: Message;
  /** Number of lamps that are lit, or of unknown level although they should be lit. */
  readonly lampsLit: () => number;
  /** Number of units that answer now, as the measure for the trial. */
  readonly unitsOk: () => number;
  /** Ends this run once the answer can have reached the client, so that the other release starts. */
  readonly restart: (why: string) => void;
}

/** A manager of updates whose received file can be removed when no client continues to send it. */
export interface ExpiringUpdateManager extends UpdateManager {
  /** Removes the received file, complete or not. No effect while `put`, `install` or `revert` runs. Errors: none; a failure is logged. */
  expire(): Promise<void>;
}

/**
 * Creates the manager of program updates. It handles one changing request at a time, and refuses others meanwhile. A refused request
 * resolves with `isDone: false` and the reason. So does one that fails on the disk; the text says so if the next start runs another release
 * all the same. A successful install or revert calls `restart`.
 */
export function createUpdateManager(parts: UpdateManagerParts): ExpiringUpdateManager {
  const { log, obstacle, releases } = parts;
  let isBusy = false;

  async function answer(work: () => Promise<Message>): Promise<UpdateAnswer> {
    if (String(obstacle) !== '') return { isDone: false, text: obstacle };
    if (isBusy) return { isDone: false, text: msg`another update request is in progress` };
    isBusy = true;
    try {
      return { isDone: true, text: await work() };
    } catch (error) {
      const text = updateFailureText(error, releases.incoming);
      log.event('update-refused', { reason: String(text), code: error instanceof UpdateError ? error.code : 'disk' }, 'warning');
      const isHalfDone = error instanceof UpdateError && error.code === 'half-done';
      return { isDone: false, text: isHalfDone ? text : msg`nothing was changed: ${text}` };
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

async function statusOf({ releases, release, serial, version, keysDir, obstacle }: UpdateManagerParts): Promise<UpdateView> {
  const facts = await releases.facts();
  const { previous, trial, failed } = facts;
  return {
    version,
    release,
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

async function install(parts: UpdateManagerParts, request: UpdateRequest): Promise<Message> {
  const { releases, log } = parts;
  if ((await releases.facts()).trial !== null)
    throw new UpdateError('unsafe', msg`a release is on trial: wait for its end, or take it back`);
  const checked = await checkUpdateFile(releases.incoming, await needsOf(parts));
  expectDark(parts, (lit) => msg`${lit} lamps are lit: update by day, or add --force (the lamps keep their level meanwhile)`, request);
  const { header } = checked;
  await expectRoom(releases, header.unpackedBytes);
  const name = releaseName(header);
  const { release, text } = await parts.unpack();
  if (release !== name)
    throw new UpdateError('not-unpacked', release === null ? text : msg`a different file was unpacked: send the right one again`);
  await changeRelease(releases, () => releases.adopt(name, { serial: header.serial, unitsOk: parts.unitsOk() }));
  // The release has been adopted: a file that cannot be removed no longer matters.
  await rm(releases.incoming, { force: true }).catch((error: unknown) => log.event('release-not-kept', { error }, 'warning'));
  log.event('update-installed', { release: name, was: parts.version }, 'warning');
  parts.restart(`release ${name} takes over`);
  return msg`${header.version} is unpacked and takes over now, on trial; see \`luciole update status\``;
}

async function revert(parts: UpdateManagerParts, request: UpdateRequest): Promise<Message> {
  const { releases, log } = parts;
  const { previous, trial } = await releases.facts();
  if (previous === null) throw new UpdateError('unsafe', msg`there is no release to go back to`);
  // A release on trial may always be reverted: it is not confirmed, so the limit that it sets does not apply.
  if (trial === null) await expectNotWeak(releases, previous);
  expectDark(parts, (lit) => msg`${lit} lamps are lit: go back by day, or add --force (the lamps keep their level meanwhile)`, request);
  await changeRelease(releases, () => releases.revert(trial !== null));
  log.event('update-taken-back', { to: previous }, 'warning');
  parts.restart(`release ${previous} takes over`);
  return previous === PACKAGE ? msg`the installed package takes over now` : msg`${previous} takes over now`;
}

/** Errors: rejects with UpdateError if `change` failed after it changed the release of the next start, otherwise as `change`. */
async function changeRelease(releases: ReleaseStore, change: () => Promise<unknown>): Promise<void> {
  const { current } = await releases.facts();
  try {
    await change();
  } catch (error) {
    const next = (await releases.facts()).current;
    if (next === current) throw error;
    const why = updateFailureText(error, releases.incoming);
    const what = next === PACKAGE ? msg`the installed package` : msg`release ${next}`;
    throw new UpdateError('half-done', msg`${what} takes over at the next start, but the change was not completed: ${why}`, {
      cause: error,
    });
  }
}

/** Errors: rejects with UpdateError for a release below the least serial in a newer, signed release. */
async function expectNotWeak(releases: ReleaseStore, name: string): Promise<void> {
  const { least, installed } = await releases.serials();
  const serial = name === PACKAGE ? installed : Number.parseInt(name, 10);
  if (serial >= least) return;
  const what = name === PACKAGE ? msg`the installed package` : msg`release ${name}`;
  throw new UpdateError(
    'older',
    msg`${what} has serial ${serial}; releases below ${least} are blocked, because a newer one fixed a security flaw`,
  );
}

function expectDark({ lampsLit }: UpdateManagerParts, refusal: (lit: number) => Message, { isForced }: UpdateRequest): void {
  const lit = lampsLit();
  if (lit === 0 || isForced) return;
  throw new UpdateError('unsafe', refusal(lit));
}
