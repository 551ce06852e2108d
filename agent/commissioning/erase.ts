/**
 * `luciole erase`: erases the data that a gateway stores for a cabinet, before the gateway gets another owner.
 *
 * It checks that no agent runs, shows what it would erase, then erases it.
 */

import { existsSync, statSync } from 'node:fs';
import { dirname, isAbsolute, resolve } from 'node:path';
import { refuseWhileAgentRuns } from '../console/ask-agent.ts';
import { ConsoleError } from '../console/console-error.ts';
import { readSiteFile } from '../console/site-file.ts';
import type { LocalArgs, Terminal } from '../console/terminal/terminal.ts';
import { formatBytes } from '../console/text/page.ts';
import { paragraph } from '../console/text/text-lines.ts';
import { count } from '../core/counts.ts';
import { msg, type Said } from '../core/message.ts';
import { type Erased, type Erasure, erase, planErasure } from './erasure.ts';
import { keyFilesIn } from './key-files.ts';
import { withLockedData } from './locked-data.ts';
import { renewalFilesFor } from './renew-key.ts';

/** The output of `--json`. */
interface EraseReport {
  readonly erased: boolean;
  readonly goes: readonly Erased[];
  /** Files in the same folders that do not belong to this program. */
  readonly stays: readonly string[];
}

/** Suffix of the consoles' state folder, which is next to the agent's. Source: luciole-console@.service, StateDirectory. */
const CONSOLES_END = '-console';
const EXIT_NOTHING_DONE = 1;
/** A file was added to a folder, or removed, after the check. Source: rmdir(2), lstat(2). */
const CHANGED_MEANWHILE: ReadonlySet<string> = new Set(['ENOTEMPTY', 'EEXIST', 'ENOENT']);

/**
 * Prints what an erasure would delete, and deletes it with `--yes`. That is the stored data, with `--keys` also the uplink's key,
 * certificate and password files; the cabinet file stays. Resolves with the exit code: 0 if it was erased or there was nothing to erase,
 * 1 if it was only shown.
 *
 * Errors: rejects, for example with ConsoleError if an agent runs. What was deleted before a failure stays deleted.
 */
export async function runErase(args: LocalArgs, configFile: string, terminal: Terminal): Promise<number> {
  await refuseWhileAgentRuns(args, terminal, msg`an agent is running on this data: stop it first (systemctl disable --now luciole)`);
  const { dir, secrets } = placesOf(args, resolve(configFile));
  const plan = (): Erasure => planned([dir, `${dir}${CONSOLES_END}`], args['keys'] === true ? secrets : []);
  const isMeant = args['yes'] === true;
  const { goes, stays } = attempt(() => (isMeant ? eraseLocked(dir, plan) : plan()));
  const report: EraseReport = { erased: isMeant, goes, stays };
  if (args['json'] === true) terminal.out(`${JSON.stringify(report)}\n`);
  else printReport(report, { dir, kept: args['keys'] === true ? [] : secrets.filter((path) => existsSync(path)) }, terminal);
  return isMeant || goes.length === 0 ? 0 : EXIT_NOTHING_DONE;
}

/**
 * Locks the folder, erases what the plan lists, and returns the plan. Fails if an agent uses the folder. A folder without our data is not
 * locked. The consoles' folder has no lock: a console stores nothing that a cabinet needs.
 */
function eraseLocked(dir: string, plan: () => Erasure): Erasure {
  const erased = (): Erasure => {
    const found = plan();
    erase(found.goes);
    return found;
  };
  if (plan().goes.every(({ path }) => dirname(path) !== dir)) return erased();
  return withLockedData(dir, msg`stop the agent first (systemctl disable --now luciole); nothing was erased`, erased);
}

