/**
 * Reads the order in a command: an override or its release, an emergency, a programme, a lamp that blinks, a value for a point. Pure.
 *
 * The arbiter limits light levels; control checks the names of programmes.
 * Errors: throws Refusal, as for a field.
 */

import { isTrusted, type MonoMs } from '../../core/clock.ts';
import { MINUTE_MS } from '../../core/durations.ts';
import { msg } from '../../core/message.ts';
import type { OverrideRequest, PlatformOrder } from '../../core/ports.ts';
import { Refusal } from '../../core/refusal.ts';
import type { CommandTarget, IntentRank, Target } from '../../core/words.ts';
import type { DeviceEntry } from '../sparkplug/metric-table.ts';
import { type CommandFields, type CommandInstant, readFlag, readInteger, readPointValue, readText, readTime } from './command-fields.ts';
import {
  DEFAULT_EMERGENCY_MINUTES,
  DEFAULT_OVERRIDE_MINUTES,
  DEFAULT_PROGRAMME_MINUTES,
  DEFAULT_TEXT_MINUTES,
  EMERGENCY_METRIC,
  IDENTIFY_METRIC,
  OVERRIDE_METRIC,
  PANEL_METRIC,
  PROGRAMME_METRIC,
  RELEASE_AT_METRIC,
} from './command-metrics.ts';
import { readSoundRequest } from './sound-orders.ts';

/** Source: each intent of the platform expires by itself. A programme may be chosen for a month. Units: min, s, characters. */
const LIMIT = { minutes: 1_440, programmeMinutes: 44_640, identifyS: 600, reasonLength: 80, nameLength: 64, textLength: 256 };
/** A shorter blink is not visible from the street. Units: s. Source: as at the console. */
const SHORTEST_IDENTIFY_S = 5;
/** A value that was not sent to its device within this time expires. Units: ms. Source: as for the level of a lamp. */
const POINT_TTL_MS = 60_000;
const SOURCE = 'platform';
const NEXT_STEP = 'next-step';

/**
 * What an order needs besides the fields of its command. `expiresMono`: its expiry by the monotonic clock; null without Command/Expires.
 * `now`: when the command is read.
 */
export interface OrderFrame {
  readonly commandId: string;
  readonly expiresMono: MonoMs | null;
  readonly now: CommandInstant;
}

/**
 * Returns the order in a command to a device. Names of programmes and tracks, and limits of the site, are not checked. Errors: throws
 * Refusal, for example if the device takes no such order, or if a value has a wrong type or is out of range.
 */
export function readDeviceOrder(fields: CommandFields, place: DeviceEntry, frame: OrderFrame): PlatformOrder {
  if (place.part === 'sound-place') return { kind: 'sound', request: readSoundRequest(fields, place.id, frame) };
  const group = groupOfCommand(fields);
  const { target, id: deviceId, part } = place;
  if (part === 'panel') return panelOrder(fields, deviceId, frame);
  if (group === 'point') return pointOrder(fields, place, frame);
  if (target?.kind === 'zone' && group === 'Emergency') return readEmergency(fields, target, frame);
  if (target?.kind === 'zone' && group === 'Programme') return programmeOrder(fields, target.id, frame);
  if (target?.kind === 'lamp' && group === 'Identify') return blinkOrder(fields, target.id, frame);
  if (target !== null) return overrideOrRelease(fields, target, frame);
  throw new Refusal(msg`${deviceId} takes no such command`);
}

/**
 * Returns the order that starts an emergency for the target, an override of 100 %, or the release that ends it. Errors: throws Refusal, for
 * example if `Emergency/On` is absent.
 */
export function readEmergency(fields: CommandFields, target: Target, frame: OrderFrame): PlatformOrder {
  const { on: name, minutes: minutesName } = EMERGENCY_METRIC;
  const on = readFlag(fields, name);
  if (on === undefined) throw new Refusal(msg`nothing is requested: ${name} is missing (true lights all its lamps, false ends it)`);
  if (!on) {
    if (fields.has(minutesName)) throw new Refusal(msg`${name} false and ${minutesName} in one command contradict each other`);
    return releaseOrder(target, 'emergency', frame);
  }
  const minutes = readInteger(fields, minutesName, { min: 1, max: LIMIT.minutes, absent: DEFAULT_EMERGENCY_MINUTES });
  const reason = readText(fields, EMERGENCY_METRIC.reason, LIMIT.reasonLength);
  return overrideOrder(target, { levelPct: 100, rank: 'emergency', minutes, reason }, frame);
}

