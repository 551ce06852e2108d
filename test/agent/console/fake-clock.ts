/** The time and place of all fakes. */

/** 1 December 2026, 22:41:07 in Angers. */
export const AT_MS = Date.parse('2026-12-01T21:41:07Z');

export const TIMEZONE = 'Europe/Paris';
