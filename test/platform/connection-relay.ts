/**
 * One client's connection through the fault proxy, and the one to the broker behind it.
 *
 * Owns both sockets. Packets are passed on whole and in order; each fault is looked up at the moment a packet comes by.
 * Made by `proxy.ts`.
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
  /** A fault that strikes once has struck. */
  readonly onFaultUsed: (fault: 'truncate') => void;
  /** Both sockets are gone. */
  readonly onClosed: () => void;
}

export interface Relay {
  /** Empty before CONNECT. */
  readonly clientId: string;
  faultsChanged(): void;
  reset(): void;
  close(): void;
  inject(to: Side, bytes: Buffer): void;
}

/** Source: MQTT 5 §3.14.2.1: receive maximum exceeded, packet too large. */
const TOO_MANY = 0x93;
const TOO_LARGE = 0x95;

/** Passes bytes from the first moment. */
export function createConnectionRelay(parts: RelayParts): Relay {
  const { log } = parts;
  const seen = { connection: log.nextConnection(), server: parts.server };
  const broker = connect(parts.target, '127.0.0.1');
  const sockets: Readonly<Record<Side, Socket>> = { client: parts.client, server: broker };
  const framers: Readonly<Record<Side, ReturnType<typeof createMqttFramer>>> = { client: createMqttFramer(), server: createMqttFramer() };
  const feeds: Readonly<Record<Side, SocketFeed>> = { client: feed('client'), server: feed('server') };
  const unacked = new Set<number>();
  const gone = new Set<Side>();
  let openSockets = 2;
  let clientId = '';
  let isDeaf = false;
  let isClosed = false;

  /** `to` names the end that is written to, so its delay is that of the other side. */
  function feed(to: Side): SocketFeed {
    return createSocketFeed(sockets[to], () => ({ delayMs: parts.faults().delayMs[other(to)], chunkBytes: parts.faults().chunkBytes }));
  }

  function note(from: Side, framed: Framed, fate: PacketEvent['fate']): void {
    const atMs = log.nowMs();
    if ('packet' in framed) log.add({ kind: 'packet', ...seen, atMs, from, packet: framed.packet, bytes: framed.bytes, fate });
    else log.add({ kind: 'garbage', ...seen, atMs, from, bytes: framed.bytes, reason: framed.reason });
  }

  function over(by: ClosedEvent['by'], how: ClosedEvent['how']): void {
    if (isClosed) return;
    isClosed = true;
    log.add({ kind: 'closed', ...seen, atMs: log.nowMs(), by, how });
  }

  /** False when the connection is over. */
  function take(from: Side, framed: Framed): boolean {
    const faults = parts.faults();
    const fits = (test: Faults['drop']): boolean => 'packet' in framed && test?.(framed.packet, from) === true;
    if (isDeaf || fits(faults.drop)) {
      note(from, framed, 'swallowed');
      return true;
    }
    if ('packet' in framed && from === 'client' && answerFor(faults, framed.packet, framed.bytes)) {
      note(from, framed, 'answered');
      return false;
    }
    if (fits(faults.truncate)) {
      note(from, framed, 'truncated');
      parts.onFaultUsed('truncate');
      feeds[other(from)].push(framed.bytes.subarray(0, Math.ceil(framed.bytes.length / 2)));
      close();
      return false;
    }
    const passed = 'packet' in framed && from === 'server' && framed.packet.cmd === 'connack' ? limited(faults, framed.packet) : framed;
    note(from, passed, 'passed');
    feeds[other(from)].push(passed.bytes);
    if (fits(faults.duplicate)) {
      note(from, passed, 'passed');
      feeds[other(from)].push(passed.bytes);
    }
    return true;
  }

  /** What a broker with these limits would answer itself, and then hang up. */
  function answerFor(faults: Faults, packet: Packet, bytes: Buffer): boolean {
    const { protocolVersion } = framers.client;
    if (packet.cmd === 'connect' && faults.refuseConnack !== null) return answer(connack(faults.refuseConnack, protocolVersion));
    if (protocolVersion !== 5) return false;
    const end = (reasonCode: number): boolean => answer({ cmd: 'disconnect', reasonCode });
    if (faults.maximumPacketSize !== null && bytes.length > faults.maximumPacketSize && packet.cmd !== 'connect') return end(TOO_LARGE);
    if (packet.cmd === 'publish' && packet.qos > 0) unacked.add(packet.messageId ?? 0);
    if (faults.receiveMaximum !== null && unacked.size > faults.receiveMaximum) return end(TOO_MANY);
    return false;
  }

  function answer(packet: Packet): true {
    const { protocolVersion } = framers.client;
    const bytes = generate(packet, { protocolVersion });
    note('server', { packet, bytes }, 'passed');
    feeds.client.push(bytes);
    close();
    return true;
  }

  function limited(faults: Faults, packet: IConnackPacket): Framed {
    const { receiveMaximum, maximumPacketSize } = faults;
    const properties = {
      ...packet.properties,
      ...(receiveMaximum === null ? {} : { receiveMaximum }),
      ...(maximumPacketSize === null ? {} : { maximumPacketSize }),
    };
    const { protocolVersion } = framers.client;
    const changed: Packet = protocolVersion === 5 ? { ...packet, properties } : packet;
    return { packet: changed, bytes: generate(changed, { protocolVersion }) };
  }

  function read(from: Side, chunk: Buffer): void {
    if (isClosed) return;
    if (parts.faults().blackHole) isDeaf = true;
    if (parts.isOpaque) {
      if (!isDeaf) feeds[other(from)].push(chunk);
      return;
    }
    framers.server.protocolVersion = framers.client.protocolVersion;
    for (const framed of framers[from].push(chunk)) {
      if ('packet' in framed && framed.packet.cmd === 'connect') clientId = framed.packet.clientId;
      if (from === 'server' && 'packet' in framed && framed.packet.cmd === 'puback') unacked.delete(framed.packet.messageId ?? 0);
      if (!take(from, framed)) return;
    }
  }

  /** In a black hole an end is swallowed like everything else: the broker learns of it from its own keepalive. */
  function ended(from: Side, how: ClosedEvent['how']): void {
    if (gone.has(from)) return;
    gone.add(from);
    over(from, how);
    if (isDeaf && from === 'client') return;
    if (how === 'reset') sockets[other(from)].resetAndDestroy();
    else feeds[other(from)].end();
  }

  function close(): void {
    over('proxy', 'end');
    for (const side of ['client', 'server'] as const) feeds[side].end();
  }

  function pauseAsTold(): void {
    const { stall, blackHole } = parts.faults();
    if (blackHole) isDeaf = true;
    for (const side of ['client', 'server'] as const) {
      if (stall[side]) sockets[side].pause();
      else sockets[side].resume();
    }
  }

  log.add({ kind: 'opened', ...seen, atMs: log.nowMs() });
  for (const side of ['client', 'server'] as const) {
    const socket = sockets[side];
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => read(side, chunk));
    socket.once('end', () => ended(side, 'end'));
    socket.on('error', () => ended(side, 'reset'));
    socket.once('close', () => {
      ended(side, 'reset');
      openSockets -= 1;
      if (openSockets === 0) parts.onClosed();
    });
  }
  pauseAsTold();
  return {
    get clientId() {
      return clientId;
    },
    faultsChanged: pauseAsTold,
    reset: () => {
      over('proxy', 'reset');
      for (const side of ['client', 'server'] as const) sockets[side].resetAndDestroy();
    },
    close,
    inject: (to, bytes) => feeds[to].push(bytes),
  };
}

/** Source: MQTT 3.1.1 §3.2.2.3 knows return codes 1 to 5; a code of MQTT 5 becomes "server unavailable". */
function connack(code: number, protocolVersion: number): Packet {
  if (protocolVersion === 5) return { cmd: 'connack', sessionPresent: false, reasonCode: code };
  return { cmd: 'connack', sessionPresent: false, returnCode: code <= 5 ? code : 3 };
}

function other(side: Side): Side {
  return side === 'client' ? 'server' : 'client';
}
