/**
 * Do the examples of a profile come out?
 *
 * Pure. Takes frames apart by the standard and lets the profile's own driver explain them. Called by `profile-checks.ts`.
 */
import type { DecodedValue } from '../agent/core/driver.ts';
import type { Profile, ProfileExample, Table } from '../agent/core/profile.ts';
import { crc16 } from './modbus/crc16.ts';
import { createModbusDriver } from './modbus/modbus-driver.ts';
import type { Flaw } from './profile-flaw.ts';
import { createUartDriver } from './uart/frame-codec.ts';
import { UART_CODECS } from './uart/uart-codecs.ts';

/** Source: Modbus Application Protocol V1.1b3 §6 and §7: the shortest frame is an exception. Units: bytes. */
const MIN_FRAME_BYTES = 5;
/** Units: bytes. Source: as above, §6.1 to §6.4. */
const READ_BYTES = 8;
/** Added to the function of a request that is refused. Source: as above, §7. */
const REFUSED = 0x80;
const TABLE_OF_FC: Readonly<Record<number, Table>> = { 1: 'coil', 2: 'discrete', 3: 'holding', 4: 'input' };

type Values = ReadonlyMap<string, DecodedValue>;

/** Said of a profile that may be tried so, but not be used. */
const NO_EXAMPLE = 'give at least one exchange and what must come out of it; `luciole bus read` prints one of each read';
const NOTHING_EXPECTED = 'no example says what must come out of it: give one read its values, as { level: 40 }';

/** Nothing that proves the registers: a write repeats itself, and a read of which nothing is expected proves as little. */
export function missingExamples({ examples, points }: Profile): Flaw[] {
  if (examples.length === 0) return [{ path: ['examples'], message: NO_EXAMPLE }];
  const isRead = points.some(({ poll }) => poll !== 'never');
  const proves = examples.some(({ expect }) => Object.keys(expect).length > 0);
  return proves || !isRead ? [] : [{ path: ['examples', 0, 'expect'], message: NOTHING_EXPECTED }];
}

/** Examples that do not decode, or to something else than they say. */
export function exampleFlaws(profile: Profile): Flaw[] {
  const valuesOf = profile.transport === 'uart' ? uartValues(profile) : modbusValues(profile);
  return profile.examples.flatMap((example, index) => {
    const path = ['examples', index];
    const values = valuesOf(example);
    if (typeof values === 'string') return [{ path, message: values }];
    return Object.entries(example.expect).flatMap(([id, expected]) => {
      const message = valueFlaw(profile, id, { expected, got: values.get(id) });
      return message === null ? [] : [{ path: [...path, 'expect', id], message }];
    });
  });
}

interface Outcome {
  readonly expected: number | null;
  readonly got: DecodedValue | undefined;
}

/** What is wrong with one value that was expected; null when it came, and could come from a device. */
function valueFlaw({ points }: Profile, id: string, { expected, got }: Outcome): string | null {
  if (got === undefined) return `expected ${expected}, but it is not among the registers of this exchange`;
  if (got.value !== expected) return `expected ${expected}, but it decodes to ${got.value}`;
  const range = points.find((point) => point.id === id)?.range;
  if (expected === null || got.plausible || range === null || range === undefined) return null;
  return `${expected} is outside the range of ${id}, ${range[0]} to ${range[1]}, so it would never be believed: mend the range or the example`;
}

function uartValues(profile: Profile): (example: ProfileExample) => Values | string {
  const codec = UART_CODECS[profile.codec ?? ''];
  if (codec === undefined) return () => `codec ${profile.codec} is unknown`;
  return ({ response }) => byName(createUartDriver(profile, codec).feed(bytesOf(response)));
}

/** Source of the frame layout: Modbus Application Protocol V1.1b3 §6 and §7. */
function modbusValues(profile: Profile): (example: ProfileExample) => Values | string {
  const driver = createModbusDriver(profile);
  return ({ request, response }) => {
    if (request === null) return 'a Modbus example needs its request';
    const [ask, answer] = [bytesOf(request), bytesOf(response)];
    const unsound = [ask, answer].map(frameFlaw).find((flaw) => flaw !== null);
    if (unsound !== undefined) return unsound;
    const fc = ask[1] as number;
    if (answer[1] === fc + REFUSED) return answer.length === MIN_FRAME_BYTES && answer[0] === ask[0] ? new Map() : 'not a whole exception';
    if (fc > 4) return ask.subarray(0, 6).equals(answer.subarray(0, 6)) ? new Map() : 'the reply to a write must repeat it';
    const table = TABLE_OF_FC[fc];
    if (table === undefined || ask.length !== READ_BYTES) return 'the request is neither a read (function 1 to 4) nor a write';
    const words = wordsOf(ask, answer);
    return typeof words === 'string' ? words : byName(driver.decode(table, ask.readUInt16BE(2), words));
  };
}

function frameFlaw(frame: Buffer): string | null {
  if (frame.length < MIN_FRAME_BYTES) return `${frame.toString('hex')} is too short for a frame`;
  const isSound = crc16(frame, 0, frame.length - 2) === frame.readUInt16LE(frame.length - 2);
  return isSound ? null : `wrong checksum in ${frame.toString('hex')}`;
}

function wordsOf(ask: Buffer, answer: Buffer): number[] | string {
  const [fc, count] = [ask[1] as number, ask.readUInt16BE(4)];
  const isBits = fc <= 2;
  const dataBytes = isBits ? Math.ceil(count / 8) : 2 * count;
  if (answer[0] !== ask[0] || answer[1] !== fc || answer[2] !== dataBytes || answer.length !== dataBytes + 5)
    return `the response does not fit the request: ${dataBytes} bytes of data are asked for`;
  const word = (i: number): number => (isBits ? ((answer[3 + (i >> 3)] as number) >> (i & 7)) & 1 : answer.readUInt16BE(3 + 2 * i));
  return Array.from({ length: count }, (_, i) => word(i));
}

function byName(values: readonly DecodedValue[]): Values {
  return new Map(values.map((value) => [value.quantity, value]));
}

function bytesOf(hex: string): Buffer {
  return Buffer.from(hex.replaceAll(' ', ''), 'hex');
}
