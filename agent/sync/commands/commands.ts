/**
 * Parses a message into a command: its id, expiry and digest, its target, and the order itself. Pure.
 *
 * Errors: none; a message that is not a valid command gives a refusal with its reason.
 */

import { createHash } from 'node:crypto';
import { type Message, msg } from '../../core/message.ts';
import type { PlatformOrder } from '../../core/ports.ts';
import { Refusal } from '../../core/refusal.ts';
import type { CommandTarget, Target } from '../../core/words.ts';
import { syncInCommand } from '../delivery/sync-writes.ts';
import type { InboundMessage } from '../mqtt/mqtt-transport.ts';
import { decodePayload, type Metric } from '../sparkplug/codec.ts';
import { type DeviceEntry, type MetricEntry, type MetricTable, NODE_METRIC } from '../sparkplug/metric-table.ts';
import { readAlarmOrder } from './alarm-orders.ts';
import { bringsOnlyLight, judgeLifetime, type Lifetime, refuseDoubtful } from './command-expiry.ts';
import {
  type CommandFields,
  type CommandInstant,
  nameFields,
  openPayload,
  readFlag,
  readText,
  readTime,
  type TargetFacts,
} from './command-fields.ts';
import {
  COMMAND_METRIC,
  EMERGENCY_METRIC,
  IDENTIFY_METRIC,
  OVERRIDE_METRIC,
  PANEL_METRIC,
  PROGRAMME_METRIC,
  RELEASE_AT_METRIC,
  WRITTEN_METRICS,
} from './command-metrics.ts';
import { type OrderFrame, readDeviceOrder, readEmergency, targetOf } from './command-orders.ts';
import { readMaintenanceOrder } from './maintenance-orders.ts';
import { SOUND_WRITABLE } from './sound-orders.ts';

/** Longest id. Units: UTF-16 units. */
const ID_LENGTH = 64;
/** Metrics that may accompany any order; alone they are no order. */
const FRAME = new Set<string>([COMMAND_METRIC.id, COMMAND_METRIC.expires]);
const EMERGENCY_WRITABLE = [EMERGENCY_METRIC.on, EMERGENCY_METRIC.minutes, EMERGENCY_METRIC.reason];
const WRITABLE = new Set<string>([
  ...Object.values(OVERRIDE_METRIC).filter((name) => name !== OVERRIDE_METRIC.outcome),
  RELEASE_AT_METRIC,
  ...Object.values(PROGRAMME_METRIC),
  IDENTIFY_METRIC.seconds,
  ...EMERGENCY_WRITABLE,
]);
const PANEL_WRITABLE = new Set<string>(Object.values(PANEL_METRIC));
const NODE_WRITABLE = new Set<string>([NODE_METRIC.rebirth, ...EMERGENCY_WRITABLE, ...WRITTEN_METRICS, ...FRAME]);

/** The time at which a message is parsed, and an id for a command without one. */
export interface CommandContext extends CommandInstant {
  /** Used if the platform gave no id that can be read. */
  readonly freshId: string;
}

/** A refused command, with the reason. `commandId`: from the platform; a new one if the platform gave none that can be read. */
export interface CommandRefusal {
  readonly kind: 'refused';
  readonly commandId: string;
  /** False: the refusal is sent at most once, and not remembered. The parser sets true only if the platform gave `commandId`. */
  readonly hasOwnId: boolean;
  readonly reason: Message;
}

/** A command that passed the checks of its message; `sound` here means valid, not audio. */
export interface SoundCommand {
  readonly kind: 'order';
  readonly commandId: string;
  /** Whether the platform gave `commandId`; if false, the agent made it. */
  readonly hasOwnId: boolean;
  readonly target: CommandTarget;
  readonly order: PlatformOrder;
  /** Until when it may be carried out. */
  readonly lifetime: Lifetime;
  /** Identifies what is requested: the same id with another digest is another command, which is refused. */
  readonly digest: string;
}

/** The result of parsing a message to a device: an order, or a refusal. */
export type ParsedCommand = SoundCommand | CommandRefusal;
/** The result of parsing a message to the node. `rebirth`: new births are requested. `nothing`: the message has no metrics. */
export type NodeCommand = ParsedCommand | { readonly kind: 'rebirth' } | { readonly kind: 'nothing' };

/** Parses a DCMD. Returns the order, or a refusal with its reason. `device`: undefined if the topic names no device of this node. */
export function readDeviceCommand(message: InboundMessage, device: DeviceEntry | undefined, context: CommandContext): ParsedCommand {
  return orRefusal(message, device?.byAlias ?? new Map(), context, () => {
    if (device === undefined) throw new Refusal(msg`unknown device: it is named as in the topic of its DBIRTH`);
    const { id: deviceId, target, part, byName, byAlias } = device;
    const isWritable = ({ name, write }: MetricEntry): boolean =>
      write !== undefined ||
      (target !== null && WRITABLE.has(name)) ||
      (part === 'panel' && PANEL_WRITABLE.has(name)) ||
      (part === 'sound-place' && SOUND_WRITABLE.has(name));
    if (![...byName.values()].some(isWritable)) throw new Refusal(msg`${deviceId} has nothing that can be written`);
    const place: TargetFacts = {
      name: deviceId,
      target: { kind: 'device', id: deviceId },
      byName,
      byAlias,
      isWritable: (entry) => isWritable(entry) || FRAME.has(entry.name),
    };
    return readCommand(message, place, context, (fields, frame) => readDeviceOrder(fields, device, frame));
  });
}

