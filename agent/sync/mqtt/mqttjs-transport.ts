/**
 * The one file that knows mqtt.js: used as a plain transport, without its queue, its reconnect, its store or its timers.
 *
 * Owns a client object for the length of one connection. Never retries, never remembers.
 * Source of every option: reference/reliability.md §3 and reference/sparkplug.md §4, measured on 5.16.0.
 */
import { ErrorWithSubackPacket, type IClientOptions, MqttClient, type OnPacketCallback } from 'mqtt';
import { UplinkError } from '../../core/errors.ts';
import {
  connectFailure,
  connectRefusal,
  connectTimeout,
  disconnectReason,
  type FailedAttempt,
  protocolViolation,
} from './failure-messages.ts';
import { MAX_INBOUND_BYTES, type MqttSocket, openSocket } from './mqtt-socket.ts';
import type { ConnectOptions, MqttConnection, MqttTransport } from './mqtt-transport.ts';

/** Source: MQTT 5 §2.2.3 leaves it to the remaining length, 256 MB. Units: bytes. */
const UNLIMITED_BYTES = 268_435_455;
/** Messages that the broker may send before we have answered the first. Source: assumed; commands come one by one. */
const RECEIVE_MAXIMUM = 16;
/** Unsent bytes at which a link counts as stuck. Units: bytes. Source: assumed; births of 1,000 devices, which wait for no proof, are 0.5 MB. */
const MAX_UNSENT_BYTES = 4_194_304;
/** Disconnect with will message: `payloads-ndeath-will-message-publisher-disconnect-mqtt50` asks for it. */
const DISCONNECT_WITH_WILL = 0x04;
/** Codes of a SUBACK from here on are refusals. Source: MQTT 5 §3.9.3, MQTT 3.1.1 §3.9.3. */
const REFUSED = 0x80;
/** Longest delay of Node's timers: the library's own wait is never the one that ends. Units: ms. */
const NEVER_MS = 2_147_483_647;

/**
 * Pieces of memory from which Node cuts small buffers. Units: bytes.
 *
 * The codec of mqtt.js keeps a buffer of at most 4 bytes for each length below 16,384 of a packet it has written, and each keeps the whole piece it
 * was cut from: with Node's own 64 kB that is up to 1 GB in a program that runs for years.
 * Source: mqtt-packet 9.0.2, `varByteIntCache`; measured, 1,500 lengths keep 98 MB with Node's own size and 3 MB with this one.
 */
Buffer.poolSize = 2_048;

/** MQTT over TCP or TLS. Opens nothing before `connect`. */
export function createMqttTransport(): MqttTransport {
  return { connect: (options) => connect(options) };
}

type Packet = Parameters<OnPacketCallback>[0];

/** A client and the socket under it. */
interface Attempt {
  readonly client: MqttClient;
  readonly under: MqttSocket;
}

function connect(options: ConnectOptions): Promise<MqttConnection> {
  return new Promise((resolve, reject) => {
    const { url, signal } = options;
    const attempt = open(options);
    const { client, under } = attempt;
    const timer = options.clock.after(options.timeoutMs, () => fail(connectTimeout({ url, reached: under.reached }, options.timeoutMs)));
    let isOver = false;
    let first: Error | null = null;
    const over = (): boolean => {
      if (isOver) return false;
      isOver = true;
      timer.cancel();
      signal?.removeEventListener('abort', abandon);
      return true;
    };
    const fail = (error: UplinkError): void => {
      if (!over()) return;
      cut(attempt);
      reject(error);
    };
    const abandon = (): void => fail(new UplinkError('lost', `${url}: given up before it answered`));
    const failed = (error: Error): void => {
      const { trouble } = under;
      fail(trouble === null ? connectFailure(error, known(options, under)) : protocolViolation(url, trouble));
    };
    client.on('packetreceive', (packet) => {
      const code = packet.cmd === 'connack' ? (packet.reasonCode ?? packet.returnCode ?? 0) : 0;
      if (code > 0) fail(connectRefusal(url, code));
    });
    client.on('error', (error) => {
      first ??= error;
      if (!client.connected) failed(first);
    });
    client.once('close', () => failed(first ?? new Error('the broker hung up')));
    client.once('connect', ({ properties }) => {
      if (over()) resolve(wrap(attempt, options, properties ?? {}));
    });
    if (signal?.aborted) abandon();
    else signal?.addEventListener('abort', abandon, { once: true });
  });
}

