/**
 * The reference platform for a fleet: several ingest workers share one subscription, one host speaks for them.
 *
 * Owns its connections, what is acknowledged, and the order of each node's messages. A shared subscription gives every message to one worker
 * only, by no rule that keeps a node together; so workers decode nothing: each hands its messages to the node's sorter (in a real platform:
 * a partition keyed by node), which restores the order by seq. The rows then need no order at all.
 */
import { connectAsync, type MqttClient } from 'mqtt';
import { encodePayload, type Metric } from '../../agent/sync/sparkplug/codec.ts';
import { createNodeIngest, type IngestMessage, type NodeIngest } from './node-ingest.ts';
import { createReadingBase, type ReadingBase } from './reading-base.ts';
import { createSeqSorter, type SeqSorter } from './seq-sorter.ts';
import { readWirePayload } from './wire-reader.ts';

export interface PlatformOptions {
  readonly url: string;
  readonly protocolVersion: 4 | 5;
  readonly group: string;
  /** Says STATE under this id. */
  readonly hostId: string;
  /** From two on they share the subscription. */
  readonly workers: number;
  /** Acknowledges rows; may be switched later. */
  readonly acks: boolean;
  readonly nowMs?: () => number;
}

export interface Platform {
  readonly base: ReadingBase;
  readonly nodes: ReadonlyMap<string, NodeIngest>;
  /** Messages that each worker took. */
  readonly taken: readonly number[];
  /** What was no Sparkplug payload. */
  readonly garbage: number;
  acks: boolean;
  start(): Promise<void>;
  /** Says offline first. */
  stop(): Promise<void>;
  state(online: boolean, timestampMs?: number): Promise<void>;
  requestRebirth(node: string): Promise<void>;
  /** Asks for backlog in segments, or for metrics again. */
  accept(node: string, text: 'segments/1' | ''): Promise<void>;
  /** Asks again for rows that are missing between those that are there; answers how many ranges. */
  askForHoles(node: string): Promise<number>;
  /** Writes metrics by their names: by alias where they were born with one. `device` empty: the node itself. */
  write(node: string, device: string, metrics: readonly Metric[]): Promise<void>;
  /** Something was taken in. */
  onTaken: (node: NodeIngest) => void;
}

const SHARE = '$share/ingest/';
const VERBS = ['NBIRTH', 'NDATA', 'NDEATH', 'DBIRTH', 'DDATA', 'DDEATH'];
/** How long a message waits for one that was sent before it. Units: ms. Source: assumed; workers of one platform are less apart. */
const REORDER_MS = 2_000;
/** Source: Tahu's host asks for a rebirth at most each 5 s. Units: ms. */
const REBIRTH_GAP_MS = 5_000;

interface Lane {
  readonly ingest: NodeIngest;
  readonly sorter: SeqSorter<IngestMessage>;
  late: NodeJS.Timeout | null;
  isAckDue: boolean;
  lastAck: string;
  lastRebirthMs: number;
}

