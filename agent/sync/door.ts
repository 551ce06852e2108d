/**
 * MQTT as this room needs it: one connection object per CONNECT, nothing queued, nothing retried.
 *
 * Owns the interface. `mqtt-door.ts` implements it; tests of pure parts hand in their own.
 */

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
  /** Sent by the broker, QoS 1 and not retained, when the connection ends without a word. */
  readonly will: { readonly topic: string; readonly payload: Buffer };
  /** The link is up, so the CONNECT has left: its bdSeq is spent. */
  readonly onConnectWritten: () => void;
}

/** A message as it arrived; hostile until checked. */
export interface InboundMessage {
  readonly topic: string;
  readonly payload: Uint8Array;
  /** From the broker's memory, not from someone who speaks now. */
  readonly retained: boolean;
}

/** One accepted connection, from CONNACK to its end. */
export interface MqttConnection {
  /** Largest packet the broker takes. Units: bytes. */
  readonly maxPacketBytes: number;
  /** QoS 1. Errors: rejects with UplinkError `refused` or `lost`. */
  subscribe(topics: readonly string[]): Promise<void>;
  /** QoS 0, not retained; proves nothing. Errors: throws UplinkError `lost` once the connection has ended. */
  publish(topic: string, payload: Buffer): void;
  /** Resolves when the broker has read all that was published before. Errors: rejects with UplinkError `lost`. */
  barrier(): Promise<void>;
  /** DISCONNECT (with will, in MQTT 5), then closed. Resolves when the connection is gone. */
  end(): Promise<void>;
  /** Cut at once, without a word: the broker sends the will. */
  destroy(): void;
  onMessage: (message: InboundMessage) => void;
  /** The connection ended without `end` or `destroy`. Called once. */
  onClosed: (reason: string) => void;
}

export interface MqttDoor {
  /** Errors: rejects with UplinkError `unreachable`, `refused` or `tls`. */
  connect(options: ConnectOptions): Promise<MqttConnection>;
}
