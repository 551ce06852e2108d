/**
 * The desk of updates: takes a file in parts, checks it, unpacks it beside, switches, watches the trial, goes back.
 *
 * Owns the order. Never switches while lamps are lit unless told to. Called by the console through `update-run.ts`.
 */
import { mkdir, open, rm, stat } from 'node:fs/promises';
import type { Log } from '../../core/ports.ts';
import { MAX_HEADER_BYTES, openHeader } from '../../core/update-header.ts';
import type { UpdateAnswer, UpdateManager, UpdatePart, UpdateRequest } from '../../core/updates.ts';
import { PACKAGE, type ReleaseStore } from './release-store.ts';
import { UpdateError } from './update-error.ts';
import { type CheckNeeds, checkUpdateFile, checkUpdateHead, readUpdateKeys, releaseName } from './update-file.ts';
import { unpackUpdate } from './update-unpack.ts';

/** Room that is left to the store beside an update. Units: bytes. Source: assumed; a day of readings. */
const SPARE_BYTES = 33_554_432;
/** A larger file is none of ours. Units: bytes. Source: the package takes 31 MB. */
const MAX_FILE_BYTES = 268_435_456;

export interface UpdateManagerParts {
  readonly shelf: ReleaseStore;
  readonly log: Log;
  readonly version: string;
  /** Of the program that runs; 0 where it was not packaged. */
  readonly serial: number;
  readonly arch: string;
  readonly keysDir: string;
  /** Why this run cannot exchange its program; empty where it can. */
  readonly obstacle: string;
  /** Lamps that shine, or whose level is not known at night. */
  readonly lampsLit: () => number;
  readonly unitsOk: () => number;
  /** Ends this run, so that the next one is of the other release. */
  readonly restart: (why: string) => void;
}

export function createUpdateManager(parts: UpdateManagerParts): UpdateManager {
  const { shelf, log, keysDir, obstacle } = parts;
  let isBusy = false;
  const newest = (shown: { readonly serial: number }): number => Math.max(parts.serial, shown.serial);
  const needs = async (): Promise<CheckNeeds> => {
    const facts = await shelf.facts();
    return { keys: await readUpdateKeys(keysDir), keysDir, arch: parts.arch, serial: newest(facts), failed: facts.failed };
  };

  /** One thing at a time; what is wrong becomes the answer. */
  async function alone(work: () => Promise<string>): Promise<UpdateAnswer> {
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

  async function put({ atByte, ofBytes, data }: UpdatePart): Promise<string> {
    if (ofBytes > MAX_FILE_BYTES) throw new UpdateError('not-an-update', `${ofBytes} bytes are more than any update has`);
    if (atByte + data.length > ofBytes) throw new UpdateError('not-an-update', `the part ends beyond the ${ofBytes} bytes of its file`);
    if (atByte === 0) await expectWorthwhile(ofBytes, data);
    else await expectDue(atByte);
    // At each part: the store may have grown since the first one.
    await expectRoom(ofBytes - atByte);
    await mkdir(shelf.dir, { recursive: true, mode: 0o700 });
    const file = await open(shelf.incoming, atByte === 0 ? 'w' : 'r+', 0o600);
    try {
      await file.write(data, 0, data.length, atByte);
    } finally {
      await file.close();
    }
    return `${atByte + data.length} of ${ofBytes} bytes`;
  }

  /** What would be refused in the end is refused before the rest of it is paid for. A part too short to judge is let through. */
  async function expectWorthwhile(ofBytes: number, data: Buffer): Promise<void> {
    const isHeadWhole = data.length >= Math.min(ofBytes, MAX_HEADER_BYTES) || openHeader(data) !== undefined;
    if (isHeadWhole) checkUpdateHead(data, ofBytes, await needs());
  }

  /** The file itself says how far it has come, over a restart too; what a full disk cut off is written over. */
  async function expectDue(atByte: number): Promise<void> {
    const size = await stat(shelf.incoming).then(
      (file) => file.size,
      () => 0,
    );
    if (atByte === size) return;
    throw new UpdateError('damaged', `the part for byte ${atByte} came, that for byte ${size} was due: go on from there`);
  }

  async function expectRoom(bytes: number): Promise<void> {
    const free = await shelf.freeBytes();
    if (free >= bytes + SPARE_BYTES) return;
    throw new UpdateError('no-room', `${megabytes(bytes + SPARE_BYTES)} MB are needed on ${shelf.dir}, ${megabytes(free)} MB are free`);
  }

  function expectDark(what: string, { isForced }: UpdateRequest): void {
    const lit = parts.lampsLit();
    if (lit === 0 || isForced) return;
    throw new UpdateError('unsafe', `${lit} lamps are lit: ${what} by day, or say --force (the lamps keep their level meanwhile)`);
  }

  async function install(request: UpdateRequest): Promise<string> {
    if ((await shelf.facts()).trial !== null) throw new UpdateError('unsafe', 'a release is on trial: wait for its end, or take it back');
    const checked = await checkUpdateFile(shelf.incoming, await needs());
    expectDark('update', request);
    const { header } = checked;
    await expectRoom(header.unpackedBytes);
    const dir = await shelf.prepare();
    try {
      await unpackUpdate(shelf.incoming, checked, dir);
    } catch (error) {
      await rm(dir, { recursive: true, force: true });
      throw error;
    }
    const name = releaseName(header);
    await shelf.adopt(name, { serial: header.serial, unitsOk: parts.unitsOk() });
    await rm(shelf.incoming, { force: true });
    log.event('update-installed', { release: name, was: parts.version }, 'warning');
    parts.restart(`release ${name} takes over`);
    return `${header.version} is unpacked and takes over now, on trial; see \`luciole update status\``;
  }

  async function revert(request: UpdateRequest): Promise<string> {
    const { previous, trial } = await shelf.facts();
    if (previous === null) throw new UpdateError('unsafe', 'there is no release to go back to');
    expectDark('go back', request);
    await shelf.revert(trial !== null);
    log.event('update-taken-back', { to: previous }, 'warning');
    parts.restart(`release ${previous} takes over`);
    return `${previous === PACKAGE ? 'the installed package' : previous} takes over now`;
  }

  return {
    async status() {
      const facts = await shelf.facts();
      const { current, previous, trial, failed } = facts;
      const keys = [...(await readUpdateKeys(keysDir)).keys()];
      return {
        version: parts.version,
        release: current,
        state: trial === null ? 'confirmed' : 'trial',
        previous,
        serial: newest(facts),
        failed,
        keys,
        obstacle,
      };
    },
    put: (part) => alone(() => put(part)),
    install: (request) => alone(() => install(request)),
    revert: (request) => alone(() => revert(request)),
  };
}

/** Errors: throws what is none of the disk's. */
function diskWords(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code === 'ENOSPC' || code === 'EDQUOT') return 'the disk is full; make room';
  if (code === 'ENOENT') return 'no update was brought: bring the file first';
  if (error instanceof Error && 'syscall' in error) return `the disk does not take it (${code})`;
  if (code.startsWith('ERR_ZSTD') || code.startsWith('ZSTD')) return 'the archive in it is damaged';
  throw error;
}

function megabytes(bytes: number): number {
  return Math.ceil(bytes / 2 ** 20);
}