/** A platform that listens after `start`. */
export function createPlatform(options: PlatformOptions): Platform {
  const { group } = options;
  const nowMs = options.nowMs ?? Date.now;
  const base = createReadingBase();
  const lanes = new Map<string, Lane>();
  const nodes = new Map<string, NodeIngest>();
  const taken = Array.from({ length: options.workers }, () => 0);
  const stateTopic = `spBv1.0/STATE/${options.hostId}`;
  const stateText = (online: boolean, timestamp: number): string => JSON.stringify({ online, timestamp });
  let garbage = 0;
  let host: MqttClient | null = null;
  let workers: MqttClient[] = [];

  const laneOf = (node: string): Lane => {
    const known = lanes.get(node);
    if (known !== undefined) return known;
    const ingest = createNodeIngest({ node, base, onStray: () => wantBirth(lane) });
    const lane: Lane = {
      ingest,
      sorter: createSeqSorter(),
      late: null,
      isAckDue: false,
      lastAck: '',
      lastRebirthMs: Number.NEGATIVE_INFINITY,
    };
    lanes.set(node, lane);
    nodes.set(node, ingest);
    return lane;
  };
  const wantBirth = (lane: Lane): void => {
    if (nowMs() - lane.lastRebirthMs < REBIRTH_GAP_MS) return;
    lane.lastRebirthMs = nowMs();
    void platform.requestRebirth(lane.ingest.node).catch(() => undefined);
  };

  function take(worker: number, topic: string, bytes: Buffer): void {
    const [, , verb = '', node = '', device = ''] = topic.split('/');
    taken[worker] = (taken[worker] ?? 0) + 1;
    const payload = decode(bytes);
    if (payload === undefined) {
      garbage += 1;
      return;
    }
    const lane = laneOf(node);
    read(lane, lane.sorter.push({ verb, device, payload, seq: payload.seq, timestampMs: payload.timestampMs ?? 0 }));
    lane.late ??= lane.sorter.waiting === 0 ? null : setTimeout(() => giveUp(lane), REORDER_MS);
  }

  function giveUp(lane: Lane): void {
    lane.late = null;
    // Before its birth nothing of a node can be read.
    if (!lane.ingest.isAlive) wantBirth(lane);
    read(lane, lane.sorter.giveUp());
  }

  function read(lane: Lane, messages: readonly IngestMessage[]): void {
    for (const message of messages) {
      // A new session may not know what the last one heard.
      if (message.verb === 'NBIRTH') lane.lastAck = '';
      const { repeated } = lane.ingest;
      lane.ingest.take(message);
      // What comes again was acknowledged to nobody: say it again.
      if (lane.ingest.repeated > repeated) lane.lastAck = '';
    }
    if (lane.sorter.waiting === 0 && lane.late !== null) {
      clearTimeout(lane.late);
      lane.late = null;
    }
    if (messages.length === 0) return;
    platform.onTaken(lane.ingest);
    ackSoon(lane);
  }

  /** What comes in one turn is acknowledged once. */
  function ackSoon(lane: Lane): void {
    if (lane.isAckDue || !platform.acks) return;
    lane.isAckDue = true;
    setImmediate(() => {
      lane.isAckDue = false;
      const text = lane.ingest.ackText();
      if (text === undefined || text === lane.lastAck || !platform.acks || host?.connected !== true) return;
      lane.lastAck = text;
      void platform.write(lane.ingest.node, '', [asText('Sync/Ack', text)]).catch(() => undefined);
    });
  }

  async function open(worker: number): Promise<MqttClient> {
    const client = await connectAsync(options.url, { protocolVersion: options.protocolVersion, reconnectPeriod: 100, resubscribe: false });
    const prefix = options.workers > 1 ? SHARE : '';
    const listen = (): Promise<unknown> =>
      client.subscribeAsync(
        VERBS.map((verb) => `${prefix}spBv1.0/${group}/${verb}/#`),
        { qos: 1 },
      );
    client.on('error', () => {
      // The broker is away; mqtt.js tries again by itself.
    });
    client.on('message', (topic, payload) => take(worker, topic, payload));
    client.on('connect', () => void listen().catch(() => undefined));
    await listen();
    return client;
  }

  async function publish(topic: string, payload: Buffer | string, isState = false): Promise<void> {
    await host?.publishAsync(topic, payload as Buffer, { qos: isState ? 1 : 0, retain: isState });
  }

  const platform: Platform = {
    base,
    nodes,
    taken,
    get garbage() {
      return garbage;
    },
    acks: options.acks,
    onTaken: () => {},
    start: async () => {
      if (host !== null) return;
      // Whoever waits for this host says nothing that a worker would miss: they listen first.
      workers = await Promise.all(taken.map((_, worker) => open(worker)));
      const bornMs = nowMs();
      const opened = await connectAsync(options.url, {
        protocolVersion: options.protocolVersion,
        reconnectPeriod: 100,
        will: { topic: stateTopic, payload: Buffer.from(stateText(false, bornMs)), qos: 1, retain: true },
      });
      host = opened;
      opened.on('error', () => {
        // As above.
      });
      opened.on('connect', () => void platform.state(true, bornMs).catch(() => undefined));
      await platform.state(true, bornMs);
    },
    stop: async () => {
      const [stopped, all] = [host, workers];
      if (stopped?.connected === true) await platform.state(false);
      host = null;
      workers = [];
      for (const lane of lanes.values()) if (lane.late !== null) clearTimeout(lane.late);
      for (const client of [...all, ...(stopped === null ? [] : [stopped])]) await client.endAsync(!client.connected);
    },
    state: (online, timestampMs = nowMs()) => publish(stateTopic, stateText(online, timestampMs), true),
    requestRebirth: (node) => platform.write(node, '', [{ name: 'Node Control/Rebirth', value: { kind: 'boolean', value: true } }]),
    accept: (node, text) => platform.write(node, '', [asText('Sync/Accept', text)]),
    askForHoles: async (node) => {
      const holes = nodes.get(node)?.rows?.holes ?? [];
      for (const { from, to } of holes) {
        await platform.write(node, '', [asText('Sync/Resend', JSON.stringify({ id: `${from}-${to}`, fromSeq: from, toSeq: to }))]);
      }
      return holes.length;
    },
    write: (node, device, metrics) => {
      const addressed = metrics.map(({ name, ...rest }): Metric => {
        const alias = nodes.get(node)?.aliasOf(device, name ?? '');
        return alias === undefined ? { name, ...rest } : { alias, ...rest };
      });
      const topic = `spBv1.0/${group}/${device === '' ? 'NCMD' : 'DCMD'}/${node}${device === '' ? '' : `/${device}`}`;
      return publish(topic, encodePayload({ timestampMs: nowMs(), metrics: addressed }));
    },
  };
  return platform;
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
