/**
 * A platform's database of one edge node: what came, in which rows, what came twice, and up to where nothing is missing.
 *
 * Owns the bookkeeping that docs/platform.md asks of a platform. Knows no MQTT. Used by the reference host.
 */
import type { StoredFrame } from '../../agent/core/ports.ts';
import { covers, NO_RANGES, reachFrom, type SeqRanges, withRange } from '../../agent/sync/delivery/seq-ranges.ts';

/** One reading as the platform keeps it. Units: `quality` 192 good, 500 stale, 0 bad or missing. */
export interface RegisteredReading {
  readonly pointId: string;
  readonly value: number | null;
  readonly quality: number;
  readonly atMs: number;
  readonly isHistorical: boolean;
}

/** `Sync/Rows` as read. */
export interface RowsOf {
  readonly epoch: string;
  readonly from: number;
  readonly to: number;
  readonly part: number;
  readonly parts: number;
  readonly isAsked: boolean;
}

/** A loss that the node told. */
export interface GapReport {
  readonly epoch: string;
  readonly id: number | null;
  readonly from: number | null;
  readonly to: number | null;
  readonly readings: number;
  readonly reason: string;
}

export interface RowRegistry {
  /** By `<point>@<ms>`, of every epoch. */
  readonly readings: ReadonlyMap<string, RegisteredReading>;
  readonly epoch: string;
  /** Lets go of the readings; which rows are known stays known. */
  forget(): void;
  /** Readings in ranges that were complete already, dropped unread. */
  readonly dropped: number;
  /** Readings that came again in a range that was new: what is left after dropping. */
  readonly repeats: number;
  /** New ranges that came after a later one of the same kind and session, and are not the first that is missing. */
  readonly disorder: number;
  /** The same, but the first that is missing: the node has gone back to what was not acknowledged. */
  readonly restarts: number;
  readonly gaps: readonly GapReport[];
  /** Up to which no row is missing. */
  head(epoch?: string): number;
  /** Rows known beyond the head. */
  ranges(epoch?: string): SeqRanges;
  /** A new session: its streams begin anew. */
  born(): void;
  take(rows: RowsOf, readings: readonly RegisteredReading[]): void;
  gap(text: string): void;
  /** What differs between the book and these rows of the store; empty when nothing does. */
  compare(rows: readonly StoredFrame[]): readonly string[];
}

/** Source: Sparkplug 3.0, property `Quality`. */
export const QUALITY_CODE: Readonly<Record<string, number>> = { good: 192, stale: 500, bad: 0, missing: 0 };
const ROWS = /^(?<epoch>[0-9A-Za-z]+):(?<from>\d+)-(?<to>\d+):(?<part>\d+)\/(?<parts>\d+)(?<again>:again)?$/;

/** Undefined for what is no `Sync/Rows`. */
export function parseRowsOf(text: string): RowsOf | undefined {
  const match = ROWS.exec(text)?.groups;
  if (match === undefined) return undefined;
  const { epoch = '', from, to, part, parts, again } = match;
  return { epoch, from: Number(from), to: Number(to), part: Number(part), parts: Number(parts), isAsked: again !== undefined };
}

/** An empty database. */
export function createRowRegistry(): RowRegistry {
  const readings = new Map<string, RegisteredReading>();
  const known = new Map<string, SeqRanges>();
  const partsOf = new Map<string, Set<number>>();
  const gaps = new Map<string, GapReport>();
  const counts = { dropped: 0, repeats: 0, disorder: 0, restarts: 0 };
  const last = { live: 0, historical: 0 };
  let epoch = '';
  const rangesOf = (name: string): SeqRanges => known.get(name) ?? NO_RANGES;

  const complete = ({ epoch: name, from, to }: RowsOf, isHistorical: boolean): void => {
    const stream = isHistorical ? 'historical' : 'live';
    if (from < last[stream]) counts[from <= reachFrom(rangesOf(name), 0) + 1 ? 'restarts' : 'disorder'] += 1;
    known.set(name, withRange(rangesOf(name), { from, to }));
    last[stream] = from;
  };
  const book: RowRegistry = {
    readings,
    forget: () => readings.clear(),
    get epoch() {
      return epoch;
    },
    get dropped() {
      return counts.dropped;
    },
    get repeats() {
      return counts.repeats;
    },
    get disorder() {
      return counts.disorder;
    },
    get restarts() {
      return counts.restarts;
    },
    get gaps() {
      return [...gaps.values()];
    },
    head: (name = epoch) => reachFrom(rangesOf(name), 0),
    ranges: (name = epoch) => rangesOf(name),
    born: () => {
      last.live = 0;
      last.historical = 0;
      partsOf.clear();
    },
    take: (rows, taken) => {
      epoch = rows.epoch;
      if (covers(rangesOf(rows.epoch), rows) && !rows.isAsked) {
        counts.dropped += taken.length;
        return;
      }
      for (const reading of taken) {
        const key = `${reading.pointId}@${reading.atMs}`;
        if (readings.has(key) && !rows.isAsked) counts.repeats += 1;
        readings.set(key, reading);
      }
      const key = `${rows.epoch}:${rows.from}-${rows.to}`;
      const parts = partsOf.get(key) ?? new Set<number>();
      partsOf.set(key, parts.add(rows.part));
      if (parts.size < rows.parts) return;
      partsOf.delete(key);
      if (!rows.isAsked)
        complete(
          rows,
          taken.some(({ isHistorical }) => isHistorical),
        );
    },
    gap: (text) => {
      const gap = JSON.parse(text) as GapReport;
      gaps.set(gap.id === null ? `${gap.epoch}:${gap.from}-${gap.to}` : `${gap.epoch}#${gap.id}`, gap);
    },
    compare: (rows) => {
      const wanted = new Map(
        rows.flatMap((frame) => frame.readings.map((reading) => [`${reading.pointId}@${Math.round(reading.atMs)}`, reading])),
      );
      const missing = [...wanted].flatMap(([key, { value, quality }]) => {
        const got = readings.get(key);
        if (got === undefined) return [`${key} is missing`];
        const same = got.value === value && got.quality === QUALITY_CODE[quality];
        return same ? [] : [`${key} is ${got.value}/${got.quality}, in the store ${value}/${quality}`];
      });
      return [...missing, ...[...readings.keys()].filter((key) => !wanted.has(key)).map((key) => `${key} is not in the store`)];
    },
  };
  return book;
}