/** Certificates and keys are parsed at once, before anything is sent. */
function open(options: ConnectOptions): Attempt {
  let under: MqttSocket | null = null;
  try {
    const client = new MqttClient(() => {
      under = openSocket(options);
      return under.socket;
    }, clientOptions(options));
    // CONNECT is written; from here on `probe.ts` keeps the link alive, by our clock.
    client.options.keepalive = 0;
    notePackets(client, options);
    options.onPacket?.({ isSent: true, name: 'connect', topic: null, bytes: 0 });
    return { client, under: under as unknown as MqttSocket };
  } catch (error) {
    throw new UplinkError('tls', `${options.url} cannot be opened (${String(error)}): check caFile, certFile and keyFile`, {
      cause: error,
    });
  }
}

function notePackets(client: MqttClient, { onPacket }: ConnectOptions): void {
  if (onPacket === undefined) return;
  const note = (isSent: boolean, packet: Packet): void =>
    packet.cmd === 'publish'
      ? onPacket({ isSent, name: packet.cmd, topic: packet.topic, bytes: packet.payload.length })
      : onPacket({ isSent, name: packet.cmd, topic: null, bytes: 0 });
  client.on('packetsend', (packet) => note(true, packet));
  client.on('packetreceive', (packet) => note(false, packet));
}

function clientOptions(options: ConnectOptions): IClientOptions {
  const { username, password, will } = options;
  const properties = { sessionExpiryInterval: 0, maximumPacketSize: MAX_INBOUND_BYTES, receiveMaximum: RECEIVE_MAXIMUM };
  return {
    protocolVersion: options.protocol,
    clientId: options.clientId,
    clean: true,
    keepalive: options.keepaliveS,
    connectTimeout: NEVER_MS,
    reconnectPeriod: 0,
    // Else it keeps 65,536 buffers of two bytes for ever. Source: measured, a drain takes 12 MB less.
    writeCache: false,
    queueQoSZero: false,
    resubscribe: false,
    ...(will === null ? {} : { will: { topic: will.topic, payload: will.payload, qos: 1, retain: false } }),
    ...(options.protocol === 5 ? { properties } : {}),
    ...(username === null ? {} : { username }),
    ...(password === null ? {} : { password }),
  };
}

function known({ url, clientId, cert, clock }: ConnectOptions, { reached, peer }: MqttSocket): FailedAttempt {
  return {
    url,
    reached,
    peer,
    clientId,
    hasClientCertificate: cert !== null,
    clockQuality: clock.quality(),
    nowMs: clock.wallMs(),
  };
}

/** The library forgets its callbacks, the socket is gone at once. */
function cut({ client, under }: Attempt): void {
  client.end(true);
  under.socket.destroy();
}

/** What a CONNACK may say. Source: MQTT 5 §3.2.2.3. */
interface ServerWishes {
  readonly maximumPacketSize?: number;
  readonly serverKeepAlive?: number;
}

