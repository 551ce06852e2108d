/**
 * The faults that the proxy can inject into a link: those of a network, and those of a broker.
 */
import type { Packet } from 'mqtt-packet';
import type { Side } from './wire-log.ts';

export interface Faults {
  /** Accepts connections, then swallows all bytes in both directions. Such a connection stays deaf when the fault ends. */
  readonly blackHole: boolean;
  /** TCP connections are reset at once, as on a closed port. */
  readonly refuseTcp: boolean;
  /** CONNECT is answered with this reason code and does not reach the broker. Null: passed on. */
  readonly refuseConnack: number | null;
  /** Delay in each direction. Units: ms. */
  readonly delayMs: Readonly<Record<Side, number>>;
  /** Bytes are sent in pieces of this size. Null: as they arrive. Units: bytes. */
  readonly chunkBytes: number | null;
  /** Nothing is read from these sides, so that TCP itself blocks; reading continues when the fault ends. */
  readonly stall: Readonly<Record<Side, boolean>>;
  /** Limits in each CONNACK of MQTT 5, enforced as a broker does (0x93, 0x95). Null: the broker's own. */
  readonly receiveMaximum: number | null;
  readonly maximumPacketSize: number | null;
  /** Each matching PUBLISH is sent twice. */
  readonly duplicate: PacketTest | null;
  /** The next matching packet is cut in half and the connection closed; then it is null again. */
  readonly truncate: PacketTest | null;
  /** Matching packets are dropped: TCP never does this, but a broker under load does. */
  readonly drop: PacketTest | null;
}

/** Whether a fault applies to this packet, sent by `from`. */
export type PacketTest = (packet: Packet, from: Side) => boolean;

/** No faults. */
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
