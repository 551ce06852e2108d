/**
 * A TCP connection as bytes in and bytes out.
 *
 * Owns the socket. Never interprets a byte, never reconnects: the line's keeper does.
 */
import { connect, type Socket } from 'node:net';
import type { Clock, MonoMs } from '../agent/core/clock.ts';
import type { BytePort } from '../agent/core/driver.ts';
import { BusError, type BusErrorCode } from '../agent/core/errors.ts';

/** Units: ms. Source: assumed; three tries of the kernel's SYN at 0, 1 and 3 s. */
const CONNECT_MS = 5_000;
/** Units: ms. Source: assumed; an idle line notices a dead peer by the kernel's probes. */
const KEEPALIVE_MS = 10_000;
/** Nothing at all came back for so long, on so many requests: the peer is gone though nobody said so. Source: assumed. */
const HALF_OPEN = { ms: 10_000, requests: 5 };

/** Errors: `open` rejects with BusError `port-missing`, `port-busy` or `port-refused`, each saying what to check. */
export function createSocketPort({
  name,
  host,
  port: tcpPort,
  clock,
}: {
  /** As people know it: `tcp://host:502`. */
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly clock: Clock;
}): BytePort {
  let socket: Socket | null = null;
  /** Since when and how often it has been asked without a byte in return. */
  let unanswered: { sinceMono: MonoMs; requests: number } | null = null;

  const lose = (lost: Socket, why: string, cause?: Error): void => {
    if (socket !== lost) return;
    socket = null;
    lost.destroy();
    port.onLost(new BusError('port-closed', `${name} ${why}`, cause === undefined ? {} : { cause }));
  };
  const adopt = (opened: Socket): void => {
    socket = opened;
    unanswered = null;
    opened.removeAllListeners();
    opened.on('data', (bytes) => {
      unanswered = null;
      if (socket === opened) port.onBytes(bytes);
    });
    opened.on('error', (cause) => lose(opened, 'broke the connection: check network and power of the gateway', cause));
    opened.on('close', () => lose(opened, 'closed the connection: check the gateway and how many clients it allows'));
  };
  const port: BytePort = {
    get isOpen() {
      return socket !== null;
    },
    onBytes: () => {},
    onLost: () => {},
    async open() {
      if (socket === null) adopt(await connected(name, { host, port: tcpPort }, clock));
    },
    write(bytes) {
      if (socket === null) throw new BusError('port-closed', `${name} is closed`);
      const nowMono = clock.monoMs();
      unanswered ??= { sinceMono: nowMono, requests: 0 };
      if (unanswered.requests >= HALF_OPEN.requests && nowMono - unanswered.sinceMono >= HALF_OPEN.ms) {
        lose(socket, 'takes requests and answers nothing: check network, gateway and the units behind it');
        throw new BusError('port-closed', `${name} is closed`);
      }
      unanswered.requests++;
      socket.write(bytes);
    },
    discardInput: () => 0,
    async close() {
      const closing = socket;
      socket = null;
      closing?.destroy();
    },
  };
  return port;
}

function connected(name: string, to: { host: string; port: number }, clock: Clock): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ ...to, noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEPALIVE_MS });
    const fail = (cause: unknown): void => {
      timer.cancel();
      // What a dying socket still has to say is of no use to anybody.
      socket
        .removeAllListeners()
        .on('error', () => {})
        .destroy();
      reject(connectError(name, cause));
    };
    const timer = clock.after(CONNECT_MS, () => fail(Object.assign(new Error(`no answer in ${CONNECT_MS} ms`), { code: 'ETIMEDOUT' })));
    socket.once('error', fail);
    socket.once('connect', () => {
      timer.cancel();
      resolve(socket);
    });
  });
}

function connectError(name: string, cause: unknown): BusError {
  const errno = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  const [code, advice] = CONNECT_ERRORS[errno] ?? ['port-refused', `cannot be used (${errno || String(cause)}): check address and network`];
  return new BusError(code, `${name} ${advice}`, { cause });
}

const NO_NAME: readonly [BusErrorCode, string] = ['port-missing', 'has no address: check the host name and the name server'];
const NO_WAY: readonly [BusErrorCode, string] = ['port-missing', 'does not answer: check cable, address and power of the gateway'];
const CONNECT_ERRORS: Readonly<Record<string, readonly [BusErrorCode, string]>> = {
  ECONNREFUSED: ['port-refused', 'refuses the connection: check the port number and that its Modbus server is switched on'],
  ECONNRESET: ['port-busy', 'hangs up at once: it may serve one client only, and another is connected'],
  ENOTFOUND: NO_NAME,
  EAI_AGAIN: NO_NAME,
  ETIMEDOUT: NO_WAY,
  EHOSTUNREACH: NO_WAY,
  ENETUNREACH: NO_WAY,
};
