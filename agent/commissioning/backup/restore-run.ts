/**
 * `luciole restore`: makes this gateway continue as the cabinet of a backup.
 *
 * It checks that the backup is complete and shows what it would replace, also while an agent runs. If confirmed, it checks that no agent
 * runs. Then it replaces all store files in one step, and after that the site files. No agent starts without a cabinet file, so a new
 * gateway that loses power in between stays off.
 */
import { existsSync, mkdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { type RevisionHistory, readRevisionHistory } from '../../config/revisions/revision-history-file.ts';
import { refuseWhileAgentRuns } from '../../console/ask-agent.ts';
import { ConsoleError } from '../../console/console-error.ts';
import { readSiteFile } from '../../console/site-file.ts';
import { type LocalArgs, type Terminal, textOf } from '../../console/terminal/terminal.ts';
import { paragraph } from '../../console/text/text-lines.ts';
import { asOwnerOf, createFile, replaceWhole, syncPath } from '../../core/atomic-write.ts';
import type { WallMs } from '../../core/clock.ts';
import { StoreError } from '../../core/errors.ts';
import { msg } from '../../core/message.ts';
import { BEFORE_RESTORE, finishRestore, stageRestore } from '../../core/pending-restore.ts';
import { readRegularFile } from '../../core/regular-file.ts';
import { proveStateCopy, readingsFacts } from '../../store/copy-tools.ts';
import { LOCK_FILES } from '../../store/data-lock.ts';
import { serviceUser } from '../key-files.ts';
import { withLockedData } from '../locked-data.ts';
import type { ArchiveFile } from './archive.ts';
import { type BackupPlaces, backupPlaces } from './backup-places.ts';
import { type Backup, purposeOf, readBackup, SEALED, sha256 } from './manifest.ts';
import { otherCabinetText, type RestoreReport, restoreLines } from './restore-page.ts';
import { configNameOf, planRestore, type RestorePlan } from './restore-plan.ts';
import { openSealed } from './sealed-files.ts';

/** What `runRestore` needs besides its arguments: the terminal, the path of the cabinet file, and the present time. */
export interface RestoreWorld {
  readonly terminal: Terminal;
  /** The cabinet file that the restore replaces or creates. A relative path is relative to the working directory. */
  readonly configFile: string;
  /** Only for the check of the copy of `state.db`. */
  readonly nowMs: WallMs;
}

/** Source: the modes that `setup` uses; only the service may read a key. */
const MODE = { data: 0o600, site: 0o644, key: 0o400 };
const EXIT_NOTHING_DONE = 1;
const HISTORY = 'config/book.json';

/**
 * Restores with `--yes`, then prints what was changed; otherwise prints what a restore would change. Resolves with the exit code: 0 if it
 * was restored, 1 if it was only shown.
 *
 * Errors: rejects, for example with ConsoleError. Some files may already be replaced.
 */
export async function runRestore(args: LocalArgs, { terminal, configFile, nowMs }: RestoreWorld): Promise<number> {
  const isMeant = args['yes'] === true;
  if (isMeant) await refuseWhileAgentRuns(args, terminal, msg`an agent is running on this data: stop it first (systemctl stop luciole)`);
  const bytes = attempt(() => readRegularFile(textOf(args['backup']) ?? ''));
  const backup = readBackup(bytes);
  const places = attempt(() => placesHere(args, resolve(configFile), backup));
  const replaced = replacedCabinet(places, backup);
  if (isMeant && replaced !== null && args['other-cabinet'] !== true) throw new ConsoleError('usage', otherCabinetText(replaced));
  const keepsReadings = args['keep-readings'] === true;
  const opened = isMeant && args['no-keys'] !== true ? await openKeys(backup, terminal) : [];
  const plan = attempt(() => planRestore(backup, places, { opened, keepsReadings }));
  const former = formerDir(places);
  if (isMeant) attempt(() => restore(plan, { ...places, former }, { by: terminal.user, nowMs, keepsReadings, keys: opened }));
  const facts = former === null ? null : readingsFacts(former);
  const readings = plan.readings === null ? null : { ...plan.readings, isKept: keepsReadings };
  const report: RestoreReport = {
    ...{ restored: isMeant, sha256: sha256(bytes), backup: backup.manifest, items: plan.items, readings, replaced },
    formerReadings: former === null || facts === null ? null : { ...facts, dir: former },
  };
  if (args['json'] === true) terminal.out(`${JSON.stringify(report)}\n`);
  else for (const line of restoreLines(report, places.dir)) terminal.out(`${paragraph(line, terminal).join('\n')}\n`);
  return isMeant ? 0 : EXIT_NOTHING_DONE;
}

/** Returns the places of the backup's cabinet file: a new gateway has no other. */
function placesHere(args: LocalArgs, configFile: string, backup: Backup): BackupPlaces {
  const text = backup.files.get(configNameOf(backup))?.toString('utf8') ?? '';
  return backupPlaces(args, configFile, text);
}

/** Returns the ids if the cabinet here has another id than that of the backup; null if they are equal, or one of them is unknown. */
function replacedCabinet({ configFile, cabinet }: BackupPlaces, { manifest }: Backup): RestoreReport['replaced'] {
  const [here, there] = [readSiteFile(configFile).cabinet?.id ?? '', cabinet || manifest.cabinet];
  return here === '' || there === '' || here === there ? null : { here, backup: there };
}

/** Returns the store folder that the replaced cabinet file names, if it differs from that of the backup; else null. */
function formerDir({ configFile, dir }: BackupPlaces): string | null {
  const { cabinet } = readSiteFile(configFile);
  if (cabinet === null) return null;
  const former = resolve(cabinet.store.dir);
  // Real paths are compared, because a process cannot lock one folder twice.
  if (!existsSync(former) || (existsSync(dir) && realpathSync(former) === realpathSync(dir))) return null;
  return former;
}

async function openKeys({ manifest, files }: Backup, { askSecret }: Terminal): Promise<readonly ArchiveFile[]> {
  const sealed = files.get(SEALED);
  if (sealed === undefined) return [];
  if (askSecret === undefined)
    throw new ConsoleError(
      'usage',
      msg`the keys in it are sealed, and there is no terminal to ask for the passphrase: --no-keys leaves them out`,
    );
  return openSealed(sealed, await askSecret(msg`Passphrase of the keys in the backup`, null), purposeOf(manifest));
}

interface RestoreWork {
  readonly by: string;
  readonly nowMs: WallMs;
  readonly keepsReadings: boolean;
  readonly keys: readonly ArchiveFile[];
}

const ADVICE = msg`stop the agent first (systemctl stop luciole); nothing was restored`;

function restore(plan: RestorePlan, places: BackupPlaces & { readonly former: string | null }, work: RestoreWork): void {
  const whole = (): void => {
    mkdirSync(places.dir, { recursive: true, mode: 0o700 });
    withLockedData(places.dir, ADVICE, () => restoreLocked(plan, places, work));
  };
  // A folder without lock files has no agent.
  if (places.former === null || !LOCK_FILES.some((name) => existsSync(join(places.former ?? '', name)))) whole();
  else withLockedData(places.former, ADVICE, whole);
}

function restoreLocked(plan: RestorePlan, { dir }: BackupPlaces, { by, nowMs, keepsReadings, keys }: RestoreWork): void {
  // Finish an earlier restore that lost power.
  finishRestore(dir);
  stageRestore(dir, !keepsReadings, (folder) => {
    for (const { name, content } of plan.data)
      writeBelow(folder, name, name === HISTORY ? withUsedSerial(content, join(dir, name)) : content);
    proveStateCopy(folder, by, nowMs);
    syncPath(join(folder, 'state.db'));
  });
  finishRestore(dir);
  for (const { path, content } of plan.site)
    replaceBeside(
      path,
      content,
      keys.some((key) => key.content === content),
    );
}

/** Returns the history of the backup with the highest serial used on this gateway, so that a restore cannot make a used signature valid again. */
function withUsedSerial(restored: Buffer, presentFile: string): Buffer {
  const [then, now] = [historyIn(restored), existsSync(presentFile) ? historyIn(readFileSync(presentFile)) : undefined];
  if (then === undefined || now === undefined || now.signedSerial < then.signedSerial) return restored;
  return Buffer.from(JSON.stringify({ ...then, signedSerial: now.signedSerial, isSerialUsed: true }));
}

/** Returns undefined if the text is not a history. */
function historyIn(content: Buffer): RevisionHistory | undefined {
  try {
    return readRevisionHistory(JSON.parse(content.toString('utf8')));
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function writeBelow(folder: string, name: string, content: Buffer): void {
  mkdirSync(dirname(join(folder, name)), { recursive: true, mode: 0o700 });
  createFile(join(folder, name), content, MODE.data);
}

function replaceBeside(path: string, content: Buffer, isKey: boolean): void {
  asOwnerOf(dirname(dirname(path)), () => mkdirSync(dirname(path), { recursive: true }));
  if (!existsSync(path)) {
    createFile(path, content, isKey ? MODE.key : MODE.site, isKey ? serviceUser() : null);
    return;
  }
  const mode = statSync(path).mode & 0o777;
  replaceWhole(`${path}${BEFORE_RESTORE}`, readFileSync(path), mode);
  replaceWhole(path, content, mode);
}

/** Runs the work. Errors: throws ConsoleError 'failed' if the system or the store refuses it. */
function attempt<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof StoreError) throw new ConsoleError('failed', msg`${error.said}; nothing was changed`, { cause: error });
    const { code, path } = error as NodeJS.ErrnoException;
    if (code === undefined || error instanceof ConsoleError) throw error;
    const advice =
      code === 'ENOENT'
        ? msg`check that it exists`
        : process.getuid?.() === 0
          ? msg`check the disk, then give the same command again`
          : msg`use sudo`;
    throw new ConsoleError('failed', msg`${path ?? msg`the backup`}: ${code}; ${advice}`, { cause: error });
  }
}
