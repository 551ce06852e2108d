/**
 * `luciole backup`: writes one file with all that a replacement gateway needs to continue as this cabinet, except its readings.
 *
 * If an agent runs, its storage thread copies the state; otherwise this program does. Files of the store are read with the rights of the folder's
 * owner, because the owner could replace them by links.
 */

import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { passwordProblem } from '../../access/password.ts';
import { fetchAnswer } from '../../console/ask-agent.ts';
import { STORE_BACKUP } from '../../console/commands/store/store.ts';
import { ConsoleError } from '../../console/console-error.ts';
import { type LocalArgs, type Terminal, textOf } from '../../console/terminal/terminal.ts';
import { formatBytes } from '../../console/text/page.ts';
import { paragraph } from '../../console/text/text-lines.ts';
import { PASSWORD_RULE } from '../../core/access.ts';
import { asOwnerOf, createFile } from '../../core/atomic-write.ts';
import type { WallMs } from '../../core/clock.ts';
import { count } from '../../core/counts.ts';
import { StoreError } from '../../core/errors.ts';
import { counted, type Message, msg, type Said } from '../../core/message.ts';
import type { BackupReport } from '../../core/ports.ts';
import { readRegularFile } from '../../core/regular-file.ts';
import { copyState, readingsFacts, type StateCopy } from '../../store/copy-tools.ts';
import { withLockedData } from '../locked-data.ts';
import { type ArchiveFile, isSafeName } from './archive.ts';
import { type BackupPlaces, backupPlaces } from './backup-places.ts';
import { type BackupManifest, packBackup, purposeOf, SEALED, sha256 } from './manifest.ts';
import { sealFiles } from './sealed-files.ts';

/** What `runBackup` needs besides its arguments: the terminal, the path of the cabinet file, the present time and the version. */
export interface BackupWorld {
  readonly terminal: Terminal;
  /** A relative path is relative to the working directory. */
  readonly configFile: string;
  readonly nowMs: WallMs;
  /** Version of this program. */
  readonly version: string;
}

/** The output of `--json`. */
interface BackupFile extends BackupManifest {
  readonly path: string;
  readonly packedBytes: number;
  readonly packedSha256: string;
}

/** Readable by its owner only: it contains names and positions. */
const MODE = 0o600;
/** Attempts to read a consistent set of revisions. Source: assumed; a change takes ms and the next follows s later. Confirmed by: bench of a backup during commits. */
const TRIES = 3;
/** Files of the revisions folder in a backup; candidates and drafts are left out. */
const REVISIONS = /^(book\.json|r[1-9]\d*|site)$/;
const USERS = 'users.json';
const EXIT_INCOMPLETE = 1;

/**
 * Writes the backup file and prints a report. Resolves with exit code 0, or with 1 and a warning, for example if it removed damaged rows of
 * the state. A running agent removes them itself, which gives no warning here. Errors: rejects, for example with ConsoleError if a file
 * cannot be used, or if the backup file exists already.
 */
export async function runBackup(args: LocalArgs, { terminal, configFile, nowMs, version }: BackupWorld): Promise<number> {
  const file = resolve(configFile);
  if (attempt(() => statSync(file, { throwIfNoEntry: false })) === undefined)
    throw new ConsoleError('failed', msg`${file}: no such file; --file names that of the cabinet`);
  const places = attempt(() => backupPlaces(args, file, readRegularFile(file).toString('utf8')));
  const path = freePath(textOf(args['to']) ?? '.', fileName(places.cabinet, nowMs));
  const withKeys = args['keys'] === true;
  const passphrase = withKeys ? await newPassphrase(terminal, places.cabinet) : null;
  const { file: state, problems } = await stateCopy(args, places, terminal, nowMs);
  const plain = attempt(() => [state, ...asOwnerOf(places.dir, () => revisionsOf(places.dir)), ...filesOf(places, places.plain)]);
  const secret = attempt(() => [...asOwnerOf(places.dir, () => usersOf(places.dir)), ...filesOf(places, places.secrets)]);
  const names = secret.map(({ name }) => name);
  const isSealed = passphrase !== null && names.length > 0;
  const sealed = isSealed ? [{ name: SEALED, content: sealFiles(secret, passphrase, purposeOf(places)) }] : [];
  const about = {
    ...{ luciole: version, cabinet: places.cabinet, madeMs: nowMs, readings: readingsFacts(places.dir) },
    ...{ sealed: isSealed ? names : [], leftOut: [...(isSealed ? [] : names), ...places.elsewhere] },
  };
  const { manifest, bytes } = packBackup(about, [...plain, ...sealed]);
  attempt(() => createFile(path, bytes, MODE));
  const report: BackupFile = { path, packedBytes: bytes.length, packedSha256: sha256(bytes), ...manifest };
  if (args['json'] === true) terminal.out(`${JSON.stringify(report)}\n`);
  else for (const line of reportLines(report)) terminal.out(`${paragraph(line, terminal).join('\n')}\n`);
  for (const problem of problems) terminal.err(`${paragraph(msg`warning: not in the backup: ${problem}`, terminal).join('\n')}\n`);
  return problems.length === 0 ? 0 : EXIT_INCOMPLETE;
}

