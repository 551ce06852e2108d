/**
 * The part of a configuration between a light decision and the light: the register of each lamp, the device types on the wire, and the
 * circuits that feed lamps. Two configurations are compared by these tables.
 *
 * Pure.
 */
import type { Cabinet, ContactRole, DeviceConfig, Lamp, LineConfig, Output } from '../agent/core/cabinet.ts';
import { portKey } from '../agent/core/line-port.ts';
import { withQuirks } from '../agent/core/narrowed.ts';
import { outputNumber } from '../agent/core/output-values.ts';
import type { PointProfile, Profile } from '../agent/core/profile.ts';
import { Refusal } from '../agent/core/refusal.ts';
import { encodePoint } from './modbus/codec.ts';
import { writePlace } from './modbus/modbus-driver.ts';

/** Levels at which two broadcasts are compared. Units: %. */
const LEVELS_PCT = [0, 1, 10, 50, 99, 100];

/** A register on the wire. Shape: `port|unit|table|address`. Unit 0 is all units of a Modbus port, but one gear of a DALI bus. */
export type WireRegister = string;

/**
 * A device of a line. `profile`: its device type, in which the quirks that the cabinet file has for this device replace those of the type.
 * It has all points of the type, also those of repeated parts that the device lacks.
 */
export interface WiredDevice {
  readonly line: LineConfig;
  readonly device: DeviceConfig;
  readonly profile: Profile;
}

function placeOf({ line, device }: WiredDevice, table: string, address: number, unit = device.unit): WireRegister {
  return `${portOf(line)}|${unit}|${table}|${address}`;
}

/** Identifies a device on the wire. Shape: `port|unit`, with the port as `portOf` returns it. */
export function wireUnit({ line, device }: WiredDevice): string {
  return `${portOf(line)}|${device.unit}`;
}

/** Returns the port of a line in one spelling, for comparison. Two paths of one device file still differ. */
export function portOf({ port }: Pick<LineConfig, 'port'>): string {
  return portKey(port);
}

/** Undefined if the device has no such point, or cannot write it. */
function pointPlace(wired: WiredDevice, pointId: string): WireRegister | undefined {
  const point = wired.profile.points.find(({ id }) => id === pointId);
  if (point === undefined || point.write === null) return undefined;
  const { table, address } = writePlace(point);
  return placeOf(wired, table, address);
}

/** The registers for this value, as text so that two can be compared; null for a value that the device type cannot write. */
function registersOf(point: PointProfile, value: number): string | null {
  const registers = encodePoint(point, value);
  return registers instanceof Refusal ? null : registers.join(' ');
}

/**
 * Returns a text for comparing two device types of one transport. If it is equal, a value is written to both in the same way and verified
 * by the same points, but perhaps after different times and with a different number of retries.
 */
export function writeFace({ points, setup, groups, quirks, uptime, codec }: Profile): string {
  const written = points.filter(({ write }) => write !== null);
  const proofs = new Set(written.flatMap(({ write }) => [write?.verify, write?.switchedBy]));
  const { writeFunction, minGapMs, startupSilenceMs, evenAlign } = quirks;
  const proving = points.filter((point) => written.includes(point) || proofs.has(point.id)).map(faceOf);
  const steps = setup.map(({ why: _why, ...step }) => step);
  return JSON.stringify([proving, steps, groups, { writeFunction, minGapMs, startupSilenceMs, evenAlign }, uptime, codec]);
}

/** Without names and units, which are for display, and without the poll period, except whether it is read at all. */
function faceOf({ poll, unit: _unit, enum: _enum, flags: _flags, deadband: _deadband, ...point }: PointProfile): unknown {
  const { settleMs: _settleMs, fades: _fades, ...write } = point.write ?? { settleMs: 0, fades: false };
  return { ...point, write: point.write === null ? null : write, isRead: poll !== 'never' };
}

