/**
 * The metrics of the node and its devices, with the alias of each.
 *
 * Aliases are unique over the whole node, so that DATA can omit the names.
 */
import type { UplinkConfig } from '../../core/cabinet.ts';
import type { UplinkDevice, UplinkMetric } from '../../core/ports.ts';
import type { PointId, Target } from '../../core/words.ts';
import { deviceCommandMetrics, metricNames, NODE_COMMAND_METRICS, ownMetrics } from '../commands/command-metrics.ts';
import { type AliasBlocks, type AliasedMetrics, assignAliasBlocks, NO_ALIAS_BLOCKS } from './alias-blocks.ts';

/** A metric of the node or of a device, with its alias and the flags that decide on its form in messages. */
export interface MetricEntry extends UplinkMetric {
  /** Null for metrics that a host must find by name, and if aliases are off. */
  readonly alias: number | null;
  /** DATA includes its datatype. */
  readonly isTypedInData: boolean;
  /** It describes only its message: hosts should not store it. */
  readonly isTransient: boolean;
  /** Null for the node itself. */
  readonly deviceId: string | null;
}

/** A device of the node with its metrics. `target`: the lamp or zone with this id; null for any other device. */
export interface DeviceEntry {
  readonly id: string;
  readonly target: Target | null;
  /** A panel, or a place with sound. Absent: neither. */
  readonly part?: UplinkDevice['part'];
  /** Those of its configuration, then those that the agent adds, such as those of commands. */
  readonly metrics: readonly MetricEntry[];
  readonly byName: ReadonlyMap<string, MetricEntry>;
  /** Empty if aliases are off. */
  readonly byAlias: ReadonlyMap<number, MetricEntry>;
}

/** All metrics of a node and of its devices. */
export interface MetricTable {
  /** The metrics of the node itself, all defined by the agent. */
  readonly node: readonly MetricEntry[];
  /** By their id. */
  readonly devices: ReadonlyMap<string, DeviceEntry>;
  /** The metrics of each point; a point without a metric is absent. */
  readonly byPoint: ReadonlyMap<PointId, readonly MetricEntry[]>;
  /** The names of the metrics that have an alias; empty if aliases are off. */
  readonly aliased: readonly AliasedMetrics[];
  /** Replaces the aliases by these; call it before the first birth. Needs a block for each entry of `aliased`. */
  adoptAliases(blocks: AliasBlocks): void;
}

type Unnumbered = { -readonly [K in keyof MetricEntry]: MetricEntry[K] };
interface UnnumberedDevice extends DeviceEntry {
  readonly metrics: readonly Unnumbered[];
  readonly byAlias: Map<number, MetricEntry>;
}

const NODE = {
  bdSeq: ['bdSeq', 'Int64'],
  rebirth: ['Node Control/Rebirth', 'Boolean'],
  software: ['Properties/Software', 'String'],
  version: ['Properties/Version', 'String'],
  epoch: ['Sync/Epoch', 'String'],
  mode: ['Sync/Mode', 'String'],
  head: ['Sync/Head', 'Int64'],
  sent: ['Sync/Sent', 'Int64'],
  cursor: ['Sync/Cursor', 'Int64'],
  ack: ['Sync/Ack', 'String'],
  accept: ['Sync/Accept', 'String'],
  resend: ['Sync/Resend', 'String'],
  resendResult: ['Sync/Resend Result', 'String'],
  backlog: ['Sync/Backlog Frames', 'Int64'],
  backlogAge: ['Sync/Backlog Age', 'Int64', 's'],
  oldest: ['Sync/Oldest', 'DateTime'],
  readingsLost: ['Sync/Readings Lost', 'Int64'],
  gaps: ['Sync/Gaps', 'Int64'],
  gap: ['Sync/Gap', 'String'],
  audit: ['Sync/Log', 'String'],
  event: ['Sync/Event', 'String'],
  bytesToday: ['Sync/Bytes Today', 'Int64', 'B'],
  segment: ['Sync/Segment', 'Bytes'],
  relay: ['Relay/Detection', 'String'],
} as const;
const AGENT = {
  memory: ['Agent/Memory', 'Int64', 'MB'],
  loopLag: ['Agent/Loop Lag', 'Int64', 'ms'],
  busUse: ['Agent/Bus Use', 'Int64', '%'],
  storeSize: ['Agent/Store Size', 'Int64', 'MB'],
  starts: ['Agent/Starts', 'Int64'],
  lastEnd: ['Agent/Last End', 'String'],
  safeMode: ['Agent/Safe Mode', 'Boolean'],
} as const;
const ROWS = { rows: ['Sync/Rows', 'String'] } as const;

