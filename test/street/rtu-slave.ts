/**
 * The slave's side of Modbus RTU frames, written apart from the agent's own so that neither hides the other's mistakes.
 *
 * Pure. Source: Modbus Application Protocol V1.1b3 §6; checksum bit by bit as in Modbus over Serial Line V1.02 §6.2.2.
 */
import type { Table } from '../../agent/core/profile.ts';

/** `unit` 0 is a broadcast; `bytes` is the length of the frame; `values` has one number for each coil (0 or 1) or register. */
export type SlaveRequest =
  | {
      readonly kind: 'read';
      readonly unit: number;
      readonly fc: number;
      readonly table: Table;
      readonly address: number;
      readonly count: number;
      readonly bytes: number;
    }
  | {
      readonly kind: 'write';
      readonly unit: number;
      readonly fc: number;
      readonly table: 'coil' | 'holding';
      readonly address: number;
      readonly values: readonly number[];
      readonly bytes: number;
    };

/** The CRC of Modbus RTU, sent with the low byte first. */
export function crcBitwise(bytes: Uint8Array): number {
  let crc = 0xffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xa001 : crc >>> 1;
  }
  return crc;
}

/** The request at the start of `rx`; undefined while bytes are missing; null for a wrong CRC or a function other than 1 to 6, 15 and 16. */
export function parseRequest(rx: Buffer): SlaveRequest | null | undefined {
  if (rx.length < 8) return undefined;
  const [unit, fc] = [rx[0] as number, rx[1] as number];
  const isMany = fc === 15 || fc === 16;
  const bytes = isMany ? 9 + (rx[6] as number) : 8;
  if (!isMany && !(fc >= 1 && fc <= 6)) return null;
  if (rx.length < bytes) return undefined;
  if (crcBitwise(rx.subarray(0, bytes - 2)) !== rx.readUInt16LE(bytes - 2)) return null;
  const [address, second] = [rx.readUInt16BE(2), rx.readUInt16BE(4)];
  if (fc <= 4) {
    const table = (['coil', 'discrete', 'holding', 'input'] as const)[fc - 1] as Table;
    return { kind: 'read', unit, fc, table, address, count: second, bytes };
  }
  const table = fc === 5 || fc === 15 ? 'coil' : 'holding';
  return { kind: 'write', unit, fc, table, address, values: writtenValues(fc, second, rx), bytes };
}

function writtenValues(fc: number, second: number, rx: Buffer): number[] {
  if (fc === 5) return [second === 0xff00 ? 1 : 0];
  if (fc === 6) return [second];
  if (fc === 15) return Array.from({ length: second }, (_, i) => ((rx[7 + (i >> 3)] as number) >> (i & 7)) & 1);
  return Array.from({ length: second }, (_, i) => rx.readUInt16BE(7 + 2 * i));
}

/** `words`: one number for each coil (0 or 1) or register that was requested. */
export function encodeReadReply({ unit, fc }: SlaveRequest, words: readonly number[]): Buffer {
  if (fc >= 3) {
    const body = Buffer.alloc(2 * words.length);
    words.forEach((word, i) => {
      body.writeUInt16BE(word, 2 * i);
    });
    return withCrc(Buffer.concat([Buffer.from([unit, fc, body.length]), body]));
  }
  const body = Buffer.alloc(Math.ceil(words.length / 8));
  words.forEach((bit, i) => {
    body[i >> 3] = (body[i >> 3] as number) | (bit << (i & 7));
  });
  return withCrc(Buffer.concat([Buffer.from([unit, fc, body.length]), body]));
}

export function exceptionReply({ unit, fc }: SlaveRequest, code: number): Buffer {
  return withCrc(Buffer.from([unit, fc | 0x80, code]));
}

/** The reply to a write that was carried out: the first six bytes of the request, with a new CRC. */
export function writeReply(request: Buffer): Buffer {
  return withCrc(request.subarray(0, 6));
}

function withCrc(body: Buffer): Buffer {
  const crc = crcBitwise(body);
  return Buffer.concat([body, Buffer.from([crc & 0xff, crc >> 8])]);
}
