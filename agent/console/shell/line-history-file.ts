/**
 * Stores the command lines of each user for the next session.
 *
 * There is one file per user, readable by the console's own account only.
 */
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { replaceWhole } from '../../core/atomic-write.ts';
import type { LineHistoryStore } from './past-lines.ts';

/** A longer file was not written by this program. Units: characters. Source: 200 lines of the longest. */
const MAX_CHARS = 1_000_000;

/** Stores the lines in files of this folder; null stores nothing. */
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
