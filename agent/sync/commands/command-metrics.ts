/**
 * The metrics that a platform may write to node, lamps and zones besides the override, and their values at rest. Pure data.
 */
import type { UplinkDevice, UplinkMetric, UplinkValue } from '../../core/ports.ts';

/** On everything that accepts commands: the id, the expiry, and the outcome. */
export const COMMAND_METRIC = { id: 'Command/Id', expires: 'Command/Expires', outcome: 'Command/Outcome' } as const;
/** On the node: all lamps at full light. */
export const EMERGENCY_METRIC = {
  on: 'Emergency/On',
  minutes: 'Emergency/Minutes',
  reason: 'Emergency/Reason',
  until: 'Emergency/Until',
} as const;
/** On a zone: another of the cabinet's programmes for a limited time. */
export const PROGRAMME_METRIC = {
  choice: 'Programme/Choice',
  minutes: 'Programme/Minutes',
  until: 'Programme/Until',
  reason: 'Programme/Reason',
} as const;
/** On a lamp: the time for which it blinks. */
export const IDENTIFY_METRIC = { seconds: 'Identify/Seconds' } as const;
/** On a lamp or zone, with `Override/Release`: when it takes effect. */
export const RELEASE_AT_METRIC = 'Override/Release At';

/** On the node: what the platform writes to change the configuration. */
export const CONFIG_METRIC = {
  action: 'Config/Action',
  file: 'Config/File',
  part: 'Config/Part',
  sha256: 'Config/SHA-256',
  data: 'Config/Data',
  base: 'Config/Base',
  target: 'Config/Target',
  confirm: 'Config/Confirm',
  minutes: 'Config/Minutes',
  comment: 'Config/Comment',
  user: 'Config/User',
} as const;
/** On the node: what the platform writes to update the program. */
export const UPDATE_METRIC = {
  action: 'Update/Action',
  at: 'Update/At',
  of: 'Update/Of',
  data: 'Update/Data',
  force: 'Update/Force',
} as const;
/** On the node: the state of its program, read-only. */
export const UPDATE_SHOWN = { release: 'Update/Release', state: 'Update/State', failed: 'Update/Failed' } as const;
/** On the node: the state of its configuration, read-only. */
export const CONFIG_SHOWN = {
  revision: 'Config/Revision',
  hash: 'Config/Hash',
  state: 'Config/State',
  by: 'Config/By',
  when: 'Config/When',
  why: 'Config/Why',
  candidate: 'Config/Candidate',
  result: 'Config/Result',
} as const;

/** Metrics that only the platform writes, by name: a birth without them loses no information. */
export const WRITTEN_METRICS: ReadonlySet<string> = new Set([...Object.values(CONFIG_METRIC), ...Object.values(UPDATE_METRIC)]);

/** Trial time of a revision when the platform gives none. Units: min. Source: as network consoles have it. */
export const DEFAULT_TRIAL_MINUTES = 10;
/** Duration of a chosen programme when the platform gives none. Units: min. Source: assumed; one night and no other. */
export const DEFAULT_PROGRAMME_MINUTES = 1_440;
/** Duration of an emergency when the platform gives none. Units: min. Source: as for an override, design §6. */
export const DEFAULT_EMERGENCY_MINUTES = 120;

const COMMAND = [own(COMMAND_METRIC.id, 'String'), own(COMMAND_METRIC.expires, 'DateTime'), own(COMMAND_METRIC.outcome, 'String')];

