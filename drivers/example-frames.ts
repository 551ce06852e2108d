/**
 * Decodes the two frames of an example according to the standard.
 *
 * Pure. Reports which of them is wrong, what was found and what is right.
 * Source of the layout: Modbus Application Protocol V1.1b3 §6 and §7; Modbus over Serial Line V1.02 §2.5.1.
 */
import { counted, type Message, msg } from '../agent/core/message.ts';
import type { Table } from '../agent/core/profile.ts';
import { hexOf, REFUSED, withChecksum } from './modbus/frames.ts';
import { tableOfRead } from './modbus/modbus-functions.ts';

/** The shortest frame is an exception. Units: bytes. */
const LEAST_BYTES = 5;
/** Any request except the write of several values. Units: bytes. */
const REQUEST_BYTES = 8;
/** Unit, function, number of data bytes and checksum. */
const AROUND_DATA_BYTES = 5;
const [WRITE_BITS, WRITE_REGISTERS] = [15, 16];
const WRITES: readonly number[] = [5, 6, WRITE_BITS, WRITE_REGISTERS];

/**
 * The registers that the frames of an example read or set. `address`: of the first one, as in the frame. `words`: from `address` on, one
 * register each, or one bit each as 0 or 1.
 */
export interface ExampleExchange {
  readonly table: Table;
  readonly address: number;
  readonly words: readonly number[];
}

/** What is wrong with a frame of an example. `at`: the key of that frame. */
export interface FrameFlaw {
  readonly at: 'request' | 'response';
  readonly message: Message;
}

/**
 * Decodes the request and the response of an example, given as hex bytes. Returns what they read, or what a write of function 16 sets.
 * Returns the flaw of a wrong frame; null for an exception and for any other write.
 */
export function takeApart(request: string, response: string): ExampleExchange | FrameFlaw | null {
  const [ask, answer] = [bytesOf(request), bytesOf(response)];
  const askFlaw = requestFlaw(ask);
  if (askFlaw !== null) return { at: 'request', message: askFlaw };
  const answerFlaw = responseFlaw(ask, answer);
  if (answerFlaw !== null) return { at: 'response', message: answerFlaw };
  const [fc, count] = [ask[1] as number, ask.readUInt16BE(4)];
  const table = tableOfRead(fc);
  if (answer[1] !== fc) return null;
  if (fc === WRITE_REGISTERS)
    return { table: 'holding', address: ask.readUInt16BE(2), words: Array.from({ length: count }, (_, i) => ask.readUInt16BE(7 + 2 * i)) };
  if (table === undefined) return null;
  const isBits = fc <= 2;
  const word = (i: number): number => (isBits ? ((answer[3 + (i >> 3)] as number) >> (i & 7)) & 1 : answer.readUInt16BE(3 + 2 * i));
  return { table, address: ask.readUInt16BE(2), words: Array.from({ length: count }, (_, i) => word(i)) };
}

/** Returns the bytes of a hex text, with or without spaces, up to the first pair that is not two hex digits. */
export function bytesOf(hex: string): Buffer {
  return Buffer.from(hex.replaceAll(' ', ''), 'hex');
}

function requestFlaw(ask: Buffer): Message | null {
  if (ask.length < LEAST_BYTES) return tooShort(ask);
  const fc = ask[1] as number;
  if (tableOfRead(fc) === undefined && !WRITES.includes(fc))
    return msg`found function ${fc}: neither a read (1 to 4) nor a write (5, 6, 15, 16)`;
  const hasData = fc === WRITE_BITS || fc === WRITE_REGISTERS;
  const wanted = hasData ? REQUEST_BYTES + 1 + (ask[6] ?? 0) : REQUEST_BYTES;
  if (ask.length !== wanted) return msg`found ${ask.length} bytes; a request of function ${fc} has ${wanted}, checksum included`;
  return (hasData ? dataFlaw(ask, ask[6] ?? 0) : null) ?? checksumFlaw(ask);
}

/** Checks length and address before the checksum: when a byte is missing, the checksum of the rest does not help the author. */
function responseFlaw(ask: Buffer, answer: Buffer): Message | null {
  if (answer.length < LEAST_BYTES) return tooShort(answer);
  const [unit, fc] = [ask[0] as number, ask[1] as number];
  if (answer[0] !== unit) return msg`found unit ${answer[0] ?? 0}; the request is for unit ${unit}`;
  if (answer[1] === fc + REFUSED) return lengthFlaw(answer, LEAST_BYTES, msg`a refusal`) ?? checksumFlaw(answer);
  if (answer[1] !== fc) return msg`found function ${answer[1] ?? 0}; the request has function ${fc}`;
  if (WRITES.includes(fc)) {
    const repeats = ask.subarray(0, 6).equals(answer.subarray(0, 6));
    const repeated = msg`the reply to a write must repeat it: ${hexOf(withChecksum(ask.subarray(0, 6)))}`;
    return lengthFlaw(answer, REQUEST_BYTES, msg`the reply to a write`) ?? (repeats ? checksumFlaw(answer) : repeated);
  }
  const data = answer[2] ?? 0;
  return (
    dataFlaw(ask, data) ?? lengthFlaw(answer, data + AROUND_DATA_BYTES, msg`a reply with ${data} bytes of data`) ?? checksumFlaw(answer)
  );
}

/** Compares the number of data bytes that a frame names with the bits or registers of its request. */
function dataFlaw(ask: Buffer, found: number): Message | null {
  const [fc, count] = [ask[1] as number, ask.readUInt16BE(4)];
  const isBits = fc <= 2 || fc === WRITE_BITS;
  const data = isBits ? Math.ceil(count / 8) : 2 * count;
  if (found === data) return null;
  return isBits ? bitsFlaw(found, count, data) : registersFlaw(found, count, data);
}

function lengthFlaw(frame: Buffer, wanted: number, what: Message): Message | null {
  return frame.length === wanted ? null : msg`found ${frame.length} bytes; ${what} has ${wanted}, checksum included`;
}

function checksumFlaw(frame: Buffer): Message | null {
  const body = frame.subarray(0, -2);
  const [found, right] = [frame.subarray(-2), withChecksum(body).subarray(-2)];
  return found.equals(right) ? null : msg`found checksum ${hexOf(found)}; the right one of these bytes is ${hexOf(right)}`;
}

function tooShort({ length }: Buffer): Message {
  return counted(
    length,
    msg`found ${length} byte; the shortest frame has ${LEAST_BYTES}, checksum included`,
    msg`found ${length} bytes; the shortest frame has ${LEAST_BYTES}, checksum included`,
  );
}

function bitsFlaw(found: number, bits: number, data: number): Message {
  return counted(
    bits,
    msg`found ${found} as the number of data bytes; the request asks for ${bits} bit, which has ${data}`,
    msg`found ${found} as the number of data bytes; the request asks for ${bits} bits, which have ${data}`,
  );
}

function registersFlaw(found: number, registers: number, data: number): Message {
  return counted(
    registers,
    msg`found ${found} as the number of data bytes; the request asks for ${registers} register, which has ${data}`,
    msg`found ${found} as the number of data bytes; the request asks for ${registers} registers, which have ${data}`,
  );
}
