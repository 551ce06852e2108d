/**
 * A platform's database of one edge node, as docs/platform.md describes it: readings, their rows, repetitions, and the first missing row.
 *
 * Uses no MQTT.
 */
import type { StoredFrame } from '../../agent/core/ports.ts';
import { covers, NO_RANGES, reachFrom, type SeqRanges, withRange } from '../../agent/sync/delivery/seq-ranges.ts';
import type { ReportedGap } from './node-ingest.ts';
import { qualityCode } from './reading-base.ts';
import type { ParsedRowsMark } from './row-ranges.ts';

/** One reading as the platform stores it. Units: `quality` 192 good, 500 stale, 0 bad or missing. */
export interface RegisteredReading {
  readonly pointId: string;
  readonly value: number | null;
  readonly quality: number;
  readonly atMs: number;
  readonly isHistorical: boolean;
}

/** The rows and readings of one node that the platform has received; empty at first. In memory. */
export class RowRegistry {
  /** Readings by `<point>@<ms>`, from every epoch. */
  readonly readings = new Map<string, RegisteredReading>();
  /** Epoch of the last message. */
  epoch = '';
  /** Readings in ranges that were complete already, dropped unread. */
  dropped = 0;
  /** Readings that arrived again in a range that was new: what is left after dropping. */
  repeats = 0;
  /** New ranges that arrived after a later one of the same kind and session, and are not the first that is missing. */
  disorder = 0;
  /** The same, but the first that is missing: the node has gone back to what was not acknowledged. */
  restarts = 0;
  readonly #known = new Map<string, SeqRanges>();
  readonly #partsOf = new Map<string, Set<number>>();
  readonly #gaps = new Map<string, ReportedGap>();
  readonly #last = { live: 0, historical: 0 };

  get gaps(): readonly ReportedGap[] {
    return [...this.#gaps.values()];
  }

  /** Discards the readings; which rows are known is kept. */
  forget(): void {
    this.readings.clear();
  }

  /** The last row up to which none is missing; 0 if row 1 is. */
  head(epoch = this.epoch): number {
    return reachFrom(this.ranges(epoch), 0);
  }

  /** The known rows. */
  ranges(epoch = this.epoch): SeqRanges {
    return this.#known.get(epoch) ?? NO_RANGES;
  }

  /** A new session: the order is checked from the start. */
  born(): void {
    this.#last.live = 0;
    this.#last.historical = 0;
    this.#partsOf.clear();
  }

  take(rows: ParsedRowsMark, taken: readonly RegisteredReading[]): void {
    this.epoch = rows.epoch;
    if (covers(this.ranges(rows.epoch), rows) && !rows.isAgain) {
      this.dropped += taken.length;
      return;
    }
    for (const reading of taken) {
      const key = `${reading.pointId}@${reading.atMs}`;
      if (this.readings.has(key) && !rows.isAgain) this.repeats += 1;
      this.readings.set(key, reading);
    }
    const isHistorical = taken.some((reading) => reading.isHistorical);
    if (this.#isComplete(rows) && !rows.isAgain) this.#addRange(rows, isHistorical ? 'historical' : 'live');
  }

  /** Adds a loss, the value of `Sync/Gap`. Errors: throws SyntaxError on what is not JSON. */
  gap(text: string): void {
    const gap = JSON.parse(text) as ReportedGap;
    this.#gaps.set(gap.id === null ? `${gap.epoch}:${gap.from}-${gap.to}` : `${gap.epoch}#${gap.id}`, gap);
  }

  /** The differences between the database and these rows of the store; empty when there are none. */
  compare(rows: readonly StoredFrame[]): readonly string[] {
    const wanted = new Map(
      rows.flatMap((frame) => frame.readings.map((reading) => [`${reading.pointId}@${Math.round(reading.atMs)}`, reading])),
    );
    const missing = [...wanted].flatMap(([key, { value, quality }]) => {
      const got = this.readings.get(key);
      if (got === undefined) return [`${key} is missing`];
      const same = got.value === value && got.quality === qualityCode(quality);
      return same ? [] : [`${key} is ${got.value}/${got.quality}, in the store ${value}/${quality}`];
    });
    return [...missing, ...[...this.readings.keys()].filter((key) => !wanted.has(key)).map((key) => `${key} is not in the store`)];
  }

  /** Whether all messages of these rows have arrived. */
  #isComplete(rows: ParsedRowsMark): boolean {
    const key = `${rows.epoch}:${rows.from}-${rows.to}`;
    const parts = this.#partsOf.get(key) ?? new Set<number>();
    this.#partsOf.set(key, parts.add(rows.part));
    if (parts.size < rows.parts) return false;
    this.#partsOf.delete(key);
    return true;
  }

  #addRange({ epoch, from, to }: ParsedRowsMark, stream: 'historical' | 'live'): void {
    if (from < this.#last[stream]) {
      if (from <= this.head(epoch) + 1) this.restarts += 1;
      else this.disorder += 1;
    }
    this.#known.set(epoch, withRange(this.ranges(epoch), { from, to }));
    this.#last[stream] = from;
  }
}
