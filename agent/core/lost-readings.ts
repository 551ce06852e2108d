/**
 * A number of lost readings, for people. `estimates`: losses in it that could not be counted.
 *
 * Zero readings of a loss that was not counted are an unknown number, and never none.
 */
export function lostNumber(readings: number, estimates: number): string {
  if (estimates === 0) return String(readings);
  return readings === 0 ? 'an unknown number' : `about ${readings}`;
}
