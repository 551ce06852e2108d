/**
 * A TCP server on a free port of the loopback that answers MQTT byte by byte: for what no real broker does.
 */
import { createServer, type Socket } from 'node:net';

/** A received packet: type by its number (1 CONNECT, 3 PUBLISH, 8 SUBSCRIBE, 12 PINGREQ, 14 DISCONNECT). */
export interface RawPacket {
  readonly type: number;
  readonly qos: number;
  readonly body: Buffer;
}

export interface RawClient {
  readonly socket: Socket;
  readonly packets: readonly RawPacket[];
  readonly closed: boolean;
  send(...bytes: number[]): void;
}

export interface RawBroker {
  readonly url: string;
  readonly port: number;
  readonly clients: readonly RawClient[];
  close(): Promise<void>;
}

export const CONNACK_5 = [0x20, 3, 0, 0, 0];
export const CONNACK_4 = [0x20, 2, 0, 0];
export const PINGRESP = [0xd0, 0];

/** Resolves once the server listens. It calls `greet` for each new client and `answer` for each packet, and sends nothing by itself. */
export async function startRawBroker(
  answer: (packet: RawPacket, client: RawClient) => void,
  greet: (client: RawClient) => void = () => {},
): Promise<RawBroker> {
  const clients: RawClient[] = [];
  const server = createServer((socket) => {
    const packets: RawPacket[] = [];
    const state = { socket, packets, closed: false, send: (...bytes: number[]) => void socket.write(Buffer.from(bytes)) };
    clients.push(state);
    let waiting = Buffer.alloc(0);
    socket.on('error', () => {});
    socket.on('close', () => {
      state.closed = true;
    });
    socket.on('data', (bytes) => {
      waiting = Buffer.concat([waiting, bytes]);
      for (let cut = cutPacket(waiting); cut !== undefined; cut = cutPacket(waiting)) {
        waiting = waiting.subarray(cut.bytes);
        packets.push(cut.packet);
        answer(cut.packet, state);
      }
    });
    greet(state);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    port,
    url: `mqtt://127.0.0.1:${port}`,
    clients,
    close: () => {
      for (const { socket } of clients) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

/** Returns an `answer` that accepts every client, subscription (QoS 1) and ping, and ignores all else. `CONNACK_4` makes it MQTT 3.1.1. */
export function polite(connack: readonly number[] = CONNACK_5): (packet: RawPacket, client: RawClient) => void {
  return ({ type, body }, client) => {
    if (type === 1) client.send(...connack);
    if (type === 8) client.send(...suback(body, connack === CONNACK_4 ? 4 : 5));
    if (type === 12) client.send(...PINGRESP);
  };
}

/** Grants QoS 1 for all requested topics. */
function suback(body: Buffer, protocol: 4 | 5): number[] {
  let at = protocol === 5 ? 3 + (body[2] as number) : 2;
  const granted: number[] = [];
  for (; at < body.length; at += 3 + body.readUInt16BE(at)) granted.push(1);
  const properties = protocol === 5 ? [0] : [];
  return [0x90, 2 + properties.length + granted.length, body[0] as number, body[1] as number, ...properties, ...granted];
}

function cutPacket(bytes: Buffer): { readonly packet: RawPacket; readonly bytes: number } | undefined {
  let length = 0;
  let at = 1;
  for (let byte = 0x80; byte >= 0x80; at += 1) {
    if (at >= bytes.length) return undefined;
    byte = bytes[at] as number;
    length += (byte & 0x7f) * 128 ** (at - 1);
  }
  if (bytes.length < at + length) return undefined;
  const first = bytes[0] as number;
  return { packet: { type: first >> 4, qos: (first >> 1) & 3, body: bytes.subarray(at, at + length) }, bytes: at + length };
}
