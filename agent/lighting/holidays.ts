/** Public holidays of France. Pure. */
import { DAY_MS } from '../core/durations.ts';

/** Source: Code du travail, article L3133-1: the eleven public holidays. */
const FIXED: readonly (readonly [month: number, day: number])[] = [
  [1, 1],
  [5, 1],
  [5, 8],
  [7, 14],
  [8, 15],
  [11, 1],
  [11, 11],
  [12, 25],
];
/** Easter Monday, Ascension, Whit Monday. Units: days after Easter Sunday. */
const AFTER_EASTER = [1, 39, 50];

/** Shape: `month` 1..12. */
export function isFrenchHoliday({ year, month, day }: { readonly year: number; readonly month: number; readonly day: number }): boolean {
  if (FIXED.some(([m, d]) => m === month && d === day)) return true;
  const date = Date.UTC(year, month - 1, day);
  return AFTER_EASTER.some((days) => easterMs(year) + days * DAY_MS === date);
}

/** Source: the anonymous Gregorian computus (Nature, 1876; Meeus, Astronomical Algorithms, chapter 8). */
function easterMs(year: number): number {
  const a = year % 19;
  const [b, c] = [Math.floor(year / 100), year % 100];
  const [d, e] = [Math.floor(b / 4), b % 4];
  const g = Math.floor((8 * b + 13) / 25);
  const h = (19 * a + b - d - g + 15) % 30;
  const [i, k] = [Math.floor(c / 4), c % 4];
  const l = (32 + 2 * e + 2 * i - h - k) % 7;
  const m = Math.floor((a + 11 * h + 22 * l) / 451);
  const sum = h + l - 7 * m + 114;
  return Date.UTC(year, Math.floor(sum / 31) - 1, (sum % 31) + 1);
}
