/**
 * Runs chores at fixed UTC times: compaction, checks, cleaning. Never lighting: a missed chore costs a day, not a dark street.
 *
 * The only user of node-cron, which only parses the patterns here and starts nothing. After a step of the wall clock, its scheduler would
 * run through every skipped time (20 s for an hourly chore and a clock that starts in 1970), and after a step back it would wait for the
 * old time.
 */

import { parse } from 'node-cron';
import { type Clock, every, type MonoMs, type Timer, type WallMs } from '../../core/clock.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../core/durations.ts';
import { isRecord } from '../../core/is-record.ts';
import { type Message, msg, NO_TEXT } from '../../core/message.ts';
import { messageIn, withTexts } from '../../core/message-wire.ts';
import type { Log, Store } from '../../core/ports.ts';
import type { ChoreView } from '../../core/views.ts';

/**
 * A maintenance task with a schedule, for example a backup. Shape: `cron` has five fields, minute first, in UTC; all must match. `L`, `W`
 * and `#` never match.
 */
export interface Chore {
  readonly name: string;
  readonly cron: string;
  /**
   * Also runs at another time, once some minutes have passed since the start, if its last known run is more than two of its periods ago,
   * or none is known. A failed run counts as a run.
   */
  readonly catchesUp: boolean;
  /** Resolves with what it did, for display. Errors: rejects with the reason. */
  readonly run: () => Promise<Message>;
}

/** The scheduler of the chores: `start`, `stop`, and `view` with the next regular run and the last known run of each chore. */
export type Housekeeping = ReturnType<typeof createHousekeeping>;

/** The chores to run, and where their results are logged and kept. */
export interface HousekeepingParts {
  readonly chores: readonly Chore[];
  readonly clock: Clock;
  readonly log: Log;
  /** Keeps results over a restart. They are saved only after a chore that runs at most once a day; a restart loses later ones. */
  readonly memory: Pick<Store, 'load' | 'save'>;
}

/** Most minutes that a late timer catches up; a longer delay is a step of the clock. Source: assumed; the service manager kills an agent that hangs for less. Confirmed by: the longest loop lag in a year of metrics of a cabinet. */
const MAX_LATE_MINUTES = 5;
/** Wait after the start before missed chores run. Units: ms. Source: assumed; by then the street is lit and every unit has been polled. Confirmed by: bench of the start on the gateway with a full cabinet. */
const SETTLE_MS = 5 * MINUTE_MS;
/** A chore has missed its times if its last run is older than this many of its periods. Source: one may be lost to a mains cut. */
const MISSED_PERIODS = 2;
/** Range of the search for a next run. Source: chores run at least weekly. */
const LOOK_AHEAD_HOURS = 8 * 24;

/** Key of the stored marks. */
const CHORES_KEY = 'chores';

/** The result of a chore, as kept over a restart. */
type Mark = Pick<ChoreView, 'lastMs' | 'result' | 'failed'>;
/** A mark as stored: the text, and its template under a second key. */
type StoredMark = Omit<Mark, 'result'> & { readonly result: string; readonly resultTemplate?: unknown };

/** The failure of a chore, for example damage that a check found. `said`: the reason, for display. */
export class ChoreError extends Error {
  override readonly name = 'ChoreError';
  readonly said: Message;

  constructor(said: Message) {
    super(String(said));
    this.said = said;
  }
}
/** A chore that has not run yet. */
const NEVER: Mark = { lastMs: null, result: NO_TEXT, failed: false };

/**
 * Returns a scheduler that runs the chores one at a time, from `start` until `stop`. A chore that runs at `stop` is not interrupted,
 * but its result is not recorded.
 *
 * Errors: throws if a `cron` is not a valid pattern.
 */
