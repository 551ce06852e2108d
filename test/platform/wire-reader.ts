/**
 * Reads Sparkplug payloads by hand, so that the host never shares a mistake with the agent's codec.
 *
 * Owns a protobuf reader of a few lines. Strict: throws on anything that is not a payload.
 */

/** A metric as it stood on the wire. `value` is undefined where no value field was sent. */
export interface WireMetric {
  readonly name: string | undefined;
  readonly alias: number | undefined;
  readonly timestampMs: number | undefined;
  readonly datatype: number | undefined;
  readonly isHistorical: boolean;
  readonly isNull: boolean;
  readonly properties: ReadonlyMap<string, WireValue>;
  readonly value: WireValue | undefined;
}

export type WireValue = number | bigint | boolean | string | Buffer;

export interface WirePayload {
  readonly timestampMs: number | undefined;
  readonly seq: number | undefined;
  readonly metrics: readonly WireMetric[];
}

type Field = { readonly number: number; readonly value: number | bigint | Buffer };

/** Errors: throws RangeError on what is no payload. */
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
  return {
    name: Buffer.isBuffer(name) ? name.toString() : undefined,
    alias: toNumber(find(fields, 2)),
    timestampMs: toNumber(find(fields, 3)),
    datatype: toNumber(find(fields, 4)),
    isHistorical: toNumber(find(fields, 5)) === 1,
    isNull: toNumber(find(fields, 7)) === 1,
    properties: Buffer.isBuffer(properties) ? readProperties(properties) : new Map(),
    value: readValue(fields, 10),
  };
}

function readProperties(bytes: Buffer): Map<string, WireValue> {
  const fields = [...readFields(bytes)];
  const keys = fields.filter(({ number }) => number === 1).map(({ value }) => (value as Buffer).toString());
  const values = fields.filter(({ number }) => number === 2).map(({ value }) => readValue([...readFields(value as Buffer)], 3));
  if (keys.length !== values.length) throw new RangeError('keys and values of a property set differ in number');
  return new Map(keys.map((key, i) => [key, values[i] as WireValue]));
}

/** The value fields lie in the same order in metrics (from 10) and properties (from 3): int, long, float, double, boolean, string. */
function readValue(fields: readonly Field[], first: number): WireValue | undefined {
  const present = fields.filter(({ number }) => number >= first && number < first + 7);
  if (present.length > 1) throw new RangeError('more than one value');
  const field = present[0];
  if (field === undefined) return undefined;
  const { value } = field;
  switch (field.number - first) {
    case 0:
      return Number(value);
    case 1:
      return BigInt.asIntN(64, BigInt(value as number | bigint));
    case 2:
      return (value as Buffer).readFloatLE(0);
    case 3:
      return (value as Buffer).readDoubleLE(0);
    case 4:
      return Number(value) === 1;
    case 5:
      return (value as Buffer).toString();
    default:
      return value as Buffer;
  }
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
