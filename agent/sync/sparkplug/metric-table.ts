/**
 * The metrics of the node and its devices, with the alias of each.
 *
 * Aliases are assigned once per run and are unique over the whole node, so that DATA can omit the names.
 */
import type { UplinkDevice, UplinkMetric } from '../../core/ports.ts';
import type { PointId, Target } from '../../core/words.ts';
import { deviceCommandMetrics, NODE_COMMAND_METRICS } from '../commands/command-metrics.ts';

export interface MetricEntry extends UplinkMetric {
  /** Null for those a host must find by name: bdSeq and Node Control, or all where aliases are off. */
  readonly alias: number | null;
  /** DATA includes its datatype. */
  readonly isTypedInData: boolean;
  /** It describes its message only: hosts must not keep it. */
  readonly isTransient: boolean;
  /** Null for the node itself. */
  readonly deviceId: string | null;
}

export interface DeviceEntry {
  readonly id: string;
  readonly target: Target | null;
  readonly metrics: readonly MetricEntry[];
  readonly byName: ReadonlyMap<string, MetricEntry>;
  readonly byAlias: ReadonlyMap<number, MetricEntry>;
}

export interface MetricTable {
  readonly node: readonly MetricEntry[];
  readonly devices: ReadonlyMap<string, DeviceEntry>;
  /** A point may belong to more than one device: a lamp and its zone. */
  readonly byPoint: ReadonlyMap<PointId, readonly MetricEntry[]>;
}

export const NODE_METRIC = {
  bdSeq: 'bdSeq',
  rebirth: 'Node Control/Rebirth',
  software: 'Properties/Software',
  version: 'Properties/Version',
  epoch: 'Sync/Epoch',
  mode: 'Sync/Mode',
  head: 'Sync/Head',
  sent: 'Sync/Sent',
  cursor: 'Sync/Cursor',
  ack: 'Sync/Ack',
  accept: 'Sync/Accept',
  resend: 'Sync/Resend',
  resendResult: 'Sync/Resend Result',
  backlog: 'Sync/Backlog Frames',
  backlogAge: 'Sync/Backlog Age',
  oldest: 'Sync/Oldest',
  readingsLost: 'Sync/Readings Lost',
  gaps: 'Sync/Gaps',
  gap: 'Sync/Gap',
  bytesToday: 'Sync/Bytes Today',
  segment: 'Sync/Segment',
  relay: 'Relay/Detection',
} as const;

/** On the node: the state of the agent itself. */
export const AGENT_METRIC = {
  memory: 'Agent/Memory',
  loopLag: 'Agent/Loop Lag',
  busUse: 'Agent/Bus Use',
  storeSize: 'Agent/Store Size',
  starts: 'Agent/Starts',
  lastEnd: 'Agent/Last End',
  safeMode: 'Agent/Safe Mode',
} as const;

/** On the node and on every device: the rows of the store that a message carries. */
export const ROWS_METRIC = 'Sync/Rows';

/** On a lamp or zone: what a platform writes for an override, and its state. */
export const OVERRIDE_METRIC = {
  level: 'Override/Level',
  minutes: 'Override/Minutes',
  reason: 'Override/Reason',
  id: 'Override/Id',
  release: 'Override/Release',
  until: 'Override/Until',
  outcome: 'Override/Outcome',
} as const;

