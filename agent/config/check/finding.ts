/**
 * One error in a document by its path, before its place in the file is known, and how a path is written for people. `load.ts` converts findings into
 * problems.
 */
import type { Message } from '../../core/message.ts';

/** Keys and list positions from the root: `['lines', 0, 'port']`. Positions count from 0. */
export type Path = readonly (string | number)[];

/** One error or warning about a document, at a path. */
export interface Finding {
  readonly path: Path;
  /** What is wrong, and usually what to write instead. */
  readonly message: Message;
  /** Report the place of the key instead of its value. */
  readonly atKey?: boolean;
  /** The other place of a conflict; its line is added to the message. */
  readonly first?: Path;
  /** A problem in a configuration that is checked as `new`, but a warning in one that is checked as `running`. */
  readonly mayGoOn?: true;
}

/** Returns a path as people write it: `lines[0].devices[2].unit`. Positions in lists count from 0. Empty for the root. */
export function formatPath(path: Path): string {
  return path.map((part, i) => (typeof part === 'number' ? `[${part}]` : i === 0 ? part : `.${part}`)).join('');
}
