/**
 * The serial protocol of Foxtron's DALI converters: SOH, hex digits, a checksum, ETB.
 *
 * Pure. Source: Foxtron, communication protocol 1.7 (frame and checksum); message types and their bytes from the programs docek/ha-foxtron-dali
 * and NikolayLiber/node-dali (facts only). Not tried on hardware.
 */
import type { DaliFrame } from './dali-commands.ts';

const SOH = 0x01;
const ETB = 0x17;
/** Hex digits between SOH and ETB: 4 to 26 of data and 2 of the checksum. Source: Foxtron, protocol 1.7. */
const DIGITS = { least: 6, most: 28 } as const;
const FRAME_BITS = 16;
const ANSWER_BITS = 8;
const BYTE = 0xff;
/** Source: docek/ha-foxtron-dali, message catalogue. */
const TYPE = { heardAnswer: 0x03, heard: 0x04, special: 0x05, query: 0x06, queried: 0x07, send: 0x0b, answer: 0x0d, sent: 0x0e } as const;
const SEND_TWICE = 1;

/** Numbers of the values of the converter that are queried. Source: docek/ha-foxtron-dali, configuration area. */
export const CONVERTER_ITEM = { busPower: 3 } as const;

/**
 * State of the DALI bus as the converter reports it. `lost`: no power, or a short circuit. `mains`: mains voltage on the bus, a fault.
 * `defective`: the power supply of the bus is defective. Source: docek/ha-foxtron-dali, items and special events 0 to 3.
 */
export const BUS_POWER = { ok: 0, lost: 1, mains: 2, defective: 3 } as const;

/** A message from the converter, decoded. */
export type ConverterMessage =
  /** A `DaliFrame` was sent for us. `answer`: null for none, `damaged` for one that is not a byte, as if several gears answered at once. */
  | { readonly kind: 'sent'; readonly address: number; readonly data: number; readonly answer: number | 'damaged' | null }
  /** A frame of another sender. Shape: `bits` 16 for a command to gear, 24 for an input device, 0 for a damaged frame. */
  | { readonly kind: 'heard'; readonly bits: number }
  /** The converter reports a state without a query. Codes 0 to 3: that of the bus, as `BUS_POWER`. */
  | { readonly kind: 'special'; readonly code: number }
  /** The answer to an `itemQuery`. `item`: as in `CONVERTER_ITEM`. `value`: 0 to 65,535; that of `busPower` as in `BUS_POWER`. */
  | { readonly kind: 'item'; readonly item: number; readonly value: number };

/**
 * Returns the bytes for the converter that send one frame on the DALI bus, or twice with `isTwice`. The converter confirms it by a message
 * `sent`.
 */
export function sendMessage({ address, data, isTwice, priority }: DaliFrame): Buffer {
  return foxtronFrame([TYPE.send, priority, FRAME_BITS, address, data, isTwice === true ? SEND_TWICE : 0]);
}

/** Returns the bytes for the converter that query one of its values. `item`: as in `CONVERTER_ITEM`. The answer is a message `item`. */
export function itemQuery(item: number): Buffer {
  return foxtronFrame([TYPE.query, item]);
}

/** Returns a message as it goes over the serial line: SOH, hex, checksum, ETB. `data`: its bytes without the checksum. */
export function foxtronFrame(data: readonly number[]): Buffer {
  const hex = [...data, checksum(data)].map((byte) => byte.toString(16).padStart(2, '0').toUpperCase()).join('');
  return Buffer.from([SOH, ...Buffer.from(hex, 'ascii'), ETB]);
}

/** Source: Foxtron, protocol 1.7: the complement of the sum of the data bytes. */
function checksum(data: readonly number[]): number {
  return ~data.reduce((sum, byte) => sum + byte, 0) & BYTE;
}

/**
 * Counts of a reader since its creation. `noiseBytes`: bytes found to be in no frame. A frame that is too long or has a character other
 * than 0 to 9 and A to F counts as noise. `badFrames`: other frames received to their end, with a wrong length or checksum.
 */
export interface FoxtronCounters {
  readonly noiseBytes: number;
  readonly badFrames: number;
}

/**
 * Creates a reader that takes the converter's bytes as they arrive. `feed` returns the data bytes, without the checksum, of each frame that
 * is now complete and has a right length and checksum.
 */
export function createFoxtronReader() {
  const counters = { noiseBytes: 0, badFrames: 0 };
  let digits: number[] | null = null;
  const take = (byte: number): number[] | undefined => {
    if (byte === SOH) {
      counters.noiseBytes += digits === null ? 0 : digits.length + 1;
      digits = [];
      return undefined;
    }
    if (digits === null) {
      counters.noiseBytes++;
      return undefined;
    }
    if (byte !== ETB) {
      if (isHexDigit(byte) && digits.length < DIGITS.most) digits.push(byte);
      else {
        counters.noiseBytes += digits.length + 2;
        digits = null;
      }
      return undefined;
    }
    const data = dataOf(digits);
    digits = null;
    if (data === undefined) counters.badFrames++;
    return data;
  };
  return {
    counters: counters as FoxtronCounters,
    feed: (bytes: Uint8Array): number[][] =>
      [...bytes].flatMap((byte) => {
        const data = take(byte);
        return data === undefined ? [] : [data];
      }),
    /** Discards an incomplete frame. */
    reset(): void {
      digits = null;
    },
  };
}

function isHexDigit(byte: number): boolean {
  return (byte >= 0x30 && byte <= 0x39) || (byte >= 0x41 && byte <= 0x46);
}

function dataOf(digits: readonly number[]): number[] | undefined {
  if (digits.length < DIGITS.least || digits.length % 2 !== 0) return undefined;
  const bytes = [...Buffer.from(Buffer.from(digits).toString('ascii'), 'hex')];
  const data = bytes.slice(0, -1);
  return checksum(data) === bytes.at(-1) ? data : undefined;
}

/**
 * Returns the message in the data of a frame; null for one that this program does not use or cannot read. `data`: its bytes without the
 * checksum.
 */
export function messageOf(data: readonly number[]): ConverterMessage | null {
  const [type, first = 0, second = 0, third = 0, fourth = 0] = data;
  switch (type) {
    case TYPE.answer:
    case TYPE.heardAnswer:
      // Bits of the frame, bits of the answer, the frame, the answer.
      if (type === TYPE.heardAnswer) return { kind: 'heard', bits: first };
      if (first !== FRAME_BITS) return null;
      if (second !== ANSWER_BITS) return data.length === 5 ? { kind: 'sent', address: third, data: fourth, answer: 'damaged' } : null;
      return data.length === 6 ? { kind: 'sent', address: third, data: fourth, answer: data[5] as number } : null;
    case TYPE.sent:
      return first === FRAME_BITS && data.length === 4 ? { kind: 'sent', address: second, data: third, answer: null } : null;
    case TYPE.heard:
      return { kind: 'heard', bits: first };
    case TYPE.special:
      return data.length === 2 ? { kind: 'special', code: first } : null;
    case TYPE.queried:
      return data.length === 4 ? { kind: 'item', item: first, value: second * (BYTE + 1) + third } : null;
    default:
      return null;
  }
}
