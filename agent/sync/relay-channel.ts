/**
 * Detections of people, sent to neighbour cabinets and received from them, as the metric `Relay/Detection`.
 *
 * Sent in NDATA and received by NCMD, since edge nodes communicate through the platform only. A detection is never stored, never sent twice and
 * not in a birth: a late one has no use.
 */
import { type Clock, isTrusted } from '../core/clock.ts';
import type { RelayCounts, RelayedDetection, UplinkValue } from '../core/ports.ts';
import type { InboundMessage } from './mqtt/mqtt-transport.ts';
import { readRelay, writeRelay } from './relay-message.ts';
import { decodePayload, type Metric, type Payload } from './sparkplug/codec.ts';
import type { CurrentValues } from './sparkplug/current-values.ts';
import { type MetricEntry, type MetricTable, NODE_METRIC } from './sparkplug/metric-table.ts';
import { DATATYPE } from './sparkplug/sparkplug-proto.ts';

export interface RelayChannelParts {
  readonly table: MetricTable;
  readonly values: CurrentValues;
  readonly nodeId: string;
  readonly clock: Clock;
  readonly onRelay: (relay: RelayedDetection) => void;
}

export interface RelayChannel {
  /** The metric to send now. */
  message(relay: RelayedDetection): readonly [entry: MetricEntry, value: UplinkValue];
  /** Returns false, and does nothing, for an NCMD about something else. */
  handle(message: InboundMessage): boolean;
  counts(): RelayCounts;
}

/** Source: `commands.ts` allows as many metrics in a command; 32 relays of the longest text are within this. Units: bytes. */
const LIMIT = { bytes: 32_768, metrics: 32 };
/** Largest difference of two trusted clocks; a message older than that was delayed in transport. Units: ms. Source: assumed. */
const CLOCK_SKEW_MS = 5_000;

/** A channel whose metric is null in the birth. */
export function createRelayChannel({ table, values, nodeId, clock, onRelay }: RelayChannelParts): RelayChannel {
  const entry = table.node.find(({ name }) => name === NODE_METRIC.relay) as MetricEntry;
  values.put(entry, { value: null, quality: 'good', atMs: clock.wallMs() });
  const counts = { told: 0, heard: 0, dropped: 0 };

  const isRelay = ({ name, alias }: Metric): boolean => (name === undefined || name === '' ? alias === entry.alias : name === entry.name);

  /** Delay by the platform and the transport, beyond the clock skew. */
  const delayMs = ({ timestampMs }: Payload): number => {
    if (timestampMs === undefined || !isTrusted(clock.quality())) return 0;
    return Math.max(0, clock.wallMs() - timestampMs - CLOCK_SKEW_MS);
  };
  const relayOf = ({ value, datatype }: Metric, payload: Payload): RelayedDetection | undefined => {
    if (value?.kind !== 'string' || (datatype !== undefined && datatype !== DATATYPE.String)) return undefined;
    const message = readRelay(value.value);
    if (message === undefined || message.to !== nodeId || message.from === nodeId) return undefined;
    return { ...message.relay, node: message.from, ageMs: message.relay.ageMs + delayMs(payload) };
  };
  const handleOne = (metric: Metric, payload: Payload, retained: boolean): void => {
    const relay = retained ? undefined : relayOf(metric, payload);
    if (relay === undefined) {
      counts.dropped += 1;
      return;
    }
    counts.heard += 1;
    onRelay(relay);
  };

  return {
    message: ({ node, ...relay }) => {
      counts.told += 1;
      return [entry, { value: writeRelay({ from: nodeId, to: node, relay }), quality: 'good', atMs: clock.wallMs() }];
    },
    handle: ({ payload, retained }) => {
      const decoded = payload.length > LIMIT.bytes ? undefined : decodePayload(payload);
      if (decoded === undefined || decoded.metrics.length === 0 || decoded.metrics.length > LIMIT.metrics) return false;
      if (!decoded.metrics.every(isRelay)) return false;
      for (const metric of decoded.metrics) handleOne(metric, decoded, retained);
      return true;
    },
    counts: () => ({ ...counts }),
  };
}
