/**
 * Reads the fields of a command and checks their shape: size, retained flag, time, names, types, ranges. Pure.
 *
 * Errors: throws Refusal for an invalid field, with a sentence that specifies what is allowed.
 */

import { type ClockQuality, isTrusted, type MonoMs, type WallMs } from '../../core/clock.ts';
import { type Message, msg, type Said } from '../../core/message.ts';
import { Refusal } from '../../core/refusal.ts';
import type { CommandTarget } from '../../core/words.ts';
import type { InboundMessage } from '../mqtt/mqtt-transport.ts';
import { decodePayload, type Metric, type Payload } from '../sparkplug/codec.ts';
import type { MetricEntry } from '../sparkplug/metric-table.ts';
import { DATATYPE, INTEGER_DATATYPES, UNSIGNED_DATATYPES } from '../sparkplug/sparkplug-proto.ts';

/** Units: bytes. Source: ETSI EN 303 645, 5.13-1, input is limited in size; a command needs a few hundred bytes. */
const MAX_COMMAND_BYTES = 65_536;
const MAX_COMMAND_METRICS = 32;
/** Most names listed in a refusal. */
const SHOWN_NAMES = 16;
/**
 * Largest allowed difference, in either direction, between a command's timestamp and a trusted clock. Also limits the lifetime of a command
 * without Command/Expires. Units: ms. Source: assumed; QoS 0 with a clean session is never late by minutes. Confirmed by: the age of
 * commands in a month of logs of cabinets on cellular links.
 */
export const MAX_AGE_MS = 300_000;
const RETAINED = msg`retained commands are not carried out: publish it without retain and with a new id, and clear the retained one`;
/** Times outside this range are rejected as errors. Units: ms since 1970. Source: years 2000 and 2100. */
const TIME_RANGE = { min: 946_684_800_000, max: 4_102_444_800_000 };

/** The time at which a command is read or checked, by both clocks, and how far the wall clock can be trusted. */
export interface CommandInstant {
  readonly nowMs: WallMs;
  readonly nowMono: MonoMs;
  readonly clockQuality: ClockQuality;
}

/** The metrics of a command, each by its name in the metric table, also if it arrived with its alias alone. */
export type CommandFields = ReadonlyMap<string, Metric>;

/** The device or node that a command addresses, with its metrics. */
export interface TargetFacts {
  /** The id of the device, or a text for the node. */
  readonly name: Said;
  /** The target of an order that names none itself. An override, a release, a choice of a programme and a blink name their own. */
  readonly target: CommandTarget;
  /** All its metrics, also those that a command may not contain. */
  readonly byName: ReadonlyMap<string, MetricEntry>;
  /** Those that have an alias. */
  readonly byAlias: ReadonlyMap<number, MetricEntry>;
  /** Whether a command may contain this metric. */
  readonly isWritable: (entry: MetricEntry) => boolean;
  /** How a metric that a command may not contain is sent instead, as a sentence. Undefined or absent: no such hint. */
  readonly elsewhere?: (entry: MetricEntry) => Message | undefined;
}

/**
 * Decodes the payload of a command and checks its size, its number of metrics and its timestamp, which may be absent. `now`: null to accept
 * any timestamp. Errors: throws Refusal if the message is retained or not valid.
 */
export function openPayload({ payload, retained }: InboundMessage, now: CommandInstant | null): Payload {
  if (retained) throw new Refusal(RETAINED);
  if (payload.length > MAX_COMMAND_BYTES) throw new Refusal(msg`payload of ${payload.length} bytes, at most ${MAX_COMMAND_BYTES}`);
  const decoded = decodePayload(payload);
  if (decoded === undefined) throw new Refusal(msg`not a Sparkplug payload`);
  const { metrics, timestampMs } = decoded;
  if (metrics.length > MAX_COMMAND_METRICS) throw new Refusal(msg`${metrics.length} metrics, at most ${MAX_COMMAND_METRICS}`);
  if (timestampMs !== undefined && now !== null) checkTime(timestampMs, now);
  return decoded;
}

