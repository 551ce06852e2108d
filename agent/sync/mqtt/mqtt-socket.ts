/**
 * The bytes under MQTT: a TCP or TLS socket whose every stage is told, and whose input is bounded before anybody reads it.
 *
 * Owns the socket's options. Verification of host name and authority cannot be turned off.
 */
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import type { PeerCertificate } from '../../core/uplink-tools.ts';
import { readPeer } from './certificates.ts';
import type { ConnectOptions } from './mqtt-transport.ts';
import { createPacketWatch, type StreamError } from './packet-watch.ts';

/** Largest packet we are willing to take. Units: bytes. Source: commands are refused above 64 KB; one step more lets us say so. */
export const MAX_INBOUND_BYTES = 131_072;
/** Source: IANA, mqtt and secure-mqtt. */
const PORTS = { plain: 1_883, tls: 8_883 };

/** How far an attempt came. */
export type ReachedStage = 'nothing' | 'name' | 'tcp' | 'tls';

export interface MqttSocket {
  readonly socket: Socket;
  readonly reached: ReachedStage;
  /** As the broker showed it, verified or not; null before that. */
  readonly peer: PeerCertificate | null;
  /** What came was no MQTT, or too much of it. */
  readonly trouble: StreamError | null;
}

export function isTls(url: string): boolean {
  return url.toLowerCase().startsWith('mqtts:');
}

/** Where a broker's address points to. Shape: an IPv6 address without its brackets. */
export function addressOf(url: string): { readonly host: string; readonly port: number } {
  const { hostname, port } = new URL(url);
  const usual = isTls(url) ? PORTS.tls : PORTS.plain;
  return { host: hostname.replace(/^\[|\]$/g, ''), port: port === '' ? usual : Number(port) };
}

/** Begins to connect. Errors: throws what Node says of a certificate or key that cannot be parsed, or do not belong together. */
export function openSocket(options: Pick<ConnectOptions, 'url' | 'ca' | 'cert' | 'key' | 'onStage' | 'onConnectWritten'>): MqttSocket {
  const { url, onStage } = options;
  const socket = isTls(url) ? tlsSocket(options) : connectTcp(addressOf(url));
  const addresses = new Set<string>();
  const state: { -readonly [K in keyof MqttSocket]: MqttSocket[K] } = { socket, reached: 'nothing', peer: null, trouble: null };

  socket.setNoDelay(true);
  socket.on('lookup', (error, address) => {
    if (error !== null || address === undefined) return;
    // Told one by one, but all in one turn.
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
    // Before Node judges the certificate: what it says is wanted above all when it is refused.
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
    state.trouble ??= watch(chunk);
    if (state.trouble !== null) socket.destroy();
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
