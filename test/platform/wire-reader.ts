/**
 * Decodes Sparkplug payloads independently of the agent's codec, so that the host does not share its errors.
 *
 * Errors: throws on anything that is not a payload.
 */

/** A metric as on the wire. `value` is undefined when no value field was sent. */
export interface WireMetric {
  readonly name: string | undefined;
  readonly alias: number | undefined;
  readonly timestampMs: number | undefined;
  readonly datatype: number | undefined;
  readonly isHistorical: boolean;
  readonly isTransient: boolean;
  readonly isNull: boolean;
  readonly properties: ReadonlyMap<string, WireValue>;
  /** The same as on the wire; undefined when there was none. */
  readonly propertySet: WirePropertySet | undefined;
  readonly value: WireValue | undefined;
  /** Number of the value's field: 10 int, 11 long, 12 float, 13 double, 14 boolean, 15 string, 16 bytes, 17 data set, 18 template. */
  readonly valueField: number | undefined;
}

/** A value by its field: long gives bigint (signed); bytes, data sets and templates give Buffer; int, float and double give number. */
export type WireValue = number | bigint | boolean | string | Buffer;

export interface WirePropertySet {
  readonly keys: readonly string[];
  readonly values: readonly WireProperty[];
}

/** `valueField`: 3 int, 4 long, 5 float, 6 double, 7 boolean, 8 string, 9 property set, 10 list of them. */
export interface WireProperty {
  readonly type: number | undefined;
  readonly value: WireValue | undefined;
  readonly valueField: number | undefined;
}

export interface WirePayload {
  readonly timestampMs: number | undefined;
  readonly seq: number | undefined;
  readonly metrics: readonly WireMetric[];
}

type Field = { readonly number: number; readonly value: number | bigint | Buffer };

/** Decodes a Sparkplug payload. A field that is absent is undefined. Errors: throws RangeError on bytes that are not a payload. */
export function readWirePayload(bytes: Buffer): WirePayload {
  const fields = [...readFields(bytes)];
  return {
    timestampMs: toNumber(find(fields, 1)),
    seq: toNumber(find(fields, 3)),
    metrics: fields.filter(({ number }) => number === 2).map(({ value }) => readWireMetric(value as Buffer)),
  };
}

function readWireMetric(bytes: Buffer): WireMetric {
  const fields = [...readFields(bytes)];
  const name = find(fields, 1);
  const properties = find(fields, 9);
  const propertySet = Buffer.isBuffer(properties) ? readPropertySet(properties) : undefined;
  return {
    name: Buffer.isBuffer(name) ? name.toString() : undefined,
    alias: toNumber(find(fields, 2)),
    timestampMs: toNumber(find(fields, 3)),
    datatype: toNumber(find(fields, 4)),
    isHistorical: toNumber(find(fields, 5)) === 1,
    isTransient: toNumber(find(fields, 6)) === 1,
    isNull: toNumber(find(fields, 7)) === 1,
    properties: new Map(propertySet?.keys.map((key, i) => [key, propertySet.values[i]?.value as WireValue])),
    propertySet,
    ...readValue(fields, 10, 9),
  };
}

function readPropertySet(bytes: Buffer): WirePropertySet {
  const fields = [...readFields(bytes)];
  return {
    keys: fields.filter(({ number }) => number === 1).map(({ value }) => (value as Buffer).toString()),
    values: fields.filter(({ number }) => number === 2).map(({ value }) => readProperty([...readFields(value as Buffer)])),
  };
}

function readProperty(fields: readonly Field[]): WireProperty {
  return { type: toNumber(find(fields, 1)), ...readValue(fields, 3, 8) };
}

/** The value fields lie in the same order in metrics (from 10) and properties (from 3): int, long, float, double, boolean, string. */
function readValue(fields: readonly Field[], first: number, count: number): Pick<WireProperty, 'value' | 'valueField'> {
  const present = fields.filter(({ number }) => number >= first && number < first + count);
  if (present.length > 1) throw new RangeError('more than one value');
  const field = present[0];
  return field === undefined
    ? { value: undefined, valueField: undefined }
    : { value: toValue(field.number - first, field.value), valueField: field.number };
}

function toValue(kind: number, value: Field['value']): WireValue {
  if (kind <= 1 || kind === 4) {
    if (Buffer.isBuffer(value)) throw new RangeError('a number in the clothes of bytes');
    if (kind === 4) return Number(value) === 1;
    return kind === 0 ? Number(value) : BigInt.asIntN(64, BigInt(value));
  }
  if (!Buffer.isBuffer(value)) throw new RangeError('bytes in the clothes of a number');
  if (kind === 2) return value.readFloatLE(0);
  if (kind === 3) return value.readDoubleLE(0);
  return kind === 5 ? value.toString() : value;
}

function find(fields: readonly Field[], number: number): Field['value'] | undefined {
  return fields.find((field) => field.number === number)?.value;
}

function toNumber(value: Field['value'] | undefined): number | undefined {
  return value === undefined ? undefined : Number(value);
}

function* readFields(bytes: Buffer): Generator<Field> {
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++];
      if (byte === undefined || shift > 63n) throw new RangeError('broken varint');
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  const take = (length: number): Buffer => {
    if (at + length > bytes.length) throw new RangeError('truncated');
    at += length;
    return bytes.subarray(at - length, at);
  };
  while (at < bytes.length) {
    const tag = Number(varint());
    const number = tag >>> 3;
    if ((tag & 7) === 0) yield { number, value: varint() };
    else if ((tag & 7) === 1) yield { number, value: take(8) };
    else if ((tag & 7) === 2) yield { number, value: take(Number(varint())) };
    else if ((tag & 7) === 5) yield { number, value: take(4) };
    else throw new RangeError(`wire type ${tag & 7}`);
  }
}
