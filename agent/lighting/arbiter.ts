/**
 * One lamp, all that was said about it, one level.
 *
 * Owns the order of ranks and the limits that come last. Pure. Called by `decide` for each lamp.
 */
import type { Lamp, Zone } from '../core/cabinet.ts';
import type { MonoMs, WallMs } from '../core/clock.ts';
import { type Decision, type DecisionReason, type Intent, type LevelPct, RANKS, type Rank, type TraceLine } from '../core/words.ts';
import type { LampPresence } from './presence.ts';
import { sentence, spell } from './sentence.ts';

/** Light of a lamp about which nobody says anything at night. Source: TALQ defaultLightState, 100 % unless configured. */
const DESIGN_LEVEL_PCT: LevelPct = 100;

/** A rule that had something to say; `applied` is for the arbiter to tell. */
export type Say = Omit<TraceLine, 'applied'>;

/** What the sky, or the lack of a trusted time, makes of a zone. */
export type Light = 'night' | 'day' | 'time-not-trusted';

export interface LampCase {
  readonly lamp: Lamp;
  /** Null for a lamp that no zone has; it is then lit at its design level. */
  readonly zone: Zone | null;
  readonly nowMs: WallMs;
  readonly nowMono: MonoMs;
  readonly light: Light;
  /** In force for this lamp, strongest first. */
  readonly intents: readonly Intent[];
  readonly presence: LampPresence | null;
  readonly programme: Say | null;
  readonly dusk: Say | null;
}

interface Choice {
  readonly levelPct: LevelPct;
  readonly rank: Rank;
  readonly reason: DecisionReason;
  readonly distanceM: number | null;
}

/** The decision for one lamp: the strongest intent, else the light the time asks for, raised by presence; then its limits. */
export function arbitrate(lampCase: LampCase): Decision {
  const choice = choose(lampCase);
  const levelPct = limit(choice, lampCase);
  const says = [...intentSays(lampCase), ...ruleSays(lampCase)];
  const winner = says.find((say) => say.rank === choice.rank);
  const trace = says.map((say) => ({ ...say, applied: say === winner }));
  if (levelPct !== choice.levelPct) trace.push(limitLine(choice, levelPct, lampCase));
  trace.sort((a, b) => RANKS.indexOf(a.rank) - RANKS.indexOf(b.rank));
  return { lampId: lampCase.lamp.id, levelPct, rank: choice.rank, reason: choice.reason, distanceM: choice.distanceM, trace };
}

function choose({ lamp, zone, light, intents, presence, programme }: LampCase): Choice {
  const [strongest] = intents;
  if (strongest !== undefined) return { levelPct: strongest.levelPct, rank: strongest.rank, reason: strongest.rank, distanceM: null };
  if (light === 'time-not-trusted') return { levelPct: lamp.maxPct, rank: 'dusk', reason: 'time-not-trusted', distanceM: null };
  if (light === 'day') return { levelPct: 0, rank: 'dusk', reason: 'day', distanceM: null };
  const below: Choice =
    programme?.levelPct == null
      ? { levelPct: DESIGN_LEVEL_PCT, rank: 'default', reason: 'default', distanceM: null }
      : { levelPct: programme.levelPct, rank: 'programme', reason: 'programme', distanceM: null };
  const boostPct = presence?.phase === 'boost' ? (zone?.presence?.boostPct ?? 0) : 0;
  if (presence === null || boostPct <= below.levelPct) return below;
  return { levelPct: boostPct, rank: 'presence', reason: 'presence', distanceM: presence.distanceM };
}

/** A technician may switch off what he stands at; nobody else goes below the minimum of a lit street. What the lamp can do comes last. */
function limit({ levelPct, rank }: Choice, { lamp, zone, light }: LampCase): LevelPct {
  const mayBeOff = light === 'day' || rank === 'maintenance';
  if (mayBeOff && levelPct === 0) return 0;
  const floorPct = mayBeOff ? lamp.minPct : Math.max(lamp.minPct, zone?.minPct ?? 0);
  return Math.min(lamp.maxPct, Math.max(floorPct, levelPct));
}

function limitLine(choice: Choice, levelPct: LevelPct, { lamp, zone }: LampCase): TraceLine {
  const lowered = levelPct < choice.levelPct;
  const ofZone = !lowered && levelPct > lamp.minPct && zone !== null;
  const source = ofZone ? zone.id : lamp.id;
  const text = sentence(`${lowered ? 'held down to the maximum' : 'kept up to the minimum'} of ${source}: ${levelPct} %`);
  return { rank: choice.rank, source, levelPct, applied: true, text, untilMs: null };
}

function intentSays({ intents, nowMs, nowMono }: LampCase): readonly Say[] {
  return intents.map(({ rank, source, levelPct, reason, untilMono }) => {
    const restMs = untilMono - nowMono;
    const why = reason === '' ? '' : `: ${reason}`;
    return { rank, source, levelPct, text: sentence(`${levelPct} % for ${spell(restMs)} more${why}`), untilMs: Math.round(nowMs + restMs) };
  });
}

function ruleSays(lampCase: LampCase): readonly Say[] {
  const { light, lamp, dusk, programme } = lampCase;
  const says: Say[] = dusk === null ? [] : [dusk];
  if (light === 'night') says.push(...presenceSays(lampCase), ...(programme === null ? [] : [programme]));
  if (light === 'night') says.push(design(lamp));
  return says;
}

function presenceSays({ presence, zone, nowMs, nowMono }: LampCase): readonly Say[] {
  if (zone?.presence == null) return [];
  if (presence === null) {
    return [{ rank: 'presence', source: zone.id, levelPct: null, text: 'no sensor reaches this lamp', untilMs: null }];
  }
  const levelPct = presence.phase === 'boost' ? zone.presence.boostPct : null;
  const untilMs = presence.untilMono === null ? null : Math.round(nowMs + presence.untilMono - nowMono);
  return [{ rank: 'presence', source: presence.sensorId, levelPct, text: presence.text, untilMs }];
}

function design(lamp: Lamp): Say {
  const text = 'design level where nothing else speaks';
  return { rank: 'default', source: lamp.id, levelPct: DESIGN_LEVEL_PCT, text, untilMs: null };
}
