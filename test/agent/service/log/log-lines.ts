/**
 * A log whose lines are kept.
 */
import { createManualClock } from '../../../../agent/core/manual-clock.ts';
import { createLog, type LogOptions } from '../../../../agent/service/log/log.ts';

export const LOGGED_AT_MS = Date.parse('2026-12-01T21:41:07Z');

/** A log from severity `debug` on a manual clock. `taken` returns the lines since its last call, parsed, and empties `lines`. */
export function logAt(options: Partial<LogOptions> = {}) {
  const clock = createManualClock(LOGGED_AT_MS);
  const lines: string[] = [];
  const log = createLog({ clock, journal: false, minSeverity: 'debug', write: (line) => lines.push(line), ...options });
  return { clock, log, lines, taken: () => lines.splice(0).map((line) => JSON.parse(line)) };
}
