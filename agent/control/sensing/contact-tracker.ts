/** Turns the contacts in the cabinet that request light, the emergency key and the "lights on" button, into intents. */
import type { WallMs } from '../../core/clock.ts';
import type { Intent, PointId, Reading, Target } from '../../core/words.ts';
import type { Moment } from '../requests/overrides.ts';

/**
 * The role of a contact that requests light. `emergency`: a key that requests it while it reads closed, and for `KEY_HOLD_MS` if it becomes
 * silent. `lights-on`: a button that requests it for 2 h from each press.
 */
export type LightContact = 'emergency' | 'lights-on';

/** A contact that requests light, as stored on disk; its request may be over. */
export interface StoredContact {
  readonly pointId: PointId;
  /** End of its intent, in wall time. Not used for an emergency key, nor if the time is not known at the restart. */
  readonly untilMs: WallMs;
}

/** The contacts that request light, and the intents that follow from them. */
export interface ContactTracker {
  /**
   * Takes readings; those without a good value are ignored. Returns true when a contact is read closed that was open or not read before,
   * or when an open emergency key ends its request.
   */
  take(readings: readonly Reading[], now: Moment): boolean;
  /** Returns the intents of contacts that request light; expired ones may be among them. */
  intents(): readonly Intent[];
  /**
   * Restores the stored state of an earlier run, except for contacts that have been read since. `isTimeKnown`: the stored ends can be
   * compared with now.
   */
  restore(stored: unknown, now: Moment, isTimeKnown: boolean): void;
}

/** Source: as for an override; a person may press again. */
const BUTTON_MS = 2 * 3_600_000;
/**
 * How long a closed emergency key still counts after its last good reading, or after a restart. Units: ms. Source: assumed; a line that
 * is repaired within it kept the street lit. Confirmed by: repair times of lines in the logs of the cabinets.
 */
export const KEY_HOLD_MS = 3_600_000;

/**
 * Creates the tracker of the contacts that request light. `onChange` receives what a restart must restore,
 * whenever a contact is newly closed or an open key ends its request.
 *
 * Shape: `zones` has the zone that a contact lights. A contact without one lights the whole cabinet.
 */
export function createContactTracker(
  contacts: ReadonlyMap<PointId, LightContact>,
  onChange: (stored: readonly StoredContact[]) => void = () => {},
  zones: ReadonlyMap<PointId, string> = new Map(),
): ContactTracker {
  const targetOf = (pointId: PointId): Target => {
    const id = zones.get(pointId);
    return id === undefined ? { kind: 'cabinet', id: 'cabinet' } : { kind: 'zone', id };
  };
  const closed = new Map<PointId, boolean>();
  const requested = new Map<PointId, Intent>();
  const changed = (): true => {
    onChange([...requested].map(([pointId, { untilMs }]) => ({ pointId, untilMs })));
    return true;
  };
  const take = (reading: Reading, now: Moment): boolean => {
    const kind = contacts.get(reading.pointId);
    if (kind === undefined || reading.value === null || reading.quality !== 'good') return false;
    const isClosed = reading.value >= 1;
    const was = closed.get(reading.pointId) ?? false;
    closed.set(reading.pointId, isClosed);
    if (kind === 'emergency' && !isClosed) return requested.delete(reading.pointId) && changed();
    if (!isClosed || (kind === 'lights-on' && was)) return false;
    requested.set(
      reading.pointId,
      intentOf(reading.pointId, kind, { ...now, lengthMs: lengthOf(kind), target: targetOf(reading.pointId) }),
    );
    return !was && changed();
  };
  return {
    take: (readings, now) => readings.map((reading) => take(reading, now)).includes(true),
    intents: () => [...requested.values()],
    restore(stored, now, isTimeKnown) {
      for (const { pointId, untilMs } of readStored(stored)) {
        const kind = contacts.get(pointId);
        if (kind === undefined || closed.has(pointId)) continue;
        // The key was closed when the run ended, so only its next reading ends the intent. Without a time the end is not known: prefer light.
        const isLeftOpen = kind === 'emergency' || !isTimeKnown;
        const lengthMs = isLeftOpen ? lengthOf(kind) : Math.min(untilMs - now.nowMs, lengthOf(kind));
        if (lengthMs > 0) requested.set(pointId, intentOf(pointId, kind, { ...now, lengthMs, target: targetOf(pointId) }));
      }
    },
  };
}

function lengthOf(kind: LightContact): number {
  return kind === 'emergency' ? KEY_HOLD_MS : BUTTON_MS;
}

/** Accepts any stored data; an entry that is not a contact is ignored. */
function readStored(stored: unknown): readonly StoredContact[] {
  const all: readonly unknown[] = Array.isArray(stored) ? stored : [];
  return all.filter(
    (each): each is StoredContact =>
      typeof each === 'object' && each !== null && 'pointId' in each && 'untilMs' in each && Number.isFinite(each.untilMs),
  );
}

function intentOf(
  pointId: PointId,
  kind: LightContact,
  { nowMs, nowMono, lengthMs, target }: Moment & { readonly lengthMs: number; readonly target: Target },
): Intent {
  return {
    id: `contact:${pointId}`,
    target,
    levelPct: 100,
    rank: kind === 'emergency' ? 'emergency' : 'override',
    authority: 'site',
    source: pointId,
    reason: kind === 'emergency' ? 'emergency key' : 'lights-on button',
    sinceMs: nowMs,
    untilMs: Math.round(nowMs + lengthMs),
    untilMono: nowMono + lengthMs,
    goesByItself: true,
  };
}
