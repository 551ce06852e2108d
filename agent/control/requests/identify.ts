/**
 * Which lamp is it? One lamp goes up and down until the person under it has seen it.
 *
 * Owns the blinking: its two levels, its pace, its end. A technician's is a wish of maintenance rank like any other, so nothing but another
 * technician's stands above it; the platform's is an override like any other. It is never stored, so a restart ends it, and the zone around the
 * lamp stays as it is.
 */
import type { Lamp, Zone } from '../../core/cabinet.ts';
import type { Clock, MonoMs } from '../../core/clock.ts';
import type { IdentifyRequest, IdentifyRun } from '../../core/light-tools.ts';
import { type Intent, type LevelPct, RANKS } from '../../core/words.ts';
import type { LightingStreet } from '../../lighting/lighting.ts';
import { mayMaintain } from './overrides.ts';

/** How long a lamp may blink. Units: ms. Source: assumed; long enough to walk to it, too short to be forgotten. */
const IDENTIFY_MS = { min: 5_000, max: 600_000 };
/** Low enough to be seen as a change from full light, high enough to see by. Units: %. */
const VISIBLE_LOW_PCT = 20;
/** A smaller step is not seen from the street. Units: %. Source: assumed; the eye takes a third of the light for little. */
const VISIBLE_STEP_PCT = 40;
/** Shortest and longest time at one of the levels. Units: ms. Source: a decision a second, and patience. */
const PHASE_MS = { min: 2_000, max: 6_000 };
/** Ramps of drivers where the zone says nothing. Units: s. Source: the reference's usual ramps. */
const RAMP_S = { up: 1, down: 10 };

/** The levels and times of one lamp's blinking. */
export interface Blink {
  readonly highPct: LevelPct;
  readonly lowPct: LevelPct;
  readonly highMs: number;
  readonly lowMs: number;
}

/** From its maximum to a low that is seen; a lamp that cannot be dimmed far enough goes out for a moment. */
export function blinkOf({ minPct, maxPct }: Pick<Lamp, 'minPct' | 'maxPct'>, presence: Zone['presence']): Blink {
  const lowPct = Math.max(minPct, VISIBLE_LOW_PCT);
  const { rampUpS, rampDownS } = presence ?? { rampUpS: RAMP_S.up, rampDownS: RAMP_S.down };
  return {
    highPct: maxPct,
    lowPct: maxPct - lowPct >= VISIBLE_STEP_PCT ? lowPct : 0,
    highMs: phaseMs(rampUpS),
    // Half of a slow fall is seen already.
    lowMs: phaseMs(rampDownS / 2),
  };
}

/** The level at a time since the start. It begins high, so that the first thing seen is more light. Units: ms. */
export function blinkLevel({ highPct, lowPct, highMs, lowMs }: Blink, sinceMs: number): LevelPct {
  return sinceMs % (highMs + lowMs) < highMs ? highPct : lowPct;
}

/** The wish of a lamp that blinks. */
export function blinkId(lampId: string): string {
  return `identify-${lampId}`;
}

export interface IdentifyHandler {
  /** Errors: throws RangeError for no such lamp, a time out of bounds, and a lamp that another technician holds too high to blink. */
  start(request: IdentifyRequest, held: readonly Intent[]): IdentifyRun;
  /** Ends a lamp's blinking. Errors: throws RangeError where it does not blink, or blinks for a technician. */
  end(lampId: string, source: string): void;
  /** The wishes of the lamps that blink now. */
  intents(): readonly Intent[];
  /** For how long each was asked to. Units: s, by lamp. */
  running(): ReadonlyMap<string, number>;
}

interface Blinking {
  readonly request: IdentifyRequest;
  readonly blink: Blink;
  readonly startMono: MonoMs;
  readonly untilMono: MonoMs;
  toldPct: LevelPct | null;
}

