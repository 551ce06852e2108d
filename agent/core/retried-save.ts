import type { Clock, MonoMs } from './clock.ts';
import type { Store } from './store-port.ts';
import { DISK_RETRY_MS } from './within.ts';

/**
 * Passed to `load` of the store as `unread`. The result is then `UNREAD` if the disk could not be read, and undefined for a key without a
 * value or with a damaged one.
 */
export const UNREAD = Symbol('unread');

/** How a `RetriedSave` reads and saves the state of its owner, and reports a failure. */
export interface RetriedSaveParts {
  readonly clock: Pick<Clock, 'monoMs'>;
  /** Reads and takes what earlier runs stored. Resolves false if the disk could not be read. Absent: there is nothing to read. */
  readonly recall?: () => Promise<boolean>;
  /** Saves the present state. Resolves whether it is on disk. */
  readonly save: () => Promise<boolean>;
  /** Called at the first failed save of a series. A save that was not finished before the next one began does not count. */
  readonly onFailed: () => void;
}

/**
 * Saves the present state. What earlier runs stored is read before the first save, so that a disk that answers late loses nothing. After a
 * failure `tend` saves again, until that succeeds.
 */
export class RetriedSave {
  readonly #parts: RetriedSaveParts;
  #latest: Promise<boolean> = Promise.resolve(true);
  #recalling: Promise<boolean> | null = null;
  #isRecalled: boolean;
  #isFailing = false;
  /** Null while there is nothing to repeat. */
  #retryMono: MonoMs | null = null;

  constructor(parts: RetriedSaveParts) {
    this.#parts = parts;
    this.#isRecalled = parts.recall === undefined;
  }

  /** Resolves whether the newest save succeeded; true before the first. Errors: none. */
  get latest(): Promise<boolean> {
    return this.#latest;
  }

  /** What earlier runs stored has been read, or there is nothing to read. */
  get isRecalled(): boolean {
    return this.#isRecalled;
  }

  /** Reads what earlier runs stored, unless this has succeeded. Resolves whether it has. Errors: rejects if `recall` does. */
  async restore(): Promise<boolean> {
    const isRecalled = await this.#recall();
    if (!isRecalled) this.#retryMono ??= this.#parts.clock.monoMs() + DISK_RETRY_MS;
    return isRecalled;
  }

  /**
   * Starts to save the present state; `latest` has the result. An earlier save that still runs is not awaited, and its result no longer
   * counts.
   */
  now(): void {
    const saving = this.#save().catch(() => false);
    this.#latest = saving;
    this.#retryMono = null;
    void saving.then((isSaved) => {
      if (saving === this.#latest) this.#settle(isSaved);
    });
  }

  /** As `now`, if a call of `now` or `restore` has failed, and 30 s have passed since; otherwise does nothing. */
  tend(): void {
    if (this.#retryMono !== null && this.#parts.clock.monoMs() >= this.#retryMono) this.now();
  }

  /** Without something to read the save starts at once, in the order of the calls. */
  #save(): Promise<boolean> {
    return this.#isRecalled ? this.#parts.save() : this.#recall().then((isRecalled) => isRecalled && this.#parts.save());
  }

  #recall(): Promise<boolean> {
    const { recall } = this.#parts;
    if (this.#isRecalled || recall === undefined) return Promise.resolve(true);
    this.#recalling ??= recall()
      .then((isRecalled) => {
        this.#isRecalled = isRecalled;
        return isRecalled;
      })
      .finally(() => {
        this.#recalling = null;
      });
    return this.#recalling;
  }

  #settle(isSaved: boolean): void {
    const { clock, onFailed } = this.#parts;
    if (!isSaved && !this.#isFailing) onFailed();
    this.#isFailing = !isSaved;
    this.#retryMono = isSaved ? null : clock.monoMs() + DISK_RETRY_MS;
  }
}

/**
 * Gives the stored value of a key to `take`; undefined if it has none, or a damaged one. Resolves true then; false, without a call, if the
 * disk could not be read. Errors: rejects with what `take` throws.
 */
export async function recallStored(store: Pick<Store, 'load'>, key: string, take: (stored: unknown) => void): Promise<boolean> {
  const stored = await store.load(key, UNREAD).catch(() => UNREAD);
  if (stored === UNREAD) return false;
  take(stored);
  return true;
}
