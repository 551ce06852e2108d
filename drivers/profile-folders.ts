/**
 * Folders that hold device profiles, as files: which there are, what is in them, and whether one has changed.
 *
 * Owns the rules for names. Parses nothing, so that the running agent can look without a parser in its memory.
 */
import { existsSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Problem } from '../agent/core/errors.ts';

export interface ProfileFile {
  readonly file: string;
  readonly text: string;
  /** It comes with the agent, so a site may put its own in its place. */
  readonly isShipped?: true;
}

/** The profiles that come with the agent. */
export const SHIPPED_PROFILES_DIR = join(import.meta.dirname, 'profiles');

/** Those that exist, each once: a folder named twice does not make its profiles stand twice. */
export function ownFolders(dirs: readonly string[]): string[] {
  const seen = new Set([realpathSync(SHIPPED_PROFILES_DIR)]);
  return dirs.filter((dir) => {
    const path = existsSync(dir) ? realpathSync(dir) : SHIPPED_PROFILES_DIR;
    return !seen.has(path) && seen.add(path);
  });
}

/** Files of the site's own profiles with what shows that one has changed; a folder or file that cannot be looked at holds none. */
export function siteProfileStamps(dirs: readonly string[]): ReadonlyMap<string, string> {
  const unseen: Problem[] = [];
  const files = ownFolders(dirs).flatMap((dir) => profileNames(dir, unseen).map((name) => join(dir, name)));
  return new Map(
    files.flatMap((file) => {
      const found = statSync(file, { throwIfNoEntry: false });
      return found?.isFile() ? [[file, `${found.mtimeMs} ${found.size} ${found.ino}`] as const] : [];
    }),
  );
}

/** Name and text of each profile in a folder. */
export function profileFiles(dir: string, unreadable: Problem[]): ProfileFile[] {
  return profileNames(dir, unreadable).flatMap((name) => {
    const file = join(dir, name);
    const text = readOrTell(file, unreadable, () => readFileSync(file, 'utf8'));
    return text === null ? [] : [{ file, text }];
  });
}

function profileNames(dir: string, unreadable: Problem[]): string[] {
  const names = readOrTell(dir, unreadable, () => readdirSync(dir)) ?? [];
  // Editors leave hidden files beside the one that is open.
  return names.filter((name) => /\.ya?ml$/.test(name) && !name.startsWith('.')).sort();
}

/** One bad file of a site must not keep the agent, and with it the street, from starting. */
function readOrTell<T>(path: string, unreadable: Problem[], read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
    const message = `cannot be read (${error.code}): check that it is a file in a folder, and that the agent's user may read both`;
    unreadable.push({ file: path, line: 1, column: 1, path: '', message });
    return null;
  }
}
