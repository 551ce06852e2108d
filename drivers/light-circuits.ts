/**
 * The part of a configuration between a light decision and the light: the register of each lamp, the device types on the wire, and the
 * circuits that feed lamps. Two configurations are compared by these tables.
 *
 * Pure.
 */
import type { Cabinet, Lamp, Output } from '../agent/core/cabinet.ts';
import { outputNumber } from '../agent/core/output-values.ts';
import type { PointProfile, Profile, SetupParameter } from '../agent/core/profile.ts';
import { broadcastKeys, pointPlace, registerOf, type WiredDevice, type WireRegister, wireUnit } from './light-path.ts';

/** A checked configuration with its device types, and the set-up values of each device. */
export interface WiredSite {
  readonly cabinet: Cabinet;
  readonly profiles: ReadonlyMap<string, Profile>;
  readonly setupOf: (deviceId: string) => Readonly<Record<SetupParameter, number>>;
}

export interface LampCircuit {
  readonly lamp: Lamp;
  readonly wired: WiredDevice;
  /** The level that its driver goes to without an agent. Units: %. */
  readonly failsafePct: number;
}

export interface OutputCircuit {
  readonly output: Output;
  readonly wired: WiredDevice;
  /** A contact, which may feed lamps; any other output is a display or a signal. */
  readonly isRelay: boolean;
  /** The register value while it is idle, and while a lamp of its zones is lit; null for a value that cannot be written. */
  readonly idleRegister: number | null;
  readonly litRegister: number | null;
  /** The registers of the lamps that close it. */
  readonly lampPlaces: ReadonlySet<WireRegister>;
}

export interface Circuits {
  /** By register; the first lamp where two have the same. */
  readonly lamps: ReadonlyMap<WireRegister, LampCircuit>;
  /** Lamps whose register another lamp has already. */
  readonly doubled: readonly Lamp[];
  readonly outputs: ReadonlyMap<WireRegister, OutputCircuit>;
  /** By port and unit. */
  readonly units: ReadonlyMap<string, WiredDevice>;
  readonly broadcasts: ReadonlySet<string>;
}

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
  const outputs = site.cabinet.outputs.flatMap((output): [WireRegister, OutputCircuit][] => {
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
    broadcasts: new Set(devices.flatMap(broadcastKeys)),
  };
}

function wiredDevices({ cabinet, profiles }: WiredSite): WiredDevice[] {
  return cabinet.lines.flatMap((line) =>
    line.devices.flatMap((device) => {
      const profile = profiles.get(device.profile);
      return profile === undefined ? [] : [{ line, device, profile }];
    }),
  );
}

interface PlacedOutput {
  readonly output: Output;
  readonly wired: WiredDevice;
  readonly point: PointProfile;
}

function outputCircuit(
  { output, wired, point }: PlacedOutput,
  { zones, placeOfLamp }: { readonly zones: Cabinet['zones']; readonly placeOfLamp: ReadonlyMap<string, WireRegister> },
): OutputCircuit {
  const { litWith, idle } = output;
  const register = (value: Output['idle'] | undefined): number | null => {
    const number = value === undefined ? undefined : outputNumber(value, point);
    return number === undefined ? null : registerOf(point, number);
  };
  const lampIds = zones.filter(({ id }) => litWith?.zones.includes(id) ?? false).flatMap(({ lamps }) => lamps);
  return {
    output,
    wired,
    isRelay: point.semantic === 'relay' || point.type === 'bit' || point.table === 'coil',
    idleRegister: register(idle),
    litRegister: register(litWith?.value),
    lampPlaces: new Set(lampIds.flatMap((id) => placeOfLamp.get(id) ?? [])),
  };
}
