/** Checks requests for light against this street, and creates the texts of refusals. Pure. */
import { type Message, msg, NO_TEXT } from '../../core/message.ts';
import type { OverrideRequest, ReleaseRequest } from '../../core/ports.ts';
import type { Authorised, Target } from '../../core/words.ts';
import type { LightingStreet } from '../../lighting/lighting.ts';
import { isLevel, mayMaintain, OVERRIDE_MINUTES, type Release } from './overrides.ts';

const FULL_PCT = 100;

/** Returns the ids of the lamps of a target; for a cabinet, all, whatever its id. Undefined if the street has no such lamp or zone. */
export function lampsOf(street: LightingStreet, { kind, id }: Target): readonly string[] | undefined {
  if (kind === 'cabinet') return street.lamps.map((lamp) => lamp.id);
  if (kind === 'zone') return street.zones.find((zone) => zone.id === id)?.lamps;
  return street.lamps.some((lamp) => lamp.id === id) ? [id] : undefined;
}

/** Checks target, level, duration and the rights of the sender. Returns why an override is refused; empty if it is allowed. */
export function refusalOf(
  street: LightingStreet,
  { target, levelPct, minutes, rank, authority, source }: Authorised<OverrideRequest>,
): Message {
  const { min, max } = OVERRIDE_MINUTES;
  if (lampsOf(street, target) === undefined) return unknownTarget(target);
  if (!isLevel(levelPct)) return msg`level ${levelPct} is not allowed: it is a whole number from 0 to 100 %`;
  if (!(minutes >= min && minutes <= max)) return msg`${minutes} minutes are not allowed: ${min} to ${max} are`;
  if (rank === 'maintenance' && !mayMaintain(authority)) return msg`only the console at the cabinet may set maintenance, not ${source}`;
  if (authority === 'anyone' && (rank !== 'emergency' || levelPct < FULL_PCT))
    return msg`${source} may only light for an emergency, at ${FULL_PCT} %; anything else needs a technician`;
  return NO_TEXT;
}

/** Returns why a release is refused, from its result: the target is unknown, or no intent was released. Empty otherwise. */
export function releaseRefusalOf(
  street: LightingStreet,
  { target, rank }: Pick<ReleaseRequest, 'target' | 'rank'>,
  { released, denied }: Pick<Release, 'released' | 'denied'>,
): Message {
  if (lampsOf(street, target) === undefined) return unknownTarget(target);
  if (released.length > 0) return NO_TEXT;
  const [held] = denied;
  if (held !== undefined) return msg`maintenance by ${held.source} can only be released at the console`;
  if (rank === 'emergency' && target.kind === 'cabinet')
    return msg`no emergency of the whole cabinet is in force; to end that of a zone, write false to the zone`;
  return rank === 'emergency'
    ? msg`no emergency of ${describeTarget(target)} is in force`
    : msg`no override of ${describeTarget(target)} is in force`;
}

function unknownTarget({ kind, id }: Target): Message {
  return kind === 'zone' ? msg`there is no zone ${id} on this street` : msg`there is no lamp ${id} on this street`;
}

/** Returns the name of a target for a sentence: `lamp L07`, `zone quay`, `cabinet angers-0042`. */
export function describeTarget({ kind, id }: Target): Message {
  if (kind === 'cabinet') return msg`cabinet ${id}`;
  return kind === 'zone' ? msg`zone ${id}` : msg`lamp ${id}`;
}
