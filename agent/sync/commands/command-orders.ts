/**
 * Reads the order in a command: an override or its release, an emergency, a programme, a lamp that blinks, a value for a point. Pure.
 *
 * Checks the fields of each. Light levels are limited by the arbiter, names of programmes are checked by control.
 */
import { isTrusted, type MonoMs } from '../../core/clock.ts';
import { MINUTE_MS } from '../../core/durations.ts';
import type { OverrideRequest, PlatformOrder } from '../../core/ports.ts';
import type { CommandTarget, IntentRank, Target } from '../../core/words.ts';
import { DEFAULT_OVERRIDE_MINUTES } from '../sparkplug/current-values.ts';
import { type MetricEntry, OVERRIDE_METRIC } from '../sparkplug/metric-table.ts';
import {
  type Checked,
  type CommandFields,
  type CommandInstant,
  readFlag,
  readInteger,
  readPointValue,
  readText,
  readTime,
} from './command-fields.ts';
import {
  DEFAULT_EMERGENCY_MINUTES,
  DEFAULT_PROGRAMME_MINUTES,
  EMERGENCY_METRIC,
  IDENTIFY_METRIC,
  PROGRAMME_METRIC,
  RELEASE_AT_METRIC,
} from './command-metrics.ts';

/** Source: design §6: each intent of the platform expires by itself. A programme may be chosen for a month. Units: min, s, characters. */
const LIMIT = { minutes: 1_440, programmeMinutes: 44_640, identifyS: 600, reasonLength: 80, nameLength: 64 };
/** A shorter blink is not seen from the street. Units: s. Source: as at the console. */
const SHORTEST_IDENTIFY_S = 5;
/** A value that was not sent to its device within this time expires. Units: ms. Source: as for the level of a lamp. */
const POINT_TTL_MS = 60_000;
const SOURCE = 'platform';
const NEXT_STEP = 'next-step';

/** The fields around the order. `expiresMono`: null when the platform gave no expiry. */
export interface OrderFrame {
  readonly commandId: string;
  readonly expiresMono: MonoMs | null;
  readonly now: CommandInstant;
}

/** The order for a lamp or zone, or for a point of a device. */
export function readDeviceOrder(
  fields: CommandFields,
  place: { readonly deviceId: string; readonly target: Target | null; readonly byName: ReadonlyMap<string, MetricEntry> },
  frame: OrderFrame,
): Checked<PlatformOrder> {
  const asked = groupOfCommand(fields);
  if ('reason' in asked) return asked;
  const { target, deviceId } = place;
  if (asked.value === 'point') return pointOrder(fields, place, frame);
  if (target?.kind === 'zone' && asked.value === 'Programme') return programmeOrder(fields, target.id, frame);
  if (target?.kind === 'lamp' && asked.value === 'Identify') return blinkOrder(fields, target.id, frame);
  if (target !== null) return overrideOrRelease(fields, target, frame);
  return { reason: `${deviceId} takes no such command` };
}

/** The emergency order for the node, or its end. `cabinet` is the whole street. */
export function readEmergency(fields: CommandFields, cabinet: Target, frame: OrderFrame): Checked<PlatformOrder> {
  const { on: name, minutes: minutesName } = EMERGENCY_METRIC;
  const on = readFlag(fields, name);
  if ('reason' in on) return on;
  if (on.value === undefined) return { reason: `nothing is asked: ${name} is missing (true lights all lamps, false ends it)` };
  if (!on.value) {
    if (fields.has(minutesName)) return { reason: `${name} false and ${minutesName} in one command contradict each other` };
    return { value: releaseOrder(cabinet, 'emergency', frame) };
  }
  const range = { min: 1, max: LIMIT.minutes, absent: DEFAULT_EMERGENCY_MINUTES };
  const minutes = readInteger(fields, minutesName, range);
  if ('reason' in minutes) return minutes;
  const reason = readText(fields, EMERGENCY_METRIC.reason, LIMIT.reasonLength);
  if ('reason' in reason) return reason;
  const intent = { levelPct: 100, rank: 'emergency' as const, minutes: minutes.value, reason: reason.value };
  return { value: overrideOrder(cabinet, intent, frame) };
}

