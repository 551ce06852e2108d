/**
 * The evidence in a recording about one edge node: its connections, and what it sent and received on each.
 *
 * Decodes with `wire-reader.ts`, never with the agent's codec.
 */
import type { IConnectPacket, IPublishPacket } from 'mqtt-packet';
import type { MarkEvent, PacketEvent, WireEvent } from '../wire-log.ts';
import { readWirePayload, type WireMetric, type WirePayload } from '../wire-reader.ts';

/** The setup of node and platform, which cannot be seen on the wire. */
export interface Setting {
  readonly group: string;
  readonly node: string;
  readonly devices: readonly { readonly id: string; readonly isWritable: boolean }[];
  readonly hostId: string | null;
  /** Names of the proxies, in the order of the node's servers. */
  readonly servers: readonly string[];
  /** The node had no bdSeq on disk. */
  readonly isFresh: boolean;
  /** Other edge nodes in the same log. */
  readonly otherNodes: readonly string[];
}

export interface Recording {
  readonly name: string;
  readonly setting: Setting;
  readonly events: readonly WireEvent[];
}

/** One PUBLISH other than STATE, or a will. `at` is its index in the log; `levels` are the parts of its topic. */
export interface SparkplugMessage {
  readonly at: number;
  readonly atMs: number;
  readonly connection: number;
  readonly topic: string;
  readonly levels: readonly string[];
  readonly verb: string;
  /** Empty for the node itself. */
  readonly device: string;
  readonly qos: number;
  readonly retain: boolean;
  readonly bytes: Buffer;
  /** Null when the bytes are not a Sparkplug payload. */
  readonly payload: WirePayload | null;
  /** Why the bytes are not a payload; empty when they are. */
  readonly problem: string;
}

export interface ReceivedState {
  readonly at: number;
  readonly atMs: number;
  readonly hostId: string;
  readonly qos: number;
  readonly retain: boolean;
  /** Null when it is not a STATE of 3.0. */
  readonly state: { readonly online: boolean; readonly timestamp: number } | null;
}

export interface Subscription {
  readonly at: number;
  readonly topic: string;
  readonly qos: number;
  /** Infinite when it was never answered. */
  readonly ackedAt: number;
  readonly granted: number;
}

export interface EdgeConnection {
  readonly number: number;
  readonly server: string;
  readonly connectAt: number;
  readonly connect: IConnectPacket;
  readonly will: SparkplugMessage | null;
  /** Infinite when CONNACK never arrived or refused. */
  readonly acceptedAt: number;
  readonly subscriptions: readonly Subscription[];
  readonly messages: readonly SparkplugMessage[];
  readonly states: readonly ReceivedState[];
  readonly commands: readonly SparkplugMessage[];
  readonly disconnect: { readonly at: number; readonly reasonCode: number } | null;
  /** Infinite when it was open to the end. */
  readonly closedAt: number;
}

/** What the node published on one connection from an NBIRTH on, up to the next NBIRTH (not included) or the end of the connection. */
export interface Life {
  readonly connection: EdgeConnection;
  readonly nbirth: SparkplugMessage;
  readonly isRebirth: boolean;
  /** NBIRTH included. */
  readonly messages: readonly SparkplugMessage[];
}

export interface Evidence {
  readonly setting: Setting;
  readonly connections: readonly EdgeConnection[];
  readonly lives: readonly Life[];
  /** All that the node published, in order, without wills. */
  readonly messages: readonly SparkplugMessage[];
  /** NCMD and DCMD that the host published to this node. */
  readonly commands: readonly SparkplugMessage[];
  readonly hostStates: readonly ReceivedState[];
  readonly marks: readonly (MarkEvent & { readonly at: number })[];
  /** Births of the other edge nodes. */
  readonly others: readonly SparkplugMessage[];
}

/** The client ids of the test's own clients, neither node nor host, begin with this. `readEvidence` omits what they publish. */
export const BYSTANDER = 'test-';
const STATE_TOPIC = /^spBv1\.0\/STATE\/(?<host>[^/]+)$/;

/** Decodes the packets of a recording and sorts them by client: the node of its setting, the host, other nodes. A bad payload is no error. */
export function readEvidence({ events, setting }: Recording): Evidence {
  const packets = events.flatMap((event, at) => (event.kind === 'packet' ? [{ ...event, at }] : []));
  const connects = packets.filter(({ packet }) => packet.cmd === 'connect');
  const byKind = { edge: new Set<number>(), host: new Set<number>(), other: new Set<number>() };
  for (const { connection, packet } of connects) {
    const kind = kindOf(packet as IConnectPacket, setting);
    if (kind !== null) byKind[kind].add(connection);
  }
  const published = (connections: ReadonlySet<number>): SparkplugMessage[] =>
    packets.flatMap((event) => (connections.has(event.connection) && event.from === 'client' ? asMessage(event) : []));
  const connections = connects
    .filter(({ connection }) => byKind.edge.has(connection))
    .map(({ connection }) => readConnection(connection, events, packets));
  const hostEvents = packets.filter(({ connection, from }) => byKind.host.has(connection) && from === 'client');
  return {
    setting,
    connections,
    lives: connections.flatMap(livesOf),
    messages: published(byKind.edge),
    commands: published(byKind.host).filter(
      ({ verb, levels }) => (verb === 'NCMD' || verb === 'DCMD') && !setting.otherNodes.includes(levels[3] ?? ''),
    ),
    hostStates: hostEvents.flatMap(asState),
    marks: events.flatMap((event, at) => (event.kind === 'mark' ? [{ ...event, at }] : [])),
    others: published(byKind.other).filter(({ verb }) => verb === 'NBIRTH' || verb === 'DBIRTH'),
  };
}

