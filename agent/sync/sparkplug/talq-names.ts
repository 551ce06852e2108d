/**
 * What TALQ calls the quantity of a point, for platforms whose data model follows it.
 *
 * Pure.
 */
import type { DeviceCategory, PointProfile, Semantic } from '../../core/profile.ts';

/** Whatever measures it. */
const ANYWHERE: Partial<Record<Semantic, string>> = {
  presence: 'presenceStatus',
  illuminance: 'lightLevel',
  door: 'cabinetDoorOpen',
  humidity: 'relativeHumidity',
};
/** Of a lamp's driver, TALQ's lamp actuator and lamp monitor. */
const OF_LAMP: Partial<Record<Semantic, string>> = {
  level: 'feedbackLightCommand',
  power: 'activePower',
  energy: 'activeEnergy',
  voltage: 'supplyVoltage',
  current: 'supplyCurrent',
  'power-factor': 'powerFactor',
  reactive: 'reactivePower',
};
/** TALQ fixes the unit of each; a point in another one must not pass for it. */
const UNIT: Readonly<Record<string, string>> = {
  lightLevel: 'lx',
  relativeHumidity: '%',
  feedbackLightCommand: '%',
  activePower: 'W',
  activeEnergy: 'kWh',
  supplyVoltage: 'V',
  supplyCurrent: 'A',
  reactivePower: 'var',
};

/** Null where TALQ has no name for it, or has it in another unit. Source: TALQ 2.7.1 data model, functions Lamp actuator, Lamp monitor, Presence sensor, Light sensor, Cabinet monitor. */
export function talqNameOf(point: Pick<PointProfile, 'semantic' | 'unit'>, category: DeviceCategory): string | null {
  const isLamp = category === 'luminaire-driver' || category === 'dali-gateway';
  const name = ANYWHERE[point.semantic] ?? (isLamp ? OF_LAMP[point.semantic] : undefined);
  if (name === undefined || (UNIT[name] ?? point.unit) !== point.unit) return null;
  return name;
}
