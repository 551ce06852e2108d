/**
 * A TCP proxy between MQTT clients and a broker that writes down every packet and can break the link in every way a network does.
 *
 * Owns its port and sockets. Faults are switched while it runs; `connection-relay.ts` carries them out on each connection.
 * Used by the conformance checker as its only witness, and by the fault runs.
 */
import { createServer, type Server } from 'node:net';
import { createConnectionRelay, type Relay } from './connection-relay.ts';
import { type Faults, NO_FAULTS } from './faults.ts';
import { createWireLog, type Side, type WireLog } from './wire-log.ts';

export interface FaultProxyOptions {
  /** Port of the broker on the loopback. */
  readonly target: number;
  /** Shared, where several proxies stand before several brokers. */
  readonly log?: WireLog;
  /** How the log names this broker. */
  readonly name?: string;
  /** Bytes pass unread (TLS): no packets in the log, and only the faults that need none. */
  readonly isOpaque?: boolean;
}

export interface FaultProxy {
  /** 0 before `start`. */
  readonly port: number;
  readonly url: string;
  readonly log: WireLog;
  readonly faults: Faults;
  /** Connections open at present. */
  readonly connections: number;
  start(): Promise<void>;
  /** Cuts everything and frees the port; a second `start` takes the same port. */
  stop(): Promise<void>;
  /** Changes these faults and leaves the others; connections that are open meet them too. */
  set(changes: Partial<Faults>): void;
  /** No faults any more. */
  heal(): void;
  /** RST to both ends of every connection, or of those whose client has this id. */
  reset(clientId?: string): void;
  /** FIN to both ends of the same. */
  close(clientId?: string): void;
  /** Bytes that nobody sent, to one end of every connection. */
  inject(to: Side, bytes: Buffer): void;
}

/** A proxy that listens after `start`. */
export function createFaultProxy(options: FaultProxyOptions): FaultProxy {
  const log = options.log ?? createWireLog();
  const relays = new Set<Relay>();
  let faults = NO_FAULTS;
  let server: Server | null = null;
  let port = 0;
  const set = (changes: Partial<Faults>): void => {
    faults = { ...faults, ...changes };
    for (const relay of relays) relay.faultsChanged();
  };
  const listen = async (): Promise<Server> => {
    const opened = createServer({ allowHalfOpen: true }, (client) => {
      if (faults.refuseTcp) return void client.resetAndDestroy();
      const relay = createConnectionRelay({
        client,
        target: options.target,
        log,
        server: options.name ?? 'broker',
        isOpaque: options.isOpaque ?? false,
        faults: () => faults,
        onFaultUsed: (used) => set({ [used]: null }),
        onClosed: () => relays.delete(relay),
      });
      relays.add(relay);
    });
    await new Promise<void>((resolve, reject) => {
      opened.once('error', reject);
      opened.listen(port, '127.0.0.1', () => resolve());
    });
    return opened;
  };
  return {
    get port() {
      return port;
    },
    get url() {
      return `mqtt://127.0.0.1:${port}`;
    },
    log,
    get faults() {
      return faults;
    },
    get connections() {
      return relays.size;
    },
    start: async () => {
      if (server !== null) return;
      server = await listen();
      const address = server.address();
      if (typeof address === 'object' && address !== null) port = address.port;
    },
    stop: async () => {
      const stopped = server;
      server = null;
      for (const relay of relays) relay.reset();
      if (stopped !== null) await new Promise((resolve) => stopped.close(resolve));
    },
    set,
    heal: () => set(NO_FAULTS),
    reset: (clientId) => {
      for (const relay of relays) if (clientId === undefined || relay.clientId === clientId) relay.reset();
    },
    close: (clientId) => {
      for (const relay of relays) if (clientId === undefined || relay.clientId === clientId) relay.close();
    },
    inject: (to, bytes) => {
      for (const relay of relays) relay.inject(to, bytes);
    },
  };
}
