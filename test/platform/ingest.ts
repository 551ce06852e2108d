/**
 * The reference platform for a fleet: several ingest workers share one subscription, and one host publishes.
 *
 * A shared subscription delivers each message to one worker, without keeping the messages of a node together. So workers only pass each
 * message to the sorter of its node (in a real platform: a partition by node), which restores the order by seq. Rows then need no order.
 */
import { connectAsync, type MqttClient } from 'mqtt';
import { encodePayload, type Metric } from '../../agent/sync/sparkplug/codec.ts';
import { type IngestMessage, NodeIngest, type OnFact } from './node-ingest.ts';
import { createReadingBase, type ReadingBase } from './reading-base.ts';
import { createSeqSorter, type SeqSorter } from './seq-sorter.ts';
import { readWirePayload } from './wire-reader.ts';

export interface PlatformOptions {
  readonly url: string;
  readonly protocolVersion: 4 | 5;
  readonly group: string;
  /** Publishes STATE under this id. */
  readonly hostId: string;
  /** Two or more share the subscription. */
  readonly workers: number;
  /** Acknowledges rows; can be changed later. */
  readonly acks: boolean;
  readonly nowMs?: () => number;
  /** Where readings go. Default: all are kept in memory. */
  readonly base?: ReadingBase;
  /** Receives each value that is no reading, such as an outcome. */
  readonly onFact?: OnFact;
}

const SHARE = '$share/ingest/';
const VERBS = ['NBIRTH', 'NDATA', 'NDEATH', 'DBIRTH', 'DDATA', 'DDEATH'];
/** How long a message waits for an earlier one. Units: ms. Source: assumed; the delay between workers of one platform is smaller. Confirmed by: the delays between workers of a real platform. */
const REORDER_MS = 2_000;
/** Source: Tahu's host requests at most one rebirth per 5 s. Units: ms. */
const REBIRTH_GAP_MS = 5_000;

/** One node's messages on their way to its state. */
interface NodeStream {
  readonly ingest: NodeIngest;
  readonly sorter: SeqSorter<IngestMessage>;
  late: NodeJS.Timeout | null;
  isAckDue: boolean;
  lastAck: string;
  lastRebirthMs: number;
}

/** Ingests all nodes of a group into one database, `base`, and sends them commands and acknowledgements. Connected from `start` to `stop`. */
export class Platform {
  readonly base: ReadingBase;
  readonly nodes = new Map<string, NodeIngest>();
  /** Messages that each worker received. */
  readonly taken: number[];
  /** Messages that were not Sparkplug payloads. */
  garbage = 0;
  /** Bytes of the payloads and topics that the workers received. */
  bytes = 0;
  /** Births that this host requested. */
  rebirths = 0;
  acks: boolean;
  readonly #options: PlatformOptions;
  readonly #streams = new Map<string, NodeStream>();
  readonly #stateTopic: string;
  #host: MqttClient | null = null;
  #workers: MqttClient[] = [];

  constructor(options: PlatformOptions) {
    this.#options = options;
    this.base = options.base ?? createReadingBase();
    this.acks = options.acks;
    this.taken = Array.from({ length: options.workers }, () => 0);
    this.#stateTopic = `spBv1.0/STATE/${options.hostId}`;
  }