/** `secrets`: key and password files that the cabinet file names, and those that `setup` made next to it. */
function placesOf(args: LocalArgs, configFile: string): { readonly dir: string; readonly secrets: readonly string[] } {
  const named = typeof args['data-dir'] === 'string' ? resolve(args['data-dir']) : null;
  const { cabinet, isAbsent } = readSiteFile(configFile);
  if (cabinet === null) {
    if (named !== null && args['keys'] !== true) return { dir: named, secrets: [] };
    throw new ConsoleError(
      'failed',
      isAbsent
        ? msg`there is no cabinet file ${configFile}: name the folder of the data with --data-dir, and remove keys by hand`
        : msg`${configFile} cannot be used: name the folder of the data with --data-dir, and remove keys by hand`,
    );
  }
  const { store, uplink } = cabinet;
  const files = [uplink?.keyFile, uplink?.certFile, uplink?.passwordFile].filter((path) => path != null && isAbsolute(path));
  const made = Object.values(keyFilesIn(dirname(configFile)));
  const [key, cert] = [uplink?.keyFile ?? '', uplink?.certFile ?? ''];
  const renewed = isAbsolute(key) && isAbsolute(cert) ? Object.values(renewalFilesFor(key, cert)) : [];
  return { dir: named ?? resolve(store.dir), secrets: [...new Set([...files, ...made, ...renewed] as string[])] };
}

function planned(dirs: readonly string[], secrets: readonly string[]): Erasure {
  const plans = dirs.map(planErasure);
  const keys = secrets.filter((path) => existsSync(path)).map((path) => ({ path, bytes: statSync(path).size }));
  return { goes: [...plans.flatMap(({ goes }) => goes), ...keys], stays: plans.flatMap(({ stays }) => stays) };
}

/** Runs the work. Errors: throws ConsoleError if the operating system refuses it. */
function attempt<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw error instanceof ConsoleError ? error : eraseError(error as NodeJS.ErrnoException, process.getuid?.() === 0);
  }
}

/**
 * Returns a ConsoleError whose message says what to do about an error of the system. An error without a code is returned unchanged.
 * `isRoot`: this process runs as root.
 */
export function eraseError(error: NodeJS.ErrnoException, isRoot: boolean): Error {
  const { code, path } = error;
  if (code === undefined) return error;
  const what = path ?? msg`the data`;
  if (CHANGED_MEANWHILE.has(code))
    return new ConsoleError(
      'busy',
      msg`${what} was written while it was erased: stop the agent (systemctl disable --now luciole), then erase again; what was erased before stays erased`,
      { cause: error },
    );
  const isRight = code === 'EACCES' || code === 'EPERM';
  const advice = isRight ? (isRoot ? msg`give it to the owner of its folder (chown -R)` : msg`use sudo`) : msg`look at the disk (dmesg)`;
  return new ConsoleError('failed', msg`${what} cannot be erased (${code}): ${advice}; what was erased before stays erased`, {
    cause: error,
  });
}

function printReport(
  { erased, goes, stays }: EraseReport,
  { dir, kept }: { readonly dir: string; readonly kept: readonly string[] },
  terminal: Terminal,
): void {
  const print = (line: Said): void => terminal.out(`${paragraph(line, terminal).join('\n')}\n`);
  for (const { path, bytes } of goes) print(msg`${path}  ${formatBytes(bytes)}`);
  for (const path of stays) print(msg`${path} stays: it does not belong to Luciole`);
  for (const path of kept) print(msg`${path} stays: --keys erases it too; its certificate must then be revoked on the platform`);
  if (goes.length === 0) {
    print(msg`${dir} contains no Luciole data`);
    return;
  }
  const sum = msg`${count(goes.length, 'item')}, ${formatBytes(goes.reduce((bytes, each) => bytes + each.bytes, 0))}`;
  print(
    erased
      ? msg`Erased: ${sum}. Flash memory keeps traces of what was removed: where that matters, destroy or encrypt the disk.`
      : msg`Nothing was erased: --yes erases ${sum}. Readings that the platform has not confirmed are lost with it: \`luciole uplink\` shows how many while the agent runs.`,
  );
}
