/**
 * MQTT connections of the host. The only file that uses the `mqtt` library.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { connect, ErrorWithSubackPacket, type IClientOptions, type MqttClient } from 'mqtt';
import { type BrokerAddress, readBrokerFiles } from './broker-files.ts';

/** What the broker publishes, with QoS 1 and retained, when the connection ends without an orderly close. */
export interface LastWill {
  readonly topic: string;
  readonly payload: string;
}

/** What a connection is for. `topics`: subscribed after each connect, with QoS 1 if the broker grants it; none if it is empty. */
export interface ConnectionOptions {
  readonly broker: BrokerAddress;
  readonly topics: readonly string[];
  /** Published by the broker, with QoS 1 and retained, if the connection ends without an orderly close. Default: none. */
  readonly will?: LastWill;
  /**
   * Gets each message. Until `onRoom` is called, nothing else from the broker is handled, also no acknowledgement of `publish`. The socket
   * is read only until the buffers are full.
   */
  readonly onMessage?: (topic: string, payload: Buffer, onRoom: () => void) => void;
  /** After each connection, once all topics are subscribed. */
  readonly onReady?: () => void;
  /** The connection was lost after `onReady`; not after `unsubscribe` or `close`. */
  readonly onLost?: () => void;
  /**
   * The connection failed, or a subscription was refused; it connects again by itself. Also at each attempt that the far end closes before
   * it has accepted the connection.
   */
  readonly onError?: (error: Error) => void;
}

/** A connection that restores itself until it is closed. */
export interface HostConnection {
  /** Connected, and all topics subscribed. */
  readonly isReady: boolean;
  /**
   * Publishes; resolves true when the library has written it (QoS 0) or the broker has it (QoS 1). False: there is no connection, the
   * broker refuses the message, or the connection ends first. In the last case the broker may have it, or get it later (QoS 1). Default:
   * QoS 0, not retained.
   */
  publish(topic: string, payload: Buffer | string, options?: { readonly qos?: 0 | 1; readonly retain?: boolean }): Promise<boolean>;
  /** Ends the subscriptions; what was received is not affected. `isReady` stays false. */
  unsubscribe(): Promise<void>;
  /** Ends in order, so that the will is not published. If that takes too long, the connection is cut. */
  close(): Promise<void>;
}

/** The longest wait for an orderly end. Units: ms. Source: assumed; a broker answers within a second, and systemd gives a process 90 s. Confirmed by: stops of the host while its broker is frozen. */
const CLOSE_MS = 5_000;
/** A pause before the next attempt. Units: ms. Source: assumed; a host is one of few clients, and births that arrive at a broker before it are lost. Confirmed by: restarts of the city's broker. */
const RECONNECT_MS = 250;
/** The longest pause after refused subscriptions; the first is `RECONNECT_MS`, and each is twice the one before. Units: ms. Source: assumed; rights are corrected by people, within minutes. Confirmed by: the load that refused hosts put on the city's broker. */
const LONGEST_PAUSE_MS = 30_000;
/** Longest wait for a connection; then the next node is tried. Units: ms. Source: assumed; platform and broker are on one network. Confirmed by: connection times of the city's platform. */
const CONNECT_MS = 10_000;
/**
 * Units: s. A stopped node is left after one and a half of it, and so is any node while the database makes a worker wait longer than that.
 * Source: assumed; a restart of the database takes less. Confirmed by: restarts of the city's database.
 */
const KEEPALIVE_S = 30;

/** Codes of a SUBACK from this value on are refusals. Source: MQTT 5 §3.9.3, MQTT 3.1.1 §3.9.3. */
const REFUSED = 0x80;
/** Source: IANA, mqtt and secure-mqtt. */
const USUAL_PORT = { plain: 1_883, tls: 8_883 };

const UNANSWERED = 'the broker closed the connection before it accepted it: check its port, its MQTT version and its log';

/**
 * Opens a connection. It connects, and connects again, by itself; errors are reported by `onError`. Errors: throws as `readBrokerFiles`.
 * Many invalid URLs throw another error; the others cause no error here.
 */
