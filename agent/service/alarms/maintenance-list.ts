/**
 * Operations on the list of maintenance in force: add, expire, store and resume. Pure: no clock, no disk.
 */
import { MAINTENANCE_SPAN, type Maintenance, type SuppressedEvent } from '../../core/alarm-tools.ts';
import type { MonoMs, WallMs } from '../../core/clock.ts';
import { MINUTE_MS } from '../../core/durations.ts';
import { isRecord } from '../../core/is-record.ts';
import type { AgentEvent, EventCode, Target } from '../../core/words.ts';

/** Suppressed events that are kept by name for the list at the end; others are only counted. Source: assumed; a screen. Confirmed by: the number of events in the maintenance of a year. */
const MAX_NAMED = 20;
/**
 * Interval at which the remaining time of maintenance is saved. The saved time is shorter by as much, because the agent may stop that
 * long after a save. Units: ms. Source: assumed; a commit a minute is a sixth of the usual ones. Confirmed by: `bench -- store device`.
 */
export const REST_SAVE_MS = MINUTE_MS;

/** An instant on the wall clock and on the monotonic clock. */
export interface Instant {
  readonly nowMs: WallMs;
  readonly nowMono: MonoMs;
}

/** Maintenance on disk. `restMs`: how long it may last at most after a restart. Units: ms. */
export type StoredMaintenance = Omit<Maintenance, 'untilMono'> & { readonly restMs: number };

/** Returns whether two maintenances have the same target, as by `isSameTarget`, and the same owner, `site` or `platform`. */
export function isSameMaintenance(a: Pick<Maintenance, 'target' | 'owner'>, b: Pick<Maintenance, 'target' | 'owner'>): boolean {
  return a.owner === b.owner && isSameTarget(a.target, b.target);
}

/** Returns whether two targets are the same lamp, zone or cabinet. Two cabinets count as the same. */
export function isSameTarget(a: Target, b: Target): boolean {
  return a.kind === b.kind && (a.kind === 'cabinet' || a.id === b.id);
}

/**
 * Returns the maintenance with this event counted, and listed while the list has room; the same object if the event is listed already. An
 * event that found no room is counted at each call.
 */
export function withSuppressed(maintenance: Maintenance, { id, code, source, startMs }: AgentEvent): Maintenance {
  const { suppressed, count } = maintenance;
  if (suppressed.some((each) => each.id === id)) return maintenance;
  const next = suppressed.length < MAX_NAMED ? [...suppressed, { id, code, source, startMs }] : suppressed;
  return { ...maintenance, count: count + 1, suppressed: next };
}

/** Returns the maintenance with `sinceMs` and `untilMs` shifted to fit its monotonic end; the same object if the shift is less than a second. */
export function rebasedMaintenance(maintenance: Maintenance, { nowMs, nowMono }: Instant): Maintenance {
  const shiftMs = Math.round(nowMs + maintenance.untilMono - nowMono) - maintenance.untilMs;
  if (Math.abs(shiftMs) < 1_000) return maintenance;
  return { ...maintenance, sinceMs: maintenance.sinceMs + shiftMs, untilMs: maintenance.untilMs + shiftMs };
}

/**
 * Returns the maintenance in the form for the disk. In place of the monotonic end, `restMs` is the remaining time less `REST_SAVE_MS`, but
 * not below 0.
 */
export function toStoredMaintenance({ untilMono, ...rest }: Maintenance, nowMono: MonoMs): StoredMaintenance {
  return { ...rest, restMs: Math.max(0, Math.round(untilMono - nowMono) - REST_SAVE_MS) };
}

/**
 * Returns the maintenance that continues after a restart; null if no time is left. It ends at its wall time, after `restMs`, or after
 * the longest time that its owner may request, whichever is first. Call it only with a trusted clock.
 */
export function resumedMaintenance({ restMs, ...stored }: StoredMaintenance, { nowMs, nowMono }: Instant): Maintenance | null {
  const leftMs = Math.min(stored.untilMs - nowMs, restMs, MAINTENANCE_SPAN[stored.owner].maxMs);
  if (leftMs <= 0) return null;
  return { ...stored, untilMs: Math.round(nowMs + leftMs), untilMono: nowMono + leftMs };
}

/** Returns the maintenance in stored data, without entries and suppressed events of another shape; empty if `stored` is not an array. */
export function readStoredMaintenance(stored: unknown): readonly StoredMaintenance[] {
  return Array.isArray(stored) ? stored.filter(isStored).map((each) => ({ ...each, suppressed: each.suppressed.filter(isNamed) })) : [];
}

function isStored(value: unknown): value is StoredMaintenance {
  if (!isRecord(value)) return false;
  const { id, target, owner, source, reason, sinceMs, untilMs, restMs, count, suppressed } = value;
  return (
    [id, source, reason].every((text) => typeof text === 'string') &&
    [sinceMs, untilMs, restMs, count].every(Number.isFinite) &&
    (owner === 'site' || owner === 'platform') &&
    isTarget(target) &&
    Array.isArray(suppressed)
  );
}

function isTarget(value: unknown): value is Target {
  return isRecord(value) && typeof value['id'] === 'string' && ['lamp', 'zone', 'cabinet'].some((kind) => kind === value['kind']);
}

function isNamed(value: unknown): value is SuppressedEvent & { readonly code: EventCode } {
  return isRecord(value) && ['id', 'code', 'source'].every((key) => typeof value[key] === 'string') && Number.isFinite(value['startMs']);
}
