/**
 * A TCP proxy between MQTT clients and a broker: records every packet, and can break the link in every way a network does.
 *
 * Faults can be changed while it runs.
 */
import { createServer, type Server, type Socket } from 'node:net';
import { ConnectionRelay } from './connection-relay.ts';
import { type Faults, NO_FAULTS } from './faults.ts';
import { createWireLog, type Side, type WireLog } from './wire-log.ts';

export interface FaultProxyOptions {
  /** Port of the broker on the loopback. */
  readonly target: number;
  /** Shared by several proxies for several brokers. */
  readonly log?: WireLog;
  /** Name of this broker in the log. */
  readonly name?: string;
  /** Bytes are passed undecoded (TLS): no packets in the log, and only the faults that need none. */
  readonly isOpaque?: boolean;
}

/** A proxy to one broker, with its faults and the log of its packets. Listens from `start` on. */
export class FaultProxy {
  readonly log: WireLog;
  readonly #options: FaultProxyOptions;
  readonly #relays = new Set<ConnectionRelay>();
  #faults = NO_FAULTS;
  #server: Server | null = null;
  #port = 0;

  constructor(options: FaultProxyOptions) {
    this.#options = options;
    this.log = options.log ?? createWireLog();
  }

  /** 0 before `start`. */
  get port(): number {
    return this.#port;
  }

  get url(): string {
    return `mqtt://127.0.0.1:${this.#port}`;
  }

  get faults(): Faults {
    return this.#faults;
  }

  /** Open connections. */
  get connections(): number {
    return this.#relays.size;
  }

  async start(): Promise<void> {
    if (this.#server !== null) return;
    this.#server = await this.#listen();
    const address = this.#server.address();
    if (typeof address === 'object' && address !== null) this.#port = address.port;
  }

  /** Cuts everything and frees the port; a second `start` takes the same port. */
  async stop(): Promise<void> {
    const stopped = this.#server;
    this.#server = null;
    for (const relay of this.#relays) relay.reset();
    if (stopped !== null) await new Promise((resolve) => stopped.close(resolve));
  }

  /** Changes these faults and leaves the others; they apply to open connections too. */
  set(changes: Partial<Faults>): void {
    this.#faults = { ...this.#faults, ...changes };
    for (const relay of this.#relays) relay.faultsChanged();
  }

  /** Removes all faults. */
  heal(): void {
    this.set(NO_FAULTS);
  }

  /** RST to both ends of every connection, or of those whose client has this id. */
  reset(clientId?: string): void {
    for (const relay of this.#relaysOf(clientId)) relay.reset();
  }

  /** FIN to both ends of the same. */
  close(clientId?: string): void {
    for (const relay of this.#relaysOf(clientId)) relay.close();
  }

  /** Sends extra bytes to one end of every connection. */
  inject(to: Side, bytes: Buffer): void {
    for (const relay of this.#relays) relay.inject(to, bytes);
  }

  #relaysOf(clientId: string | undefined): readonly ConnectionRelay[] {
    return [...this.#relays].filter((relay) => clientId === undefined || relay.clientId === clientId);
  }

  async #listen(): Promise<Server> {
    const opened = createServer({ allowHalfOpen: true }, (client) => this.#accept(client));
    await new Promise<void>((resolve, reject) => {
      opened.once('error', reject);
      opened.listen(this.#port, '127.0.0.1', () => resolve());
    });
    return opened;
  }

  #accept(client: Socket): void {
    if (this.#faults.refuseTcp) {
      client.resetAndDestroy();
      return;
    }
    const { target, name = 'broker', isOpaque = false } = this.#options;
    const relay: ConnectionRelay = new ConnectionRelay({
      ...{ client, target, log: this.log, server: name, isOpaque },
      faults: () => this.#faults,
      onFaultUsed: (used) => this.set({ [used]: null }),
      onClosed: () => this.#relays.delete(relay),
    });
    this.#relays.add(relay);
  }
}
