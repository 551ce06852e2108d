/**
 * What was learned about the units of a line, kept over restarts: their pace, what they refuse, and how often their set-up was written.
 *
 * One small entry in the store, rarely saved and only on change. Polls do not wait for it. The set-up of units waits briefly for it, because a
 * register in flash must not be written at each start.
 */

import { createHash } from 'node:crypto';
import { type Clock, every, type MonoMs, type Timer, type WallMs } from '../../core/clock.ts';
import { isRecord } from '../../core/is-record.ts';
import type { Store } from '../../core/ports.ts';
import type { Profile } from '../../core/profile.ts';
import { UNREAD } from '../../core/retried-save.ts';
import { longestRetryMs } from '../polls/isolation.ts';
import type { Slot } from '../polls/poll-plan.ts';
import type { Estimate } from '../units/response-times.ts';
import type { WriteTimes } from '../units/set-up-writes.ts';
import { replan, type Unit } from '../units/unit.ts';

/** Shortest time between two saves. Units: ms. Source: flash wears; a restart that forgets a minute costs a few requests. */
const SAVE_MS = 60_000;
/**
 * How long the set-up of units waits for the saved entry. It does not wait for a hung store: a failsafe level must be set. Units: ms. Source:
 * assumed; a working store answers within one. Confirmed by: load times of the store on the gateway.
 */
const RESTORE_MS = 10_000;
/**
 * A pace is saved again when it has changed by this share and by this much. Source: assumed. Confirmed by: how often a line saves its memory in a
 * week of logs.
 */
const CHANGE = { share: 0.5, ms: 5 };
/**
 * Times of writes are saved again when the clock was set by more than this. Units: ms. Source: assumed; a share of the day in which writes are
 * counted. Confirmed by: clock corrections in the logs of a cabinet.
 */
const CLOCK_MOVED_MS = 3_600_000;

/**
 * The saved data of one unit. `refused`: slots (see `Slot`) that the unit refuses although it gives other data. `cuts`: slots before which
 * a read must end. Both are named as `input:10`.
 */
export interface Learned {
  /** Fingerprint of the registers and quirks of the profile. If it differs, only the write times are restored. */
  readonly profile: string;
  /** As in `Unit`: it refuses reads that include registers it does not have. */
  readonly noHoles: boolean;
  readonly refused: readonly string[];
  readonly cuts: readonly string[];
  readonly turnaroundMs: Estimate | null;
  readonly firstByteMs: Estimate | null;
  /** When its set-up registers were written in the last 24 h, by register. Units: ms of wall time. */
  readonly setUpWrites: WriteTimes;
}

/** What was learned about the units of a line, by device id, as it is saved; a unit may be absent (see `learnedOf`). */
export type LearnedUnits = Readonly<Record<string, Learned>>;

/** Restores and saves what was learned about the units of one line; see `createLineMemory`. */
export type LineMemory = ReturnType<typeof createLineMemory>;

/** One moment on both clocks. */
interface Now {
  readonly mono: MonoMs;
  readonly wallMs: WallMs;
}

/**
 * Creates the memory of a line in the store. `start` loads the saved entry into the units, and begins to save larger changes regularly.
 * Until the entry is loaded or cannot be, the set-up of the units waits, for some seconds at most. `stop` ends the regular saves without a
 * last one.
 */
export function createLineMemory({
  lineId,
  units,
  store,
  clock,
}: {
  readonly lineId: string;
  readonly units: readonly Unit[];
  readonly store: Pick<Store, 'load' | 'save'>;
  readonly clock: Clock;
}) {
  const key = `learned:${lineId}`;
  let saved: LearnedUnits = {};
  let timer: Timer | undefined;
  let holdTimer: Timer | undefined;
  let isSaving = false;
  let isAgain = false;
  let isRead = false;
  const now = (): Now => ({ mono: clock.monoMs(), wallMs: clock.wallMs() });
  const hold = (isSetUpHeld: boolean): void => {
    for (const unit of units) unit.isSetUpHeld = isSetUpHeld;
  };

  const restore = async (): Promise<void> => {
    const found = await store.load(key, UNREAD);
    holdTimer?.cancel();
    hold(false);
    isRead = found !== UNREAD;
    if (!isRecord(found)) return;
    const isFirst = Object.keys(learnedOf(units, now())).length === 0;
    for (const unit of units) recall(unit, found[unit.device.id], now());
    // What was learned before the entry could be read is not in it.
    if (isFirst) saved = learnedOf(units, now());
  };
  const keep = async (): Promise<void> => {
    isAgain = isSaving;
    if (isSaving) return;
    isSaving = true;
    // A save before the stored entry has been read would replace it, and with it the times of writes to flash.
    if (!isRead) await restore();
    const learned = learnedOf(units, now());
    if (isRead && hasLearnedMore(saved, learned) && (await store.save(key, learned))) saved = learned;
    isSaving = false;
    if (isAgain) await keep();
  };
  return {
    start(): void {
      if (timer !== undefined) return;
      timer = every(clock, SAVE_MS, () => void keep());
      hold(!isRead);
      holdTimer = clock.after(RESTORE_MS, () => hold(false));
      void keep();
    },
    stop(): void {
      timer?.cancel();
      holdTimer?.cancel();
      timer = undefined;
    },
    /** Starts saving now if the units differ enough from what is saved (`hasLearnedMore`). */
    saveNow: (): void => void keep(),
  };
}

