/**
 * Nights on disk, a month together: what is written when a night ends, and what comes of it when it is old.
 *
 * Owns the form of a month and the reckoning with dates. Pure.
 */
import type { WallMs } from '../core/clock.ts';
import { added, asRecord, type NightTally, NO_TALLY, readTally } from './energy-tally.ts';

/** The day on whose noon a night began, `2026-12-01`. */
export type NightDate = string;

/**
 * What was counted of a night without a break in its date; mostly all of it.
 *
 * A night has several parts where the clock was set or a run began without the time. Written twice under one id it counts once, so a cut
 * between two writings neither loses nor doubles anything.
 */
export interface NightPart extends NightTally {
  readonly id: string;
  readonly endMs: WallMs;
}

/** `folded`: nights that are kept no longer one by one. */
export interface EnergyMonth {
  readonly nights: Readonly<Record<NightDate, readonly NightPart[]>>;
  readonly folded: NightTally | null;
}

/** More parts than this of one night are put together, the oldest first: an agent that starts over and over must not fill the disk. */
const MAX_PARTS = 8;
const DAY_MS = 86_400_000;

/** The month with one more part, or with a newer version of it. */
export function withPart(month: EnergyMonth, date: NightDate, part: NightPart): EnergyMonth {
  const others = (month.nights[date] ?? []).filter(({ id }) => id !== part.id);
  return { ...month, nights: { ...month.nights, [date]: bounded([...others, part]) } };
}

function bounded(parts: readonly NightPart[]): readonly NightPart[] {
  const [first, second, ...rest] = parts;
  if (first === undefined || second === undefined || parts.length <= MAX_PARTS) return parts;
  return bounded([{ ...second, ...added(first, second, 'night') }, ...rest]);
}

/** All parts of one night. */
export function nightOf(parts: readonly NightPart[]): NightTally {
  return parts.reduce<NightTally>((sum, part) => added(sum, part, 'night'), NO_TALLY);
}

/** The whole month as one sum. */
export function folded({ nights, folded: before }: EnergyMonth): EnergyMonth {
  const sum = Object.values(nights).reduce((all, parts) => added(all, nightOf(parts), 'time'), before ?? NO_TALLY);
  return { nights: {}, folded: sum };
}

/** What stands on disk, which another version may have written. */
export function readMonth(stored: unknown): EnergyMonth {
  const { nights, folded: old } = asRecord(stored);
  return {
    nights: Object.fromEntries(
      Object.entries(asRecord(nights)).map(([date, parts]) => [date, (Array.isArray(parts) ? parts : []).map(readPart)]),
    ),
    folded: typeof old === 'object' && old !== null ? readTally(old) : null,
  };
}

export function readPart(stored: unknown): NightPart {
  const { id, endMs } = asRecord(stored);
  return { ...readTally(stored), id: typeof id === 'string' ? id : '', endMs: typeof endMs === 'number' ? endMs : 0 };
}

/** `2026-12` of `2026-12-01`. */
export function monthOf(date: NightDate): string {
  return date.slice(0, 7);
}

/** Every month from that of one night to that of another, both included. */
export function monthsBetween(from: NightDate, to: NightDate): readonly string[] {
  const months: string[] = [];
  for (let month = monthOf(from); month <= monthOf(to); month = monthsAfter(month, 1)) months.push(month);
  return months;
}

/** Units: months; negative for months before. */
export function monthsAfter(month: string, months: number): string {
  const [year = 0, number = 1] = month.split('-').map(Number);
  return new Date(Date.UTC(year, number - 1 + months, 1)).toISOString().slice(0, 7);
}

/** The night after. */
export function nextNight(date: NightDate): NightDate {
  return new Date(Date.parse(date) + DAY_MS).toISOString().slice(0, 10);
}
