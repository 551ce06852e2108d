/**
 * The order of two times of a night, as far as it is the same on every day: clock times among each other, sun events among each other.
 * Pure.
 *
 * Whether 23:00 comes before sunset+60 depends on the day of the year, so that order is undefined.
 */
import type { StepTime, SunEvent } from '../../core/cabinet.ts';
import { parseStepTime } from '../schema/complete-lighting.ts';

/** Units: minutes. */
const DAY_MIN = 24 * 60;
const NOON_MIN = 12 * 60;
/** Evening, middle, morning. */
const PART: Readonly<Record<SunEvent, number>> = { sunset: 0, dusk: 0, middle: 1, dawn: 2, sunrise: 2 };

/**
 * Negative when `a` comes before `b` in every night, positive when after, 0 when they are one instant, null when it depends on the night.
 */
export function compareTimes(a: string, b: string): number | null {
  const [one, other] = [parseStepTime(a), parseStepTime(b)];
  const [oneMin, otherMin] = [minuteOfNight(one), minuteOfNight(other)];
  if (oneMin !== null && otherMin !== null) return oneMin - otherMin;
  const [oneSun, otherSun] = [sunTime(one), sunTime(other)];
  if (oneSun === null || otherSun === null) return null;
  const laterMin = oneSun.offsetMin - otherSun.offsetMin;
  if (oneSun.sun === otherSun.sun) return laterMin;
  const parts = PART[oneSun.sun] - PART[otherSun.sun];
  return parts !== 0 && parts * laterMin >= 0 ? parts : null;
}

/** The night runs from noon to noon, so evening comes before morning. */
function minuteOfNight(at: StepTime): number | null {
  if (at === 'dusk' || 'sun' in at) return null;
  return (at.hour * 60 + at.minute - NOON_MIN + DAY_MIN) % DAY_MIN;
}

function sunTime(at: StepTime): { readonly sun: SunEvent; readonly offsetMin: number } | null {
  if (at === 'dusk') return { sun: 'dusk', offsetMin: 0 };
  return 'sun' in at ? at : null;
}
