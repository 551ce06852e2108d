/** Failsafe levels: what a lamp keeps while no agent writes to it. Pure. */
import type { Cabinet, Zone } from '../core/cabinet.ts';
import { stepLevelPct } from './programme.ts';

/** Units: percent. */
const FULL_PCT = 100;

/**
 * Returns the level that lamps of this zone should have without an agent, before their own maximum applies: the highest that its
 * programme, those of its calendar, its event nights and rules may request, but at least its `minPct`. 100 if the zone has presence or
 * traffic, if these programmes have no steps, and for no zone (undefined).
 * Units: percent, from 1. Source: UNI 11248 annex D: when adaptation fails, the design class applies.
 */
export function failsafeLevelPct({ programmes, calendars, eventNights, rules }: Cabinet, zone: Zone | undefined): number {
  if (zone === undefined || zone.traffic !== null || zone.presence !== null) return FULL_PCT;
  const calendar = calendars.find(({ id }) => id === zone.calendar);
  const ids = new Set([zone.programme, ...(calendar?.rules ?? []).map(({ programme }) => programme)]);
  const ofProgrammes = programmes
    .filter(({ id }) => ids.has(id))
    .flatMap(({ steps }) => steps.map(({ level }) => stepLevelPct(level, zone)));
  const ofNights = eventNights.filter(({ zones }) => zones?.includes(zone.id) ?? true).map(({ levelPct }) => levelPct);
  const ofRules = rules.flatMap(({ raise }) => (raise?.zones.includes(zone.id) === true ? [raise.levelPct] : []));
  const usual = ofProgrammes.length === 0 ? [FULL_PCT] : ofProgrammes;
  return Math.max(1, zone.minPct, ...usual, ...ofNights, ...ofRules);
}

/**
 * Returns the level that a device should have without an agent: the highest that one of its lamps should have, and 100 for a device without
 * lamps. The maximum of each lamp applies, its minimum does not. Units: percent, from 1.
 */
export function deviceFailsafePct(cabinet: Cabinet, deviceId: string): number {
  const levels = cabinet.lamps
    .filter(({ device }) => device === deviceId)
    .map(({ id, maxPct }) => {
      const zone = cabinet.zones.find(({ lamps }) => lamps.includes(id));
      const isRaisedElsewhere = cabinet.zones.some(({ presence }) => presence?.alsoLamps?.includes(id) === true);
      return Math.min(maxPct, isRaisedElsewhere ? FULL_PCT : failsafeLevelPct(cabinet, zone));
    });
  return levels.length === 0 ? failsafeLevelPct(cabinet, undefined) : Math.max(1, ...levels);
}
