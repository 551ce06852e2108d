/**
 * Reads the orders about events and maintenance: acknowledge an event, start or end maintenance. Pure.
 *
 * The alarm handling checks names and limits. Errors: throws Refusal, as for a field.
 */
import { MAINTENANCE_SPAN, MAX_NOTE_LENGTH } from '../../core/alarm-tools.ts';
import { MINUTE_MS } from '../../core/durations.ts';
import { msg } from '../../core/message.ts';
import type { PlatformOrder } from '../../core/ports.ts';
import { Refusal } from '../../core/refusal.ts';
import { type CommandFields, readFlag, readInteger, readText } from './command-fields.ts';
import { ALARM_METRIC, COMMAND_METRIC, MAINTENANCE_METRIC } from './command-metrics.ts';
import type { OrderFrame } from './command-orders.ts';

/** Units: UTF-16 units. Source: assumed; the ids of events have a code, a source and a time; names as for other commands. Confirmed by: the ids in the stores of a year. */
const LIMIT = { idLength: 256, nameLength: 64, userLength: 40 };
const MAX_MINUTES = MAINTENANCE_SPAN.platform.maxMs / MINUTE_MS;

/**
 * Returns the order about events or maintenance; undefined if no field begins with `Alarm/` or `Maintenance/`. Does not check that the
 * event or the target exists. Errors: throws Refusal if such an order is not valid.
 */
export function readAlarmOrder(fields: CommandFields, { commandId }: OrderFrame): PlatformOrder | undefined {
  const names = [...fields.keys()];
  if (names.some((name) => name.startsWith('Alarm/'))) return readAcknowledgement(fields, commandId);
  if (names.some((name) => name.startsWith('Maintenance/'))) return readMaintenance(fields, commandId);
  return undefined;
}

function readAcknowledgement(fields: CommandFields, commandId: string): PlatformOrder {
  const { acknowledge, note, user } = ALARM_METRIC;
  expectOnly(fields, Object.values(ALARM_METRIC));
  const event = readText(fields, acknowledge, LIMIT.idLength);
  if (event === '') throw new Refusal(msg`nothing is requested: ${acknowledge} is missing (the id of an event, or "all")`);
  const by = { note: readText(fields, note, MAX_NOTE_LENGTH), source: sourceOf(fields, user) };
  return { kind: 'alarm', request: { commandId, action: 'acknowledge', event, ...by } };
}

function readMaintenance(fields: CommandFields, commandId: string): PlatformOrder {
  const { on, target, minutes, reason, user } = MAINTENANCE_METRIC;
  expectOnly(fields, Object.values(MAINTENANCE_METRIC));
  const isOn = readFlag(fields, on);
  if (isOn === undefined) throw new Refusal(msg`nothing is requested: ${on} is missing (true starts it, false ends it)`);
  if (isOn !== fields.has(minutes))
    throw new Refusal(
      isOn ? msg`${minutes} is missing: maintenance always has an end` : msg`${on} false and ${minutes} contradict each other`,
    );
  const length = readInteger(fields, minutes, { min: 1, max: MAX_MINUTES, absent: 0 });
  const what = { target: readText(fields, target, LIMIT.nameLength), minutes: isOn ? length : null };
  const by = { reason: readText(fields, reason, MAX_NOTE_LENGTH), source: sourceOf(fields, user) };
  return { kind: 'alarm', request: { commandId, action: 'maintain', ...what, ...by } };
}

function expectOnly(fields: CommandFields, own: readonly string[]): void {
  const known = new Set<string>([...own, COMMAND_METRIC.id, COMMAND_METRIC.expires]);
  const stray = [...fields.keys()].find((name) => !known.has(name));
  if (stray !== undefined) throw new Refusal(msg`one command requests one thing: send ${stray} by itself`);
}

function sourceOf(fields: CommandFields, name: string): string {
  const user = readText(fields, name, LIMIT.userLength);
  return user === '' ? 'platform' : `platform:${user}`;
}
