/**
 * A worker: takes messages from the shared subscription, writes them in batches, and acknowledges what is committed.
 *
 * Its memory is a cache and a queue. What it has not committed when it is killed is not acknowledged, so the cabinets send it again.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { type BrokerAddress, type HostConnection, openConnection } from '../broker/mqtt-connection.ts';
import { AckOutbox, type AckPoint, type LogPoint } from '../core/acks.ts';
import type { Batch, NodeMessage } from '../core/batch.ts';
import { PACKED_BACKLOG } from '../core/births.ts';
import { IntakeQueue } from '../core/intake.ts';
import { commandTopic, readTopic, sharedTopics } from '../core/topic.ts';
import { readPayload, writePayload } from '../core/wire.ts';
import { type CachedNode, NodeRegistry } from '../database/node-registry.ts';
import type { Database } from '../database/postgres.ts';
import { noteProcess, wantRebirths } from '../database/processes.ts';
import { readHeads } from '../database/store-batch.ts';
import type { BornSession } from '../database/store-births.ts';
import type { HostLog } from '../service/host-log.ts';
import type { HostMetrics } from '../service/metrics.ts';
import { untilDone } from '../service/retry.ts';
import { BatchWriter, type WrittenMessages } from './batch-writer.ts';

/** The parts of a worker. */
export interface WorkerOptions {
  readonly id: string;
  readonly broker: BrokerAddress;
  readonly database: Database;
  readonly groups: readonly string[];
  /** Workers of the same host share one subscription. */
  readonly hostId: string;
  /** Requests the backlog packed. */
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
/** How long a message waits for a birth that another worker may be storing. Units: ms. Source: assumed; longer than the lag of births at the start of a whole city. Confirmed by: `npm run city -- --phases start`, messages left out. */
const PARK_MS = 10_000;
/** Messages that wait for births; beyond it the oldest are dropped and come again. Source: assumed; a second of a city. Confirmed by: a first contact with a whole city. */
const MOST_PARKED = 5_000;
/** Source: docs/platform.md: acknowledge about once a second, and the audit log at most once in 5 s. Units: ms. */
const ACK_MS = { rows: 1_000, log: 5_000 };
const TICK_MS = 100;
/** Source: assumed; three reports fit into the time after which a worker counts as gone. Units: ms. Confirmed by: restarts under load. */
const HEARTBEAT_MS = 1_000;

/** One worker, from `start` to `stop`. */
export class Worker {
  readonly #options: WorkerOptions;
  readonly #registry = new NodeRegistry();
  readonly #writer: BatchWriter;
  readonly #queue = new IntakeQueue<{ readonly topic: string; readonly payload: Buffer; readonly receivedMs: number }>(QUEUE);
  readonly #rowAcks = new AckOutbox<{ readonly node: CachedNode; readonly text: string }>(ACK_MS.rows);
  readonly #logAcks = new AckOutbox<{ readonly node: CachedNode; readonly text: string }>(ACK_MS.log);
  readonly #startedMs = Date.now();
  #parked: { readonly message: NodeMessage; readonly node: CachedNode }[] = [];
  #connection: HostConnection | null = null;
  #isStopping = false;
  #loop: Promise<unknown> = Promise.resolve();

  constructor(options: WorkerOptions) {
    this.#options = options;
    this.#writer = new BatchWriter(options.database, this.#registry, options.id);
  }

  /** Resolves once it is subscribed for the first time or the broker is away; it connects by itself. */
  async start(): Promise<void> {
    const { database, broker, groups, hostId, id, log } = this.#options;
    await untilDone(
      () =>
        database.listen(
          ['luciole_birth'],
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

  /** Takes no more messages, writes those that wait, acknowledges them, and ends. */
  async stop(): Promise<void> {
    await this.#connection?.unsubscribe();
    this.#isStopping = true;
    await this.#loop;
    await this.#sendAcks(Number.POSITIVE_INFINITY);
    await this.#connection?.close();
  }

  #take(topic: string, payload: Buffer, onRoom: () => void): void {
    const fullMs = Date.now();
    this.#queue.push({ topic, payload, receivedMs: fullMs }, payload.length, () => {
      const pausedMs = Date.now() - fullMs;
      if (pausedMs > 0) this.#options.metrics.pausedSeconds.inc(pausedMs / 1_000);
      onRoom();
    });
  }

  #onBirthNotice(payload: string): void {
    const { by, nodes } = JSON.parse(payload) as { by: string; nodes: number[] };
    if (by !== this.#options.id) for (const id of nodes) this.#registry.invalidate(id);
  }

  async #writeLoop(): Promise<void> {
    const { metrics } = this.#options;
    while (!this.#isStopping || this.#queue.length > 0) {
      if (this.#queue.length < BATCH_MESSAGES && !this.#isStopping) await pause(BATCH_MS);
      const messages = this.#queue.take(BATCH_MESSAGES).flatMap((raw) => this.#read(raw));
      const parked = this.#parked.splice(0);
      if (messages.length + parked.length > 0) await this.#write([...parked.map(({ message }) => message), ...messages]);
      metrics.queued.set(this.#queue.length);
      metrics.queuedBytes.set(this.#queue.bytes);
      metrics.parked.set(this.#parked.length);
    }
  }

  #read({
    topic,
    payload: bytes,
    receivedMs,
  }: {
    readonly topic: string;
    readonly payload: Buffer;
    readonly receivedMs: number;
  }): NodeMessage[] {
    const { metrics } = this.#options;
    const origin = readTopic(topic);
    const payload = origin === undefined ? undefined : readPayload(bytes);
    if (origin === undefined || payload === undefined) {
      metrics.dropped.inc({ reason: 'not-sparkplug' });
      return [];
    }
    metrics.messages.inc({ verb: origin.verb });
    return [{ origin, payload, receivedMs }];
  }

  async #write(messages: readonly NodeMessage[]): Promise<void> {
    const { metrics, log } = this.#options;
    let startMs = performance.now();
    const written = await untilDone(
      () => {
        startMs = performance.now();
        return this.#writer.write(messages, (batch) => this.#relay(batch));
      },
      (failure) => {
        metrics.retries.inc();
        log('database-away', { reason: failure.message });
      },
    );
    metrics.commit.observe((performance.now() - startMs) / 1_000);
    this.#count(written);
    for (const { batch, result } of written.stored) {
      for (const ack of result.acks) this.#addAck(ack);
      for (const logPoint of result.logs) this.#addLogAck(logPoint);
      metrics.readings.inc(batch.readings.series.length);
    }
    if (written.sessions.length > 0) await this.#welcome(written.sessions);
    await this.#park(written.waiting);
  }

