/** From raw messages to committed rows: decodes, writes until it succeeds, acknowledges, and requests births that are missing. */

import { PACKED_BACKLOG } from '../core/births.ts';
import { decodableGroups } from '../core/intake.ts';
import type { NodeMessage } from '../core/message.ts';
import { parkMessages } from '../core/parking.ts';
import { readTopic } from '../core/topic.ts';
import { readPayload } from '../core/wire.ts';
import type { CachedNode } from '../database/node-registry.ts';
import type { Database } from '../database/postgres.ts';
import { wantRebirths } from '../database/processes.ts';
import type { BornSession } from '../database/store-births.ts';
import type { HostLog } from '../service/host-log.ts';
import type { HostMetrics } from '../service/metrics.ts';
import { untilDone } from '../service/retry.ts';
import type { AckSender } from './ack-sender.ts';
import type { BatchWriter, WrittenMessages } from './batch-writer.ts';
import type { WriteToNode } from './node-writer.ts';
import { RelaySender } from './relay-sender.ts';
import { readWelcome } from './welcome.ts';

/** A message as it came from the broker. Units: `receivedMs` ms UTC, `receivedMono` ms of `performance.now()`. */
export interface RawMessage {
  readonly topic: string;
  readonly payload: Buffer;
  readonly receivedMs: number;
  readonly receivedMono: number;
}

/** The parts of a `Pipeline`. `writer` writes the messages; `database` is for requests for births and what new sessions need. */
export interface PipelineParts {
  readonly database: Database;
  readonly writer: BatchWriter;
  /** Gets what is to be acknowledged; the pipeline does not send it. */
  readonly acks: AckSender;
  /** Sends relayed detections and the request for a packed backlog. */
  readonly write: WriteToNode;
  /** True requests the backlog packed. False does not withdraw a request that a node accepted before. */
  readonly isPacked: boolean;
  readonly metrics: HostMetrics;
  readonly log: HostLog;
}

/** What is decoded at one time. Source: assumed; six times what 2,000 live messages have, and some 20 MB of memory. Confirmed by: the memory of a worker of the largest city. */
const GROUP = { metrics: 100_000, bytes: 8 * 2 ** 20 };

/**
 * Handles one group of messages at a time, with those of earlier groups that still wait for a birth. After about 10 s they are dropped, and
 * the births are requested.
 */
export class Pipeline {
  readonly #parts: PipelineParts;
  readonly #relays: RelaySender;
  #parked: { readonly message: NodeMessage; readonly node: CachedNode }[] = [];

  constructor(parts: PipelineParts) {
    this.#parts = parts;
    this.#relays = new RelaySender(parts.write);
  }

  /**
   * Resolves when the messages are committed, wait for a birth, or are counted as dropped. Repeats as long as the database is away. Call it
   * again only after that; without messages it tries the waiting ones. Errors: rejects, for example if the database refuses the login.
   */
  async handle(raw: readonly RawMessage[]): Promise<void> {
    for (const messages of decodableGroups(this.#readAll(raw), GROUP)) {
      const parked = this.#parked.splice(0).map(({ message }) => message);
      if (messages.length + parked.length > 0) await this.#store([...parked, ...messages]);
    }
    this.#parts.metrics.parked.set(this.#parked.length);
  }

  *#readAll(raw: readonly RawMessage[]): Generator<NodeMessage> {
    for (const one of raw) {
      const message = this.#read(one);
      if (message !== undefined) yield message;
    }
  }

  #read({ topic, payload: bytes, receivedMs, receivedMono }: RawMessage): NodeMessage | undefined {
    const { metrics } = this.#parts;
    const origin = readTopic(topic);
    const payload = origin === undefined ? undefined : readPayload(bytes);
    if (origin === undefined || payload === undefined) {
      metrics.dropped.inc({ reason: 'not-sparkplug' });
      return undefined;
    }
    metrics.messages.inc({ verb: origin.verb });
    return { origin, payload, bytes: bytes.length, receivedMs, receivedMono };
  }

  /** Writes messages until it succeeds, then acknowledges them. */
  async #store(messages: readonly NodeMessage[]): Promise<void> {
    const { metrics, log, acks, writer } = this.#parts;
    let startMs = performance.now();
    const written = await untilDone(
      () => {
        startMs = performance.now();
        return writer.write(messages, ({ reports }) => this.#relays.send(reports.relays, performance.now()));
      },
      (failure) => {
        metrics.retries.inc();
        log('database-away', { reason: failure.message });
      },
    );
    metrics.commit.observe((performance.now() - startMs) / 1_000);
    this.#count(written);
    for (const { result } of written.stored) {
      for (const ack of result.acks) acks.addRows(ack);
      for (const logPoint of result.logs) acks.addLog(logPoint);
    }
    if (written.sessions.length > 0) await this.#welcome(written.sessions);
    await this.#park(written.waiting);
  }

  #count({ stored, rejected }: WrittenMessages): void {
    const { metrics, log } = this.#parts;
    const nowMs = Date.now();
    for (const { readings, invalid, unreadable, sentMs: sentTimes, result } of stored) {
      metrics.batches.inc();
      metrics.readings.inc(readings);
      metrics.inserted.inc(result.inserted);
      if (invalid > 0) metrics.dropped.inc({ reason: 'invalid-report' }, invalid);
      // One line for each batch: a client that sends nothing else must not fill the log.
      if (unreadable.length > 0) log('segment-unreadable', { ...unreadable[0], messages: unreadable.length });
      for (const sentMs of sentTimes) metrics.lag.observe(Math.max(0, nowMs - sentMs) / 1_000);
    }
    for (const { message, reason } of rejected) {
      metrics.dropped.inc({ reason: 'rejected' });
      log('message-rejected', { ...message.origin, reason });
    }
  }

  /** Messages without a birth wait for a moment; then births are requested, and the messages come again because their rows are not acknowledged. */
  async #park(waiting: WrittenMessages['waiting']): Promise<void> {
    const { metrics, database, log } = this.#parts;
    const { kept, late } = parkMessages(waiting, performance.now());
    this.#parked = kept;
    if (late.length === 0) return;
    metrics.dropped.inc({ reason: 'no-birth' }, late.length);
    await untilDone(
      () => wantRebirths(database.query, [...new Set(late.map(({ node }) => node.id))]),
      (failure) => log('database-away', { reason: failure.message }),
    );
  }

  /** After an NBIRTH: the acknowledgement that makes the node wait for the next ones, and what it should send to this host. */
  async #welcome(sessions: readonly BornSession[]): Promise<void> {
    const { database, isPacked, log, acks, write } = this.#parts;
    const {
      acks: heads,
      unpacked,
      logless,
    } = await untilDone(
      () => readWelcome(database.query, sessions),
      (failure) => log('database-away', { reason: failure.message }),
    );
    for (const head of heads) acks.addRows(head);
    for (const { node } of logless) acks.requestWholeLog(node);
    if (isPacked) for (const { node } of unpacked) await write(node, 'Sync/Accept', PACKED_BACKLOG);
  }
}