async function newPassphrase({ askSecret }: Terminal, cabinet: string): Promise<string> {
  if (askSecret === undefined)
    throw new ConsoleError('usage', msg`keys are sealed with a passphrase, and there is no terminal to ask for it`);
  const problemOf = (secret: string): Message | null => passwordProblem(secret, cabinet === '' ? 'luciole' : cabinet);
  const passphrase = await askSecret(msg`Passphrase for the keys in the backup`, { text: PASSWORD_RULE, problem: problemOf });
  const problem = problemOf(passphrase);
  if (problem !== null) throw new ConsoleError('usage', msg`this passphrase is refused: ${problem}`);
  return passphrase;
}

/** Resolves with the copy of the state, and with what it lacks because it was damaged. */
async function stateCopy(
  args: LocalArgs,
  places: BackupPlaces,
  terminal: Terminal,
  nowMs: WallMs,
): Promise<{ readonly file: ArchiveFile; readonly problems: StateCopy['problems'] }> {
  const asked = await askedCopy(args, terminal);
  if (asked !== null && dirname(asked.path) !== places.dir)
    throw new ConsoleError(
      'failed',
      msg`the running agent has its data in ${dirname(asked.path)}, this cabinet in ${places.dir}: name its cabinet file`,
    );
  const own = asked === null ? attempt(() => ownCopy(places.dir, nowMs)) : null;
  const copy = asked ?? own;
  if (copy === null) throw new ConsoleError('failed', msg`there is no state.db in ${places.dir}: no agent has run with this cabinet yet`);
  const content = attempt(() => asOwnerOf(places.dir, () => readFileSync(copy.path)));
  return { file: { name: 'data/state.db', content }, problems: own?.problems ?? [] };
}

/** Copies the state without an agent; null if no agent ever ran here. Errors: throws ConsoleError ('failed' if damaged) or StoreError. */
function ownCopy(dir: string, nowMs: WallMs): StateCopy | null {
  if (!existsSync(join(dir, 'state.db'))) return null;
  const advice = msg`if it is an agent, name its socket with --socket, or stop it first (systemctl stop luciole)`;
  try {
    return withLockedData(dir, advice, () => asOwnerOf(dir, () => copyState(dir, nowMs)));
  } catch (error) {
    if (!(error instanceof StoreError && error.policy.quarantine)) throw error;
    const next = msg`No backup was made. Start the agent: it uses its last good copy, or begins an empty state; then repeat this command`;
    throw new ConsoleError('failed', msg`${error.said}. ${next}`, { cause: error });
  }
}

/** Resolves with the copy of the running agent; null if none runs. */
async function askedCopy({ socket }: LocalArgs, terminal: Terminal): Promise<BackupReport | null> {
  try {
    return (await fetchAnswer(STORE_BACKUP, {}, { socket, terminal })).result as BackupReport;
  } catch (error) {
    if (error instanceof ConsoleError && error.code === 'unreachable') return null;
    throw error;
  }
}

function filesOf({ siteDir }: BackupPlaces, paths: readonly string[]): readonly ArchiveFile[] {
  return paths.map((path) => ({ name: `site/${relative(siteDir, path)}`, content: readRegularFile(path) }));
}

