/**
 * How often the set-up registers of a unit may be written, because they are in flash that wears.
 *
 * Pure memory of the last writes: time is an argument.
 * Ages are measured by the monotonic clock while the agent runs, so that setting the clock does not grant new writes.
 */
import type { MonoMs, WallMs } from '../../core/clock.ts';
import { DAY_MS } from '../../core/durations.ts';

/**
 * Limit on the writes of one set-up register in any 24 h. Source: flash of simple drivers takes 10,000 writes and the contract lasts 12
 * years: 10,000 / (12 x 365.25) = 2.3 a day.
 */
export const SET_UP_WRITES_A_DAY = 2;

/** One set-up register of a unit and the raw value that it must have. `why` is the reason given in the profile. */
export interface SetupStep {
  readonly table: 'coil' | 'holding';
  readonly address: number;
  readonly value: number;
  readonly why: string;
  /** The unit may refuse a level until this step is done. */
  readonly forLevel: boolean;
}

/**
 * The progress of one set-up step (see `SetupStep`). `look`: its register is to be read. `write`: it is to be written. `prove`: it is to be
 * read back after a write.
 */
export interface StepState {
  readonly phase: 'look' | 'write' | 'prove';
  /** The value before the write; null if it is not known. */
  readonly was: number | null;
  /** Failed tries: exceptions, lost replies, and another value read back, except after a write with `isUnproven`. */
  readonly failures: number;
  /** In phase `prove`: the write was lost or was a broadcast, so it may not have arrived. */
  readonly isUnproven: boolean;
}

type Register = Pick<SetupStep, 'table' | 'address'>;

/**
 * The writes of set-up registers in the 24 h before these data were made: `table:address` to times, oldest first. A write without a reply
 * counts too. Units: ms of wall time.
 */
export type WriteTimes = Readonly<Record<string, readonly WallMs[]>>;

/** The count of the writes in the last 24 h of each set-up register of one unit; see `createSetUpWrites`. */
export type SetUpWrites = ReturnType<typeof createSetUpWrites>;

/** Creates the count of the writes in the last 24 h of each set-up register of one unit, at first without any. `mayWrite` allows two. */
export function createSetUpWrites() {
  const writes = new Map<string, MonoMs[]>();
  const recent = (name: string, nowMono: MonoMs): MonoMs[] => (writes.get(name) ?? []).filter((mono) => nowMono - mono < DAY_MS);
  return {
    /** Whether the register was written less than twice in the last 24 h. */
    mayWrite: (step: Register, nowMono: MonoMs): boolean => recent(nameOf(step), nowMono).length < SET_UP_WRITES_A_DAY,
    /** Whether the register was not written in the last 24 h. */
    isUntouched: (step: Register, nowMono: MonoMs): boolean => recent(nameOf(step), nowMono).length === 0,
    /** Call it before the write: even a write without a reply may have arrived. */
    note(step: Register, nowMono: MonoMs): void {
      const name = nameOf(step);
      writes.set(name, [...recent(name, nowMono), nowMono]);
    },
    /** Whether any register was written in the last 24 h. */
    hasAny: (nowMono: MonoMs): boolean => [...writes.keys()].some((name) => recent(name, nowMono).length > 0),
    /** The writes of the last 24 h, for saving. */
    times({ mono, wallMs }: { readonly mono: MonoMs; readonly wallMs: WallMs }): WriteTimes {
      const names = [...writes.keys()].filter((name) => recent(name, mono).length > 0);
      return Object.fromEntries(names.map((name) => [name, recent(name, mono).map((at) => Math.round(wallMs - (mono - at)))]));
    },
    /** Restores the saved writes of an earlier run. A time in the future counts as now: too few writes are better than too many. */
    restore(times: unknown, { mono, wallMs }: { readonly mono: MonoMs; readonly wallMs: WallMs }): void {
      if (typeof times !== 'object' || times === null) return;
      for (const [name, found] of Object.entries(times)) {
        const known = Array.isArray(found) ? found.filter((at): at is WallMs => typeof at === 'number' && Number.isFinite(at)) : [];
        const restored = known.slice(-SET_UP_WRITES_A_DAY).map((at) => mono - Math.max(0, wallMs - at));
        writes.set(name, [...restored, ...(writes.get(name) ?? [])]);
      }
    },
  };
}

function nameOf({ table, address }: Register): string {
  return `${table}:${address}`;
}
