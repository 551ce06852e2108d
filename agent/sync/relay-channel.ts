/**
 * Word of people on the move, out to neighbour cabinets and in from them.
 *
 * Owns the metric `Relay/Detection`: out in NDATA, in by NCMD, since the platform passes on what an edge node says and edge nodes never listen
 * to each other. It is never stored, never sent twice and never in a birth: what is late is of no use.
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
  /** What to send now. */
  letter(relay: RelayedDetection): readonly [entry: MetricEntry, value: UplinkValue];
  /** False for an NCMD that is about something else. */
  take(message: InboundMessage): boolean;
  counts(): RelayCounts;
}

/** Source: `commands.ts` allows as many metrics in a command; 32 relays of the longest text are within this. Units: bytes. */
const MOST = { bytes: 32_768, metrics: 32 };
/** Two clocks that are both held right may differ by so much; what is older by more was held up on its way. Units: ms. Source: assumed. */
const CLOCKS_APART_MS = 5_000;

/** A post with nothing in it; the birth says that there is no relay. */
export function createRelayChannel({ table, values, nodeId, clock, onRelay }: RelayChannelParts): RelayChannel {
  const entry = table.node.find(({ name }) => name === NODE_METRIC.relay) as MetricEntry;
  values.put(entry, { value: null, quality: 'good', atMs: clock.wallMs() });
  const counts = { told: 0, heard: 0, dropped: 0 };

  const isRelay = ({ name, alias }: Metric): boolean => (name === undefined || name === '' ? alias === entry.alias : name === entry.name);

  /** How long the platform or the way to us has held it, beyond what two clocks may differ by. */
  const heldMs = ({ timestampMs }: Payload): number => {
    if (timestampMs === undefined || !isTrusted(clock.quality())) return 0;
    return Math.max(0, clock.wallMs() - timestampMs - CLOCKS_APART_MS);
  };
  const relayOf = ({ value, datatype }: Metric, payload: Payload): RelayedDetection | undefined => {
    if (value?.kind !== 'string' || (datatype !== undefined && datatype !== DATATYPE.String)) return undefined;
    const letter = readRelay(value.value);
    if (letter === undefined || letter.to !== nodeId || letter.from === nodeId) return undefined;
    return { ...letter.relay, node: letter.from, ageMs: letter.relay.ageMs + heldMs(payload) };
  };
  const takeOne = (metric: Metric, payload: Payload, retained: boolean): void => {
    const relay = retained ? undefined : relayOf(metric, payload);
    if (relay === undefined) {
      counts.dropped += 1;
      return;
    }
    counts.heard += 1;
    onRelay(relay);
  };

  return {
    letter: ({ node, ...relay }) => {
      counts.told += 1;
      return [entry, { value: writeRelay({ from: nodeId, to: node, relay }), quality: 'good', atMs: clock.wallMs() }];
    },
    take: ({ payload, retained }) => {
      const decoded = payload.length > MOST.bytes ? undefined : decodePayload(payload);
      if (decoded === undefined || decoded.metrics.length === 0 || decoded.metrics.length > MOST.metrics) return false;
      if (!decoded.metrics.every(isRelay)) return false;
      for (const metric of decoded.metrics) takeOne(metric, decoded, retained);
      return true;
    },
    counts: () => ({ ...counts }),
  };
}