type Placed = PacketEvent & { readonly at: number };

function kindOf({ clientId, will }: IConnectPacket, { otherNodes }: Setting): 'edge' | 'host' | 'other' | null {
  if (clientId.startsWith(BYSTANDER)) return null;
  const topic = will?.topic ?? '';
  if (topic.includes('STATE/')) return 'host';
  return otherNodes.includes(topic.split('/')[3] ?? '') ? 'other' : 'edge';
}

function readConnection(number: number, events: readonly WireEvent[], packets: readonly Placed[]): EdgeConnection {
  const mine = packets.filter(({ connection }) => connection === number);
  const sent = mine.filter(({ from }) => from === 'client');
  const received = mine.filter(({ from, fate }) => from === 'server' && fate === 'passed');
  const connect = sent.find(({ packet }) => packet.cmd === 'connect') as Placed;
  const accepted = received.find(({ packet }) => packet.cmd === 'connack' && (packet.reasonCode ?? packet.returnCode ?? 0) === 0);
  const end = sent.find(({ packet }) => packet.cmd === 'disconnect');
  const closed = events.findIndex((event) => event.kind === 'closed' && event.connection === number);
  const { will } = connect.packet as IConnectPacket;
  const never = Number.POSITIVE_INFINITY;
  return {
    number,
    server: connect.server,
    connectAt: connect.at,
    connect: connect.packet as IConnectPacket,
    will: will === undefined ? null : toMessage(connect, { qos: 0, retain: false, ...will, payload: Buffer.from(will.payload) }),
    acceptedAt: accepted?.at ?? never,
    subscriptions: sent.flatMap((event) => subscriptionsIn(event, received)),
    messages: sent.flatMap(asMessage),
    states: received.flatMap(asState),
    commands: received.flatMap(asMessage).filter(({ verb }) => verb === 'NCMD' || verb === 'DCMD'),
    disconnect: end?.packet.cmd === 'disconnect' ? { at: end.at, reasonCode: end.packet.reasonCode ?? 0 } : null,
    closedAt: closed < 0 ? never : closed,
  };
}

function subscriptionsIn({ at, packet }: Placed, received: readonly Placed[]): Subscription[] {
  if (packet.cmd !== 'subscribe') return [];
  const answer = received.find((event) => event.at > at && event.packet.cmd === 'suback' && event.packet.messageId === packet.messageId);
  const granted = answer?.packet.cmd === 'suback' ? (answer.packet.granted as number[]) : [];
  return packet.subscriptions.map(({ topic, qos }, i) => ({
    at,
    topic,
    qos,
    ackedAt: answer?.at ?? Number.POSITIVE_INFINITY,
    granted: granted[i] ?? 0x80,
  }));
}

function livesOf(connection: EdgeConnection): Life[] {
  const births = connection.messages.filter(({ verb }) => verb === 'NBIRTH');
  return births.map((nbirth, i) => ({
    connection,
    nbirth,
    isRebirth: i > 0,
    messages: connection.messages.filter(({ at }) => at >= nbirth.at && at < (births[i + 1]?.at ?? Number.POSITIVE_INFINITY)),
  }));
}

function asMessage(event: Placed): SparkplugMessage[] {
  const { packet } = event;
  if (packet.cmd !== 'publish' || packet.topic.includes('STATE/')) return [];
  return [toMessage(event, { ...packet, payload: Buffer.from(packet.payload) })];
}

function toMessage(
  { at, atMs, connection }: Placed,
  { topic, payload, qos, retain }: Pick<IPublishPacket, 'topic' | 'qos' | 'retain'> & { readonly payload: Buffer },
): SparkplugMessage {
  const levels = topic.split('/');
  const read = decode(payload);
  return { at, atMs, connection, topic, levels, verb: levels[2] ?? '', device: levels[4] ?? '', qos, retain, bytes: payload, ...read };
}

function decode(bytes: Buffer): Pick<SparkplugMessage, 'payload' | 'problem'> {
  try {
    return { payload: readWirePayload(bytes), problem: '' };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return { payload: null, problem: error.message };
  }
}

function asState({ at, atMs, packet }: Placed): ReceivedState[] {
  if (packet.cmd !== 'publish') return [];
  const hostId = STATE_TOPIC.exec(packet.topic)?.groups?.['host'];
  if (hostId === undefined) return [];
  return [{ at, atMs, hostId, qos: packet.qos, retain: packet.retain, state: readState(packet.payload.toString()) }];
}

function readState(text: string): ReceivedState['state'] {
  try {
    const { online, timestamp } = JSON.parse(text) as { online?: unknown; timestamp?: unknown };
    return typeof online === 'boolean' && typeof timestamp === 'number' ? { online, timestamp } : null;
  } catch {
    // Not JSON, so no STATE of 3.0.
    return null;
  }
}

/** The metrics of a message; empty if its bytes are not a payload. */
export function metricsOf({ payload }: SparkplugMessage): readonly WireMetric[] {
  return payload?.metrics ?? [];
}
