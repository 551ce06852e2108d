import { isRecord } from '../../core/is-record.ts';

/**
 * The number of undelivered readings in `telemetry.db`, as last counted. The one recorded in `state.db` is usually at most ten minutes
 * old. `epoch`: the random identifier in `telemetry.db`; empty if no such file is expected.
 */
export interface UndeliveredNote {
  readonly epoch: string;
  /** Stored after the cursor in that file. That cursor may be about a minute late. */
  readonly readings: number;
}

/** The key of the `UndeliveredNote` among the facts in `state.db`. */
export const UNDELIVERED_KEY = 'store.undelivered';
/** The note once a person has restored a backup, which sets the readings aside: none are expected. An automatic restore does not set it. */
export const NO_READINGS_EXPECTED: UndeliveredNote = { epoch: '', readings: 0 };

/** Parses the stored fact; null if it is missing or has another form. Errors: throws SyntaxError for a text that is not JSON. */
export function readUndeliveredNote(json: string | null): UndeliveredNote | null {
  const value: unknown = json === null ? null : JSON.parse(json);
  if (!isRecord(value)) return null;
  const { epoch, readings } = value;
  return typeof epoch === 'string' && typeof readings === 'number' && readings >= 0 ? { epoch, readings } : null;
}
