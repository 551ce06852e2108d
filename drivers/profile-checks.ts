/**
 * What a schema cannot see in a profile: overlapping registers, impossible writes, examples that do not come out.
 *
 * Pure. Called by `profile-loader.ts`; a profile that fails here is not used.
 */
import type { PointProfile, Profile, Table } from '../agent/core/profile.ts';
import { REGISTERS, WRITABLE } from './modbus/codec.ts';
import { crc16 } from './modbus/crc16.ts';
import { createModbusDriver } from './modbus/modbus-driver.ts';
import { createUartDriver } from './uart/frame-codec.ts';
import { UART_CODECS } from './uart/uart-codecs.ts';

/** Source: Modbus Application Protocol V1.1b3 §6 and §7: the shortest frame is an exception. Units: bytes. */
const MIN_FRAME_BYTES = 5;
/** Units: bytes. Source: as above, §6.1 to §6.4. */
const READ_BYTES = 8;
const TABLE_OF_FC: Readonly<Record<number, Table>> = { 1: 'coil', 2: 'discrete', 3: 'holding', 4: 'input' };

export interface Flaw {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** All flaws of a profile, in the order of the file. */
export function checkProfile(profile: Profile): Flaw[] {
  return [...pointFlaws(profile), ...transportFlaws(profile), ...exampleFlaws(profile)];
}

function pointFlaws({ points, transport }: Profile): Flaw[] {
  return points.flatMap((point, index) => {
    const path = ['points', index];
    const flaws: Flaw[] = [];
    if (points.findIndex((p) => p.id === point.id) !== index) flaws.push({ path: [...path, 'id'], message: `"${point.id}" stands twice` });
    if (point.range !== null && point.range[0] >= point.range[1])
      flaws.push({ path: [...path, 'range'], message: 'the first number must be the smaller' });
    if (transport === 'uart') return flaws;
    const isBitTable = point.table === 'coil' || point.table === 'discrete';
    if (isBitTable !== (point.type === 'bit'))
      flaws.push({
        path: [...path, 'type'],
        message: `table ${point.table} holds ${isBitTable ? 'bits' : 'registers'}, found type ${point.type}`,
      });
    const other = points.slice(0, index).find((p) => overlaps(p, point));
    if (other !== undefined) flaws.push({ path: [...path, 'address'], message: `overlaps ${other.id} (${other.table} ${other.address})` });
    if (point.write !== null) flaws.push(...writeFlaws(point, path));
    return flaws;
  });
}

function writeFlaws(point: PointProfile, path: readonly (string | number)[]): Flaw[] {
  const { table, type, write } = point;
  if (write === null) return [];
  const flaws: Flaw[] = [];
  if (table !== 'coil' && table !== 'holding') flaws.push({ path: [...path, 'write'], message: `table ${table} cannot be written` });
  if (write.min > write.max) flaws.push({ path: [...path, 'write'], message: 'min is above max' });
  if (WRITABLE[type] === undefined) {
    flaws.push({ path: [...path, 'type'], message: `type ${type} cannot be written, only ${Object.keys(WRITABLE).join(', ')}` });
    return flaws;
  }
  for (const limit of ['min', 'max'] as const) {
    if (!canEncode(point, write[limit]))
      flaws.push({ path: [...path, 'write', limit], message: `${write[limit]} does not fit into ${type}` });
  }
  return flaws;
}

function canEncode({ type, scale, offset }: PointProfile, value: number): boolean {
  const [min, max] = WRITABLE[type] ?? [0, -1];
  const raw = Math.round((value - offset) / scale);
  return raw >= min && raw <= max;
}

function overlaps(a: PointProfile, b: PointProfile): boolean {
  return a.table === b.table && a.address < b.address + REGISTERS[b.type] && b.address < a.address + REGISTERS[a.type];
}

function transportFlaws({ transport, codec }: Profile): Flaw[] {
  const known = Object.keys(UART_CODECS);
  if (transport === 'modbus') return codec === null ? [] : [{ path: ['codec'], message: 'only a uart device has a codec' }];
  if (codec !== null && known.includes(codec)) return [];
  return [{ path: ['codec'], message: `found ${codec ?? 'none'}; the codecs are ${known.join(', ')}` }];
}

function exampleFlaws(profile: Profile): Flaw[] {
  return profile.examples.flatMap((example, index) => {
    const path = ['examples', index];
    const values = profile.transport === 'uart' ? uartValues(profile, example.response) : modbusValues(profile, example);
    if (typeof values === 'string') return [{ path, message: values }];
    return Object.entries(example.expect).flatMap(([id, expected]) => {
      const got = values.get(id);
      if (got === expected) return [];
      const found = got === undefined ? 'it is not among the registers of this exchange' : `it decodes to ${got}`;
      return [{ path: [...path, 'expect', id], message: `expected ${expected}, but ${found}` }];
    });
  });
}

function uartValues(profile: Profile, response: string): Map<string, number | null> | string {
  const codec = UART_CODECS[profile.codec ?? ''];
  if (codec === undefined) return `codec ${profile.codec} is unknown`;
  return new Map(
    createUartDriver(profile, codec)
      .feed(bytesOf(response))
      .map((v) => [v.quantity, v.value]),
  );
}

/** Source of the frame layout: Modbus Application Protocol V1.1b3 §6.1 to §6.4. */
function modbusValues(
  profile: Profile,
  { request, response }: { request: string | null; response: string },
): Map<string, number | null> | string {
  if (request === null) return 'a Modbus example needs its request';
  const [ask, answer] = [bytesOf(request), bytesOf(response)];
  for (const frame of [ask, answer]) {
    if (frame.length < MIN_FRAME_BYTES) return `${frame.toString('hex')} is too short for a frame`;
    if (crc16(frame, 0, frame.length - 2) !== frame.readUInt16LE(frame.length - 2)) return `wrong checksum in ${frame.toString('hex')}`;
  }
  const fc = ask[1] as number;
  if (fc > 4) return ask.subarray(0, 6).equals(answer.subarray(0, 6)) ? new Map() : 'the reply to a write must repeat it';
  const table = TABLE_OF_FC[fc];
  if (table === undefined || ask.length !== READ_BYTES) return 'the request is neither a read (function 1 to 4) nor a write';
  const [address, count] = [ask.readUInt16BE(2), ask.readUInt16BE(4)];
  const dataBytes = fc <= 2 ? Math.ceil(count / 8) : 2 * count;
  if (answer[0] !== ask[0] || answer[1] !== fc || answer[2] !== dataBytes || answer.length !== dataBytes + 5)
    return `the response does not fit the request: ${dataBytes} bytes of data are asked for`;
  const words = Array.from({ length: count }, (_, i) =>
    fc <= 2 ? ((answer[3 + (i >> 3)] as number) >> (i & 7)) & 1 : answer.readUInt16BE(3 + 2 * i),
  );
  return new Map(
    createModbusDriver(profile)
      .decode(table, address, words)
      .map((v) => [v.quantity, v.value]),
  );
}

function bytesOf(hex: string): Buffer {
  return Buffer.from(hex.replaceAll(' ', ''), 'hex');
}
