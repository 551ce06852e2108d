/**
 * A worker: takes messages from the shared subscription, writes them in batches, and acknowledges what is committed.
 *
 * Its memory is a cache and a queue. What it has not committed when it is killed is not acknowledged, so the cabinets send it again.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { BrokerAddress } from '../broker/broker-files.ts';
import { type HostConnection, openConnection } from '../broker/mqtt-connection.ts';
import { IntakeQueue } from '../core/intake.ts';
import { sharedTopics } from '../core/topic.ts';
import { BIRTH_CHANNEL, readBirthNotice } from '../database/birth-notices.ts';
import { NodeRegistry } from '../database/node-registry.ts';
import type { Database } from '../database/postgres.ts';
import { noteProcess } from '../database/processes.ts';
import type { HostLog } from '../service/host-log.ts';
import type { HostMetrics } from '../service/metrics.ts';
import { untilDone } from '../service/retry.ts';
import { AckSender } from './ack-sender.ts';
import { BatchWriter } from './batch-writer.ts';
import { createNodeWriter } from './node-writer.ts';
import { Pipeline, type RawMessage } from './pipeline.ts';

/** Options of a `Worker`. It does not check the tables of `database`, and sets all `metrics` but `sent` and `online`. */
export interface WorkerOptions {
  /** Its key in the table of running processes; no two workers may have the same. */
  readonly id: string;
  readonly broker: BrokerAddress;
  readonly database: Database;
  /** Sparkplug groups whose messages it receives; `+` stands for all. */
  readonly groups: readonly string[];
  /** Names the shared subscription: workers with the same one divide its messages. Unused with `broker.isWithoutShares`. */
  readonly hostId: string;
  /** True requests the backlog packed. False does not withdraw a request that a node accepted before. */
  readonly isPacked: boolean;
  readonly metrics: HostMetrics;
  readonly log: HostLog;
}

/** A batch is written when its first message is this old. Units: ms. Source: assumed; a tenth of the 2 s that a reading may be late. Confirmed by: `npm run platform -- bench`. */
const BATCH_MS = 200;
/** Messages of one batch. Source: assumed; about 16,000 readings, a transaction of a quarter of a second. Confirmed by: `npm run platform -- bench`. */
const BATCH_MESSAGES = 2_000;
/** Beyond this the socket is not read. Source: assumed; ten seconds of a city for one worker, and little memory. Confirmed by: `npm run platform -- bench`. */
const QUEUE = { messages: 10_000, bytes: 32 * 2 ** 20 };
const TICK_MS = 100;
/** Source: assumed; three reports fit into the time after which a worker counts as gone. Units: ms. Confirmed by: restarts under load. */
const HEARTBEAT_MS = 1_000;

/**
 * Writes the messages of the shared subscription to the database in batches, from `start` to `stop`. After the commit it sends
 * acknowledgements to the cabinets.
 */
export class Worker {
  readonly #options: WorkerOptions;
  readonly #registry = new NodeRegistry();
  readonly #queue = new IntakeQueue<RawMessage>(QUEUE);
  readonly #acks: AckSender;
  readonly #pipeline: Pipeline;
  readonly #startedMs = Date.now();
  #connection: HostConnection | null = null;
  #isStopping = false;
  #loop: Promise<unknown> = Promise.resolve();

  constructor(options: WorkerOptions) {
    this.#options = options;
    const { database, id, metrics, log } = options;
    const write = createNodeWriter(() => this.#connection);
    this.#acks = new AckSender(this.#registry, write, metrics);
    const writer = new BatchWriter(database, this.#registry, id, ({ message: reason }) => {
      metrics.retries.inc();
      log('batch-halved', { reason });
    });
    this.#pipeline = new Pipeline({ ...options, writer, acks: this.#acks, write });
  }

  /**
   * Resolves once it listens to the database; waits while that is away. It connects to the broker by itself, now and later. Errors: rejects,
   * for example if the database refuses the login. Later, such an error while it writes ends the process.
   */
  async start(): Promise<void> {
    const { database, broker, groups, hostId, id, log } = this.#options;
    await untilDone(
      () =>
        database.listen(
          [BIRTH_CHANNEL],
          (_, payload) => this.#onBirthNotice(payload),
          () => this.#registry.invalidate(),
        ),
      (failure) => log('database-away', { reason: failure.message }),
    );
    this.#connection = openConnection({
      broker,
      topics: sharedTopics(hostId, groups),
      onMessage: (topic, payload, onRoom) => this.#take(topic, payload, onRoom),
      onReady: () => log('subscribed', { id }),
      onLost: () => log('broker-lost'),
      onError: (error) => log('broker-error', { reason: error.message }),
    });
    this.#loop = Promise.all([this.#writeLoop(), this.#heartbeatLoop(), this.#ackLoop()]);
    // An error here is a programming error.
    this.#loop.catch((error: unknown) => {
      throw error;
    });
  }

  /**
   * Takes no more messages, writes those in the queue, acknowledges what is committed if the broker is connected, and ends. Messages that
   * wait for a birth are dropped. Waits while the database is away.
   */
  async stop(): Promise<void> {
    await this.#connection?.unsubscribe();
    this.#isStopping = true;
    await this.#loop;
    await this.#acks.send(Number.POSITIVE_INFINITY);
    await this.#connection?.close();
  }

  #take(topic: string, payload: Buffer, onRoom: () => void): void {
    const receivedMono = performance.now();
    this.#queue.push({ topic, payload, receivedMs: Date.now(), receivedMono }, payload.length, () => {
      this.#options.metrics.pausedSeconds.inc((performance.now() - receivedMono) / 1_000);
      onRoom();
    });
  }

  #onBirthNotice(payload: string): void {
    const notice = readBirthNotice(payload);
    if (notice === undefined) this.#registry.invalidate();
    else if (notice.by !== this.#options.id) for (const id of notice.nodes) this.#registry.invalidate(id);
  }

  async #writeLoop(): Promise<void> {
    const { metrics } = this.#options;
    while (!this.#isStopping || this.#queue.length > 0) {
      if (this.#queue.length < BATCH_MESSAGES && !this.#isStopping) await pause(BATCH_MS);
      await this.#pipeline.handle(this.#queue.take(BATCH_MESSAGES));
      metrics.queued.set(this.#queue.length);
      metrics.queuedBytes.set(this.#queue.bytes);
    }
  }

  async #ackLoop(): Promise<void> {
    while (!this.#isStopping) {
      await pause(TICK_MS);
      // Without a connection they wait: the newest one of each node is enough.
      if (this.#connection?.isReady === true) await this.#acks.send(performance.now());
    }
  }

  async #heartbeatLoop(): Promise<void> {
    const { database, id, log } = this.#options;
    while (!this.#isStopping) {
      const isReady = this.#connection?.isReady === true;
      await noteProcess(database.query, { id, kind: 'worker', startedMs: this.#startedMs, isReady }).catch((error: unknown) =>
        log('heartbeat-failed', { reason: error instanceof Error ? error.message : String(error) }),
      );
      await pause(HEARTBEAT_MS);
    }
  }
}
