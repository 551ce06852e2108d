/**
 * Parses a message into a command: its id, expiry and digest, its target, and the order itself. Pure.
 *
 * Errors: none; a message that is not a sound command gives a refusal with its reason.
 */
import { createHash } from 'node:crypto';
import type { MonoMs } from '../../core/clock.ts';
import type { PlatformOrder } from '../../core/ports.ts';
import type { CommandTarget, Target } from '../../core/words.ts';
import type { InboundMessage } from '../mqtt/mqtt-transport.ts';
import { decodePayload, type Metric } from '../sparkplug/codec.ts';
import { type DeviceEntry, type MetricEntry, type MetricTable, NODE_METRIC, OVERRIDE_METRIC } from '../sparkplug/metric-table.ts';
import { judgeLifetime, type Lifetime } from './command-expiry.ts';
import {
  type Checked,
  type CommandFields,
  type CommandInstant,
  MAX_COMMAND_BYTES,
  nameFields,
  openPayload,
  readFlag,
  readText,
  readTime,
  type TargetFacts,
} from './command-fields.ts';
import {
  COMMAND_METRIC,
  CONFIG_METRIC,
  EMERGENCY_METRIC,
  IDENTIFY_METRIC,
  PROGRAMME_METRIC,
  RELEASE_AT_METRIC,
  UPDATE_METRIC,
} from './command-metrics.ts';
import { type OrderFrame, readDeviceOrder, readEmergency, targetOf } from './command-orders.ts';
import { isConfigAsked, readConfigOrder } from './config-orders.ts';
import { isUpdateAsked, readUpdateOrder } from './update-orders.ts';

/** Longest id. Units: UTF-16 units. */
const ID_LENGTH = 64;
/** Metrics that may accompany any order; alone they request nothing. */
const FRAME = new Set<string>([COMMAND_METRIC.id, COMMAND_METRIC.expires]);
const WRITABLE = new Set<string>([
  OVERRIDE_METRIC.level,
  OVERRIDE_METRIC.minutes,
  OVERRIDE_METRIC.until,
  OVERRIDE_METRIC.reason,
  OVERRIDE_METRIC.id,
  OVERRIDE_METRIC.release,
  RELEASE_AT_METRIC,
  PROGRAMME_METRIC.choice,
  PROGRAMME_METRIC.minutes,
  PROGRAMME_METRIC.until,
  PROGRAMME_METRIC.reason,
  IDENTIFY_METRIC.seconds,
]);
const NODE_WRITABLE = new Set<string>([
  NODE_METRIC.rebirth,
  EMERGENCY_METRIC.on,
  EMERGENCY_METRIC.minutes,
  EMERGENCY_METRIC.reason,
  ...Object.values(CONFIG_METRIC),
  ...Object.values(UPDATE_METRIC),
  ...FRAME,
]);

export interface CommandContext extends CommandInstant {
  /** Used when the platform gave no id. */
  readonly freshId: string;
}

export interface CommandRefusal {
  readonly kind: 'refused';
  readonly commandId: string;
  /** The platform gave the id, so it can be repeated. */
  readonly hasOwnId: boolean;
  readonly reason: string;
}

/** A command whose shape permits carrying it out. */
export interface SoundCommand {
  readonly kind: 'order';
  readonly commandId: string;
  readonly target: CommandTarget;
  readonly order: PlatformOrder;
  readonly lifetime: Lifetime;
  /** Identifies what is requested: the same id with another digest is another command. */
  readonly digest: string;
}

export type ParsedCommand = SoundCommand | CommandRefusal;
export type NodeCommand = ParsedCommand | { readonly kind: 'rebirth' } | { readonly kind: 'nothing' };

/** The order in a DCMD for `device`, or why it is refused. `device` is undefined when the topic names no device of this node. */
export function readDeviceCommand(message: InboundMessage, device: DeviceEntry | undefined, context: CommandContext): ParsedCommand {
  if (device === undefined)
    return refusal('unknown device: it is named as in the topic of its DBIRTH', context, givenId(message, new Map()));
  const { id: deviceId, target, byName } = device;
  const isWritable = ({ name, write }: MetricEntry): boolean => write !== undefined || (target !== null && WRITABLE.has(name));
  const canCommand = [...byName.values()].some((entry) => isWritable(entry));
  if (!canCommand) return refusal(`${deviceId} has nothing that can be written`, context, givenId(message, device.byAlias));
  const place: TargetFacts = {
    name: deviceId,
    target: { kind: 'device', id: deviceId },
    byName,
    byAlias: device.byAlias,
    isWritable: (entry) => isWritable(entry) || isFrame(entry),
  };
  return readCommand(message, place, context, (fields, frame) => readDeviceOrder(fields, { deviceId, target, byName }, frame));
}

/** The order in an NCMD (rebirth, emergency or its end, configuration, program update), or why it is refused. `cabinet` is the whole street. */
export function readNodeCommand(
  message: InboundMessage,
  { node, cabinet }: { readonly node: MetricTable['node']; readonly cabinet: Target },
  context: CommandContext,
): NodeCommand {
  const place: TargetFacts = {
    name: 'the node',
    target: cabinet,
    byName: new Map(node.map((entry) => [entry.name, entry])),
    byAlias: new Map(node.flatMap((entry) => (entry.alias === null ? [] : [[entry.alias, entry] as const]))),
    isWritable: ({ name }) => NODE_WRITABLE.has(name),
  };
  const rebirth = readRebirth(message, place, context);
  return rebirth ?? readCommand(message, place, context, (fields, frame) => readNodeOrder(fields, cabinet, frame));
}

