/**
 * Sends requests to the storage thread, abandons a thread that hangs, and starts a new one with the next request after a loss.
 *
 * ```
 *   no thread ──request──► running ──no answer in time, or `close`──► ending ──thread has ended──► no thread
 *                             └───────────────thread ended by itself──────────────────────────────────▲
 * ```
 *
 * There is never more than one thread. An abandoned thread may be blocked in a call to a failing disk; no other thread starts before it
 * ends.
 */

import type { Clock, MonoMs, Timer } from '../../core/clock.ts';
import { type DataRefusal, isDataRefusal, StoreError } from '../../core/errors.ts';
import { type Message, msg } from '../../core/message.ts';
import type { StorePulse } from '../../core/pulse.ts';
import { within } from '../../core/within.ts';
import type { Kind, Notice, OpenLink, Setup, StoreLink, StoreMessages, StoreRequest } from '../messages.ts';

/**
 * Longest waits for the storage thread. Units: ms.
 *
 * `commit`: for a request that mainly writes. `read`: for another request. `check`: for a check of the whole store. These three are counted
 * from the time when the thread has no earlier request. `caller`: for one wait of a reader, a start or a stop; a stop and some readers wait
 * more than once. `close`: for closing the files.
 * Source: assumed; a worn card takes seconds for one flush and a commit has several; a reader finds the same rows a moment later. A check
 * took 3.4 s for 124 MB in the reliability measurement, several times that on a card. Confirmed by: bench `store device` on the gateway
 * with a worn card.
 */
export const STORE_TIMEOUT_MS = { commit: 30_000, read: 5_000, check: 300_000, caller: 5_000, close: 2_000 } as const;

/** How a `StorageClient` starts its thread, and where it reports. */
export interface StorageClientParts {
  /** Starts the thread. */
  readonly openLink: OpenLink;
  /** Read at each start of the thread. */
  readonly setup: () => Setup;
  readonly clock: Pick<Clock, 'wallMs' | 'monoMs' | 'after'>;
  /** Receives each notice that arrives with an answer, before the request resolves. */
  readonly onNotice: (notice: Notice) => void;
  /** Called when the thread is lost, and for each request for which no thread can be started. Not for a call of `close`. */
  readonly onLost: (cause: StoreError) => void;
}

/** A request without an answer so far. */
interface PendingRequest {
  readonly kind: Kind;
  /** The thread has ended: no answer will arrive. */
  readonly giveUp: () => void;
}

/** Sends requests to the storage thread, which is started when a request needs it. A request that gets no answer resolves to null. */
export class StorageClient {
  readonly #parts: StorageClientParts;
  #link: StoreLink | null = null;
  /** In the order of the requests, which is also the order of the answers: the thread works on the first. */
  #pending: PendingRequest[] = [];
  #timeout: Timer | null = null;
  #ending: StoreLink | null = null;
  #unansweredMono: MonoMs | null = null;
  #refusal: DataRefusal | null = null;

  constructor(parts: StorageClientParts) {
    this.#parts = parts;
  }

