/**
 * Contacts in the cabinet that ask for light: the emergency key and the "lights on" button.
 *
 * Owns what they ask for while they are closed, as wishes like any other. Pure but for the states of the contacts. Called by `control`.
 */
import type { MonoMs, WallMs } from '../core/clock.ts';
import type { Intent, PointId, Reading } from '../core/words.ts';

/** `emergency`: all at 100 % while it is closed. `lights-on`: all at 100 % for two hours from each press. */
export type LightContact = 'emergency' | 'lights-on';

export interface ContactDesk {
  take(readings: readonly Reading[], now: Instant): boolean;
  intents(): readonly Intent[];
}

interface Instant {
  readonly nowMs: WallMs;
  readonly nowMono: MonoMs;
}

/** Source: design §6, an override lasts 2 h unless said; a person may press again. */
const BUTTON_MS = 2 * 3_600_000;
/** A closed key whose box falls silent still counts for so long. Units: ms. Source: assumed; a line that is mended within it has lit the street all along. */
const KEY_HOLD_MS = 3_600_000;

export function createContactDesk(contacts: ReadonlyMap<PointId, LightContact>): ContactDesk {
  const closed = new Map<PointId, boolean>();
  const asked = new Map<PointId, Intent>();
  const take = (reading: Reading, now: Instant): boolean => {
    const kind = contacts.get(reading.pointId);
    if (kind === undefined || reading.value === null || reading.quality !== 'good') return false;
    const isClosed = reading.value >= 1;
    const was = closed.get(reading.pointId) ?? false;
    closed.set(reading.pointId, isClosed);
    if (kind === 'emergency' && !isClosed) return asked.delete(reading.pointId);
    if (!isClosed || (kind === 'lights-on' && was)) return false;
    asked.set(reading.pointId, wish(reading.pointId, kind, now));
    return !was;
  };
  return {
    take: (readings, now) => readings.map((reading) => take(reading, now)).includes(true),
    intents: () => [...asked.values()],
  };
}

function wish(pointId: PointId, kind: LightContact, { nowMs, nowMono }: Instant): Intent {
  const lengthMs = kind === 'emergency' ? KEY_HOLD_MS : BUTTON_MS;
  return {
    id: `contact:${pointId}`,
    target: { kind: 'cabinet', id: 'cabinet' },
    levelPct: 100,
    rank: kind === 'emergency' ? 'emergency' : 'override',
    source: pointId,
    reason: kind === 'emergency' ? 'emergency key' : 'lights-on button',
    sinceMs: nowMs,
    untilMs: Math.round(nowMs + lengthMs),
    untilMono: nowMono + lengthMs,
    goesByItself: true,
  };
}
