/**
 * Parses the `port` of a line: a device file, a Modbus TCP endpoint or a serial server. Pure.
 */

import { BlockList, isIP } from 'node:net';
import type { LineConfig, SerialSettings } from './cabinet.ts';
import { type Message, msg } from './message.ts';

/**
 * The `port` of a line, parsed. `rtu+tcp`: a serial line behind a server that passes bytes on. `bad`: the text cannot be used. `host`: a
 * name or an address, IPv6 without brackets.
 */
export type LinePort =
  | { readonly kind: 'serial'; readonly path: string }
  | { readonly kind: 'tcp' | 'rtu+tcp'; readonly host: string; readonly port: number }
  /** `why` contains what was found and what is allowed. */
  | { readonly kind: 'bad'; readonly why: Message };

/** Source: Modbus Messaging on TCP/IP V1.0b §4.1.2, registered with IANA. */
const MODBUS_TCP_PORT = 502;
const SCHEME = /^([a-z][a-z0-9+.-]*):\/\//i;
/** Host, port and nothing else. The URL parser drops blanks, an empty query and dots, and the port before them would be lost. */
const BARE = /^[^/?#\\\s]+\/?$/;

/**
 * Parses the `port` of a line. A text that cannot be used has the kind `bad`. A text without `scheme://` is a device file, which may be
 * missing. `tcp://` without a port has 502.
 */
export function parseLinePort(text: string): LinePort {
  const scheme = SCHEME.exec(text)?.[1]?.toLowerCase();
  if (scheme === undefined) return { kind: 'serial', path: text };
  if (scheme !== 'tcp' && scheme !== 'rtu+tcp') return bad(text, msg`a device file, tcp://host:port or rtu+tcp://host:port`);
  // Hosts and ports follow the rules of http, which the URL parser checks completely.
  const url = URL.parse(text.replace(SCHEME, 'http://'));
  const port = portOf(text);
  const isBare = url !== null && url.username === '' && url.password === '' && BARE.test(text.replace(SCHEME, ''));
  if (!isBare || port === 0) return bad(text, msg`${scheme}://host:port, the port from 1 to 65535 and nothing behind it`);
  if (port === null && scheme === 'rtu+tcp')
    return bad(text, msg`rtu+tcp://host:port; a serial server has no usual port, so it must be given`);
  return { kind: scheme, host: url.hostname.replace(/^\[|\]$/g, ''), port: port ?? MODBUS_TCP_PORT };
}

/** A range of network addresses that a line may use, with one scheme and one port. */
export interface LineNetwork {
  readonly kind: 'tcp' | 'rtu+tcp';
  readonly port: number;
  /** Returns whether the host is an address in this range. False for a host name, and for loopback, multicast and similar addresses. */
  holds(host: string): boolean;
}

/** Shortest prefixes. Source: assumed; 65,536 addresses are more than a city has cabinets. Confirmed by: the address plans of the sites. */
const MIN_PREFIX = { 4: 16, 6: 48 } as const;
/** Unspecified, loopback, link-local, multicast, reserved and broadcast addresses. Source: IANA special-purpose address registries. */
const NEVER = networks(['0.0.0.0', 8], ['127.0.0.0', 8], ['169.254.0.0', 16], ['224.0.0.0', 3], ['::', 127], ['fe80::', 10], ['ff00::', 8]);

/**
 * Parses a range of addresses such as `tcp://10.20.0.0/24:502`. Returns a message if the range cannot be used; undefined if the text is no
 * range. `tcp://` without a port has 502.
 */
export function parseLineNetwork(text: string): LineNetwork | Message | undefined {
  const [, scheme, host = '', bits = '', portText] =
    /^(tcp|rtu\+tcp):\/\/(\[[0-9a-f:.]+\]|[\d.]+)\/(\d{1,3})(?::(\d{1,5}))?$/i.exec(text) ?? [];
  if (scheme === undefined) return undefined;
  const kind = scheme.toLowerCase() === 'tcp' ? 'tcp' : 'rtu+tcp';
  const address = host.replace(/^\[|\]$/g, '');
  const family = isIP(address);
  const prefix = Number(bits);
  const port = portText === undefined && kind === 'tcp' ? MODBUS_TCP_PORT : Number(portText);
  if (family !== 4 && family !== 6) return msg`found ${JSON.stringify(text)}; allowed: an address before the "/", as tcp://10.20.0.0/24`;
  const min = MIN_PREFIX[family];
  if (prefix < min || prefix > (family === 4 ? 32 : 128))
    return msg`found ${JSON.stringify(text)}; allowed: a network of /${min} or smaller, as tcp://10.20.0.0/24`;
  if (!(port >= 1 && port <= 65_535))
    return msg`found ${JSON.stringify(text)}; allowed: a port from 1 to 65535, as rtu+tcp://10.20.0.0/24:4001`;
  if (isIn(NEVER, address)) return msg`found ${JSON.stringify(text)}; allowed: no address of this machine itself`;
  const network = networks([address, prefix]);
  return { kind, port, holds: (host) => isIn(network, host) && !isIn(NEVER, host) };
}

/**
 * Returns the name of a port: the path of a device file, or `tcp://host:port` or `rtu+tcp://host:port` of a network endpoint. An IPv6
 * address is in brackets.
 */
export function linePortName(port: Exclude<LinePort, { kind: 'bad' }>): string {
  if (port.kind === 'serial') return port.path;
  return `${port.kind}://${port.host.includes(':') ? `[${port.host}]` : port.host}:${port.port}`;
}

/**
 * Returns a name for the port of a line, for comparison; a text that cannot be used is returned as it is. Different paths of one device
 * file have different names.
 */
export function portKey(text: string): string {
  const port = parseLinePort(text);
  return port.kind === 'bad' ? text : linePortName(port);
}

/** Returns the configured serial settings of a line; null for a `tcp://` port, but not for `rtu+tcp://`. */
export function serialOf({ port, serial }: Pick<LineConfig, 'port' | 'serial'>): SerialSettings | null {
  return parseLinePort(port).kind === 'tcp' ? null : serial;
}

function networks(...each: readonly (readonly [address: string, prefix: number])[]): BlockList {
  const list = new BlockList();
  for (const [address, prefix] of each) list.addSubnet(address, prefix, isIP(address) === 6 ? 'ipv6' : 'ipv4');
  return list;
}

function isIn(list: BlockList, host: string): boolean {
  const family = isIP(host);
  return family !== 0 && list.check(host, family === 6 ? 'ipv6' : 'ipv4');
}

function portOf(text: string): number | null {
  const digits = /:(\d+)\/?$/.exec(text)?.[1];
  return digits === undefined ? null : Number(digits);
}

function bad(text: string, allowed: Message): LinePort {
  return { kind: 'bad', why: msg`found ${JSON.stringify(text)}; allowed: ${allowed}` };
}
