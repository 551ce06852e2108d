/**
 * Why a level could not be set, with what to check.
 *
 * Pure.
 */
import type { BusError, BusErrorCode } from '../../core/errors.ts';
import type { LevelWrite } from '../../core/ports.ts';
import type { Unit } from '../units/unit.ts';

/** What to check when a unit answers with an exception; the texts of other failures contain it. */
const ADVICE: Readonly<Partial<Record<BusErrorCode, string>>> = {
  'illegal-function': 'check that the profile fits the device',
  'illegal-address': 'check that the profile fits the device and its mode',
  'illegal-value': 'check the limits set in the device',
  'device-failure': 'check the lamp and its driver',
  'device-busy': 'it was busy each time, check what else writes to it',
};

/** Whether the unit itself refused, so that nothing was written; after any other end a write may have arrived. */
export function isUnitRefusal({ code }: BusError): boolean {
  return ADVICE[code] !== undefined;
}

/** The reasons of failed writes, in terms of a lamp or of an output. */
export interface WriteWords {
  /** Why a value is not sent; empty when it may be sent. */
  refusal(write: LevelWrite, unit: Unit, quantity: string): string;
  failure(error: BusError): string;
  mismatch(found: number | null, value: number): string;
}

/** Why this level is not sent; empty when it may be sent. */
function writeRefusal({ levelPct }: LevelWrite, { device, driver: { profile } }: Unit, quantity: string): string {
  const limits = profile.points.find(({ id }) => id === quantity)?.write ?? null;
  if (limits === null) return `${quantity} of ${device.id} cannot be written: check the lamp's point against profile ${profile.id}`;
  if (limits.dangerous) return `${quantity} of ${device.id} is dangerous by profile ${profile.id}: give the lamp another point`;
  if (levelPct >= limits.min && levelPct <= limits.max) return '';
  return `${levelPct} is outside ${limits.min}..${limits.max} of ${quantity} of ${device.id}: check the limits of the lamp`;
}

/** Why a write, or its read-back, failed. */
function failureReason({ code, message }: BusError): string {
  const advice = ADVICE[code];
  return advice === undefined ? message : `${message}: ${advice}`;
}

/** Why a read-back does not prove the level. */
function mismatchReason(found: number | null, levelPct: number): string {
  return `reads back ${found ?? 'no value'}, wrote ${levelPct}: check the driver's limits, its mode and what else writes to it`;
}

export const LAMP_WORDS: WriteWords = { refusal: writeRefusal, failure: failureReason, mismatch: mismatchReason };
