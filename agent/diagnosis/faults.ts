/**
 * Which readings mean that something is wrong, in which words?
 *
 * Owns the fault rules of single points: an open door, a fault flag of a device, a driver that gives less than its full output.
 * Pure. Called by `diagnosis` for each reading. A reading without a value says nothing: silence is the field's business.
 */
import type { Semantic } from '../core/profile.ts';
import type { EventCode, Reading, Severity } from '../core/words.ts';

/** What a rule makes of a value. */
export interface Verdict {
  readonly code: EventCode;
  readonly severity: Severity;
  readonly wrong: boolean;
  readonly text: string;
}

/** Full output of a driver that does not protect itself. Units: %. */
const FULL_OUTPUT_PCT = 100;

/** Whether a rule watches points of this kind. */
export function isWatched(semantic: Semantic): boolean {
  return semantic === 'door' || semantic === 'fault' || semantic === 'derating';
}

/** The verdict on one reading; undefined where no rule watches, or nothing fresh was read. */
export function verdictOf({ pointId, value, quality }: Reading, semantic: Semantic): Verdict | undefined {
  if (value === null || quality !== 'good') return undefined;
  switch (semantic) {
    case 'door': {
      const wrong = value === 1;
      return {
        code: 'door-open',
        severity: 'warning',
        wrong,
        text: wrong ? `${pointId}: a door is open` : `${pointId}: the door is closed`,
      };
    }
    case 'fault': {
      const wrong = value >= 1;
      return {
        code: 'lamp-fault',
        severity: 'alarm',
        wrong,
        text: wrong ? `${pointId}: the device reports a fault` : `${pointId}: the fault is gone`,
      };
    }
    case 'derating': {
      const wrong = value < FULL_OUTPUT_PCT;
      return { code: 'lamp-fault', severity: 'warning', wrong, text: `${pointId}: the driver allows itself ${value} % of its output` };
    }
    default:
      return undefined;
  }
}