/** Returns the target of an override, a release, a choice of programme or a blink order. Returns `place` for any other order. */
export function targetOf({ kind, request }: PlatformOrder, place: CommandTarget): CommandTarget {
  if (kind === 'override' || kind === 'release') return request.target;
  if (kind === 'programme') return { kind: 'zone', id: request.zone };
  return kind === 'blink' ? { kind: 'lamp', id: request.lamp } : place;
}

/** The group of metrics (the part before the slash) that a command writes; one command writes one group. */
function groupOfCommand(fields: CommandFields): string {
  const groups = new Set([...fields.keys()].filter((name) => !isEnvelope(name)).map(groupOf));
  if (groups.size > 1)
    throw new Refusal(msg`one command requests one thing, this one requests several (${[...groups]}): send them one by one`);
  return [...groups][0] ?? 'Override';
}

function groupOf(name: string): string {
  const known = ['Override', 'Emergency', 'Programme', 'Identify'].find((group) => name.startsWith(`${group}/`));
  return known ?? 'point';
}

function isEnvelope(name: string): boolean {
  return name.startsWith('Command/') || name === OVERRIDE_METRIC.id;
}

function overrideOrRelease(fields: CommandFields, target: Target, frame: OrderFrame): PlatformOrder {
  const release = readRelease(fields);
  if (release === null) return readOverride(fields, target, frame);
  if ([OVERRIDE_METRIC.level, OVERRIDE_METRIC.minutes, OVERRIDE_METRIC.until].some((name) => fields.has(name))) {
    throw new Refusal(msg`${OVERRIDE_METRIC.release} and ${OVERRIDE_METRIC.level} in one command contradict each other`);
  }
  return releaseOrder(target, 'override', frame, release === NEXT_STEP);
}

/** Null when no release is requested. */
function readRelease(fields: CommandFields): 'now' | typeof NEXT_STEP | null {
  const flag = readFlag(fields, OVERRIDE_METRIC.release);
  const at = readText(fields, RELEASE_AT_METRIC, LIMIT.nameLength);
  if (!['', 'now', NEXT_STEP].includes(at)) throw new Refusal(msg`${RELEASE_AT_METRIC} takes "now" or "${NEXT_STEP}"`);
  if (flag === false && at !== '') throw new Refusal(msg`${OVERRIDE_METRIC.release} false and ${RELEASE_AT_METRIC} contradict each other`);
  if (flag !== true && at === '') return null;
  return at === NEXT_STEP ? NEXT_STEP : 'now';
}

function readOverride(fields: CommandFields, target: Target, frame: OrderFrame): PlatformOrder {
  if (!fields.has(OVERRIDE_METRIC.level))
    throw new Refusal(msg`nothing is requested: ${OVERRIDE_METRIC.level} or ${OVERRIDE_METRIC.release} is missing`);
  const levelPct = readInteger(fields, OVERRIDE_METRIC.level, { min: 0, max: 100, absent: 0 });
  const minutes = readLength(fields, OVERRIDE_METRIC, { max: LIMIT.minutes, absent: DEFAULT_OVERRIDE_MINUTES }, frame.now);
  const reason = readText(fields, OVERRIDE_METRIC.reason, LIMIT.reasonLength);
  return overrideOrder(target, { levelPct, rank: 'override', minutes, reason }, frame);
}

function programmeOrder(fields: CommandFields, zone: string, { commandId, now }: OrderFrame): PlatformOrder {
  const { choice: name, minutes: minutesName, until, reason: reasonName } = PROGRAMME_METRIC;
  if (!fields.has(name)) throw new Refusal(msg`nothing is requested: ${name} is missing ("" gives the zone back to its calendar)`);
  const choice = readText(fields, name, LIMIT.nameLength);
  if (choice === '' && (fields.has(minutesName) || fields.has(until))) {
    throw new Refusal(msg`${name} "" gives the zone back now: leave ${minutesName} and ${until} out`);
  }
  const minutes = readLength(fields, PROGRAMME_METRIC, { max: LIMIT.programmeMinutes, absent: DEFAULT_PROGRAMME_MINUTES }, now);
  const reason = readText(fields, reasonName, LIMIT.reasonLength);
  const programme = choice === '' ? null : choice;
  return { kind: 'programme', request: { commandId, zone, programme, minutes, reason, source: SOURCE } };
}

