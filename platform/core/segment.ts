/**
 * Unpacks `Sync/Segment`: rows of a node's store as compressed columns. Pure.
 *
 * Source: docs/platform.md, "Packed backlog".
 */
import { inflateSync } from 'node:zlib';

/** One reading of a segment. Units: `atMs` ms UTC. */
export interface PackedReading {
  readonly device: string;
  readonly quantity: string;
  readonly atMs: number;
  readonly value: number | null;
  readonly quality: number;
}

interface PackedSeries {
  readonly p: string;
  readonly d: number | null;
  readonly f: readonly number[];
  readonly t: readonly number[];
  readonly v: readonly (number | null)[];
  readonly q: readonly (readonly [string, number])[];
}

/** Largest segment unpacked. Units: bytes. Source: assumed; 100 times the largest that an agent packs into 128 KB. Confirmed by: the sizes in a real backlog. */
const MAX_SEGMENT_BYTES = 16 * 2 ** 20;

/** Source: Sparkplug 3.0, `payloads-propertyset-quality-value-value`; a missing value is sent as bad without a value. */
const QUALITIES: Readonly<Record<string, number>> = { good: 192, stale: 500, bad: 0, missing: 0 };

/** Unpacks the value of `Sync/Segment`; undefined if the bytes are not a segment of version 1 or have more than 16 MB unpacked. */
export function unpackSegment(bytes: Uint8Array): readonly PackedReading[] | undefined {
  try {
    const { v, at, series } = JSON.parse(inflateSync(bytes, { maxOutputLength: MAX_SEGMENT_BYTES }).toString()) as {
      v: unknown;
      at: number[];
      series: PackedSeries[];
    };
    if (v !== 1) return undefined;
    const times = sumsOf(at);
    return series.flatMap((one) => readingsOf(one, times));
  } catch {
    // Bytes from outside that are not zlib, not JSON, or have another shape.
    return undefined;
  }
}

function readingsOf({ p, d, f, t, v, q }: PackedSeries, times: readonly (number | null)[]): PackedReading[] {
  const dot = p.lastIndexOf('.');
  const [device, quantity] = [p.slice(0, dot), p.slice(dot + 1)];
  const values = d === null ? v : sumsOf(v).map((whole) => (whole === null ? null : whole / 10 ** d));
  const qualities = q.flatMap(([word, count]) => {
    if (count > f.length) throw new RangeError('more qualities than readings');
    return Array<string>(count).fill(word);
  });
  return sumsOf(f).map((row, i) => {
    const atMs = (times[row ?? -1] ?? Number.NaN) + (t[i] ?? Number.NaN);
    if (!Number.isFinite(atMs)) throw new RangeError('a reading without a time');
    return { device, quantity, atMs, value: values[i] ?? null, quality: QUALITIES[qualities[i] ?? ''] ?? 0 };
  });
}

function sumsOf(readingDifferences: readonly (number | null)[]): (number | null)[] {
  let last = 0;
  return readingDifferences.map((difference) => {
    if (difference === null) return null;
    last += difference;
    return last;
  });
}
