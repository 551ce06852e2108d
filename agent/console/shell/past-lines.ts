/**
 * The lines that a user has typed before, limited in number, with secrets masked.
 *
 * `line-history-file.ts` stores them.
 */

/** Source: assumed; a day's work at one cabinet. */
const MAX_LINES = 200;

/** Stores the lines of a user from one session to the next. Errors: none; what cannot be stored is lost. */
export interface LineHistoryStore {
  /** Oldest first. */
  load(user: string): readonly string[];
  save(user: string, lines: readonly string[]): void;
}

export interface PastLines {
  /** Oldest first. */
  all(): readonly string[];
  add(line: string): void;
}

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

/** Returns the line with passwords, tokens and codes replaced by `***`. */
export function maskSecrets(line: string): string {
  return line
    .replace(/(\b[a-z][a-z0-9+.-]*:\/\/[^\s:/@"']*:)[^\s@"']+@/gi, `$1${MASK}@`)
    .replace(
      /((?:^|\s)(?:--)?[\w.-]*(?:password|passwd|passphrase|secret|token|psk|pin|code)(?:=|\s+))("[^"]*"?|'[^']*'?|\S+)/gi,
      `$1${MASK}`,
    );
}
