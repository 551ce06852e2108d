/** Proposes devices, lamps, poles and sensors, with names, for the units that answered. Pure. */
import type { FoundUnit } from '../core/bus-tools.ts';
import type { SerialSettings } from '../core/cabinet.ts';
import type { DeviceCategory, Profile } from '../core/profile.ts';

/** One port after its scan. */
export interface SeenLine {
  readonly port: string;
  /** The settings of the scan that gave `found`, or those of `uartDevice`. Null for Modbus TCP, which has none. */
  readonly serial: SerialSettings | null;
  /** Units that answered a request, also those without a matching profile. */
  readonly found: readonly FoundUnit[];
  /** Addresses with damaged replies. */
  readonly damaged: readonly number[];
  /** Profile of the device that sends without a request; null if none was found. */
  readonly uartDevice: Profile | null;
}

/** One device of the proposed site. */
export interface DraftDevice {
  readonly id: string;
  /** Address on a Modbus line. Null for the device of a raw UART line, which sends by itself. */
  readonly unit: number | null;
  readonly profile: Profile;
  /** Id of its pole. Null for a device that gets no lamps. */
  readonly pole: string | null;
}

/** A unit that answers and has no confirmed profile. */
export interface UnnamedUnit {
  readonly unit: number;
  /** Ids of the profiles that may fit; empty if none matches. */
  readonly candidates: readonly string[];
}

/** One line of the proposed site, with the units that still need a profile. */
export interface DraftLine {
  /** `line1` for the first scanned port, `line2` for the next. */
  readonly id: string;
  readonly kind: 'modbus' | 'uart';
  /** A device file or a URL such as `tcp://host:502`, as it was scanned. */
  readonly port: string;
  /** Null for Modbus TCP. */
  readonly serial: SerialSettings | null;
  /** Exactly one on a uart line, where the two lists below are empty. */
  readonly devices: readonly DraftDevice[];
  /** Units that answered; none of them is in `devices`. */
  readonly unnamedUnits: readonly UnnamedUnit[];
  /** Addresses with damaged replies. */
  readonly damaged: readonly number[];
}

/** One lamp of the proposed site: the point of a device that sets its level, and its pole. */
export interface DraftLamp {
  /** The id of its device; with a number from 1 if the device has several lamps, as `L01-2`. */
  readonly id: string;
  readonly device: string;
  /** Id of the point in the profile, without the device. */
  readonly point: string;
  readonly pole: string;
}

/** The proposed site, before it is written as a cabinet file. */
export interface SiteDraft {
  /** One for each scanned port, in their order. */
  readonly lines: readonly DraftLine[];
  /** One for each device with lamps. `atM`: distance from the first pole along the street. Units: m. */
  readonly poles: readonly { readonly id: string; readonly atM: number }[];
  readonly lamps: readonly DraftLamp[];
  /** The first polled point for presence of each device that has one; `daylight`: likewise for illuminance. */
  readonly presence: readonly SensorPoint[];
  readonly daylight: readonly SensorPoint[];
}

/** A point of a device that can serve as a sensor of the zone. */
export interface SensorPoint {
  readonly device: string;
  /** Id of the point in the profile, without the device. */
  readonly point: string;
  /** True for a bit, also one of a register, and for a point whose highest plausible value (`range`) is 1. */
  readonly isContact: boolean;
}

/** Returns the proven or chosen profile of a unit that the scan of this port found; null for none: the unit then becomes no device. */
export type ProfileChoice = (port: string, unit: FoundUnit) => Profile | null;

/** First letter of a device id. */
const LETTERS: Readonly<Record<DeviceCategory, string>> = {
  'luminaire-driver': 'L',
  'dali-gateway': 'G',
  meter: 'M',
  presence: 'S',
  traffic: 'T',
  light: 'D',
  weather: 'W',
  air: 'A',
  io: 'IO',
  power: 'U',
  panel: 'PN',
};
/** A device with more level points is a gateway for an unknown number of lamps. Source: the four channels of a WB-LED. */
const MAX_LAMPS_A_DEVICE = 4;

/**
 * Returns lines, devices, poles, lamps and sensors, with new ids, for the units that answered and the devices that send without a request.
 * `unnamedUnits`: the units without a profile. A Modbus device with one to four points that set a level gets a pole, and a lamp for each of
 * them. `spacingM`: the distance from one pole to the next. Units: m.
 */
export function propose(seen: readonly SeenLine[], choice: ProfileChoice, spacingM: number): SiteDraft {
  const numbers = new Map<string, number>();
  const poles: { id: string; atM: number }[] = [];
  const next = (letters: string): string => {
    const number = (numbers.get(letters) ?? 0) + 1;
    numbers.set(letters, number);
    return letters.length > 1 ? `${letters}${number}` : `${letters}${String(number).padStart(2, '0')}`;
  };
  const nextPole = (): string => {
    const id = next('P');
    poles.push({ id, atM: Math.round(poles.length * spacingM * 10) / 10 });
    return id;
  };
  const lines = seen.map(({ port, serial, found, damaged, uartDevice }, index): DraftLine => {
    const id = `line${index + 1}`;
    if (uartDevice !== null) {
      const device = { id: next(LETTERS[uartDevice.category]), unit: null, profile: uartDevice, pole: null };
      return { id, kind: 'uart', port, serial, devices: [device], unnamedUnits: [], damaged: [] };
    }
    const named = found.map((unit) => ({ unit, profile: choice(port, unit) }));
    const devices = named.flatMap(({ unit, profile }): DraftDevice[] => {
      if (profile === null) return [];
      const id = next(LETTERS[profile.category]);
      return [{ id, unit: unit.unit, profile, pole: levelPoints(profile).length > 0 ? nextPole() : null }];
    });
    const unnamedUnits = named.flatMap(({ unit, profile }) =>
      profile === null ? [{ unit: unit.unit, candidates: unit.profiles.map(({ id }) => id) }] : [],
    );
    return { id, kind: 'modbus', port, serial, devices, unnamedUnits, damaged };
  });
  const devices = lines.flatMap((line) => line.devices);
  return {
    lines,
    poles,
    lamps: devices.flatMap(lampsOf),
    presence: pointsOf(devices, 'presence'),
    daylight: pointsOf(devices, 'illuminance'),
  };
}

/** Returns the points that set a level; none if the device has too many to be single lamps. */
function levelPoints({ points }: Profile): readonly string[] {
  const levels = points.filter(({ semantic, write }) => semantic === 'level' && write !== null).map(({ id }) => id);
  return levels.length > MAX_LAMPS_A_DEVICE ? [] : levels;
}

function lampsOf({ id, profile, pole }: DraftDevice): DraftLamp[] {
  const points = levelPoints(profile);
  if (pole === null) return [];
  return points.map((point, i) => ({ id: points.length === 1 ? id : `${id}-${i + 1}`, device: id, point, pole }));
}

/** Returns the first point of this semantic of each device. */
function pointsOf(devices: readonly DraftDevice[], semantic: 'presence' | 'illuminance'): SensorPoint[] {
  return devices.flatMap(({ id, profile }) => {
    const point = profile.points.find((each) => each.semantic === semantic && each.poll !== 'never');
    if (point === undefined) return [];
    const isContact = point.type === 'bit' || point.bit !== null || point.range?.[1] === 1;
    return [{ device: id, point: point.id, isContact }];
  });
}