const NODE_METRICS: readonly UplinkMetric[] = [
  own(NODE_METRIC.bdSeq, 'Int64'),
  own(NODE_METRIC.rebirth, 'Boolean'),
  own(NODE_METRIC.software, 'String'),
  own(NODE_METRIC.version, 'String'),
  own(NODE_METRIC.epoch, 'String'),
  own(NODE_METRIC.mode, 'String'),
  own(NODE_METRIC.head, 'Int64'),
  own(NODE_METRIC.sent, 'Int64'),
  own(NODE_METRIC.cursor, 'Int64'),
  own(NODE_METRIC.ack, 'String'),
  own(NODE_METRIC.accept, 'String'),
  own(NODE_METRIC.resend, 'String'),
  own(NODE_METRIC.resendResult, 'String'),
  own(NODE_METRIC.backlog, 'Int64'),
  own(NODE_METRIC.backlogAge, 'Int64', 's'),
  own(NODE_METRIC.oldest, 'DateTime'),
  own(NODE_METRIC.readingsLost, 'Int64'),
  own(NODE_METRIC.gaps, 'Int64'),
  own(NODE_METRIC.gap, 'String'),
  own(NODE_METRIC.bytesToday, 'Int64', 'B'),
  own(NODE_METRIC.segment, 'Bytes'),
  own(NODE_METRIC.relay, 'String'),
  own(ROWS_METRIC, 'String'),
  ...NODE_COMMAND_METRICS,
  own(AGENT_METRIC.memory, 'Int64', 'MB'),
  own(AGENT_METRIC.loopLag, 'Int64', 'ms'),
  own(AGENT_METRIC.busUse, 'Int64', '%'),
  own(AGENT_METRIC.storeSize, 'Int64', 'MB'),
  own(AGENT_METRIC.starts, 'Int64'),
  own(AGENT_METRIC.lastEnd, 'String'),
  own(AGENT_METRIC.safeMode, 'Boolean'),
];
const OVERRIDE_METRICS: readonly UplinkMetric[] = [
  own(OVERRIDE_METRIC.level, 'Int64', '%'),
  own(OVERRIDE_METRIC.minutes, 'Int64', 'min'),
  own(OVERRIDE_METRIC.reason, 'String'),
  own(OVERRIDE_METRIC.id, 'String'),
  own(OVERRIDE_METRIC.release, 'Boolean'),
  own(OVERRIDE_METRIC.until, 'DateTime'),
  own(OVERRIDE_METRIC.outcome, 'String'),
];
/** Source: `operational-behavior-data-commands-rebirth-name-aliases`; an alias on bdSeq breaks death matching in hosts (nr#64). */
const WITHOUT_ALIAS: ReadonlySet<string> = new Set([NODE_METRIC.bdSeq, NODE_METRIC.rebirth]);

/** The table of a node with these devices; lamps and zones get the override metrics that they do not define themselves. */
export function createMetricTable(
  devices: readonly UplinkDevice[],
  {
    aliases,
    datatypeInData,
  }: {
    readonly aliases: boolean;
    readonly datatypeInData: boolean;
  } = { aliases: true, datatypeInData: false },
): MetricTable {
  let lastAlias = 0;
  const toEntry = (metric: UplinkMetric, deviceId: string | null): MetricEntry => {
    const named = !aliases || (deviceId === null && WITHOUT_ALIAS.has(metric.name));
    if (!named) lastAlias += 1;
    const isTransient = metric.name === ROWS_METRIC;
    return { ...metric, deviceId, alias: named ? null : lastAlias, isTypedInData: datatypeInData, isTransient };
  };
  const node = NODE_METRICS.map((metric) => toEntry(metric, null));
  const entries = devices.map((device) => toDevice(device, toEntry));
  const byPoint = new Map<PointId, MetricEntry[]>();
  for (const entry of entries.flatMap((device) => device.metrics)) {
    if (entry.pointId !== null) byPoint.set(entry.pointId, [...(byPoint.get(entry.pointId) ?? []), entry]);
  }
  return { node, devices: new Map(entries.map((device) => [device.id, device])), byPoint };
}

function toDevice(device: UplinkDevice, toEntry: (metric: UplinkMetric, deviceId: string) => MetricEntry): DeviceEntry {
  const known = new Set(device.metrics.map((metric) => metric.name));
  const standard = [...(device.target === null ? [] : OVERRIDE_METRICS), ...deviceCommandMetrics(device)];
  const added = standard.filter((metric) => !known.has(metric.name));
  const metrics = [...device.metrics, ...added, own(ROWS_METRIC, 'String')].map((metric) => toEntry(metric, device.id));
  return {
    id: device.id,
    target: device.target,
    metrics,
    byName: new Map(metrics.map((entry) => [entry.name, entry])),
    byAlias: new Map(metrics.flatMap((entry) => (entry.alias === null ? [] : [[entry.alias, entry] as const]))),
  };
}

function own(name: string, type: UplinkMetric['type'], unit = ''): UplinkMetric {
  return { name, pointId: null, type, unit };
}
