/**
 * Fits messages into the broker's packet limit: data is split; the least important parts of a birth are left out. Pure.
 */
import { COMMAND_METRIC, WRITTEN_METRICS } from '../commands/command-metrics.ts';
import { encodePayload, type Metric } from './codec.ts';
import { type MetricEntry, NODE_METRIC, ROWS_METRIC } from './metric-table.ts';

/** Largest message: metrics, and their bytes. Source: 17 bytes a value measured; assumed 8 KB as what a cellular link transfers in well under a second. Confirmed by: the throughput of a gateway on a slow cellular link. */
const MESSAGE_LIMIT = { metrics: 400, bytes: 8_192 };
/**
 * A value on the wire without its text, rounded up. Units: bytes. Source: a double of quality `stale` with the history flag, the longest,
 * encodes to 46.
 */
const METRIC_BYTES = 48;
/** Payload timestamp, seq and row mark, rounded up. Units: bytes. */
const DATA_FRAME_BYTES = 96;
/** What an MQTT message has besides topic text and payload: fixed header, topic length and properties, rounded up. Units: bytes. Source: MQTT 5 §2.1, §3.3. */
export const HEADER_BYTES = 10;
/**
 * A birth is at most this many bytes larger than its metrics; topic and header are in the caller's limit. Source: payload timestamp, 1 + 6
 * until the year 2109, and seq, 1 + 2 at most.
 */
const BIRTH_FRAME_BYTES = 10;
/** Longer texts are left out first: they are sent again after the birth. Units: UTF-16 units. Source: assumed; names and versions are shorter. Confirmed by: the births of the largest cabinet. */
const LONG_TEXT = 64;
/** Sent only if there is room: the platform's map works without them. */
const OPTIONAL_PROPERTIES: ReadonlySet<string> = new Set(['talq', 'engLow', 'engHigh']);

/** Without these nothing could be proven, no loss reported, and no outcome sent. */
const REQUIRED: readonly string[] = [NODE_METRIC.rebirth, ROWS_METRIC, NODE_METRIC.gap, COMMAND_METRIC.outcome];

/** Returns the bytes that remain for the payload of a message on this topic; negative if there is no room. Assumes a topic in ASCII. */
export function payloadRoom(topic: string, maxPacketBytes: number): number {
  return maxPacketBytes - topic.length - HEADER_BYTES;
}

/**
 * Returns the bytes that remain for the text in a message with one metric and a row mark, on an ASCII topic of this length; negative if
 * there is no room.
 */
export function textRoom(topicLength: number, maxPacketBytes: number): number {
  return maxPacketBytes - topicLength - HEADER_BYTES - DATA_FRAME_BYTES - METRIC_BYTES;
}

/**
 * Splits metrics into messages within `MESSAGE_LIMIT` and the packet limit, by their estimated sizes. Yields the metrics of one message
 * after another, in their order. Leaves room for a row mark. A single metric that is too large is yielded alone.
 */
export function* splitMetrics(metrics: readonly Metric[], topic: string, maxPacketBytes: number): Generator<readonly Metric[]> {
  const maxBytes = Math.min(MESSAGE_LIMIT.bytes, payloadRoom(topic, maxPacketBytes) - DATA_FRAME_BYTES);
  let part: Metric[] = [];
  let bytes = 0;
  for (const metric of metrics) {
    const size = METRIC_BYTES + (metric.name?.length ?? 0) + (metric.value?.kind === 'string' ? metric.value.value.length * 3 : 0);
    if (part.length > 0 && (part.length >= MESSAGE_LIMIT.metrics || bytes + size > maxBytes)) {
      yield part;
      part = [];
      bytes = 0;
    }
    part.push(metric);
    bytes += size;
  }
  if (part.length > 0) yield part;
}

/**
 * Returns the metrics with the oldest first; equal times keep their order. One without a time counts as the oldest. Source:
 * `operational-behavior-data-publish-nbirth-order`, `…-dbirth-order`.
 */
export function inTimeOrder(metrics: readonly Metric[]): readonly Metric[] {
  return metrics.toSorted((a, b) => (a.timestampMs ?? 0) - (b.timestampMs ?? 0));
}

/**
 * Returns the entries, the most important first, because `fitBirth` removes the last ones. Those of `REQUIRED` are first, those of
 * `WRITTEN_METRICS` last, otherwise as given. A birth is then sent in the order of `inTimeOrder`.
 */
export function requiredFirst(entries: readonly MetricEntry[]): readonly MetricEntry[] {
  const rank = ({ name }: MetricEntry): number => (REQUIRED.includes(name) ? 0 : WRITTEN_METRICS.has(name) ? 2 : 1);
  return entries.toSorted((a, b) => rank(a) - rank(b));
}

/**
 * Returns the metrics of a birth, reduced until they fit. Properties except the quality are removed first, then long texts become null,
 * then the last metrics are removed. `leftOut`: names of the metrics removed as a whole. The first metric stays even if it is too large.
 * Units: `maxBytes` bytes of payload.
 */
export function fitBirth(
  metrics: readonly Metric[],
  maxBytes: number,
): { readonly metrics: readonly Metric[]; readonly leftOut: readonly string[] } {
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
  return BIRTH_FRAME_BYTES + encodePayload({ metrics }).length;
}