  #count({ stored, rejected }: WrittenMessages): void {
    const { metrics, log } = this.#options;
    const nowMs = Date.now();
    for (const { batch, result } of stored) {
      metrics.batches.inc();
      metrics.inserted.inc(result.inserted);
      if (batch.invalid > 0) metrics.dropped.inc({ reason: 'invalid-report' }, batch.invalid);
      for (const sentMs of batch.sentMs) metrics.lag.observe(Math.max(0, nowMs - sentMs) / 1_000);
    }
    for (const { message, reason } of rejected) {
      metrics.dropped.inc({ reason: 'rejected' });
      log('message-rejected', { ...message.origin, reason });
    }
  }

  /** Messages without a birth wait for a moment; then births are requested, and the messages come again because their rows are not acknowledged. */
  async #park(waiting: WrittenMessages['waiting']): Promise<void> {
    const { metrics, database, log } = this.#options;
    const oldestMs = Date.now() - PARK_MS;
    const kept = waiting.filter(({ message }) => message.receivedMs > oldestMs).slice(-MOST_PARKED);
    const late = waiting.filter((one) => !kept.includes(one));
    this.#parked = kept;
    if (late.length === 0) return;
    metrics.dropped.inc({ reason: 'no-birth' }, late.length);
    await untilDone(
      () => wantRebirths(database.query, [...new Set(late.map(({ node }) => node.id))]),
      (failure) => log('database-away', { reason: failure.message }),
    );
  }

  /** After an NBIRTH: what the node should do for this host, and the acknowledgement that makes it wait for the next ones. */
  async #welcome(sessions: readonly BornSession[]): Promise<void> {
    const { database, isPacked, log } = this.#options;
    const known = sessions.filter(({ session }) => session.epoch !== '');
    const epochs = known.map(({ node, session }) => ({ node: node.id, epoch: session.epoch }));
    const [acks, unlogged] = await untilDone(
      () =>
        Promise.all([
          readHeads(database.query, epochs),
          database.query<{ id: number }>('select id from node where id = any($1) and log_n = 0', [epochs.map(({ node }) => node)]),
        ]),
      (failure) => log('database-away', { reason: failure.message }),
    );
    for (const ack of acks) this.#addAck(ack);
    for (const { node, session } of known) {
      if (isPacked && !session.isPacked) await this.#tell(node, 'Sync/Accept', PACKED_BACKLOG);
      // All entries that the cabinet has: this host has none.
      if (session.hasLog && unlogged.some(({ id }) => id === node.id)) this.#logAcks.add(node.id, { node, text: '0' });
    }
  }

  #addAck({ node: id, epoch, head, gapHead }: AckPoint): void {
    const node = this.#registry.byId(id);
    if (node !== undefined && epoch === node.epoch) this.#rowAcks.add(id, { node, text: `${epoch}:${head}:${gapHead}` });
  }

  #addLogAck({ node: id, n, hash }: LogPoint): void {
    const node = this.#registry.byId(id);
    if (node !== undefined) this.#logAcks.add(id, { node, text: `${n}:${hash}` });
  }

  async #ackLoop(): Promise<void> {
    while (!this.#isStopping) {
      await pause(TICK_MS);
      await this.#sendAcks(Date.now());
    }
  }

  async #sendAcks(nowMs: number): Promise<void> {
    // Without a connection they wait: the newest one of each node is enough.
    if (this.#connection?.isReady !== true && Number.isFinite(nowMs)) return;
    for (const [, { node, text }] of this.#rowAcks.due(nowMs))
      if (await this.#tell(node, 'Sync/Ack', text)) this.#options.metrics.acks.inc();
    for (const [, { node, text }] of this.#logAcks.due(nowMs)) await this.#tell(node, 'Sync/Log', text);
  }

  async #tell({ group, node }: Pick<CachedNode, 'group' | 'node'>, name: string, value: string): Promise<boolean> {
    const bytes = writePayload(Date.now(), [{ name, datatype: 12, value }]);
    return (await this.#connection?.publish(commandTopic({ group, node, device: '' }), bytes)) === true;
  }

  /** Source: docs/platform.md, "Between neighbour cabinets": at once, with the time that it waited here. */
  #relay({ relays }: Batch): void {
    for (const { group, relay, receivedMs } of relays.splice(0)) {
      const waitedMs = Date.now() - receivedMs;
      const ageMs = relay.ageMs + (waitedMs > 1_000 ? waitedMs : 0);
      if (ageMs > relay.ttlMs) continue;
      void this.#tell({ group, node: relay.to }, 'Relay/Detection', JSON.stringify({ ...relay.body, ageMs }));
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
