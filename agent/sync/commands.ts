/**
 * Is a message that arrived a command, and a sound one?
 *
 * Owns every check of shape: size, retained, time, names, types, ranges. Local limits of light are the arbiter's.
 * Pure; never throws, whatever arrives. Called by the command desk for each NCMD and DCMD.
 */
import type { ClockQuality, WallMs } from '../core/clock.ts';
import { isTrusted } from '../core/clock.ts';
import type { OverrideRequest, ReleaseRequest } from '../core/ports.ts';
import type { Target } from '../core/words.ts';
import { decodePayload, type Metric, type Payload } from './codec.ts';
import { DEFAULT_OVERRIDE_MINUTES } from './current-values.ts';
import type { InboundMessage } from './door.ts';
import { type DeviceEntry, NODE_METRIC, OVERRIDE_METRIC } from './metric-table.ts';
import { DATATYPE, INTEGER_DATATYPES } from './sparkplug-proto.ts';

/** Source: design §9, requirement 7 of reference/reliability.md §6. Units: bytes. */
const MAX_COMMAND_BYTES = 65_536;
const MAX_COMMAND_METRICS = 32;
/** A command older or younger than this was not meant for now. Units: ms. Source: assumed; QoS 0 with a clean session is never late by minutes. */
const MAX_AGE_MS = 300_000;
const LIMIT = { minutes: 1_440, reasonLength: 80, idLength: 64 };
const SOURCE = 'platform';

export interface CommandContext {
  readonly nowMs: WallMs;
  readonly clockQuality: ClockQuality;
  /** Stands in for an id the platform did not give. */
  readonly freshId: string;
}

interface Refusal {
  readonly kind: 'refused';
  readonly commandId: string;
  readonly reason: string;
}

export type Command =
  | { readonly kind: 'override'; readonly request: OverrideRequest }
  | { readonly kind: 'release'; readonly request: ReleaseRequest }
  | Refusal;

type Fields = ReadonlyMap<string, Metric>;
type Checked<T> = { readonly value: T } | { readonly reason: string };

/** What a DCMD for `device` asks, or why it is refused. `device` is undefined when the topic names none of ours. */
export function readDeviceCommand(message: InboundMessage, device: DeviceEntry | undefined, context: CommandContext): Command {
  const refuse = (reason: string, commandId = context.freshId): Refusal => ({ kind: 'refused', commandId, reason });
  if (device === undefined) return refuse('unknown device');
  const payload = openPayload(message, context);
  if ('reason' in payload) return refuse(payload.reason);
  const { target } = device;
  if (target === null || target.kind === 'cabinet') return refuse(`${device.id} has nothing that can be written`);
  const fields = nameFields(payload.value, device);
  if ('reason' in fields) return refuse(fields.reason);
  const id = readText(fields.value, OVERRIDE_METRIC.id, LIMIT.idLength);
  if ('reason' in id) return refuse(id.reason);
  const commandId = id.value === '' ? context.freshId : id.value;
  const command = readOrder(fields.value, target, commandId);
  return 'reason' in command ? refuse(command.reason, commandId) : command.value;
}

/** Whether an NCMD asks for a rebirth; a reason when it asks for anything else. */
export function readNodeCommand(message: InboundMessage, context: CommandContext): Checked<'rebirth' | 'nothing'> {
  const payload = openPayload(message, context);
  if ('reason' in payload) return payload;
  let rebirth = false;
  for (const { name, value } of payload.value.metrics) {
    if (name !== NODE_METRIC.rebirth) return { reason: `the node has no writable metric ${quote(name)}` };
    if (value?.kind !== 'boolean') return { reason: `${NODE_METRIC.rebirth} takes a Boolean` };
    rebirth ||= value.value;
  }
  return { value: rebirth ? 'rebirth' : 'nothing' };
}

function openPayload({ payload, retained }: InboundMessage, { nowMs, clockQuality }: CommandContext): Checked<Payload> {
  if (retained) return { reason: 'retained commands are not obeyed: publish it without retain' };
  if (payload.length > MAX_COMMAND_BYTES) return { reason: `payload of ${payload.length} bytes, at most ${MAX_COMMAND_BYTES}` };
  const decoded = decodePayload(payload);
  if (decoded === undefined) return { reason: 'not a Sparkplug payload' };
  if (decoded.metrics.length > MAX_COMMAND_METRICS) {
    return { reason: `${decoded.metrics.length} metrics, at most ${MAX_COMMAND_METRICS}` };
  }
  const skewMs = decoded.timestampMs === undefined ? 0 : nowMs - decoded.timestampMs;
  if (isTrusted(clockQuality) && Math.abs(skewMs) > MAX_AGE_MS) {
    const side = skewMs > 0 ? 'old' : 'ahead';
    return { reason: `payload timestamp is ${Math.round(Math.abs(skewMs) / 1_000)} s ${side}, at most ${MAX_AGE_MS / 1_000} s` };
  }
  return { value: decoded };
}