export function openConnection(options: ConnectionOptions): HostConnection {
  const { broker, will, onMessage, onReady, onLost, onError } = options;
  const topics = broker.isWithoutShares === true ? options.topics.map(withoutShare) : options.topics;
  const client: MqttClient = connect(broker.url, { ...clientOptions(broker), ...(will === undefined ? {} : { will: willOf(will) }) });
  let isReady = false;
  let isClosed = false;
  let refusals = 0;
  /** This attempt was accepted, or its error was reported. */
  let isAnswered = false;
  client.on('error', (error) => {
    isAnswered = true;
    onError?.(error);
  });
  client.on('close', () => {
    if (isReady && !isClosed) onLost?.();
    // The library does not report it.
    if (!isAnswered && !isClosed) onError?.(new Error(UNANSWERED));
    isReady = false;
    isAnswered = false;
  });
  client.on('connect', () => {
    isAnswered = true;
    if (isClosed) return;
    const subscribed = (error?: Error | null): void => {
      if (isClosed) return;
      if (error) {
        onError?.(error);
        // Without its subscription the connection is of no use. The library connects again after this pause, or after the one before if it has begun.
        client.options.reconnectPeriod = pauseMs(refusals);
        refusals += 1;
        if (client.connected) client.stream.destroy();
        return;
      }
      refusals = 0;
      client.options.reconnectPeriod = RECONNECT_MS;
      isReady = true;
      onReady?.();
    };
    if (topics.length === 0) subscribed();
    else void subscribeAll(client, topics).then(() => subscribed(), subscribed);
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
    publish: publishOn(client),
    unsubscribe: async () => {
      isClosed = true;
      isReady = false;
      // Without a connection there is nothing to end.
      if (client.connected && topics.length > 0) await client.unsubscribeAsync([...topics]).catch(() => undefined);
    },
    close: async () => {
      isClosed = true;
      // The library waits for what is not acknowledged, and for a full socket, without end.
      const isEnded = await Promise.race([client.endAsync(!client.connected).then(() => true), pause(CLOSE_MS, false, { ref: false })]);
      if (!isEnded) client.stream.destroy();
    },
  };
}

/** Publishes on a connection. The library waits for a full socket to drain, also after that socket is gone: the end of the connection settles it. */
function publishOn(client: MqttClient): HostConnection['publish'] {
  const unsettled = new Set<(isSent: boolean) => void>();
  client.on('close', () => {
    for (const settle of unsettled) settle(false);
  });
  return async (topic, payload, { qos = 0, retain = false } = {}) => {
    if (!client.connected) return false;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    unsettled.add(resolve);
    // If the connection is lost meanwhile: what matters is sent again by its own rule.
    client.publishAsync(topic, payload, { qos, retain }).then(
      () => resolve(true),
      () => resolve(false),
    );
    return promise.finally(() => unsettled.delete(resolve));
  };
}

/**
 * Subscribes with QoS 1, and with QoS 0 to what the broker refuses: NATS refuses QoS 1 at random while one of its nodes is away. Data has QoS 0
 * anyway. Errors: rejects with the error of the library if QoS 0 is refused too, or the connection is lost.
 */
async function subscribeAll(client: MqttClient, topics: readonly string[]): Promise<void> {
  try {
    await client.subscribeAsync([...topics], { qos: 1 });
  } catch (error) {
    if (!(error instanceof ErrorWithSubackPacket)) throw error;
    const granted: readonly unknown[] = error.packet.granted;
    const refused = topics.filter((_, at) => Number(granted[at]) >= REFUSED);
    await client.subscribeAsync(refused, { qos: 0 });
  }
}

function pauseMs(refusals: number): number {
  return Math.min(LONGEST_PAUSE_MS, RECONNECT_MS * 2 ** refusals);
}

/** The topic of a shared subscription. Source: MQTT 5 §4.8.2: `$share/<name>/<topic>`. */
function withoutShare(topic: string): string {
  return topic.replace(/^\$share\/[^/]+\//, '');
}

function clientOptions(broker: BrokerAddress): IClientOptions {
  const { username, url, otherUrls = [], protocol = 5 } = broker;
  return {
    protocolVersion: protocol,
    clean: true,
    ...(protocol === 5 ? { properties: { sessionExpiryInterval: 0 } } : {}),
    reconnectPeriod: RECONNECT_MS,
    // A broker may refuse while it starts, or until its list of users is read again.
    reconnectOnConnackError: true,
    connectTimeout: CONNECT_MS,
    keepalive: KEEPALIVE_S,
    ...(otherUrls.length === 0 ? {} : { servers: [url, ...otherUrls].map(serverOf) }),
    // The subscription is made again below, so that its end is known.
    resubscribe: false,
    queueQoSZero: false,
    ...(username === undefined ? {} : { username }),
    ...readBrokerFiles(broker),
  };
}

/** Errors: throws TypeError for an invalid URL. */
function serverOf(url: string): { readonly host: string; readonly port: number; readonly protocol: 'mqtt' | 'mqtts' } {
  const { protocol, hostname, port } = new URL(url);
  const isTls = protocol === 'mqtts:';
  const usual = isTls ? USUAL_PORT.tls : USUAL_PORT.plain;
  return { host: hostname.replace(/^\[|\]$/g, ''), port: port === '' ? usual : Number(port), protocol: isTls ? 'mqtts' : 'mqtt' };
}

function willOf({ topic, payload }: LastWill): NonNullable<IClientOptions['will']> {
  return { topic, payload: Buffer.from(payload), qos: 1, retain: true };
}