/**
 * Returns what has been learned about the units, by device id, in the form that is saved. A unit is absent if it has not answered in this
 * run, no response times of an earlier run were restored, and no recent set-up write is known.
 */
export function learnedOf(units: readonly Unit[], now: Now): LearnedUnits {
  return Object.fromEntries(
    units
      .filter(({ seenMs, health, setUpWrites }) => seenMs !== null || health.turnaroundMs !== null || setUpWrites.hasAny(now.mono))
      .map(({ device, driver, noHoles, slots, setUpWrites, health: { turnaroundMs, firstByteMs } }) => [
        device.id,
        {
          profile: fingerprint(driver.profile),
          noHoles,
          refused: refusedOf(slots).map(nameOf),
          cuts: slots.filter(({ cutBefore }) => cutBefore).map(nameOf),
          turnaroundMs,
          firstByteMs,
          setUpWrites: setUpWrites.times(now),
        },
      ]),
  );
}

/**
 * Adds the saved data of a unit to that unit: only the write times if its profile has changed (see `Learned`). Response times are restored
 * only if the unit has no turnaround yet. Does nothing if `learned` is not an object.
 */
export function recall(unit: Unit, learned: unknown, now: Now): void {
  if (!isRecord(learned)) return;
  unit.setUpWrites.restore(learned['setUpWrites'], now);
  if (learned['profile'] !== fingerprint(unit.driver.profile)) return;
  const [refused, cuts] = [learned['refused'], learned['cuts']];
  if (learned['noHoles'] === true) unit.noHoles = true;
  for (const slot of unit.slots) {
    if (Array.isArray(refused) && refused.includes(nameOf(slot))) expectRefusal(slot, now.mono);
    if (Array.isArray(cuts) && cuts.includes(nameOf(slot))) slot.cutBefore = true;
  }
  replan(unit);
  const [turnaroundMs, firstByteMs] = [learned['turnaroundMs'], learned['firstByteMs']];
  if (unit.health.turnaroundMs === null && isEstimate(turnaroundMs) && isEstimate(firstByteMs))
    unit.health = { ...unit.health, turnaroundMs, firstByteMs };
}

/** The slots that a unit refuses while it has other data. If it refuses everything, that is a fault, which must not be restored after a restart. */
function refusedOf(slots: readonly Slot[]): readonly Slot[] {
  const refused = slots.filter(({ isolation }) => isolation?.cause === 'refused');
  return slots.some(({ isolation }) => isolation === null) ? refused : [];
}

/** A level is still requested immediately, because the street is judged by it. */
function expectRefusal(slot: Slot, nowMono: MonoMs): void {
  if (slot.isolation !== null) return;
  slot.isolation = { cause: 'refused', tries: 0, isReported: false };
  if (!slot.isLevel) slot.dueMono = nowMono + longestRetryMs(slot);
}

/**
 * Whether `now` differs enough from `before` to be saved. False also if mean response times changed only a little, or if `now` only lacks
 * units or writes of set-up registers.
 */
export function hasLearnedMore(before: LearnedUnits, now: LearnedUnits): boolean {
  const known = new Map(Object.entries(before));
  return Object.entries(now).some(([id, { turnaroundMs, firstByteMs, setUpWrites, ...exact }]) => {
    const old = known.get(id);
    if (old === undefined) return true;
    const { turnaroundMs: oldTurnaroundMs, firstByteMs: oldFirstByteMs, setUpWrites: oldWrites, ...oldExact } = old;
    if (haveMoved(oldWrites, setUpWrites)) return true;
    if (JSON.stringify(exact) !== JSON.stringify(oldExact)) return true;
    return hasMoved(oldTurnaroundMs, turnaroundMs) || hasMoved(oldFirstByteMs, firstByteMs);
  });
}

/** Whether a write was added, or the clock was set. Dropping writes older than a day is not a change. */
function haveMoved(before: WriteTimes, now: WriteTimes): boolean {
  return Object.entries(now).some(([name, times]) => {
    const old = before[name]?.slice(-times.length) ?? [];
    return times.some((at, i) => Math.abs(at - (old[i] ?? 0)) > CLOCK_MOVED_MS) || old.length < times.length;
  });
}

function hasMoved(before: Estimate | null, now: Estimate | null): boolean {
  if (before === null || now === null) return before !== now;
  const moved = Math.abs(now.mean - before.mean);
  return moved > CHANGE.ms && moved > CHANGE.share * before.mean;
}

function nameOf({ table, address }: Slot): string {
  return `${table}:${address}`;
}

function fingerprint({ points, quirks }: Profile): string {
  const plan = points.map(({ table, address, type, poll }) => [table, address, type, poll]);
  return createHash('sha256')
    .update(JSON.stringify([plan, quirks]))
    .digest('hex')
    .slice(0, 16);
}

function isEstimate(value: unknown): value is Estimate {
  return isRecord(value) && isMs(value['mean']) && isMs(value['deviation']);
}

function isMs(value: unknown): boolean {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}
