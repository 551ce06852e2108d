/**
 * Unpacks `Sync/Segment`: rows of a node's store as compressed columns. Pure.
 *
 * Source: docs/platform.md, "Packed backlog".
 */
import { inflateSync } from 'node:zlib';
import { isShortName } from './topic.ts';
import { cleanText } from './wire.ts';

/**
 * One reading of a segment. `value`: as in a metric of its own, flags as 0 and 1; null for no value. `quality`: 192 good, 500 stale, 0 bad,
 * missing or unknown. Units: `atMs` ms UTC.
 */
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

/** Largest segment unpacked. Units: bytes. Source: an agent packs about 3,000 readings, which are 100 KB as JSON; forty times that. */
const MAX_SEGMENT_BYTES = 4 * 2 ** 20;
/** Most readings of a segment. Source: an agent packs about 3,000, and never more than 32 KB (docs/platform.md, "Packed backlog": 1 to 2 bytes for a reading); one transaction of the host. */
const MOST_READINGS = 50_000;

/** All others are 0. Source: Sparkplug 3.0, `payloads-propertyset-quality-value-value`; a missing value is sent as bad without a value. */
const QUALITIES: ReadonlyMap<string, number> = new Map([
  ['good', 192],
  ['stale', 500],
]);

/**
 * Unpacks the value of `Sync/Segment`. Undefined if the bytes are not a segment of version 1, have more than 4 MB or 50,000 readings
 * unpacked, or contain a name that is too long, or a value that is neither a number nor null.
 */
export function unpackSegment(bytes: Uint8Array): readonly PackedReading[] | undefined {
  try {
    const { v, at, series } = JSON.parse(inflateSync(bytes, { maxOutputLength: MAX_SEGMENT_BYTES }).toString()) as {
      v: unknown;
      at: number[];
      series: PackedSeries[];
    };
    if (v !== 1) return undefined;
    // Counted before any reading is made: 2 KB of zeros would become 40 MB of readings.
    if (series.reduce((sum, { f }) => sum + f.length, 0) > MOST_READINGS) return undefined;
    const times = sumsOf(at);
    return series.flatMap((one) => readingsOf(one, times));
  } catch {
    // Bytes from outside that are not zlib, not JSON, or have another shape.
    return undefined;
  }
}

function readingsOf({ p, d, f, t, v, q }: PackedSeries, times: readonly (number | null)[]): PackedReading[] {
  const dot = p.lastIndexOf('.');
  const [device, quantity] = [cleanText(p.slice(0, dot)), cleanText(p.slice(dot + 1))];
  if (dot < 1 || !isShortName(device) || !isShortName(quantity)) throw new RangeError('no name of a reading, or one that is too long');
  const values = d === null ? v : sumsOf(v).map((whole) => (whole === null ? null : whole / 10 ** d));
  const qualities = qualitiesOf(q, f.length);
  return sumsOf(f).map((row, i) => {
    const atMs = (times[row ?? -1] ?? Number.NaN) + (t[i] ?? Number.NaN);
    const value = values[i] ?? null;
    if (!Number.isFinite(atMs)) throw new RangeError('a reading without a time');
    if (value !== null && !Number.isFinite(value)) throw new RangeError('a value that is no number');
    return { device, quantity, atMs, value, quality: QUALITIES.get(qualities[i] ?? '') ?? 0 };
  });
}

/** Runs of words as one word for each reading. Runs beyond the readings would fill the memory, so they make the segment invalid. */
function qualitiesOf(runs: PackedSeries['q'], readings: number): string[] {
  const words: string[] = [];
  for (const [word, count] of runs) {
    if (count > readings - words.length) throw new RangeError('more qualities than readings');
    for (let i = 0; i < count; i += 1) words.push(word);
  }
  return words;
}

function sumsOf(readingDifferences: readonly (number | null)[]): (number | null)[] {
  let last = 0;
  return readingDifferences.map((difference) => {
    if (difference === null) return null;
    last += difference;
    return last;
  });
}