/** Each metric by its name, whether it came by name or by alias. */
function nameFields({ metrics }: Payload, device: DeviceEntry): Checked<Fields> {
  const writable: ReadonlySet<string> = WRITABLE;
  const fields = new Map<string, Metric>();
  for (const metric of metrics) {
    const byAlias = metric.alias === undefined ? undefined : device.byAlias.get(metric.alias);
    const entry = metric.name === undefined || metric.name === '' ? byAlias : device.byName.get(metric.name);
    const shown = metric.name === undefined || metric.name === '' ? `alias ${metric.alias}` : quote(metric.name);
    if (entry === undefined || (byAlias !== undefined && byAlias !== entry)) return { reason: `${device.id} has no metric ${shown}` };
    if (!writable.has(entry.name)) return { reason: `${entry.name} cannot be written` };
    if (fields.has(entry.name)) return { reason: `${entry.name} stands twice in the command` };
    fields.set(entry.name, metric);
  }
  return { value: fields };
}

const WRITABLE = new Set<string>([
  OVERRIDE_METRIC.level,
  OVERRIDE_METRIC.minutes,
  OVERRIDE_METRIC.reason,
  OVERRIDE_METRIC.id,
  OVERRIDE_METRIC.release,
]);

function readOrder(fields: Fields, target: Target, commandId: string): Checked<Command> {
  const release = readFlag(fields, OVERRIDE_METRIC.release);
  if ('reason' in release) return release;
  if (release.value && (fields.has(OVERRIDE_METRIC.level) || fields.has(OVERRIDE_METRIC.minutes))) {
    return { reason: `${OVERRIDE_METRIC.release} and ${OVERRIDE_METRIC.level} in one command contradict each other` };
  }
  if (release.value) return { value: { kind: 'release', request: { commandId, target, source: SOURCE } } };
  if (!fields.has(OVERRIDE_METRIC.level))
    return { reason: `nothing is asked: ${OVERRIDE_METRIC.level} or ${OVERRIDE_METRIC.release} is missing` };
  const level = readInteger(fields, OVERRIDE_METRIC.level, { min: 0, max: 100, absent: 0 });
  if ('reason' in level) return level;
  const minutes = readInteger(fields, OVERRIDE_METRIC.minutes, { min: 1, max: LIMIT.minutes, absent: DEFAULT_OVERRIDE_MINUTES });
  if ('reason' in minutes) return minutes;
  const reason = readText(fields, OVERRIDE_METRIC.reason, LIMIT.reasonLength);
  if ('reason' in reason) return reason;
  const request: OverrideRequest = {
    commandId,
    target,
    levelPct: level.value,
    rank: 'override',
    minutes: minutes.value,
    reason: reason.value,
    source: SOURCE,
  };
  return { value: { kind: 'override', request } };
}

function readInteger(
  fields: Fields,
  name: string,
  range: { readonly min: number; readonly max: number; readonly absent: number },
): Checked<number> {
  const metric = fields.get(name);
  if (metric === undefined) return { value: range.absent };
  const { value, datatype } = metric;
  const typed = datatype === undefined || INTEGER_DATATYPES.includes(datatype);
  if (value === undefined || !typed || (value.kind !== 'long' && value.kind !== 'int')) return { reason: `${name} takes an Int64` };
  const whole = value.kind === 'long' ? BigInt.asIntN(64, value.value) : BigInt(value.value | 0);
  if (whole < range.min || whole > range.max) return { reason: `${name} is ${whole}, allowed are ${range.min} to ${range.max}` };
  return { value: Number(whole) };
}

function readText(fields: Fields, name: string, maxLength: number): Checked<string> {
  const metric = fields.get(name);
  if (metric === undefined || (metric.isNull === true && metric.value === undefined)) return { value: '' };
  const { value, datatype } = metric;
  if (value?.kind !== 'string' || (datatype !== undefined && datatype !== DATATYPE.String)) return { reason: `${name} takes a String` };
  if (value.value.length > maxLength) return { reason: `${name} has ${value.value.length} characters, at most ${maxLength}` };
  if (/\p{C}/u.test(value.value)) return { reason: `${name} has control characters` };
  return { value: value.value };
}

function readFlag(fields: Fields, name: string): Checked<boolean> {
  const metric = fields.get(name);
  if (metric === undefined) return { value: false };
  const { value, datatype } = metric;
  if (value?.kind !== 'boolean' || (datatype !== undefined && datatype !== DATATYPE.Boolean)) return { reason: `${name} takes a Boolean` };
  return { value: value.value };
}

/** A name from outside, short and printable: it goes into logs and onto terminals. */
function quote(name: string | undefined): string {
  return `"${(name ?? '').slice(0, 40).replace(/\p{C}/gu, '?')}"`;
}
