/** The lines that a user typed before, limited in number, with secrets masked, and stored for the next session. */
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { replaceWhole } from '../../core/atomic-write.ts';
import { withoutUrlPasswords } from '../../core/secrets.ts';

/** Source: assumed; a day's work at one cabinet. Confirmed by: lines per session in audit logs. */
const MAX_LINES = 200;

/** Stores the lines of a user from one session to the next. Errors: none; lines that cannot be stored are lost. */
export interface LineHistoryStore {
  /** Returns the stored lines, oldest first; empty if there are none or they cannot be read. */
  load(user: string): readonly string[];
  /** Stores these lines in place of those stored before. */
  save(user: string, lines: readonly string[]): void;
}

/** The newest lines that a user typed, masked by `maskSecrets`. */
export interface PastLines {
  /** Returns the lines, oldest first; `add` changes this array. */
  all(): readonly string[];
  /** Adds a line, masked by `maskSecrets`, and saves the lines. An empty line, or one then equal to the last, is ignored. */
  add(line: string): void;
}

/** Returns the past lines of a user, loaded from the store; the oldest are left out if there are too many. */
export function createPastLines(user: string, historyStore: LineHistoryStore): PastLines {
  const lines = [...historyStore.load(user)].slice(-MAX_LINES);
  return {
    all: () => lines,
    add(line) {
      const masked = maskSecrets(line.trim());
      if (masked === '' || masked === lines.at(-1)) return;
      lines.push(masked);
      if (lines.length > MAX_LINES) lines.splice(0, lines.length - MAX_LINES);
      historyStore.save(user, lines);
    },
  };
}

const MASK = '***';
/** The word or quoted text after a word, or after a quoted word, that ends as the key of a secret. */
const AFTER_SECRET_KEY = (() => {
  const key = '[^\\s"\'=]*(?:password|passwd|passphrase|secret|token|psk|pin|code)';
  return new RegExp(`(?<=(?:^|\\s)(?:${key}|"${key}"|'${key}')[\\]):]*(?:=|\\s+))(?:"[^"]*"?|'[^']*'?|[^\\s"'=]\\S*|=\\S+)`, 'gi');
})();

/**
 * Returns the line with `***` in place of passwords in URLs, and of the word or quoted text after a word that ends in `password`,
 * `token`, `code` or the like, also if that word is quoted. A bracket and a colon may follow it, then white space or `=`. Other forms stay,
 * such as `password = x` or `token:x`.
 */
export function maskSecrets(line: string): string {
  return withoutUrlPasswords(line, MASK).replace(AFTER_SECRET_KEY, MASK);
}

/** A longer file was not written by this program. Units: characters. Source: 200 lines of the longest. */
const MAX_CHARS = 1_000_000;

const FILE_BEGIN = 'console-lines-';

/** Returns true if this is the name of a file with past lines of a user, or of its temporary file. Only the name is checked. */
export function isLineHistory(name: string): boolean {
  return name.startsWith(FILE_BEGIN);
}

/** Returns a store that keeps the lines of a user in a file of this folder, which is created at the first save; null stores nothing. */
export function createLineHistoryStore(dir: string | null): LineHistoryStore {
  const fileOf = (user: string): string => join(dir ?? '', `${FILE_BEGIN}${user.replace(/[^\w.-]/g, '_')}`);
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
        // A full or read-only disk must not stop the session; it still has the lines of this session in memory.
      }
    },
  };
}
