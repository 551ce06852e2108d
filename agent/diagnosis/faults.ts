/**
 * The faults of single points: the flags of a profile, an open door, a fault contact, a driver that gives less than its full output.
 *
 * A reading without a value is no evidence: the field reports silent devices.
 */

import type { Clock } from '../core/clock.ts';
import { type Message, msg } from '../core/message.ts';
import type { PointFlag, PointProfile, Semantic } from '../core/profile.ts';
import type { AgentEvent, EventCode, PointId, Reading, Severity } from '../core/words.ts';

/** The meaning of a point, by which its values are checked for faults. */
export interface WatchedPoint {
  /** The site's meaning of a contact, else the profile's. */
  readonly semantic: Semantic;
  readonly profile: Pick<PointProfile, 'semantic' | 'flags'>;
}

/** Whether a value means a fault. `wrong`: true for a fault, false if that fault is not present. `text`: for display, in both cases. */
export interface FaultVerdict {
  /** Id of the flag in the profile; empty for a fault that is not a flag. */
  readonly flag: string;
  readonly code: EventCode;
  readonly severity: Severity;
  readonly wrong: boolean;
  readonly text: Message;
}

/** Output of a driver that does not reduce its power to protect itself. Units: %. */
const FULL_OUTPUT_PCT = 100;

/** The points to check, the clock for the times of the events, and the receiver of the fault events. */
export interface DiagnosisParts {
  /** The meaning of each point, from the profiles and the site. */
  readonly points: ReadonlyMap<PointId, WatchedPoint>;
  readonly clock: Clock;
  /** Called once when a fault begins and once when it ends. */
  readonly onEvent: (event: AgentEvent) => void;
}

/**
 * Turns readings into events: one when a fault begins and one when it ends. Faults are flags of a profile, an open door, a fault contact
 * and derating; other points are ignored. A reading without a good value changes nothing.
 */
export function createDiagnosis({ points, clock, onEvent }: DiagnosisParts): { onReadings(readings: readonly Reading[]): void } {
  const watched = new Map([...points].filter(([, point]) => isWatched(point)));
  const open = new Map<string, AgentEvent>();
  const judge = (pointId: PointId, { flag, code, severity, wrong, text }: FaultVerdict): void => {
    const what = `${code}:${pointId}${flag === '' ? '' : `:${flag}`}`;
    const running = open.get(what);
    if (wrong === (running !== undefined)) return;
    const nowMs = clock.wallMs();
    const startMs = running?.startMs ?? nowMs;
    const id = running?.id ?? `${what}:${startMs}`;
    // A clock that was set back must not end an event before it began.
    const event: AgentEvent = { id, code, source: pointId, severity, text, startMs, endMs: wrong ? null : Math.max(nowMs, startMs) };
    if (wrong) open.set(what, event);
    else open.delete(what);
    onEvent(event);
  };
  const take = (reading: Reading): void => {
    const point = watched.get(reading.pointId);
    if (point !== undefined) for (const verdict of verdictsOf(reading, point)) judge(reading.pointId, verdict);
  };
  return { onReadings: (readings) => readings.forEach(take) };
}

/** Whether a rule watches this point. */
function isWatched(point: WatchedPoint): boolean {
  return hasOwnWords(point) || point.semantic === 'door' || point.semantic === 'fault' || point.semantic === 'derating';
}

/**
 * Returns one verdict for each condition that is watched at this point, also if the condition is not present. Empty for a reading without a
 * good value.
 */
export function verdictsOf({ pointId, value, quality }: Reading, point: WatchedPoint): readonly FaultVerdict[] {
  if (value === null || quality !== 'good') return [];
  if (!hasOwnWords(point)) return bySemantic(pointId, value, point.semantic);
  return point.profile.flags.map((flag) => {
    const wrong = isUp(flag, value);
    const text = wrong ? msg`${pointId}: ${flag.message}` : msg`${pointId}: no longer: ${flag.message}`;
    return { flag: flag.id, code: 'device-flag', severity: flag.severity, wrong, text };
  });
}

/**
 * Whether the flags of a profile give the meaning: they are more precise than the point's kind, unless the site has stated what the contact means.
 */
function hasOwnWords({ semantic, profile }: WatchedPoint): boolean {
  return profile.flags.length > 0 && semantic === profile.semantic;
}

/** A register of flags has no scale, so the bits of its value are the register's bits, in two's complement for a signed one. */
function isUp({ bit, inverted }: PointFlag, value: number): boolean {
  // No bit operators: they truncate a wide register to 32 bits.
  const set = bit === null ? value !== 0 : Math.abs(Math.floor(value / 2 ** bit) % 2) === 1;
  return set !== inverted;
}

function bySemantic(pointId: string, value: number, semantic: Semantic): readonly FaultVerdict[] {
  switch (semantic) {
    case 'door': {
      const wrong = value === 1;
      const text = wrong ? msg`${pointId}: a door is open` : msg`${pointId}: the door is closed`;
      return [{ flag: '', code: 'door-open', severity: 'warning', wrong, text }];
    }
    case 'fault': {
      const wrong = value >= 1;
      const text = wrong ? msg`${pointId}: the device reports a fault` : msg`${pointId}: the fault is gone`;
      return [{ flag: '', code: 'lamp-fault', severity: 'alarm', wrong, text }];
    }
    case 'derating': {
      const wrong = value < FULL_OUTPUT_PCT;
      const text = msg`${pointId}: the driver limits itself to ${value} % of its output`;
      return [{ flag: '', code: 'thermal-derating', severity: 'warning', wrong, text }];
    }
    default:
      return [];
  }
}
