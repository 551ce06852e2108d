/**
 * Jobs of a person at the cabinet on the uplink: show its state, test each stage, trace packets, connect again.
 */

import type { WallMs } from './clock.ts';
import type { Message, Said } from './message.ts';

export interface UplinkTools {
  /** What happened lately, oldest first. */
  trace(): readonly TraceEntry[];
  /** Everything from now on, until the returned function is called. */
  watch(onEntry: (entry: TraceEntry) => void): () => void;
  /** Ends the session and connects again, or connects at once instead of waiting. False where there is no uplink. */
  reconnect(by: string): boolean;
  /** Tries every stage with a client of its own, beside the session. `onStep` receives each stage as it ends. */
  test(request: UplinkTestRequest, onStep: (step: UplinkStep) => void): Promise<UplinkTest>;
}

/** An event of the session, or one packet; never the content of a packet. */
export interface TraceEntry {
  readonly atMs: WallMs;
  readonly kind: 'event' | 'sent' | 'received';
  /** Text of an event, or a name: of a packet, of a phase of the session. */
  readonly text: Said;
  readonly topic: string | null;
  /** Units: bytes of payload. */
  readonly bytes: number;
}

/** Fields of a certificate. Not a proof: only a passed TLS stage is one. */
export interface PeerCertificate {
  readonly subject: string;
  readonly issuer: string;
  readonly fromMs: WallMs;
  readonly untilMs: WallMs;
}

export interface UplinkTestRequest {
  /** Null: that of the configuration. */
  readonly broker: string | null;
  readonly signal: AbortSignal;
}

export type UplinkStepName = 'files' | 'name' | 'tcp' | 'tls' | 'connack' | 'rights' | 'host' | 'round-trip';

export interface UplinkStep {
  readonly name: UplinkStepName;
  /** `doubtful`: passed, but a person should look. `skipped`: not asked for, or nothing to try it on. */
  readonly outcome: 'ok' | 'doubtful' | 'failed' | 'skipped';
  /** Units: ms. */
  readonly tookMs: number;
  /** What was seen; where it failed, why and what to check next. */
  readonly text: Message;
}

export interface UplinkTest {
  readonly broker: string;
  /** Not the agent's, so that its session goes on. */
  readonly clientId: string;
  readonly steps: readonly UplinkStep[];
  readonly ok: boolean;
}

/** Read from the files of the configuration at the last connect, or within the hour where there was none. */
export interface UplinkCertificates {
  readonly own: PeerCertificate | null;
  /** The one in `uplink.caFile` that ends last; absent or null where there is none. */
  readonly authority?: PeerCertificate | null;
  readonly broker: PeerCertificate | null;
}
