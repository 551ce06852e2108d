/**
 * Why a level could not be set, in words that say what to check.
 *
 * Pure.
 */
import type { BusError, BusErrorCode } from '../../core/errors.ts';
import type { LevelWrite } from '../../core/ports.ts';
import type { Unit } from '../units/unit.ts';

/** What to look at when a unit answers with an exception; silence and damage say so themselves. */
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

/** How the writes of one kind tell what became of them. */
export interface WriteWords {
  /** Why a value is not even tried; empty when it may be. */
  refusal(write: LevelWrite, unit: Unit, quantity: string): string;
  failure(error: BusError): string;
  mismatch(found: number | null, value: number): string;
}

/** Why this level is not even tried; empty when it may be. */
function writeRefusal({ levelPct }: LevelWrite, { device, driver: { profile } }: Unit, quantity: string): string {
  const limits = profile.points.find(({ id }) => id === quantity)?.write ?? null;
  if (limits === null) return `${quantity} of ${device.id} cannot be written: check the lamp's point against profile ${profile.id}`;
  if (limits.dangerous) return `${quantity} of ${device.id} is dangerous by profile ${profile.id}: give the lamp another point`;
  if (levelPct >= limits.min && levelPct <= limits.max) return '';
  return `${levelPct} is outside ${limits.min}..${limits.max} of ${quantity} of ${device.id}: check the limits of the lamp`;
}

/** Why a write, or its proof, came to nothing. */
function failureReason({ code, message }: BusError): string {
  const advice = ADVICE[code];
  return advice === undefined ? message : `${message}: ${advice}`;
}

/** What a lamp shows instead of what it was told. */
function mismatchReason(found: number | null, levelPct: number): string {
  return `reads back ${found ?? 'no value'}, wrote ${levelPct}: check the driver's limits, its mode and what else writes to it`;
}

export const LAMP_WORDS: WriteWords = { refusal: writeRefusal, failure: failureReason, mismatch: mismatchReason };