export function createHousekeeping({ chores, clock, log, memory }: HousekeepingParts) {
  const planned = chores.map(plan);
  const marks = new Map<string, Mark>();
  const waiting = new Set<string>();
  let queue = Promise.resolve();
  let ticks: Timer | null = null;
  let startedMono: MonoMs = 0;
  let checkedMinute = 0;

  const carryOut = async ({ name, run, isRare }: Planned): Promise<void> => {
    waiting.delete(name);
    const mark = await run().then(
      (result) => ({ lastMs: clock.wallMs(), result, failed: false }),
      (error: unknown) => ({ lastMs: clock.wallMs(), result: whyOf(error), failed: true }),
    );
    if (ticks === null) return;
    marks.set(name, mark);
    log.event(mark.failed ? 'chore-failed' : 'chore-done', { chore: name, result: String(mark.result) }, mark.failed ? 'warning' : 'info');
    // A frequent chore soon runs again, so its mark is not worth a separate write.
    if (isRare) void memory.save(CHORES_KEY, withTexts(Object.fromEntries(marks)));
  };
  const enqueue = (chore: Planned): void => {
    if (waiting.has(chore.name)) return;
    waiting.add(chore.name);
    queue = queue.then(() => (ticks === null ? undefined : carryOut(chore)));
  };
  const isMissed = ({ name, catchesUp, periodMs }: Planned): boolean =>
    catchesUp && clock.wallMs() - (marks.get(name)?.lastMs ?? Number.NEGATIVE_INFINITY) > MISSED_PERIODS * periodMs;
  const tick = (): void => {
    const minute = Math.floor(clock.wallMs() / MINUTE_MS);
    const isStep = minute - checkedMinute > MAX_LATE_MINUTES;
    for (let each = isStep ? minute : checkedMinute + 1; each <= minute; each++)
      for (const chore of planned) if (chore.isDue(each * MINUTE_MS)) enqueue(chore);
    checkedMinute = minute;
    if (clock.monoMs() - startedMono >= SETTLE_MS) for (const chore of planned.filter(isMissed)) enqueue(chore);
  };
  const recall = async (): Promise<void> => {
    const kept = readMarks(await memory.load(CHORES_KEY));
    for (const { name } of chores) if (!marks.has(name)) marks.set(name, kept.get(name) ?? NEVER);
  };

  return {
    start(): void {
      if (ticks !== null) return;
      startedMono = clock.monoMs();
      checkedMinute = Math.floor(clock.wallMs() / MINUTE_MS);
      ticks = every(clock, MINUTE_MS, tick);
      void recall();
    },
    stop(): void {
      ticks?.cancel();
      ticks = null;
      waiting.clear();
    },
    view: (): readonly ChoreView[] =>
      planned.map(({ name, cron, nextMs }) => ({ name, cron, nextMs: nextMs(clock.wallMs()), ...(marks.get(name) ?? NEVER) })),
  };
}

interface Planned extends Chore {
  readonly periodMs: number;
  readonly isRare: boolean;
  readonly isDue: (minuteMs: WallMs) => boolean;
  readonly nextMs: (afterMs: WallMs) => WallMs | null;
}

/** Errors: throws for a text that is not a cron pattern. */
function plan(chore: Chore): Planned {
  const { minute: minutes, hour: hours, dayOfMonth, month: months, dayOfWeek } = parse(chore.cron);
  // The library's own match gets the parts of a date from Intl, which permanently costs 7 MB and is slow; in UTC they are directly available.
  const isDue = (minuteMs: WallMs): boolean => {
    const at = new Date(minuteMs);
    return (
      minutes.includes(at.getUTCMinutes()) &&
      hours.includes(at.getUTCHours()) &&
      dayOfMonth.includes(at.getUTCDate()) &&
      months.includes(at.getUTCMonth() + 1) &&
      dayOfWeek.includes(at.getUTCDay())
    );
  };
  const nextMs = (afterMs: WallMs): WallMs | null => {
    const hourMs = Math.floor(afterMs / HOUR_MS) * HOUR_MS;
    for (let ahead = 0; ahead <= LOOK_AHEAD_HOURS; ahead++)
      for (const minute of minutes) {
        const atMs = hourMs + ahead * HOUR_MS + minute * MINUTE_MS;
        if (atMs > afterMs && isDue(atMs)) return atMs;
      }
    return null;
  };
  const first = nextMs(0) ?? 0;
  const periodMs = (nextMs(first) ?? first + LOOK_AHEAD_HOURS * HOUR_MS) - first;
  return { ...chore, periodMs, isRare: periodMs >= DAY_MS, isDue, nextMs };
}

/** Marks by name of chore. Invalid entries are omitted: the stored data may be from another version of the agent. */
function readMarks(stored: unknown): ReadonlyMap<string, Mark> {
  if (!isRecord(stored)) return new Map();
  return new Map(Object.entries(stored).flatMap(([name, value]) => (isMark(value) ? [[name, markOf(value)] as const] : [])));
}

/** A result without a valid template, from an earlier release, is shown as written. */
function markOf({ result, resultTemplate, ...mark }: StoredMark): Mark {
  return { lastMs: mark.lastMs, failed: mark.failed, result: messageIn(resultTemplate) ?? (result === '' ? NO_TEXT : msg`${result}`) };
}

function whyOf(error: unknown): Message {
  if (error instanceof ChoreError) return error.said;
  return msg`${error instanceof Error ? error.message : String(error)}`;
}

function isMark(value: unknown): value is StoredMark {
  if (!isRecord(value)) return false;
  const { lastMs, result, failed } = value;
  return (lastMs === null || typeof lastMs === 'number') && typeof result === 'string' && typeof failed === 'boolean';
}
