/**
 * A TCP connection as bytes in and bytes out.
 *
 * It does not interpret bytes and never reconnects: the supervisor of the line's port does.
 */
import { connect, type Socket } from 'node:net';
import type { Clock, MonoMs, Timer } from '../agent/core/clock.ts';
import type { BytePort } from '../agent/core/driver.ts';
import { BusError, type BusErrorCode } from '../agent/core/errors.ts';

/** Units: ms. Source: assumed; three tries of the kernel's SYN at 0, 1 and 3 s. */
const CONNECT_MS = 5_000;
/** Units: ms. Source: assumed; an idle line notices a dead peer by the kernel's probes. */
const KEEPALIVE_MS = 10_000;
/** After this long and so many requests without a byte in return the connection counts as half open: the peer is gone. Source: assumed. */
const HALF_OPEN = { ms: 10_000, requests: 5 };

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

export interface SocketPortOptions {
  /** The address as people write it: `tcp://host:502`. */
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly clock: Clock;
}

/** Errors: `open` rejects with BusError `port-missing`, `port-busy` or `port-refused`, each saying what to check. */
export function createSocketPort(options: SocketPortOptions): BytePort {
  return new SocketPort(options);
}

class SocketPort implements BytePort {
  onBytes: (bytes: Buffer) => void = () => {};
  onLost: (cause: Error) => void = () => {};
  readonly #options: SocketPortOptions;
  #socket: Socket | null = null;
  /** Requests since the last byte from the far end, and when the first of them left. */
  #unanswered: { sinceMono: MonoMs; requests: number } | null = null;

  constructor(options: SocketPortOptions) {
    this.#options = options;
  }

  get isOpen(): boolean {
    return this.#socket !== null;
  }

  async open(): Promise<void> {
    if (this.#socket === null) this.#adopt(await connected(this.#options));
  }

  write(bytes: Uint8Array): void {
    const { name, clock } = this.#options;
    if (this.#socket === null) throw new BusError('port-closed', `${name} is closed`);
    const nowMono = clock.monoMs();
    this.#unanswered ??= { sinceMono: nowMono, requests: 0 };
    if (this.#unanswered.requests >= HALF_OPEN.requests && nowMono - this.#unanswered.sinceMono >= HALF_OPEN.ms) {
      this.#lose(this.#socket, 'takes requests and answers nothing: check network, gateway and the units behind it');
      throw new BusError('port-closed', `${name} is closed`);
    }
    this.#unanswered.requests++;
    this.#socket.write(bytes);
  }

  discardInput(): number {
    return 0;
  }

  async close(): Promise<void> {
    const closing = this.#socket;
    this.#socket = null;
    closing?.destroy();
  }

  #adopt(socket: Socket): void {
    this.#socket = socket;
    this.#unanswered = null;
    socket.removeAllListeners();
    socket.on('data', (bytes) => {
      this.#unanswered = null;
      if (this.#socket === socket) this.onBytes(bytes);
    });
    socket.on('error', (cause) => this.#lose(socket, 'broke the connection: check network and power of the gateway', cause));
    socket.on('close', () => this.#lose(socket, 'closed the connection: check the gateway and how many clients it allows'));
  }

  #lose(lost: Socket, why: string, cause?: Error): void {
    if (this.#socket !== lost) return;
    this.#socket = null;
    lost.destroy();
    this.onLost(new BusError('port-closed', `${this.#options.name} ${why}`, cause === undefined ? {} : { cause }));
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
  const [code, advice] = CONNECT_ERRORS[errno] ?? ['port-refused', `cannot be used (${errno || String(cause)}): check address and network`];
  return new BusError(code, `${name} ${advice}`, { cause });
}
