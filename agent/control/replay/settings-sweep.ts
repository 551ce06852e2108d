/** Candidates for other settings, and which of them give the least darkness for their energy. Pure. */
import type { Programme, ProgrammeStep, Zone } from '../../core/cabinet.ts';
import type { LevelPct } from '../../core/words.ts';
import type { LightingStreet } from '../../lighting/lighting.ts';
import { stepLevelPct } from '../../lighting/programme.ts';
import type { ReplaySettings } from './night-replay.ts';

/**
 * One point of a sweep. `holdS`: hold time of presence; null: as configured. `addPct`: added to levels of the programmes, within limits; a
 * level of 0 %, or as high as with presence, stays. Units: s, % of full light.
 */
export interface SweepPoint {
  readonly holdS: number | null;
  readonly addPct: number;
  /** Level with presence; one of 0 % stays, another one is at least 1 %. Units: % of the configured one. */
  readonly boostSharePct: number;
}

/** A point of a sweep as settings for a replay. */
export interface SweepSettings extends ReplaySettings {
  readonly point: SweepPoint;
}

/**
 * What a point costs over all replayed nights: energy, number of dark moments, and the light missing in them. Units: `missingS` in s of
 * full darkness, as in `DarkMoment`.
 */
export interface SweepCost {
  readonly kwh: number;
  readonly darkMoments: number;
  readonly missingS: number;
}

/** Units: s. Source: holds of presence lighting in use, 15 s to 5 min. */
const HOLDS_S = [15, 30, 45, 60, 90, 120, 180, 300];
/** Units: %. Source: assumed; a difference of 10 % of full light is hardly seen. Confirmed by: residents asked after a change. */
const ADDED_PCT = [-20, -10, 0, 10, 20];
/** Units: % of the configured level with presence. Source: as `ADDED_PCT`. */
const BOOST_SHARES_PCT = [100, 80, 60];

/** Returns the points of a sweep, the unchanged settings among them. `variesBoost`: also with less light for people present. */
export function sweepPoints(variesBoost: boolean): readonly SweepPoint[] {
  const shares = variesBoost ? BOOST_SHARES_PCT : [100];
  return [null, ...HOLDS_S].flatMap((holdS) =>
    ADDED_PCT.flatMap((addPct) => shares.map((boostSharePct): SweepPoint => ({ holdS, addPct, boostSharePct }))),
  );
}

/**
 * Returns a point as settings for a replay. `base`: the settings to which the point is applied. Only zones with presence change, and the
 * programmes that they or their calendars name; another zone with such a programme has the changed one too.
 */
export function sweepSettings(point: SweepPoint, base: ReplaySettings['streetFor']): SweepSettings {
  const id = `${point.holdS ?? '='} ${point.addPct} ${point.boostSharePct}`;
  return { id, point, streetFor: (recorded) => changedStreet(base(recorded), point) };
}

/** Only zones with presence are changed, with the programmes that they may have; other zones that share these are changed too. */
function changedStreet(street: LightingStreet, point: SweepPoint): LightingStreet {
  const zones = street.zones.filter(({ presence }) => presence !== null);
  const used = new Set(zones.flatMap((zone) => programmesOf(street, zone)));
  return {
    ...street,
    zones: street.zones.map((zone) => changedZone(zone, point)),
    programmes: street.programmes.map((programme) => (used.has(programme.id) ? changedProgramme(programme, zones, point) : programme)),
  };
}

function programmesOf({ calendars }: LightingStreet, { programme, calendar }: Zone): readonly string[] {
  return [programme, ...(calendars.find(({ id }) => id === calendar)?.rules.map((rule) => rule.programme) ?? [])];
}

function changedZone(zone: Zone, { holdS, boostSharePct }: SweepPoint): Zone {
  const { presence } = zone;
  if (presence === null) return zone;
  const boostPct = shareOf(presence.boostPct, boostSharePct);
  return { ...zone, presence: { ...presence, holdS: holdS ?? presence.holdS, boostPct } };
}

function shareOf(pct: LevelPct, sharePct: number): LevelPct {
  return pct === 0 ? 0 : Math.max(1, Math.round((pct * sharePct) / 100));
}

/** A step of 0 % is dark on purpose, and one with as much light as presence gives is not for waiting; both stay. */
function changedProgramme(programme: Programme, zones: readonly Zone[], { addPct, boostSharePct }: SweepPoint): Programme {
  const floorPct = Math.min(...zones.map(({ minPct }) => minPct));
  const mostPct = Math.max(...zones.map(({ presence }) => presence?.boostPct ?? 0));
  const changed = (step: ProgrammeStep): ProgrammeStep => {
    const pct = stepLevelPct(step.level, zones[0] ?? { designClass: null });
    const boostPct = step.boostPct === null ? null : shareOf(step.boostPct, boostSharePct);
    const isKept = pct === 0 || pct >= mostPct || addPct === 0;
    return isKept ? { ...step, boostPct } : { ...step, boostPct, level: { pct: Math.min(mostPct, Math.max(1, floorPct, pct + addPct)) } };
  };
  return { ...programme, steps: programme.steps.map(changed) };
}

/**
 * Returns the best points, the least energy first. A point is left out if another one has no more energy and no more darkness. Of equal
 * ones the first is returned. Fewer dark moments are less darkness; with as many, less missing light.
 */
export function paretoFront<T extends SweepCost>(all: readonly T[]): readonly T[] {
  const ordered = all.toSorted((a, b) => a.kwh - b.kwh || darkness(a, b));
  const front: T[] = [];
  for (const each of ordered) {
    const best = front.at(-1);
    if (best === undefined || darkness(each, best) < 0) front.push(each);
  }
  return front;
}

function darkness(a: SweepCost, b: SweepCost): number {
  return a.darkMoments - b.darkMoments || a.missingS - b.missingS;
}
