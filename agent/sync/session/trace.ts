/**
 * The recent events and packets of the session, without the content of packets. A ring buffer for the console.
 */

import type { Clock } from '../../core/clock.ts';
import type { Said } from '../../core/message.ts';
import type { TraceEntry } from '../../core/uplink-tools.ts';
import type { PacketSummary } from '../mqtt/mqtt-transport.ts';

/** Source: assumed; half an hour of a cabinet with 35 lamps, under 100 KB. Confirmed by: the trace of a cabinet with 35 lamps. */
const MAX_ENTRIES = 400;
/** A longer topic is truncated. Source: assumed; the agent's have under 100 characters, others may have 65,535. Confirmed by: the topics of a broker in use. */
const MAX_TOPIC_CHARS = 160;
const MAX_TEXT_CHARS = 500;

/** The latest events and packets of an uplink since it was created, at most `MAX_ENTRIES`, without the content of packets. */
export type Trace = ReturnType<typeof createTrace>;

/** Creates an empty record, in memory only, of the latest 400 events and packets of an uplink, without the content of packets. */
export function createTrace(clock: Pick<Clock, 'wallMs'>) {
  const ring: TraceEntry[] = [];
  let next = 0;
  const watchers = new Set<(entry: TraceEntry) => void>();
  const add = (entry: TraceEntry): void => {
    ring[next] = entry;
    next = (next + 1) % MAX_ENTRIES;
    for (const watcher of watchers) watcher(entry);
  };
  return {
    event: (text: Said): void => add({ atMs: clock.wallMs(), kind: 'event', text: short(text), topic: null, bytes: 0 }),
    packet: ({ isSent, name: text, topic, bytes }: PacketSummary): void => {
      const kind = isSent ? 'sent' : 'received';
      add({ atMs: clock.wallMs(), kind, text, topic: topic === null ? null : cutTo(topic, MAX_TOPIC_CHARS), bytes });
    },
    /** Oldest first. */
    entries: (): readonly TraceEntry[] => [...ring.slice(next), ...ring.slice(0, next)],
    /** Calls `onEntry` for every new entry, until the returned function is called. */
    watch: (onEntry: (entry: TraceEntry) => void): (() => void) => {
      // A separate function, so that the same watcher may be added twice.
      const watcher = (entry: TraceEntry): void => onEntry(entry);
      watchers.add(watcher);
      return () => void watchers.delete(watcher);
    },
  };
}

/** A message that is too long is kept as its English text, truncated. */
function short(text: Said): Said {
  return String(text).length <= MAX_TEXT_CHARS ? text : cutTo(String(text), MAX_TEXT_CHARS);
}

function cutTo(text: string, maxChars: number): string {
  return text.length <= maxChars ? text : `${text.slice(0, maxChars - 3)}...`;
}
