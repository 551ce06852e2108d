/**
 * Keeps the book of revisions, in memory and on disk.
 *
 * Owns the order of writing and what is tried again.
 */
import type { Clock, Timer } from '../../core/clock.ts';
import type { Log } from '../../core/ports.ts';
import type { RevisionDisk } from './revision-disk.ts';
import type { RevisionBook } from './revision-history.ts';

export interface RevisionHistoryStore {
  readonly book: RevisionBook;
  /** Why the book on disk is not this one; empty when it is. */
  readonly trouble: string;
  /** In force at once; resolves whether it is on disk. One that the disk does not take is tried again. */
  save(next: RevisionBook): Promise<boolean>;
  /** Resolves when nothing is being written, or the disk takes too long. */
  settled(): Promise<boolean>;
  /** Takes away folders of revisions that the book no longer knows. */
  tidy(): Promise<void>;
}

/** Longest wait for the disk. Units: ms. Source: a stalled flash takes seconds; a line that was lost is not left waiting for more. */
const PATIENCE_MS = 5_000;
/** Units: ms. Source: assumed; as for the store's own troubles. */
const RETRY_MS = 30_000;

export function createRevisionHistoryStore(parts: {
  readonly disk: RevisionDisk;
  readonly clock: Clock;
  readonly log: Log;
  readonly book: RevisionBook;
  readonly onChange: () => void;
}): RevisionHistoryStore {
  const { disk, clock, log } = parts;
  let book = parts.book;
  let trouble = '';
  let writing: Promise<boolean> = Promise.resolve(true);
  let retry: Timer | null = null;

  async function write(): Promise<boolean> {
    retry?.cancel();
    try {
      await disk.writeBook(book);
      trouble = '';
      return true;
    } catch (error) {
      if (!(error instanceof Error && 'code' in error)) throw error;
      trouble = `the revisions cannot be written (${String(error.code)}): check the disk of store.dir`;
      log.event('configuration-not-kept', { cause: error.message }, 'warning');
      retry = clock.after(RETRY_MS, () => void enqueue());
      return false;
    }
  }

  function enqueue(): Promise<boolean> {
    writing = writing.then(write);
    return writing;
  }

  async function inTime(work: Promise<boolean>): Promise<boolean> {
    const late = Promise.withResolvers<boolean>();
    const timer = clock.after(PATIENCE_MS, () => {
      trouble = 'the disk does not answer in time: check the disk of store.dir';
      late.resolve(false);
    });
    const saved = await Promise.race([work, late.promise]);
    timer.cancel();
    return saved;
  }

  return {
    get book() {
      return book;
    },
    get trouble() {
      return trouble;
    },
    async save(next) {
      book = next;
      parts.onChange();
      return inTime(enqueue());
    },
    settled: () => inTime(writing),
    async tidy() {
      const known = new Set(book.revisions.map(({ number }) => number));
      for (const number of await disk.kept()) if (!known.has(number)) await disk.remove(number);
    },
  };
}
