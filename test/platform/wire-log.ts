/**
 * The packets between MQTT clients and brokers in their order, recorded by one fault proxy or several.
 */
import type { Packet } from 'mqtt-packet';

export type Side = 'client' | 'server';

/** `passed` reached the other side, `held` waits for the end of a stall, the others never arrive as they were sent. */
type Fate = 'passed' | 'held' | 'swallowed' | 'truncated' | 'answered';

/** Units: `atMs` wall time. `connection` counts from 1 over all proxies of one log; `server` is the proxy's name. */
interface Seen {
  readonly atMs: number;
  readonly connection: number;
  readonly server: string;
}

export interface OpenedEvent extends Seen {
  readonly kind: 'opened';
}

export interface PacketEvent extends Seen {
  readonly kind: 'packet';
  /** The sender. */
  readonly from: Side;
  readonly packet: Packet;
  readonly bytes: Buffer;
  readonly fate: Fate;
}

/** Bytes that are no MQTT packet. */
export interface GarbageEvent extends Seen {
  readonly kind: 'garbage';
  readonly from: Side;
  readonly bytes: Buffer;
  readonly reason: string;
}

export interface ClosedEvent extends Seen {
  readonly kind: 'closed';
  readonly by: Side | 'proxy';
  readonly how: 'end' | 'reset';
}

/** What the test did at that moment: "device-lost L01". */
export interface MarkEvent {
  readonly kind: 'mark';
  readonly atMs: number;
  readonly name: string;
  readonly detail: string;
}

export type WireEvent = OpenedEvent | PacketEvent | GarbageEvent | ClosedEvent | MarkEvent;

export interface WireLog {
  readonly events: readonly WireEvent[];
  readonly nowMs: () => number;
  add(event: WireEvent): void;
  mark(name: string, detail?: string): void;
  nextConnection(): number;
  /** The first event that fits: one recorded at index `from` or later, or the next. Undefined after `limitMs` of real time (default 5 s). */
  waitFor(fits: (event: WireEvent) => boolean, limitMs?: number, from?: number): Promise<WireEvent | undefined>;
}

/** An empty log. */
export function createWireLog(nowMs: () => number = Date.now): WireLog {
  const events: WireEvent[] = [];
  const watchers = new Set<(event: WireEvent) => void>();
  let connections = 0;
  const add = (event: WireEvent): void => {
    events.push(event);
    for (const watch of [...watchers]) watch(event);
  };
  return {
    events,
    nowMs,
    add,
    mark: (name, detail = '') => add({ kind: 'mark', atMs: nowMs(), name, detail }),
    nextConnection: () => {
      connections += 1;
      return connections;
    },
    waitFor: (fits, limitMs = 5_000, from = 0) =>
      new Promise((resolve) => {
        const past = events.slice(from).find(fits);
        if (past !== undefined) return resolve(past);
        const timer = setTimeout(() => done(undefined), limitMs);
        watchers.add(watch);
        function watch(event: WireEvent): void {
          if (fits(event)) done(event);
        }
        function done(event: WireEvent | undefined): void {
          watchers.delete(watch);
          clearTimeout(timer);
          resolve(event);
        }
      }),
  };
}

/** Whether the event is this kind of packet from that side. */
export function isPacket(event: WireEvent, from: Side, cmd: Packet['cmd']): event is PacketEvent {
  return event.kind === 'packet' && event.from === from && event.packet.cmd === cmd;
}