/** The target of an order; `place` when the order does not name one. */
export function targetOf({ kind, request }: PlatformOrder, place: CommandTarget): CommandTarget {
  if (kind === 'override' || kind === 'release') return request.target;
  if (kind === 'programme') return { kind: 'zone', id: request.zone };
  return kind === 'blink' ? { kind: 'lamp', id: request.lamp } : place;
}

/** The group of metrics (the part before the slash) that a command writes; one command writes one group. */
function groupOfCommand(fields: CommandFields): Checked<string> {
  const groups = new Set([...fields.keys()].filter((name) => !isEnvelope(name)).map(groupOf));
  if (groups.size > 1) return { reason: `one command asks one thing, this one ${[...groups].join(' and ')}: send them one by one` };
  return { value: [...groups][0] ?? 'Override' };
}

function groupOf(name: string): string {
  const known = ['Override', 'Programme', 'Identify'].find((group) => name.startsWith(`${group}/`));
  return known ?? 'point';
}

function isEnvelope(name: string): boolean {
  return name.startsWith('Command/') || name === OVERRIDE_METRIC.id;
}

function overrideOrRelease(fields: CommandFields, target: Target, frame: OrderFrame): Checked<PlatformOrder> {
  const release = readRelease(fields);
  if ('reason' in release) return release;
  if (release.value === null) return readOverride(fields, target, frame);
  if ([OVERRIDE_METRIC.level, OVERRIDE_METRIC.minutes, OVERRIDE_METRIC.until].some((name) => fields.has(name))) {
    return { reason: `${OVERRIDE_METRIC.release} and ${OVERRIDE_METRIC.level} in one command contradict each other` };
  }
  return { value: releaseOrder(target, 'override', frame, release.value === NEXT_STEP) };
}

/** Null when no release is requested. */
function readRelease(fields: CommandFields): Checked<'now' | typeof NEXT_STEP | null> {
  const flag = readFlag(fields, OVERRIDE_METRIC.release);
  if ('reason' in flag) return flag;
  const at = readText(fields, RELEASE_AT_METRIC, LIMIT.nameLength);
  if ('reason' in at) return at;
  if (!['', 'now', NEXT_STEP].includes(at.value)) return { reason: `${RELEASE_AT_METRIC} takes "now" or "${NEXT_STEP}"` };
  if (flag.value === false && at.value !== '')
    return { reason: `${OVERRIDE_METRIC.release} false and ${RELEASE_AT_METRIC} contradict each other` };
  if (flag.value !== true && at.value === '') return { value: null };
  return { value: at.value === NEXT_STEP ? NEXT_STEP : 'now' };
}

function readOverride(fields: CommandFields, target: Target, frame: OrderFrame): Checked<PlatformOrder> {
  if (!fields.has(OVERRIDE_METRIC.level))
    return { reason: `nothing is asked: ${OVERRIDE_METRIC.level} or ${OVERRIDE_METRIC.release} is missing` };
  const level = readInteger(fields, OVERRIDE_METRIC.level, { min: 0, max: 100, absent: 0 });
  if ('reason' in level) return level;
  const limit = { max: LIMIT.minutes, absent: DEFAULT_OVERRIDE_MINUTES };
  const minutes = readLength(fields, { minutes: OVERRIDE_METRIC.minutes, until: OVERRIDE_METRIC.until, ...limit }, frame.now);
  if ('reason' in minutes) return minutes;
  const reason = readText(fields, OVERRIDE_METRIC.reason, LIMIT.reasonLength);
  if ('reason' in reason) return reason;
  const intent = { levelPct: level.value, rank: 'override' as const, minutes: minutes.value, reason: reason.value };
  return { value: overrideOrder(target, intent, frame) };
}

function programmeOrder(fields: CommandFields, zone: string, { commandId, now }: OrderFrame): Checked<PlatformOrder> {
  const { choice: name, minutes: minutesName, until, reason: reasonName } = PROGRAMME_METRIC;
  if (!fields.has(name)) return { reason: `nothing is asked: ${name} is missing ("" gives the zone back to its calendar)` };
  const choice = readText(fields, name, LIMIT.nameLength);
  if ('reason' in choice) return choice;
  const programme = choice.value === '' ? null : choice.value;
  if (programme === null && (fields.has(minutesName) || fields.has(until))) {
    return { reason: `${name} "" gives the zone back now: leave ${minutesName} and ${until} out` };
  }
  const limit = { max: LIMIT.programmeMinutes, absent: DEFAULT_PROGRAMME_MINUTES };
  const minutes = readLength(fields, { minutes: minutesName, until, ...limit }, now);
  if ('reason' in minutes) return minutes;
  const reason = readText(fields, reasonName, LIMIT.reasonLength);
  if ('reason' in reason) return reason;
  const request = { commandId, zone, programme, minutes: minutes.value, reason: reason.value, source: SOURCE };
  return { value: { kind: 'programme', request } };
}

