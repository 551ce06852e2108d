/**
 * Encodes the values of the record's inputs. A cell is one input, such as a sensor or the requests in force; its value is a short list of items.
 *
 * Times are whole microseconds of the monotonic clock: a replay compares them with the thresholds of the lighting as the original did.
 */
import { StoreError } from '../../core/errors.ts';
import { msg } from '../../core/message.ts';
import { type ByteReader, takeDouble, takeVarint } from '../../store/telemetry/byte-column.ts';
import type { ByteStream } from './byte-stream.ts';

/** One value of a cell; a cell is one recorded input. Null: no value. `CELL_ITEMS` lists the items of each cell. */
export type Item = number | string | null;

/**
 * The kinds of items. `whole`: a whole number. `time`: microseconds of the monotonic clock, stored relative to the instant. `double`: any
 * number. `text`: a text.
 */
export type ItemKind = 'whole' | 'time' | 'double' | 'text';

/** The kinds of the items in a cell of the decision record, by the first letter of the cell's key. */
export const CELL_ITEMS: Readonly<Record<string, readonly ItemKind[]>> = {
  // Clock quality, and the difference of the second clock in ms.
  c: ['whole', 'whole'],
  // A sensor: flags and quality, start of its spell, its last presence.
  s: ['whole', 'time', 'time'],
  // A photocell: its verdict with flags, its light in lx.
  p: ['whole', 'double'],
  // Traffic of a zone: step, since when, flow of the last window and of the running one, fault.
  t: ['whole', 'time', 'double', 'double', 'text'],
  // A rule: active or not, since when, its value.
  r: ['whole', 'time', 'double'],
  // An intent in force: its place in their order, and the intent as JSON.
  i: ['whole', 'text'],
  // The programmes chosen for zones, as JSON.
  g: ['text'],
  // A level found at the start, with its end.
  h: ['whole', 'time'],
  // The level below which a lamp is not set while the start waits for readings.
  f: ['whole'],
  // A zone that presence has raised for too long.
  o: ['whole'],
  // Burning hours of a lamp.
  b: ['double'],
  // A lamp of `LightingSnapshot.lit`, before the decision: since when it shows its warning.
  l: ['time'],
  // As `l`, after the decision.
  m: ['time'],
  // A detection, with source and pole in its key: time, flags, speed, distance. It is added to the others.
  d: ['time', 'whole', 'double', 'double'],
};

/** Returns the kinds of the items of a cell, by the first letter of its key. Errors: throws StoreError `corrupt` for an unknown letter. */
export function kindsOf(key: string): readonly ItemKind[] {
  const kinds = CELL_ITEMS[key.charAt(0)];
  if (kinds === undefined) throw new StoreError('corrupt', msg`stored bytes: the record has no input ${JSON.stringify(key)}`);
  return kinds;
}

/**
 * Appends the items of a cell, one per kind; a missing one as null. `nowUs`: the instant, to which times are stored relative. Units:
 * microseconds.
 */
export function putItems(stream: ByteStream, items: readonly Item[], kinds: readonly ItemKind[], nowUs: number): void {
  kinds.forEach((kind, at) => {
    const item = items[at] ?? null;
    if (item === null) stream.varint(0);
    else if (typeof item === 'string') {
      stream.varint(1);
      stream.text(item);
    } else if (kind === 'double') {
      stream.varint(1);
      stream.double(item);
    } else {
      const value = kind === 'time' ? nowUs - item : item;
      stream.varint((value >= 0 ? value * 2 : -value * 2 - 1) + 1);
    }
  });
}

/** The inverse of `putItems`, with one item per kind. Errors: throws StoreError `corrupt`, for example when the bytes end. */
export function takeItems(reader: ByteReader, kinds: readonly ItemKind[], nowUs: number): Item[] {
  return kinds.map((kind) => {
    const head = takeVarint(reader);
    if (head === 0) return null;
    if (kind === 'text') return takeText(reader);
    if (kind === 'double') return takeDouble(reader);
    const zigzag = head - 1;
    const value = zigzag % 2 === 0 ? zigzag / 2 : -(zigzag + 1) / 2;
    return kind === 'time' ? nowUs - value : value;
  });
}

/**
 * Reads a text that `ByteStream.text` has written, and moves the reader behind it. Bytes that are not UTF-8 become U+FFFD. Errors: throws
 * StoreError `corrupt` when the bytes end.
 */
export function takeText(reader: ByteReader): string {
  const length = takeVarint(reader);
  const end = reader.offset + length;
  if (end > reader.bytes.length)
    throw new StoreError('corrupt', msg`stored bytes: a text of ${length} bytes was announced at ${reader.offset}`);
  const text = Buffer.from(reader.bytes.subarray(reader.offset, end)).toString('utf8');
  reader.offset = end;
  return text;
}

/** Returns true if both cells have the same items in the same order, compared by `Object.is`. */
export function isSameCell(a: readonly Item[], b: readonly Item[]): boolean {
  if (a.length !== b.length) return false;
  for (let at = 0; at < a.length; at++) if (!Object.is(a[at], b[at])) return false;
  return true;
}
