/**
 * What of a configuration decides about light behind the decision: the register of each lamp, set-up and open registers of its device, and
 * the circuits that feed lamps.
 *
 * Owns the tables in which two configurations are compared register by register. Pure; knows nothing of programmes.
 */
import type { Cabinet, Lamp, Output } from '../agent/core/cabinet.ts';
import { outputNumber } from '../agent/core/output-values.ts';
import type { Profile, SetupParameter } from '../agent/core/profile.ts';
import {
  openPlaces,
  type Place,
  type PointPath,
  placeOf,
  pointPath,
  type SetupRegister,
  setupRegisters,
  type WiredDevice,
} from './light-path.ts';

/** A checked configuration with its device types, and what its policies make of the set-up of each device. */
export interface WiredSite {
  readonly cabinet: Cabinet;
  readonly profiles: ReadonlyMap<string, Profile>;
  readonly setupOf: (deviceId: string) => Readonly<Record<SetupParameter, number>>;
}

export interface LampCircuit {
  readonly lamp: Lamp;
  readonly wired: WiredDevice;
  readonly path: PointPath;
}

/** An output that closes the circuit of lamps. */
export interface FeedCircuit {
  readonly output: Output;
  /** What stands in its register while a lamp of its zones is lit; null for a value that cannot be written. */
  readonly litRegister: number | null;
  /** The registers of the lamps that close it. */
  readonly lampPlaces: ReadonlySet<Place>;
}

export interface Circuits {
  /** By register; the first lamp where two have the same. */
  readonly lamps: ReadonlyMap<Place, LampCircuit>;
  /** Lamps whose register another lamp has already. */
  readonly doubled: readonly Lamp[];
  /** Set-up of devices that carry lamps or feed them. */
  readonly setup: ReadonlyMap<Place, SetupRegister>;
  /** Registers that something other than the light may write. */
  readonly open: ReadonlySet<Place>;
  readonly outputs: ReadonlyMap<Place, Output>;
  readonly feeds: ReadonlyMap<Place, FeedCircuit>;
}

export function circuitsOf(site: WiredSite): Circuits {
  const devices = wiredDevices(site);
  const byId = new Map(devices.map((wired) => [wired.device.id, wired]));
  const circuits = site.cabinet.lamps.flatMap((lamp): LampCircuit[] => {
    const wired = byId.get(lamp.device);
    const path = wired === undefined ? undefined : pointPath(wired, lamp.point);
    return wired === undefined || path === undefined ? [] : [{ lamp, wired, path }];
  });
  const lamps = new Map(circuits.toReversed().map((circuit) => [circuit.path.place, circuit]));
  const placed = site.cabinet.outputs.flatMap((output) => {
    const wired = byId.get(output.device);
    const path = wired === undefined ? undefined : pointPath(wired, output.point);
    return wired === undefined || path === undefined ? [] : [{ output, wired, path }];
  });
  const feeds = new Map(placed.flatMap((each) => feedOf(each, { site, circuits })));
  const carriers = new Set([...circuits, ...placed.filter(({ path }) => feeds.has(path.place))].map(({ wired }) => wired));
  const setup = [...carriers].flatMap((wired) => setupRegisters(wired, site.setupOf(wired.device.id)));
  return {
    lamps,
    doubled: circuits.filter((circuit) => lamps.get(circuit.path.place) !== circuit).map(({ lamp }) => lamp),
    setup: new Map(setup.map((each) => [each.place, each])),
    open: new Set(devices.flatMap(openPlaces)),
    outputs: new Map(placed.map(({ output, path }) => [path.place, output])),
    feeds,
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
  readonly path: PointPath;
}

function feedOf(
  { output, wired, path }: PlacedOutput,
  { site, circuits }: { readonly site: WiredSite; readonly circuits: readonly LampCircuit[] },
): [Place, FeedCircuit][] {
  const { litWith } = output;
  const point = wired.profile.points.find(({ id }) => id === output.point);
  if (litWith === null || point === undefined) return [];
  const lampIds = new Set(site.cabinet.zones.filter(({ id }) => litWith.zones.includes(id)).flatMap(({ lamps }) => lamps));
  const lampPlaces = new Set(circuits.filter(({ lamp }) => lampIds.has(lamp.id)).map((circuit) => circuit.path.place));
  const value = outputNumber(litWith.value, point);
  return [[path.place, { output, litRegister: value === undefined ? null : path.registerOf(value), lampPlaces }]];
}

/** Port and unit of a register: everything that reaches the same device. */
export function unitOf(place: Place): string {
  return place.split('|').slice(0, 2).join('|');
}

/** The register to which all units of a port listen has this unit. */
export function broadcastUnitOf({ wired }: LampCircuit): string {
  return unitOf(placeOf(wired, '', 0, 0));
}
