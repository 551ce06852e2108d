/**
 * The metrics that a platform may write to node, lamps and zones, and those that show the state of an order. Pure data.
 */
import type { UplinkDevice, UplinkMetric } from '../../core/ports.ts';

/** A group of metrics that the agent defines itself: for each key the metric's name, its type, and its unit if it has one. */
export type OwnMetrics = Readonly<Record<string, readonly [name: string, type: UplinkMetric['type'], unit?: string]>>;

const COMMAND = { id: ['Command/Id', 'String'], expires: ['Command/Expires', 'DateTime'], outcome: ['Command/Outcome', 'String'] } as const;
const EMERGENCY = {
  on: ['Emergency/On', 'Boolean'],
  minutes: ['Emergency/Minutes', 'Int64', 'min'],
  reason: ['Emergency/Reason', 'String'],
  until: ['Emergency/Until', 'DateTime'],
} as const;
const OVERRIDE = {
  level: ['Override/Level', 'Int64', '%'],
  minutes: ['Override/Minutes', 'Int64', 'min'],
  reason: ['Override/Reason', 'String'],
  id: ['Override/Id', 'String'],
  release: ['Override/Release', 'Boolean'],
  until: ['Override/Until', 'DateTime'],
  outcome: ['Override/Outcome', 'String'],
} as const;
const PROGRAMME = {
  choice: ['Programme/Choice', 'String'],
  minutes: ['Programme/Minutes', 'Int64', 'min'],
  until: ['Programme/Until', 'DateTime'],
  reason: ['Programme/Reason', 'String'],
} as const;
const IDENTIFY = { seconds: ['Identify/Seconds', 'Int64', 's'] } as const;
const PANEL = {
  text: ['Panel/Text', 'String'],
  minutes: ['Panel/Minutes', 'Int64', 'min'],
  emergency: ['Panel/Emergency', 'Boolean'],
  clear: ['Panel/Clear', 'Boolean'],
} as const;
const SOUND = {
  state: ['Sound/State', 'String'],
  track: ['Sound/Track', 'String'],
  rank: ['Sound/Rank', 'String'],
  why: ['Sound/Why', 'String'],
  volume: ['Sound/Volume', 'Int64', '%'],
  until: ['Sound/Until', 'DateTime'],
  play: ['Sound/Play', 'String'],
  announce: ['Sound/Announce', 'String'],
  emergency: ['Sound/Emergency', 'String'],
  stop: ['Sound/Stop', 'Boolean'],
  volumeSet: ['Sound/Set Volume', 'Int64', '%'],
  resume: ['Sound/Resume', 'Boolean'],
  minutes: ['Sound/Minutes', 'Int64', 'min'],
  reason: ['Sound/Reason', 'String'],
} as const;
const ALARM = {
  acknowledge: ['Alarm/Acknowledge', 'String'],
  note: ['Alarm/Note', 'String'],
  user: ['Alarm/User', 'String'],
} as const;
const MAINTENANCE_STATE = { list: ['Maintenance/List', 'String'] } as const;
const MAINTENANCE = {
  on: ['Maintenance/On', 'Boolean'],
  target: ['Maintenance/Target', 'String'],
  minutes: ['Maintenance/Minutes', 'Int64', 'min'],
  reason: ['Maintenance/Reason', 'String'],
  user: ['Maintenance/User', 'String'],
} as const;
const RELEASE = { at: ['Override/Release At', 'String'] } as const;
const CONFIG_STATE = {
  revision: ['Config/Revision', 'Int64'],
  hash: ['Config/Hash', 'String'],
  state: ['Config/State', 'String'],
  by: ['Config/By', 'String'],
  when: ['Config/When', 'DateTime'],
  why: ['Config/Why', 'String'],
  candidate: ['Config/Candidate', 'String'],
  result: ['Config/Result', 'String'],
} as const;
const CONFIG = {
  action: ['Config/Action', 'String'],
  file: ['Config/File', 'String'],
  part: ['Config/Part', 'String'],
  sha256: ['Config/SHA-256', 'String'],
  data: ['Config/Data', 'Bytes'],
  base: ['Config/Base', 'String'],
  target: ['Config/Target', 'Int64'],
  confirm: ['Config/Confirm', 'String'],
  minutes: ['Config/Minutes', 'Int64', 'min'],
  comment: ['Config/Comment', 'String'],
  user: ['Config/User', 'String'],
} as const;
const UPDATE_STATE = {
  release: ['Update/Release', 'String'],
  state: ['Update/State', 'String'],
  failed: ['Update/Failed', 'String'],
} as const;
const UPDATE = {
  action: ['Update/Action', 'String'],
  at: ['Update/At', 'Int64', 'B'],
  of: ['Update/Of', 'Int64', 'B'],
  data: ['Update/Data', 'Bytes'],
  force: ['Update/Force', 'Boolean'],
} as const;

