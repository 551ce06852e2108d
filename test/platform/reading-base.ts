/** The codes of qualities on the wire. */

/** Source: `payloads-propertyset-quality-value-value`; missing is sent as bad without a value. */
const QUALITY_CODE: Readonly<Record<string, number>> = { good: 192, stale: 500, bad: 0, missing: 0 };

/** The code on the wire for a quality of the store: good 192, stale 500, any other 0. */
export function qualityCode(quality: string): number {
  return QUALITY_CODE[quality] ?? 0;
}
