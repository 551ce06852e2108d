/** Checks requests for light against this street, and words the refusals. Pure. */
import type { OverrideRequest, ReleaseRequest } from '../../core/ports.ts';
import type { Authorised, Target } from '../../core/words.ts';
import type { LightingStreet } from '../../lighting/lighting.ts';
import { isLevel, mayMaintain, OVERRIDE_MINUTES, type Release } from './overrides.ts';

const FULL_PCT = 100;

/** Returns the lamps of a target; undefined when the street has no such lamp or zone. */
export function lampsOf(street: LightingStreet, { kind, id }: Target): readonly string[] | undefined {
  if (kind === 'cabinet') return street.lamps.map((lamp) => lamp.id);
  if (kind === 'zone') return street.zones.find((zone) => zone.id === id)?.lamps;
  return street.lamps.some((lamp) => lamp.id === id) ? [id] : undefined;
}

/** Returns why an override is refused; empty when it is allowed. */
export function refusalOf(
  street: LightingStreet,
  { target, levelPct, minutes, rank, authority, source }: Authorised<OverrideRequest>,
): string {
  const { min, max } = OVERRIDE_MINUTES;
  if (lampsOf(street, target) === undefined) return unknownTarget(target);
  if (!isLevel(levelPct)) return `level ${levelPct} is not allowed: an integer from 0 to 100 % is`;
  if (!(minutes >= min && minutes <= max)) return `${minutes} minutes are not allowed: ${min} to ${max} are`;
  if (rank === 'maintenance' && !mayMaintain(authority)) return `maintenance is for the console at the cabinet, not for ${source}`;
  if (authority === 'anyone' && (rank !== 'emergency' || levelPct < FULL_PCT))
    return `${source} may only light for an emergency, at ${FULL_PCT} %; anything else needs a technician`;
  return '';
}

/** Returns why a release is refused; empty when it released something. */
export function releaseRefusalOf(
  street: LightingStreet,
  { target, rank }: Pick<ReleaseRequest, 'target' | 'rank'>,
  { released, denied }: Pick<Release, 'released' | 'denied'>,
): string {
  if (lampsOf(street, target) === undefined) return unknownTarget(target);
  if (released.length > 0) return '';
  const [held] = denied;
  if (held !== undefined) return `maintenance by ${held.source} can only be released at the console`;
  if (rank === 'emergency' && target.kind === 'cabinet') return 'no emergency by platform or console is in force';
  return rank === 'emergency'
    ? `no emergency of ${target.kind} ${target.id} is in force`
    : `no override of ${target.kind} ${target.id} is in force`;
}

function unknownTarget({ kind, id }: Target): string {
  return `there is no ${kind} ${id} on this street`;
}
