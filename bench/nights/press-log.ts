/** Reads the real presses and counts of `--data`: buttons of intersections over a day, and vehicles by quarters of an hour. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { ButtonChange } from './pressed-street.ts';

const FILES = { presses: 'pedestrian-presses.csv.gz', counts: 'traffic-15min.csv.gz' };
const HALF_DAY_S = 43_200;
/** How long a button is down. Units: ms. Source: assumed; the data has presses only. Confirmed by: contacts of a real button, sampled at 100 Hz. */
const DOWN_MS = 300;

/** Presses of one intersection. */
export interface PressedButton {
  readonly button: string;
  readonly secondOfDay: number;
}

/** Vehicles of one detector in a quarter of an hour. `time`: local, `2024-05-01T00:00`. */
export interface QuarterCount {
  readonly time: string;
  readonly detector: string;
  readonly vehicles: number;
}

/** Returns the presses by intersection. Errors: as `readFileSync` and `gunzipSync`. */
export function pressLog(dataDir: string): ReadonlyMap<string, readonly PressedButton[]> {
  const rows = linesOf(join(dataDir, FILES.presses)).map(([intersection = '', button = '', second]) => ({
    intersection,
    press: { button: `B${button}`, secondOfDay: Number(second) },
  }));
  return groups(
    rows,
    ({ intersection }) => intersection,
    ({ press }) => press,
  );
}

/** Returns the counts by intersection; without a row a detector counted nothing: the data has no zeros. Errors: as `pressLog`. */
export function countLog(dataDir: string): ReadonlyMap<string, readonly QuarterCount[]> {
  const rows = linesOf(join(dataDir, FILES.counts)).map(([time = '', intersection = '', detector, vehicles]) => ({
    intersection,
    count: { time, detector: `D${detector}`, vehicles: Number(vehicles) },
  }));
  return groups(
    rows,
    ({ intersection }) => intersection,
    ({ count }) => count,
  );
}

/**
 * Returns the presses as changes of buttons in the night that begins at `noonMs`: the second half of the day, then its first half as the next morning. Those
 * between `fromMs` and `toMs` are measured. Oldest first.
 */
export function buttonChangesOf(
  presses: readonly PressedButton[],
  { noonMs, fromMs, toMs }: { readonly noonMs: number; readonly fromMs: number; readonly toMs: number },
): readonly ButtonChange[] {
  return presses
    .map(({ button, secondOfDay }) => ({
      button,
      atMs: noonMs + Math.round((secondOfDay - HALF_DAY_S + (secondOfDay < HALF_DAY_S ? 2 * HALF_DAY_S : 0)) * 1_000),
    }))
    .filter(({ atMs }) => atMs >= fromMs && atMs < toMs)
    .flatMap(({ button, atMs }) => [
      { atMs, button, isDown: true, isMeasured: true },
      { atMs: atMs + DOWN_MS, button, isDown: false, isMeasured: false },
    ])
    .toSorted((a, b) => a.atMs - b.atMs);
}

function linesOf(file: string): readonly string[][] {
  const [, ...lines] = gunzipSync(readFileSync(file)).toString('utf8').trim().split('\n');
  return lines.map((line) => line.split(','));
}

function groups<R, V>(rows: readonly R[], keyOf: (row: R) => string, itemOf: (row: R) => V): ReadonlyMap<string, readonly V[]> {
  return new Map([...Map.groupBy(rows, keyOf)].map(([key, group]) => [key, group.map(itemOf)]));
}
