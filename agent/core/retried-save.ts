import type { Clock, MonoMs } from './clock.ts';
import { DISK_RETRY_MS } from './within.ts';

/** The dependencies with which `RetriedSave` is created. */
export interface RetriedSaveParts {
  readonly clock: Pick<Clock, 'monoMs'>;
  /** Saves the present state. Resolves whether it is on disk. */
  readonly save: () => Promise<boolean>;
  /** Called for a failure that does not follow another one. */
  readonly onFailed: () => void;
}

/** Saves the present state. A failed save is repeated by `tend`, until one succeeds. */
export class RetriedSave {
  readonly #parts: RetriedSaveParts;
  #latest: Promise<boolean> = Promise.resolve(true);
  #isFailing = false;
  /** Null while there is nothing to repeat. */
  #retryMono: MonoMs | null = null;

  constructor(parts: RetriedSaveParts) {
    this.#parts = parts;
  }

  /** Resolves whether the newest save succeeded; true before the first. Errors: none. */
  get latest(): Promise<boolean> {
    return this.#latest;
  }

  /** Starts to save the present state; `latest` has the result. An earlier save that still runs is not awaited, and its result no longer counts. */
  now(): void {
    const saving = this.#parts.save().catch(() => false);
    this.#latest = saving;
    this.#retryMono = null;
    void saving.then((isSaved) => {
      if (saving === this.#latest) this.#settle(isSaved);
    });
  }

  /** Repeats a failed save, once 30 s have passed since its failure; otherwise does nothing. */
  tend(): void {
    if (this.#retryMono !== null && this.#parts.clock.monoMs() >= this.#retryMono) this.now();
  }

  #settle(isSaved: boolean): void {
    const { clock, onFailed } = this.#parts;
    if (!isSaved && !this.#isFailing) onFailed();
    this.#isFailing = !isSaved;
    this.#retryMono = isSaved ? null : clock.monoMs() + DISK_RETRY_MS;
  }
}
