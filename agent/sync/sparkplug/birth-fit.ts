/**
 * A birth that the broker will take.
 *
 * Owns what is left out when a birth is larger than the broker's limit: a birth cannot be split. Pure.
 */
import { encodePayload, type Metric } from './codec.ts';

/** A birth is this many bytes larger than its metrics. Source: payload timestamp and seq; topic and header are in the caller's limit. */
const FRAME_BYTES = 16;
/** Texts that are told again after the birth, or by themselves. Units: UTF-16 units. Source: assumed; names and versions are shorter. */
const LONG_TEXT = 64;
/** Told where there is room: who reads the platform's map does without. */
const SPARE_PROPERTIES: ReadonlySet<string> = new Set(['talq', 'engLow', 'engHigh']);

export interface FittedBirth {
  readonly metrics: readonly Metric[];
  /** Names of metrics that this session goes without. */
  readonly leftOut: readonly string[];
}

/**
 * All of it where it fits; else without ranges, then without any property but quality, then without long texts and what is said twice, then
 * without the metrics at the end. Units: bytes of payload.
 */
export function fitBirth(metrics: readonly Metric[], maxBytes: number): FittedBirth {
  for (const keep of [() => true, (key: string) => !SPARE_PROPERTIES.has(key), (key: string) => key === 'Quality']) {
    const slim = metrics.map((metric) => withProperties(metric, keep));
    if (bytesOf(slim) <= maxBytes) return { metrics: slim, leftOut: [] };
  }
  // Null says by itself that there is no value.
  const bare = metrics.map(withoutLongText).map((metric) => withProperties(metric, (key) => key === 'Quality' && metric.isNull !== true));
  let count = bare.length;
  while (count > 1 && bytesOf(bare.slice(0, count)) > maxBytes) count -= 1;
  return { metrics: bare.slice(0, count), leftOut: bare.slice(count).map(({ name }) => name ?? '') };
}

function withProperties({ properties, ...metric }: Metric, keep: (key: string) => boolean): Metric {
  const kept = properties?.filter(({ key }) => keep(key)) ?? [];
  return kept.length === 0 ? metric : { ...metric, properties: kept };
}

function withoutLongText(metric: Metric): Metric {
  const isLong = metric.value?.kind === 'string' && metric.value.value.length > LONG_TEXT;
  return isLong ? { ...metric, value: undefined, isNull: true } : metric;
}

function bytesOf(metrics: readonly Metric[]): number {
  return FRAME_BYTES + encodePayload({ metrics }).length;
}