function blinkOrder(fields: CommandFields, lamp: string, { commandId, expiresMono }: OrderFrame): Checked<PlatformOrder> {
  const name = IDENTIFY_METRIC.seconds;
  const seconds = readInteger(fields, name, { min: 0, max: LIMIT.identifyS, absent: 0 });
  if ('reason' in seconds) return seconds;
  if (seconds.value > 0 && seconds.value < SHORTEST_IDENTIFY_S)
    return { reason: `${name} is ${seconds.value}, allowed are ${SHORTEST_IDENTIFY_S} to ${LIMIT.identifyS}, or 0 to end it` };
  const request = { commandId, lamp, seconds: seconds.value, source: SOURCE, ...expiry(expiresMono) };
  return { value: { kind: 'blink', request } };
}

function pointOrder(
  fields: CommandFields,
  { deviceId, byName }: { readonly deviceId: string; readonly byName: ReadonlyMap<string, MetricEntry> },
  { commandId, expiresMono, now }: OrderFrame,
): Checked<PlatformOrder> {
  const [written, ...others] = [...fields].filter(([name]) => !isEnvelope(name));
  if (written === undefined || others.length > 0) return { reason: 'one command writes one point: send them one by one' };
  const [name, metric] = written;
  const entry = byName.get(name);
  if (entry?.pointId == null) return { reason: `${name} is no point` };
  const value = readPointValue(metric, entry);
  if ('reason' in value) return value;
  const untilMono = Math.min(now.nowMono + POINT_TTL_MS, expiresMono ?? Number.POSITIVE_INFINITY);
  const request = { commandId, deviceId, pointId: entry.pointId, value: value.value, source: SOURCE, expiresMono: untilMono };
  return { value: { kind: 'point', request } };
}

interface LengthNames {
  readonly minutes: string;
  readonly until: string;
  readonly max: number;
  readonly absent: number;
}

/** The duration of an intent, given as a length or as its end. Units: min; an end gives fractions. */
function readLength(
  fields: CommandFields,
  { minutes, until, max, absent }: LengthNames,
  { nowMs, clockQuality }: CommandInstant,
): Checked<number> {
  const end = readTime(fields, until);
  if ('reason' in end) return end;
  if (end.value === undefined) return readInteger(fields, minutes, { min: 1, max, absent });
  if (fields.has(minutes)) return { reason: `${minutes} and ${until} in one command contradict each other` };
  if (!isTrusted(clockQuality)) return { reason: `the time is not known here: give ${minutes} instead of ${until}` };
  const length = (end.value - nowMs) / MINUTE_MS;
  if (length < 0) return { reason: `${until} was ${Math.ceil(-length)} min ago: give a time ahead` };
  if (length < 1 || length > max) return { reason: `${until} is ${Math.round(length)} min ahead, allowed are 1 to ${max}` };
  return { value: length };
}

type PlatformIntent = Pick<OverrideRequest, 'levelPct' | 'rank' | 'minutes' | 'reason'>;

function overrideOrder(target: Target, intent: PlatformIntent, { commandId, expiresMono }: OrderFrame): PlatformOrder {
  return { kind: 'override', request: { commandId, target, ...intent, source: SOURCE, ...expiry(expiresMono) } };
}

function releaseOrder(target: Target, rank: IntentRank, { commandId }: OrderFrame, atNextStep = false): PlatformOrder {
  return { kind: 'release', request: { commandId, target, source: SOURCE, rank, ...(atNextStep ? { atNextStep } : {}) } };
}

function expiry(expiresMono: MonoMs | null): { readonly expiresMono?: MonoMs } {
  return expiresMono === null ? {} : { expiresMono };
}
