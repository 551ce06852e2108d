/**
 * Splits metrics into messages that fit the broker's packet limit. Pure.
 */
import type { Metric } from './codec.ts';

/** Largest message: metrics, and their bytes. Source: 17 bytes a value measured; assumed 8 KB as what a cellular link carries in well under a second. */
const MESSAGE_LIMIT = { metrics: 400, bytes: 8_192 };
/** A value on the wire without its text, rounded up. Units: bytes. Source: reference/sparkplug.md §4, 17.7 with history flag; quality adds 16. */
const METRIC_BYTES = 40;
/** Payload timestamp, seq and row mark, rounded up. Units: bytes. */
const FRAME_BYTES = 96;
/** MQTT's fixed header, topic length and properties, rounded up. Units: bytes. Source: MQTT 5 §2.1, §3.3. */
export const HEADER_BYTES = 10;

/** Bytes for the payload of a message on this topic. */
export function payloadRoom(topic: string, maxPacketBytes: number): number {
  return maxPacketBytes - topic.length - HEADER_BYTES;
}

/** Bytes for the only text in a message on this topic. */
export function textRoom(topicLength: number, maxPacketBytes: number): number {
  return maxPacketBytes - topicLength - HEADER_BYTES - FRAME_BYTES - METRIC_BYTES;
}

/** Yields the metrics of one message after another. A single metric that is too large is yielded alone. */
export function* splitMetrics(metrics: readonly Metric[], topic: string, maxPacketBytes: number): Generator<readonly Metric[]> {
  const maxBytes = Math.min(MESSAGE_LIMIT.bytes, payloadRoom(topic, maxPacketBytes) - FRAME_BYTES);
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

/** The metrics ordered by time, stable. Source: `operational-behavior-data-publish-nbirth-order`, `…-dbirth-order`. */
export function inTimeOrder(metrics: readonly Metric[]): readonly Metric[] {
  return metrics.toSorted((a, b) => (a.timestampMs ?? 0) - (b.timestampMs ?? 0));
}
