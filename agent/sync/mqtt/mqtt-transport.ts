/**
 * MQTT as this room needs it: one connection object per CONNECT, nothing queued, nothing retried.
 *
 * Owns the interface. `mqtt-door.ts` implements it; tests of pure parts hand in their own.
 */
import type { Clock } from '../../core/clock.ts';
import type { PeerCertificate } from '../../core/uplink-tools.ts';

/** Where and how to connect. Secrets are in memory only. Units: `keepaliveS` s, `timeoutMs` ms until CONNACK. */
export interface ConnectOptions {
  readonly url: string;
  readonly protocol: 4 | 5;
  readonly clientId: string;
  readonly keepaliveS: number;
  readonly timeoutMs: number;
  readonly username: string | null;
  readonly password: Buffer | null;
  readonly ca: Buffer | null;
  readonly cert: Buffer | null;
  readonly key: Buffer | null;
  /** Sent by the broker, QoS 1 and not retained, when the connection ends without a word; null for one that nobody shall miss. */
  readonly will: { readonly topic: string; readonly payload: Buffer } | null;
  /** Times the attempt; its quality says whether dates of certificates can be judged. */
  readonly clock: Pick<Clock, 'after' | 'quality' | 'wallMs'>;
  /** Nobody wants the connection any more: the attempt ends at once. */
  readonly signal?: AbortSignal;
  /** The link is up, so the CONNECT has left: its bdSeq is spent. */
  readonly onConnectWritten: () => void;
  /** Each stage that was passed on the way, for a person who looks on. */
  readonly onStage?: (stage: ConnectStage) => void;
  /** Every packet, both ways. */
  readonly onPacket?: (packet: PacketSummary) => void;
}

/** One stage of an attempt that was passed. The CONNACK comes last, by the connection itself. */
export type ConnectStage =
  | { readonly kind: 'name'; readonly addresses: readonly string[] }
  | { readonly kind: 'tcp'; readonly address: string }
  | { readonly kind: 'tls'; readonly version: string; readonly peer: PeerCertificate | null };

/** A packet that came or went, without what it says. Units: `bytes` of payload, 0 where there is none. */
export interface PacketSummary {
  readonly isSent: boolean;
  /** As the standard names it, in small letters: `connect`, `publish`, `pingresp`. */
  readonly name: string;
  readonly topic: string | null;
  readonly bytes: number;
}

/** A message as it arrived; hostile until checked. */
export interface InboundMessage {
  readonly topic: string;
  readonly payload: Uint8Array;
  /** From the broker's memory, not from someone who speaks now. */
  readonly retained: boolean;
}

/** One accepted connection, from CONNACK to its end. Every promise settles, at the latest with that end. */
export interface MqttConnection {
  /** Largest packet the broker takes. Units: bytes. */
  readonly maxPacketBytes: number;
  /** What the broker wants, else what was asked for. Units: s. */
  readonly keepaliveS: number;
  /** Sent since CONNECT, by our count. Units: bytes. */
  readonly sentBytes: number;
  /** QoS 1. Errors: rejects with UplinkError `refused` or `lost`. */
  subscribe(topics: readonly string[]): Promise<void>;
  /**
   * QoS 0, not retained; proves nothing.
   *
   * Errors: throws UplinkError `lost` once the connection has ended, `too-large` for what the broker would not take: it goes on.
   */
  publish(topic: string, payload: Buffer): void;
  /** Resolves when the broker has read all that was published before. Errors: rejects with UplinkError `lost`. */
  barrier(): Promise<void>;
  /** DISCONNECT (with will, in MQTT 5), then closed. Resolves when the connection is gone. */
  end(): Promise<void>;
  /** Cut at once, without a word: the broker sends the will. */
  destroy(): void;
  onMessage: (message: InboundMessage) => void;
  /** Any packet came, or went. */
  onTraffic: (isSent: boolean) => void;
  /** The connection ended without `end` or `destroy`; UplinkError `lost` or `taken-over`. Called once. */
  onClosed: (failure: Error) => void;
}

export interface MqttTransport {
  /** Errors: rejects with UplinkError `unreachable`, `refused`, `tls` or `lost`; always within `timeoutMs`. */
  connect(options: ConnectOptions): Promise<MqttConnection>;
}