/**
 * Group writes that every unit of the port receives, each with the register value per level: equal keys have the same effect on every
 * device.
 */
function broadcastKeys(wired: WiredDevice): string[] {
  const level = wired.profile.points.find(({ semantic, write }) => semantic === 'level' && write !== null);
  const registers = level === undefined ? [] : LEVELS_PCT.map((levelPct) => registersOf(level, levelPct));
  const groups = wired.profile.groups.filter(({ reach }) => reach === 'bus');
  return groups.map(({ table, address }) => `${placeOf(wired, table, address, 0)}|${registers.join(',')}`);
}

/** A checked configuration with its device types, and the failsafe levels of its devices. */
export interface WiredSite {
  readonly cabinet: Cabinet;
  /** Device types by id. */
  readonly profiles: ReadonlyMap<string, Profile>;
  /** Returns the set-up values for a device, by its id; of these, only the failsafe level is used. Units: %. */
  readonly setupOf: (deviceId: string) => { readonly failsafeLevelPct: number };
}

/** A lamp with the device that controls it. */
export interface LampCircuit {
  readonly lamp: Lamp;
  readonly wired: WiredDevice;
  /** The failsafe level for the device, for a time without an agent. It has no effect in a device that does not fall back. Units: %. */
  readonly failsafePct: number;
}

/** An output, the device that switches it, and the lamps whose light it follows; none if it follows no zone. */
export interface OutputCircuit {
  readonly output: Output;
  readonly wired: WiredDevice;
  /** Whether its point has the semantic `relay`, has the type `bit` or is in coils: then it may be a contact that feeds lamps. */
  readonly isRelay: boolean;
  /** The register values for `idle` and for `litWith` of the output, as text; null if not configured or not writable. */
  readonly idleRegisters: string | null;
  readonly litRegisters: string | null;
  /** The registers of the lamps whose light switches the output. */
  readonly lampPlaces: ReadonlySet<WireRegister>;
}

/** A contact that requests light, and the registers of the lamps that it lights: those of its zone, or of all lamps if it has none. */
export interface LightContactCircuit {
  /** `emergency` or `lights-on`. */
  readonly role: ContactRole;
  readonly lampPlaces: ReadonlySet<WireRegister>;
}

/** The circuits of a site by their registers on the wire. Of two outputs or devices with the same key, the last one counts. */
export interface Circuits {
  /** By register; the first lamp if two have the same register. */
  readonly lamps: ReadonlyMap<WireRegister, LampCircuit>;
  /** Lamps whose register already belongs to another lamp. */
  readonly doubled: readonly Lamp[];
  /** By register; the relays of amplifiers are among them. */
  readonly outputs: ReadonlyMap<WireRegister, OutputCircuit>;
  /** By port and unit. */
  readonly units: ReadonlyMap<string, WiredDevice>;
  /** Contacts of roles `emergency` and `lights-on`, by port and unit, then by quantity. */
  readonly contacts: ReadonlyMap<string, ReadonlyMap<string, LightContactCircuit>>;
  /** Group writes to a whole port, each with the register values of some levels: equal texts have the same effect. */
  readonly broadcasts: ReadonlySet<string>;
}

/**
 * Returns the circuits of a checked configuration. Devices of an unknown type are left out, and so are lamps and outputs without a known
 * writable point.
 */
