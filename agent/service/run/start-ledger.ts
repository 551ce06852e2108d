/**
 * Decides from the ends of earlier runs how the next one starts: as usual, with light alone, or with a request for a reboot.
 *
 * Pure: ledger in, ledger out. Time is the kernel's monotonic clock together with the boot id, so steps of the wall clock have no effect.
 */
import type { MonoMs } from '../../core/clock.ts';
import type { EarlierLoss } from '../../core/ports.ts';

/** `safe`: light and store alone. `bare`: light alone, for where the store itself ends the agent. */
export type RunMode = 'normal' | 'safe' | 'bare';

/**
 * How a run ended. `killed`: it recorded nothing, and the machine ran on. `power`: it recorded nothing, and the machine was restarted.
 * `hung`: the watchdog was given up. `safe-over`: it left safe mode after a quiet time. `update`: another release takes over.
 */
export type RunEnd = 'stopped' | 'config' | 'crashed' | 'hung' | 'killed' | 'power' | 'safe-over' | 'update';

/** An instant on the kernel's clock. */
export interface KernelTime {
  readonly bootId: string;
  /** Units: ms since that boot. */
  readonly bootMono: MonoMs;
}

/** One run. `end` is null while it goes on, and stays so when it could not say. */
export interface RunRecord extends KernelTime {
  readonly version: string;
  readonly mode: RunMode;
  readonly end: RunEnd | null;
  /** What hung, or the message of the crash; empty where there is none. */
  readonly cause: string;
  /** Whether its start was completed; absent in records of releases that did not write it. */
  readonly cameUp?: boolean;
}

export interface StartLedger {
  /** Readings lost in runs without a store, and not yet recorded by one; absent where there are none. */
  readonly unstored?: EarlierLoss;
  /** Of this store's life. */
  readonly starts: number;
  /** By end of the run before. */
  readonly ends: Readonly<Partial<Record<RunEnd, number>>>;
  /** Oldest first, the last ones alone. */
  readonly runs: readonly RunRecord[];
}

/** What a start shall be. */
export interface StartVerdict {
  readonly mode: RunMode;
  /** How the run before ended; null for the first. */
  readonly last: RunRecord | null;
  /** Safe mode does not last either: only a start of the machine itself is left. */
  readonly wantsReboot: boolean;
  /** After so long without trouble safe mode is left. Units: ms. */
  readonly quietMs: number;
}

/** Source: the project's own rule, five unclean starts in ten minutes, or one after another that never came up; the service manager's longest delay between two is 30 s. */
const UNCLEAN = { count: 5, withinMs: 600_000 } as const;
/** Unclean ends of safe mode after which the store is left out too, and after which a reboot is requested. Source: assumed. */
const SAFE_ENDS = { bare: 2, reboot: 3 } as const;
/** Least time between two reboots, which is that since the last. Units: ms. Source: a cabinet that reboots all the time is dark more often than one that lights safely. */
const REBOOT_EVERY_MS = 3_600_000;
/** Units: ms. Source: assumed; longer with each round, as the same trouble is likely to come back. */
const QUIET_MS = { first: 900_000, factor: 4, max: 14_400_000 } as const;
/** More than any rule here looks back at. */
const MAX_RUNS = 30;

export const EMPTY_LEDGER: StartLedger = { starts: 0, ends: {}, runs: [] };

/** Errors that a service manager answers with another start of the same. */
export function isUnclean(end: RunEnd | null): boolean {
  return end === 'crashed' || end === 'hung' || end === 'killed';
}

/** The verdict, and the ledger with this start and the end of the run before in it. */
export function begun(
  ledger: StartLedger,
  now: KernelTime & { readonly version: string },
): { readonly ledger: StartLedger; readonly verdict: StartVerdict } {
  const closed = ledger.runs.map(
    (run): RunRecord => (run.end === null ? { ...run, end: run.bootId === now.bootId ? 'killed' : 'power' } : run),
  );
  const last = closed.at(-1) ?? null;
  const verdict = { ...judged(closed, now), last };
  const run: RunRecord = { ...now, mode: verdict.mode, end: null, cause: '', cameUp: false };
  const ends = last === null || last.end === null ? ledger.ends : { ...ledger.ends, [last.end]: (ledger.ends[last.end] ?? 0) + 1 };
  return { ledger: { ...ledger, starts: ledger.starts + 1, ends, runs: [...closed, run].slice(-MAX_RUNS) }, verdict };
}

/** The start of the run that goes on is complete. */
export function up(ledger: StartLedger): StartLedger {
  const last = ledger.runs.at(-1);
  return last === undefined ? ledger : { ...ledger, runs: [...ledger.runs.slice(0, -1), { ...last, cameUp: true }] };
}

/** The run that goes on ends so; the first word counts. */
export function ended(ledger: StartLedger, end: RunEnd, cause = ''): StartLedger {
  const last = ledger.runs.at(-1);
  if (last === undefined || last.end !== null) return ledger;
  return { ...ledger, runs: [...ledger.runs.slice(0, -1), { ...last, end, cause }] };
}

function judged(runs: readonly RunRecord[], now: KernelTime): Omit<StartVerdict, 'last'> {
  // A person must repair a bad configuration; it is no fault of the program.
  const here = runs.filter(({ bootId, end }) => bootId === now.bootId && end !== 'config');
  const rounds = here.filter(({ end }) => end === 'safe-over').length;
  const quietMs = Math.min(QUIET_MS.first * QUIET_MS.factor ** rounds, QUIET_MS.max);
  // A stop, an update or the end of a quiet safe mode resets the count.
  const since = here.slice(here.findLastIndex(({ end }) => !isUnclean(end)) + 1);
  const failedSafe = since.filter(({ mode }) => mode !== 'normal').length;
  const recent = since.filter(({ bootMono }) => now.bootMono - bootMono <= UNCLEAN.withinMs).length;
  // Starts in vain count however long each took: on a slow machine a hang is ended only after many minutes.
  const inVain = since.length - 1 - since.findLastIndex(({ cameUp }) => cameUp !== false);
  if (failedSafe === 0 && Math.max(recent, inVain) < UNCLEAN.count) return { mode: 'normal', wantsReboot: false, quietMs };
  const wantsReboot = failedSafe >= SAFE_ENDS.reboot && now.bootMono >= REBOOT_EVERY_MS;
  return { mode: failedSafe >= SAFE_ENDS.bare ? 'bare' : 'safe', wantsReboot, quietMs };
}

/** The run ledger as a trace of earlier runs with a store. A run that did not come up may have made no file, and one in safe mode without a store made none. */
export function tracesOfRuns({ runs }: Pick<StartLedger, 'runs'> = { runs: [] }): readonly string[] {
  const stored = runs.filter(({ cameUp, mode }) => cameUp === true && mode !== 'bare').length;
  return stored === 0 ? [] : [`starts.json (${stored})`];
}
