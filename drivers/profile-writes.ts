/**
 * Checks of what a profile allows to be written: the place, the limits, the coil that switches a level.
 *
 * Pure.
 */
import { type Message, msg } from '../agent/core/message.ts';
import type { PointProfile, PointWrite } from '../agent/core/profile.ts';
import { Refusal } from '../agent/core/refusal.ts';
import { decodePoint, encodePoint } from './modbus/codec.ts';
import { writePlace } from './modbus/modbus-driver.ts';
import { isBitType, isFloatType, isWritable, WRITABLE_TYPES, widthOf } from './modbus/register-types.ts';
import type { FilePath } from './profile-expand.ts';
import { type Flaw, unknownPoint } from './profile-flaw.ts';

/** Number of addresses in each table. Source: Modbus Application Protocol V1.1b3 §4.4. */
export const ADDRESSES = 0x1_0000;

/** Whether a table has bits instead of registers: `coil` and `discrete`. */
export function isBits(table: PointProfile['table']): boolean {
  return table === 'coil' || table === 'discrete';
}

/** Returns the message for a type that does not belong in a table. It says whether the table holds bits or registers. */
export function wrongTable(table: PointProfile['table'], type: PointProfile['type']): Message {
  return isBits(table) ? msg`table ${table} holds bits, found type ${type}` : msg`table ${table} holds registers, found type ${type}`;
}

/**
 * Returns flaws of `write` of one point, such as limits that do not fit into its type; none for a point without `write`. `points`: all
 * points of the profile. `path`: the place of this point in the file.
 */
export function writeFlaws(point: PointProfile, points: readonly PointProfile[], path: FilePath): Flaw[] {
  const { type, write, semantic } = point;
  if (write === null) return [];
  const { table, address } = writePlace(point);
  const names = points.map(({ id }) => id);
  const flaws: Flaw[] = [];
  if (table !== 'coil' && table !== 'holding') flaws.push({ path: [...path, 'write'], message: msg`table ${table} cannot be written` });
  else if (write.table !== null && isBits(table) !== isBitType(type))
    flaws.push({ path: [...path, 'write', 'table'], message: wrongTable(table, type) });
  if (address + widthOf(point) > ADDRESSES)
    flaws.push({ path: [...path, 'write'], message: msg`${point.id} reaches beyond address ${ADDRESSES - 1}` });
  if (write.min > write.max) flaws.push({ path: [...path, 'write'], message: msg`min is above max` });
  if (write.verify !== null && !names.includes(write.verify))
    flaws.push({ path: [...path, 'write', 'verify'], message: unknownPoint(write.verify, names) });
  flaws.push(...switchFlaws(write, points, path));
  if (type === 'text') return flaws;
  if (!isWritable(type))
    return [...flaws, { path: [...path, 'type'], message: msg`type ${type} cannot be written, only ${WRITABLE_TYPES}` }];
  for (const limit of ['min', 'max'] as const) {
    const message = misfit(point, write[limit]);
    if (message !== null) flaws.push({ path: [...path, 'write', limit], message });
  }
  if (flaws.length === 0 && semantic === 'level' && (write.min !== 0 || write.max !== 100))
    flaws.push({ path: [...path, 'write'], message: msg`a level is written from 0 to 100 %: use scale or transform for the raw values` });
  return flaws;
}

function switchFlaws({ switchedBy }: PointWrite, points: readonly PointProfile[], path: FilePath): Flaw[] {
  if (switchedBy === null) return [];
  const coil = points.find(({ id }) => id === switchedBy);
  const at = [...path, 'write', 'switchedBy'];
  if (coil === undefined)
    return [
      {
        path: at,
        message: unknownPoint(
          switchedBy,
          points.map(({ id }) => id),
        ),
      },
    ];
  if (coil.type === 'bits') return [{ path: at, message: msg`"${switchedBy}" has ${coil.coils} coils; a channel is switched by one` }];
  return coil.table === 'coil'
    ? []
    : [{ path: at, message: msg`"${switchedBy}" is in table ${coil.table}; a channel is switched by a coil` }];
}

/** Why a limit cannot be written, or would read back as another value: a float of 32 bits has about 7 digits. Null for a usable limit. */
function misfit(point: PointProfile, value: number): Message | null {
  const { type, transform, decimals } = point;
  if (transform !== 'none') return value >= 0 && value <= 100 ? null : msg`${value} does not fit into ${type}`;
  const words = encodePoint({ ...point, write: { ...(point.write as PointWrite), min: value, max: value } }, value);
  if (words instanceof Refusal) return msg`${value} does not fit into ${type}`;
  const back = isFloatType(type) ? decodePoint({ ...point, invalid: [] }, words) : value;
  return back === value ? null : msg`${value} reads back as ${String(back)} from ${type} with ${decimals} decimals`;
}
