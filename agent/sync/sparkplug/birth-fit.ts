/**
 * Fits a birth into the broker's packet limit. A birth cannot be split, so the least important parts are left out. Pure.
 */
import { COMMAND_METRIC, WRITTEN_METRICS } from '../commands/command-metrics.ts';
import { encodePayload, type Metric } from './codec.ts';
import { type MetricEntry, NODE_METRIC, ROWS_METRIC } from './metric-table.ts';

/** A birth is this many bytes larger than its metrics. Source: payload timestamp and seq; topic and header are in the caller's limit. */
const FRAME_BYTES = 16;
/** Longer texts are left out first: they are sent again after the birth. Units: UTF-16 units. Source: assumed; names and versions are shorter. */
const LONG_TEXT = 64;
/** Sent only where there is room: the platform's map works without them. */
const OPTIONAL_PROPERTIES: ReadonlySet<string> = new Set(['talq', 'engLow', 'engHigh']);

export interface FittedBirth {
  readonly metrics: readonly Metric[];
  /** Names of the metrics that this session does not have. */
  readonly leftOut: readonly string[];
}

/** Without these nothing could be proven, no loss be reported, and no outcome be sent. */
const REQUIRED: readonly string[] = [NODE_METRIC.rebirth, ROWS_METRIC, NODE_METRIC.gap, COMMAND_METRIC.outcome];

/** The entries in the order of a birth: required ones first, write-only ones last, since a birth is cut at its end. The sort is stable. */
export function requiredFirst(entries: readonly MetricEntry[]): readonly MetricEntry[] {
  const rank = ({ name }: MetricEntry): number => (REQUIRED.includes(name) ? 0 : WRITTEN_METRICS.has(name) ? 2 : 1);
  return entries.toSorted((a, b) => rank(a) - rank(b));
}

/**
 * The whole birth if it fits. Else without ranges; then without all properties but quality; then without long texts and the quality of null
 * values; then without the last metrics. Units: bytes of payload.
 */
export function fitBirth(metrics: readonly Metric[], maxBytes: number): FittedBirth {
  for (const keep of [() => true, (key: string) => !OPTIONAL_PROPERTIES.has(key), (key: string) => key === 'Quality']) {
    const slim = metrics.map((metric) => withProperties(metric, keep));
    if (bytesOf(slim) <= maxBytes) return { metrics: slim, leftOut: [] };
  }
  // A null value needs no quality.
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
