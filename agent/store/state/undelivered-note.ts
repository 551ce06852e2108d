import { isRecord } from '../../core/is-record.ts';

/**
 * What `state.db` knows of the readings in `telemetry.db`, for the day on which that file is lost or unreadable. Shape: `epoch` empty where
 * no file is expected.
 */
export interface UndeliveredNote {
  readonly epoch: string;
  /** Not proven delivered when this was written. */
  readonly readings: number;
}

/** The fact in `state.db`. */
export const UNDELIVERED_KEY = 'store.undelivered';
/** After a restore: the readings were set aside by the person who restored. */
export const NO_READINGS_EXPECTED: UndeliveredNote = { epoch: '', readings: 0 };

/** The stored fact; null for anything else. */
export function readUndeliveredNote(json: string | null): UndeliveredNote | null {
  const value: unknown = json === null ? null : JSON.parse(json);
  if (!isRecord(value)) return null;
  const { epoch, readings } = value;
  return typeof epoch === 'string' && typeof readings === 'number' && readings >= 0 ? { epoch, readings } : null;
}
