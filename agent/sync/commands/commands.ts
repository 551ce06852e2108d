/**
 * Is a message that arrived a command, and a sound one?
 *
 * Owns the way from bytes to an order: what surrounds it (id, expiry, digest) and where it is aimed. Pure; never throws, whatever arrives.
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

export interface CommandContext extends CommandInstant {
  /** Stands in for an id the platform did not give. */
  readonly freshId: string;
}

export interface CommandRefusal {
  readonly kind: 'refused';
  readonly commandId: string;
  /** The id is the platform's own, so it can come again. */
  readonly hasOwnId: boolean;
  readonly reason: string;
}

/** A command that may be carried out, as far as its shape can tell. */
export interface SoundCommand {
  readonly kind: 'order';
  readonly commandId: string;
  readonly target: CommandTarget;
  readonly order: PlatformOrder;
  readonly lifetime: Lifetime;
  /** Of what is asked: the same id with another digest is another command. */
  readonly digest: string;
}

export type ParsedCommand = SoundCommand | CommandRefusal;
export type NodeCommand = ParsedCommand | { readonly kind: 'rebirth' } | { readonly kind: 'nothing' };

/** What a DCMD for `device` asks, or why it is refused. `device` is undefined when the topic names none of ours. */
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

/** What an NCMD asks: a rebirth, an emergency or its end, another configuration, another release, or why it is refused. `cabinet` is the whole street. */
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

/** Undefined where it asks for something else. When it was sent does not matter: a host whose clock is wrong must be able to read us. */
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

/** Empty where none was given. */
function readId(fields: CommandFields): Checked<string> {
  const id = readText(fields, COMMAND_METRIC.id, ID_LENGTH);
  if ('reason' in id) return id;
  const older = readText(fields, OVERRIDE_METRIC.id, ID_LENGTH);
  if ('reason' in older) return older;
  if (id.value !== '' && older.value !== '' && id.value !== older.value)
    return { reason: `${COMMAND_METRIC.id} and ${OVERRIDE_METRIC.id} differ: give one` };
  return { value: id.value === '' ? older.value : id.value };
}

/** The id of a command that is refused, whatever else is wrong with it: its sender waits for an end of just this one. Empty where none can be read. */
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

const FRAME = new Set<string>([COMMAND_METRIC.id, COMMAND_METRIC.expires]);

/** What surrounds an order; alone it asks nothing. */
function isFrame({ name }: MetricEntry): boolean {
  return FRAME.has(name);
}

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

/** The expiry is left out: who sends a command again may give it more time. */
function digestOf(place: string, fields: CommandFields): string {
  const said = [...fields]
    .filter(([name]) => !FRAME.has(name) && name !== OVERRIDE_METRIC.id)
    .map(([name, metric]) => [name, saidBy(metric)]);
  const text = JSON.stringify([place, said.toSorted(([a = ''], [b = '']) => (a < b ? -1 : 1))]);
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

function saidBy({ value }: Metric): string {
  if (value?.kind === 'bytes') return createHash('sha256').update(value.value).digest('hex');
  return value === undefined ? '' : String(value.value);
}
