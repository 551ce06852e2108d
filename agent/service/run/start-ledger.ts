/**
 * Decides from the ends of earlier runs how the next one starts: in normal mode, with light alone, or with a request for a reboot.
 *
 * Pure: takes and returns a ledger. Time is the kernel's monotonic clock together with the boot id, so steps of the wall clock have no
 * effect.
 */
import type { MonoMs } from '../../core/clock.ts';
import type { EarlierLoss } from '../../core/ports.ts';

/** `safe`: only light and store. `bare`: only light, because the store itself may end the agent. */
export type RunMode = 'normal' | 'safe' | 'bare';

/**
 * How a run ended. `killed`: it recorded nothing, and the machine kept running. `power`: it recorded nothing, and the machine was restarted.
 * `hung`: the watchdog was not fed any more. `safe-over`: it left safe mode after a quiet time. `update`: another release was started.
 */
export type RunEnd = 'stopped' | 'config' | 'crashed' | 'hung' | 'killed' | 'power' | 'safe-over' | 'update';

/** An instant on the kernel's clock. */
export interface KernelTime {
  readonly bootId: string;
  /** Units: ms since that boot. */
  readonly bootMono: MonoMs;
}

/** One run. `end` is null while it runs, and stays null if it could not record its end. */
export interface RunRecord extends KernelTime {
  readonly version: string;
  readonly mode: RunMode;
  readonly end: RunEnd | null;
  /** The part that hung, or the message of the crash; empty for other ends. */
  readonly cause: string;
  /** Whether its start was completed; absent in records of older releases. */
  readonly cameUp?: boolean;
}

export interface StartLedger {
  /** Readings lost in runs without a store and not yet recorded by a store; absent for none. */
  readonly unstored?: EarlierLoss;
  /** Number of starts since this ledger was created. */
  readonly starts: number;
  /** Number of runs by how they ended. */
  readonly ends: Readonly<Partial<Record<RunEnd, number>>>;
  /** Only the newest runs, oldest first. */
  readonly runs: readonly RunRecord[];
}

/** How a run must start. */
export interface StartVerdict {
  readonly mode: RunMode;
  /** The previous run with its end; null for the first run. */
  readonly last: RunRecord | null;
  /** Safe mode ends uncleanly too, so only a restart of the machine is left. */
  readonly wantsReboot: boolean;
  /** Safe mode ends after this time without a failure. Units: ms. */
  readonly quietMs: number;
}

/** Source: own rule: five unclean starts in ten minutes, or five in a row that were never completed; the service manager's longest delay between two is 30 s. */
const UNCLEAN = { count: 5, withinMs: 600_000 } as const;
/** Number of unclean ends of safe mode after which the store is left out too, and after which a reboot is requested. Source: assumed. Confirmed by: a year of start ledgers of the cabinets in service. */
const SAFE_ENDS = { bare: 2, reboot: 3 } as const;
/** Least time between two reboots, measured since the last boot. Units: ms. Source: a cabinet that reboots constantly is dark more often than one in safe mode. */
const REBOOT_EVERY_MS = 3_600_000;
/** Units: ms. Source: assumed; longer with each round, because the same failure is likely to return. Confirmed by: a year of start ledgers of the cabinets in service. */
const QUIET_MS = { first: 900_000, factor: 4, max: 14_400_000 } as const;
/** More than any rule here uses. */
const MAX_RUNS = 30;

export const EMPTY_LEDGER: StartLedger = { starts: 0, ends: {}, runs: [] };

/** Returns whether a service manager restarts the same program after this end. */
export function isUnclean(end: RunEnd | null): boolean {
  return end === 'crashed' || end === 'hung' || end === 'killed';
}

/** Returns how the run must start, and the ledger with this start and the end of the previous run. */
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

/** Records that the start of the present run is complete. */
export function up(ledger: StartLedger): StartLedger {
  const last = ledger.runs.at(-1);
  return last === undefined ? ledger : { ...ledger, runs: [...ledger.runs.slice(0, -1), { ...last, cameUp: true }] };
}

/** Records the end of the present run; only the first call has an effect. */
export function ended(ledger: StartLedger, end: RunEnd, cause = ''): StartLedger {
  const last = ledger.runs.at(-1);
  if (last === undefined || last.end !== null) return ledger;
  return { ...ledger, runs: [...ledger.runs.slice(0, -1), { ...last, end, cause }] };
}

function judged(runs: readonly RunRecord[], now: KernelTime): Omit<StartVerdict, 'last'> {
  // A person must correct a bad configuration; it is not a failure of the program.
  const here = runs.filter(({ bootId, end }) => bootId === now.bootId && end !== 'config');
  const rounds = here.filter(({ end }) => end === 'safe-over').length;
  const quietMs = Math.min(QUIET_MS.first * QUIET_MS.factor ** rounds, QUIET_MS.max);
  // A stop, an update or the end of a quiet safe mode resets the count.
  const since = here.slice(here.findLastIndex(({ end }) => !isUnclean(end)) + 1);
  const failedSafe = since.filter(({ mode }) => mode !== 'normal').length;
  const recent = since.filter(({ bootMono }) => now.bootMono - bootMono <= UNCLEAN.withinMs).length;
  // Starts that were never completed count however long each took: on a slow machine a hang ends only after many minutes.
  const inVain = since.length - 1 - since.findLastIndex(({ cameUp }) => cameUp !== false);
  if (failedSafe === 0 && Math.max(recent, inVain) < UNCLEAN.count) return { mode: 'normal', wantsReboot: false, quietMs };
  const wantsReboot = failedSafe >= SAFE_ENDS.reboot && now.bootMono >= REBOOT_EVERY_MS;
  return { mode: failedSafe >= SAFE_ENDS.bare ? 'bare' : 'safe', wantsReboot, quietMs };
}

/** Evidence from the start ledger that earlier runs had a store. A run whose start was not completed may have created no file; one in bare mode created none. */
export function tracesOfRuns({ runs }: Pick<StartLedger, 'runs'> = { runs: [] }): readonly string[] {
  const stored = runs.filter(({ cameUp, mode }) => cameUp === true && mode !== 'bare').length;
  return stored === 0 ? [] : [`starts.json (${stored})`];
}
