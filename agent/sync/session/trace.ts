/**
 * What the session did lately: its events and packets, never what a packet says.
 *
 * Owns a ring of fixed length and who watches it. Written by `link.ts`, read by the console.
 */
import type { Clock } from '../../core/clock.ts';
import type { TraceEntry } from '../../core/uplink-tools.ts';
import type { PacketSummary } from '../mqtt/mqtt-transport.ts';

export interface Trace {
  event(text: string): void;
  packet(note: PacketSummary): void;
  /** Oldest first. */
  entries(): readonly TraceEntry[];
  watch(tell: (entry: TraceEntry) => void): () => void;
}

/** Source: assumed; half an hour of a cabinet with 35 lamps, under 100 KB. */
const MAX_ENTRIES = 400;
/** A topic longer than this is cut. Source: assumed; ours have under 100 characters, a stranger's may have 65,535. */
const MAX_TOPIC_CHARS = 160;
const MAX_TEXT_CHARS = 500;

export function createTrace(clock: Pick<Clock, 'wallMs'>): Trace {
  const ring: TraceEntry[] = [];
  let next = 0;
  const watchers = new Set<(entry: TraceEntry) => void>();
  const add = (entry: TraceEntry): void => {
    ring[next] = entry;
    next = (next + 1) % MAX_ENTRIES;
    for (const tell of watchers) tell(entry);
  };
  return {
    event: (text) => add({ atMs: clock.wallMs(), kind: 'event', text: cutTo(text, MAX_TEXT_CHARS), topic: null, bytes: 0 }),
    packet: ({ isSent, name, topic, bytes }) =>
      add({
        atMs: clock.wallMs(),
        kind: isSent ? 'sent' : 'received',
        text: name,
        topic: topic === null ? null : cutTo(topic, MAX_TOPIC_CHARS),
        bytes,
      }),
    entries: () => [...ring.slice(next), ...ring.slice(0, next)],
    watch: (tell) => {
      // Its own function, or one watcher given twice would be one.
      const watcher = (entry: TraceEntry): void => tell(entry);
      watchers.add(watcher);
      return () => void watchers.delete(watcher);
    },
  };
}

function cutTo(text: string, maxChars: number): string {
  return text.length <= maxChars ? text : `${text.slice(0, maxChars - 3)}...`;
}
