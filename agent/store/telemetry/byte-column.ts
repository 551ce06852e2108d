/**
 * Encodes numbers in few bytes: variable-length integers and doubles, alone or as columns of differences and runs.
 */

import { StoreError } from '../../core/errors.ts';
import { msg } from '../../core/message.ts';

/** Largest magnitude of a difference that `putDeltas` may write. The numbers themselves may reach half of it. */
export const MAX_SIGNED = 2 ** 51;
/** Longest varint. Units: bytes. Source: 8 × 7 bits hold every whole number up to 2^53 - 1. */
export const MAX_VARINT_BYTES = 8;

/** A buffer, which does not grow, and the position of the next byte to write. Each `put` function moves the position forward. */
export interface ByteWriter {
  readonly bytes: Buffer;
  offset: number;
}

/** Bytes and the position of the next byte to read. Each `take` function moves the position forward. */
export interface ByteReader {
  readonly bytes: Uint8Array;
  offset: number;
}

/**
 * Creates a writer whose buffer has `capacity` bytes. The buffer does not grow, and bytes beyond it may be lost without an error. So
 * `capacity` must cover the worst case.
 */
export function createByteWriter(capacity: number): ByteWriter {
  return { bytes: Buffer.allocUnsafe(capacity), offset: 0 };
}

/** Writes a whole number from 0 to 2^53 - 1 in 1 to 8 bytes: seven bits per byte, lowest first. The range is not checked. */
export function putVarint(writer: ByteWriter, value: number): void {
  let rest = value;
  while (rest >= 128) {
    writer.bytes[writer.offset++] = (rest % 128) + 128;
    rest = Math.floor(rest / 128);
  }
  writer.bytes[writer.offset++] = rest;
}

/**
 * Writes a whole number that may be negative, for `takeSigned`, in 1 to 8 bytes. Units: magnitude up to `MAX_SIGNED`, which is not checked.
 */
export function putSigned(writer: ByteWriter, value: number): void {
  putVarint(writer, value >= 0 ? value * 2 : -value * 2 - 1);
}

/**
 * Writes a number unrounded in eight bytes: a 64-bit IEEE 754 float, lowest byte first. Errors: throws RangeError if the buffer has fewer
 * bytes left.
 */
export function putDouble(writer: ByteWriter, value: number): void {
  writer.offset = writer.bytes.writeDoubleLE(value, writer.offset);
}

/** Reads a number that `putVarint` has written. Errors: throws StoreError `corrupt` if the bytes end or the number is too large. */
export function takeVarint(reader: ByteReader): number {
  let value = 0;
  for (let place = 0; place < MAX_VARINT_BYTES; place++) {
    const byte = takeByte(reader);
    value += (byte % 128) * 128 ** place;
    if (byte < 128) {
      if (value > Number.MAX_SAFE_INTEGER) break;
      return value;
    }
  }
  throw new StoreError('corrupt', msg`stored bytes: a number at byte ${reader.offset} is larger than ${Number.MAX_SAFE_INTEGER}`);
}

/** Reads a number that `putSigned` has written. Errors: throws StoreError `corrupt` if the bytes end or the number is too large. */
export function takeSigned(reader: ByteReader): number {
  const zigzag = takeVarint(reader);
  return zigzag % 2 === 0 ? zigzag / 2 : -(zigzag + 1) / 2;
}

/** Errors: throws StoreError `corrupt` when the bytes end. */
function takeByte(reader: ByteReader): number {
  const byte = reader.bytes[reader.offset];
  if (byte === undefined) throw new StoreError('corrupt', msg`stored bytes: end after ${reader.bytes.length}, more were announced`);
  reader.offset += 1;
  return byte;
}

/** Reads a number that `putDouble` has written. Errors: throws StoreError `corrupt` when the bytes end. */
export function takeDouble(reader: ByteReader): number {
  if (reader.offset + 8 > reader.bytes.length) {
    throw new StoreError('corrupt', msg`stored bytes: end after ${reader.bytes.length}, a double was announced at ${reader.offset}`);
  }
  const view = new DataView(reader.bytes.buffer, reader.bytes.byteOffset + reader.offset, 8);
  reader.offset += 8;
  return view.getFloat64(0, true);
}

/**
 * Writes numbers in few bytes if neighbours are similar; their count is not written. Units: whole numbers, magnitudes up to half of
 * `MAX_SIGNED`.
 */
export function putDeltas<T>(writer: ByteWriter, items: readonly T[], numberOf: (item: T) => number): void {
  let before = 0;
  for (const item of items) {
    const value = numberOf(item);
    putSigned(writer, value - before);
    before = value;
  }
}

/** Reads `count` numbers that `putDeltas` has written. Errors: throws StoreError `corrupt` if the bytes end or a number is out of range. */
export function takeDeltas(reader: ByteReader, count: number): number[] {
  const values: number[] = [];
  let before = 0;
  for (let i = 0; i < count; i++) {
    before += takeSigned(reader);
    if (Math.abs(before) > MAX_SIGNED / 2)
      throw new StoreError('corrupt', msg`stored bytes: ${before} at byte ${reader.offset} is out of range`);
    values.push(before);
  }
  return values;
}

/**
 * Writes numbers that often repeat, each run as a number and its length; their count is not written. Units: whole numbers from 0 to 127,
 * which is not checked.
 */
export function putRuns<T>(writer: ByteWriter, items: readonly T[], numberOf: (item: T) => number): void {
  const values = items.map(numberOf);
  for (let start = 0; start < values.length; ) {
    let end = start + 1;
    while (end < values.length && values[end] === values[start]) end++;
    putVarint(writer, values[start] ?? 0);
    putVarint(writer, end - start);
    start = end;
  }
}

/**
 * Reads `count` numbers that `putRuns` has written. Errors: throws StoreError `corrupt` if the bytes end, a number exceeds `max`, or a run
 * is not valid.
 */
export function takeRuns(reader: ByteReader, count: number, max: number): number[] {
  const values: number[] = [];
  while (values.length < count) {
    const value = takeByte(reader);
    const length = takeVarint(reader);
    if (value > max || length === 0 || length > count - values.length) {
      throw new StoreError('corrupt', msg`stored bytes: a run of ${length} times ${value}, ${count - values.length} values are left`);
    }
    for (let i = 0; i < length; i++) values.push(value);
  }
  return values;
}

/**
 * Reads a count, and checks that the remaining bytes can contain that many items of at least `leastBytes` each. Errors: throws StoreError
 * `corrupt` if they cannot, or if the count cannot be read.
 */
export function takeCount(reader: ByteReader, leastBytes = 1): number {
  const count = takeVarint(reader);
  const left = reader.bytes.length - reader.offset;
  if (count * leastBytes > left) throw new StoreError('corrupt', msg`stored bytes: ${count} things announced in ${left} bytes`);
  return count;
}

/** Checks that all bytes were read. Errors: throws StoreError `corrupt` when bytes are left over. */
export function expectEnd(reader: ByteReader): void {
  const left = reader.bytes.length - reader.offset;
  if (left !== 0) throw new StoreError('corrupt', msg`stored bytes: ${left} of ${reader.bytes.length} left over`);
}