function usersOf(dir: string): readonly ArchiveFile[] {
  const path = join(dir, USERS);
  return existsSync(path) ? [{ name: `data/${USERS}`, content: readFileSync(path) }] : [];
}

/** Returns a consistent set of revisions; the agent may write meanwhile. Errors: throws ConsoleError 'busy' if they keep changing. */
function revisionsOf(dir: string): readonly ArchiveFile[] {
  const folder = join(dir, 'config');
  if (!existsSync(folder)) return [];
  for (let tries = 0; tries < TRIES; tries++) {
    const [first, second] = [treeOf(folder, 'data/config'), treeOf(folder, 'data/config')];
    const isSame =
      first.length === second.length &&
      first.every(({ name, content }, i) => second[i]?.name === name && second[i].content.equals(content));
    if (isSame) return first;
  }
  throw new ConsoleError('busy', msg`the configuration is changing: try again in a minute`);
}

function treeOf(folder: string, name: string): readonly ArchiveFile[] {
  const isTop = name === 'data/config';
  const inside = readdirSync(folder).filter((each) => (isTop ? REVISIONS.test(each) : isSafeName(each)));
  return inside.sort().flatMap((each) => {
    const path = join(folder, each);
    return statSync(path).isDirectory() ? treeOf(path, `${name}/${each}`) : [{ name: `${name}/${each}`, content: readFileSync(path) }];
  });
}

/** Returns a path in the folder `place` with this name, or `place` itself if it is not a folder. Errors: throws ConsoleError 'failed' if the file exists. */
function freePath(place: string, name: string): string {
  const path = resolve(existsSync(place) && statSync(place).isDirectory() ? join(place, name) : place);
  if (existsSync(path)) throw new ConsoleError('failed', msg`${path}: there is a file of this name already; name another with --to`);
  return path;
}

function fileName(cabinet: string, nowMs: WallMs): string {
  return `luciole-backup-${cabinet || 'cabinet'}-${new Date(nowMs).toISOString().slice(0, 19).replace(/[:-]/g, '')}Z.tar.gz`;
}

function reportLines({ path, packedBytes, packedSha256, files, sealed, leftOut, readings }: BackupFile): readonly Said[] {
  const names = files.map(({ name }) => name);
  const parts = names.filter((name) => !/^data\/config\/./.test(name));
  return [
    msg`${path}  ${formatBytes(packedBytes)}`,
    `sha256 ${packedSha256}`,
    msg`In it: ${names.some((name) => name.startsWith('data/config/')) ? [...parts, 'data/config/'] : parts}`,
    ...(sealed.length === 0 ? [] : [msg`Sealed with the passphrase: ${sealed}. They cannot be opened without it.`]),
    ...(leftOut.length === 0
      ? []
      : [sealed.length === 0 ? msg`Not in it: ${leftOut} (--keys adds keys and users, sealed)` : msg`Not in it: ${leftOut}`]),
    readingsLine(readings),
    msg`It contains names of people (audit log, events): protect it. docs/backup.md explains what a restored gateway continues with.`,
  ];
}

function readingsLine(facts: BackupFile['readings']): Message {
  if (facts === null)
    return msg`Not in it: readings. telemetry.db is missing or cannot be read: it is unknown how many the platform has not confirmed.`;
  const waiting = facts.undelivered;
  if (waiting === 0) return msg`Not in it: readings. The platform has confirmed all of them.`;
  const readings = count(waiting, 'reading');
  return counted(
    waiting,
    msg`Not in it: readings. ${readings} of them is not confirmed by the platform and would be lost with this gateway.`,
    msg`Not in it: readings. ${readings} of them are not confirmed by the platform and would be lost with this gateway.`,
  );
}

/** Runs the work. Errors: throws ConsoleError 'failed' if the system or the store refuses it. */
function attempt<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof StoreError) throw new ConsoleError('failed', error.said, { cause: error });
    const { code, path } = error as NodeJS.ErrnoException;
    if (code === undefined || error instanceof ConsoleError) throw error;
    const advice = code === 'EACCES' ? msg`use sudo` : msg`check the disk`;
    throw new ConsoleError('failed', msg`${path ?? msg`the backup`}: ${code}; ${advice}`, { cause: error });
  }
}
