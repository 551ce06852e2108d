/**
 * Puts one defect into a recording, to check that the rows of the checker can fail. The rest of the recording is unchanged.
 */
import type { IConnectPacket, IPublishPacket, Packet } from 'mqtt-packet';
import { decodePayload, encodePayload, type Metric, type Payload } from '../../../agent/sync/sparkplug/codec.ts';
import type { PacketEvent, WireEvent } from '../wire-log.ts';
import type { Recording } from './evidence.ts';

type Events = readonly WireEvent[];
/** Returns a changed copy of a recording's events. */
export type Defect = (events: Events) => Events;

/** Returns the packet at position `at` among those that fit: from 0, or negative from the end. Errors: throws if there is none. */
export function nth(events: Events, at: number, fits: (event: PacketEvent) => boolean): PacketEvent {
  const found = events.filter((event): event is PacketEvent => event.kind === 'packet' && fits(event)).at(at);
  if (found === undefined) throw new Error('the recording has no such packet: the defect cannot be made');
  return found;
}

/** Returns a test for `nth`: is it a PUBLISH from a client, on a topic that contains `part`? */
export function publishes(part: string): (event: PacketEvent) => boolean {
  return ({ from, packet }) => from === 'client' && packet.cmd === 'publish' && packet.topic.includes(part);
}

/** Returns a test for `nth`: is it a packet of this kind from a client? */
export function isFromClient(cmd: Packet['cmd']): (event: PacketEvent) => boolean {
  return ({ from, packet }) => from === 'client' && packet.cmd === cmd;
}

/** A copy of the recording with this defect. */
export function with_(recording: Recording, defect: Defect): Recording {
  return { ...recording, events: defect(recording.events) };
}

/** Replaces the packet of this very event. */
export function replace(old: PacketEvent, packet: Packet): Defect {
  return (events) => events.map((event) => (event === old ? { ...old, packet } : event));
}

/** Removes these very events. */
export function remove(...gone: readonly WireEvent[]): Defect {
  return (events) => events.filter((event) => !gone.includes(event));
}

/** Moves `moved` to the position before `place`. */
export function moveBefore(moved: WireEvent, place: WireEvent): Defect {
  return (events) => events.filter((event) => event !== moved).flatMap((event) => (event === place ? [moved, event] : [event]));
}

/** Changes a flag, the topic or the raw payload of a PUBLISH whose topic contains `part`. `at`: as `nth`. */
export function publish(part: string, at: number, change: Partial<IPublishPacket>): Defect {
  return (events) => {
    const old = nth(events, at, publishes(part));
    return replace(old, { ...(old.packet as IPublishPacket), ...change })(events);
  };
}

/** Changes the payload of a PUBLISH whose topic contains `part`. `at`: as `nth`. */
export function payload(part: string, at: number, change: (payload: Payload) => Payload): Defect {
  return (events) => {
    const old = nth(events, at, publishes(part));
    const packet = old.packet as IPublishPacket;
    return replace(old, { ...packet, payload: rewrite(packet.payload as Buffer, change) })(events);
  };
}

/**
 * Changes one metric of such a PUBLISH; removes it if `change` returns null.
 *
 * `which` is its name, or its position from 0. Without such a metric the payload stays as it is.
 */
export function metric(part: string, at: number, which: string | number, change: (metric: Metric) => Metric | null): Defect {
  return payload(part, at, ({ metrics, ...rest }) => {
    const place = typeof which === 'number' ? which : metrics.findIndex(({ name }) => name === which);
    return { ...rest, metrics: metrics.flatMap((one, i) => (i === place ? (change(one) ?? []) : one)) };
  });
}

/** Changes a CONNECT of the node: one whose will is an NDEATH. `at`: as `nth`. */
export function connect(at: number, change: (packet: IConnectPacket) => IConnectPacket): Defect {
  return (events) => {
    const isNode = ({ packet }: PacketEvent): boolean => packet.cmd === 'connect' && (packet.will?.topic ?? '').includes('NDEATH');
    const old = nth(events, at, isNode);
    return replace(old, change(old.packet as IConnectPacket))(events);
  };
}

/** Changes the will of a CONNECT of the node. `at`: as `nth`. */
export function will(at: number, change: Partial<NonNullable<IConnectPacket['will']>>): Defect {
  return connect(at, (packet) => ({ ...packet, will: { ...(packet.will as NonNullable<IConnectPacket['will']>), ...change } }));
}

/** Changes the payload of that will. `at`: as `nth`. */
export function willPayload(at: number, change: (payload: Payload) => Payload): Defect {
  return connect(at, (packet) => {
    const last = packet.will as NonNullable<IConnectPacket['will']>;
    return { ...packet, will: { ...last, payload: rewrite(last.payload as Buffer, change) } };
  });
}

function rewrite(bytes: Buffer, change: (payload: Payload) => Payload): Buffer {
  const decoded = decodePayload(bytes);
  if (decoded === undefined) throw new Error('the recording holds no payload here: the defect cannot be made');
  return encodePayload(change(decoded));
}
