/**
 * How much of a line silent units may take, and when a line without any answering unit is reopened.
 *
 * Pure memory; time is an argument.
 */
import type { MonoMs } from '../../core/clock.ts';

/** Share of the line that dead units may cost together. Source: live units keep 98 % of the line. */
const SHARE = 0.02;
/**
 * Unused share that can be saved up, so that units which failed together are probed immediately. Units: ms of lost replies. Source: assumed.
 * Confirmed by: the time until a feeder of silent units is found again on the bench.
 */
const SAVED_MS = 1_000;

/** The budget of time for requests that may stay unanswered, such as probes of silent units. `createDeadBudget` creates it. */
export type DeadBudget = ReturnType<typeof createDeadBudget>;

/**
 * Creates a budget of time for requests that may stay unanswered. It starts full, with 1 s, and is refilled by 2 % of the elapsed time. A
 * charge may make it negative.
 */
export function createDeadBudget() {
  let savedMs = SAVED_MS;
  let atMono: MonoMs = 0;
  const earn = (nowMono: MonoMs): void => {
    savedMs = Math.min(SAVED_MS, savedMs + SHARE * Math.max(0, nowMono - atMono));
    atMono = nowMono;
  };
  return {
    /** Charges the time that an unanswered request took. Losses while the budget is already negative do not add up. Units: ms. */
    charge(lostMs: number, nowMono: MonoMs): void {
      earn(nowMono);
      savedMs = Math.min(savedMs, Math.max(savedMs, 0) - lostMs);
    },
    /** What remains for silent units; negative while it is overspent. Units: ms of lost replies. */
    savedMs(nowMono: MonoMs): number {
      earn(nowMono);
      return savedMs;
    },
    /** When a silent unit may be requested again: `nowMono`, or later if the budget is overspent. */
    readyMono(nowMono: MonoMs): MonoMs {
      earn(nowMono);
      return savedMs >= 0 ? nowMono : nowMono - savedMs / SHARE;
    },
  };
}

/**
 * Returns how long no further value is sent to a silent unit alone after a lost write. `lostMs`: how long the lost write took.
 * `silentUnits`: number of silent units of the line. Units: ms.
 */
export function hushMs(lostMs: number, silentUnits: number): number {
  return (lostMs * silentUnits) / SHARE;
}

/**
 * A line whose units are all silent is reopened after this time and two rounds of probes. Units: ms. Source: wb-mqtt-serial reopens after 5 s and 2
 * cycles with every device dead, which recovers stuck USB adapters.
 */
const ALL_SILENT_MS = 5_000;
const PROBE_ROUNDS = 2;
/**
 * Delay between two reopenings while no unit answers. Units: ms. Source: assumed; lamps may be without mains for a whole day. Confirmed by: the
 * switching times of the mains at the cabinets.
 */
const REOPEN_MS = { first: 60_000, max: 3_600_000 };

/**
 * Creates the watch that decides when the port of a line is reopened because none of its units answers. That is after 5 s and two
 * rounds of probes, then at intervals that grow from 1 min to 1 h.
 */
export function createSilenceWatch() {
  let sinceMono: MonoMs | undefined;
  let probes = 0;
  let waitMs = REOPEN_MS.first;
  let lastMono = Number.NEGATIVE_INFINITY;
  let isDead = false;
  return {
    /** True after `look` returned `reopen`, until `look` is called while not all units are silent. */
    get isDead(): boolean {
      return isDead;
    },
    /** Counts one probe of a silent unit. */
    probed(): void {
      probes++;
    },
    /**
     * Call it after each turn. Returns `reopen` when the port must be reopened now, and `revived` once when a unit answers again after
     * that; else undefined.
     */
    look({
      nowMono,
      isAllSilent,
      units,
    }: {
      readonly nowMono: MonoMs;
      readonly isAllSilent: boolean;
      readonly units: number;
    }): 'reopen' | 'revived' | undefined {
      if (!isAllSilent) {
        sinceMono = undefined;
        waitMs = REOPEN_MS.first;
        const wasDead = isDead;
        isDead = false;
        return wasDead ? 'revived' : undefined;
      }
      if (sinceMono === undefined) {
        sinceMono = nowMono;
        probes = 0;
      }
      const isOver = nowMono - sinceMono >= ALL_SILENT_MS && probes >= PROBE_ROUNDS * units;
      if (!isOver || nowMono - lastMono < waitMs) return undefined;
      if (isDead) waitMs = Math.min(2 * waitMs, REOPEN_MS.max);
      lastMono = nowMono;
      sinceMono = nowMono;
      probes = 0;
      isDead = true;
      return 'reopen';
    },
  };
}
