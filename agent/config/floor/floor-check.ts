import { type Circuits, circuitsOf, type LampCircuit, type WiredSite } from '../../../drivers/light-circuits.ts';
import type { WallMs } from '../../core/clock.ts';
import { msg } from '../../core/message.ts';
import type { LevelPct } from '../../core/words.ts';
import { shortfallsOf } from '../../lighting/floor.ts';
import type { CabinetAndProfiles } from '../revisions/touched-parts.ts';
import { setupValuesOf } from '../setup-values.ts';
import { type CircuitQuestion, circuitFlaws, type FloorFlaw, type FloorLevels } from './floor-circuits.ts';
import { lineFlaws } from './floor-lines.ts';
import { paceFlaws } from './floor-pace.ts';
import { sensorFlaws } from './floor-sensors.ts';

/**
 * The configurations of a floor check. `after`: the one that is to run. If one of `running` and `site` cannot be used, both fields have the
 * other one. `nowMs`: the comparison begins at this time. A night lasts from noon to noon.
 */
export interface FloorCheck {
  readonly after: CabinetAndProfiles;
  /** The configuration that runs now. */
  readonly running: CabinetAndProfiles;
  /** The configuration in the file of the site, as last loaded. */
  readonly site: CabinetAndProfiles;
  readonly nowMs: WallMs;
  /** Number of nights to compare, from that of `nowMs` on; some nights around special dates are added. Default: 366. */
  readonly nightsAhead?: number;
}

/** Source: a year with a leap day, so that it contains each yearly date. */
const NIGHTS_AHEAD = 366;

/**
 * Returns what in a configuration needs a permission, for example because a lamp could get less light than the floor of its site. Empty if
 * nothing does. A lamp is compared with the lamp that has the same register on the wire, whatever its id. One whose register neither of the
 * other two configurations has is not compared. Site-owned keys are not judged here. May take seconds.
 */
export function floorFlaws(check: FloorCheck): FloorFlaw[] {
  const [after, running, site] = [check.after, check.running, check.site].map((each) => circuitsOf(wired(each))) as [
    Circuits,
    Circuits,
    Circuits,
  ];
  const levels = floorLevels(check, { running, site });
  const flaws = circuitFlaws({ after, running, site, levels });
  const sensing = {
    after: { cabinet: check.after.cabinet, circuits: after },
    running: { cabinet: check.running.cabinet, circuits: running },
    site: { cabinet: check.site.cabinet, circuits: site },
  };
  const sensors = sensorFlaws(sensing.after, sensing.running);
  return [...flaws, ...paceFlaws(sensing), ...lineFlaws(sensing), ...sensors, ...planFlaws(check, { after, running, site })];
}

function wired({ cabinet, profiles }: CabinetAndProfiles): WiredSite {
  return { cabinet, profiles, setupOf: (deviceId) => setupValuesOf(cabinet, deviceId) };
}

/** The lowest allowed level of each running lamp: its own minimum or its zone's, from the file or the running configuration, whichever is lower. */
function floorLevels({ running, site }: FloorCheck, circuits: Pick<CircuitQuestion, 'running' | 'site'>): FloorLevels {
  const leastOf = ({ cabinet }: CabinetAndProfiles, { lamp }: LampCircuit): LevelPct => {
    const zone = cabinet.zones.find(({ lamps }) => lamps.includes(lamp.id));
    return Math.min(lamp.maxPct, Math.max(1, lamp.minPct, zone?.minPct ?? 0));
  };
  return new Map(
    [...circuits.running.lamps].map(([place, circuit]) => {
      const ofFile = circuits.site.lamps.get(place);
      return [place, Math.min(leastOf(running, circuit), ofFile === undefined ? 100 : leastOf(site, ofFile))];
    }),
  );
}

/** Compares night by night and lamp by lamp. Equal lamps of one zone give one flaw. */
function planFlaws(
  { after, running, site, nowMs, nightsAhead = NIGHTS_AHEAD }: FloorCheck,
  circuits: Omit<CircuitQuestion, 'levels'>,
): FloorFlaw[] {
  const placeOf = new Map([...circuits.after.lamps].map(([place, { lamp }]) => [lamp.id, place]));
  const lampIn = (of: Circuits): ReadonlyMap<string, string> =>
    new Map([...placeOf].flatMap(([id, place]) => (of.lamps.has(place) ? [[id, of.lamps.get(place)?.lamp.id ?? '']] : [])));
  const shortfalls = shortfallsOf({
    after: after.cabinet,
    floors: [
      { street: running.cabinet, lampOf: lampIn(circuits.running) },
      { street: site.cabinet, lampOf: lampIn(circuits.site) },
    ],
    nowMs,
    nightsAhead,
  });
  return shortfalls.map(({ lampId, atMs, levelPct, floorPct, text }) => ({
    path: `lamps[${lampId}]`,
    message: msg`${levelPct} % at ${localText(atMs, site.cabinet.timezone)} ${text}; the floor of the site is ${floorPct} %`,
  }));
}

/** Local time for a person at the cabinet: `2026-11-27 23:00:30`. */
function localText(atMs: WallMs, timezone: string): string {
  return new Date(atMs).toLocaleString('sv-SE', { timeZone: timezone });
}
