/**
 * The commit that a package is made from, and its time, from git.
 */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '../..');

/** Returns the commit of the sources, as `626ca3a24c9d`; with `+changes` if files differ from it; `unknown` outside a clone. */
export function commitName(): string {
  const commit = git('rev-parse', '--short=12', 'HEAD');
  if (commit === null) return 'unknown';
  return git('status', '--porcelain', '--untracked-files=no') === '' ? commit : `${commit}+changes`;
}

/**
 * Returns the time that all files of a package get, so that the same commit gives the same bytes: SOURCE_DATE_EPOCH, else the time of the
 * commit, else 0. Units: s since 1970. Source: reproducible-builds.org, SOURCE_DATE_EPOCH.
 */
export function commitTimeS(): number {
  return Number(process.env['SOURCE_DATE_EPOCH'] ?? git('log', '-1', '--format=%ct') ?? 0);
}

/** Null outside a clone: a tree from a tarball has no commit. */
function git(...words: string[]): string | null {
  try {
    return execFileSync('git', words, { cwd: ROOT, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return null;
  }
}
