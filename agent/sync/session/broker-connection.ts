/**
 * One connection to a broker at a time: opens it, subscribes, detects its end, ends it.
 *
 * Each `drop` starts a new attempt; results of earlier attempts are ignored.
 */

import type { UplinkConfig } from '../../core/cabinet.ts';
import type { Clock, Timer } from '../../core/clock.ts';
import { UplinkError } from '../../core/errors.ts';
import { type Message, msg } from '../../core/message.ts';
import type { UplinkCertificates } from '../../core/uplink-tools.ts';
import { within } from '../../core/within.ts';
import { CertificateChoice, type CertificateUse } from '../mqtt/certificate-choice.ts';
import { readCertificate } from '../mqtt/certificates.ts';
import { SubscribeRefusal } from '../mqtt/failure-messages.ts';
import type { ConnectStage, InboundMessage, MqttConnection, MqttTransport } from '../mqtt/mqtt-transport.ts';
import { LinkProbe } from '../mqtt/probe.ts';
import { createSecretReader, type ReadFile, type Secrets } from '../mqtt/secret-files.ts';
import type { Trace } from './trace.ts';

/**
 * The dependencies with which `BrokerConnection` is created, and its callbacks. `will`: returns the message that the broker publishes if
 * the connection is lost, for the session with this bdSeq. `subscriptions`: topics.
 */
export interface BrokerConnectionParts {
  readonly config: UplinkConfig;
  readonly clientId: string;
  readonly subscriptions: readonly string[];
  readonly will: (bdSeq: number) => { readonly topic: string; readonly payload: Buffer };
  readonly clock: Clock;
  readonly transport: MqttTransport;
  readonly readFile: ReadFile;
  readonly trace: Trace;
  /** The CONNECT of the current attempt may have been sent: its bdSeq counts as used. */
  readonly onConnectWritten: () => void;
  /** The broker has accepted the connection, which is `BrokerConnection.current` now. */
  readonly onConnected: () => void;
  /** The broker has accepted all subscriptions. */
  readonly onSubscribed: () => void;
  readonly onMessage: (message: InboundMessage) => void;
  /** The current attempt or connection failed. */
  readonly onFailed: (error: unknown) => void;
  /** The broker has accepted the connection and the subscriptions with this certificate. */
  readonly onCertificate?: (use: CertificateUse) => void;
}

/**
 * How often a refused subscription is requested on one connection. Source: nats-server 2.10.27, `setPreferred`: with one of three nodes away
 * each is refused with a chance of a third (measured: about half of the connections with two). Calculated: two are accepted with 44 % at the
 * first try and with 93 % within three.
 */
const SUBSCRIBE_TRIES = 3;
/** Longest wait for a proper end before the socket is closed. Units: ms. Source: assumed; systemd gives the agent 10 s in all. Confirmed by: the stop times in the logs of the slowest gateway. */
const END_TIMEOUT_MS = 2_000;

/** One connection to a broker at a time. It does not connect again by itself. Call `drop` before each further `connect`. */
export class BrokerConnection {
  readonly #parts: BrokerConnectionParts;
  readonly #readSecrets: () => Promise<Secrets>;
  /** Number of the current attempt: results of earlier ones are ignored. */
  attempt = 0;
  /** The connection from `onConnected` to `drop`, also after it has failed; null at other times. */
  current: MqttConnection | null = null;
  /** The certificates of the current or last attempt; null for one that is not known. That of the broker is known once it was verified. */
  certificates: UplinkCertificates = { own: null, broker: null };
  #abort = new AbortController();
  #probe: LinkProbe | null = null;
  /** Null unless a SUBACK is awaited. */
  #subscribing: Timer | null = null;
  readonly #choice: CertificateChoice;
  /** The broker accepted the TCP connection of the current attempt, so a failure may be due to the certificate. */
  #isReached = false;

  constructor(parts: BrokerConnectionParts) {
    this.#parts = parts;
    this.#readSecrets = createSecretReader(parts);
    this.#choice = new CertificateChoice(parts.clock);
  }

