/**
 * The lines typed before, kept in a file for the next session.
 *
 * Owns the file: one a user, readable by nobody else.
 */
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { replaceWhole } from '../../core/atomic-write.ts';
import type { LineHistoryStore } from './past-lines.ts';

/** A file longer than this is none of ours. Units: characters. Source: 200 lines of the longest. */
const MAX_CHARS = 1_000_000;

/** Keeps them in a folder; null keeps nothing. */
export function createLineHistoryStore(dir: string | null): LineHistoryStore {
  const fileOf = (user: string): string => join(dir ?? '', `console-lines-${user.replace(/[^\w.-]/g, '_')}`);
  return {
    load(user) {
      if (dir === null) return [];
      try {
        return readFileSync(fileOf(user), 'utf8')
          .slice(-MAX_CHARS)
          .split('\n')
          .filter((line) => line !== '' && !/\p{Cc}/u.test(line));
      } catch {
        return [];
      }
    },
    save(user, lines) {
      if (dir === null) return;
      const file = fileOf(user);
      try {
        mkdirSync(dir, { recursive: true, mode: 0o700 });
        replaceWhole(file, `${lines.join('\n')}\n`, 0o600);
      } catch {
        // A disk that is full or read-only must not stop the session; the lines of this one are still known.
      }
    },
  };
}
