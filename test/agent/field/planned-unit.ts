/** A unit as the plans of a line see it. */
import type { Profile } from '../../../agent/core/profile.ts';
import { createUnit, type Unit } from '../../../agent/field/units/unit.ts';
import { createModbusDriver } from '../../../drivers/modbus/modbus-driver.ts';
import { testDevice } from '../../support/profiles.ts';
import { LAMP } from './plant.ts';

const VALUES = { rampUpMs: 1, rampDownMs: 1, failsafeTimeoutS: 1, failsafeLevelPct: 1 };

/** A unit of this type as a line has it before its first poll. */
export const plannedUnit = (id: string, type: Profile = LAMP): Unit =>
  createUnit({ device: testDevice(id, { profile: type.id }), driver: createModbusDriver(type), setupValues: VALUES });