  async start(): Promise<void> {
    if (this.#host !== null) return;
    // Workers subscribe first: a node that waits for this host sends nothing that a worker would miss.
    this.#workers = await Promise.all(this.taken.map((_, worker) => this.#openWorker(worker)));
    const bornMs = this.#nowMs();
    const { url, protocolVersion } = this.#options;
    const will = { topic: this.#stateTopic, payload: Buffer.from(stateText(false, bornMs)), qos: 1 as const, retain: true };
    const opened = await connectAsync(url, { protocolVersion, reconnectPeriod: 100, will });
    this.#host = opened;
    opened.on('error', ignoreError);
    opened.on('connect', () => void this.state(true, bornMs).catch(() => undefined));
    await this.state(true, bornMs);
  }

  /** Publishes offline first. */
  async stop(): Promise<void> {
    const [host, workers] = [this.#host, this.#workers];
    if (host?.connected === true) await this.state(false);
    this.#host = null;
    this.#workers = [];
    for (const { late } of this.#streams.values()) if (late !== null) clearTimeout(late);
    for (const client of [...workers, ...(host === null ? [] : [host])]) await client.endAsync(!client.connected);
  }

  state(online: boolean, timestampMs = this.#nowMs()): Promise<void> {
    return this.#publish(this.#stateTopic, stateText(online, timestampMs), true);
  }

  requestRebirth(node: string): Promise<void> {
    return this.write(node, '', [{ name: 'Node Control/Rebirth', value: { kind: 'boolean', value: true } }]);
  }

  /** Requests the backlog as segments, or as metrics again. */
  accept(node: string, text: 'segments/1' | ''): Promise<void> {
    return this.write(node, '', [asText('Sync/Accept', text)]);
  }

  /** Requests the rows that are missing between known ones. Returns the number of ranges requested; 0 for an unknown node. */
  async askForHoles(node: string): Promise<number> {
    const holes = this.nodes.get(node)?.rows?.holes ?? [];
    for (const { from, to } of holes) {
      await this.write(node, '', [asText('Sync/Resend', JSON.stringify({ id: `${from}-${to}`, fromSeq: from, toSeq: to }))]);
    }
    return holes.length;
  }

  /** Writes metrics by alias, or by name where there is none. `device` empty: the node itself. */
  write(node: string, device: string, metrics: readonly Metric[]): Promise<void> {
    const { group } = this.#options;
    const addressed = metrics.map(({ name, ...rest }): Metric => {
      const alias = this.nodes.get(node)?.aliasOf(device, name ?? '');
      return alias === undefined ? { name, ...rest } : { alias, ...rest };
    });
    const topic = `spBv1.0/${group}/${device === '' ? 'NCMD' : 'DCMD'}/${node}${device === '' ? '' : `/${device}`}`;
    return this.#publish(topic, encodePayload({ timestampMs: this.#nowMs(), metrics: addressed }));
  }

  #nowMs(): number {
    return (this.#options.nowMs ?? Date.now)();
  }

  #streamOf(node: string): NodeStream {
    const known = this.#streams.get(node);
    if (known !== undefined) return known;
    const stream: NodeStream = {
      ingest: new NodeIngest(node, this.base, () => this.#requestBirthOf(node), this.#options.onFact),
      sorter: createSeqSorter(),
      late: null,
      isAckDue: false,
      lastAck: '',
      lastRebirthMs: Number.NEGATIVE_INFINITY,
    };
    this.#streams.set(node, stream);
    this.nodes.set(node, stream.ingest);
    return stream;
  }

  #requestBirthOf(node: string): void {
    const stream = this.#streamOf(node);
    if (this.#nowMs() - stream.lastRebirthMs < REBIRTH_GAP_MS) return;
    stream.lastRebirthMs = this.#nowMs();
    this.rebirths += 1;
    void this.requestRebirth(node).catch(() => undefined);
  }

  #take(worker: number, topic: string, bytes: Buffer): void {
    const [, , verb = '', node = '', device = ''] = topic.split('/');
    this.taken[worker] = (this.taken[worker] ?? 0) + 1;
    this.bytes += bytes.length + topic.length;
    const payload = decode(bytes);
    if (payload === undefined) {
      this.garbage += 1;
      return;
    }
    const stream = this.#streamOf(node);
    this.#read(stream, stream.sorter.push({ verb, device, payload, seq: payload.seq, timestampMs: payload.timestampMs ?? 0 }));
    stream.late ??= stream.sorter.waiting === 0 ? null : setTimeout(() => this.#giveUp(stream), REORDER_MS);
  }

  #giveUp(stream: NodeStream): void {
    stream.late = null;
    // Before its birth no message of a node can be decoded.
    if (!stream.ingest.isAlive) this.#requestBirthOf(stream.ingest.node);
    this.#read(stream, stream.sorter.giveUp());
  }

  #read(stream: NodeStream, messages: readonly IngestMessage[]): void {
    for (const message of messages) {
      // A new session may not have received the last acknowledgement.
      if (message.verb === 'NBIRTH') stream.lastAck = '';
      const { repeated } = stream.ingest;
      stream.ingest.take(message);
      // Rows that arrive again: the acknowledgement was lost, so it is sent again.
      if (stream.ingest.repeated > repeated) stream.lastAck = '';
    }
    if (stream.sorter.waiting === 0 && stream.late !== null) {
      clearTimeout(stream.late);
      stream.late = null;
    }
    if (messages.length > 0) this.#acknowledgeSoon(stream);
  }

  /** Messages of one turn are acknowledged once. */
  #acknowledgeSoon(stream: NodeStream): void {
    if (stream.isAckDue || !this.acks) return;
    stream.isAckDue = true;
    setImmediate(() => {
      stream.isAckDue = false;
      const text = stream.ingest.ackText();
      if (text === undefined || text === stream.lastAck || !this.acks || this.#host?.connected !== true) return;
      stream.lastAck = text;
      void this.write(stream.ingest.node, '', [asText('Sync/Ack', text)]).catch(() => undefined);
    });
  }

  async #openWorker(worker: number): Promise<MqttClient> {
    const { url, protocolVersion, workers, group } = this.#options;
    const client = await connectAsync(url, { protocolVersion, reconnectPeriod: 100, resubscribe: false });
    const prefix = workers > 1 ? SHARE : '';
    const topics = VERBS.map((verb) => `${prefix}spBv1.0/${group}/${verb}/#`);
    const subscribe = (): Promise<unknown> => client.subscribeAsync(topics, { qos: 1 });
    client.on('error', ignoreError);
    client.on('message', (topic, payload) => this.#take(worker, topic, payload));
    client.on('connect', () => void subscribe().catch(() => undefined));
    await subscribe();
    return client;
  }

  async #publish(topic: string, payload: Buffer | string, isState = false): Promise<void> {
    await this.#host?.publishAsync(topic, payload as Buffer, { qos: isState ? 1 : 0, retain: isState });
  }
}

/** The broker is away; mqtt.js tries again by itself. */
function ignoreError(): void {}

function stateText(online: boolean, timestamp: number): string {
  return JSON.stringify({ online, timestamp });
}

function asText(name: string, value: string): Metric {
  return { name, value: { kind: 'string', value } };
}

function decode(bytes: Buffer): ReturnType<typeof readWirePayload> | undefined {
  try {
    return readWirePayload(bytes);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return undefined;
  }
}
