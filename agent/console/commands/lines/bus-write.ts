/** `bus write`: writes registers of a unit and reads them back; it writes nothing without `--yes`. */

import type { BusTools, BusWrite, BusWriteResult } from '../../../core/bus-tools.ts';
import { type Message, msg } from '../../../core/message.ts';
import { agentCommand, textArg } from '../../agent-command.ts';
import { ConsoleError } from '../../console-error.ts';
import type { RawArgs } from '../../protocol/protocol.ts';
import {
  ADDRESS_ARGUMENT,
  addressArg,
  findLine,
  findUnit,
  hexWord,
  LAST_ADDRESS,
  LINE_ARGUMENT,
  onBus,
  tableArg,
  UNIT_ARGUMENT,
  UNITS,
  unitArg,
  valuesFit,
} from './bus-args.ts';

/** Longest wait for the result. Units: ms. Source: the longest DALI fade, 90.5 s (IEC 62386-102), after which a level is read back. */
const WRITE_TIMEOUT_MS = 100_000;
/** Source: Modbus Application Protocol V1.1b3 §6.12. */
const MAX_VALUES = 123;
const COILS: ReadonlyMap<string, number> = new Map([
  ['on', 1],
  ['off', 0],
  ['1', 1],
  ['0', 0],
]);

/** The arguments of `bus write`, with the values as numbers to write. `unit`: an address, or the name of a device. */
export interface WriteArgs extends Omit<BusWrite, 'unit'> {
  readonly unit: number | string;
  /** The user confirmed it with `--yes`. */
  readonly isConfirmed: boolean;
}

/**
 * `bus write`: writes registers or coils of one unit or of all units, and reads those of one unit back. The exit code is 1 if other values
 * are read back, but 0 if none could be. Without `--yes` it writes nothing and rejects with what it would write.
 */
export const BUS_WRITE = agentCommand({
  name: 'bus write',
  role: 'technician',
  group: 'Lines:',
  summary: msg`write registers, and read them back`,
  arguments: [
    LINE_ARGUMENT,
    { ...UNIT_ARGUMENT, summary: msg`${UNIT_ARGUMENT.summary}; 0 is every unit` },
    ADDRESS_ARGUMENT,
    { name: 'value', summary: msg`decimal or 0x hex; several with commas; coils: on, off`, required: true },
  ],
  options: [
    { name: 'table', value: 'TABLE', summary: msg`holding, coil (default: holding)` },
    { name: 'yes', value: null, summary: msg`do it; without this it only says what it would do` },
  ],
  examples: ['luciole bus write street 7 2000 300 --yes', 'luciole bus write street L07 0x07D0 0x012C --yes'],
  timeoutMs: WRITE_TIMEOUT_MS,
  read: readWrite,
  answer: (view, args): Promise<BusWriteResult> => {
    const line = findLine(view, args.line);
    const write = withConfirmation({ ...args, line, unit: findUnit(view, line, args.unit) }, view.bus);
    return onBus(() => view.bus.write(write), args.address);
  },
  render: async (result, page) => (await import('./bus-registers-page.ts')).renderWrite(result, page),
  succeeded: valuesFit,
  audit: ({ before, after, warnings = [] }) => ({ before, after, ...(warnings.length === 0 ? {} : { warnings: warnings.map(String) }) }),
});

/**
 * Returns the arguments of `bus write`; whether line and device exist is not checked. Errors: throws ConsoleError 'usage', for example for
 * a required argument that is missing, or values beyond the last address.
 */
export function readWrite(args: RawArgs): WriteArgs {
  const table = tableArg(args, ['holding', 'coil']) === 'coil' ? 'coil' : 'holding';
  const values = readValues(textArg(args, 'value'), table);
  const write = {
    line: textArg(args, 'line'),
    unit: unitArg(args, UNITS.broadcast),
    table,
    address: addressArg(args, 'address'),
    values,
  } as const;
  const limits = msg`${1} to ${LAST_ADDRESS + 1 - write.address}`;
  if (write.address + values.length - 1 > LAST_ADDRESS)
    throw new ConsoleError('usage', msg`number of values ${values.length} is not allowed: ${limits}`);
  return { ...write, isConfirmed: args['yes'] === true };
}

/**
 * Returns the write if it is confirmed. `bus` gives the warnings about it and the kind of its line.
 *
 * Errors: otherwise throws ConsoleError 'usage' with what it would write and the warnings.
 */
export function withConfirmation(
  { isConfirmed, ...write }: BusWrite & Pick<WriteArgs, 'isConfirmed'>,
  bus: Pick<BusTools, 'warnings' | 'stats'>,
): BusWrite {
  if (isConfirmed) return write;
  // On a DALI bus, 0 is the address of one unit.
  const isBroadcast = write.unit === UNITS.broadcast && bus.stats().every(({ line, kind }) => line !== write.line || kind !== 'dali');
  const warnings = bus.warnings?.(write) ?? [];
  const preview = msg`nothing written: this would write ${inWords(write, isBroadcast)}`;
  if (warnings.length === 0) throw new ConsoleError('usage', msg`${preview}. Add --yes to write it`);
  const warned = warnings.reduce((lines, warning) => msg`${lines}\nwarning: ${warning}`, msg`${preview}.`);
  throw new ConsoleError('usage', msg`${warned}\nAdd --yes to write it all the same`);
}

/** Returns `300 (0x012C) to holding register 2000 of unit 7 on line street`. */
function inWords({ values, table, address, unit, line }: BusWrite, isBroadcast: boolean): Message {
  const what = values.map((value) => (table === 'coil' ? (value === 1 ? 'on' : 'off') : `${value} (${hexWord(value)})`));
  const places = placesText(table, address, address + values.length - 1);
  return isBroadcast ? msg`${what} to ${places} of every unit on line ${line}` : msg`${what} to ${places} of unit ${unit} on line ${line}`;
}

function placesText(table: BusWrite['table'], first: number, last: number): Message {
  if (table === 'coil') return first === last ? msg`coil ${first}` : msg`coil ${first} to ${last}`;
  return first === last ? msg`holding register ${first}` : msg`holding register ${first} to ${last}`;
}

function readValues(text: string, table: BusWrite['table']): readonly number[] {
  const values = text.split(',').map((part) => readValue(part.trim().toLowerCase(), table));
  if (values.length <= MAX_VALUES && values.every((value) => value !== undefined)) return values;
  throw new ConsoleError(
    'usage',
    table === 'coil'
      ? msg`bad value "${text}": write on, off, 1 or 0; at most ${MAX_VALUES} with commas`
      : msg`bad value "${text}": write whole numbers from -32768 to 65535, or in hex as 0x012C; at most ${MAX_VALUES} with commas`,
  );
}

/** Reads a value; a negative number becomes its two's complement. */
function readValue(text: string, table: BusWrite['table']): number | undefined {
  if (table === 'coil') return COILS.get(text);
  const value = /^-?\d{1,5}$|^0x[0-9a-f]{1,4}$/.test(text) ? Number(text) : Number.NaN;
  return value >= -32_768 && value <= 65_535 ? value & 0xffff : undefined;
}
