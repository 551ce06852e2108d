/** The memory of a load watch as data for the store. */
import { isRecord } from '../../core/is-record.ts';
import type { LoadMemory } from './load-watch.ts';
import type { LoadDifference } from './night-judge.ts';
import { packedNight, unpackedNight } from './night-trace.ts';

/** Returns a memory without its running night, as data for the store. */
export function storedNights({ nights, dayHours, differences, nightsOpen }: LoadMemory): Readonly<Record<string, unknown>> {
  return { v: 1, nights: nights.map(packedNight), dayHours: dayHours.map(Math.round), differences, nightsOpen };
}

/** Returns the running night as data for the store; null if none runs. */
export function storedTonight({ tonight }: LoadMemory): Readonly<Record<string, unknown>> | null {
  return tonight === null ? null : packedNight(tonight);
}

/**
 * Restores a memory from what `storedNights` and `storedTonight` returned. Parts that are missing or of another shape are left out; values
 * are not checked otherwise.
 */
export function restoredLoad(stored: unknown, tonight: unknown): LoadMemory {
  const record = isRecord(stored) && stored['v'] === 1 ? stored : {};
  const { nights, dayHours, differences, nightsOpen } = record;
  const open = isRecord(differences) ? differences : {};
  return {
    nights: (Array.isArray(nights) ? nights : []).flatMap((night) => unpackedNight(night) ?? []),
    tonight: unpackedNight(tonight),
    dayHours: (Array.isArray(dayHours) ? dayHours : []).filter((value) => Number.isFinite(value)),
    differences: { lost: differenceIn(open['lost']), extra: differenceIn(open['extra']) },
    nightsOpen: Number.isSafeInteger(nightsOpen) ? Number(nightsOpen) : 0,
  };
}

function differenceIn(value: unknown): LoadDifference | null {
  if (!isRecord(value)) return null;
  const { share, watts, fullWatts, sinceMin, atSwitchOn } = value;
  const isWhole = [share, watts, fullWatts, sinceMin].every((number) => Number.isFinite(number)) && typeof atSwitchOn === 'boolean';
  return isWhole ? ({ share, watts, fullWatts, sinceMin, atSwitchOn } as LoadDifference) : null;
}
