/** Names of the days in `cabinet.yaml`, from Monday to Sunday. */
export const WEEKDAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
