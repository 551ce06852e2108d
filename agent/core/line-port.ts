/**
 * Parses the `port` of a line: a device file, a Modbus TCP endpoint or a serial server. Pure.
 */
import type { LineConfig, SerialSettings } from './cabinet.ts';

/** `serial`: a device file. `tcp`: Modbus TCP. `rtu+tcp`: a serial line behind a server that passes bytes on. */
export type LinePort =
  | { readonly kind: 'serial'; readonly path: string }
  | { readonly kind: 'tcp' | 'rtu+tcp'; readonly host: string; readonly port: number }
  /** `why` says what was found and what is allowed. */
  | { readonly kind: 'bad'; readonly why: string };

/** Source: Modbus Messaging on TCP/IP V1.0b §4.1.2, registered with IANA. */
const MODBUS_TCP_PORT = 502;
const SCHEME = /^([a-z][a-z0-9+.-]*):\/\//i;

/** Errors: none; what cannot be used is `bad`. */
export function parseLinePort(text: string): LinePort {
  const scheme = SCHEME.exec(text)?.[1]?.toLowerCase();
  if (scheme === undefined) return { kind: 'serial', path: text };
  if (scheme !== 'tcp' && scheme !== 'rtu+tcp') return bad(text, 'a device file, tcp://host:port or rtu+tcp://host:port');
  // The rules for hosts and ports are those of http, which the URL parser checks in full.
  const url = URL.parse(text.replace(SCHEME, 'http://'));
  const port = portOf(text);
  const isBare = url !== null && url.username === '' && url.password === '' && url.search === '' && url.hash === '' && url.pathname === '/';
  if (!isBare || port === 0) return bad(text, `${scheme}://host:port, the port from 1 to 65535 and nothing behind it`);
  if (port === null && scheme === 'rtu+tcp')
    return bad(text, 'rtu+tcp://host:port; a serial server has no usual port, so it must be given');
  return { kind: scheme, host: url.hostname.replace(/^\[|\]$/g, ''), port: port ?? MODBUS_TCP_PORT };
}

/** The same endpoint has one name, however it was written. */
export function linePortName(port: Exclude<LinePort, { kind: 'bad' }>): string {
  if (port.kind === 'serial') return port.path;
  return `${port.kind}://${port.host.includes(':') ? `[${port.host}]` : port.host}:${port.port}`;
}

/** The serial settings that a line has in truth: none on Modbus TCP, whatever its configuration was completed with. */
export function serialOf({ port, serial }: Pick<LineConfig, 'port' | 'serial'>): SerialSettings | null {
  return parseLinePort(port).kind === 'tcp' ? null : serial;
}

function portOf(text: string): number | null {
  const digits = /:(\d+)\/?$/.exec(text)?.[1];
  return digits === undefined ? null : Number(digits);
}

function bad(text: string, allowed: string): LinePort {
  return { kind: 'bad', why: `found ${JSON.stringify(text)}; allowed: ${allowed}` };
}