function blinkOrder(fields: CommandFields, lamp: string, { commandId, expiresMono }: OrderFrame): PlatformOrder {
  const name = IDENTIFY_METRIC.seconds;
  const seconds = readInteger(fields, name, { min: 0, max: LIMIT.identifyS, absent: 0 });
  if (seconds > 0 && seconds < SHORTEST_IDENTIFY_S)
    throw new Refusal(msg`${name} is ${seconds}, allowed are ${SHORTEST_IDENTIFY_S} to ${LIMIT.identifyS}, or 0 to end it`);
  return { kind: 'blink', request: { commandId, lamp, seconds, source: SOURCE, ...expiry(expiresMono) } };
}

/** The limits of the panel itself are those of the site; it checks them when it takes the order. */
function panelOrder(fields: CommandFields, panel: string, { commandId, expiresMono }: OrderFrame): PlatformOrder {
  const { text: textName, minutes: minutesName, emergency, clear } = PANEL_METRIC;
  const isEmergency = readFlag(fields, emergency) === true;
  const common = { commandId, panel, isEmergency, sender: 'platform', source: SOURCE } as const;
  if (readFlag(fields, clear) === true) {
    if (fields.has(textName) || fields.has(minutesName))
      throw new Refusal(msg`${clear} and ${textName} in one command contradict each other`);
    return { kind: 'panel', request: { ...common, text: null, minutes: 0, ...expiry(expiresMono) } };
  }
  if (!fields.has(textName)) throw new Refusal(msg`nothing is requested: ${textName} or ${clear} is missing`);
  const text = readText(fields, textName, LIMIT.textLength);
  const minutes = readInteger(fields, minutesName, { min: 1, max: LIMIT.minutes, absent: DEFAULT_TEXT_MINUTES });
  return { kind: 'panel', request: { ...common, text, minutes, ...expiry(expiresMono) } };
}

function pointOrder(
  fields: CommandFields,
  { id: deviceId, byName }: DeviceEntry,
  { commandId, expiresMono, now }: OrderFrame,
): PlatformOrder {
  const [written, ...others] = [...fields].filter(([name]) => !isEnvelope(name));
  if (written === undefined || others.length > 0) throw new Refusal(msg`one command writes one point: send them one by one`);
  const [name, metric] = written;
  const entry = byName.get(name);
  if (entry?.pointId == null) throw new Refusal(msg`${name} is not a point`);
  const value = readPointValue(metric, entry);
  const untilMono = Math.min(now.nowMono + POINT_TTL_MS, expiresMono ?? Number.POSITIVE_INFINITY);
  return { kind: 'point', request: { commandId, deviceId, pointId: entry.pointId, value, source: SOURCE, expiresMono: untilMono } };
}

/** The duration of an intent, given as a length or as its end. Units: min; an end gives fractions. */
function readLength(
  fields: CommandFields,
  { minutes, until }: { readonly minutes: string; readonly until: string },
  { max, absent }: { readonly max: number; readonly absent: number },
  { nowMs, clockQuality }: CommandInstant,
): number {
  const endMs = readTime(fields, until);
  if (endMs === undefined) return readInteger(fields, minutes, { min: 1, max, absent });
  if (fields.has(minutes)) throw new Refusal(msg`${minutes} and ${until} in one command contradict each other`);
  if (!isTrusted(clockQuality)) throw new Refusal(msg`the time is not known here: give ${minutes} instead of ${until}`);
  const length = (endMs - nowMs) / MINUTE_MS;
  if (length < 0) throw new Refusal(msg`${until} is ${Math.ceil(-length * 60)} s in the past: give a time ahead`);
  if (length < 1 || length > max) throw new Refusal(msg`${until} is ${Math.round(length)} min ahead, allowed are 1 to ${max}`);
  return length;
}

function overrideOrder(
  target: Target,
  intent: Pick<OverrideRequest, 'levelPct' | 'rank' | 'minutes' | 'reason'>,
  { commandId, expiresMono }: OrderFrame,
): PlatformOrder {
  return { kind: 'override', request: { commandId, target, ...intent, source: SOURCE, ...expiry(expiresMono) } };
}

function releaseOrder(target: Target, rank: IntentRank, { commandId }: OrderFrame, atNextStep = false): PlatformOrder {
  return { kind: 'release', request: { commandId, target, source: SOURCE, rank, ...(atNextStep ? { atNextStep } : {}) } };
}

function expiry(expiresMono: MonoMs | null): { readonly expiresMono?: MonoMs } {
  return expiresMono === null ? {} : { expiresMono };
}
