/**
 * The configuration that all cabinets of the simulated city have in common: one street with its lamps and two presence sensors.
 *
 * One text for all, so that its check, which in a city takes place on each gateway, is computed once on this machine. What differs between
 * the cabinets is added by `cabinetOf`.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Cabinet, UplinkConfig } from '../../agent/core/cabinet.ts';

/** The names of the city on the wire. */
export const CITY = { group: 'city', hostId: 'city' };
/** The presence sensors of each cabinet. */
export const CITY_SENSORS = ['S01', 'S02'] as const;
/** The polled quantities of each lamp. Source: the issue, 45,000 lamps with 8 values per minute. */
export const LAMP_VALUES = 8;
/** Address of the first sensor; lamps have the addresses from 1. */
export const FIRST_SENSOR_UNIT = 201;
const HOUR_MS = 3_600_000;
const DAY_H = 24;
/** Source: the sun moves 360 degrees a day. */
const DEG_PER_H = 15;
/** Most lamps of a cabinet. Source: the addresses below those of the sensors. */
export const MAX_LAMPS = FIRST_SENSOR_UNIT - 1;
/** Units: m. Source: assumed; usual distance of poles in a residential street. Confirmed by: the light points of the city in its inventory. */
const POLE_DISTANCE_M = 25;

const WB_LED = join(import.meta.dirname, '../../drivers/profiles/wirenboard-wb-led.yaml');
const METERED = `  - { id: power, semantic: power, table: input, address: 403, unit: W, scale: 0.1, decimals: 1, range: [0, 500], deadband: 1, poll: slow }
  - { id: supply, semantic: voltage, table: input, address: 404, unit: V, scale: 0.1, decimals: 1, range: [0, 500], deadband: 2, poll: slow }
`;

/** Where the city is. */
export interface CityPlace {
  readonly longitudeDeg: number;
  /** A name of the IANA time zone database. */
  readonly timezone: string;
}

/** Parameters of the text. A rollout changes `nightPct` and `sensorShift`. */
export interface SiteText {
  readonly place: CityPlace;
  readonly lamps: number;
  /** Level after 23:00. Units: %. */
  readonly nightPct: number;
  /** Added to the address of each sensor: with any other number than 0 no sensor answers. */
  readonly sensorShift: number;
}

/**
 * Returns a place where it is between 23:30 and 0:30 at this time. The programme has dimmed then, so that a citywide 100 % changes each lamp,
 * and the clocks of the agents are that of the host. Units: ms since 1970.
 */
export function cityPlace(nowMs: number): CityPlace {
  const hour = (nowMs / HOUR_MS) % DAY_H;
  const ahead = Math.round(DAY_H - hour) % DAY_H;
  const offsetH = ahead > DAY_H / 2 ? ahead - DAY_H : ahead;
  // The sign in these names is that of POSIX: Etc/GMT-3 is three hours ahead.
  return { longitudeDeg: offsetH * DEG_PER_H, timezone: `Etc/GMT${offsetH > 0 ? '-' : '+'}${Math.abs(offsetH)}` };
}

/** Returns the text of `cabinet.yaml`. */
export function citySiteText({ place, lamps, nightPct, sensorShift }: SiteText): string {
  const numbers = Array.from({ length: lamps }, (_, i) => i + 1);
  const id = (n: number): string => `L${String(n).padStart(2, '0')}`;
  const devices = numbers.map((n) => `      - { id: ${id(n)}, unit: ${n}, profile: city-driver, pole: P${n} }`);
  const sensors = CITY_SENSORS.map(
    (sensor, i) =>
      `      - { id: ${sensor}, unit: ${FIRST_SENSOR_UNIT + i + sensorShift}, profile: wirenboard-wb-msw, pole: P${1 + i * (lamps - 1)} }`,
  );
  return `# One cabinet of the simulated city.
cabinet: { id: city, name: Street, latitudeDeg: 47.4736, longitudeDeg: ${place.longitudeDeg}, timezone: ${place.timezone} }
profileDirs: [profiles]
lines:
  - id: street
    port: city/street
    serial: { baud: 19200, stopBits: 2 }
    devices:
${[...devices, ...sensors].join('\n')}
poles:
${numbers.map((n) => `  - { id: P${n}, atM: ${(n - 1) * POLE_DISTANCE_M} }`).join('\n')}
lamps:
${numbers.map((n) => `  - { id: ${id(n)}, ratedPowerW: 60, minPct: 10 }`).join('\n')}
zones:
  - id: rue
    lamps: [${numbers.map(id).join(', ')}]
    programme: residential
    minPct: 10
    presence:
      { holdS: 15, rampDownS: 5, reachM: 60, sensors: [${CITY_SENSORS.map((sensor) => `{ device: ${sensor}, threshold: 50, ownHoldS: 5 }`).join(', ')}] }
programmes:
  - id: residential
    steps:
      - { at: dusk, levelPct: 100 }
      - { at: "23:00", levelPct: ${nightPct} }
      - { at: "06:00", levelPct: 100 }
uplink: { broker: "mqtt://127.0.0.1:1883", group: ${CITY.group} }
`;
}

/** Writes the file of the site and the profile of its lamps into `folder`. Returns the path of the file. */
export function writeCitySite(folder: string, text: string): string {
  const profiles = join(folder, 'profiles');
  mkdirSync(profiles, { recursive: true });
  const profile = readFileSync(WB_LED, 'utf8')
    .replace('id: wirenboard-wb-led', 'id: city-driver')
    .replace('groups:\n', `${METERED}groups:\n`);
  writeFileSync(join(profiles, 'city-driver.yaml'), profile);
  const file = join(folder, 'cabinet.yaml');
  writeFileSync(file, text);
  return file;
}

/** What differs between the cabinets, and the settings of the uplink that a run of the city chooses. */
export interface OwnSettings extends Pick<UplinkConfig, 'broker' | 'primaryHost' | 'birthJitterS'> {
  readonly node: string;
  /** Folder of its store. */
  readonly dir: string;
}

/** Returns one cabinet of the city from the common configuration. */
export function cabinetOf(common: Cabinet, { node, dir, ...uplink }: OwnSettings): Cabinet {
  if (common.uplink === null) throw new TypeError('the configuration of the city has an uplink');
  return { ...common, id: node, uplink: { ...common.uplink, ...uplink, node }, store: { ...common.store, dir } };
}

/** Returns the names of the first `count` cabinets, as edge nodes. */
export function nodeNames(count: number, first = 0): string[] {
  return Array.from({ length: count }, (_, i) => `c${String(first + i + 1).padStart(5, '0')}`);
}
