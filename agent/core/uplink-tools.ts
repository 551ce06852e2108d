/**
 * Requests of a person at the cabinet about the uplink: show its state, test each stage, trace packets, reconnect.
 */

import type { WallMs } from './clock.ts';
import type { Message, Said } from './message.ts';

/** What a person at the cabinet can do with the uplink: trace it, reconnect it, test it. */
export interface UplinkTools {
  /** The newest entries, oldest first. */
  trace(): readonly TraceEntry[];
  /** Passes on each entry until the returned function is called. */
  watch(onEntry: (entry: TraceEntry) => void): () => void;
  /** Requests a new connection. A session ends first, a wait ends at once, an attempt continues. False if the uplink is not running. */
  reconnect(by: string): boolean;
  /** Tests the stages in order until one fails, with a separate client while the session continues. `onStep` receives each as it ends. */
  test(request: UplinkTestRequest, onStep: (step: UplinkStep) => void): Promise<UplinkTest>;
}

/** One line of the uplink's trace: an event of the session, or one packet without its content. Long texts are truncated. */
export interface TraceEntry {
  readonly atMs: WallMs;
  readonly kind: 'event' | 'sent' | 'received';
  /** Text of an event, or the name of a packet or of a phase of the session. */
  readonly text: Said;
  /** Null for an event, and for a packet without a topic. */
  readonly topic: string | null;
  /** Size of the payload of a `publish`; 0 for any other packet, and for an event. Units: bytes. */
  readonly bytes: number;
}

/**
 * Fields of a certificate, for display. They do not show that the certificate is valid. `subject`, `issuer`: as `CN=broker, O=City`.
 * `fromMs`, `untilMs`: the period that it states.
 */
export interface PeerCertificate {
  readonly subject: string;
  readonly issuer: string;
  readonly fromMs: WallMs;
  readonly untilMs: WallMs;
}

/** Which broker to test. When `signal` is aborted, an attempt to connect ends. */
export interface UplinkTestRequest {
  /** Null: the first broker of the configuration. The password is sent only to brokers of the configuration. */
  readonly broker: string | null;
  readonly signal: AbortSignal;
}

/**
 * The stages that a test of the uplink may have, in order. `name`: the host name is resolved. `rights`: to subscribe. `host`: STATE of the
 * primary host. `round-trip`: a ping.
 */
export type UplinkStepName = 'files' | 'name' | 'tcp' | 'tls' | 'connack' | 'rights' | 'host' | 'round-trip';

/** The result of one stage of a test. */
export interface UplinkStep {
  readonly name: UplinkStepName;
  /** `doubtful`: passed, but a person should check it. `skipped`: the configuration has nothing to test here. */
  readonly outcome: 'ok' | 'doubtful' | 'failed' | 'skipped';
  /** Units: ms. */
  readonly tookMs: number;
  /** What was observed; for a failure the reason and what to check next. */
  readonly text: Message;
}

/** The result of a whole test. `steps`: the stages up to the first failure, with it. `ok`: no stage failed. */
export interface UplinkTest {
  readonly broker: string;
  /** Not the client id of the agent, so that its session continues. */
  readonly clientId: string;
  readonly steps: readonly UplinkStep[];
  readonly ok: boolean;
}

/**
 * Certificates of the uplink; null or absent where none is known. `own`: the client certificate. `broker`: that of the broker in the
 * current or last attempt to connect; null unless it was verified.
 */
export interface UplinkCertificates {
  readonly own: PeerCertificate | null;
  /** The certificate in `uplink.caFile` that expires last. */
  readonly authority?: PeerCertificate | null;
  readonly broker: PeerCertificate | null;
}