/** Metric names, on the node and on devices that take commands: id and expiry of a command, and its outcome, which is read-only. */
export const COMMAND_METRIC = metricNames(COMMAND);
/** Metric names of an emergency, on the node and on a zone. The platform may write all but `until`. */
export const EMERGENCY_METRIC = metricNames(EMERGENCY);
/** Metric names of an override, on a lamp or zone: what a platform writes, and the strongest intent and outcome that the agent reports. */
export const OVERRIDE_METRIC = metricNames(OVERRIDE);
/** Metric names, on a zone, of the choice of a programme for a limited time. The platform may write all of them. */
export const PROGRAMME_METRIC = metricNames(PROGRAMME);
/** The one metric name (key `seconds`), on a lamp, for how long the lamp blinks; 0 ends it. Units: s. */
export const IDENTIFY_METRIC = metricNames(IDENTIFY);
/** Metric names on a sound place: those of its state, and those with which a platform requests something. */
export const SOUND_METRIC = metricNames(SOUND);
/** Metric name, on a lamp or zone, for when a release takes effect: `now` or `next-step`. It requests the release by itself. */
export const RELEASE_AT_METRIC = RELEASE.at[0];
/** Metric names, on a panel, that the platform writes to show a text for a time, or to end it. */
export const PANEL_METRIC = metricNames(PANEL);
/** Metric names, on the node, that the platform writes to change the configuration. */
export const CONFIG_METRIC = metricNames(CONFIG);
/** Metric names, on the node, that the platform writes to update the software of the agent. */
export const UPDATE_METRIC = metricNames(UPDATE);
/** Metric names, on the node, that the platform writes to acknowledge events. */
export const ALARM_METRIC = metricNames(ALARM);
/**
 * Metric names, on the node, that the platform writes to start or end maintenance of a lamp, a zone or the cabinet. It suppresses most new
 * alarms about the equipment of its target, but no dangers such as a tripped breaker. It does not change the light.
 */
export const MAINTENANCE_METRIC = metricNames(MAINTENANCE);
/**
 * Metric name, on the node, of the maintenance in force or waiting for a trusted time, as JSON. A long list has only its first items.
 * Read-only for the platform.
 */
export const MAINTENANCE_LIST = MAINTENANCE_STATE.list[0];
/** Metric names, on the node, of the software of the agent and its update; read-only for the platform. */
export const UPDATE_SHOWN = metricNames(UPDATE_STATE);
/** Metric names, on the node, of the state of the configuration; read-only for the platform. */
export const CONFIG_SHOWN = metricNames(CONFIG_STATE);

/**
 * Names of the metrics by which the platform changes the configuration or the software, acknowledges events, or sets maintenance. They show
 * no state.
 */
export const WRITTEN_METRICS: ReadonlySet<string> = new Set(
  [CONFIG_METRIC, UPDATE_METRIC, ALARM_METRIC, MAINTENANCE_METRIC].flatMap((metrics) => Object.values(metrics)),
);

/** Time limit of a trial of a configuration if the platform gives none; it may end sooner. Units: min. Source: as at network consoles. */
export const DEFAULT_TRIAL_MINUTES = 10;
/**
 * Duration of a chosen programme if the platform gives none. Units: min. Source: assumed; a day contains exactly one night. Confirmed by:
 * the operators who choose programmes.
 */
export const DEFAULT_PROGRAMME_MINUTES = 1_440;
/** Duration of an emergency if the platform gives none. Units: min. Source: as for an override. */
export const DEFAULT_EMERGENCY_MINUTES = 120;
/** Duration of a text on a panel if the platform gives none. Units: min. Source: as for an override. */
export const DEFAULT_TEXT_MINUTES = 120;
/** Duration of an override if the platform gives none. Units: min. Source: as for an override from the console. */
export const DEFAULT_OVERRIDE_MINUTES = 120;

/** The metrics of the node for emergency, commands, configuration, software update, maintenance, and the acknowledgement of events. */
export const NODE_COMMAND_METRICS: readonly UplinkMetric[] = [
  ...[EMERGENCY, COMMAND, CONFIG_STATE, CONFIG, UPDATE_STATE, UPDATE],
  ...[MAINTENANCE_STATE, MAINTENANCE, ALARM],
].flatMap(ownMetrics);

/**
 * Returns the metrics that a device has for commands, also those that report a state or an outcome, but not its writable points. Empty if
 * it takes no command.
 */
export function deviceCommandMetrics({ target, metrics, part }: UplinkDevice): readonly UplinkMetric[] {
  if (part !== undefined) return [part === 'panel' ? PANEL : SOUND, COMMAND].flatMap(ownMetrics);
  if (target === null) return metrics.some(({ write }) => write !== undefined) ? ownMetrics(COMMAND) : [];
  const ofKind: Partial<Record<typeof target.kind, readonly OwnMetrics[]>> = {
    zone: [RELEASE, EMERGENCY, PROGRAMME],
    lamp: [RELEASE, IDENTIFY],
  };
  return [OVERRIDE, ...(ofKind[target.kind] ?? []), COMMAND].flatMap(ownMetrics);
}

/** Returns the name of each metric of a group, under the key that it has in the group. */
export function metricNames<T extends OwnMetrics>(metrics: T): { readonly [Key in keyof T]: T[Key][0] } {
  return Object.fromEntries(Object.entries(metrics).map(([key, [name]]) => [key, name])) as { [Key in keyof T]: T[Key][0] };
}

/** Returns the metrics of a group for the uplink, in their order. They have no point, and `unit` is empty if the group gives none. */
export function ownMetrics(metrics: OwnMetrics): readonly UplinkMetric[] {
  return Object.values(metrics).map(([name, type, unit = '']) => ({ name, pointId: null, type, unit }));
}
