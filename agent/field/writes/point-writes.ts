/**
 * Writes to outputs: they are sent like levels, but never in a group, and have their own reasons.
 *
 * Pure.
 */
import type { LevelWrite, ValueWrite } from '../../core/ports.ts';
import { Refusal } from '../../core/refusal.ts';
import type { Unit } from '../units/unit.ts';
import type { WriteWords } from './write-reasons.ts';

export const OUTPUT_WORDS: WriteWords = {
  refusal: outputRefusal,
  failure: ({ code, message }) => (code === 'timeout' ? message : `${message}: check the output's device and its profile`),
  mismatch: (found, value) =>
    `reads back ${found ?? 'no value'}, wrote ${value}: check for a switch at the device, its mode and what else writes to it`,
};

/** The value in the form of a level write, with its point in place of the lamp. */
export function asLevelWrite({ pointId, value, lane, expiresMono }: ValueWrite): LevelWrite {
  return { commandId: pointId, lampId: pointId, pointId, levelPct: value, lane, expiresMono };
}

function outputRefusal({ levelPct: value }: LevelWrite, { device, driver }: Unit, quantity: string): string {
  const { profile } = driver;
  const limits = profile.points.find(({ id }) => id === quantity)?.write ?? null;
  if (limits === null) return `${quantity} of ${device.id} cannot be written: check the output's point against profile ${profile.id}`;
  if (limits.dangerous) return `${quantity} of ${device.id} is dangerous by profile ${profile.id}: give the output another point`;
  if (!(value >= limits.min && value <= limits.max))
    return `${value} is outside ${limits.min}..${limits.max} of ${quantity} of ${device.id}: check the values of the output`;
  const request = driver.encode(quantity, value);
  return request instanceof Refusal ? request.message : '';
}
