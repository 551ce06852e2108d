/**
 * The MQTT transport on mqtt.js, the only file that imports it. One client object per connection.
 *
 * The library's queue, reconnect, store and timers are not used.
 * Source of every option: its README, and measurements on 5.16.0.
 */

import { ErrorWithSubackPacket, type IClientOptions, MqttClient, type OnPacketCallback } from 'mqtt';
import { UplinkError } from '../../core/errors.ts';
import { msg } from '../../core/message.ts';
import {
  connectFailure,
  connectRefusal,
  connectTimeout,
  disconnectReason,
  type FailedAttempt,
  protocolViolation,
  subscribeRefusal,
  unansweredPing,
} from './failure-messages.ts';
import { MAX_INBOUND_BYTES, type MqttSocket, openSocket } from './mqtt-socket.ts';
import type { ConnectOptions, MqttConnection, MqttTransport } from './mqtt-transport.ts';
import { PingBarriers } from './ping-barriers.ts';

/** Source: MQTT 5 §2.2.3 leaves it to the remaining length, 256 MB. Units: bytes. */
const UNLIMITED_BYTES = 268_435_455;
/** Messages that the broker may send before the first is acknowledged. Source: assumed; commands arrive one by one. Confirmed by: the traffic of a platform in use. */
const RECEIVE_MAXIMUM = 16;
/** Commands that a broker may have queued ahead of a PINGRESP: all that the Receive Maximum allows. Units: bytes. Source: MQTT 5 §3.3.4. */
const MAX_QUEUED_BYTES = RECEIVE_MAXIMUM * MAX_INBOUND_BYTES;
/** Unsent bytes at which a link counts as stuck. Units: bytes. Source: assumed; births of 1,000 devices, which wait for no proof, are 0.5 MB. Confirmed by: the births of the largest cabinet on a slow cellular link. */
const MAX_UNSENT_BYTES = 4_194_304;
/** Disconnect with will message: `payloads-ndeath-will-message-publisher-disconnect-mqtt50` requires it. */
const DISCONNECT_WITH_WILL = 0x04;
/** Codes of a SUBACK from this value on are refusals. Source: MQTT 5 §3.9.3, MQTT 3.1.1 §3.9.3. */
const REFUSED = 0x80;
/** Longest delay of Node's timers: the library's own timeout never fires. Units: ms. */
const NEVER_MS = 2_147_483_647;

/**
 * Size of the memory pool from which Node allocates small buffers. Units: bytes.
 *
 * The codec of mqtt.js keeps a buffer of at most 4 bytes for each length below 16,384 of a packet it has written. Each keeps the whole pool it
 * was allocated from: with Node's own 64 kB that is up to 1 GB in a program that runs for years.
 * Source: mqtt-packet 9.0.2, `varByteIntCache`; measured, 1,500 lengths keep 98 MB with Node's own size and 3 MB with this one.
 */
Buffer.poolSize = 2_048;

/** Creates a transport for MQTT over TCP, or over TLS if the URL of the broker requires it. It connects only when `connect` is called. */
export function createMqttTransport(): MqttTransport {
  return { connect: (options) => connect(options) };
}

type Packet = Parameters<OnPacketCallback>[0];

/** A client and its socket. */
interface Attempt {
  readonly client: MqttClient;
  readonly transport: MqttSocket;
}

function connect(options: ConnectOptions): Promise<MqttConnection> {
  return new Promise((resolve, reject) => {
    const { url, signal, clock, timeoutMs } = options;
    const attempt = open(options);
    const { client, transport } = attempt;
    let isOver = false;
    let firstError: Error | null = null;
    const timer = clock.after(timeoutMs, () => fail(connectTimeout({ url, reached: transport.reached }, timeoutMs)));

    /** False if the attempt ended before. */
    function end(): boolean {
      if (isOver) return false;
      isOver = true;
      timer.cancel();
      signal?.removeEventListener('abort', abandon);
      return true;
    }
    function fail(error: UplinkError): void {
      if (!end()) return;
      cut(attempt);
      reject(error);
    }
    function abandon(): void {
      fail(new UplinkError('lost', msg`${url}: given up before it answered`));
    }
    function failWith(error: Error): void {
      const { streamError } = transport;
      fail(streamError === null ? connectFailure(error, factsOf(options, transport)) : protocolViolation(url, streamError));
    }
    client.on('packetreceive', (packet) => {
      const code = packet.cmd === 'connack' ? (packet.reasonCode ?? packet.returnCode ?? 0) : 0;
      if (code > 0) fail(connectRefusal(url, code));
    });
    client.on('error', (error) => {
      firstError ??= error;
      if (!client.connected) failWith(firstError);
    });
    client.once('close', () => failWith(firstError ?? new Error('the broker hung up')));
    client.once('connect', ({ properties }) => {
      if (end()) resolve(new MqttjsConnection(attempt, options, properties ?? {}));
    });
    if (signal?.aborted) abandon();
    else signal?.addEventListener('abort', abandon, { once: true });
  });
}

