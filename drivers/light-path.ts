/**
 * The way of a level from the decision to the register of a lamp: where it is written, and what makes that writing what it is.
 *
 * Owns how two configurations are found to mean the same light point, by what they write to and not by name, and what of a device type decides
 * about what it does. Pure; part of the comparison of a configuration with the floor of its site.
 */
import type { DeviceConfig, LineConfig } from '../agent/core/cabinet.ts';
import { linePortName, parseLinePort } from '../agent/core/line-port.ts';
import type { PointProfile, Profile } from '../agent/core/profile.ts';
import { Refusal } from '../agent/core/refusal.ts';
import { encodePoint } from './modbus/codec.ts';
import { writePlace } from './modbus/modbus-driver.ts';

/** Levels by which two broadcasts are compared. Units: %. */
const LEVELS_PCT = [0, 1, 10, 50, 99, 100];

/** A register on the wire. Shape: `port|unit|table|address`; unit 0 for all units of the port. */
export type WireRegister = string;

/** A device of a line, with its type. */
export interface WiredDevice {
  readonly line: LineConfig;
  readonly device: DeviceConfig;
  readonly profile: Profile;
}

function placeOf({ line, device }: WiredDevice, table: string, address: number, unit = device.unit): WireRegister {
  return `${portOf(line)}|${unit}|${table}|${address}`;
}

/** Port and unit: everything that reaches the same device. */
export function wireUnit({ line, device }: WiredDevice): string {
  return `${portOf(line)}|${device.unit}`;
}

/** The same endpoint has one name, however it was written. */
export function portOf({ port }: Pick<LineConfig, 'port'>): string {
  const parsed = parseLinePort(port);
  return parsed.kind === 'bad' ? port : linePortName(parsed);
}

/** Undefined where the device has no such point, or none that can be written. */
export function pointPlace(wired: WiredDevice, pointId: string): WireRegister | undefined {
  const point = wired.profile.points.find(({ id }) => id === pointId);
  if (point === undefined || point.write === null) return undefined;
  const { table, address } = writePlace(point);
  return placeOf(wired, table, address);
}

/** What would stand in the register; null for a value that the device type cannot write. */
export function registerOf(point: PointProfile, value: number): number | null {
  const registers = encodePoint(point, value);
  return registers instanceof Refusal ? null : (registers[0] ?? null);
}

/**
 * Everything in a device type that decides about what is written to a device and how that is proven. Two types with the same one do the same to
 * their device; what they read besides does not matter.
 */
export function writeFace({ points, setup, groups, quirks, uptime, codec }: Profile): string {
  const written = points.filter(({ write }) => write !== null);
  const proofs = new Set(written.map(({ write }) => write?.verify));
  const { writeFunction, minGapMs, startupSilenceMs, evenAlign } = quirks;
  const proving = points.filter((point) => written.includes(point) || proofs.has(point.id)).map(faceOf);
  const steps = setup.map(({ why: _why, ...step }) => step);
  return JSON.stringify([proving, steps, groups, { writeFunction, minGapMs, startupSilenceMs, evenAlign }, uptime, codec]);
}

/** Names and units are for people; how often it is read is not, where it is never. */
function faceOf({ poll, unit: _unit, enum: _enum, flags: _flags, deadband: _deadband, ...point }: PointProfile): unknown {
  const { settleMs: _settleMs, ...write } = point.write ?? { settleMs: 0 };
  return { ...point, write: point.write === null ? null : write, isRead: poll !== 'never' };
}

/** Group writes that every unit of the port receives, each with the register value for a level: equal ones do the same to every device. */
export function broadcastKeys(wired: WiredDevice): string[] {
  const level = wired.profile.points.find(({ semantic, write }) => semantic === 'level' && write !== null);
  const registers = level === undefined ? [] : LEVELS_PCT.map((levelPct) => registerOf(level, levelPct));
  const groups = wired.profile.groups.filter(({ reach }) => reach === 'bus');
  return groups.map(({ table, address }) => `${placeOf(wired, table, address, 0)}|${registers.join(',')}`);
}
