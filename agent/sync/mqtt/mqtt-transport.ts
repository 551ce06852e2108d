/**
 * The interface to MQTT: one connection object per CONNECT, without queue or retry.
 */
import type { Clock } from '../../core/clock.ts';
import { UplinkError } from '../../core/errors.ts';
import type { Log } from '../../core/ports.ts';
import type { PeerCertificate } from '../../core/uplink-tools.ts';

/**
 * Where and how to connect. `ca`, `cert` and `key`: contents of the files. `ca` null: the authorities of Node count; `cert` and `key` null:
 * no client certificate. `protocol`: 4 for MQTT 3.1.1, 5 for MQTT 5. Units: `keepaliveS` s, 0 for none; `timeoutMs` ms from the call of
 * `connect` to CONNACK.
 */
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
  /** Sent by the broker, QoS 1 and not retained, for example when the connection is lost; null for none. */
  readonly will: { readonly topic: string; readonly payload: Buffer } | null;
  /** Times the attempt and the pings. Its time and quality decide the message about a certificate that is not valid now. */
  readonly clock: Pick<Clock, 'after' | 'quality' | 'wallMs'>;
  /** Ends the attempt immediately; has no effect on a connection that was accepted. */
  readonly signal?: AbortSignal;
  /** The link is up, so the CONNECT may have been sent: its bdSeq counts as used. */
  readonly onConnectWritten: () => void;
  readonly onMessage?: (message: InboundMessage) => void;
  /** A packet was sent, or bytes were received, also those of a packet that is still incomplete. Called after the CONNACK. */
  readonly onTraffic?: (isSent: boolean) => void;
  /** The connection ended without `end` or `destroy`; UplinkError `lost`, `silent` or `taken-over`. Called at most once. */
  readonly onClosed?: (failure: Error) => void;
  /** Each stage that was passed, for display. */
  readonly onStage?: (stage: ConnectStage) => void;
  /** Every packet sent or received. CONNECT is reported before the TCP connection exists. */
  readonly onPacket?: (packet: PacketSummary) => void;
}

/**
 * A stage of an attempt to connect that was passed. `name`: the host name was resolved; there is no such stage for an IP address.
 * `address`: IP address and port, for display. `peer`: the broker's certificate, verified; null if it cannot be parsed.
 */
export type ConnectStage =
  | { readonly kind: 'name'; readonly addresses: readonly string[] }
  | { readonly kind: 'tcp'; readonly address: string }
  | { readonly kind: 'tls'; readonly version: string; readonly peer: PeerCertificate | null };

/** A packet without its content. `topic`: null for any packet but `publish`. `bytes`: size of the payload of a `publish`, else 0. */
export interface PacketSummary {
  readonly isSent: boolean;
  /** The standard's name in lower case: `connect`, `publish`, `pingresp`. */
  readonly name: string;
  readonly topic: string | null;
  readonly bytes: number;
}

/** A message as it arrived, unchecked. */
export interface InboundMessage {
  readonly topic: string;
  readonly payload: Uint8Array;
  /** The broker had stored it, and sent it because of a subscription. */
  readonly retained: boolean;
}

/** An accepted connection, from CONNACK to its end. */
export interface MqttConnection {
  /** Largest packet that the broker accepts. Units: bytes. */
  readonly maxPacketBytes: number;
  /** The smaller of the requested keepalive and the broker's; the requested one if the broker sets none or 0. Units: s. */
  readonly keepaliveS: number;
  /** Written to the socket so far. Units: bytes. */
  readonly sentBytes: number;
  /**
   * QoS 1; waits for the SUBACK without a limit. Errors: rejects with UplinkError `lost`, or with SubscribeRefusal, then the other topics are
   * subscribed.
   */
  subscribe(topics: readonly string[]): Promise<void>;
  /** QoS 0, not retained; proves nothing. Errors: throws UplinkError, for example `lost` once the connection has ended, or `too-large`. */
  publish(topic: string, payload: Buffer): void;
  /** Resolves when the broker has read all that was published before. Errors: rejects with UplinkError `lost`. */
  barrier(): Promise<void>;
  /** Sends DISCONNECT; with MQTT 5 the broker sends the will, with 3.1.1 it does not. Resolves when the connection is gone. */
  end(): Promise<void>;
  /** Closes the socket without DISCONNECT: the broker sends the will. */
  destroy(): void;
}

/** Opens connections to brokers. Each call of `connect` opens one of its own, without a retry. */
export interface MqttTransport {
  /** Resolves when the broker has accepted the connection (CONNACK). Errors: rejects with UplinkError, for example `refused`. */
  connect(options: ConnectOptions): Promise<MqttConnection>;
}

/**
 * Resolves to true when the broker has read what was published before, to false if the barrier fails with an UplinkError. Errors: rejects
 * with any other error.
 */
export async function passesBarrier(connection: Pick<MqttConnection, 'barrier'>, log: Log): Promise<boolean> {
  try {
    await connection.barrier();
    return true;
  } catch (error) {
    if (!(error instanceof UplinkError)) throw error;
    log.event('uplink-barrier-failed', { code: error.code, message: error.message }, 'debug');
    return false;
  }
}
