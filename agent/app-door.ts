/**
 * A door that stays while what is behind it is exchanged.
 *
 * Owns nothing. Part of `app.ts`; the console server holds such a door to the view of the agent.
 */

/** Each property and method is that of whatever `current` gives at that moment. */
export function doorTo<T extends object>(current: () => T): T {
  return new Proxy({} as T, { get: (_, key) => Reflect.get(current(), key) as unknown });
}
