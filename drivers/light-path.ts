/**
 * The way of a level from the decision to the register of a lamp, and what else may be written to the device that holds that register.
 *
 * Owns how two configurations are found to mean the same light point: by what they write to, not by name. Pure; part of the comparison of a
 * configuration with the floor of its site.
 */
import type { DeviceConfig, LineConfig } from '../agent/core/cabinet.ts';
import { narrowed } from '../agent/core/narrowed.ts';
import type { PointProfile, Profile, SetupParameter } from '../agent/core/profile.ts';
import { decodePoint, encodePoint } from './modbus/codec.ts';
import { writePlace } from './modbus/modbus-driver.ts';

/** A register on the wire. Shape: `port|unit|table|address`; unit 0 for all units of the port. */
export type Place = string;

/** A device of a line, with its type. */
export interface WiredDevice {
  readonly line: Pick<LineConfig, 'port'>;
  readonly device: DeviceConfig;
  readonly profile: Profile;
}

/** What one point of a device makes of a value, and a value of what stands in its register. */
export interface PointPath {
  readonly place: Place;
  /** Null for a value that the device type cannot write. */
  readonly registerOf: (value: number) => number | null;
  /** Null for what means no value. */
  readonly valueOf: (register: number) => number | null;
}

/** A register that is put right when the device is met. */
export interface SetupRegister {
  readonly place: Place;
  readonly register: number;
  /** The policy that it follows; null for a number of the profile. */
  readonly parameter: SetupParameter | null;
}

export function placeOf({ line, device }: WiredDevice, table: string, address: number, unit = device.unit): Place {
  return `${line.port}|${unit}|${table}|${address}`;
}

/** Undefined where the device has no such point, or none that can be written. */
export function pointPath(wired: WiredDevice, pointId: string): PointPath | undefined {
  const point = wired.profile.points.find(({ id }) => id === pointId);
  if (point === undefined || point.write === null) return undefined;
  const { table, address } = writePlace(point);
  return {
    place: placeOf(wired, table, address),
    registerOf: (value) => encoded(point, value),
    valueOf: (register) => decodePoint(point, [register]),
  };
}

function encoded(point: PointProfile, value: number): number | null {
  try {
    return encodePoint(point, value)[0] ?? null;
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

/** `values`: what the policies of the site make of each parameter, as the line would write it. */
export function setupRegisters(wired: WiredDevice, values: Readonly<Record<SetupParameter, number>>): SetupRegister[] {
  return wired.profile.setup.map(({ table, address, value, max = 0xffff }) => ({
    place: placeOf(wired, table, address),
    register: typeof value === 'number' ? value : Math.min(Math.round(values[value]), max),
    parameter: typeof value === 'number' ? null : value,
  }));
}

/** Registers that something other than the light of one lamp may write: what the platform may set, and group writes with the points they set. */
export function openPlaces(wired: WiredDevice): Place[] {
  const { device, profile } = wired;
  const { points, groups } = narrowed(profile, device.instances);
  const open = points.filter(({ write, semantic }) => write !== null && !write.dangerous && semantic !== 'level');
  const used = groups.map((group) => ({ ...group, members: group.sets ?? device.groups[group.id] ?? [] }));
  return [
    ...open.map(writePlace).map(({ table, address }) => placeOf(wired, table, address)),
    ...used
      .filter(({ members }) => members.length > 0)
      .map(({ table, address, reach, members }) =>
        // Another set of points is another group: its level would reach lamps that it was not meant for.
        [placeOf(wired, table, address, reach === 'bus' ? 0 : device.unit), ...(reach === 'bus' ? [] : members)].join('|'),
      ),
  ];
}