/** Parses an NCMD. Returns an order, `rebirth`, `nothing`, or a refusal with its reason. `cabinet`: the target of the order. */
export function readNodeCommand(
  message: InboundMessage,
  { node, cabinet }: { readonly node: MetricTable['node']; readonly cabinet: Target },
  context: CommandContext,
): NodeCommand {
  const place: TargetFacts = {
    name: msg`the node`,
    target: cabinet,
    byName: new Map(node.map((entry) => [entry.name, entry])),
    byAlias: new Map(node.flatMap((entry) => (entry.alias === null ? [] : [[entry.alias, entry] as const]))),
    isWritable: ({ name }) => NODE_WRITABLE.has(name),
    elsewhere: ({ name }) => syncInCommand(name),
  };
  const readOrder = (fields: CommandFields, frame: OrderFrame): PlatformOrder =>
    readMaintenanceOrder(fields, frame) ?? readAlarmOrder(fields, frame) ?? readEmergency(fields, cabinet, frame);
  return orRefusal<NodeCommand>(
    message,
    place.byAlias,
    context,
    () => readRebirth(message, place) ?? readCommand(message, place, context, readOrder),
  );
}

/** Undefined if it requests something else. The timestamp is not checked: a host with a wrong clock must be able to read the node. */
function readRebirth(message: InboundMessage, place: TargetFacts): NodeCommand | undefined {
  const payload = openPayload(message, null);
  if (payload.metrics.length === 0) return { kind: 'nothing' };
  if (!payload.metrics.some(({ name }) => name === NODE_METRIC.rebirth)) return undefined;
  const fields = nameFields(payload, place);
  const isAsked = readFlag(fields, NODE_METRIC.rebirth);
  if (fields.size > 1) throw new Refusal(msg`send ${NODE_METRIC.rebirth} alone in its command`);
  if (isAsked !== true) throw new Refusal(msg`nothing is requested: ${NODE_METRIC.rebirth} takes true`);
  return { kind: 'rebirth' };
}

function readCommand(
  message: InboundMessage,
  place: TargetFacts,
  context: CommandContext,
  readOrder: (fields: CommandFields, frame: OrderFrame) => PlatformOrder,
): SoundCommand {
  const payload = openPayload(message, context);
  const fields = nameFields(payload, place);
  const ownId = readId(fields);
  const expiresMs = readTime(fields, COMMAND_METRIC.expires);
  const lifetime = judgeLifetime({ sentMs: payload.timestampMs, expiresMs }, context);
  const commandId = ownId === '' ? context.freshId : ownId;
  const expiresMono = lifetime.expiresMs === null ? null : lifetime.expiresMono;
  const order = readOrder(fields, { commandId, expiresMono, now: context });
  refuseDoubtful(lifetime, order, context);
  if (!bringsOnlyLight(order)) refuseEmptyId(fields);
  return {
    kind: 'order',
    commandId,
    hasOwnId: ownId !== '',
    target: targetOf(order, place.target),
    order,
    lifetime,
    digest: digestOf(String(place.name), fields),
  };
}

/** An empty id is refused, because its sender would never receive the end of it. A null id counts as no id. */
function refuseEmptyId(fields: CommandFields): void {
  for (const name of [COMMAND_METRIC.id, OVERRIDE_METRIC.id]) {
    const { value } = fields.get(name) ?? {};
    if (value?.kind === 'string' && value.value === '') throw new Refusal(msg`${name} is empty: give an id or leave it out`);
  }
}

/** Empty if none was given. */
function readId(fields: CommandFields): string {
  const id = readText(fields, COMMAND_METRIC.id, ID_LENGTH);
  const older = readText(fields, OVERRIDE_METRIC.id, ID_LENGTH);
  if (id !== '' && older !== '' && id !== older) throw new Refusal(msg`${COMMAND_METRIC.id} and ${OVERRIDE_METRIC.id} differ: give one`);
  return id === '' ? older : id;
}

/** The result of `read`, or its refusal. */
function orRefusal<T>(
  message: InboundMessage,
  byAlias: TargetFacts['byAlias'],
  context: CommandContext,
  read: () => T,
): T | CommandRefusal {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const ownId = givenId(message, byAlias);
    return { kind: 'refused', commandId: ownId === '' ? context.freshId : ownId, hasOwnId: ownId !== '', reason: error.said };
  }
}

/** The id of a refused command, whatever else is wrong with it: its sender waits for the end of this id. Empty if it cannot be read. */
function givenId({ payload }: InboundMessage, byAlias: TargetFacts['byAlias']): string {
  const decoded = decodePayload(payload);
  const named = (decoded?.metrics ?? []).map((metric) => [nameOf(metric, byAlias), metric] as const);
  try {
    return readId(new Map(named.filter(([name]) => name === COMMAND_METRIC.id || name === OVERRIDE_METRIC.id)));
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return '';
  }
}

/** Returns the name with which a metric arrived, otherwise the name of its alias; empty if it has neither or the alias is unknown. */
export function nameOf({ name, alias }: Metric, byAlias: Pick<TargetFacts['byAlias'], 'get'>): string {
  if (name !== undefined && name !== '') return name;
  return (alias === undefined ? undefined : byAlias.get(alias)?.name) ?? '';
}

/** The digest excludes the expiry: a repeated command may have a later one. */
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
