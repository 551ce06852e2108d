/**
 * Decides from the ends of earlier runs how the next one starts: in normal mode, with light alone, or with a request for a reboot.
 *
 * Pure: takes and returns a ledger. Time is the kernel's monotonic clock together with the boot id, so steps of the wall clock have no
 * effect.
 */
import type { MonoMs } from '../../core/clock.ts';
import type { EarlierLoss } from '../../core/ports.ts';

/**
 * `normal`: no restriction. `safe`: the light runs; no uplink, no housekeeping, no new configuration, and no scans of lines and writes of
 * registers by hand; overrides and program updates work. `bare`: as `safe`, without the store.
 */
export type RunMode = 'normal' | 'safe' | 'bare';

/**
 * How a run ended. `stopped`: it ended normally, as after a stop signal. `config`: it could not run here, for example because of an invalid
 * configuration. `crashed`: its start failed, or an error was not caught. `hung`: a part made no progress, or the start took too long.
 * `killed`: it recorded no end, and the next run was in the same boot. `power`: it recorded no end, and the next run had another boot id.
 * `safe-over`: it left safe mode by itself. `update`: it ended so that another release could start.
 */
export type RunEnd = 'stopped' | 'config' | 'crashed' | 'hung' | 'killed' | 'power' | 'safe-over' | 'update';

/** An instant as the time since a boot of the machine. Comparable only with instants of the same `bootId`. */
export interface KernelTime {
  readonly bootId: string;
  /** Units: ms since that boot. */
  readonly bootMono: MonoMs;
}

/** One run of the agent, and the instant of its start. `end` is null while none is recorded; the next start then sets it. */
export interface RunRecord extends KernelTime {
  readonly version: string;
  readonly mode: RunMode;
  readonly end: RunEnd | null;
  /** The cause of the end, for display; may be empty. */
  readonly cause: string;
  /** Whether its start was completed; absent in records of older releases. */
  readonly cameUp?: boolean;
}

/** The starts of the agent on this cabinet and how its runs ended, kept on disk from run to run. */
export interface StartLedger {
  /** Readings lost in runs without a store and not yet recorded by a store; may be 0. Absent before such a run, and once recorded. */
  readonly unstored?: EarlierLoss;
  /** Number of starts since this ledger was created. */
  readonly starts: number;
  /** Number of runs by how they ended; a run is counted at the next start. */
  readonly ends: Readonly<Partial<Record<RunEnd, number>>>;
  /** The newest runs, oldest first. */
  readonly runs: readonly RunRecord[];
}

/** How a run must start, as decided from the ends of earlier runs. */
export interface StartVerdict {
  readonly mode: RunMode;
  /** The previous run, whose `end` is set; null if none is recorded. */
  readonly last: RunRecord | null;
  /** Safe mode has failed repeatedly, and a reboot of the machine may help. False soon after a boot, and without a service manager. */
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

/** The ledger before the first start. */
export const EMPTY_LEDGER: StartLedger = { starts: 0, ends: {}, runs: [] };

/** Returns true if the run failed: `crashed`, `hung` or `killed`. False for other ends, and for null. */
export function isUnclean(end: RunEnd | null): boolean {
  return end === 'crashed' || end === 'hung' || end === 'killed';
}

/**
 * Returns how the run that starts at `now` must start, and a new ledger. It contains this run and the newest earlier ones, each of these
 * with an end. The given ledger is not changed. A run that is not supervised by a service manager always starts in the normal mode.
 */
export function begun(
  ledger: StartLedger,
  { isSupervised, ...now }: KernelTime & { readonly version: string; readonly isSupervised: boolean },
): { readonly ledger: StartLedger; readonly verdict: StartVerdict } {
  const closed = ledger.runs.map(
    (run): RunRecord => (run.end === null ? { ...run, end: run.bootId === now.bootId ? 'killed' : 'power' } : run),
  );
  const last = closed.at(-1) ?? null;
  const found = judged(closed, now);
  const verdict = { ...found, ...(isSupervised ? {} : { mode: 'normal' as const, wantsReboot: false }), last };
  const run: RunRecord = { ...now, mode: verdict.mode, end: null, cause: '', cameUp: false };
  const ends = last === null || last.end === null ? ledger.ends : { ...ledger.ends, [last.end]: (ledger.ends[last.end] ?? 0) + 1 };
  return { ledger: { ...ledger, starts: ledger.starts + 1, ends, runs: [...closed, run].slice(-MAX_RUNS) }, verdict };
}

/** Returns a copy of the ledger in which the start of the last run is complete. The same ledger if it has no run. */
export function up(ledger: StartLedger): StartLedger {
  const last = ledger.runs.at(-1);
  return last === undefined ? ledger : { ...ledger, runs: [...ledger.runs.slice(0, -1), { ...last, cameUp: true }] };
}

/**
 * Returns a copy of the ledger in which the last run has this end and cause. The same ledger if that run already has an end, or if there is
 * no run.
 */
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

/**
 * Returns evidence of runs that used the store: a list with one text, such as `starts.json (4)`. The number counts the recorded runs that
 * completed their start in the mode `normal` or `safe`. Empty if there is none.
 */
export function tracesOfRuns({ runs }: Pick<StartLedger, 'runs'> = { runs: [] }): readonly string[] {
  const stored = runs.filter(({ cameUp, mode }) => cameUp === true && mode !== 'bare').length;
  return stored === 0 ? [] : [`starts.json (${stored})`];
}