function readNodeOrder(fields: CommandFields, cabinet: Target, frame: OrderFrame): Checked<PlatformOrder> {
  if (isConfigAsked(fields)) return readConfigOrder(fields, frame);
  return isUpdateAsked(fields) ? readUpdateOrder(fields, frame) : readEmergency(fields, cabinet, frame);
}

/** Undefined when it requests something else. The timestamp is not checked: a host with a wrong clock must be able to read the node. */
function readRebirth(message: InboundMessage, place: TargetFacts, context: CommandContext): NodeCommand | undefined {
  const refuse = (reason: string): CommandRefusal => refusal(reason, context, givenId(message, place.byAlias));
  const payload = openPayload(message, { ...context, clockQuality: 'none' });
  if ('reason' in payload) return refuse(payload.reason);
  if (payload.value.metrics.length === 0) return { kind: 'nothing' };
  if (!payload.value.metrics.some(({ name }) => name === NODE_METRIC.rebirth)) return undefined;
  const fields = nameFields(payload.value, place);
  if ('reason' in fields) return refuse(fields.reason);
  const flag = readFlag(fields.value, NODE_METRIC.rebirth);
  if ('reason' in flag) return refuse(flag.reason);
  if (fields.value.size > 1) return refuse(`${NODE_METRIC.rebirth} stands alone in its command`);
  return { kind: flag.value === true ? 'rebirth' : 'nothing' };
}

function readCommand(
  message: InboundMessage,
  place: TargetFacts,
  context: CommandContext,
  readOrder: (fields: CommandFields, frame: OrderFrame) => Checked<PlatformOrder>,
): ParsedCommand {
  const refuse = (reason: string): CommandRefusal => refusal(reason, context, givenId(message, place.byAlias));
  const payload = openPayload(message, context);
  if ('reason' in payload) return refuse(payload.reason);
  const fields = nameFields(payload.value, place);
  if ('reason' in fields) return refuse(fields.reason);
  const id = readId(fields.value);
  if ('reason' in id) return refuse(id.reason);
  const expires = readTime(fields.value, COMMAND_METRIC.expires);
  if ('reason' in expires) return refuse(expires.reason);
  const lifetime = judgeLifetime({ sentMs: payload.value.timestampMs, expiresMs: expires.value }, context);
  if ('reason' in lifetime) return refuse(lifetime.reason);
  const commandId = id.value === '' ? context.freshId : id.value;
  const expiresMono: MonoMs | null = lifetime.value.expiresMs === null ? null : lifetime.value.expiresMono;
  const order = readOrder(fields.value, { commandId, expiresMono, now: context });
  if ('reason' in order) return refuse(order.reason);
  const target = targetOf(order.value, place.target);
  return { kind: 'order', commandId, target, order: order.value, lifetime: lifetime.value, digest: digestOf(place.name, fields.value) };
}

/** Empty when none was given. */
function readId(fields: CommandFields): Checked<string> {
  const id = readText(fields, COMMAND_METRIC.id, ID_LENGTH);
  if ('reason' in id) return id;
  const older = readText(fields, OVERRIDE_METRIC.id, ID_LENGTH);
  if ('reason' in older) return older;
  if (id.value !== '' && older.value !== '' && id.value !== older.value)
    return { reason: `${COMMAND_METRIC.id} and ${OVERRIDE_METRIC.id} differ: give one` };
  return { value: id.value === '' ? older.value : id.value };
}

/** The id of a command that is refused, whatever else is wrong with it: its sender waits for the end of this id. Empty when it cannot be read. */
function givenId({ payload }: InboundMessage, byAlias: TargetFacts['byAlias']): string {
  const decoded = payload.length > MAX_COMMAND_BYTES ? undefined : decodePayload(payload);
  const named = (decoded?.metrics ?? []).map((metric) => [nameOf(metric, byAlias), metric] as const);
  const ids = named.filter(([name]) => name === COMMAND_METRIC.id || name === OVERRIDE_METRIC.id);
  const id = readId(new Map(ids));
  return 'reason' in id ? '' : id.value;
}

function nameOf({ name, alias }: Metric, byAlias: TargetFacts['byAlias']): string {
  if (name !== undefined && name !== '') return name;
  return (alias === undefined ? undefined : byAlias.get(alias)?.name) ?? '';
}

function refusal(reason: string, { freshId }: CommandContext, ownId = ''): CommandRefusal {
  return { kind: 'refused', commandId: ownId === '' ? freshId : ownId, hasOwnId: ownId !== '', reason };
}

function isFrame({ name }: MetricEntry): boolean {
  return FRAME.has(name);
}

/** The expiry is left out: a repeated command may have a later one. */
function digestOf(place: string, fields: CommandFields): string {
  const values = [...fields]
    .filter(([name]) => !FRAME.has(name) && name !== OVERRIDE_METRIC.id)
    .map(([name, metric]) => [name, textOf(metric)]);
  const text = JSON.stringify([place, values.toSorted(([a = ''], [b = '']) => (a < b ? -1 : 1))]);
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

function textOf({ value }: Metric): string {
  if (value?.kind === 'bytes') return createHash('sha256').update(value.value).digest('hex');
  return value === undefined ? '' : String(value.value);
}
