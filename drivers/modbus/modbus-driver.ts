/**
 * A Modbus device type as a driver: registers to values, values to writes.
 *
 * Pure.
 */

import type { DecodedValue, ModbusDriver } from '../../agent/core/driver.ts';
import { msg } from '../../agent/core/message.ts';
import type { PointProfile, Profile, Table } from '../../agent/core/profile.ts';
import { Refusal } from '../../agent/core/refusal.ts';
import { decodePoint, encodePoint, isPlausible } from './codec.ts';
import { widthOf } from './register-types.ts';
import { fitText, textFormatOf, textValue, textWords } from './text-codec.ts';

/**
 * Creates the driver of a Modbus or DALI device type: decodes its registers, and encodes its writes. A write that is not possible gives a
 * Refusal.
 */
export function createModbusDriver(profile: Profile): ModbusDriver {
  const multiple = profile.quirks.writeFunction === 'multiple' ? ({ multiple: true } as const) : {};
  const byId = new Map(profile.points.map((point) => [point.id, point]));
  return {
    profile,
    decode: (table, address, words) => {
      const inside = (point: PointProfile): boolean => liesInside(point, table, address, words.length);
      return profile.points.filter(inside).map((point) => decoded(point, words.slice(point.address - address)));
    },
    encodeGroup: (groupId, levelPct) => {
      const group = profile.groups.find(({ id }) => id === groupId);
      const point = profile.points.find(
        ({ id, semantic, write }) => semantic === 'level' && write !== null && (group?.sets?.includes(id) ?? true),
      );
      if (group === undefined || point === undefined) return new Refusal(msg`${profile.id} has no group ${groupId}`);
      const values = encodePoint(point, levelPct);
      return values instanceof Refusal ? values : { table: group.table, address: group.address, values, ...multiple };
    },
    encode: (quantity, value) => {
      const point = byId.get(quantity);
      if (point === undefined) return new Refusal(msg`${profile.id} has no point ${quantity}`);
      const values = encodePoint(point, value);
      if (values instanceof Refusal) return values;
      const { table, address } = writePlace(point);
      return { table: table === 'coil' ? 'coil' : 'holding', address, values, ...multiple };
    },
    encodeText: (quantity, text) => {
      const point = byId.get(quantity);
      const format = point === undefined ? null : textFormatOf(point);
      if (point === undefined || format === null || point.write === null)
        return new Refusal(msg`${quantity} of ${profile.id} takes no text`);
      const values = textWords(format, fitText([format], text).lines[0] ?? '');
      return { request: { table: 'holding', address: writePlace(point).address, values, ...multiple }, value: textValue(values) };
    },
  };
}

/**
 * Returns the table and address where a point is written: each is the one for reading, unless the profile has another for writing. Returns
 * them also for a point that cannot be written.
 */
export function writePlace({ table, address, write }: PointProfile): { readonly table: Table; readonly address: number } {
  return { table: write?.table ?? table, address: write?.address ?? address };
}

function decoded(point: PointProfile, words: readonly number[]): DecodedValue {
  const value = decodePoint(point, words);
  return { quantity: point.id, value, plausible: value !== null && isPlausible(point, value) };
}

function liesInside(point: PointProfile, table: Table, address: number, count: number): boolean {
  return point.table === table && point.address >= address && point.address + widthOf(point) <= address + count;
}
