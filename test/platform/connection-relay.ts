/**
 * One client's connection through the fault proxy, with the connection to the broker.
 *
 * Packets are passed on whole and in order; the present faults are applied to each packet.
 */
import { connect, type Socket } from 'node:net';
import { generate, type IConnackPacket, type Packet } from 'mqtt-packet';
import type { Faults } from './faults.ts';
import { createMqttFramer, type Framed } from './mqtt-framer.ts';
import { createSocketFeed, type SocketFeed } from './socket-feed.ts';
import type { ClosedEvent, PacketEvent, Side, WireLog } from './wire-log.ts';

export interface RelayParts {
  readonly client: Socket;
  readonly target: number;
  readonly log: WireLog;
  readonly server: string;
  readonly isOpaque: boolean;
  readonly faults: () => Faults;
  /** A fault that applies once was applied. */
  readonly onFaultUsed: (fault: 'truncate') => void;
  /** Both sockets are gone. */
  readonly onClosed: () => void;
}

/** Source: MQTT 5 §3.14.2.1: receive maximum exceeded, packet too large. */
const TOO_MANY = 0x93;
const TOO_LARGE = 0x95;
const SIDES = ['client', 'server'] as const;

/** Connects to the broker and passes bytes in both directions from its creation until both sockets are closed. */
export class ConnectionRelay {
  /** Empty before CONNECT. */
  clientId = '';
  readonly #parts: RelayParts;
  readonly #source: { readonly connection: number; readonly server: string };
  readonly #sockets: Readonly<Record<Side, Socket>>;
  readonly #feeds: Readonly<Record<Side, SocketFeed>>;
  readonly #framers: Readonly<Record<Side, ReturnType<typeof createMqttFramer>>> = {
    client: createMqttFramer(),
    server: createMqttFramer(),
  };
  /** Ids of QoS 1 messages that the broker has not acknowledged. */
  readonly #unacked = new Set<number>();
  readonly #ended = new Set<Side>();
  #openSockets = 2;
  /** Drops all bytes. A black hole stays one for this connection. */
  #isDeaf = false;
  #isClosed = false;

  constructor(parts: RelayParts) {
    const { log, client, target, server } = parts;
    this.#parts = parts;
    this.#source = { connection: log.nextConnection(), server };
    this.#sockets = { client, server: connect(target, '127.0.0.1') };
    this.#feeds = { client: this.#feedOf('client'), server: this.#feedOf('server') };
    log.add({ kind: 'opened', ...this.#source, atMs: log.nowMs() });
    for (const side of SIDES) this.#listen(side);
    this.faultsChanged();
  }

  /** Applies stalls and the black hole of the present faults. */
  faultsChanged(): void {
    const { stall, blackHole } = this.#parts.faults();
    if (blackHole) this.#isDeaf = true;
    for (const side of SIDES) {
      if (stall[side]) this.#sockets[side].pause();
      else this.#sockets[side].resume();
    }
  }

  reset(): void {
    this.#noteClosed('proxy', 'reset');
    for (const side of SIDES) this.#sockets[side].resetAndDestroy();
  }

  close(): void {
    this.#noteClosed('proxy', 'end');
    for (const side of SIDES) this.#feeds[side].end();
  }

  inject(to: Side, bytes: Buffer): void {
    this.#feeds[to].push(bytes);
  }

  /** `to` is the side that is written to, so the delay is that of the other side. */
  #feedOf(to: Side): SocketFeed {
    const { faults } = this.#parts;
    return createSocketFeed(this.#sockets[to], () => ({ delayMs: faults().delayMs[other(to)], chunkBytes: faults().chunkBytes }));
  }

  #listen(side: Side): void {
    const socket = this.#sockets[side];
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => this.#read(side, chunk));
    socket.once('end', () => this.#end(side, 'end'));
    socket.on('error', () => this.#end(side, 'reset'));
    socket.once('close', () => {
      this.#end(side, 'reset');
      this.#openSockets -= 1;
      if (this.#openSockets === 0) this.#parts.onClosed();
    });
  }

  #read(from: Side, chunk: Buffer): void {
    if (this.#isClosed) return;
    if (this.#parts.faults().blackHole) this.#isDeaf = true;
    if (this.#parts.isOpaque) {
      if (!this.#isDeaf) this.#feeds[other(from)].push(chunk);
      return;
    }
    const { client, server } = this.#framers;
    server.protocolVersion = client.protocolVersion;
    for (const framed of this.#framers[from].push(chunk)) {
      const packet = 'packet' in framed ? framed.packet : null;
      if (packet?.cmd === 'connect') this.clientId = packet.clientId;
      if (from === 'server' && packet?.cmd === 'puback') this.#unacked.delete(packet.messageId ?? 0);
      if (!this.#take(from, framed)) return;
    }
  }

  /** False when the connection has ended. */
  #take(from: Side, framed: Framed): boolean {
    const faults = this.#parts.faults();
    const fits = (test: Faults['drop']): boolean => 'packet' in framed && test?.(framed.packet, from) === true;
    if (this.#isDeaf || fits(faults.drop)) {
      this.#note(from, framed, 'swallowed');
      return true;
    }
    if ('packet' in framed && from === 'client' && this.#answerFor(faults, framed.packet, framed.bytes)) {
      this.#note(from, framed, 'answered');
      return false;
    }
    if (fits(faults.truncate)) {
      this.#note(from, framed, 'truncated');
      this.#parts.onFaultUsed('truncate');
      this.#feeds[other(from)].push(framed.bytes.subarray(0, Math.ceil(framed.bytes.length / 2)));
      this.close();
      return false;
    }
    const { protocolVersion } = this.#framers.client;
    const isConnack = 'packet' in framed && from === 'server' && framed.packet.cmd === 'connack';
    const passed = isConnack ? withLimits(faults, framed.packet as IConnackPacket, protocolVersion) : framed;
    for (let copies = fits(faults.duplicate) ? 2 : 1; copies > 0; copies -= 1) {
      this.#note(from, passed, 'passed');
      this.#feeds[other(from)].push(passed.bytes);
    }
    return true;
  }

  /** Answers as a broker with these limits would, and ends the connection. False when the packet is within the limits. */
  #answerFor(faults: Faults, packet: Packet, bytes: Buffer): boolean {
    const { protocolVersion } = this.#framers.client;
    if (packet.cmd === 'connect' && faults.refuseConnack !== null) return this.#answer(connack(faults.refuseConnack, protocolVersion));
    if (protocolVersion !== 5) return false;
    const end = (reasonCode: number): boolean => this.#answer({ cmd: 'disconnect', reasonCode });
    if (faults.maximumPacketSize !== null && bytes.length > faults.maximumPacketSize && packet.cmd !== 'connect') return end(TOO_LARGE);
    if (packet.cmd === 'publish' && packet.qos > 0) this.#unacked.add(packet.messageId ?? 0);
    if (faults.receiveMaximum !== null && this.#unacked.size > faults.receiveMaximum) return end(TOO_MANY);
    return false;
  }

  #answer(packet: Packet): true {
    const bytes = generate(packet, { protocolVersion: this.#framers.client.protocolVersion });
    this.#note('server', { packet, bytes }, 'passed');
    this.#feeds.client.push(bytes);
    this.close();
    return true;
  }

  /** In a black hole an end is swallowed like everything else: the broker detects it by its own keepalive. */
  #end(from: Side, how: ClosedEvent['how']): void {
    if (this.#ended.has(from)) return;
    this.#ended.add(from);
    this.#noteClosed(from, how);
    if (this.#isDeaf && from === 'client') return;
    if (how === 'reset') this.#sockets[other(from)].resetAndDestroy();
    else this.#feeds[other(from)].end();
  }

  #noteClosed(by: ClosedEvent['by'], how: ClosedEvent['how']): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const { log } = this.#parts;
    log.add({ kind: 'closed', ...this.#source, atMs: log.nowMs(), by, how });
  }

  #note(from: Side, framed: Framed, fate: PacketEvent['fate']): void {
    const { log } = this.#parts;
    const seen = { ...this.#source, atMs: log.nowMs(), from, bytes: framed.bytes };
    if ('packet' in framed) log.add({ kind: 'packet', ...seen, packet: framed.packet, fate });
    else log.add({ kind: 'garbage', ...seen, reason: framed.reason });
  }
}

function withLimits(faults: Faults, packet: IConnackPacket, protocolVersion: number): Framed {
  const { receiveMaximum, maximumPacketSize } = faults;
  const properties = {
    ...packet.properties,
    ...(receiveMaximum === null ? {} : { receiveMaximum }),
    ...(maximumPacketSize === null ? {} : { maximumPacketSize }),
  };
  const changed: Packet = protocolVersion === 5 ? { ...packet, properties } : packet;
  return { packet: changed, bytes: generate(changed, { protocolVersion }) };
}

/** Source: MQTT 3.1.1 §3.2.2.3 knows return codes 1 to 5; a code of MQTT 5 is sent as "server unavailable". */
function connack(code: number, protocolVersion: number): Packet {
  if (protocolVersion === 5) return { cmd: 'connack', sessionPresent: false, reasonCode: code };
  return { cmd: 'connack', sessionPresent: false, returnCode: code <= 5 ? code : 3 };
}

function other(side: Side): Side {
  return side === 'client' ? 'server' : 'client';
}
