/**
 * Many rows of the store as one compressed block: the compact form of the backlog, `segments/1`. Pure.
 *
 * The decoder is in docs/platform.md; it needs only zlib and JSON.
 *
 * Shape: zlib (RFC 1950) of UTF-8 JSON `{v, epoch, from, to, seq, at, clock, series: [{p, d, f, t, v, q}]}`. `seq`, `at` and each `f` and
 * `v` contain a first number and then differences; a `v` whose `d` is null contains the values. `clock` and each `q` contain pairs of a
 * word and its number of repetitions.
 */
import { deflateSync } from 'node:zlib';
import type { StoredFrame, StoredReading } from '../../core/ports.ts';
import { type RowsMark, wireEpoch } from './rows-mark.ts';

/** The value that a platform writes to `Sync/Accept` to receive the backlog as segments. */
export const SEGMENTS = 'segments/1';

/** Units: decimals. Source: no profile has more; a value with more is sent unscaled. */
const MAX_DECIMALS = 6;
/** The difference of two such numbers is still a safe integer. */
const MAX_WHOLE = 2 ** 52;

interface Cell extends StoredReading {
  readonly frame: number;
}

/** Returns these frames as one block in the format `segments/1`. `rows`: the range of rows and the epoch that the block names. */
export function encodeRowsSegment(frames: readonly StoredFrame[], rows: RowsMark): Buffer {
  const series = new Map<string, Cell[]>();
  frames.forEach(({ readings }, frame) => {
    for (const reading of readings) {
      const cells = series.get(reading.pointId);
      if (cells === undefined) series.set(reading.pointId, [{ ...reading, frame }]);
      else cells.push({ ...reading, frame });
    }
  });
  const document = {
    v: 1,
    epoch: wireEpoch(rows.epoch),
    from: rows.from,
    to: rows.to,
    seq: differences(frames.map(({ seq }) => seq)),
    at: differences(frames.map(({ atMs }) => Math.round(atMs))),
    clock: runs(frames.map(({ clockQuality }) => clockQuality)),
    series: [...series].sort(([a], [b]) => (a < b ? -1 : 1)).map(([pointId, cells]) => column(pointId, cells, frames)),
  };
  return deflateSync(JSON.stringify(document));
}

function column(p: string, cells: readonly Cell[], frames: readonly StoredFrame[]): object {
  const d = decimalsOf(cells);
  const scale = 10 ** (d ?? 0);
  const whole = (value: number): number => (d === null ? value : Math.round(value * scale));
  return {
    p,
    d,
    f: differences(cells.map(({ frame }) => frame)),
    t: cells.map(({ atMs, frame }) => Math.round(atMs) - Math.round(frames[frame]?.atMs ?? 0)),
    v: d === null ? cells.map(({ value }) => value) : differences(cells.map(({ value }) => (value === null ? null : whole(value)))),
    q: runs(cells.map(({ quality }) => quality)),
  };
}

/** The decimals that all values need. Null if one needs more than the limit: values are then sent unscaled, without differences. */
function decimalsOf(cells: readonly Cell[]): number | null {
  let decimals = 0;
  for (const { value } of cells) {
    while (value !== null && !isExact(value, decimals)) {
      decimals += 1;
      if (decimals > MAX_DECIMALS) return null;
    }
  }
  return cells.every(({ value }) => value === null || isExact(value, decimals)) ? decimals : null;
}

function isExact(value: number, decimals: number): boolean {
  const scale = 10 ** decimals;
  const whole = Math.round(value * scale);
  return Math.abs(whole) <= MAX_WHOLE && whole / scale === value && !Object.is(value, -0);
}

/** The first number unchanged, each other one as the difference from the last one that is not null. */
function differences(values: readonly (number | null)[]): (number | null)[] {
  let last = 0;
  return values.map((value) => {
    if (value === null) return null;
    const difference = value - last;
    last = value;
    return difference;
  });
}

function runs(words: readonly string[]): [word: string, count: number][] {
  const found: [string, number][] = [];
  for (const word of words) {
    const run = found.at(-1);
    if (run !== undefined && run[0] === word) run[1] += 1;
    else found.push([word, 1]);
  }
  return found;
}
