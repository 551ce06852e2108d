/**
 * Turns messages into transactions: births first, then everything else, then what may be acknowledged.
 */
import { Batch } from '../core/batch.ts';
import { PlatformFailure } from '../core/errors.ts';
import type { NodeMessage } from '../core/message.ts';
import type { CachedNode, NodeRegistry } from '../database/node-registry.ts';
import { ReadingPartitions } from '../database/partitions.ts';
import { type Database, isTimeout } from '../database/postgres.ts';
import { type StoredBatch, storeBatch } from '../database/store-batch.ts';
import { type BornSession, storeBirths } from '../database/store-births.ts';
import { createSeries } from '../database/store-series.ts';

/** What remains of a batch after its commit. Its readings are not kept: many batches of one group would fill the memory. */
export interface StoredSummary extends Pick<Batch, 'invalid' | 'sentMs' | 'unreadable'> {
  /** How many it had, with those that were stored before. */
  readonly readings: number;
  readonly result: StoredBatch;
}

/** What became of messages. `waiting`: a birth is missing, so they must be tried again. */
export interface WrittenMessages {
  /** One for each batch that was committed. */
  readonly stored: readonly StoredSummary[];
  /** The sessions that NBIRTHs among the messages began. */
  readonly sessions: readonly BornSession[];
  readonly waiting: readonly { readonly message: NodeMessage; readonly node: CachedNode }[];
  /** Messages refused for what they contain, by the database or this program. */
  readonly rejected: readonly { readonly message: NodeMessage; readonly reason: string }[];
}

/** Readings of one transaction. Source: measured, a third of a second; as columns they take 10 MB. */
const BATCH_READINGS = 50_000;

type Placed = { readonly message: NodeMessage; readonly node: CachedNode };

/** Writes messages of any nodes to the database: first the sessions, aliases and series of births, then the contents of all messages. */
export class BatchWriter {
  readonly #database: Database;
  readonly #registry: NodeRegistry;
  readonly #workerId: string;
  readonly #onTimeout: (failure: PlatformFailure) => void;
  readonly #partitions = new ReadingPartitions();
  #server = '';

  /**
   * `workerId`: the sender in notifications of births. `onTimeout` gets each failure of a transaction that took too long and is now
   * written in halves.
   */
  constructor(database: Database, registry: NodeRegistry, workerId: string, onTimeout: (failure: PlatformFailure) => void = () => {}) {
    this.#database = database;
    this.#registry = registry;
    this.#workerId = workerId;
    this.#onTimeout = onTimeout;
  }

  /**
   * Writes the messages. `onBatch` gets each batch before its transaction, and each half of one that is written in halves.
   *
   * Errors: rejects, for example with PlatformFailure to be retried, possibly after some of the batches were committed. The same messages
   * may be written again, since nothing is stored twice.
   */
  async write(messages: readonly NodeMessage[], onBatch: (batch: Batch) => void): Promise<WrittenMessages> {
    const nodes = await this.#registry.resolve(
      this.#database.query,
      messages.map(({ origin }) => origin),
    );
    // A restored database may lack partitions that were made.
    if (this.#registry.server !== this.#server) this.#partitions.forget();
    this.#server = this.#registry.server;
    const placed = messages.map((message, i): Placed => ({ message, node: nodes[i] as CachedNode }));
    const written = { stored: [], sessions: [], waiting: [], rejected: [] } as Mutable<WrittenMessages>;
    const births = placed.filter(({ message }) => message.origin.verb === 'NBIRTH' || message.origin.verb === 'DBIRTH');
    const tooLarge = births.filter(({ message, node }) => node.isTooLarge(message.payload.metrics.length));
    for (const { message } of tooLarge) written.rejected.push({ message, reason: 'the node has too many metrics' });
    const sound = births.filter((birth) => !tooLarge.includes(birth));
    if (sound.length > 0) await this.#writeBirths(sound, written);
    // A birth that the database refuses must not be tried again with the data.
    const refused = new Set(written.rejected.map(({ message }) => message));
    await this.#writeBatches(
      placed.filter(({ message }) => !refused.has(message)),
      written,
      onBatch,
    );
    return written;
  }

  async #writeBirths(births: readonly Placed[], written: Mutable<WrittenMessages>): Promise<void> {
    await this.#orHalves(
      births,
      written,
      async () => {
        written.sessions.push(...(await storeBirths(this.#database, births, this.#workerId)));
      },
      (half) => this.#writeBirths(half, written),
    );
  }

  /** In batches of bounded size: a message of packed rows contains thousands of readings. */
  async #writeBatches(placed: readonly Placed[], written: Mutable<WrittenMessages>, onBatch: (batch: Batch) => void): Promise<void> {
    let [batch, added] = [new Batch(), [] as Placed[]];
    for (const one of placed) {
      if (await this.#add(batch, one, written)) added.push(one);
      if (batch.readings.series.length < BATCH_READINGS) continue;
      await this.#writeBatch(batch, added, written, onBatch);
      [batch, added] = [new Batch(), []];
    }
    await this.#writeBatch(batch, added, written, onBatch);
  }

  async #writeBatch(
    batch: Batch,
    added: readonly Placed[],
    written: Mutable<WrittenMessages>,
    onBatch: (batch: Batch) => void,
  ): Promise<void> {
    if (batch.isEmpty) return;
    onBatch(batch);
    await this.#orHalves(
      added,
      written,
      async () => {
        await this.#partitions.ensure(this.#database, batch.readings.atMs, Date.now());
        const result = await storeBatch(this.#database, batch);
        const { invalid, sentMs, unreadable, readings } = batch;
        written.stored.push({ invalid, sentMs, unreadable, readings: readings.series.length, result });
      },
      (half) => this.#writeBatches(half, written, onBatch),
    );
  }

  /** Adds a message to the batch; false if it waits for a birth that this worker does not have, or is rejected. */
  async #add(batch: Batch, one: Placed, written: Mutable<WrittenMessages>): Promise<boolean> {
    const { message, node } = one;
    const missing = batch.add(message, node);
    if (missing === undefined) return true;
    if (missing.kind === 'birth-missing') {
      this.#registry.missed(node, performance.now());
      written.waiting.push(one);
      return false;
    }
    try {
      await createSeries(this.#database.query, node, missing.points);
    } catch (error) {
      if (!isRejected(error)) throw error;
      written.rejected.push({ message, reason: error.message });
      return false;
    }
    if (batch.add(message, node) === undefined) return true;
    written.rejected.push({ message, reason: 'its series could not be made' });
    return false;
  }

  /**
   * One message that the database refuses must not stop the others, and a batch that takes too long would take too long again: then each half
   * is written for itself. Errors: rejects with a PlatformFailure to be retried, also if one message alone takes too long.
   */
  async #orHalves(
    all: readonly Placed[],
    written: Mutable<WrittenMessages>,
    work: () => Promise<void>,
    again: (half: readonly Placed[]) => Promise<void>,
  ): Promise<void> {
    try {
      await work();
    } catch (error) {
      const isSlow = isTimeout(error) && all.length > 1;
      if (!isSlow && !isRejected(error)) throw error;
      if (isSlow) this.#onTimeout(error);
      const [only] = all;
      if (all.length === 1 && only !== undefined) {
        written.rejected.push({ message: only.message, reason: error.message });
        return;
      }
      const middle = Math.ceil(all.length / 2);
      await again(all.slice(0, middle));
      await again(all.slice(middle));
    }
  }
}

function isRejected(error: unknown): error is PlatformFailure {
  return error instanceof PlatformFailure && error.policy.kind === 'drop';
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] extends readonly (infer E)[] ? E[] : T[K] };
