/** True for a JSON object; false for null, an array and any plain value. For data from disk or network, which may have any shape. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