export function circuitsOf(site: WiredSite): Circuits {
  const devices = wiredDevices(site);
  const byId = new Map(devices.map((wired) => [wired.device.id, wired]));
  const lit = site.cabinet.lamps.flatMap((lamp): [WireRegister, LampCircuit][] => {
    const wired = byId.get(lamp.device);
    const place = wired === undefined ? undefined : pointPlace(wired, lamp.point);
    if (wired === undefined || place === undefined) return [];
    return [[place, { lamp, wired, failsafePct: site.setupOf(wired.device.id).failsafeLevelPct }]];
  });
  const lamps = new Map(lit.toReversed());
  const placeOfLamp = new Map(lit.map(([place, { lamp }]) => [lamp.id, place]));
  const outputs = [...site.cabinet.outputs, ...amplifierOutputs(site.cabinet)].flatMap((output): [WireRegister, OutputCircuit][] => {
    const wired = byId.get(output.device);
    const point = wired?.profile.points.find(({ id }) => id === output.point);
    const place = wired === undefined ? undefined : pointPlace(wired, output.point);
    if (wired === undefined || point === undefined || place === undefined) return [];
    return [[place, outputCircuit({ output, wired, point }, { zones: site.cabinet.zones, placeOfLamp })]];
  });
  return {
    lamps,
    doubled: lit.filter(([place, circuit]) => lamps.get(place) !== circuit).map(([, { lamp }]) => lamp),
    outputs: new Map(outputs),
    units: new Map(devices.map((wired) => [wireUnit(wired), wired])),
    contacts: new Map(devices.map((wired) => [wireUnit(wired), contactCircuits(wired, { zones: site.cabinet.zones, placeOfLamp })])),
    broadcasts: new Set(devices.flatMap(broadcastKeys)),
  };
}

/** The relays of amplifiers are outputs that follow no lamps: nothing proves that no lamp is connected to one. */
function amplifierOutputs({ sound }: Cabinet): Output[] {
  const places = sound?.places ?? [];
  return places.flatMap(({ id, amplifiers }) =>
    amplifiers.map((relay): Output => ({ id, ...relay, idle: 0, litWith: null, rules: [], minOnS: 0, minOffS: 0 })),
  );
}

/** A contact without a zone lights all lamps; one with an unknown zone lights none. */
function contactCircuits({ device }: WiredDevice, { zones, placeOfLamp }: LampPlaces): Map<string, LightContactCircuit> {
  const { roles, contactZones = {} } = device;
  const asking = Object.entries(roles).filter(([, role]) => role === 'emergency' || role === 'lights-on');
  return new Map(
    asking.map(([point, role]) => {
      const zoneId = contactZones[point];
      const lampIds = zoneId === undefined ? [...placeOfLamp.keys()] : (zones.find(({ id }) => id === zoneId)?.lamps ?? []);
      return [point, { role, lampPlaces: new Set(lampIds.flatMap((id) => placeOfLamp.get(id) ?? [])) }];
    }),
  );
}

function wiredDevices({ cabinet, profiles }: WiredSite): WiredDevice[] {
  return cabinet.lines.flatMap((line) =>
    line.devices.flatMap((device) => {
      const profile = profiles.get(device.profile);
      return profile === undefined ? [] : [{ line, device, profile: withQuirks(profile, device.quirks) }];
    }),
  );
}

interface LampPlaces {
  readonly zones: Cabinet['zones'];
  readonly placeOfLamp: ReadonlyMap<string, WireRegister>;
}

interface PlacedOutput {
  readonly output: Output;
  readonly wired: WiredDevice;
  readonly point: PointProfile;
}

function outputCircuit({ output, wired, point }: PlacedOutput, { zones, placeOfLamp }: LampPlaces): OutputCircuit {
  const { litWith, idle } = output;
  const registers = (value: Output['idle'] | undefined): string | null => {
    const number = value === undefined ? undefined : outputNumber(value, point);
    return number === undefined ? null : registersOf(point, number);
  };
  const lampIds = zones.filter(({ id }) => litWith?.zones.includes(id) ?? false).flatMap(({ lamps }) => lamps);
  return {
    output,
    wired,
    isRelay: point.semantic === 'relay' || point.type === 'bit' || point.table === 'coil',
    idleRegisters: registers(idle),
    litRegisters: registers(litWith?.value),
    lampPlaces: new Set(lampIds.flatMap((id) => placeOfLamp.get(id) ?? [])),
  };
}
