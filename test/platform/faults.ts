/**
 * What the proxy can do to a link: the faults of a network, and those of a broker.
 */
import type { Packet } from 'mqtt-packet';
import type { Side } from './wire-log.ts';

export interface Faults {
  /** Accepts, then swallows both ways without a word. A connection that met this stays deaf when it ends. */
  readonly blackHole: boolean;
  /** TCP connections are reset at once, as where nothing listens. */
  readonly refuseTcp: boolean;
  /** CONNECT is answered with this reason code and never reaches the broker. Null: passed on. */
  readonly refuseConnack: number | null;
  /** Time on the way, each direction. Units: ms. */
  readonly delayMs: Readonly<Record<Side, number>>;
  /** Bytes go out in pieces of this size. Null: as they come. Units: bytes. */
  readonly chunkBytes: number | null;
  /** Nothing is read from these sides, so that TCP itself backs up; goes on where it stood when it ends. */
  readonly stall: Readonly<Record<Side, boolean>>;
  /** Put into each CONNACK of MQTT 5 and enforced as a broker does (0x93, 0x95). Null: the broker's own. */
  readonly receiveMaximum: number | null;
  readonly maximumPacketSize: number | null;
  /** Each PUBLISH that fits is sent twice. */
  readonly duplicate: PacketTest | null;
  /** The next packet that fits is cut in the middle and the connection closed; then it is null again. */
  readonly truncate: PacketTest | null;
  /** Packets that fit vanish, the rest passes: what TCP never does, but a broker under load. */
  readonly drop: PacketTest | null;
}

/** Whether a fault is meant for this packet, sent by `from`. */
export type PacketTest = (packet: Packet, from: Side) => boolean;

/** The link as it is. */
export const NO_FAULTS: Faults = {
  blackHole: false,
  refuseTcp: false,
  refuseConnack: null,
  delayMs: { client: 0, server: 0 },
  chunkBytes: null,
  stall: { client: false, server: false },
  receiveMaximum: null,
  maximumPacketSize: null,
  duplicate: null,
  truncate: null,
  drop: null,
};
