/** Returns whether the value is an object that is not an array; false for null. For data of unknown shape, from disk or network. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Returns the JSON object in this text; undefined if the text is not JSON, or contains an array or another value. */
export function parseRecord(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : undefined;
  } catch {
    // Not JSON; the caller reports what it expects.
    return undefined;
  }
}