/** `onChange`: decide anew now. */
export function createIdentifyHandler(street: LightingStreet, clock: Clock, onChange: () => void): IdentifyHandler {
  const blinking = new Map<string, Blinking>();

  function intentOf(entry: Blinking): Intent {
    const { request, blink, startMono, untilMono } = entry;
    const [nowMs, nowMono] = [clock.wallMs(), clock.monoMs()];
    const levelPct = blinkLevel(blink, nowMono - startMono);
    if (levelPct !== entry.toldPct) request.tell(levelPct);
    entry.toldPct = levelPct;
    return {
      id: blinkId(request.lamp),
      target: { kind: 'lamp', id: request.lamp },
      levelPct,
      rank: rankOf(request.source),
      source: request.source,
      reason: 'identify',
      sinceMs: Math.round(nowMs - (nowMono - startMono)),
      untilMs: Math.round(nowMs + (untilMono - nowMono)),
      untilMono,
      goesByItself: true,
    };
  }

  return {
    start(request, held) {
      const lamp = street.lamps.find(({ id }) => id === request.lamp);
      if (lamp === undefined) throw new RangeError(`there is no lamp ${request.lamp} on this street`);
      const { min, max } = IDENTIFY_MS;
      if (!(request.forMs >= min && request.forMs <= max)) {
        throw new RangeError(`a lamp blinks for ${min / 1_000} s to ${max / 60_000} min, not for ${request.forMs / 1_000} s`);
      }
      const zone = street.zones.find(({ lamps }) => lamps.includes(lamp.id));
      const rank = rankOf(request.source);
      // A technician may switch off what he stands at; nobody else goes below the minimum of the zone.
      const minPct = rank === 'maintenance' ? lamp.minPct : Math.max(lamp.minPct, zone?.minPct ?? 0);
      const blink = blinkOf({ minPct, maxPct: lamp.maxPct }, zone?.presence ?? null);
      if (rank !== 'maintenance' && blink.lowPct < minPct)
        throw new RangeError(`${lamp.id} may not go below ${minPct} %, so nobody would see it blink; a technician may have it blink`);
      refuseHeld(blink, { lampId: lamp.id, rank, held });
      const startMono = clock.monoMs();
      const entry: Blinking = { request, blink, startMono, untilMono: startMono + request.forMs, toldPct: null };
      blinking.set(lamp.id, entry);
      onChange();
      return {
        lowPct: blink.lowPct,
        highPct: blink.highPct,
        stop() {
          // A newer one of the same lamp is somebody else's.
          if (blinking.get(lamp.id) !== entry) return;
          blinking.delete(lamp.id);
          onChange();
        },
      };
    },
    end(lampId, source) {
      const entry = blinking.get(lampId);
      if (entry === undefined) throw new RangeError(`${lampId} does not blink`);
      if (mayMaintain(entry.request.source) && !mayMaintain(source))
        throw new RangeError(`${lampId} blinks for ${entry.request.source}, who alone may end it`);
      blinking.delete(lampId);
      onChange();
    },
    intents() {
      const nowMono = clock.monoMs();
      for (const [id, { untilMono }] of blinking) if (nowMono >= untilMono) blinking.delete(id);
      return [...blinking.values()].map(intentOf);
    },
    running: () => new Map([...blinking].map(([id, { request }]) => [id, Math.round(request.forMs / 1_000)])),
  };
}

/** Who stands at the lamp outranks the platform; the platform's blinking is an override. */
function rankOf(source: string): Intent['rank'] {
  return mayMaintain(source) ? 'maintenance' : 'override';
}

interface Held {
  readonly lampId: string;
  readonly rank: Intent['rank'];
  readonly held: readonly Intent[];
}

/** Of wishes of one rank the highest wins, so one near full light leaves nothing to blink; a higher rank leaves nothing at all. */
function refuseHeld({ highPct, lowPct }: Blink, { lampId, rank, held }: Held): void {
  const isInTheWay = (other: Intent): boolean =>
    other.rank === rank
      ? other.reason !== 'identify' && other.levelPct > (highPct + lowPct) / 2
      : RANKS.indexOf(other.rank) < RANKS.indexOf(rank);
  const lock = held.find(isInTheWay);
  if (lock === undefined) return;
  const word = lock.rank === 'maintenance' ? 'locked' : `held (${lock.rank})`;
  const advice = rank === 'maintenance' ? `; \`luciole release ${lock.target.id}\` first` : '';
  throw new RangeError(`${lampId} is ${word} at ${lock.levelPct} % by ${lock.source}, so it cannot blink${advice}`);
}

function phaseMs(rampS: number): number {
  return Math.min(PHASE_MS.max, Math.max(PHASE_MS.min, rampS * 1_000 + 1_000));
}
