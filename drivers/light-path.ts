/**
 * Where a level is written, and which parts of a device type determine the write.
 *
 * Two configurations mean the same light point when they write to the same register, whatever its name. Pure; part of the comparison of a
 * configuration with the minimum lighting of its site.
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

/** Undefined where the device has no such point, or cannot write it. */
export function pointPlace(wired: WiredDevice, pointId: string): WireRegister | undefined {
  const point = wired.profile.points.find(({ id }) => id === pointId);
  if (point === undefined || point.write === null) return undefined;
  const { table, address } = writePlace(point);
  return placeOf(wired, table, address);
}

/** The register value for this value; null for one that the device type cannot write. */
export function registerOf(point: PointProfile, value: number): number | null {
  const registers = encodePoint(point, value);
  return registers instanceof Refusal ? null : (registers[0] ?? null);
}

/**
 * Everything in a device type that determines what is written to a device and how it is read back. Two types with the same value do the same to
 * their device; what else they read does not matter.
 */
export function writeFace({ points, setup, groups, quirks, uptime, codec }: Profile): string {
  const written = points.filter(({ write }) => write !== null);
  const proofs = new Set(written.map(({ write }) => write?.verify));
  const { writeFunction, minGapMs, startupSilenceMs, evenAlign } = quirks;
  const proving = points.filter((point) => written.includes(point) || proofs.has(point.id)).map(faceOf);
  const steps = setup.map(({ why: _why, ...step }) => step);
  return JSON.stringify([proving, steps, groups, { writeFunction, minGapMs, startupSilenceMs, evenAlign }, uptime, codec]);
}

/** Without names and units, which are for display, and without the poll period, except whether it is read at all. */
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
