/**
 * Encodes and decodes Sparkplug payloads. The only file that uses the protobuf library.
 *
 * Numbers are JavaScript numbers: a 64-bit value beyond 2^53 is rounded, as the column of the database would round it.
 */
import { readFileSync } from 'node:fs';
import protobuf from 'protobufjs';
import { isShortName } from './topic.ts';

/** A value of a metric. 64-bit values are numbers, rounded beyond 2^53. Bytes are `Uint8Array`. */
export type MetricContent = number | boolean | string | Uint8Array;

/**
 * One metric of a message. An absent name, alias, time or type is undefined. `value` is null for `is_null`, without a value, and for a
 * type that is not in `MetricContent`. An integer is read as signed with 32 or 64 bits, also one of an unsigned type. `properties`: of the
 * first 16, those with a value. Units: `atMs` ms UTC, not checked.
 */
export interface HostMetric {
  readonly name: string | undefined;
  readonly alias: number | undefined;
  readonly atMs: number | undefined;
  readonly datatype: number | undefined;
  readonly isTransient: boolean;
  readonly value: MetricContent | null;
  readonly properties: ReadonlyMap<string, MetricContent>;
}

/**
 * One message. An absent time or `seq` is undefined; the death of a node has no `seq`. Neither is checked. Units: `sentMs` ms UTC, the time
 * of sending; for a death that the broker sends, when the node prepared it.
 */
export interface HostPayload {
  readonly sentMs: number | undefined;
  readonly seq: number | undefined;
  readonly metrics: readonly HostMetric[];
}

/**
 * A metric of a command. `datatype`: the number of its Sparkplug type, which says which field of the wire holds the value. Source:
 * Sparkplug 3.0 §6.4.16.
 */
export interface WrittenMetric {
  readonly name: string;
  readonly datatype: number;
  readonly value: MetricContent;
}

type Wire = Record<string, unknown>;

const PayloadType = protobuf.parse(readFileSync(new URL('../sparkplug.proto', import.meta.url), 'utf8')).root.lookupType('city.Payload');

const METRICS_FIELD = PayloadType.fields['metrics']?.id;
const VALUE_FIELDS = ['doubleValue', 'longValue', 'booleanValue', 'stringValue', 'intValue', 'floatValue', 'bytesValue'];
const NO_PROPERTIES: ReadonlyMap<string, MetricContent> = new Map();

/** Most metrics of a message. Source: a packet of 256 KB (docs/city-database.md, "Run it") has 10,500 readings of 25 bytes (docs/platform.md, "Packed backlog"); half as many more. */
const MOST_METRICS = 16_384;
/** Most properties of a metric that are read. Source: docs/platform.md, "Devices and metrics": five; three times that. */
const MOST_PROPERTIES = 16;

/**
 * Decodes a message; undefined if the bytes are not a payload, it has more than 16,384 metrics, or the name of one is longer than the
 * database can hold.
 */
export function readPayload(bytes: Uint8Array): HostPayload | undefined {
  try {
    if (countMetrics(bytes) > MOST_METRICS) return undefined;
    const wire = PayloadType.decode(bytes) as unknown as Wire;
    const metrics = (wire['metrics'] as Wire[]).map(readMetric);
    if (metrics.some(({ name }) => name !== undefined && !isShortName(name))) return undefined;
    return { sentMs: wholeOf(wire, 'timestamp'), seq: wholeOf(wire, 'seq'), metrics };
  } catch {
    // The library throws on bytes that are not a payload; the caller only counts them.
    return undefined;
  }
}

/** Counts the metrics without reading them: an empty one has 2 bytes on the wire, and a hundred in memory. Errors: throws on bytes that are not a payload. */
function countMetrics(bytes: Uint8Array): number {
  const reader = protobuf.Reader.create(bytes);
  let metrics = 0;
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    if (tag >>> 3 === METRICS_FIELD) metrics += 1;
    reader.skipType(tag & 7);
  }
  return metrics;
}

