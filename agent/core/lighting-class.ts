/**
 * Levels of the lighting classes of the standard. Pure.
 */
import type { LightingClass } from './cabinet.ts';
import type { LevelPct } from './words.ts';

/** Light of each class: cd/m2 for M, lx for C and P. Source: EN 13201-2:2015 tables 1 to 3. */
const LIGHT: Readonly<Record<LightingClass, number>> = {
  M1: 2,
  M2: 1.5,
  M3: 1,
  M4: 0.75,
  M5: 0.5,
  M6: 0.3,
  C0: 50,
  C1: 30,
  C2: 20,
  C3: 15,
  C4: 10,
  C5: 7.5,
  P1: 15,
  P2: 10,
  P3: 7.5,
  P4: 5,
  P5: 3,
  P6: 2,
};

/**
 * Returns the level that provides the class `wanted`, if 100 % provides the class `design`; 100 at most. Both classes must be of one family
 * (M, C or P); this is not checked. Units: %, rounded up.
 */
export function classLevelPct(design: LightingClass, wanted: LightingClass): LevelPct {
  return Math.min(100, Math.ceil((100 * LIGHT[wanted]) / LIGHT[design] - 1e-9));
}

/** Returns whether both classes are of one family (M, C or P), so that their light can be compared. */
export function isSameFamily(a: LightingClass, b: LightingClass): boolean {
  return a[0] === b[0];
}

/**
 * Returns the classes of the same family (M, C or P) to which an installation of this class can be dimmed, brightest first, including
 * `design` itself.
 */
export function classesWithin(design: LightingClass): readonly LightingClass[] {
  const all = Object.keys(LIGHT) as LightingClass[];
  return all.filter((each) => isSameFamily(each, design) && LIGHT[each] <= LIGHT[design]);
}
