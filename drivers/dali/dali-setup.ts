/**
 * The set-up values of DALI gear that are computed from those of the zone and from the cabinet file.
 *
 * Pure.
 */
import type { DeviceConfig } from '../../agent/core/cabinet.ts';
import type { DaliParameter } from '../../agent/core/profile.ts';
import { daliFadeTime } from '../dali-fade.ts';
import { daliLevel } from '../modbus/codec.ts';
import { DALI_LIMITS } from './dali-commands.ts';

const GROUPS_PER_BYTE = 8;

/**
 * What the set-up values of one gear are computed from. `rampUpMs`: becomes the fade time. `failsafeLevelPct`: share of light, becomes the
 * failsafe level. `groups`: by name, `group0` to `group15`; the gear is a member of those that list a level point. `hasGroups`: this or
 * another device of its line lists groups.
 */
export interface DaliSetupParts {
  readonly rampUpMs: number;
  readonly failsafeLevelPct: number;
  readonly groups: DeviceConfig['groups'];
  readonly hasGroups: boolean;
}

/**
 * Returns the computed set-up values in the coding of DALI: number of the fade time, failsafe level, and the groups as bits (0 to 7, then
 * from 8). The group values are null, which leaves their registers as they are, if no device of the line lists groups.
 */
export function daliSetup({
  rampUpMs,
  failsafeLevelPct,
  groups,
  hasGroups,
}: DaliSetupParts): Readonly<Record<DaliParameter, number | null>> {
  const isMember = (group: number): boolean => (groups[`group${group}`]?.length ?? 0) > 0;
  const byteFrom = (first: number): number => {
    let bits = 0;
    for (let i = 0; i < GROUPS_PER_BYTE && first + i <= DALI_LIMITS.lastGroup; i++) if (isMember(first + i)) bits |= 1 << i;
    return bits;
  };
  return {
    daliFadeTime: daliFadeTime(rampUpMs),
    daliFailsafeLevel: daliLevel(failsafeLevelPct),
    daliGroups0: hasGroups ? byteFrom(0) : null,
    daliGroups8: hasGroups ? byteFrom(GROUPS_PER_BYTE) : null,
  };
}
