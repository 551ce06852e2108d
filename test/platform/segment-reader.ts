/**
 * Unpacks `Sync/Segment`. Written from docs/platform.md alone, without code of the agent.
 */
import { inflateSync } from 'node:zlib';

/** One reading of a segment. */
export interface SegmentReading {
  readonly seq: number;
  readonly pointId: string;
  readonly value: number | null;
  readonly quality: string;
  readonly atMs: number;
}

export interface Segment {
  readonly epoch: string;
  readonly from: number;
  readonly to: number;
  /** By row, within a row in the order of the block. */
  readonly readings: readonly SegmentReading[];
}

interface Column {
  readonly p: string;
  readonly d: number | null;
  readonly f: readonly number[];
  readonly t: readonly number[];
  readonly v: readonly (number | null)[];
  readonly q: readonly (readonly [string, number])[];
}

/** Largest block unpacked. Units: bytes. */
const MAX_BYTES = 16 * 2 ** 20;

/** Unpacks the value of `Sync/Segment`. Errors: throws on bytes that are not a segment of version 1, or have more than 16 MB unpacked. */
export function readSegment(bytes: Uint8Array): Segment {
  const text = inflateSync(bytes, { maxOutputLength: MAX_BYTES }).toString();
  const { v, epoch, from, to, seq, at, series } = JSON.parse(text) as {
    v: number;
    epoch: string;
    from: number;
    to: number;
    seq: number[];
    at: number[];
    series: Column[];
  };
  if (v !== 1) throw new RangeError(`segment of version ${v}`);
  const seqs = sums(seq) as number[];
  const times = sums(at) as number[];
  const readings = series.flatMap(({ p, d, f, t, v: values, q }) => {
    const frames = sums(f) as number[];
    const numbers = d === null ? values : sums(values).map((whole) => (whole === null ? null : whole / 10 ** d));
    const qualities = q.flatMap(([word, count]) => Array<string>(count).fill(word));
    return frames.map((frame, i) => ({
      seq: seqs[frame] ?? 0,
      pointId: p,
      value: numbers[i] ?? null,
      quality: qualities[i] ?? '',
      atMs: (times[frame] ?? 0) + (t[i] ?? 0),
    }));
  });
  return { epoch, from, to, readings: readings.sort((a, b) => a.seq - b.seq) };
}

function sums(differences: readonly (number | null)[]): (number | null)[] {
  let last = 0;
  return differences.map((difference) => {
    if (difference === null) return null;
    last += difference;
    return last;
  });
}
