/**
 * Encodes and decodes Sparkplug payloads. The only file that uses the protobuf library; 64-bit values are exact, as `bigint`.
 */
import protobuf from 'protobufjs';
import { SPARKPLUG_PROTO } from './sparkplug-proto.ts';

/**
 * A value and its field on the wire. `int`: 32 bits, `long`: 64 bits. A negative number is sent in two's complement, and decoded as the
 * unsigned number with the same bits.
 */
export type MetricValue =
  | { readonly kind: 'int'; readonly value: number }
  | { readonly kind: 'long'; readonly value: bigint }
  | { readonly kind: 'float' | 'double'; readonly value: number }
  | { readonly kind: 'boolean'; readonly value: boolean }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'bytes'; readonly value: Uint8Array };

/** One entry of a property set, such as `Quality` or `engUnit`. `type`: its Sparkplug data type. `value` must not be of kind `bytes`. */
export interface Property {
  readonly key: string;
  readonly type: number;
  readonly value: MetricValue;
}

/**
 * One metric. A field that is undefined is not encoded; an absent one is decoded as undefined. `timestampMs`: the time of the value, in ms
 * since 1970 UTC.
 */
export interface Metric {
  readonly name?: string | undefined;
  readonly alias?: number | undefined;
  readonly timestampMs?: number | undefined;
  readonly datatype?: number | undefined;
  readonly isHistorical?: boolean | undefined;
  /** Valid only for this message: hosts should not store it. */
  readonly isTransient?: boolean | undefined;
  readonly isNull?: boolean | undefined;
  readonly properties?: readonly Property[] | undefined;
  readonly value?: MetricValue | undefined;
}

/**
 * The body of one message. Absent fields are undefined. `timestampMs`: when the sender made the message, in ms since 1970 UTC. `seq`:
 * 0..255 in a valid message.
 */
export interface Payload {
  readonly timestampMs?: number | undefined;
  readonly seq?: number | undefined;
  readonly metrics: readonly Metric[];
}

type WireLong = { low: number; high: number; unsigned: boolean };
type WireObject = Record<string, unknown>;

const PayloadType = protobuf.parse(SPARKPLUG_PROTO).root.lookupType('luciole.sparkplug.Payload');

/** Value fields by kind; a property cannot have `bytes`. */
const VALUE_FIELDS: readonly (readonly [MetricValue['kind'], string])[] = [
  ['int', 'intValue'],
  ['long', 'longValue'],
  ['float', 'floatValue'],
  ['double', 'doubleValue'],
  ['boolean', 'booleanValue'],
  ['string', 'stringValue'],
  ['bytes', 'bytesValue'],
];
const FIELD_OF: ReadonlyMap<string, string> = new Map(VALUE_FIELDS);

/** Fields of a metric with the same name and value on the wire. */
const PLAIN_FIELDS = ['name', 'alias', 'datatype', 'isHistorical', 'isTransient', 'isNull'] as const;

