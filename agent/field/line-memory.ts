/**
 * What the units of a line have taught, kept over restarts: their pace, and what they refuse.
 *
 * Owns one small fact in the store, written on change and rarely. Never delays a poll: what is remembered arrives when it does.
 * Called by `field.ts`, one a line.
 */
import { createHash } from 'node:crypto';
import { type Clock, every, type Timer } from '../core/clock.ts';
import type { Store } from '../core/ports.ts';
import type { Profile } from '../core/profile.ts';
import type { Slot } from './poll-plan.ts';
import { replan, type Unit } from './unit.ts';
import type { Estimate } from './unit-health.ts';

/** Shortest time between two writings. Units: ms. Source: flash wears; a restart that forgets a minute costs a few requests. */
const SAVE_MS = 60_000;
/** A pace is news when it has changed by this share and this much. Source: assumed. */
const NEWS = { share: 0.5, ms: 5 };

/** What is kept of one unit. `refused` and `cuts` name slots as `input:10`. */
export interface Learned {
  /** Of the profile that it was learned with; a changed one is learned anew. */
  readonly profile: string;
  readonly noHoles: boolean;
  readonly refused: readonly string[];
  readonly cuts: readonly string[];
  readonly turnaroundMs: Estimate | null;
  readonly firstByteMs: Estimate | null;
}

export type LearnedUnits = Readonly<Record<string, Learned>>;

export interface LineMemoryOptions {
  readonly lineId: string;
  readonly units: readonly Unit[];
  readonly store: Pick<Store, 'load' | 'save'>;
  readonly clock: Clock;
}

export interface LineMemory {
  start(): void;
  stop(): void;
}

export function createLineMemory({ lineId, units, store, clock }: LineMemoryOptions): LineMemory {
  const key = `learned:${lineId}`;
  let saved: LearnedUnits = {};
  let timer: Timer | undefined;

  const restore = async (): Promise<void> => {
    const found = await store.load(key);
    if (!isRecord(found)) return;
    for (const unit of units) recall(unit, found[unit.device.id]);
    saved = learnedOf(units);
  };
  const keep = async (): Promise<void> => {
    const now = learnedOf(units);
    if (isNews(saved, now) && (await store.save(key, now))) saved = now;
  };
  return {
    start() {
      if (timer !== undefined) return;
      timer = every(clock, SAVE_MS, () => void keep());
      void restore();
    },
    stop() {
      timer?.cancel();
      timer = undefined;
    },
  };
}

export function learnedOf(units: readonly Unit[]): LearnedUnits {
  return Object.fromEntries(
    units
      .filter(({ seenMs, health }) => seenMs !== null || health.turnaroundMs !== null)
      .map(({ device, driver, noHoles, slots, health: { turnaroundMs, firstByteMs } }) => [
        device.id,
        {
          profile: fingerprint(driver.profile),
          noHoles,
          refused: slots.filter(({ refused }) => refused).map(nameOf),
          cuts: slots.filter(({ cutBefore }) => cutBefore).map(nameOf),
          turnaroundMs,
          firstByteMs,
        },
      ]),
  );
}

/** Take up what was learned, as far as the unit has not shown it anew already and its profile is still the same. Anything else is left alone. */
export function recall(unit: Unit, learned: unknown): void {
  if (!isRecord(learned) || learned['profile'] !== fingerprint(unit.driver.profile)) return;
  const [refused, cuts] = [learned['refused'], learned['cuts']];
  if (learned['noHoles'] === true) unit.noHoles = true;
  for (const slot of unit.slots) {
    if (Array.isArray(refused) && refused.includes(nameOf(slot))) slot.refused = true;
    if (Array.isArray(cuts) && cuts.includes(nameOf(slot))) slot.cutBefore = true;
  }
  replan(unit);
  const [turnaroundMs, firstByteMs] = [learned['turnaroundMs'], learned['firstByteMs']];
  if (unit.health.turnaroundMs === null && isEstimate(turnaroundMs) && isEstimate(firstByteMs))
    unit.health = { ...unit.health, turnaroundMs, firstByteMs };
}

/** Whether what is known now is worth writing down. */
export function isNews(before: LearnedUnits, now: LearnedUnits): boolean {
  return Object.entries(now).some(([id, { turnaroundMs, firstByteMs, ...exact }]) => {
    const old = before[id];
    if (old === undefined) return true;
    const { turnaroundMs: oldTurnaroundMs, firstByteMs: oldFirstByteMs, ...oldExact } = old;
    if (JSON.stringify(exact) !== JSON.stringify(oldExact)) return true;
    return hasMoved(oldTurnaroundMs, turnaroundMs) || hasMoved(oldFirstByteMs, firstByteMs);
  });
}

function hasMoved(before: Estimate | null, now: Estimate | null): boolean {
  if (before === null || now === null) return before !== now;
  const moved = Math.abs(now.mean - before.mean);
  return moved > NEWS.ms && moved > NEWS.share * before.mean;
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

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function isEstimate(value: unknown): value is Estimate {
  return isRecord(value) && isMs(value['mean']) && isMs(value['deviation']);
}

function isMs(value: unknown): boolean {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}