/** Metric names, on the node, for its session and software, for store and delivery, and for audit log, events and relayed detections. */
export const NODE_METRIC = metricNames(NODE);
/** Metric names, on the node, of the state of the agent itself. */
export const AGENT_METRIC = metricNames(AGENT);
/** Metric name, on the node and on every device, for the rows of the store that a message contains. */
export const ROWS_METRIC = ROWS.rows[0];

const NODE_METRICS: readonly UplinkMetric[] = [...[NODE, ROWS].flatMap(ownMetrics), ...NODE_COMMAND_METRICS, ...ownMetrics(AGENT)];
/** Source: `operational-behavior-data-commands-rebirth-name-aliases`; an alias on bdSeq breaks death matching in hosts (nr#64). */
const WITHOUT_ALIAS: ReadonlySet<string> = new Set([NODE_METRIC.bdSeq, NODE_METRIC.rebirth]);

/**
 * Creates the table of a node with these devices, to which the agent's own metrics are added. `aliases`: metrics have an alias, counted
 * from 1 until `adoptAliases`. `datatypeInData`: DATA includes the datatype of each metric.
 */
export function createMetricTable(
  devices: readonly UplinkDevice[],
  { aliases, datatypeInData }: Pick<UplinkConfig, 'aliases' | 'datatypeInData'> = { aliases: true, datatypeInData: false },
): MetricTable {
  const toEntry = (metric: UplinkMetric, deviceId: string | null): Unnumbered => {
    const isTransient = metric.name === ROWS_METRIC;
    return { ...metric, deviceId, alias: null, isTypedInData: datatypeInData, isTransient };
  };
  const node = NODE_METRICS.map((metric) => toEntry(metric, null));
  const entries = devices.map((device) => toDevice(device, toEntry));
  const byPoint = new Map<PointId, MetricEntry[]>();
  for (const entry of entries.flatMap((device) => device.metrics)) {
    if (entry.pointId !== null) byPoint.set(entry.pointId, [...(byPoint.get(entry.pointId) ?? []), entry]);
  }
  const numbered = aliases ? [{ id: '', metrics: node.filter(({ name }) => !WITHOUT_ALIAS.has(name)) }, ...entries] : [];
  const aliased = numbered.map(({ id, metrics }) => ({ deviceId: id, names: metrics.map(({ name }) => name) }));
  const adoptAliases = ({ blocks }: AliasBlocks): void => {
    const firstOf = new Map(blocks.map(({ deviceId, first }) => [deviceId, first]));
    for (const { id, metrics } of numbered) for (const [i, metric] of metrics.entries()) metric.alias = (firstOf.get(id) ?? 1) + i;
    for (const { metrics, byAlias } of entries) {
      byAlias.clear();
      for (const entry of metrics) if (entry.alias !== null) byAlias.set(entry.alias, entry);
    }
  };
  adoptAliases(assignAliasBlocks(NO_ALIAS_BLOCKS, aliased));
  return { node, devices: new Map(entries.map((device) => [device.id, device])), byPoint, aliased, adoptAliases };
}

function toDevice(device: UplinkDevice, toEntry: (metric: UplinkMetric, deviceId: string) => Unnumbered): UnnumberedDevice {
  const known = new Set(device.metrics.map((metric) => metric.name));
  const added = deviceCommandMetrics(device).filter((metric) => !known.has(metric.name));
  const metrics = [...device.metrics, ...added, ...ownMetrics(ROWS)].map((metric) => toEntry(metric, device.id));
  return {
    id: device.id,
    target: device.target,
    ...(device.part === undefined ? {} : { part: device.part }),
    metrics,
    byName: new Map(metrics.map((entry) => [entry.name, entry])),
    byAlias: new Map(),
  };
}
