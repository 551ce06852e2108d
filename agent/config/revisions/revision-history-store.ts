import type { Clock, Timer } from '../../core/clock.ts';
import { type Message, msg, NO_TEXT } from '../../core/message.ts';
import type { Log } from '../../core/ports.ts';
import { DISK_RETRY_MS } from '../../core/within.ts';
import type { RevisionDisk } from './revision-disk.ts';
import type { RevisionHistory } from './revision-history-file.ts';

/** The dependencies with which `RevisionHistoryStore` is created. `history`: the one at the start of the run, which need not be on disk. */
export interface RevisionHistoryStoreParts {
  readonly disk: RevisionDisk;
  readonly clock: Clock;
  readonly log: Log;
  readonly history: RevisionHistory;
  /** Called after each change in memory, before it is on disk. */
  readonly onChange: () => void;
  /** Called after each successful write. */
  readonly onKept?: () => void;
}

/** Longest wait for the disk. Units: ms. Source: a stalled flash takes seconds; a lost line must not wait longer for its configuration. */
const DISK_TIMEOUT_MS = 5_000;

/**
 * The history of revisions, in memory and on disk. A change is in force immediately and then written to disk. `in time` means within 5 s.
 */
export class RevisionHistoryStore {
  readonly #parts: RevisionHistoryStoreParts;
  #history: RevisionHistory;
  #trouble: Message = NO_TEXT;
  #writing: Promise<boolean> = Promise.resolve(true);
  #retry: Timer | null = null;

  constructor(parts: RevisionHistoryStoreParts) {
    this.#parts = parts;
    this.#history = parts.history;
  }

  get history(): RevisionHistory {
    return this.#history;
  }

  /** Why the disk refused the history or took too long; empty if neither has happened since the last successful write. */
  get trouble(): Message {
    return this.#trouble;
  }

  /** Puts a history in force immediately. Resolves true if it, or a later one, is on disk in time; a failed write is repeated later. */
  save(next: RevisionHistory): Promise<boolean> {
    this.#history = next;
    this.#parts.onChange();
    return this.#inTime(this.#enqueueWrite());
  }

  /**
   * As `save`, but a history that is not on disk in time is withdrawn: the previous one is in force again, and is written. A restart before
   * that may still find the withdrawn one. Resolves with why it could not be saved; empty if it was. Make no other change before it has
   * resolved.
   */
  async saveOrWithdraw(next: RevisionHistory): Promise<Message> {
    const before = this.#history;
    if (await this.save(next)) return NO_TEXT;
    const trouble = this.#trouble;
    void this.save(before);
    return trouble;
  }

  /**
   * Removes the mark of a trial that `isMarked`, so that the next start does not continue it. Resolves true if that is on disk in time;
   * also for a trial without a mark, which the next start may continue.
   */
  noteReturned(number: number): Promise<boolean> {
    const noted = this.#parts.disk.unmarkTrial(number).then(
      () => true,
      (error: unknown) => {
        if (!(error instanceof Error && 'code' in error)) throw error;
        return false;
      },
    );
    return this.#inTime(noted);
  }

  /** Resolves when the requested writes of the history have ended, or the disk takes too long. True if the last one succeeded in time. */
  settled(): Promise<boolean> {
    return this.#inTime(this.#writing);
  }

  /** Removes the folders of revisions that are no longer in the history. If the disk refuses this, a warning is logged. */
  async removeForgotten(): Promise<void> {
    const { disk, log } = this.#parts;
    const known = new Set(this.#history.revisions.map(({ number }) => number));
    try {
      for (const number of await disk.kept()) if (!known.has(number)) await disk.remove(number);
    } catch (error) {
      if (!(error instanceof Error && 'code' in error)) throw error;
      log.event('revisions-not-removed', { cause: error.message, check: 'the disk of store.dir' }, 'warning');
    }
  }

  #enqueueWrite(): Promise<boolean> {
    this.#writing = this.#writing.then(() => this.#write());
    return this.#writing;
  }

  async #write(): Promise<boolean> {
    const { disk, clock, log } = this.#parts;
    this.#retry?.cancel();
    try {
      await disk.writeHistory(this.#history);
      this.#trouble = NO_TEXT;
      this.#parts.onKept?.();
      return true;
    } catch (error) {
      if (!(error instanceof Error && 'code' in error)) throw error;
      this.#trouble = msg`the revisions cannot be written (${String(error.code)}): check the disk of store.dir`;
      log.event('configuration-not-kept', { cause: error.message }, 'warning');
      this.#retry = clock.after(DISK_RETRY_MS, () => void this.#enqueueWrite());
      return false;
    }
  }

  async #inTime(work: Promise<boolean>): Promise<boolean> {
    const late = Promise.withResolvers<boolean>();
    const timer = this.#parts.clock.after(DISK_TIMEOUT_MS, () => {
      this.#trouble = msg`the disk does not answer in time: check the disk of store.dir`;
      late.resolve(false);
    });
    const saved = await Promise.race([work, late.promise]);
    timer.cancel();
    return saved;
  }
}
