/** The altitude of the sun, whether it gives night, and when that changes. Pure; the only import of suncalc. */
import { getPosition } from 'suncalc';
import type { WallMs } from '../core/clock.ts';

/** A place on earth. Units: degrees, north and east positive. */
export interface SunPosition {
  readonly latitudeDeg: number;
  readonly longitudeDeg: number;
}

/**
 * Grid of the search for a change between night and day. Units: ms. Source: the sun moves at most 2.5° in it, so only a night shorter than it is
 * missed.
 */
const SCAN_MS = 10 * 60_000;
/** Largest change of the altitude in one step. Units: degrees. Source: 15.04°/h of the hour angle, and the declination's 0.003°; assumed margin. */
const STEP_DEG = 2.6;
/** How far ahead to search; without a change within it there is a polar night or day. Units: scan steps. */
const SCAN_STEPS = (24 * 60 * 60_000) / SCAN_MS;
/** Accuracy of a change. Units: ms. */
const RESOLUTION_MS = 1_000;
const RAD = Math.PI / 180;
/** Each round leaves about a sixth of the error; five leave less than 0.0001°. */
const REFRACTION_ROUNDS = 5;

/** The newest result: several situations are often decided for one instant, and the position is the most expensive part of a decision. */
let last = { latitudeDeg: Number.NaN, longitudeDeg: Number.NaN, atMs: Number.NaN, altitudeDeg: Number.NaN };

/** Returns the geometric altitude of the sun's centre, as twilight is defined. Units: degrees above the horizon. */
export function sunAltitudeDeg({ latitudeDeg, longitudeDeg }: SunPosition, atMs: WallMs): number {
  if (last.atMs !== atMs || last.latitudeDeg !== latitudeDeg || last.longitudeDeg !== longitudeDeg)
    last = { latitudeDeg, longitudeDeg, atMs, altitudeDeg: computedAltitudeDeg({ latitudeDeg, longitudeDeg }, atMs) };
  return last.altitudeDeg;
}

function computedAltitudeDeg(site: SunPosition, atMs: WallMs): number {
  const apparentDeg = getPosition(new Date(atMs), site.latitudeDeg, site.longitudeDeg).altitude;
  let geometricDeg = apparentDeg;
  for (let round = 0; round < REFRACTION_ROUNDS; round++) geometricDeg = apparentDeg - refractionDeg(geometricDeg);
  return geometricDeg;
}

/** Whether the sun is low enough for the night of a zone: strictly below `sunBelowDeg`. Units: degrees above the horizon. */
export function isNight(altitudeDeg: number, sunBelowDeg: number): boolean {
  return altitudeDeg < sunBelowDeg;
}

/**
 * Returns a function that finds the first change between night and day after an instant, to about a second; null if there is none within
 * about a day. A very short night or day may be missed. Units: `sunBelowDeg` in degrees; it is night while the sun is lower.
 */
export function createSunChanges(site: SunPosition, sunBelowDeg: number): (afterMs: WallMs) => WallMs | null {
  const nightAt = (atMs: WallMs): boolean => isNight(sunAltitudeDeg(site, atMs), sunBelowDeg);
  // Within this many steps the sun cannot reach the altitude of the change.
  const stepsWithoutChange = (step: number): number => Math.floor(Math.abs(sunAltitudeDeg(site, step * SCAN_MS) - sunBelowDeg) / STEP_DEG);
  const known = new Map<number, WallMs | null>();
  const firstFrom = (step: number): WallMs | null => {
    for (let k = step; k < step + SCAN_STEPS; ) {
      const sure = stepsWithoutChange(k);
      if (sure === 0 && nightAt(k * SCAN_MS) !== nightAt((k + 1) * SCAN_MS)) return bisect(nightAt, k * SCAN_MS, (k + 1) * SCAN_MS);
      k += Math.max(1, sure);
    }
    return null;
  };
  const remembered = (step: number): WallMs | null => {
    const found = known.get(step);
    if (found !== undefined) return found;
    if (known.size >= 4) known.clear();
    const change = firstFrom(step);
    known.set(step, change);
    return change;
  };
  return (afterMs) => {
    const step = Math.floor(afterMs / SCAN_MS);
    const change = remembered(step);
    return change !== null && change <= afterMs ? remembered(step + 1) : change;
  };
}

/** Units: degrees. Source: Meeus, Astronomical Algorithms 16.4, as suncalc applies it. */
function refractionDeg(altitudeDeg: number): number {
  const h = Math.max(0, altitudeDeg) * RAD;
  return 0.0002967 / Math.tan(h + 0.00312536 / (h + 0.08901179)) / RAD;
}

/** Returns the first instant, to a second, with the state of the end of the span. */
function bisect(nightAt: (atMs: WallMs) => boolean, fromMs: WallMs, toMs: WallMs): WallMs {
  const after = nightAt(toMs);
  let [low, high] = [fromMs, toMs];
  while (high - low > RESOLUTION_MS) {
    const middle = Math.round((low + high) / 2);
    if (nightAt(middle) === after) high = middle;
    else low = middle;
  }
  return high;
}
