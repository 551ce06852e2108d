/**
 * Releases of the program on this cabinet: which one runs, which was before, which is on trial, which failed.
 *
 * Owns the folder `releases` in the service's state folder. The starter of the package (systemd/package/files/luciole.sh) reads the same small files
 * before any of this runs, and takes back a release that does not come up. Each file is put in place whole. Never on the calling thread: a disk that
 * hangs must not hold up a line.
 */
import { mkdir, readdir, readFile, rename, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { replaceWholeLater } from '../../core/atomic-write.ts';

/** The program that was installed with the system. */
export const PACKAGE = 'package';
/** Starts that a release on trial may take until it is confirmed. Source: assumed; a mains cut or two in that time are not its fault. */
const TRIAL_STARTS = 3;

const TOLD = ' told';

/** What the shelf says. `serial`: of the newest release that was confirmed; 0 before the first. */
export interface ReleaseStoreFacts {
  readonly current: string;
  readonly previous: string | null;
  readonly trial: string | null;
  readonly failed: string | null;
  readonly serial: number;
}

export interface ReleaseStore {
  readonly dir: string;
  /** Where an update file is put together. */
  readonly incoming: string;
  facts(): Promise<ReleaseStoreFacts>;
  /** The failure of the release that failed has not been told yet. */
  isFailureNew(): Promise<boolean>;
  tellFailure(): Promise<void>;
  /** The release that runs has come up: the starter counts its starts from none again. */
  cameUp(): Promise<void>;
  /** Units: bytes. */
  freeBytes(): Promise<number>;
  /** An empty folder to unpack into. */
  prepare(): Promise<string>;
  /** The prepared folder becomes this release, which the next start tries. */
  adopt(name: string, facts: ReleaseTrialFacts): Promise<void>;
  /** What was known when the trial began; null for none. */
  trialFacts(): Promise<ReleaseTrialFacts | null>;
  /** The trial has ended well: the release stays, older ones go. */
  confirm(serial: number): Promise<void>;
  /** Back to the release before; null where there is none. `isFailed`: because this one does not do. */
  revert(isFailed: boolean): Promise<string | null>;
}

/** How the street stood before a release was exchanged. */
export interface ReleaseTrialFacts {
  readonly serial: number;
  readonly unitsOk: number;
}

/** A shelf; its folder is made at the first update. */
export function createReleaseStore(stateDir: string): ReleaseStore {
  const dir = join(stateDir, 'releases');
  const fresh = join(dir, 'unpacking');
  const word = async (name: string): Promise<string | null> => (await read(join(dir, name)))?.split(/\s/)[0] ?? null;
  const look = async (): Promise<ReleaseStoreFacts> => {
    // One after the other: on a disk that hangs each read holds one of Node's four threads.
    const current = (await word('current')) ?? PACKAGE;
    // A trial of another than the current one was cut off before it began.
    const trial = (await word('trial')) === current ? current : null;
    return { current, previous: await word('previous'), trial, failed: await word('failed'), serial: Number(await word('serial')) || 0 };
  };
  const write = (name: string, text: string): Promise<void> => replaceWholeLater(join(dir, name), `${text}\n`, 0o600);
  const forget = (name: string): Promise<void> => rm(join(dir, name), { force: true });

  async function sweep(): Promise<void> {
    const { current, previous } = await look();
    for (const { name } of (await readdir(dir, { withFileTypes: true })).filter((entry) => entry.isDirectory()))
      if (name !== current && name !== previous) await rm(join(dir, name), { recursive: true, force: true });
  }

  return {
    dir,
    incoming: join(dir, 'incoming'),
    facts: look,
    isFailureNew: async () => (await read(join(dir, 'failed')))?.endsWith(TOLD) === false,
    tellFailure: async () => write('failed', `${(await word('failed')) ?? ''}${TOLD}`),
    cameUp: () => forget('starts'),
    async freeBytes() {
      const { bavail, bsize } = await statfs(stateDir);
      return bavail * bsize;
    },
    async prepare() {
      await mkdir(dir, { recursive: true, mode: 0o700 });
      await sweep();
      await mkdir(fresh, { mode: 0o755 });
      return fresh;
    },
    async adopt(name, trialFacts) {
      await rm(join(dir, name), { recursive: true, force: true });
      await rename(fresh, join(dir, name));
      const { current } = await look();
      await write('trial.json', JSON.stringify(trialFacts));
      await write('previous', current);
      await write('trial', `${name} ${TRIAL_STARTS}`);
      // Last: from here on the next start takes it.
      await write('current', name);
    },
    trialFacts: async () => toTrialFacts(await read(join(dir, 'trial.json'))),
    async confirm(serial) {
      await write('serial', String(Math.max(serial, (await look()).serial)));
      await forget('trial');
      await forget('failed');
      await sweep();
    },
    async revert(isFailed) {
      const { current, previous } = await look();
      if (previous === null) return null;
      if (isFailed) await write('failed', `${current}${TOLD}`);
      await write('current', previous);
      await forget('trial');
      if (isFailed) await forget('previous');
      else await write('previous', current);
      return previous;
    },
  };
}

async function read(path: string): Promise<string | null> {
  try {
    return (await readFile(path, 'utf8')).trim() || null;
  } catch {
    return null; // Not there: nothing of it has happened yet.
  }
}

function toTrialFacts(text: string | null): ReleaseTrialFacts | null {
  try {
    const { serial, unitsOk } = JSON.parse(text ?? '') as Partial<ReleaseTrialFacts>;
    return typeof serial === 'number' && typeof unitsOk === 'number' ? { serial, unitsOk } : null;
  } catch {
    return null; // Damaged: then the trial is judged without a before.
  }
}
