/**
 * Detections of people, exchanged with neighbour cabinets as the metric `Relay/Detection`.
 *
 * Sent in NDATA and received by NCMD, because edge nodes communicate only through the platform. A detection is never stored, never sent
 * twice and never in a birth: a late one is useless.
 */
import { type Clock, isTrusted } from '../core/clock.ts';
import { parseRecord } from '../core/is-record.ts';
import type { RelayCounts, RelayedDetection, UplinkValue } from '../core/ports.ts';
import type { InboundMessage } from './mqtt/mqtt-transport.ts';
import { decodePayload, type Metric, type Payload } from './sparkplug/codec.ts';
import type { CurrentValues } from './sparkplug/current-values.ts';
import { type MetricEntry, type MetricTable, NODE_METRIC } from './sparkplug/metric-table.ts';
import { DATATYPE } from './sparkplug/sparkplug-proto.ts';

/** A relayed detection with the node ids of the cabinet that sends it (`from`) and of the one that is to receive it (`to`). */
export interface RelayMessage {
  readonly from: string;
  readonly to: string;
  readonly relay: Omit<RelayedDetection, 'node'>;
}

/** Source: `commands.ts` allows as many metrics in a command; 32 relays of the longest text are within this. Units: bytes. */
const LIMIT = { bytes: 32_768, metrics: 32 };
/** Largest difference of two trusted clocks; an older message was delayed in transport. Units: ms. Source: assumed. Confirmed by: the clock offsets of synchronised cabinets. */
const CLOCK_SKEW_MS = 5_000;

/** Longest text of a relay. Units: UTF-16 units. Source: measured, 190 with the longest ids; doubled for fields of later versions. */
const MAX_CHARS = 512;
/** Cabinets that may still receive it: only the addressed one. Source: issue 5, wave. */
const HOPS = 1;
const TEXT_LIMIT = { nodeChars: 128, idChars: 64, ageMs: 60_000, distanceM: 2_000, speedKmh: 200 };

/** Writes and reads the metric with detections for and from neighbour cabinets; it sends nothing itself. */
export type RelayChannel = ReturnType<typeof createRelayChannel>;

/**
 * Creates the channel for detections exchanged with neighbour cabinets. `onRelay`: receives well-formed detections for this node, also late
 * and repeated ones. It must check these, and whether the sender is a neighbour.
 */
export function createRelayChannel({
  table,
  values,
  nodeId,
  clock,
  onRelay,
}: {
  readonly table: MetricTable;
  readonly values: CurrentValues;
  readonly nodeId: string;
  readonly clock: Clock;
  readonly onRelay: (relay: RelayedDetection) => void;
}) {
  const entry = table.node.find(({ name }) => name === NODE_METRIC.relay) as MetricEntry;
  values.put(entry, { value: null, quality: 'good', atMs: clock.wallMs() });
  const counts = { sent: 0, heard: 0, dropped: 0 };

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
    /** Returns the metric to send now. */
    message: ({ node, ...relay }: RelayedDetection): readonly [entry: MetricEntry, value: UplinkValue] => {
      counts.sent += 1;
      return [entry, { value: writeRelay({ from: nodeId, to: node, relay }), quality: 'good', atMs: clock.wallMs() }];
    },
    /** Returns false, and does nothing, for an NCMD about something else, or one that is too large or has too many metrics. */
    handle: ({ payload, retained }: InboundMessage): boolean => {
      const decoded = payload.length > LIMIT.bytes ? undefined : decodePayload(payload);
      if (decoded === undefined || decoded.metrics.length === 0 || decoded.metrics.length > LIMIT.metrics) return false;
      if (!decoded.metrics.every(isRelay)) return false;
      for (const metric of decoded.metrics) handleOne(metric, decoded, retained);
      return true;
    },
    /** Numbers of detections since the start: passed on by `message`, accepted and dropped by `handle`. */
    counts: (): RelayCounts => ({ ...counts }),
  };
}

/** Returns the JSON text of a relayed detection. Times and distance are rounded to whole ms and m, the speed to 0.1 km/h. */
export function writeRelay({ from, to, relay }: RelayMessage): string {
  const { id, ageMs, ttlMs, distanceM, speedKmh, isApproaching } = relay;
  return JSON.stringify({
    from,
    to,
    id,
    hops: HOPS,
    ageMs: Math.round(ageMs),
    ttlMs: Math.round(ttlMs),
    distanceM: Math.round(distanceM),
    speedKmh: speedKmh === null ? null : Math.round(speedKmh * 10) / 10,
    direction: isApproaching ? 'towards' : null,
  });
}

/** Parses the text of a relayed detection, for any node; undefined if it is malformed or a value is out of its range. */
export function readRelay(text: string): RelayMessage | undefined {
  const fields = text.length > MAX_CHARS ? undefined : parseRecord(text);
  if (fields === undefined) return undefined;
  const { from, to, id, hops, ageMs, ttlMs, distanceM, speedKmh, direction } = fields;
  if (!isName(from, TEXT_LIMIT.nodeChars) || !isName(to, TEXT_LIMIT.nodeChars) || !isName(id, TEXT_LIMIT.idChars) || hops !== HOPS)
    return undefined;
  if (!isWithin(ageMs, TEXT_LIMIT.ageMs) || !isWithin(ttlMs, TEXT_LIMIT.ageMs) || !isWithin(distanceM, TEXT_LIMIT.distanceM))
    return undefined;
  if (speedKmh !== null && !isWithin(speedKmh, TEXT_LIMIT.speedKmh)) return undefined;
  if (direction !== null && direction !== 'towards') return undefined;
  return { from, to, relay: { id, ageMs, ttlMs, distanceM, speedKmh, isApproaching: direction === 'towards' } };
}

/** Short and printable: it is shown in logs and on terminals. */
function isName(value: unknown, maxChars: number): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= maxChars && !/\p{C}/u.test(value);
}

function isWithin(value: unknown, max: number): value is number {
  return typeof value === 'number' && value >= 0 && value <= max;
}
