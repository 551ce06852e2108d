/**
 * The fault rules of single points: the flags of a profile, an open door, a fault contact, a driver that gives less than its full output.
 *
 * Pure. A reading without a value proves nothing: the field reports silent devices.
 */
import type { PointFlag, PointProfile, Semantic } from '../core/profile.ts';
import type { EventCode, Reading, Severity } from '../core/words.ts';

/** What the rules use of a point. */
export interface WatchedPoint {
  /** The site's meaning of a contact, else the profile's. */
  readonly semantic: Semantic;
  readonly profile: Pick<PointProfile, 'semantic' | 'flags'>;
}

/** The result of a rule for a value. */
export interface FaultVerdict {
  /** Distinguishes two faults of one point; empty where a point has only one. */
  readonly flag: string;
  readonly code: EventCode;
  readonly severity: Severity;
  readonly wrong: boolean;
  readonly text: string;
}

/** Full output of a driver that does not protect itself. Units: %. */
const FULL_OUTPUT_PCT = 100;

/** Whether a rule watches this point. */
export function isWatched(point: WatchedPoint): boolean {
  return hasOwnWords(point) || point.semantic === 'door' || point.semantic === 'fault' || point.semantic === 'derating';
}

/** Returns the verdicts on one reading; none without a rule or a good value. */
export function verdictsOf({ pointId, value, quality }: Reading, point: WatchedPoint): readonly FaultVerdict[] {
  if (value === null || quality !== 'good') return [];
  if (!hasOwnWords(point)) return bySemantic(pointId, value, point.semantic);
  return point.profile.flags.map((flag) => {
    const wrong = isUp(flag, value);
    const text = `${pointId}: ${wrong ? '' : 'no longer: '}${flag.message}`;
    return { flag: flag.id, code: 'device-flag', severity: flag.severity, wrong, text };
  });
}

/** The flags of a profile are more precise than its point's kind, unless the site has stated what the contact means here. */
function hasOwnWords({ semantic, profile }: WatchedPoint): boolean {
  return profile.flags.length > 0 && semantic === profile.semantic;
}

/** A register of flags has no scale, so the bits of its value are its own, in two's complement for a signed one. */
function isUp({ bit, inverted }: PointFlag, value: number): boolean {
  // Not by bit operators: they cut a wide register off at 32 bits.
  const set = bit === null ? value !== 0 : Math.abs(Math.floor(value / 2 ** bit) % 2) === 1;
  return set !== inverted;
}

function bySemantic(pointId: string, value: number, semantic: Semantic): readonly FaultVerdict[] {
  switch (semantic) {
    case 'door': {
      const wrong = value === 1;
      const text = wrong ? `${pointId}: a door is open` : `${pointId}: the door is closed`;
      return [{ flag: '', code: 'door-open', severity: 'warning', wrong, text }];
    }
    case 'fault': {
      const wrong = value >= 1;
      const text = wrong ? `${pointId}: the device reports a fault` : `${pointId}: the fault is gone`;
      return [{ flag: '', code: 'lamp-fault', severity: 'alarm', wrong, text }];
    }
    case 'derating': {
      const wrong = value < FULL_OUTPUT_PCT;
      const text = `${pointId}: the driver allows itself ${value} % of its output`;
      return [{ flag: '', code: 'lamp-fault', severity: 'warning', wrong, text }];
    }
    default:
      return [];
  }
}
