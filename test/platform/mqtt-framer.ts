/**
 * Splits one direction of an MQTT stream into whole packets, with their bytes unchanged.
 */
import { type Packet, parser } from 'mqtt-packet';

/**
 * A packet with its bytes, or bytes that could not be parsed, with the reason.
 *
 * After a bad length the stream is not split any more: each later chunk is returned as it arrives.
 */
export type Framed = { readonly bytes: Buffer; readonly packet: Packet } | { readonly bytes: Buffer; readonly reason: string };

export interface MqttFramer {
  push(chunk: Buffer): Framed[];
  /** 4 or 5: 4 until a CONNECT states it. The owner sets it for the broker's direction, which has no CONNECT. */
  protocolVersion: number;
}

/** Source: MQTT 5 §1.5.5: a length has at most four bytes. */
const MAX_LENGTH_BYTES = 4;

/** A framer for a new stream. `push` returns the packets that are complete now, in order, and keeps the rest. */
export function createMqttFramer(): MqttFramer {
  let waiting = Buffer.alloc(0);
  let isBroken = false;
  const framer: MqttFramer = {
    protocolVersion: 4,
    push: (chunk) => {
      if (isBroken) return [{ bytes: chunk, reason: 'after a broken packet' }];
      waiting = Buffer.concat([waiting, chunk]);
      const framed: Framed[] = [];
      for (let size = packetSize(waiting); size !== undefined && size <= waiting.length; size = packetSize(waiting)) {
        const next = readPacket(waiting.subarray(0, size), framer.protocolVersion);
        framed.push(next);
        waiting = waiting.subarray(size);
        if ('packet' in next && next.packet.cmd === 'connect') framer.protocolVersion = next.packet.protocolVersion ?? 4;
      }
      if (packetSize(waiting) === Number.POSITIVE_INFINITY) {
        isBroken = true;
        framed.push({ bytes: waiting, reason: 'the length of a packet has more than four bytes' });
      }
      return framed;
    },
  };
  return framer;
}

/** Undefined until the fixed header is complete; infinite when it is none. Units: bytes. */
function packetSize(bytes: Buffer): number | undefined {
  let remaining = 0;
  for (let i = 0; i < MAX_LENGTH_BYTES; i += 1) {
    const byte = bytes[1 + i];
    if (byte === undefined) return undefined;
    remaining += (byte & 0x7f) * 128 ** i;
    if (byte < 0x80) return 2 + i + remaining;
  }
  return Number.POSITIVE_INFINITY;
}

function readPacket(bytes: Buffer, protocolVersion: number): Framed {
  let found: Packet | undefined;
  let reason = 'not a packet';
  const reader = parser({ protocolVersion });
  reader.on('packet', (packet) => {
    found = packet;
  });
  reader.on('error', (error: Error) => {
    reason = error.message;
  });
  reader.parse(Buffer.from(bytes));
  return found === undefined ? { bytes, reason } : { bytes, packet: found };
}
