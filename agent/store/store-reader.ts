import type { Clock } from '../core/clock.ts';
import { within } from '../core/within.ts';
import type { Committer } from './client/committer.ts';
import { STORE_TIMEOUT_MS } from './client/storage-client.ts';
import type { Part } from './client/trouble.ts';
import type { Kind, StoreMessages, StoreResult } from './messages.ts';

/** The type of the value in the answer to a request. */
type ValueOf<K extends Kind> = StoreMessages[K]['answer'] extends StoreResult<infer T> ? T : never;
type QuestionKind = Exclude<Kind, 'commit' | 'close'>;

/**
 * Sends requests of readers and chores to the storage thread. They resolve to undefined if the thread reports a failure or does not answer.
 * While the store is closed or the thread is lost, they do so at once.
 */
export class StoreReader {
  readonly #clock: Clock;
  readonly #committer: Committer;
  /** Set when the store starts, and cleared when it ends. */
  isOpen = false;

  constructor(clock: Clock, committer: Committer) {
    this.#clock = clock;
    this.#committer = committer;
  }

  /**
   * Resolves to undefined if the disk cannot be read now, or does not respond in time. A failure that the thread reports in time also sets
   * the trouble of `part`.
   */
  read<K extends QuestionKind>(kind: K, question: StoreMessages[K]['ask'], part: Part): Promise<ValueOf<K> | undefined> {
    return this.#ask(kind, question, part, (answer) => within(this.#clock, STORE_TIMEOUT_MS.caller, answer));
  }

  /** As `read`, but with only the longer limit after which the thread counts as hung: for chores, which have no waiting caller. */
  readUnbounded<K extends QuestionKind>(kind: K, question: StoreMessages[K]['ask'], part: Part): Promise<ValueOf<K> | undefined> {
    return this.#ask(kind, question, part, (answer) => answer);
  }

  async #ask<K extends QuestionKind>(
    kind: K,
    question: StoreMessages[K]['ask'],
    part: Part,
    bounded: <T>(answer: Promise<T>) => Promise<T | undefined>,
  ): Promise<ValueOf<K> | undefined> {
    const { troubles, client } = this.#committer;
    if (!this.isOpen || troubles.has('storage thread')) return undefined;
    const result = (await bounded(client.ask(kind, question))) as StoreResult<ValueOf<K>> | null | undefined;
    if (result === null || result === undefined) return undefined;
    if (result.ok) return result.value;
    troubles.fail(part, result.message);
    return undefined;
  }
}
