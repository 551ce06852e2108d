/** Sentences about the signs of wear. Pure. */
import { type Message, msg } from '../../core/message.ts';
import type { WearSign } from '../../core/wear-view.ts';

/**
 * The figures of a trend of one quantity. `change`: along the trend line, over the `weeks` of its data; negative if it falls. `level`: the
 * newest value, smoothed by a line; not a light level. `limit`: the value from which the lamp may be worn out. Temperature and derating are
 * those beyond the other lamps. Units: `unit`.
 */
export interface TrendFigures {
  readonly change: number;
  readonly level: number;
  readonly limit: number;
  readonly weeks: number;
  readonly unit: string;
}

/** Returns the sentence about a trend of a lamp. `sign`: `current`, `temperature` or `derating`; any other gives that about its power. */
export function trendText(sign: WearSign, figures: TrendFigures): Message {
  const { unit } = figures;
  const [change, level, limit] = [signed(figures.change), signed(figures.level), signed(figures.limit)];
  const weeks = Math.round(figures.weeks);
  switch (sign) {
    case 'current':
      return msg`output current changed by ${change} ${unit} in ${weeks} weeks, now ${figures.level.toFixed(0)} ${unit}, limit ${figures.limit.toFixed(0)} ${unit}`;
    case 'temperature':
      return msg`warmer by ${change} ${unit} than the other lamps in ${weeks} weeks, now ${level} ${unit}, limit ${limit} ${unit}`;
    case 'derating':
      return msg`dims itself in ${change} ${unit} more of the lit time in ${weeks} weeks, now ${level} ${unit}, limit ${limit} ${unit}`;
    default:
      return msg`power drifted by ${change} ${unit} in ${weeks} weeks, now ${level} ${unit}, limit ${limit} ${unit}`;
  }
}

/** Returns the sentence about starts beyond those of the other lamps. `now`: those in the last four weeks; `before`: in the four before. */
export function startsText(now: number, before: number): Message {
  return msg`${now} starts more than the other lamps in 4 weeks, ${before} in the 4 weeks before`;
}

/** Returns how much of a rated life is used, as `31235 of 50000 rated hours`. Units: h or starts. */
export function usedText(counter: 'hours' | 'starts', used: number, rated: number): Message {
  const [done, of] = [Math.round(used), Math.round(rated)];
  return counter === 'hours' ? msg`${done} of ${of} rated hours` : msg`${done} of ${of} rated starts`;
}

function signed(value: number): string {
  return `${value < 0 ? '-' : '+'}${Math.abs(value).toFixed(0)}`;
}