  /**
   * Opens a connection. Calls `onConnected`, or `onFailed` with the error; neither if `drop` is called first. Units: `timeoutMs` ms, from
   * the end of reading the secret files to CONNACK.
   */
  async connect(bdSeq: number, url: string, timeoutMs: number): Promise<void> {
    const { clock, transport, onConnected } = this.#parts;
    const attempt = this.attempt;
    const { signal } = this.#abort;
    const probe = new LinkProbe(clock, (quietMs) => this.#noteSilence(attempt, probe, { url, quietMs }));
    try {
      const { password, ca, pairs, renewalFlaw } = await this.#readSecrets();
      const { cert, key } = this.#choice.choose(pairs, renewalFlaw);
      this.#isReached = false;
      this.certificates = { own: cert === null ? null : readCertificate(cert), broker: null };
      const opened = await transport.connect({
        ...this.#optionsFor(attempt, bdSeq, url, probe),
        timeoutMs,
        password,
        ca,
        cert,
        key,
        signal,
      });
      if (attempt !== this.attempt) return opened.destroy();
      this.current = opened;
      this.#probe = probe;
      probe.start(opened);
      onConnected();
    } catch (error) {
      this.#fail(attempt, error);
    }
  }

  /**
   * Subscribes to all topics. If no refusal has a lasting reason, repeats the request for the refused ones, a few times. Calls
   * `onSubscribed` or `onFailed`; neither if `drop` is called first. Requires a connection. `url`: for messages. `timeoutMs`: for each
   * SUBACK. Units: ms.
   */
  async subscribe(url: string, timeoutMs: number): Promise<void> {
    const attempt = this.attempt;
    let topics = this.#parts.subscriptions;
    try {
      for (let tries = 1; topics.length > 0; tries += 1) topics = await this.#trySubscribe(attempt, { topics, url, timeoutMs, tries });
      if (attempt !== this.attempt) return;
      this.#isReached = false;
      this.#parts.onCertificate?.(this.#choice.use);
      this.#parts.onSubscribed();
    } catch (error) {
      this.#fail(attempt, error);
    }
  }

  /** Resolves with the topics that must be requested again. Errors: rejects with UplinkError. */
  async #trySubscribe(
    attempt: number,
    {
      topics,
      url,
      timeoutMs,
      tries,
    }: { readonly topics: readonly string[]; readonly url: string; readonly timeoutMs: number; readonly tries: number },
  ): Promise<readonly string[]> {
    const { clock, trace } = this.#parts;
    if (attempt !== this.attempt) return [];
    const text = msg`${url} did not answer SUBSCRIBE within ${timeoutMs / 1_000} s: check the broker`;
    const timer = clock.after(timeoutMs, () => this.#fail(attempt, new UplinkError('silent', text)));
    this.#subscribing = timer;
    try {
      await this.current?.subscribe(topics);
      return [];
    } catch (error) {
      if (!(error instanceof SubscribeRefusal) || !error.mayRetry || tries === SUBSCRIBE_TRIES) throw error;
      trace.event(error.said);
      return error.topics;
    } finally {
      timer.cancel();
      if (attempt === this.attempt) this.#subscribing = null;
    }
  }

  /** Sends DISCONNECT and waits a short time for the end. `current` stays set until `drop`. */
  async end(connection: MqttConnection): Promise<void> {
    await within(this.#parts.clock, END_TIMEOUT_MS, connection.end());
  }

  /** The next attempt starts again with the first choice of certificate. */
  retryCertificate(): void {
    this.#choice.retry();
  }

  /** Closes the connection without DISCONNECT, or ends the attempt to connect. */
  drop(): void {
    this.attempt += 1;
    this.#probe?.cancel();
    this.#subscribing?.cancel();
    this.#subscribing = null;
    this.#abort.abort();
    this.#abort = new AbortController();
    this.current?.destroy();
    this.current = null;
  }

  #optionsFor(attempt: number, bdSeq: number, url: string, probe: LinkProbe) {
    const { config, clientId, clock, will, trace, onConnectWritten, onMessage } = this.#parts;
    const { protocol, keepaliveS, username } = config;
    return {
      ...{ url, protocol, clientId, keepaliveS, username, clock, onMessage },
      will: will(bdSeq),
      onConnectWritten: (): void => {
        if (attempt === this.attempt) onConnectWritten();
      },
      onStage: (stage: ConnectStage): void => {
        if (stage.kind === 'tcp' && attempt === this.attempt) this.#isReached = true;
        if (stage.kind === 'tls') this.certificates = { ...this.certificates, broker: stage.peer };
      },
      onPacket: trace.packet,
      onTraffic: (isSent: boolean): void => probe.noteTraffic(isSent),
      onClosed: (error: Error): void => this.#fail(attempt, error),
    };
  }

  /** SUBACK has its own longer wait: otherwise a slow broker could never be used with a short keepalive. */
  #noteSilence(attempt: number, probe: LinkProbe, { url, quietMs }: { readonly url: string; readonly quietMs: number }): void {
    if (attempt !== this.attempt) return;
    if (this.#subscribing !== null && this.current !== null) probe.start(this.current);
    else this.#fail(attempt, new UplinkError('silent', silentLinkText(url, quietMs)));
  }

  #fail(attempt: number, error: unknown): void {
    if (attempt !== this.attempt) return;
    if (this.#isReached && error instanceof UplinkError) this.#choice.noteRefused(error.said);
    this.#isReached = false;
    this.#parts.onFailed(error);
  }
}

function silentLinkText(url: string, quietMs: number): Message {
  return msg`${url}: nothing was received for ${Math.round(quietMs / 1_000)} s, not even the answer to a ping: the link is dead. Check the network`;
}