function wrap(attempt: Attempt, options: ConnectOptions, wishes: ServerWishes): MqttConnection {
  const { client, under } = attempt;
  const { url, protocol } = options;
  const maxPacketBytes = wishes.maximumPacketSize ?? UNLIMITED_BYTES;
  const waiting = new Set<(error: UplinkError) => void>();
  const barriers = createBarriers(client);
  let open = true;
  let closing = false;
  let reason: UplinkError | null = null;

  const lost = (): UplinkError =>
    new UplinkError('lost', `not sent: ${reason?.message ?? 'the link is broken'}`, reason === null ? {} : { cause: reason });
  /** The first reason stands: what follows are its consequences. */
  const end = (why: UplinkError): void => {
    reason ??= why;
    cut(attempt);
  };
  const brokenBy = (error: Error): UplinkError =>
    under.trouble !== null ? protocolViolation(url, under.trouble) : new UplinkError('lost', `${url}: ${error.message}`, { cause: error });
  const mustBeOpen = (): void => {
    if (!open || !client.connected || reason !== null) throw lost();
  };
  const connection: MqttConnection = {
    maxPacketBytes,
    keepaliveS: Math.min(wishes.serverKeepAlive || options.keepaliveS, options.keepaliveS),
    get sentBytes() {
      return under.socket.bytesWritten;
    },
    onMessage: () => {},
    onTraffic: () => {},
    onClosed: () => {},
    subscribe: (topics) =>
      new Promise((resolve, reject) => {
        mustBeOpen();
        waiting.add(reject);
        client.subscribe([...topics], { qos: 1 }, (error, granted) => {
          waiting.delete(reject);
          const codes = answersOf(error, granted);
          // The library answers in its own words when the link breaks.
          if (codes === undefined || reason !== null || !open) return reject(lost());
          const refused = topics.filter((_, at) => Number(codes[at] ?? REFUSED) >= REFUSED);
          if (refused.length === 0) resolve();
          else reject(unheard(url, refused));
        });
      }),
    publish: (topic, payload) => {
      mustBeOpen();
      const bytes = publishBytes(topic, payload, protocol);
      if (bytes > maxPacketBytes) {
        throw new UplinkError(
          'too-large',
          `${url} takes packets of ${maxPacketBytes} bytes at most, ${topic} needs ${bytes}: raise its packet limit`,
        );
      }
      if (under.socket.writableLength > MAX_UNSENT_BYTES) {
        end(new UplinkError('lost', `${url} takes nothing any more: check the network`));
        throw lost();
      }
      client.publish(topic, payload, { qos: 0, retain: false });
    },
    barrier: () => (open && client.connected && reason === null ? barriers.wait() : Promise.reject(lost())),
    end: () => {
      closing = true;
      const farewellOf = protocol === 5 ? { reasonCode: DISCONNECT_WITH_WILL } : {};
      return new Promise((resolve) => {
        if (!open) return resolve();
        client.once('close', resolve);
        client.end(false, farewellOf);
      });
    },
    destroy: () => {
      closing = true;
      end(new UplinkError('lost', `${url}: ended by us`));
    },
  };
  client.on('message', (topic, payload, { retain }) => connection.onMessage({ topic, payload, retained: retain }));
  client.on('packetsend', () => connection.onTraffic(true));
  client.on('packetreceive', (packet) => {
    connection.onTraffic(false);
    // The library gathers these without bound in MQTT 3.1.1.
    if (packet.cmd === 'publish' && packet.qos === 2) end(protocolViolation(url, 'qos-2'));
  });
  client.on('error', (error) => end(brokenBy(error)));
  client.on('disconnect', ({ reasonCode }) => end(disconnectReason(url, reasonCode ?? 0)));
  client.once('close', () => {
    open = false;
    if (under.trouble !== null) reason ??= protocolViolation(url, under.trouble);
    reason ??= new UplinkError('lost', `${url}: the link broke: check the network and that the broker runs`);
    for (const reject of waiting) reject(lost());
    barriers.fail(lost());
    if (!closing) connection.onClosed(reason);
  });
  return connection;
}

/** The codes of a SUBACK, undefined when none came. */
function answersOf(error: Error | null, granted: readonly { readonly qos: number }[] | undefined): readonly unknown[] | undefined {
  if (error === null) return (granted ?? []).map(({ qos }) => qos);
  const packet: { readonly granted?: readonly unknown[] } | undefined = error instanceof ErrorWithSubackPacket ? error.packet : undefined;
  return packet?.granted;
}

function unheard(url: string, topics: readonly string[]): UplinkError {
  return new UplinkError('refused', `${url} does not let us listen to ${topics.join(', ')}: check its rules for this client`);
}

/** All bytes of a QoS 0 PUBLISH. Source: MQTT 5 §3.3; there an empty list of properties is one byte more. */
function publishBytes(topic: string, payload: Buffer, protocol: 4 | 5): number {
  const rest = 2 + Buffer.byteLength(topic) + (protocol === 5 ? 1 : 0) + payload.length;
  const lengthBytes = rest < 128 ? 1 : rest < 16_384 ? 2 : rest < 2_097_152 ? 3 : 4;
  return 1 + lengthBytes + rest;
}

/** PINGREQ and PINGRESP as a proof: answers come in order, so the n-th answers the n-th. */
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
