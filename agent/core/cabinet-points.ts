/**
 * What the profiles say about the points of this cabinet, as the tables the rooms ask for.
 *
 * Pure. Part of `app.ts`.
 */

import { stepLevelPct } from '../lighting/programme.ts';
import { talqNameOf } from '../sync/talq-names.ts';
import type { Cabinet, ContactRole, DeviceConfig, Zone } from './cabinet.ts';
import { narrowed } from './narrowed.ts';
import type { UplinkDevice, UplinkMetric } from './ports.ts';
import type { DeviceCategory, PointProfile, Profile, Semantic } from './profile.ts';
import type { PointId } from './words.ts';

export interface CabinetPoint {
  readonly pointId: PointId;
  readonly device: DeviceConfig;
  readonly profile: PointProfile;
  /** The site's own meaning of a contact goes before the profile's. */
  readonly semantic: Semantic;
}

/** Every polled or writable point, in the order of the configuration. */
export function cabinetPoints({ lines }: Cabinet, profiles: ReadonlyMap<string, Profile>): ReadonlyMap<PointId, CabinetPoint> {
  const points = lines
    .flatMap((line) => line.devices)
    .flatMap((device) =>
      pointsOf(device, profiles).map(
        (profile): CabinetPoint => ({
          pointId: `${device.id}.${profile.id}`,
          device,
          profile,
          semantic: semanticOf(device.roles[profile.id], profile.semantic),
        }),
      ),
    );
  return new Map(points.map((point) => [point.pointId, point]));
}

/** A contact that asks for light is no trouble. */
function semanticOf(role: ContactRole | undefined, own: Semantic): Semantic {
  return role === undefined ? own : role === 'door' || role === 'fault' ? role : 'input';
}

function pointsOf({ profile: id, instances }: DeviceConfig, profiles: ReadonlyMap<string, Profile>): readonly PointProfile[] {
  const profile = profiles.get(id);
  return profile === undefined ? [] : narrowed(profile, instances).points;
}

/** The zone a device's lamp belongs to. */
export function zoneOfDevice({ lamps, zones }: Cabinet, deviceId: string): Zone | undefined {
  const lamp = lamps.find(({ device }) => device === deviceId);
  return zones.find((zone) => lamp !== undefined && zone.lamps.includes(lamp.id));
}

/**
 * Returns the level that a lamp of this zone keeps without an agent: the highest that the agent itself might ask for.
 *
 * Full light where traffic or presence decide, because without an agent no sensor is read. Else the highest level of all programmes, event
 * nights and rules that the zone may have. Never below the zone's minimum.
 * Units: percent, from 1. Source: UNI 11248 annex D: when adaptation fails, the design class holds.
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

/** Units: percent. */
const FULL_PCT = 100;

/** Metrics that control sets on a lamp's device. */
export const LAMP_METRIC = { wanted: 'Lamp/Wanted Level', rank: 'Lamp/Rank', reason: 'Lamp/Reason' } as const;

/** Metrics of a zone, set when a night ends. */
export const ZONE_METRIC = { night: 'Energy/Night kWh', baseline: 'Energy/Baseline kWh', boosted: 'Energy/Boosted Share' } as const;

/** What the platform sees: devices with their points, lamps, zones; a lamp shares the entry of the device of its name. */
export function uplinkDevices(
  cabinet: Cabinet,
  points: ReadonlyMap<PointId, CabinetPoint>,
  profiles: ReadonlyMap<string, Profile> = new Map(),
): UplinkDevice[] {
  const lampIds = new Set(cabinet.lamps.map(({ id }) => id));
  const deviceIds = cabinet.lines.flatMap((line) => line.devices).map(({ id }) => id);
  const ours = new Set([...cabinet.lamps, ...cabinet.outputs].map(({ device, point }) => `${device}.${point}`));
  const metricsOf = (deviceId: string): UplinkMetric[] =>
    [...points.values()]
      .filter(({ device }) => device.id === deviceId)
      .map((point) => toMetric(point, profiles.get(point.device.profile)?.category ?? 'io', ours.has(point.pointId)));
  const lampMetrics: UplinkMetric[] = [
    { name: LAMP_METRIC.wanted, pointId: null, type: 'Int64', unit: '%', range: [0, 100], talq: 'targetLightCommand' },
    { name: LAMP_METRIC.rank, pointId: null, type: 'String', unit: '' },
    { name: LAMP_METRIC.reason, pointId: null, type: 'String', unit: '' },
  ];
  const deviceOrLamp = [...new Set([...deviceIds, ...lampIds])].map(
    (id): UplinkDevice => ({
      id,
      metrics: [...metricsOf(id), ...(lampIds.has(id) ? lampMetrics : [])],
      target: lampIds.has(id) ? { kind: 'lamp', id } : null,
    }),
  );
  const zoneMetrics: UplinkMetric[] = [
    { name: ZONE_METRIC.night, pointId: null, type: 'Double', unit: 'kWh' },
    { name: ZONE_METRIC.baseline, pointId: null, type: 'Double', unit: 'kWh' },
    { name: ZONE_METRIC.boosted, pointId: null, type: 'Double', unit: '%' },
  ];
  const zones = cabinet.zones.map(({ id }): UplinkDevice => ({ id, metrics: zoneMetrics, target: { kind: 'zone', id } }));
  return [...deviceOrLamp, ...zones];
}

function toMetric(point: CabinetPoint, category: DeviceCategory, isOurs: boolean): UplinkMetric {
  const { pointId, profile, semantic } = point;
  const type = profile.type === 'bit' || profile.bit !== null ? 'Boolean' : 'Double';
  const talq = talqNameOf({ semantic, unit: profile.unit }, category);
  const range = type === 'Boolean' ? null : profile.range;
  return { name: profile.id, pointId, type, unit: profile.unit, range, talq, ...(isOurs ? {} : writeLimits(point)) };
}

/** What the platform may write by itself. A level is light, which has its own way; what the profile calls dangerous needs a person there. */
function writeLimits({ profile: { write }, semantic }: CabinetPoint): Pick<UplinkMetric, 'write'> {
  if (write === null || write.dangerous || semantic === 'level') return {};
  return { write: { min: write.min, max: write.max } };
}
