/**
 * Which lane of a line may send next, and the queue of the console lane.
 *
 * Called between any two transactions, so an urgent write usually waits only for the one in flight.
 */
import type { MonoMs } from '../../core/clock.ts';
import type { BusError } from '../../core/errors.ts';
import { LANES, type Lane } from '../../core/ports.ts';

/**
 * Transactions of other lanes after which each of these lanes gets its turn. Source: assumed; a detection waits for one read-back of an override at
 * most, one in ten keeps a tenth of the line for telemetry and for the console, and on a full line a unit that returns is still noticed within
 * seconds. Confirmed by: latencies of urgent writes and overruns in the statistics of a full line.
 */
const SHARE = { presence: 1, telemetry: 10, console: 10, probe: 50 } as const;
/**
 * Urgent writes in a row after which a sensor is polled. Source: assumed; a street being lit by single writes still detects the next pedestrian.
 * Confirmed by: detection times while a full street is lit on the bench.
 */
const PRESENCE_AMONG_URGENT = 4;
/**
 * Urgent writes after which another lane has one turn. Source: assumed; 35 lamps are lit first, and an endless stream of urgent writes does not block
 * the other lanes. Confirmed by: the time until a street of 35 lamps is lit on the bench.
 */
const OTHERS_AMONG_URGENT = 48;
/** The lanes that take turns then. A silent unit is never probed while an urgent write waits. */
const OTHERS = ['command', 'console', 'telemetry'] as const;

/**
 * Replaces `SHARE.probe` while units are found again: units of one feeder return together, and a lamp gets its level only once it is found. Source:
 * assumed; each found unit has a dozen reads and writes to come, which would otherwise all be sent before the next probe. Confirmed by: the time
 * until all lamps of a feeder are lit after a mains cut.
 */
const PROBE_WHILE_FINDING = 4;

/** What `nextLane` takes into account besides the waiting lanes and their counts. Default of each: false. */
export interface LaneNeeds {
  /** The last probe of a silent unit was answered, so the others may have returned too: `probe` gets more turns. */
  readonly isFinding?: boolean;
  /** A level waits until its lamp is set up, which is done in the lane `telemetry`. */
  readonly isLightWaiting?: boolean;
}

/**
 * For each lane, the turns of other lanes since its last one; a turn is usually one transaction. Instead, `urgent` counts the urgent turns
 * since the last one that was neither urgent nor of presence.
 */
export type Since = Readonly<Record<keyof typeof SHARE | 'command' | 'urgent', number>>;

/** The counts for `nextLane` before the first turn. */
export const NONE_SINCE: Since = { urgent: 0, presence: 0, command: 0, telemetry: 0, console: 0, probe: 0 };

/**
 * Returns the lane (class of requests, see `LANES`) that sends next, among those in `waiting`; undefined when that is empty. Urgent writes
 * usually come first; while they wait, the other lanes except `probe` get a small share. `probe` is not returned while `urgent` or
 * `command` waits.
 */
export function nextLane(
  waiting: ReadonlySet<Lane>,
  since: Since,
  { isFinding = false, isLightWaiting = false }: LaneNeeds = {},
): Lane | undefined {
  const share = {
    ...SHARE,
    ...(isFinding ? { probe: PROBE_WHILE_FINDING } : {}),
    ...(isLightWaiting && !waiting.has('command') ? { presence: PRESENCE_AMONG_URGENT, telemetry: 0 } : {}),
  };
  if (waiting.has('urgent')) return amongUrgent(waiting, since);
  const isOwed = (lane: keyof typeof SHARE): boolean => waiting.has(lane) && since[lane] >= share[lane];
  if (isOwed('probe') && !waiting.has('command')) return 'probe';
  for (const lane of ['presence', 'console', 'telemetry'] as const) if (isOwed(lane)) return lane;
  return LANES.find((lane) => waiting.has(lane));
}

function amongUrgent(waiting: ReadonlySet<Lane>, since: Since): Lane {
  if (waiting.has('presence') && since.presence >= PRESENCE_AMONG_URGENT) return 'presence';
  if (since.urgent < OTHERS_AMONG_URGENT) return 'urgent';
  return OTHERS.filter((lane) => waiting.has(lane)).toSorted((a, b) => since[b] - since[a])[0] ?? 'urgent';
}

/**
 * Returns the counts after one more turn, which was in this lane: its own is 0, each other one is one more. Only `urgent` differs: one more
 * after an urgent turn, the same after one of presence, otherwise 0.
 */
export function afterTurn(since: Since, lane: Lane): Since {
  return {
    urgent: lane === 'urgent' ? since.urgent + 1 : lane === 'presence' ? since.urgent : 0,
    presence: lane === 'presence' ? 0 : since.presence + 1,
    command: lane === 'command' ? 0 : since.command + 1,
    telemetry: lane === 'telemetry' ? 0 : since.telemetry + 1,
    console: lane === 'console' ? 0 : since.console + 1,
    probe: lane === 'probe' ? 0 : since.probe + 1,
  };
}

/** The queue of the console's jobs on a line: first in, first out. The line runner decides when a job has its turn. */
export type ConsoleJobs = ReturnType<typeof createConsoleJobs>;

interface Job {
  readonly sinceMono: MonoMs;
  readonly isLong: boolean;
  run(): Promise<void>;
  fail(error: BusError): void;
}

/**
 * Creates an empty queue for the console's jobs on a line. `monoMs`: the monotonic clock. After a job with `isLong`, `waitingMono` returns
 * undefined for as long as that job took.
 */
export function createConsoleJobs(monoMs: () => MonoMs) {
  let jobs: Job[] = [];
  let restMono: MonoMs = 0;
  return {
    /**
     * Adds a job to the queue and resolves with the result of `work` once it has run. `isLong`: the job needs the line exclusively for a while.
     * Errors: rejects with what `work` rejects with, or with the error given to `failAll`.
     */
    add: <T>(work: () => Promise<T>, isLong: boolean): Promise<T> =>
      new Promise((resolve, reject) => {
        jobs.push({ sinceMono: monoMs(), isLong, run: () => work().then(resolve, reject), fail: reject });
      }),
    /** Since when the first job has waited; undefined when none waits or none may run now. */
    waitingMono: (nowMono: MonoMs): MonoMs | undefined => (restMono > nowMono ? undefined : jobs[0]?.sinceMono),
    /** Runs the first job; resolves when it has ended, even if it failed. */
    async next(): Promise<void> {
      const job = jobs.shift();
      if (job === undefined) return;
      const startMono = monoMs();
      await job.run();
      const endMono = monoMs();
      if (job.isLong) restMono = endMono + (endMono - startMono);
    },
    /** When the next job may run, possibly in the past; undefined when none waits. */
    nextMono: (): MonoMs | undefined => (jobs.length === 0 ? undefined : restMono),
    /** Rejects all waiting jobs with this error and empties the queue. A running job continues. */
    failAll(error: BusError): void {
      const all = jobs;
      jobs = [];
      for (const { fail } of all) fail(error);
    },
  };
}
