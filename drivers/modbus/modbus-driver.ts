/**
 * A profile at work.
 *
 * Pure. Made by the registry, called by the field room.
 */
import type { DecodedValue, ModbusDriver } from '../../agent/core/driver.ts';
import type { PointProfile, Profile, Table } from '../../agent/core/profile.ts';
import { decodePoint, encodePoint, isPlausible, REGISTERS } from './codec.ts';

/** A Modbus device type at work: its profile turned into decode and encode. */
export function createModbusDriver(profile: Profile): ModbusDriver {
  const byId = new Map(profile.points.map((point) => [point.id, point]));
  return {
    profile,
    decode: (table, address, words) => {
      const inside = (point: PointProfile): boolean => liesInside(point, table, address, words.length);
      return profile.points.filter(inside).map((point) => decoded(point, words.slice(point.address - address)));
    },
    encodeGroup: (groupId, levelPct) => {
      const group = profile.groups.find(({ id }) => id === groupId);
      const point = profile.points.find(({ semantic }) => semantic === 'level');
      if (group === undefined || point === undefined) throw new RangeError(`${profile.id} has no group ${groupId}`);
      return { table: group.table, address: group.address, values: encodePoint(point, levelPct) };
    },
    encode: (quantity, value) => {
      const point = byId.get(quantity);
      if (point === undefined) throw new RangeError(`${profile.id} has no point ${quantity}`);
      const values = encodePoint(point, value);
      return { table: point.table === 'coil' ? 'coil' : 'holding', address: point.address, values };
    },
  };
}

function decoded(point: PointProfile, words: readonly number[]): DecodedValue {
  const value = decodePoint(point, words);
  return { quantity: point.id, value, plausible: value !== null && isPlausible(point, value) };
}

function liesInside(point: PointProfile, table: Table, address: number, count: number): boolean {
  return point.table === table && point.address >= address && point.address + REGISTERS[point.type] <= address + count;
}