  /**
   * Sends a request and resolves with the answer; starts the thread if none is running. An answer may be a failure, such as a full disk.
   * Shape: null if there is no thread, if it gave no answer, or if it may not use the data. Errors: rejects, for example, if the request
   * cannot be sent.
   */
  async ask<K extends Kind>(kind: K, question: StoreMessages[K]['ask']): Promise<StoreMessages[K]['answer'] | null> {
    const { clock, onNotice } = this.#parts;
    this.#unansweredMono ??= clock.monoMs();
    const link = this.#opened();
    if (link === null) return null;
    const givenUp = Promise.withResolvers<null>();
    const pending: PendingRequest = { kind, giveUp: () => givenUp.resolve(null) };
    this.#pending.push(pending);
    if (this.#pending[0] === pending) this.#watchFirst();
    const request = { ...question, kind, atMs: clock.wallMs() } as unknown as StoreRequest<K>;
    try {
      const reply = await Promise.race([link.ask<K>(request), givenUp.promise]);
      if (reply === null) return null;
      this.#unansweredMono = null;
      this.#refusal = null;
      for (const notice of reply.notices) onNotice(notice);
      return reply.answer;
    } catch (error) {
      const code = error instanceof StoreError ? error.code : null;
      if (code === 'worker-lost' || (code !== null && isDataRefusal(code))) return null;
      this.#unansweredMono = null; // A failure is an answer too.
      throw error;
    } finally {
      this.#settle(pending);
    }
  }

  /**
   * Closes the files, unless the thread is too slow, and ends the thread. Resolves when the thread has ended or is lost. No effect without
   * a thread. `isAllCommitted`: no numbered frame waits in memory, so the next run may use the numbers after the last stored one.
   */
  async close(isAllCommitted: boolean): Promise<void> {
    const closing = this.#link;
    if (closing === null) return;
    await within(this.#parts.clock, STORE_TIMEOUT_MS.close, this.ask('close', { isAllCommitted }));
    if (this.#link !== closing) return;
    this.#forget();
    await this.#end(closing);
  }

  /**
   * Whether the thread answers: the time of the first request since the last answer, null if there is none. Also whether an earlier
   * thread is still ending, and why a thread may not use the data.
   */
  pulse(): StorePulse {
    return { unansweredMono: this.#unansweredMono, isStuck: this.#ending !== null, refusal: this.#refusal };
  }

  #opened(): StoreLink | null {
    if (this.#link !== null) return this.#link;
    if (this.#ending !== null) return this.#refuse(msg`it hung and has not ended yet; check the storage card (dmesg)`);
    const { openLink, setup } = this.#parts;
    try {
      const opening = openLink(setup(), (cause) => {
        if (this.#link === opening) this.#lose(toLost(msg`${cause.message}`, cause));
      });
      this.#link = opening;
      return opening;
    } catch (cause) {
      return this.#refuse(msg`it cannot be started: ${cause instanceof Error ? cause.message : String(cause)}`, cause);
    }
  }

  #refuse(why: Message, cause?: unknown): null {
    this.#parts.onLost(toLost(msg`no storage thread: ${why}; the agent tries again`, cause));
    return null;
  }

  #forget(): void {
    const gone = this.#pending;
    this.#link = null;
    this.#pending = [];
    this.#watchFirst();
    for (const request of gone) request.giveUp();
  }

  #lose(cause: StoreError): void {
    this.#refusal = isDataRefusal(cause.code) ? cause.code : null;
    // That is an answer: the thread does not hang.
    if (this.#refusal !== null) this.#unansweredMono = null;
    this.#forget();
    this.#parts.onLost(cause);
  }

  async #end(ending: StoreLink): Promise<void> {
    this.#ending = ending;
    await ending.close();
    this.#ending = null;
  }

  /** The thread works only on the first request, so the time of a request starts when it becomes the first. */
  #watchFirst(): void {
    this.#timeout?.cancel();
    const [first] = this.#pending;
    if (first === undefined) return;
    const limitMs = timeoutFor(first.kind);
    this.#timeout = this.#parts.clock.after(limitMs, () => this.#abandon(first.kind, limitMs));
  }

  #abandon(kind: Kind, limitMs: number): void {
    if (this.#link !== null) void this.#end(this.#link);
    const seconds = limitMs / 1_000;
    this.#lose(toLost(msg`the storage thread hangs: no answer to ${kind} within ${seconds} s; the agent ends it and starts it again`));
  }

  #settle(request: PendingRequest): void {
    const wasFirst = this.#pending[0] === request;
    this.#pending = this.#pending.filter((other) => other !== request);
    if (wasFirst) this.#watchFirst();
  }
}

function timeoutFor(kind: Kind): number {
  if (kind === 'check') return STORE_TIMEOUT_MS.check;
  // These write as well.
  return kind === 'commit' || kind === 'compact' || kind === 'retain' || kind === 'makeRoom' || kind === 'backup'
    ? STORE_TIMEOUT_MS.commit
    : STORE_TIMEOUT_MS.read;
}

function toLost(message: Message, cause?: unknown): StoreError {
  return cause instanceof StoreError ? cause : new StoreError('worker-lost', message, { cause });
}
