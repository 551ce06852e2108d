/**
 * A TCP connection as bytes in and bytes out.
 *
 * It does not interpret bytes and never reconnects: the supervisor of the line's port does.
 */

import { connect, type Socket } from 'node:net';
import type { Clock, MonoMs, Timer } from '../agent/core/clock.ts';
import type { BytePort } from '../agent/core/driver.ts';
import { BusError, type BusErrorCode } from '../agent/core/errors.ts';
import { type Message, msg } from '../agent/core/message.ts';
import { retransmits, type TcpPorts } from './tcp-table.ts';

/**
 * Longest time to connect. Units: ms. Source: assumed; three tries of the kernel's SYN at 0, 1 and 3 s. Confirmed by: connection times over the
 * mobile link of a cabinet.
 */
const CONNECT_MS = 5_000;
/**
 * Interval of keep-alive probes. Units: ms. Source: assumed; on an idle line the kernel's probes detect a dead peer. Confirmed by: the idle timeouts
 * of serial servers on the bench.
 */
const KEEPALIVE_MS = 10_000;
/**
 * After each `lookMs` without a byte in return, the agent checks whether the far end still acknowledges data; after `retransmits` retransmissions in
 * a row it does not. Units: ms. Source: assumed; the kernel repeats after 0.2, 0.4, 0.8 s and so on, over a slow mobile link after 3 and 6 s.
 * Confirmed by: retransmissions over the mobile link of a cabinet.
 */
const HALF_OPEN = { lookMs: 10_000, retransmits: 2 };

type ConnectError = readonly [code: BusErrorCode, said: (name: string) => Message];

const NO_NAME: ConnectError = ['port-missing', (name) => msg`${name} has no address: check the host name and the name server`];
const NO_WAY: ConnectError = ['port-missing', (name) => msg`${name} does not answer: check cable, address and power of the gateway`];
const CONNECT_ERRORS: Readonly<Record<string, ConnectError>> = {
  ECONNREFUSED: [
    'port-refused',
    (name) => msg`${name} refuses the connection: check the port number and that its Modbus server is switched on`,
  ],
  ECONNRESET: ['port-busy', (name) => msg`${name} closes the connection at once: it may allow one client only, and another is connected`],
  ENOTFOUND: NO_NAME,
  EAI_AGAIN: NO_NAME,
  ETIMEDOUT: NO_WAY,
  EHOSTUNREACH: NO_WAY,
  ENETUNREACH: NO_WAY,
};

/** The address and the clock of a port over TCP, and how it finds out whether the far end still acknowledges. */
export interface SocketPortOptions {
  /** The address for messages, with its scheme: `tcp://host:502`. */
  readonly name: string;
  /** A name or an address, IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
  readonly clock: Clock;
  /**
   * Resolves with how often the kernel has sent the oldest unacknowledged byte again; null if unknown. At 2 or more the connection counts
   * as lost. Default: the kernel's own count.
   */
  readonly retransmits?: (ports: TcpPorts) => Promise<number | null>;
}

/**
 * Creates a port over TCP; it is closed until `open`, and does not reconnect by itself. Errors: `open` rejects with BusError, for example
 * `port-missing`, with what to check.
 */
export function createSocketPort(options: SocketPortOptions): BytePort {
  return new SocketPort(options);
}

class SocketPort implements BytePort {
  onBytes: (bytes: Buffer) => void = () => {};
  onLost: (cause: Error) => void = () => {};
  readonly #options: SocketPortOptions;
  #socket: Socket | null = null;
  /**
   * When the first request since the last received byte left, or when the far end was last checked; null while all requests are answered.
   */
  #unansweredMono: MonoMs | null = null;

  constructor(options: SocketPortOptions) {
    this.#options = options;
  }

  get isOpen(): boolean {
    return this.#socket !== null;
  }

  get isStalled(): boolean {
    return this.#unansweredMono !== null;
  }

  async open(): Promise<void> {
    if (this.#socket === null) this.#adopt(await connected(this.#options));
  }

  write(bytes: Uint8Array): void {
    const { name, clock } = this.#options;
    if (this.#socket === null) throw new BusError('port-closed', msg`${name} is closed`);
    const nowMono = clock.monoMs();
    this.#unansweredMono ??= nowMono;
    if (nowMono - this.#unansweredMono >= HALF_OPEN.lookMs) {
      this.#unansweredMono = nowMono;
      void this.#expectAlive(this.#socket);
    }
    this.#socket.write(bytes);
  }

  discardInput(): number {
    return 0;
  }

  async close(): Promise<void> {
    const closing = this.#socket;
    this.#socket = null;
    if (closing !== null) this.#drop(closing);
  }

  /** Unanswered requests must not be executed later: those that still wait are dropped with the connection. */
  #drop(socket: Socket): void {
    if (this.#unansweredMono === null) socket.destroy();
    else socket.resetAndDestroy();
  }

  /** Closes the connection when the far end is gone. A far end that acknowledges is alive: then the units behind it are silent. */
  async #expectAlive(socket: Socket): Promise<void> {
    const { localPort: local, remotePort: remote } = socket;
    if (local === undefined || remote === undefined) return;
    const count = await (this.#options.retransmits ?? retransmits)({ local, remote });
    if (count !== null && count >= HALF_OPEN.retransmits)
      this.#lose(socket, (name) => msg`${name} is gone: it no longer acknowledges anything, check network and power of the gateway`);
  }

  #adopt(socket: Socket): void {
    this.#socket = socket;
    this.#unansweredMono = null;
    socket.removeAllListeners();
    socket.on('data', (bytes) => {
      this.#unansweredMono = null;
      if (this.#socket === socket) this.onBytes(bytes);
    });
    socket.on('error', (cause) =>
      this.#lose(socket, (name) => msg`${name} broke the connection: check network and power of the gateway`, cause),
    );
    socket.on('close', () =>
      this.#lose(socket, (name) => msg`${name} closed the connection: check the gateway and how many clients it allows`),
    );
  }

  #lose(lost: Socket, said: (name: string) => Message, cause?: Error): void {
    if (this.#socket !== lost) return;
    this.#socket = null;
    this.#drop(lost);
    this.onLost(new BusError('port-closed', said(this.#options.name), cause === undefined ? {} : { cause }));
  }
}

function connected({ name, host, port, clock }: SocketPortOptions): Promise<Socket> {
  return new Promise((resolve, reject) => {
    let timer: Timer | undefined;
    const socket = connect({ host, port, noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEPALIVE_MS });
    const fail = (cause: unknown): void => {
      timer?.cancel();
      // Later errors of a socket that is being destroyed change nothing.
      socket
        .removeAllListeners()
        .on('error', () => {})
        .destroy();
      reject(connectError(name, cause));
    };
    timer = clock.after(CONNECT_MS, () => fail(Object.assign(new Error(`no answer in ${CONNECT_MS} ms`), { code: 'ETIMEDOUT' })));
    socket.once('error', fail);
    socket.once('connect', () => {
      timer?.cancel();
      resolve(socket);
    });
  });
}

function connectError(name: string, cause: unknown): BusError {
  const errno = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  const [code, said] = CONNECT_ERRORS[errno] ?? ['port-refused', unusable(errno || String(cause))];
  return new BusError(code, said(name), { cause });
}

function unusable(why: string): (name: string) => Message {
  return (name) => msg`${name} cannot be used (${why}): check address and network`;
}
