/**
 * The last minutes of all lines and of the decisions, in memory: one ring for each line, one for decisions and events.
 *
 * A busy line does not push out the entries of the others.
 */
import type { Clock, MonoMs } from '../../core/clock.ts';
import { withTexts } from '../../core/message-wire.ts';
import type { LineObserver, WireEntry, WireTap } from '../../core/wire-tap.ts';
import type { AgentEvent, Decision } from '../../core/words.ts';
import { EntryRing, entriesOf, type RingImage } from './entry-ring.ts';
import { encodeWireEntry } from './wire-entry-codec.ts';

/** Share of the memory for decisions and events. Source: assumed; a decision has 80 bytes, so 384 kB keep 600 of them. Confirmed by: decisions per hour of a street with presence. */
const LOG_SHARE = 1 / 8;
/** Kinds of entries in the ring of decisions and events. They are part of the format of recordings. */
export const LOG_KINDS = { decision: 0, event: 1 } as const;
const US_PER_MS = 1_000;
const BYTES_PER_KB = 1_000;

/**
 * What the flight memory uses. `sizeKilobytes`: returns the size of the whole memory; it is read each time the memory is divided. Units:
 * 1,000 bytes.
 */
export interface FlightMemoryParts {
  readonly clock: Pick<Clock, 'monoMs'>;
  readonly sizeKilobytes: () => number;
}

/**
 * Entries of one ring, copied. `line`: id of the line, or path of an observed port; null: decisions and events. `nextSeq`: number of the
 * ring's next entry; 0 for an observation.
 */
export interface ChannelImage extends RingImage {
  readonly line: string | null;
  readonly nextSeq: number;
}

/** Number of the next entry of each channel, by line, to continue after an image. Null: the channel of decisions and events. */
export type FlightMark = ReadonlyMap<string | null, number>;

/**
 * Records what passes on the lines, decisions and events, and passes the entries of lines on to observers. Each line has a ring of the same
 * size; decisions and events share one.
 */
export class FlightMemory implements LineObserver {
  readonly #parts: FlightMemoryParts;
  readonly #lines = new Map<string, EntryRing>();
  /** Number of the next entry of each line whose ring was discarded: a mark from before stays valid if the line returns. */
  readonly #nextSeqs = new Map<string, number>();
  readonly #observers = new Map<string, Set<WireTap>>();
  #log: EntryRing;

  constructor(parts: FlightMemoryParts) {
    this.#parts = parts;
    this.#log = new EntryRing(parts.sizeKilobytes() * BYTES_PER_KB * LOG_SHARE);
  }

  /** Returns the tap of a line, which records in its ring and passes on to observers. A line without one gets a ring; all are resized. */
  readonly tapOf = (lineId: string): WireTap => {
    if (!this.#lines.has(lineId)) {
      this.#lines.set(lineId, new EntryRing(0, this.#nextSeqs.get(lineId)));
      this.#divide();
    }
    return (entry) => this.#take(lineId, entry);
  };

  /** Discards the rings of all other lines, whose taps then only pass on to observers. Divides the memory again. */
  keepOnly(lineIds: readonly string[]): void {
    for (const [id, { nextSeq }] of this.#lines) {
      if (lineIds.includes(id)) continue;
      this.#nextSeqs.set(id, nextSeq);
      this.#lines.delete(id);
    }
    this.#divide();
  }

  /** Records how a transaction of a line ended. */
  ended(lineId: string, end: Omit<Extract<WireEntry, { kind: 'ended' }>, 'kind'>): void {
    this.#take(lineId, { kind: 'ended', ...end });
  }

  /** Records a decision for a lamp. */
  decision({ lampId, levelPct, rank, reason, isHeld }: Decision): void {
    this.#note(LOG_KINDS.decision, { lamp: lampId, levelPct, rank, reason, ...(isHeld === true ? { isHeld } : {}) });
  }

  /** Records an event at its begin or end. */
  event({ code, source, severity, text, startMs, endMs }: AgentEvent): void {
    this.#note(LOG_KINDS.event, { code, source, severity, text, isEnd: endMs !== null && endMs !== startMs });
  }

  observe(lineId: string, onEntry: WireTap): () => void {
    const observers = this.#observers.get(lineId) ?? new Set();
    this.#observers.set(lineId, observers.add(onEntry));
    return () => {
      observers.delete(onEntry);
      if (observers.size === 0) this.#observers.delete(lineId);
    };
  }

  /** Returns copies of all rings; with a mark only the entries since, but all of a ring that the mark does not have. */
  images(since: FlightMark = new Map()): ChannelImage[] {
    return [...this.#lines, [null, this.#log] as const].map(([line, ring]) => ({
      line,
      ...ring.image(since.get(line)),
      nextSeq: ring.nextSeq,
    }));
  }

  /** Returns how far back the entries of each line reach, in ms, 0 without entries; and the size of its ring, in bytes. */
  reach(): { line: string; reachMs: number; memoryBytes: number }[] {
    const nowMono: MonoMs = this.#parts.clock.monoMs();
    return [...this.#lines].map(([line, ring]) => {
      const { oldestUs } = ring;
      return { line, reachMs: oldestUs === null ? 0 : nowMono - oldestUs / US_PER_MS, memoryBytes: ring.sizeBytes };
    });
  }

  #take(lineId: string, entry: WireEntry): void {
    const { kind, atUs, content } = encodeWireEntry(entry);
    this.#lines.get(lineId)?.add(kind, atUs, content);
    for (const observer of this.#observers.get(lineId) ?? []) observer(entry);
  }

  #note(kind: number, fields: object): void {
    const content = Buffer.from(JSON.stringify(withTexts(fields)));
    this.#log.add(kind, Math.round(this.#parts.clock.monoMs() * US_PER_MS), content);
  }

  #divide(): void {
    const sizeBytes = this.#parts.sizeKilobytes() * BYTES_PER_KB;
    const each = Math.floor((sizeBytes * (1 - LOG_SHARE)) / Math.max(1, this.#lines.size));
    for (const [id, ring] of this.#lines) this.#lines.set(id, resized(ring, each));
    this.#log = resized(this.#log, sizeBytes * LOG_SHARE);
  }
}

function resized(ring: EntryRing, sizeBytes: number): EntryRing {
  const size = Math.floor(sizeBytes);
  if (ring.sizeBytes === size) return ring;
  const image = ring.image();
  const other = new EntryRing(size, image.fromSeq);
  for (const { kind, atUs, content } of entriesOf(image)) other.add(kind, atUs, content);
  return other;
}
