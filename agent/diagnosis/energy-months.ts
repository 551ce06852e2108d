/** The stored form of nights, one month together, and calculations with their dates. Pure. */
import type { WallMs } from '../core/clock.ts';
import { DAY_MS } from '../core/durations.ts';
import { added, asRecord, type NightTally, NO_TALLY, readTally } from './energy-tally.ts';

/** The day on whose noon a night began, `2026-12-01`. */
export type NightDate = string;

/**
 * The count of a night, or of a part of it.
 *
 * A night has several parts where the clock was set or a run began without the time. A part that is written twice under one id counts once, so a
 * mains cut between two writes neither loses nor doubles anything.
 */
export interface NightPart extends NightTally {
  readonly id: string;
  readonly endMs: WallMs;
}

/** `folded`: the sum of nights that are no longer kept one by one. */
export interface EnergyMonth {
  readonly nights: Readonly<Record<NightDate, readonly NightPart[]>>;
  readonly folded: NightTally | null;
}

/** More parts than this of one night are merged, the oldest first: an agent that restarts again and again must not fill the disk. */
const MAX_PARTS = 8;

/** Returns the month with one more part, or with a newer version of a part. */
export function withPart(month: EnergyMonth, date: NightDate, part: NightPart): EnergyMonth {
  const others = (month.nights[date] ?? []).filter(({ id }) => id !== part.id);
  return { ...month, nights: { ...month.nights, [date]: bounded([...others, part]) } };
}

function bounded(parts: readonly NightPart[]): readonly NightPart[] {
  const [first, second, ...rest] = parts;
  if (first === undefined || second === undefined || parts.length <= MAX_PARTS) return parts;
  return bounded([{ ...second, ...added(first, second, 'night') }, ...rest]);
}

/** Returns the sum of all parts of one night. */
export function nightOf(parts: readonly NightPart[]): NightTally {
  return parts.reduce<NightTally>((sum, part) => added(sum, part, 'night'), NO_TALLY);
}

/** Returns the whole month as one sum. */
export function folded({ nights, folded: before }: EnergyMonth): EnergyMonth {
  const sum = Object.values(nights).reduce((all, parts) => added(all, nightOf(parts), 'time'), before ?? NO_TALLY);
  return { nights: {}, folded: sum };
}

/** Reads a stored month, which another version may have written. */
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