/** Encodes a payload as protobuf. Metrics keep their order; an undefined field is left out. Ranges are not checked. */
export function encodePayload({ timestampMs, seq, metrics }: Payload): Buffer {
  const wire: WireObject = { metrics: metrics.map(wireMetric) };
  if (timestampMs !== undefined) wire['timestamp'] = timestampMs;
  if (seq !== undefined) wire['seq'] = seq;
  const bytes = PayloadType.encode(wire).finish();
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/**
 * Decodes a payload; undefined if the bytes are not a valid one. Ranges are not checked: `seq` may be any number.
 *
 * Errors: none; the bytes may be anything.
 */
export function decodePayload(bytes: Uint8Array): Payload | undefined {
  try {
    return readPayload(PayloadType.decode(bytes) as unknown as WireObject);
  } catch {
    // The library and the checks below throw on bytes that are not a payload; the caller needs no detail.
    return undefined;
  }
}

/**
 * Returns a number, rounded to an integer, as the 64 bits of the wire (two's complement); higher bits are lost. Errors: throws RangeError
 * for NaN or infinity.
 */
export function toLong(value: number): MetricValue {
  return { kind: 'long', value: BigInt.asUintN(64, BigInt(Math.round(value))) };
}

function wireMetric(metric: Metric): WireObject {
  const wire: WireObject = {};
  for (const field of PLAIN_FIELDS) if (metric[field] !== undefined) wire[field] = metric[field];
  if (metric.timestampMs !== undefined) wire['timestamp'] = metric.timestampMs;
  if (metric.properties !== undefined) {
    const values = metric.properties.map((p) => ({ type: p.type, [FIELD_OF.get(p.value.kind) as string]: wireValue(p.value) }));
    wire['properties'] = { keys: metric.properties.map((p) => p.key), values };
  }
  if (metric.value !== undefined) wire[FIELD_OF.get(metric.value.kind) as string] = wireValue(metric.value);
  return wire;
}

function wireValue(value: MetricValue): unknown {
  if (value.kind === 'long') return toWireLong(value.value);
  return value.kind === 'int' ? value.value >>> 0 : value.value;
}

/** The library silently writes a bigint as 0; low and high words it writes exactly. */
function toWireLong(value: bigint): WireLong {
  return { low: Number(BigInt.asIntN(32, value)), high: Number(BigInt.asIntN(32, value >> 32n)), unsigned: true };
}

function readPayload(wire: WireObject): Payload {
  return {
    timestampMs: readWhole(wire, 'timestamp'),
    seq: readWhole(wire, 'seq'),
    metrics: (wire['metrics'] as WireObject[]).map(readMetric),
  };
}

function readMetric(wire: WireObject): Metric {
  return {
    name: readOwn(wire, 'name') as string | undefined,
    alias: readWhole(wire, 'alias'),
    timestampMs: readWhole(wire, 'timestamp'),
    datatype: readOwn(wire, 'datatype') as number | undefined,
    isHistorical: readOwn(wire, 'isHistorical') as boolean | undefined,
    isTransient: readOwn(wire, 'isTransient') as boolean | undefined,
    isNull: readOwn(wire, 'isNull') as boolean | undefined,
    properties: readProperties(readOwn(wire, 'properties') as WireObject | undefined),
    value: wire['isNull'] === true ? undefined : readValue(wire),
  };
}

function readProperties(wire: WireObject | undefined): readonly Property[] | undefined {
  if (wire === undefined) return undefined;
  const keys = wire['keys'] as string[];
  const values = wire['values'] as WireObject[];
  if (keys.length !== values.length) throw new RangeError(`${keys.length} property keys but ${values.length} values`);
  return keys.flatMap((key, i) => {
    const entry = values[i] as WireObject;
    const value = readValue(entry);
    return value === undefined ? [] : [{ key, type: (readOwn(entry, 'type') as number | undefined) ?? 0, value }];
  });
}

function readValue(wire: WireObject): MetricValue | undefined {
  const present = VALUE_FIELDS.filter(([, field]) => Object.hasOwn(wire, field));
  const first = present[0];
  if (first === undefined) return undefined;
  if (present.length > 1) throw new RangeError('a metric with two values');
  const [kind, field] = first;
  const value = kind === 'long' ? toBigint(wire[field] as WireLong) : wire[field];
  return { kind, value } as MetricValue;
}

/** The library's objects have defaults for absent fields on their prototype; only fields on the wire count. */
function readOwn(wire: WireObject, field: string): unknown {
  return Object.hasOwn(wire, field) ? wire[field] : undefined;
}

/** Beyond 2^53 it is rounded: no alias of ours and no time is as large, and the rest of the payload can be answered. */
function readWhole(wire: WireObject, field: string): number | undefined {
  const value = readOwn(wire, field) as WireLong | undefined;
  return value === undefined ? undefined : (value.high >>> 0) * 2 ** 32 + (value.low >>> 0);
}

function toBigint({ low, high }: WireLong): bigint {
  return (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
}
