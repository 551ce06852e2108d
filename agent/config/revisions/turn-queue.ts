/**
 * The requests to the revisions, one at a time.
 *
 * A check of a hostile text takes up to two minutes. What ends a trial must not wait for it: a revision that loses a line would stay in force.
 */

/**
 * The order of waiting requests: first what ends a trial, then requests of the console, then those of the platform. Requests of one rank keep
 * their order.
 */
const RANKS = ['trial-end', 'console', 'platform'] as const;
/**
 * The rank of a request in the queue. Waiting requests of `trial-end` are handled first, then those of `console`, then those of `platform`.
 */
export type TurnRank = (typeof RANKS)[number];

/**
 * Runs work one at a time: first that of rank `trial-end`, then `console`, then `platform`, each in its order. Adding work of rank
 * `trial-end` also aborts `signal` of running work with another rank; the queue itself stops no work.
 */
export class TurnQueue {
  readonly #waiting: Readonly<Record<TurnRank, (() => Promise<void>)[]>> = { 'trial-end': [], console: [], platform: [] };
  #running: { readonly rank: TurnRank; readonly interrupt: AbortController } | null = null;
  #isClosed = false;
  #idle = Promise.withResolvers<void>();

  constructor() {
    this.#idle.resolve();
  }

  /** Aborted when the running work must end its check: a trial ends, or the queue is closed. Undefined if no work runs. */
  get signal(): AbortSignal | undefined {
    return this.#running?.interrupt.signal;
  }

  /** Returns how many requests of this rank have not begun. */
  waiting(rank: TurnRank): number {
    return this.#waiting[rank].length;
  }

  /**
   * Runs the work in its turn, at once if no other runs, and resolves with its result. `work` must not throw itself. Errors: rejects as
   * `work`.
   */
  add<T>(rank: TurnRank, work: () => Promise<T>): Promise<T> {
    const result = Promise.withResolvers<T>();
    this.#waiting[rank].push(() => work().then(result.resolve, result.reject));
    if (rank === 'trial-end' && this.#running?.rank !== 'trial-end') this.#running?.interrupt.abort();
    if (this.#running === null) void this.#runAll();
    return result.promise;
  }

  /** Aborts `signal` of the running and all later work. Resolves when no work waits or runs. Work that is added later still runs. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#running?.interrupt.abort();
    await this.#idle.promise;
  }

  async #runAll(): Promise<void> {
    this.#idle = Promise.withResolvers();
    for (let rank = this.#next(); rank !== undefined; rank = this.#next()) {
      const interrupt = new AbortController();
      if (this.#isClosed) interrupt.abort();
      this.#running = { rank, interrupt };
      await this.#waiting[rank].shift()?.();
    }
    this.#running = null;
    this.#idle.resolve();
  }

  #next(): TurnRank | undefined {
    return RANKS.find((rank) => this.#waiting[rank].length > 0);
  }
}
