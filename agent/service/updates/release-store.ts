/**
 * Releases of the program on this cabinet: the running one, the previous one, the one on trial and the failed one.
 *
 * Small files in the folder `releases` of the service's state folder select the release that runs. The starter of the package
 * (systemd/package/files/luciole.sh) reads the same files before the agent runs, and reverts a release that does not start. The programs
 * themselves are where the agent cannot write (release-unpacker.ts). Nothing blocks the calling thread, because a hung disk must not delay
 * a line.
 */
import { rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { replaceWholeLater } from '../../core/atomic-write.ts';
import { flawOfFile, readRegularFileLater } from '../../core/regular-file.ts';

/** The release name of the program in the installed package. */
export const PACKAGE = 'package';
/** Starts of a release on trial until it must be confirmed. Source: assumed; one or two mains cuts in that time are not its fault. Confirmed by: the mains failures in a year of start ledgers. */
const TRIAL_STARTS = 3;
/** Suffix in the file `failed` that marks a failure as reported. */
const REPORTED = ' told';
/** Larger files were not written by this program. Units: bytes. Source: assumed; names and numbers of releases. Confirmed by: the size of the files after ten years of updates. */
const MAX_BYTES = 4_096;

/**
 * Names of releases, null if there is none; and `serial`: the highest serial of a confirmed release, 0 before the first. `current`: the
 * release chosen for the next start, `PACKAGE` if none was chosen. `previous`: the one to which a revert goes. `trial`: `current` while it
 * is on trial. `failed`: the last one that was not confirmed by the end of its trial, or later did not start. It is removed once a release
 * is confirmed. A file that cannot be read counts as missing.
 */
export interface ReleaseStoreFacts {
  readonly current: string;
  readonly previous: string | null;
  readonly trial: string | null;
  readonly failed: string | null;
  readonly serial: number;
}

/**
 * Serials that the unpacking service recorded; 0 if none is recorded. `least`: updates below it are refused, and so are requests to revert
 * below it unless a release is on trial. `installed`: the serial that the installed package had when an update was last unpacked.
 */
export interface ReleaseSerials {
  readonly least: number;
  readonly installed: number;
}

/**
 * Facts recorded when a release was put on trial. `serial`: that of this release. `unitsOk`: number of units that answered before it ran.
 */
export interface ReleaseTrialFacts {
  readonly serial: number;
  readonly unitsOk: number;
}

/**
 * The releases of one cabinet, as small files in the folder `dir`, which must exist before a write. Errors: a file that cannot be read
 * counts as missing; a failed write rejects with the system's error.
 */
export class ReleaseStore {
  readonly dir: string;
  /** Path of the update file that is being received, or was received. There may be no file. */
  readonly incoming: string;
  readonly #stateDir: string;
  readonly #unpackedDir: string;
  readonly #onFlaw: (flaw: string) => void;

  /**
   * `unpackedDir`: folder where the unpacking service puts the programs. `onFlaw`: called with the path and the cause if a file in `dir`
   * exists but cannot be read.
   */
  constructor(stateDir: string, unpackedDir: string, onFlaw: (flaw: string) => void = () => {}) {
    this.#onFlaw = onFlaw;
    this.#stateDir = stateDir;
    this.#unpackedDir = unpackedDir;
    this.dir = join(stateDir, 'releases');
    this.incoming = join(this.dir, 'incoming');
  }

  async facts(): Promise<ReleaseStoreFacts> {
    // One at a time: on a hung disk each read blocks one of Node's four threads.
    const current = (await this.#word('current')) ?? PACKAGE;
    // The trial of a release that is not the current one was interrupted before it began.
    const trial = (await this.#word('trial')) === current ? current : null;
    const [previous, failed] = [await this.#word('previous'), await this.#word('failed')];
    return { current, previous, trial, failed, serial: Number(await this.#word('serial')) || 0 };
  }

  /** True if a release has failed and the failure has not been reported yet. */
  async isFailureNew(): Promise<boolean> {
    return (await this.#read('failed'))?.endsWith(REPORTED) === false;
  }

  /** Call after the failure has been reported: `isFailureNew` is then false. Call it only if there is a failed release. */
  async markFailureReported(): Promise<void> {
    await this.#write('failed', `${(await this.#word('failed')) ?? ''}${REPORTED}`);
  }

  /**
   * Call when the running release has started successfully: ends the count of its unsuccessful starts in a row. The starts of a release on
   * trial are still counted until it is confirmed.
   */
  async cameUp(): Promise<void> {
    await this.#remove('starts');
  }

  /** Free space on the disk of the state folder. Units: bytes. Errors: rejects with the system's error. */
  async freeBytes(): Promise<number> {
    const { bavail, bsize } = await statfs(this.#stateDir);
    return bavail * bsize;
  }

  /** Zeros if none are recorded. */
  async serials(): Promise<ReleaseSerials> {
    return readReleaseSerials(this.#unpackedDir);
  }

  /** Puts the unpacked release with this name on trial; the next start runs it. The current one becomes the previous one. */
  async adopt(name: string, trialFacts: ReleaseTrialFacts): Promise<void> {
    const { current, previous } = await this.facts();
    await this.#write('trial.json', JSON.stringify(trialFacts));
    try {
      await this.#write('previous', current);
      await this.#write('trial', `${name} ${TRIAL_STARTS}`);
      // Last: once this file is written, the next start uses the release.
      await this.#write('current', name);
    } catch (error) {
      // Otherwise the release before could no longer be reached.
      if ((await this.#word('current')) !== name)
        await (previous === null ? this.#remove('previous') : this.#write('previous', previous)).catch(() => {});
      throw error;
    }
  }

  /** Facts from the beginning of the newest trial, also after its end; null for none, or for a damaged file. */
  async trialFacts(): Promise<ReleaseTrialFacts | null> {
    return toTrialFacts(await this.#read('trial.json'));
  }

  /** Ends the trial: the release on trial, which has this serial, is confirmed, and a recorded failure is removed. */
  async confirm(serial: number): Promise<void> {
    await this.#write('serial', String(Math.max(serial, (await this.facts()).serial)));
    await this.#remove('trial');
    await this.#remove('failed');
  }

  /**
   * Makes the next start run the previous release, and resolves with its name. Changes nothing and resolves with null if there is none.
   * `isFailed`: the current release is recorded as failed, and this failure as reported; there is then no previous one. Otherwise the
   * current release becomes the previous one.
   */
  async revert(isFailed: boolean): Promise<string | null> {
    const { current, previous } = await this.facts();
    if (previous === null) return null;
    if (isFailed) await this.#write('failed', `${current}${REPORTED}`);
    await this.#write('current', previous);
    await this.#remove('trial');
    if (isFailed) await this.#remove('previous');
    else await this.#write('previous', current);
    return previous;
  }

  async #word(name: string): Promise<string | null> {
    return (await this.#read(name))?.split(/\s/)[0] ?? null;
  }

  #read(name: string): Promise<string | null> {
    return read(join(this.dir, name), this.#onFlaw);
  }

  #write(name: string, text: string): Promise<void> {
    return replaceWholeLater(join(this.dir, name), `${text}\n`, 0o600);
  }

  #remove(name: string): Promise<void> {
    return rm(join(this.dir, name), { force: true });
  }
}

const SERIALS = 'serials.json';

/** Resolves with the serials that the unpacking service recorded in this folder; zeros if the file cannot be read or parsed. */
export async function readReleaseSerials(unpackedDir: string): Promise<ReleaseSerials> {
  try {
    const { least, installed } = JSON.parse((await read(join(unpackedDir, SERIALS))) ?? '') as Partial<ReleaseSerials>;
    return { least: Number(least) || 0, installed: Number(installed) || 0 };
  } catch {
    return { least: 0, installed: 0 };
  }
}

/** Replaces the file with the recorded serials in this folder, which must exist, as a whole. Errors: rejects with the system's error. */
export function writeReleaseSerials(unpackedDir: string, serials: ReleaseSerials): Promise<void> {
  return replaceWholeLater(join(unpackedDir, SERIALS), `${JSON.stringify(serials)}\n`, 0o644);
}

async function read(path: string, onFlaw: (flaw: string) => void = () => {}): Promise<string | null> {
  try {
    return (await readRegularFileLater(path, { maxBytes: MAX_BYTES })).toString('utf8').trim() || null;
  } catch (error) {
    // Missing: nothing has been recorded yet.
    const flaw = flawOfFile(path, error);
    if (flaw !== null) onFlaw(flaw);
    return null;
  }
}

function toTrialFacts(text: string | null): ReleaseTrialFacts | null {
  try {
    const { serial, unitsOk } = JSON.parse(text ?? '') as Partial<ReleaseTrialFacts>;
    return typeof serial === 'number' && typeof unitsOk === 'number' ? { serial, unitsOk } : null;
  } catch {
    return null; // Damaged: the trial is then judged without the earlier state.
  }
}
