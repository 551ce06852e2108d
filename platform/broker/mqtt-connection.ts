/**
 * MQTT 5 connections of the host. The only file that uses the `mqtt` library.
 */
import { readFileSync } from 'node:fs';
import { connect, type IClientOptions, type MqttClient } from 'mqtt';

/** Where the broker is, and how the host proves who it is. Files are read at each start. */
export interface BrokerAddress {
  readonly url: string;
  readonly username: string | undefined;
  readonly passwordFile: string | undefined;
  readonly caFile: string | undefined;
  readonly certFile: string | undefined;
  readonly keyFile: string | undefined;
}

/** What a connection publishes when it is lost. */
export interface LastWill {
  readonly topic: string;
  readonly payload: string;
}

/** What a connection is for. `topics`: subscribed after each connect. */
export interface ConnectionOptions {
  readonly broker: BrokerAddress;
  readonly topics: readonly string[];
  readonly will?: LastWill;
  /** Gets each message. The socket is not read again before `onRoom` is called. */
  readonly onMessage?: (topic: string, payload: Buffer, onRoom: () => void) => void;
  /** After each connection, once all topics are subscribed. */
  readonly onReady?: () => void;
  readonly onLost?: () => void;
  readonly onError?: (error: Error) => void;
}

/** A connection that restores itself until it is closed. */
export interface HostConnection {
  /** Connected, and all topics subscribed. */
  readonly isReady: boolean;
  /** Publishes; resolves when the library has written it (QoS 0) or the broker has it (QoS 1). Returns false without a connection. */
  publish(topic: string, payload: Buffer | string, options?: { readonly qos?: 0 | 1; readonly retain?: boolean }): Promise<boolean>;
  /** Receives nothing more; what was received is not affected. */
  unsubscribe(): Promise<void>;
  /** Ends in order: the will is not published. */
  close(): Promise<void>;
}

/** A pause before the next attempt. Units: ms. Source: assumed; a host is one of few clients, and births that arrive at a broker before it are lost. Confirmed by: restarts of the city's broker. */
const RECONNECT_MS = 250;

/** Opens a connection. It connects, and connects again, by itself; errors are reported by `onError`. */
export function openConnection(options: ConnectionOptions): HostConnection {
  const { broker, topics, will, onMessage, onReady, onLost, onError } = options;
  const client: MqttClient = connect(broker.url, { ...clientOptions(broker), ...(will === undefined ? {} : { will: willOf(will) }) });
  let isReady = false;
  let isClosed = false;
  client.on('error', (error) => onError?.(error));
  client.on('close', () => {
    if (isReady && !isClosed) onLost?.();
    isReady = false;
  });
  client.on('connect', () => {
    const subscribed = (error?: Error | null): void => {
      if (isClosed) return;
      if (error) {
        onError?.(error);
        // Without its subscription the connection is of no use: begin again.
        client.reconnect();
        return;
      }
      isReady = true;
      onReady?.();
    };
    if (topics.length === 0) subscribed();
    else client.subscribe([...topics], { qos: 1 }, (error) => subscribed(error));
  });
  // The library waits for the callback before it handles the next packet, and reads no more from the socket when its buffers are full.
  client.handleMessage = ({ topic, payload }, done) => {
    if (onMessage === undefined) done();
    else onMessage(topic, Buffer.isBuffer(payload) ? payload : Buffer.from(payload), () => done());
  };
  return {
    get isReady() {
      return isReady;
    },
    publish: async (topic, payload, { qos = 0, retain = false } = {}) => {
      if (!client.connected) return false;
      try {
        await client.publishAsync(topic, payload, { qos, retain });
        return true;
      } catch {
        // The connection was lost meanwhile; what matters is sent again by its own rule.
        return false;
      }
    },
    unsubscribe: async () => {
      isClosed = true;
      isReady = false;
      // Without a connection there is nothing to end.
      if (client.connected && topics.length > 0) await client.unsubscribeAsync([...topics]).catch(() => undefined);
    },
    close: async () => {
      isClosed = true;
      await client.endAsync(!client.connected);
    },
  };
}

function clientOptions({ username, passwordFile, caFile, certFile, keyFile }: BrokerAddress): IClientOptions {
  return {
    protocolVersion: 5,
    clean: true,
    properties: { sessionExpiryInterval: 0 },
    reconnectPeriod: RECONNECT_MS,
    // The subscription is made again below, so that its end is known.
    resubscribe: false,
    queueQoSZero: false,
    ...(username === undefined ? {} : { username }),
    ...(passwordFile === undefined ? {} : { password: readFileSync(passwordFile, 'utf8').trimEnd() }),
    ...(caFile === undefined ? {} : { ca: readFileSync(caFile) }),
    ...(certFile === undefined ? {} : { cert: readFileSync(certFile) }),
    ...(keyFile === undefined ? {} : { key: readFileSync(keyFile) }),
  };
}

function willOf({ topic, payload }: LastWill): NonNullable<IClientOptions['will']> {
  return { topic, payload: Buffer.from(payload), qos: 1, retain: true };
}
