/**
 * Names of the days in `cabinet.yaml`, in the order of their numbers in ISO 8601. The number is the index plus 1: Monday is 1.
 *
 * In a file of its own, because the running agent must not load the library of the schema (docs/adr/0014-memory.md).
 */
export const WEEKDAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