function checkTime(timestampMs: WallMs, { nowMs, clockQuality }: CommandInstant): void {
  const skewMs = nowMs - timestampMs;
  if (timestampMs < TIME_RANGE.min || timestampMs > TIME_RANGE.max) {
    const sent = shownWhole(timestampMs);
    throw new Refusal(
      isTrusted(clockQuality)
        ? msg`payload timestamp is ${sent}: it takes milliseconds since 1970 UTC, here it is ${nowMs}`
        : msg`payload timestamp is ${sent}: it takes milliseconds since 1970 UTC`,
    );
  }
  if (!isTrusted(clockQuality) || Math.abs(skewMs) <= MAX_AGE_MS) return;
  const [skewS, maxS] = [Math.round(Math.abs(skewMs) / 1_000), MAX_AGE_MS / 1_000];
  const here = `${new Date(nowMs).toISOString().slice(0, 19)}Z`;
  throw new Refusal(
    skewMs > 0
      ? msg`payload timestamp is ${skewS} s old, at most ${maxS} s: compare the clock of the sender with the cabinet's (${here}) and send it with a new id; a payload without a timestamp counts as sent now`
      : msg`payload timestamp is ${skewS} s ahead, at most ${maxS} s: compare the clock of the sender with the cabinet's (${here}) and send it with a new id; a payload without a timestamp counts as sent now`,
  );
}

/**
 * Returns the metrics of a payload by name; for one that arrived without a name, the name is found by its alias. Errors: throws Refusal,
 * for example for an unknown or read-only metric.
 */
export function nameFields({ metrics }: Payload, place: TargetFacts): CommandFields {
  const fields = new Map<string, Metric>();
  for (const metric of metrics) {
    const byAlias = metric.alias === undefined ? undefined : place.byAlias.get(metric.alias);
    const isNamed = metric.name !== undefined && metric.name !== '';
    const entry = isNamed ? place.byName.get(metric.name as string) : byAlias;
    const shown = isNamed ? quote(metric.name) : msg`alias ${shownWhole(metric.alias)}`;
    if (entry === undefined) throw new Refusal(msg`${place.name} has no metric ${shown}: ${writables(place)}`);
    if (byAlias !== undefined && byAlias !== entry)
      throw new Refusal(msg`the name ${shown} has the alias of ${byAlias.name} beside it: give the name alone`);
    if (!place.isWritable(entry))
      throw new Refusal(place.elsewhere?.(entry) ?? msg`${entry.name} of ${place.name} cannot be written: ${writables(place)}`);
    if (fields.has(entry.name)) throw new Refusal(msg`${entry.name} occurs twice in the command`);
    fields.set(entry.name, metric);
  }
  return fields;
}

/** The names that can be written, for a refusal. */
function writables({ byName, isWritable }: TargetFacts): Message {
  const names = [...byName.values()].filter(isWritable).map(({ name }) => name);
  const more = names.length - SHOWN_NAMES;
  if (names.length === 0) return msg`nothing here can be written`;
  const shown = names.slice(0, SHOWN_NAMES);
  return more > 0 ? msg`${shown} and ${more} more can be written` : msg`${shown} can be written`;
}

/**
 * Returns a whole number. `min` and `max` are allowed; `absent` is returned if the metric is absent. Errors: throws Refusal for null,
 * another type, or a number outside the range.
 */
export function readInteger(
  fields: CommandFields,
  name: string,
  range: { readonly min: number; readonly max: number; readonly absent: number },
): number {
  const metric = fields.get(name);
  if (metric === undefined) return range.absent;
  const whole = wholeOf(metric, INTEGER_DATATYPES);
  if (whole === undefined) throw new Refusal(mistyped(name, msg`an Int64`, metric));
  if (whole < range.min || whole > range.max) throw new Refusal(msg`${name} is ${String(whole)}, allowed are ${range.min} to ${range.max}`);
  return Number(whole);
}

/**
 * Returns a time from a DateTime or an integer; undefined if the metric is absent or marked as null. Errors: throws Refusal for no value,
 * another type, or a time out of range.
 */
export function readTime(fields: CommandFields, name: string): WallMs | undefined {
  const metric = fields.get(name);
  if (metric === undefined || isNull(metric)) return undefined;
  const whole = wholeOf(metric, [...INTEGER_DATATYPES, DATATYPE.DateTime]);
  if (whole === undefined || whole < TIME_RANGE.min || whole > TIME_RANGE.max)
    throw new Refusal(msg`${name} takes a DateTime: milliseconds since 1970 UTC`);
  return Number(whole);
}

/**
 * Returns a text; empty if the metric is absent or marked as null. `maxLength` in UTF-16 units. Errors: throws Refusal for no value,
 * another type, a longer text, or a character of Unicode category C, such as a control character.
 */
