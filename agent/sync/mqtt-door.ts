/**
 * The one file that knows mqtt.js: used as a plain transport, without its queue, its reconnect or its store.
 *
 * Owns a client object for the length of one connection. Never retries, never remembers.
 * Source of every option: reference/reliability.md §3 and reference/sparkplug.md §4, measured on 5.16.0.
 */
import { type IClientOptions, type MqttClient, connect as openClient } from 'mqtt';
import { UplinkError } from '../core/errors.ts';
import type { ConnectOptions, MqttConnection, MqttDoor } from './door.ts';

/** Largest packet we are willing to take. Units: bytes. Source: commands are refused above 64 KB; one step more lets us say so. */
const MAX_INBOUND_BYTES = 131_072;
/** Source: MQTT 5 §2.2.3 leaves it to the remaining length, 256 MB. Units: bytes. */
const UNLIMITED_BYTES = 268_435_455;
/** Disconnect with will message: `payloads-ndeath-will-message-publisher-disconnect-mqtt50` asks for it. */
const DISCONNECT_WITH_WILL = 0x04;

/** MQTT over TCP or TLS. Opens nothing before `connect`. */
export function createMqttDoor(): MqttDoor {
  return { connect: (options) => connect(options) };
}

function connect(options: ConnectOptions): Promise<MqttConnection> {
  return new Promise((resolve, reject) => {
    const client = open(options);
    const { stream } = client;
    if ('setNoDelay' in stream && typeof stream.setNoDelay === 'function') stream.setNoDelay(true);
    stream.once(isTls(options.url) ? 'secureConnect' : 'connect', options.onConnectWritten);
    let failure: Error | null = null;
    client.on('error', (error) => {
      failure ??= error;
      if (!client.connected) fail(error);
    });
    client.once('close', () => fail(failure ?? new Error('the broker hung up before it answered')));
    const fail = (error: Error): void => {
      client.end(true);
      reject(explain(error, options.url));
    };
    client.once('connect', ({ properties }) => {
      resolve(wrap(client, options.protocol, properties?.maximumPacketSize ?? UNLIMITED_BYTES));
    });
  });
}

/** Certificates and keys are parsed at once, before anything is sent. */
function open(options: ConnectOptions): MqttClient {
  try {
    return openClient(options.url, clientOptions(options));
  } catch (error) {
    throw new UplinkError('tls', `${options.url} cannot be opened (${String(error)}): check broker, caFile, certFile and keyFile`, {
      cause: error,
    });
  }
}

function clientOptions(options: ConnectOptions): IClientOptions {
  const { username, password, ca, cert, key } = options;
  return {
    protocolVersion: options.protocol,
    clientId: options.clientId,
    clean: true,
    keepalive: options.keepaliveS,
    connectTimeout: options.timeoutMs,
    reconnectPeriod: 0,
    queueQoSZero: false,
    resubscribe: false,
    will: { topic: options.will.topic, payload: options.will.payload, qos: 1, retain: false },
    ...(options.protocol === 5 ? { properties: { sessionExpiryInterval: 0, maximumPacketSize: MAX_INBOUND_BYTES } } : {}),
    ...(username === null ? {} : { username }),
    ...(password === null ? {} : { password }),
    ...(isTls(options.url) ? { rejectUnauthorized: true, minVersion: 'TLSv1.2' as const } : {}),
    ...(ca === null ? {} : { ca }),
    ...(cert === null ? {} : { cert }),
    ...(key === null ? {} : { key }),
  };
}

function wrap(client: MqttClient, protocol: 4 | 5, maxPacketBytes: number): MqttConnection {
  let open = true;
  let closing = false;
  let reason = 'the link broke: check the network and that the broker runs';
  const barriers = createBarriers(client);
  const lost = (): UplinkError => new UplinkError('lost', `not sent, ${reason}`);
  const connection: MqttConnection = {
    maxPacketBytes,
    onMessage: () => {},
    onClosed: () => {},
    subscribe: (topics) =>
      new Promise((resolve, reject) => {
        client.once('close', () => reject(lost()));
        client.subscribe([...topics], { qos: 1 }, (error, granted) => {
          const refused = (granted ?? []).filter(({ qos }) => qos >= 128);
          if (error === null && refused.length === 0) resolve();
          else
            reject(
              new UplinkError('refused', `the broker refused ${refused[0]?.topic ?? topics.join(', ')}: check this client's access rules`),
            );
        });
      }),
    publish: (topic, payload) => {
      if (!open || !client.connected) throw lost();
      client.publish(topic, payload, { qos: 0, retain: false });
    },
    barrier: () => (open && client.connected ? barriers.wait() : Promise.reject(lost())),
    end: () => {
      closing = true;
      const farewell = protocol === 5 ? { reasonCode: DISCONNECT_WITH_WILL } : {};
      return new Promise((resolve) => void client.end(false, farewell, () => resolve()));
    },
    destroy: () => {
      closing = true;
      client.end(true);
    },
  };
  client.on('message', (topic, payload, { retain }) => connection.onMessage({ topic, payload, retained: retain }));
  client.on('error', (error) => {
    reason = error.message;
  });
  client.on('disconnect', ({ reasonCode }) => {
    reason = `the broker ended the session with reason 0x${(reasonCode ?? 0).toString(16)}`;
    client.end(true);
  });
  client.once('close', () => {
    open = false;
    barriers.fail(lost());
    if (!closing) connection.onClosed(reason);
  });
  return connection;
}

/** PINGREQ and PINGRESP as a proof: answers come in order, so the n-th answers the n-th, the library's own included. */
function createBarriers(client: MqttClient): { wait(): Promise<void>; fail(error: Error): void } {
  let asked = 0;
  let answered = 0;
  let waiting: { readonly ping: number; readonly resolve: () => void; readonly reject: (error: Error) => void }[] = [];
  client.on('packetsend', ({ cmd }) => {
    if (cmd === 'pingreq') asked += 1;
  });
  client.on('packetreceive', ({ cmd }) => {
    if (cmd !== 'pingresp') return;
    answered += 1;
    for (const { ping, resolve } of waiting) if (ping <= answered) resolve();
    waiting = waiting.filter(({ ping }) => ping > answered);
  });
  return {
    wait: () =>
      new Promise((resolve, reject) => {
        client.sendPing();
        waiting.push({ ping: asked, resolve, reject });
      }),
    fail: (error) => {
      for (const { reject } of waiting) reject(error);
      waiting = [];
    },
  };
}

function isTls(url: string): boolean {
  return url.startsWith('mqtts:');
}

/** What failed, and what a person checks next. The library's codes: a number is the broker's, `E…` the system's, all else TLS. */
function explain(error: Error, url: string): UplinkError {
  const code = 'code' in error ? error.code : undefined;
  const cause = { cause: error };
  if (typeof code === 'number') {
    return new UplinkError(
      'refused',
      `${url} refused the connection (${error.message}): check user, password, client certificate and protocol version`,
      cause,
    );
  }
  if (isTls(url) && typeof code === 'string' && !/^E(?!RR_|PROTO)/.test(code)) {
    return new UplinkError(
      'tls',
      `TLS with ${url} failed (${code}): check caFile, the certificates' dates and names, and this machine's clock`,
      cause,
    );
  }
  return new UplinkError(
    'unreachable',
    `${url} cannot be reached (${code ?? error.message}): check the address, the network and that the broker runs`,
    cause,
  );
}
