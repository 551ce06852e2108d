/** Finds which parts of the agent a change of the configuration affects; all others continue undisturbed. Pure. */
import { isDeepStrictEqual } from 'node:util';
import type { Cabinet } from '../../core/cabinet.ts';
import { type CabinetPoint, cabinetPoints } from '../../core/cabinet-points.ts';
import type { Profile } from '../../core/profile.ts';
import type { PointId } from '../../core/words.ts';
import { uplinkDevices } from '../../sync/sparkplug/cabinet-metrics.ts';
import { setupValuesOf } from '../setup-values.ts';

/** A cabinet and the known device profiles by id, also those that it does not use. */
export interface CabinetAndProfiles {
  readonly cabinet: Cabinet;
  readonly profiles: ReadonlyMap<string, Profile>;
}

/** The parts of the agent that a change of the configuration affects. */
export interface TouchedRooms {
  /** Ids of the lines that are removed, added, or reopened because a setting, a device, its profile or its setup values differ. */
  readonly lines: readonly string[];
  /** The modules of the configuration, such as light control, panels and sound. */
  readonly light: boolean;
  /** The session with the platform: its settings, or the content of its births. */
  readonly uplink: boolean;
  /** The storage of readings: its settings except the folder, or the decimals and counters of points. */
  readonly store: boolean;
  /** How far the clock of the machine is trusted. */
  readonly clock: boolean;
  /** The language in which sessions of the console begin. */
  readonly console: boolean;
  /** Changed keys that fully apply only after the next start of the agent. */
  readonly atRestart: readonly string[];
}

/** Compares two configurations. Returns the parts of the agent that a change from `before` to `after` affects; the others continue. */
export function touchedRooms(before: CabinetAndProfiles, after: CabinetAndProfiles): TouchedRooms {
  const [was, is] = [factsOf(before), factsOf(after)];
  const isOther = (key: 'light' | 'uplink' | 'store' | 'clock' | 'console'): boolean => !isDeepStrictEqual(was[key], is[key]);
  const lineIds = [...new Set([...was.lines.keys(), ...is.lines.keys()])];
  return {
    lines: lineIds.filter((id) => !isDeepStrictEqual(was.lines.get(id), is.lines.get(id))),
    light: isOther('light'),
    uplink: isOther('uplink'),
    store: isOther('store'),
    clock: isOther('clock'),
    console: isOther('console'),
    atRestart: [...is.atRestart].filter(([key, value]) => value !== was.atRestart.get(key)).map(([key]) => key),
  };
}

function factsOf({ cabinet, profiles }: CabinetAndProfiles) {
  const points = cabinetPoints(cabinet, profiles);
  const { uplink, store, console, clockTrust, service: _service, trust: _trust, profileDirs: _dirs, recorder, lines, ...others } = cabinet;
  // The name is for people and is read from the configuration each time it is shown.
  const { name: _name, ...light } = withoutInventory(others);
  const typesOf = (ids: readonly string[]): unknown => ids.map((id) => profiles.get(id));
  return {
    lines: new Map(
      lines.map((line) => {
        const setup = line.devices.map(({ id }) => setupValuesOf(cabinet, id));
        return [line.id, { line, types: typesOf(line.devices.map(({ profile }) => profile)), setup }];
      }),
    ),
    light: {
      ...light,
      lines: lines.map(({ id, kind, maxWritesPerS, devices }) => ({ id, kind, maxWritesPerS, devices })),
      points,
      types: typesOf(lines.flatMap(({ devices }) => devices.map(({ profile }) => profile))),
    },
    uplink: { uplink, id: cabinet.id, devices: uplink === null ? [] : uplinkDevices(cabinet, points, profiles) },
    store: { ...store, dir: null, decimals: decimalsOf(points), counters: countersOf(points) },
    clock: clockTrust,
    console: console.language,
    atRestart: new Map<string, unknown>([
      ['store.dir', store.dir],
      ['recorder.memoryKilobytes', recorder?.memoryKilobytes],
      ['console.socketPath', console.socketPath],
      ['cabinet.timezone', cabinet.timezone],
    ]),
  };
}

/** Inventory data and prices are read from the configuration each time they are shown. */
function withoutInventory<T extends Pick<Cabinet, 'lamps' | 'zones' | 'energy'>>({ energy: _energy, ...cabinet }: T) {
  const lamps = cabinet.lamps.map(({ luminaire: _luminaire, ...lamp }) => lamp);
  return { ...cabinet, lamps, zones: cabinet.zones.map(({ litAreas: _areas, ...zone }) => zone) };
}

/** Returns by point id how many decimals the store keeps, as the profile of the point declares. Every point has an entry. */
export function decimalsOf(points: ReadonlyMap<PointId, CabinetPoint>): Map<string, number> {
  return new Map([...points].map(([id, { profile }]) => [id, profile.decimals]));
}

/** Returns the ids of the points that their profiles declare as counters. */
export function countersOf(points: ReadonlyMap<PointId, CabinetPoint>): Set<string> {
  return new Set([...points].flatMap(([id, { profile }]) => (profile.counter === null ? [] : [id])));
}
