/**
 * The platform's database of readings by (node, device, metric, time), in memory.
 */

export interface PlatformReading {
  readonly node: string;
  readonly device: string;
  readonly metric: string;
  readonly timestampMs: number;
  readonly value: number | bigint | boolean | string | null;
  /** As on the wire: 0 bad or missing, 192 good, 500 stale. */
  readonly quality: number;
  readonly isHistorical: boolean;
}

export interface ReadingBase {
  readonly size: number;
  /** Readings whose time was present already. Those with another value or quality are `conflicts` too, and are not kept. */
  readonly duplicates: number;
  readonly conflicts: readonly PlatformReading[];
  /** Readings older than the previous one of the same metric in the same stream, live or historical. */
  readonly disorders: number;
  /** False, without a change, if a reading of this time was present already. */
  add(reading: PlatformReading): boolean;
  of(node: string): readonly PlatformReading[];
}

/** Source: `payloads-propertyset-quality-value-value`; missing is sent as bad without a value. */
const QUALITY_CODE: Readonly<Record<string, number>> = { good: 192, stale: 500, bad: 0, missing: 0 };

/** The code on the wire for a quality of the store: good 192, stale 500, any other 0. */
export function qualityCode(quality: string): number {
  return QUALITY_CODE[quality] ?? 0;
}

/** An empty database. */
export function createReadingBase(): ReadingBase {
  const byNode = new Map<string, Map<string, PlatformReading>>();
  const newest = new Map<string, number>();
  const conflicts: PlatformReading[] = [];
  const counts = { size: 0, duplicates: 0, disorders: 0 };
  return {
    get size() {
      return counts.size;
    },
    get duplicates() {
      return counts.duplicates;
    },
    get disorders() {
      return counts.disorders;
    },
    conflicts,
    add: (reading) => {
      const { node, device, metric, timestampMs, isHistorical } = reading;
      const readings = byNode.get(node) ?? new Map<string, PlatformReading>();
      byNode.set(node, readings);
      const key = keyOf(device, metric, timestampMs);
      const before = readings.get(key);
      if (before !== undefined) {
        counts.duplicates += 1;
        if (!isSame(before.value, reading.value) || before.quality !== reading.quality) conflicts.push(reading);
        return false;
      }
      readings.set(key, reading);
      counts.size += 1;
      const stream = `${node}/${device}/${metric}/${isHistorical}`;
      if (timestampMs < (newest.get(stream) ?? Number.NEGATIVE_INFINITY)) counts.disorders += 1;
      newest.set(stream, timestampMs);
      return true;
    },
    of: (node) => [...(byNode.get(node)?.values() ?? [])],
  };
}

/** Returns the metrics under which a point of the store is published: usually one, more if a zone publishes a point of its lamp too. */
export type ShownAs = (pointId: string) => readonly { readonly device: string; readonly metric: string }[];

/** Point `L01.power` is published as metric `power` of device `L01`, and not elsewhere. */
export const asItself: ShownAs = (pointId) => {
  const dot = pointId.lastIndexOf('.');
  return [{ device: pointId.slice(0, dot), metric: pointId.slice(dot + 1) }];
};

function keyOf(device: string, metric: string, timestampMs: number): string {
  return `${device}.${metric}@${timestampMs}`;
}

/** Points hold numbers throughout; a flag travels as a Boolean, a counter as an Int64. */
function isSame(a: PlatformReading['value'], b: PlatformReading['value']): boolean {
  if (a === null || b === null) return a === b;
  return typeof a === 'string' || typeof b === 'string' ? a === b : Number(a) === Number(b);
}
