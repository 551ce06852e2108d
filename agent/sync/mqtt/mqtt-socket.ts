/**
 * A TCP or TLS socket for MQTT. Reports each stage of connecting, and limits the input before the library reads it.
 *
 * Host name and certificate authority are always verified.
 */
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import type { PeerCertificate } from '../../core/uplink-tools.ts';
import { readPeer } from './certificates.ts';
import type { ConnectOptions } from './mqtt-transport.ts';

/**
 * Largest packet from a broker that is accepted; a larger one ends the connection. Units: bytes. Source: commands are refused above 64 KB;
 * with twice that the refusal can still be sent.
 */
export const MAX_INBOUND_BYTES = 131_072;
/** Source: IANA, mqtt and secure-mqtt. */
const PORTS = { plain: 1_883, tls: 8_883 };

/** Why the bytes from a broker are refused: a packet larger than `MAX_INBOUND_BYTES`, or bytes that are not MQTT. */
export type StreamError = 'too-large' | 'not-mqtt';

/**
 * The last stage that an attempt to connect passed: none, the name was resolved, TCP was connected, or TLS was established. For an IP
 * address there is no stage `name`.
 */
export type ReachedStage = 'nothing' | 'name' | 'tcp' | 'tls';

/** A socket to a broker, and how far its attempt to connect has come. The fields change over time. */
export interface MqttSocket {
  readonly socket: Socket;
  readonly reached: ReachedStage;
  /** The broker's certificate, verified or not. Null before it arrives, without TLS, and for one that cannot be parsed. */
  readonly peer: PeerCertificate | null;
  /** Why the input was refused, which destroys the socket; null if it was not. */
  readonly streamError: StreamError | null;
}

/** Whether a broker's URL requires TLS: it begins with `mqtts:`, in upper or lower case. */
export function isTls(url: string): boolean {
  return url.toLowerCase().startsWith('mqtts:');
}

/**
 * Returns host and port of a broker's URL; if it has no port, 1883, or 8883 with TLS. An IPv6 address is returned without brackets; the host
 * is empty if the URL has none. Errors: throws TypeError for an invalid URL.
 */
export function addressOf(url: string): { readonly host: string; readonly port: number } {
  const { hostname, port } = new URL(url);
  const usual = isTls(url) ? PORTS.tls : PORTS.plain;
  return { host: hostname.replace(/^\[|\]$/g, ''), port: port === '' ? usual : Number(port) };
}

/**
 * Starts to connect, and returns immediately; the fields of the result change later. The caller must handle the event `error` of the
 * socket. Errors: throws Node's error, for example for a key that cannot be parsed.
 */
export function openSocket(options: Pick<ConnectOptions, 'url' | 'ca' | 'cert' | 'key' | 'onStage' | 'onConnectWritten'>): MqttSocket {
  const { url, onStage } = options;
  const socket = isTls(url) ? tlsSocket(options) : connectTcp(addressOf(url));
  const addresses = new Set<string>();
  const state: { -readonly [K in keyof MqttSocket]: MqttSocket[K] } = { socket, reached: 'nothing', peer: null, streamError: null };

  socket.setNoDelay(true);
  socket.on('lookup', (error, address) => {
    if (error !== null || address === undefined) return;
    // Node reports addresses one by one, but all in the same turn.
    if (addresses.size === 0) queueMicrotask(() => onStage?.({ kind: 'name', addresses: [...addresses] }));
    addresses.add(address);
    if (state.reached === 'nothing') state.reached = 'name';
  });
  socket.once('connect', () => {
    state.reached = 'tcp';
    onStage?.({ kind: 'tcp', address: `${socket.remoteAddress ?? ''} port ${socket.remotePort ?? ''}` });
    if (!isTls(url)) options.onConnectWritten();
  });
  if (isTls(url)) {
    const secure = socket as TLSSocket;
    // Before Node verifies the certificate: its content is most needed when it is refused.
    secure.prependOnceListener('secure', () => {
      state.peer = readPeer(secure);
    });
    secure.once('secureConnect', () => {
      state.reached = 'tls';
      onStage?.({ kind: 'tls', version: secure.getProtocol() ?? '', peer: state.peer });
      options.onConnectWritten();
    });
  }
  const watch = createPacketWatch(MAX_INBOUND_BYTES);
  socket.on('data', (chunk: Buffer) => {
    state.streamError ??= watch(chunk);
    if (state.streamError !== null) socket.destroy();
  });
  return state;
}

function tlsSocket({ url, ca, cert, key }: Pick<ConnectOptions, 'url' | 'ca' | 'cert' | 'key'>): TLSSocket {
  const { host, port } = addressOf(url);
  return connectTls({
    host,
    port,
    ...(isIP(host) === 0 ? { servername: host } : {}),
    rejectUnauthorized: true,
    minVersion: 'TLSv1.2',
    ...(ca === null ? {} : { ca }),
    ...(cert === null ? {} : { cert }),
    ...(key === null ? {} : { key }),
  });
}

/**
 * Checks the packet lengths of a byte stream before the library buffers a packet in memory. Returns a function that takes the next bytes
 * and returns the first error, or null while there is none.
 *
 * Shape:  each byte once, in any chunks.
 * Source: MQTT 5 §1.5.5: a length has at most four bytes of seven bits; §2.1.2: type 0 is forbidden.
 */
function createPacketWatch(maxPacketBytes: number): (chunk: Uint8Array) => StreamError | null {
  let state: 'type' | 'length' | 'body' = 'type';
  let left = 0;
  let digits = 0;
  let error: StreamError | null = null;

  const length = (byte: number): void => {
    left += (byte & 0x7f) * 128 ** digits;
    digits += 1;
    if (byte >= 0x80) {
      if (digits === 4) error = 'not-mqtt';
      return;
    }
    if (1 + digits + left > maxPacketBytes) error = 'too-large';
    state = left === 0 ? 'type' : 'body';
  };

  return (chunk) => {
    for (let at = 0; at < chunk.length && error === null; ) {
      const byte = chunk[at] as number;
      if (state === 'body') {
        const step = Math.min(left, chunk.length - at);
        at += step;
        left -= step;
        if (left === 0) state = 'type';
        continue;
      }
      at += 1;
      if (state === 'length') length(byte);
      else if (byte < 0x10) error = 'not-mqtt';
      else [state, left, digits] = ['length', 0, 0];
    }
    return error;
  };
}
