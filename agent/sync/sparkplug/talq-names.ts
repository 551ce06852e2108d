/**
 * The TALQ name for the quantity of a point, for platforms with TALQ's data model. Pure.
 */
import type { DeviceCategory, PointProfile, Semantic } from '../../core/profile.ts';

/** Names for any device. */
const ANYWHERE: Partial<Record<Semantic, string>> = {
  presence: 'presenceStatus',
  illuminance: 'lightLevel',
  door: 'cabinetDoorOpen',
  humidity: 'relativeHumidity',
};
/** Names for a lamp's driver: TALQ's lamp actuator and lamp monitor. */
const OF_LAMP: Partial<Record<Semantic, string>> = {
  level: 'feedbackLightCommand',
  power: 'activePower',
  energy: 'activeEnergy',
  voltage: 'supplyVoltage',
  current: 'supplyCurrent',
  'power-factor': 'powerFactor',
  reactive: 'reactivePower',
};
/** The unit that TALQ requires for each name; a point in another unit gets no name. */
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

/** Null when TALQ has no name for the quantity, or has it in another unit. Source: TALQ 2.7.1 data model, functions Lamp actuator, Lamp monitor, Presence sensor, Light sensor, Cabinet monitor. */
export function talqNameOf(point: Pick<PointProfile, 'semantic' | 'unit'>, category: DeviceCategory): string | null {
  const isLamp = category === 'luminaire-driver' || category === 'dali-gateway';
  const name = ANYWHERE[point.semantic] ?? (isLamp ? OF_LAMP[point.semantic] : undefined);
  if (name === undefined || (UNIT[name] ?? point.unit) !== point.unit) return null;
  return name;
}