export function readText(fields: CommandFields, name: string, maxLength: number): string {
  const metric = fields.get(name);
  if (metric === undefined || isNull(metric)) return '';
  const { value, datatype = DATATYPE.String } = metric;
  if (value?.kind !== 'string' || datatype !== DATATYPE.String) throw new Refusal(mistyped(name, msg`a String`, metric));
  const text = value.value;
  if (text.length > maxLength) throw new Refusal(msg`${name} has ${text.length} characters, at most ${maxLength}`);
  if (/\p{C}/u.test(text)) throw new Refusal(msg`${name} has control characters`);
  return text;
}

/** Returns the bytes of a metric. Errors: throws Refusal if the metric is absent, null or of another type. */
export function readBytes(fields: CommandFields, name: string): Uint8Array {
  const { value, datatype = DATATYPE.Bytes } = fields.get(name) ?? {};
  if (value?.kind !== 'bytes' || datatype !== DATATYPE.Bytes) throw new Refusal(msg`${name} takes Bytes`);
  return value.value;
}

/** Returns the value of a Boolean metric; undefined if the metric is absent. Errors: throws Refusal for null or another type. */
export function readFlag(fields: CommandFields, name: string): boolean | undefined {
  const metric = fields.get(name);
  if (metric === undefined) return undefined;
  const { value, datatype = DATATYPE.Boolean } = metric;
  if (value?.kind !== 'boolean' || datatype !== DATATYPE.Boolean) throw new Refusal(mistyped(name, msg`a Boolean`, metric));
  return value.value;
}

/**
 * Returns the value to write to a point, in the point's unit; a Boolean becomes 0 or 1. Errors: throws Refusal for null, a value of the
 * wrong type, or one outside the range that may be written.
 */
export function readPointValue(metric: Metric, { name, type, unit, write = { min: 0, max: 0 } }: MetricEntry): number {
  const { value, datatype } = metric;
  const flag = value?.kind === 'boolean' && (datatype === undefined || datatype === DATATYPE.Boolean) ? Number(value.value) : undefined;
  const isReal = value?.kind === 'double' || value?.kind === 'float';
  const real = isReal && (datatype === undefined || datatype === DATATYPE.Double || datatype === DATATYPE.Float) ? value.value : undefined;
  const number = type === 'Boolean' ? flag : real;
  if (number === undefined || !Number.isFinite(number)) throw new Refusal(mistyped(name, msg`a ${type}`, metric));
  if (number < write.min || number > write.max) {
    throw new Refusal(
      unit === ''
        ? msg`${name} is ${number}, allowed are ${write.min} to ${write.max}`
        : msg`${name} is ${number}, allowed are ${write.min} to ${write.max} ${unit}`,
    );
  }
  return number;
}

/** A number of 64 bits; above 2^53 it was rounded when it was decoded. */
function shownWhole(whole: number | undefined): Said {
  return whole === undefined || Number.isSafeInteger(whole) ? String(whole) : msg`beyond 2^53`;
}

/** A name from outside, short and printable: it appears in logs and on terminals. */
function quote(name: string | undefined): string {
  return `"${(name ?? '').slice(0, 40).replace(/\p{C}/gu, '?')}"`;
}

/** A value of another type than the metric has; the type found is named as in Sparkplug. */
function mistyped(name: string, type: Message, { value, datatype }: Metric): Message {
  if (value === undefined) return msg`${name} takes ${type}, this is null`;
  if ((value.kind === 'double' || value.kind === 'float') && !Number.isFinite(value.value))
    return msg`${name} takes ${type}, this is ${value.value}`;
  return datatype === undefined
    ? msg`${name} takes ${type}, this is ${`${value.kind}_value`}`
    : msg`${name} takes ${type}, this is ${`${value.kind}_value`} of datatype ${datatype}`;
}

function isNull({ isNull: isMarkedNull, value }: Metric): boolean {
  return isMarkedNull === true && value === undefined;
}

function wholeOf({ value, datatype }: Metric, datatypes: readonly number[]): bigint | undefined {
  const isTyped = datatype === undefined || datatypes.includes(datatype);
  if (value === undefined || !isTyped || (value.kind !== 'long' && value.kind !== 'int')) return undefined;
  if (datatype !== undefined && UNSIGNED_DATATYPES.includes(datatype))
    return BigInt(value.kind === 'long' ? value.value : value.value >>> 0);
  return value.kind === 'long' ? BigInt.asIntN(64, value.value) : BigInt(value.value | 0);
}