/** Certificates and keys are parsed immediately, before anything is sent. */
function open(options: ConnectOptions): Attempt {
  let transport: MqttSocket | null = null;
  try {
    const client = new MqttClient(() => {
      transport = openSocket(options);
      return transport.socket;
    }, clientOptions(options));
    // CONNECT is written; from here on `probe.ts` keeps the link alive, on the agent's clock.
    client.options.keepalive = 0;
    notePackets(client, options);
    options.onPacket?.({ isSent: true, name: 'connect', topic: null, bytes: 0 });
    return { client, transport: transport as unknown as MqttSocket };
  } catch (error) {
    throw new UplinkError('tls', msg`${options.url} cannot be opened (${String(error)}): check caFile, certFile and keyFile`, {
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
    // Otherwise it keeps 65,536 buffers of two bytes. Source: measured, a drain takes 12 MB less.
    writeCache: false,
    queueQoSZero: false,
    resubscribe: false,
    ...(will === null ? {} : { will: { topic: will.topic, payload: will.payload, qos: 1, retain: false } }),
    ...(options.protocol === 5 ? { properties } : {}),
    ...(username === null ? {} : { username }),
    ...(password === null ? {} : { password }),
  };
}

function factsOf({ url, cert, clock }: ConnectOptions, { reached, peer }: MqttSocket): FailedAttempt {
  return { url, reached, peer, hasClientCertificate: cert !== null, clockQuality: clock.quality(), nowMs: clock.wallMs() };
}

/** Closes the socket immediately; the library drops its callbacks. */
function cut({ client, transport }: Attempt): void {
  client.end(true);
  transport.socket.destroy();
}

/** Limits that a CONNACK may set. Source: MQTT 5 §3.2.2.3. */
interface ServerLimits {
  readonly maximumPacketSize?: number;
  readonly serverKeepAlive?: number;
}

class MqttjsConnection implements MqttConnection {
  readonly maxPacketBytes: number;
  readonly keepaliveS: number;
  readonly #attempt: Attempt;
  readonly #options: ConnectOptions;
  readonly #barriers: PingBarriers;
  /** Reject functions of subscriptions without an answer. */
  readonly #waiting = new Set<(error: UplinkError) => void>();
  #isOpen = true;
  /** Ended by the caller, so `onClosed` is not called. */
  #isClosing = false;
  /** The first reason for the end: later ones are its consequences. */
  #reason: UplinkError | null = null;

  constructor(attempt: Attempt, options: ConnectOptions, limits: ServerLimits) {
    this.#attempt = attempt;
    this.#options = options;
    this.maxPacketBytes = limits.maximumPacketSize ?? UNLIMITED_BYTES;
    this.keepaliveS = Math.min(limits.serverKeepAlive || options.keepaliveS, options.keepaliveS);
    this.#barriers = new PingBarriers({
      clock: options.clock,
      keepaliveS: this.keepaliveS,
      maxQueuedBytes: MAX_QUEUED_BYTES,
      sendPing: () => void attempt.client.sendPing(),
      bytes: () => ({ sent: this.sentBytes, received: attempt.transport.socket.bytesRead }),
      isSubscribing: () => this.#waiting.size > 0,
      onUnanswered: (waitedMs) => this.#cut(unansweredPing(options.url, waitedMs)),
    });
    this.#listen();
  }

  get sentBytes(): number {
    return this.#attempt.transport.socket.bytesWritten;
  }

  subscribe(topics: readonly string[]): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#throwUnlessUsable();
      this.#waiting.add(reject);
      this.#attempt.client.subscribe([...topics], { qos: 1 }, (error, granted) => {
        this.#waiting.delete(reject);
        const codes = answersOf(error, granted);
        // The library calls back with its own error when the link breaks.
        if (codes === undefined || this.#reason !== null || !this.#isOpen) return reject(this.#lost());
        const refused = topics.flatMap((topic, at) => {
          const code = Number(codes[at] ?? REFUSED);
          return code >= REFUSED ? [{ topic, code }] : [];
        });
        if (refused.length === 0) resolve();
        else reject(subscribeRefusal(this.#options.url, refused));
      });
    });
  }

  publish(topic: string, payload: Buffer): void {
    this.#throwUnlessUsable();
    const { url, protocol } = this.#options;
    const { client, transport } = this.#attempt;
    const bytes = publishBytes(topic, payload, protocol);
    if (bytes > this.maxPacketBytes) {
      throw new UplinkError(
        'too-large',
        msg`${url} accepts packets of at most ${this.maxPacketBytes} bytes, ${topic} needs ${bytes}: raise its packet limit`,
      );
    }
    if (transport.socket.writableLength > MAX_UNSENT_BYTES) {
      this.#cut(new UplinkError('silent', msg`${url} accepts nothing any more: check the network`));
      throw this.#lost();
    }
    client.publish(topic, payload, { qos: 0, retain: false });
  }

  barrier(): Promise<void> {
    return this.#isUsable() ? this.#barriers.wait() : Promise.reject(this.#lost());
  }

  end(): Promise<void> {
    const { client } = this.#attempt;
    this.#isClosing = true;
    const disconnect = this.#options.protocol === 5 ? { reasonCode: DISCONNECT_WITH_WILL } : {};
    return new Promise((resolve) => {
      if (!this.#isOpen) return resolve();
      client.once('close', resolve);
      client.end(false, disconnect);
    });
  }

  destroy(): void {
    this.#isClosing = true;
    this.#cut(new UplinkError('lost', msg`${this.#options.url}: ended by us`));
  }

  #listen(): void {
    const { client, transport } = this.#attempt;
    const { url, onMessage, onTraffic } = this.#options;
    transport.socket.on('data', () => onTraffic?.(false));
    client.on('message', (topic, payload, { retain }) => onMessage?.({ topic, payload, retained: retain }));
    client.on('packetsend', ({ cmd }) => {
      this.#barriers.noteSent(cmd);
      onTraffic?.(true);
    });
    client.on('packetreceive', (packet) => {
      this.#barriers.noteReceived(packet.cmd);
      // In MQTT 3.1.1 the library collects these without limit.
      if (packet.cmd === 'publish' && packet.qos === 2) this.#cut(protocolViolation(url, 'qos-2'));
    });
    client.on('error', (error) => this.#cut(this.#violation() ?? new UplinkError('lost', msg`${url}: ${error.message}`, { cause: error })));
    client.on('disconnect', ({ reasonCode }) => this.#cut(disconnectReason(url, reasonCode ?? 0)));
    client.once('close', () => {
      this.#isOpen = false;
      this.#reason ??= this.#violation();
      this.#reason ??= new UplinkError('lost', msg`${url}: the link broke: check the network and that the broker runs`);
      for (const reject of this.#waiting) reject(this.#lost());
      this.#barriers.fail(this.#lost());
      if (!this.#isClosing) this.#options.onClosed?.(this.#reason);
    });
  }

  #violation(): UplinkError | null {
    const { streamError } = this.#attempt.transport;
    return streamError === null ? null : protocolViolation(this.#options.url, streamError);
  }

  #cut(reason: UplinkError): void {
    this.#reason ??= reason;
    cut(this.#attempt);
  }

  #isUsable(): boolean {
    return this.#isOpen && this.#attempt.client.connected && this.#reason === null;
  }

  #throwUnlessUsable(): void {
    if (!this.#isUsable()) throw this.#lost();
  }

  #lost(): UplinkError {
    const reason = this.#reason;
    return new UplinkError('lost', msg`not sent: ${reason?.said ?? msg`the link is broken`}`, reason === null ? {} : { cause: reason });
  }
}

/** The codes of a SUBACK; undefined if none arrived. */
function answersOf(error: Error | null, granted: readonly { readonly qos: number }[] | undefined): readonly unknown[] | undefined {
  if (error === null) return (granted ?? []).map(({ qos }) => qos);
  const packet: { readonly granted?: readonly unknown[] } | undefined = error instanceof ErrorWithSubackPacket ? error.packet : undefined;
  return packet?.granted;
}

/** All bytes of a QoS 0 PUBLISH. Source: MQTT 5 §3.3; there an empty list of properties is one byte more. */
function publishBytes(topic: string, payload: Buffer, protocol: 4 | 5): number {
  const rest = 2 + Buffer.byteLength(topic) + (protocol === 5 ? 1 : 0) + payload.length;
  const lengthBytes = rest < 128 ? 1 : rest < 16_384 ? 2 : rest < 2_097_152 ? 3 : 4;
  return 1 + lengthBytes + rest;
}