/** The node's metrics for commands, in the order of its birth: if the broker limits the packet size, the last ones are left out. */
export const NODE_COMMAND_METRICS: readonly UplinkMetric[] = [
  own(EMERGENCY_METRIC.on, 'Boolean'),
  own(EMERGENCY_METRIC.minutes, 'Int64', 'min'),
  own(EMERGENCY_METRIC.reason, 'String'),
  own(EMERGENCY_METRIC.until, 'DateTime'),
  ...COMMAND,
  own(CONFIG_SHOWN.revision, 'Int64'),
  own(CONFIG_SHOWN.hash, 'String'),
  own(CONFIG_SHOWN.state, 'String'),
  own(CONFIG_SHOWN.by, 'String'),
  own(CONFIG_SHOWN.when, 'DateTime'),
  own(CONFIG_SHOWN.why, 'String'),
  own(CONFIG_SHOWN.candidate, 'String'),
  own(CONFIG_SHOWN.result, 'String'),
  own(CONFIG_METRIC.action, 'String'),
  own(CONFIG_METRIC.file, 'String'),
  own(CONFIG_METRIC.part, 'String'),
  own(CONFIG_METRIC.sha256, 'String'),
  own(CONFIG_METRIC.data, 'Bytes'),
  own(CONFIG_METRIC.base, 'String'),
  own(CONFIG_METRIC.target, 'Int64'),
  own(CONFIG_METRIC.confirm, 'String'),
  own(CONFIG_METRIC.minutes, 'Int64', 'min'),
  own(CONFIG_METRIC.comment, 'String'),
  own(CONFIG_METRIC.user, 'String'),
  own(UPDATE_SHOWN.release, 'String'),
  own(UPDATE_SHOWN.state, 'String'),
  own(UPDATE_SHOWN.failed, 'String'),
  own(UPDATE_METRIC.action, 'String'),
  own(UPDATE_METRIC.at, 'Int64', 'B'),
  own(UPDATE_METRIC.of, 'Int64', 'B'),
  own(UPDATE_METRIC.data, 'Bytes'),
  own(UPDATE_METRIC.force, 'Boolean'),
];
const PROGRAMME: readonly UplinkMetric[] = [
  own(PROGRAMME_METRIC.choice, 'String'),
  own(PROGRAMME_METRIC.minutes, 'Int64', 'min'),
  own(PROGRAMME_METRIC.until, 'DateTime'),
  own(PROGRAMME_METRIC.reason, 'String'),
];

/** The metrics that a device has for commands; none when nothing on it can be written. */
export function deviceCommandMetrics({ target, metrics }: UplinkDevice): readonly UplinkMetric[] {
  const ofTarget =
    target?.kind === 'zone'
      ? [own(RELEASE_AT_METRIC, 'String'), ...PROGRAMME]
      : target?.kind === 'lamp'
        ? [own(RELEASE_AT_METRIC, 'String'), own(IDENTIFY_METRIC.seconds, 'Int64', 's')]
        : [];
  return target !== null || metrics.some(({ write }) => write !== undefined) ? [...ofTarget, ...COMMAND] : [];
}

/** The value of each while nothing is requested. */
export const AT_REST: ReadonlyMap<string, UplinkValue['value']> = new Map<string, UplinkValue['value']>([
  [EMERGENCY_METRIC.on, false],
  [EMERGENCY_METRIC.minutes, DEFAULT_EMERGENCY_MINUTES],
  [EMERGENCY_METRIC.reason, null],
  [EMERGENCY_METRIC.until, null],
  [PROGRAMME_METRIC.choice, ''],
  [PROGRAMME_METRIC.minutes, DEFAULT_PROGRAMME_MINUTES],
  [PROGRAMME_METRIC.until, null],
  [PROGRAMME_METRIC.reason, null],
  [IDENTIFY_METRIC.seconds, 0],
  [RELEASE_AT_METRIC, ''],
  [CONFIG_METRIC.minutes, DEFAULT_TRIAL_MINUTES],
  [CONFIG_METRIC.confirm, 'auto'],
  [UPDATE_METRIC.force, false],
  [COMMAND_METRIC.id, null],
  [COMMAND_METRIC.expires, null],
  [COMMAND_METRIC.outcome, null],
]);

function own(name: string, type: UplinkMetric['type'], unit = ''): UplinkMetric {
  return { name, pointId: null, type, unit };
}
