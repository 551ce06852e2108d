/** How a lamp blinks so that a person under it notices, and where it may not. Pure. */

import type { Lamp, Zone } from '../../core/cabinet.ts';
import type { IdentifyRequest } from '../../core/light-tools.ts';
import { type Message, msg } from '../../core/message.ts';
import { Refusal } from '../../core/refusal.ts';
import { type Authorised, type Intent, type IntentAuthority, type LevelPct, RANKS } from '../../core/words.ts';
import type { LightingStreet } from '../../lighting/lighting.ts';
import { mayMaintain } from './overrides.ts';

/**
 * How long a lamp may blink. Units: ms. Source: assumed; long enough to walk to it, too short to be forgotten. Confirmed by: technicians
 * who identify lamps during a service visit.
 */
const IDENTIFY_MS = { min: 5_000, max: 600_000 };
/** Low enough to be visible as a change from full light, high enough to see by. Units: %. */
const VISIBLE_LOW_PCT = 20;
/**
 * A smaller step is not visible from the street. Units: %. Source: assumed; the eye hardly notices a third of the light. Confirmed by: a
 * person under a blinking lamp at several steps.
 */
const VISIBLE_STEP_PCT = 40;
/**
 * Shortest and longest time at one of the levels. Units: ms. Source: one decision per second; a longer phase does not look like blinking.
 */
const PHASE_MS = { min: 2_000, max: 6_000 };
/** Ramps of drivers if the zone has none. Units: s. Source: the reference's usual ramps. */
const RAMP_S = { up: 1, down: 10 };

/** How one lamp blinks: `highMs` at `highPct`, then `lowMs` at `lowPct`, repeated. Units: ms; %. */
export interface Blink {
  readonly highPct: LevelPct;
  readonly lowPct: LevelPct;
  readonly highMs: number;
  readonly lowMs: number;
}

/**
 * Returns the levels (%) and times (ms) for the blinking of a lamp. The low level may be below `minPct`: the caller checks whether it may.
 * `presence`: longer ramps give longer times, within 2 to 6 s; null: usual ramps.
 */
export function blinkOf({ minPct, maxPct }: Pick<Lamp, 'minPct' | 'maxPct'>, presence: Zone['presence']): Blink {
  const lowPct = Math.max(minPct, VISIBLE_LOW_PCT);
  const { rampUpS, rampDownS } = presence ?? { rampUpS: RAMP_S.up, rampDownS: RAMP_S.down };
  return {
    highPct: maxPct,
    lowPct: maxPct - lowPct >= VISIBLE_STEP_PCT ? lowPct : 0,
    highMs: phaseMs(rampUpS),
    // Half of a slow fall is already visible.
    lowMs: phaseMs(rampDownS / 2),
  };
}

/** Returns the level at a time since the start, high at first. Units: ms; %. */
export function blinkLevel({ highPct, lowPct, highMs, lowMs }: Blink, sinceMs: number): LevelPct {
  return sinceMs % (highMs + lowMs) < highMs ? highPct : lowPct;
}

/**
 * Returns how a lamp blinks for this request. `held`: the intents in force for the lamp; one of a higher rank leads to a refusal. So does a
 * bright one of the same rank, unless it is a blinking.
 *
 * Errors: throws Refusal if the request is not allowed, for example for an unknown lamp.
 */
export function permittedBlink(
  { lamps, zones }: LightingStreet,
  { lamp: lampId, forMs, authority }: Authorised<IdentifyRequest>,
  held: readonly Intent[],
): Blink {
  const lamp = lamps.find(({ id }) => id === lampId);
  if (lamp === undefined) throw new Refusal(msg`there is no lamp ${lampId} on this street`);
  const { min, max } = IDENTIFY_MS;
  if (!(forMs >= min && forMs <= max)) {
    throw new Refusal(msg`a lamp blinks for ${min / 1_000} s to ${max / 60_000} min, not for ${forMs / 1_000} s`);
  }
  const zone = zones.find((each) => each.lamps.includes(lampId));
  const rank = rankOf(authority);
  // A technician at the lamp may switch it off; no other sender goes below the minimum of the zone.
  const minPct = rank === 'maintenance' ? lamp.minPct : Math.max(lamp.minPct, zone?.minPct ?? 0);
  const blink = blinkOf({ minPct, maxPct: lamp.maxPct }, zone?.presence ?? null);
  if (rank !== 'maintenance' && blink.lowPct < minPct)
    throw new Refusal(msg`${lampId} may not go below ${minPct} %, so its blinking would not be visible; a technician may let it blink`);
  refuseHeld(blink, lampId, rank, held);
  return blink;
}

/** Returns the rank of a blinking: `maintenance` for the authority `technician`, otherwise `override`. */
export function rankOf(authority: IntentAuthority): Intent['rank'] {
  return mayMaintain(authority) ? 'maintenance' : 'override';
}

/** Among intents of one rank the highest level wins, so one near full light hides the blinking; a higher rank hides it entirely. */
function refuseHeld({ highPct, lowPct }: Blink, lampId: string, rank: Intent['rank'], held: readonly Intent[]): void {
  const hidesBlink = (other: Intent): boolean =>
    other.rank === rank
      ? (other.goesByItself !== true || other.reason !== 'identify') && other.levelPct > (highPct + lowPct) / 2
      : RANKS.indexOf(other.rank) < RANKS.indexOf(rank);
  const lock = held.find(hidesBlink);
  if (lock === undefined) return;
  const said = heldText(lampId, lock);
  throw new Refusal(rank === 'maintenance' ? msg`${said}; \`luciole release ${lock.target.id}\` first` : said);
}

function heldText(lampId: string, { rank, levelPct, source }: Intent): Message {
  if (rank === 'maintenance') return msg`${lampId} is locked at ${levelPct} % by ${source}, so it cannot blink`;
  return rank === 'emergency'
    ? msg`${lampId} is held (emergency) at ${levelPct} % by ${source}, so it cannot blink`
    : msg`${lampId} is held (override) at ${levelPct} % by ${source}, so it cannot blink`;
}

function phaseMs(rampS: number): number {
  return Math.min(PHASE_MS.max, Math.max(PHASE_MS.min, rampS * 1_000 + 1_000));
}
