/**
 * Reads arguments of the `bus` commands: tables, units, lines, addresses.
 *
 * Client and agent both check with these functions; existing lines and devices come from the agent's view.
 */

import type { BusWriteResult } from '../../../core/bus-tools.ts';
import { BusError } from '../../../core/errors.ts';
import { manualHint } from '../../../core/manual-address.ts';
import { msg } from '../../../core/message.ts';
import type { Table } from '../../../core/profile.ts';
import { Refusal } from '../../../core/refusal.ts';
import { nearest } from '../../../core/suggestions.ts';
import type { AgentView } from '../../../core/views.ts';
import { type Bounds, numberArg, textArg } from '../../agent-command.ts';
import { ConsoleError } from '../../console-error.ts';
import type { RawArgs } from '../../protocol/protocol.ts';
import { findName } from '../find-name.ts';

/**
 * Addresses of units on a Modbus line: `min` to `max`, both allowed; `broadcast` is all units. Source: Modbus over Serial Line V1.02 §2.2,
 * addresses 1 to 247, 0 for broadcast.
 */
export const UNITS = { broadcast: 0, min: 1, max: 247 };
/** Last address of a register or bit. Source: Modbus Application Protocol V1.1b3 §4.4. */
export const LAST_ADDRESS = 65_535;
const TABLES: readonly Table[] = ['holding', 'input', 'coil', 'discrete'];
const TABLE_WORDS = TABLES.join(', ');
/** The argument that names a line whose units can be polled: a Modbus line or a DALI bus. */
export const LINE_ARGUMENT = { name: 'line', summary: msg`a Modbus line of the cabinet`, required: true, names: 'modbus-line' } as const;
/** The argument that names a unit of a line, by its address or its device. */
export const UNIT_ARGUMENT = {
  name: 'unit',
  summary: msg`an address, 1 to 247 or 0x01 to 0xF7, or a device`,
  required: true,
  names: 'device',
} as const;
/** The argument with the address of the first register or bit, as in the Modbus frame, from 0. */
export const ADDRESS_ARGUMENT = { name: 'address', summary: msg`as in the frame, from 0; decimal or 0x hex`, required: true } as const;
/** The option `--table` with the Modbus table. */
export const TABLE_OPTION = { name: 'table', value: 'TABLE', summary: msg`${TABLE_WORDS} (default: holding)`, choices: TABLES } as const;

/**
 * Returns the address of a register or bit, typed in decimal or as 0x hex; `usual` if it is missing. Errors: throws ConsoleError 'usage' if
 * it is invalid, or missing without `usual`.
 */
export function addressArg(args: RawArgs, name: string, usual?: number): number {
  return numberArg(args, name, { min: 0, max: LAST_ADDRESS, ...(usual === undefined ? {} : { usual }) });
}

/**
 * Returns the numbers of `--from` and `--to`, both included; a missing one is `usual` of its bounds. Errors: throws ConsoleError 'usage',
 * for example if the first is larger than the second.
 */
export function rangeArgs(args: RawArgs, bounds: { readonly from: Bounds; readonly to: Bounds }): { from: number; to: number } {
  const [from, to] = [numberArg(args, 'from', bounds.from), numberArg(args, 'to', bounds.to)];
  if (from > to) throw new ConsoleError('usage', msg`bad range: --from ${from} is above --to ${to}`);
  return { from, to };
}

/**
 * Returns the Modbus table of `--table`, in capital or small letters; `holding` if it is missing. Errors: throws ConsoleError 'usage' for a
 * table that is not in `allowed`, by default all four.
 */
export function tableArg(args: RawArgs, allowed: readonly Table[] = TABLES): Table {
  if (args['table'] === undefined) return 'holding';
  const text = textArg(args, 'table');
  const found = allowed.find((table) => table === text.toLowerCase());
  if (found !== undefined) return found;
  const near = nearest(text, allowed);
  throw new ConsoleError(
    'usage',
    near === undefined ? msg`bad table "${text}": it is one of ${allowed}` : msg`bad table "${text}": did you mean ${near}?`,
  );
}

/**
 * Returns the argument `unit`: an address as a number, otherwise a text for `findUnit`. Errors: throws ConsoleError 'usage' if it is
 * missing or the address is not from `min` to 247.
 */
export function unitArg(args: RawArgs, min: number = UNITS.min): number | string {
  const text = textArg(args, 'unit');
  return /^-?\d+$|^0x/i.test(text) ? numberArg(args, 'unit', { min, max: UNITS.max }) : text;
}

/**
 * Returns the id of the line with this name, also of a raw UART line; capital and small letters may differ if only one name fits. Errors:
 * throws ConsoleError 'unknown-name'.
 */
export function findLine(view: AgentView, typed: string): string {
  return findName(typed, view.names().lines, { noun: 'line', listedBy: 'luciole status' });
}

/**
 * Returns a typed number unchanged, or the address of the device with this name. Errors: throws ConsoleError 'unknown-name' if the device
 * does not exist or is on another line.
 */
export function findUnit(view: AgentView, line: string, unit: number | string): number {
  if (typeof unit === 'number') return unit;
  const devices = view.devices();
  const ids = devices.map((device) => device.id);
  const id = findName(unit, ids, { noun: 'device', listedBy: 'luciole devices' });
  const device = devices.find((each) => each.id === id);
  if (device === undefined || device.line === line) return device?.unit ?? UNITS.min;
  throw new ConsoleError('unknown-name', msg`${id} is on line ${device.line}, not on ${line}`);
}

/**
 * Runs `work`, a request to a line, and resolves with its result. `address`: its first register, for a hint in the message.
 *
 * Errors: rejects with ConsoleError 'failed' instead of a BusError, and 'usage' instead of a Refusal. Any other error is passed on.
 */
export async function onBus<T>(work: () => Promise<T>, address?: number): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Refusal) throw new ConsoleError('usage', error.said, { cause: error });
    if (!(error instanceof BusError)) throw error;
    const hint = address === undefined ? '' : manualHint(address);
    const listed = msg`${error.said}; \`luciole bus registers\` lists those it has${hint}`;
    throw new ConsoleError('failed', error.code === 'illegal-address' ? listed : error.said, { cause: error, bus: error.code });
  }
}

/** Returns false if the values that were read back differ from those written; true if nothing was read back. */
export function valuesFit({ values, after }: BusWriteResult): boolean {
  return after === null || values.every((value, index) => after[index] === value);
}

/** Returns the value of a register, 0 to 65,535, as `0x` and four hex digits: `0x012C`. */
export function hexWord(value: number): string {
  return `0x${value.toString(16).toUpperCase().padStart(4, '0')}`;
}
