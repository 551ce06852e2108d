/**
 * A TCP proxy between MQTT clients and a broker that writes down every packet and can break the link in every way a network does.
 *
 * Owns its port and sockets. Faults are switched while it runs; `connection-relay.ts` carries them out on each connection.
 * Used by the conformance checker as its only witness, and by the fault runs.
 */
import { createServer, type Server } from 'node:net';
import type { Packet } from 'mqtt-packet';
import { createConnectionRelay, type Relay } from './connection-relay.ts';
import { createWireLog, type Side, type WireLog } from './wire-log.ts';

export interface Faults {
  /** Accepts, then swallows both ways without a word. A connection that met this stays deaf when it ends. */
  readonly blackHole: boolean;
  /** TCP connections are reset at once, as where nothing listens. */
  readonly refuseTcp: boolean;
  /** CONNECT is answered with this reason code and never reaches the broker. Null: passed on. */
  readonly refuseConnack: number | null;
  /** Time on the way, each direction. Units: ms. */
  readonly delayMs: Readonly<Record<Side, number>>;
  /** Bytes go out in pieces of this size. Null: as they come. Units: bytes. */
  readonly chunkBytes: number | null;
  /** Nothing is read from these sides, so that TCP itself backs up; goes on where it stood when it ends. */
  readonly stall: Readonly<Record<Side, boolean>>;
  /** Put into each CONNACK of MQTT 5 and enforced as a broker does (0x93, 0x95). Null: the broker's own. */
  readonly receiveMaximum: number | null;
  readonly maximumPacketSize: number | null;
  /** Each PUBLISH that fits is sent twice. */
  readonly duplicate: PacketTest | null;
  /** The next packet that fits is cut in the middle and the connection closed; then it is null again. */
  readonly truncate: PacketTest | null;
  /** Packets that fit vanish, the rest passes: what TCP never does, but a broker under load. */
  readonly drop: PacketTest | null;
}

/** Whether a fault is meant for this packet, sent by `from`. */
export type PacketTest = (packet: Packet, from: Side) => boolean;

const NO_FAULTS: Faults = {
  blackHole: false,
  refuseTcp: false,
  refuseConnack: null,
  delayMs: { client: 0, server: 0 },
  chunkBytes: null,
  stall: { client: false, server: false },
  receiveMaximum: null,
  maximumPacketSize: null,
  duplicate: null,
  truncate: null,
  drop: null,
};

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