/**
 * The bytes of a command with its time of sending. Shape: each value fits its `datatype`. Units: `sentMs` ms UTC. Errors: throws RangeError
 * for a `datatype` that a command cannot have.
 */
export function writePayload(sentMs: number, metrics: readonly WrittenMetric[]): Buffer {
  const wire = { timestamp: sentMs, metrics: metrics.map(({ name, datatype, value }) => ({ name, datatype, [fieldOf(datatype)]: value })) };
  return Buffer.from(PayloadType.encode(wire).finish());
}

/**
 * Encodes a whole message as an edge node sends it: for the generator of the bench. `payload`: the fields of `Payload` in
 * `sparkplug.proto`, named in camel case.
 */
export function writeNodePayload(payload: Readonly<Record<string, unknown>>): Buffer {
  return Buffer.from(PayloadType.encode(payload as Wire).finish());
}

/** Source: Sparkplug 3.0 §6.4.16: integers of up to 32 bits, of 64 bits and DateTime, Float, Double, Boolean, String and Text, Bytes. */
function fieldOf(datatype: number): string {
  if (datatype === 4 || datatype === 8 || datatype === 13) return 'longValue';
  if (datatype >= 1 && datatype <= 7) return 'intValue';
  const field = { 9: 'floatValue', 10: 'doubleValue', 11: 'booleanValue', 12: 'stringValue', 14: 'stringValue', 17: 'bytesValue' }[
    datatype
  ];
  if (field === undefined) throw new RangeError(`a command cannot have a metric of type ${datatype}`);
  return field;
}

function readMetric(wire: Wire): HostMetric {
  return {
    name: cleanText(ownOf(wire, 'name') as string | undefined),
    alias: wholeOf(wire, 'alias'),
    atMs: wholeOf(wire, 'timestamp'),
    datatype: ownOf(wire, 'datatype') as number | undefined,
    isTransient: ownOf(wire, 'isTransient') === true,
    value: ownOf(wire, 'isNull') === true ? null : (contentOf(wire) ?? null),
    properties: propertiesOf(ownOf(wire, 'properties') as Wire | undefined),
  };
}

function propertiesOf(wire: Wire | undefined): ReadonlyMap<string, MetricContent> {
  if (wire === undefined) return NO_PROPERTIES;
  const values = wire['values'] as Wire[];
  const found = new Map<string, MetricContent>();
  for (const [i, key] of (wire['keys'] as string[]).slice(0, MOST_PROPERTIES).entries()) {
    const value = values[i] === undefined ? undefined : contentOf(values[i] as Wire);
    if (value !== undefined) found.set(key, value);
  }
  return found;
}

function contentOf(wire: Wire): MetricContent | undefined {
  const field = VALUE_FIELDS.find((name) => Object.hasOwn(wire, name));
  if (field === undefined) return undefined;
  if (field === 'longValue') return toNumber(wire[field]);
  return field === 'stringValue' ? cleanText(wire[field] as string) : (wire[field] as MetricContent);
}

/** Removes U+0000 and replaces each half character (lone surrogate) by U+FFFD: PostgreSQL stores neither. */
export function cleanText<T extends string | undefined>(text: T): T {
  return (text === undefined || (!text.includes('\0') && text.isWellFormed()) ? text : text.replaceAll('\0', '').toWellFormed()) as T;
}

/** The library's objects have defaults for absent fields on their prototype; only fields on the wire count. */
function ownOf(wire: Wire, field: string): unknown {
  return Object.hasOwn(wire, field) ? wire[field] : undefined;
}

function wholeOf(wire: Wire, field: string): number | undefined {
  return Object.hasOwn(wire, field) ? toNumber(wire[field]) : undefined;
}

function toNumber(value: unknown): number {
  if (typeof value === 'number') return value;
  const { low, high, unsigned } = value as { low: number; high: number; unsigned: boolean };
  return (unsigned ? high >>> 0 : high) * 2 ** 32 + (low >>> 0);
}
