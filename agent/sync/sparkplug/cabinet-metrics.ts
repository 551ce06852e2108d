/**
 * The metrics of this cabinet on the uplink: one entry for each device, lamp and zone. Pure.
 */
import type { Cabinet } from '../../core/cabinet.ts';
import type { CabinetPoint } from '../../core/cabinet-points.ts';
import type { UplinkDevice, UplinkMetric } from '../../core/ports.ts';
import type { DeviceCategory, PointProfile, Profile, Semantic } from '../../core/profile.ts';
import type { PointId } from '../../core/words.ts';
import { metricNames, ownMetrics } from '../commands/command-metrics.ts';

/** Names of the metrics that report the agent's decision for a lamp: its level, and the rank and reason of it. */
export const LAMP_METRIC = { wanted: 'Lamp/Wanted Level', rank: 'Lamp/Rank', reason: 'Lamp/Reason' } as const;

const ZONE = {
  night: ['Energy/Night kWh', 'Double', 'kWh'],
  baseline: ['Energy/Baseline kWh', 'Double', 'kWh'],
  boosted: ['Energy/Boosted Share', 'Double', '%'],
} as const;
/**
 * Names of the metrics of a zone for a night that has ended. `night`: its computed energy, with that of dark lamps by day; `baseline`: that
 * of the former installation (kWh each). `boosted`: share of the lamp hours at a known level in which presence, traffic or a rule raised
 * the lamp (%).
 */
export const ZONE_METRIC = metricNames(ZONE);

const PANEL = {
  shown: ['Panel/Shown', 'String'],
  state: ['Panel/State', 'String'],
  rank: ['Panel/Rank', 'String'],
  source: ['Panel/Source', 'String'],
  until: ['Panel/Until', 'DateTime'],
} as const;
/**
 * Names of a panel's metrics, on the Sparkplug device with the panel's id: the decided text, its `PanelView.state`, and its rank, source
 * and end.
 */
export const PANEL_SHOWN = metricNames(PANEL);

/** TALQ names for any device, for platforms with its data model. */
const TALQ_ANYWHERE: Partial<Record<Semantic, string>> = {
  presence: 'presenceStatus',
  illuminance: 'lightLevel',
  door: 'cabinetDoorOpen',
  humidity: 'relativeHumidity',
};
/** Names for a lamp's driver: TALQ's lamp actuator and lamp monitor. */
const TALQ_OF_LAMP: Partial<Record<Semantic, string>> = {
  level: 'feedbackLightCommand',
  power: 'activePower',
  energy: 'activeEnergy',
  voltage: 'supplyVoltage',
  current: 'supplyCurrent',
  'power-factor': 'powerFactor',
  reactive: 'reactivePower',
};
/** The unit that TALQ requires for each name; a point in another unit gets no name. */
const TALQ_UNIT: Readonly<Record<string, string>> = {
  lightLevel: 'lx',
  relativeHumidity: '%',
  feedbackLightCommand: '%',
  activePower: 'W',
  activeEnergy: 'kWh',
  supplyVoltage: 'V',
  supplyCurrent: 'A',
  reactivePower: 'var',
};

/**
 * Returns the devices of the uplink: the configured devices with metrics for their points, texts excepted, and the lamps, zones, panels and
 * sound places. `profiles`: the device types, by profile id, for the TALQ names and write limits of the metrics.
 */
export function uplinkDevices(
  cabinet: Cabinet,
  points: ReadonlyMap<PointId, CabinetPoint>,
  profiles: ReadonlyMap<string, Profile> = new Map(),
): UplinkDevice[] {
  const lampIds = new Set(cabinet.lamps.map(({ id }) => id));
  const deviceIds = cabinet.lines.flatMap((line) => line.devices).map(({ id }) => id);
  const places = cabinet.sound?.places ?? [];
  const driven = [...cabinet.lamps, ...cabinet.outputs, ...places.flatMap(({ amplifiers }) => amplifiers)];
  const ours = new Set(driven.map(({ device, point }) => `${device}.${point}`));
  const metricsOf = (deviceId: string): UplinkMetric[] =>
    [...points.values()]
      .filter(({ device, profile }) => device.id === deviceId && profile.type !== 'text')
      .map((point) => {
        const profile = profiles.get(point.device.profile);
        // What is written to a raw device has the limits of the part of the agent that uses it.
        return toMetric(point, profile?.category ?? 'io', ours.has(point.pointId) || profile?.transport === 'uart');
      });
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
  const zones = cabinet.zones.map(({ id }): UplinkDevice => ({ id, metrics: ownMetrics(ZONE), target: { kind: 'zone', id } }));
  const panels = cabinet.panels.map(({ id }): UplinkDevice => ({ id, metrics: ownMetrics(PANEL), target: null, part: 'panel' }));
  const sounds = places.map(({ id }): UplinkDevice => ({ id, metrics: [], target: null, part: 'sound-place' }));
  return [...deviceOrLamp, ...zones, ...panels, ...sounds];
}

function toMetric(point: CabinetPoint, category: DeviceCategory, isOurs: boolean): UplinkMetric {
  const { pointId, profile, semantic } = point;
  const type = profile.type === 'bit' || profile.bit !== null ? 'Boolean' : 'Double';
  const talq = talqNameOf({ semantic, unit: profile.unit }, category);
  const range = type === 'Boolean' ? null : profile.range;
  return { name: profile.id, pointId, type, unit: profile.unit, range, talq, ...(isOurs ? {} : writeLimits(point)) };
}

/**
 * The range that the platform may write. Levels are written only by overrides; a register that the profile marks as dangerous needs a
 * person at the cabinet.
 */
function writeLimits({ profile: { write }, semantic }: CabinetPoint): Pick<UplinkMetric, 'write'> {
  if (write === null || write.dangerous || semantic === 'level') return {};
  return { write: { min: write.min, max: write.max } };
}

/** Null if TALQ has no name for the quantity, or has it in another unit. Source: TALQ 2.7.1 data model, functions Lamp actuator, Lamp monitor, Presence sensor, Light sensor, Cabinet monitor. */
function talqNameOf(point: Pick<PointProfile, 'semantic' | 'unit'>, category: DeviceCategory): string | null {
  const isLamp = category === 'luminaire-driver' || category === 'dali-gateway';
  const name = TALQ_ANYWHERE[point.semantic] ?? (isLamp ? TALQ_OF_LAMP[point.semantic] : undefined);
  return name === undefined || (TALQ_UNIT[name] ?? point.unit) !== point.unit ? null : name;
}
