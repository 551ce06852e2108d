/**
 * Limits of the store, for the store itself and for the check of a configuration.
 */

/** Readings kept in memory while the disk takes none; half of it starts a commit. Source: ten minutes of a full cabinet at 30 readings a second; 4 MB. */
export const MAX_WAITING_READINGS = 20_000;
