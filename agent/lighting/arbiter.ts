/** The arbiter: turns all intents and rules on one lamp into one level, by rank, with the limits last. Pure. */

import type { Lamp, Zone } from '../core/cabinet.ts';
import type { MonoMs, WallMs } from '../core/clock.ts';
import { reasonOf } from '../core/intent-reason.ts';
import { msg } from '../core/message.ts';
import { type Decision, type DecisionReason, type Intent, type LevelPct, RANKS, type Rank, type TraceLine } from '../core/words.ts';
import { spell } from './spell.ts';

/** Level of a lamp at night if nothing else decides, before its limits. Source: TALQ defaultLightState, 100 % unless configured. */
export const DESIGN_LEVEL_PCT: LevelPct = 100;

/** The text of a trace line with the warning level before 0 %, applied or not. In a forecast the programme's line has another text. */
export const WARNING_TEXT = msg`warning before the dark`;
const DESIGN_TEXT = msg`design level where no other rule applies`;

/** A trace line without `applied`, which the arbiter adds. */
export type RuleLine = Omit<TraceLine, 'applied'>;

/** The line of a rule that limits the programme, or the design level without one, to this level. */
export type LowerLine = RuleLine & { readonly rank: 'programme'; readonly levelPct: LevelPct };

/**
 * One cause that may raise a lamp above its programme, for example presence. The line's `levelPct` is the level that it requests, which may
 * be below the programme; null while it requests none.
 */
export interface Raise {
  readonly line: RuleLine & { readonly rank: Extract<Rank, 'presence' | 'traffic'> };
  /** Distance to the sensor or person that causes it, 0 if a pole is unknown; null without such a cause. Units: m. */
  readonly distanceM: number | null;
}

/** Whether a zone has its night or day, by the sun or its photocell. `time-not-trusted`: no trusted time, and no verdict of a photocell. */
export type Light = 'night' | 'day' | 'time-not-trusted';

/** What the level of one lamp is decided from, at one instant. */
export interface LampCase {
  readonly lamp: Lamp;
  /** Null for a lamp without a zone. */
  readonly zone: Zone | null;
  readonly nowMs: WallMs;
  readonly nowMono: MonoMs;
  /** `night` for a lamp without a zone. */
  readonly light: Light;
  /** In force for this lamp, in the order of `intentsFor`: the first one applies. */
  readonly intents: readonly Intent[];
  /** By presence, traffic and rules, in no order of rank. Empty unless `light` is `night`. One with a null level is only for the trace. */
  readonly raises: readonly Raise[];
  /** The level at which the lamp was found, while it may keep the lamp brighter at night; null or absent otherwise. */
  readonly found?: FoundLevel | null;
  /** Null by day, without a trusted time, and for a lamp without a zone. Its level is null while no step is in force. */
  readonly programme: RuleLine | null;
  /** Limits the programme, or the design level without one. Null or absent if no rule does. */
  readonly lower?: LowerLine | null;
  /** The evidence for night or day; null for a lamp without a zone. */
  readonly dusk: RuleLine | null;
  /** Burning hours of the lamp, for constant light; null if they are not known. Units: h. */
  readonly burningH: number | null;
  /** The warning before the dark; null or absent if none is due. */
  readonly warning?: Warning | null;
}

/**
 * The first level that was read of a lamp after the start of the agent or of a new configuration, and until when it may keep the lamp
 * brighter at night.
 */
export interface FoundLevel {
  readonly levelPct: LevelPct;
  readonly untilMs: WallMs;
}

/** The warning before a lamp goes to 0 % at night: its level, before the limits of the lamp, and the wall time of its end. */
export interface Warning {
  readonly levelPct: LevelPct;
  readonly untilMs: WallMs;
}

interface Choice {
  readonly levelPct: LevelPct;
  readonly rank: Rank;
  readonly reason: DecisionReason;
  readonly distanceM: number | null;
  /** The trace line of the rule that won; null where an intent or no rule did. */
  readonly line: RuleLine | null;
}

/**
 * Returns the decision for one lamp, with its trace. The first intent decides; without one day or night, and at night the rules. Limits
 * and constant light apply last.
 */
export function arbitrate(lampCase: LampCase): Decision {
  const own = choose(lampCase);
  const found = foundLine(lampCase);
  // The found level is what the lamp really gave, already reduced for its age.
  const isHeld = found !== null && lampCase.intents.length === 0 && found.levelPct > constantLight(limit(own, lampCase), lampCase);
  const choice: Choice = isHeld ? { ...own, levelPct: found.levelPct, line: found } : own;
  const limited = limit(choice, lampCase);
  const levelPct = isHeld ? limited : constantLight(limited, lampCase);
  const lines = [...intentLines(lampCase), ...ruleLines(lampCase), ...(found === null ? [] : [found])];
  const winner = lines.find((line) => (choice.line === null ? line.rank === choice.rank : line === choice.line));
  const trace = lines.map((line) => ({ ...line, applied: line === winner }));
  if (limited !== choice.levelPct) trace.push(limitLine(choice, limited, lampCase));
  if (levelPct !== limited) trace.push(constantLine(choice, levelPct, lampCase));
  trace.sort(byRank);
  const { rank, reason, distanceM } = choice;
  return { lampId: lampCase.lamp.id, levelPct, rank, reason, distanceM, ...(isHeld ? { isHeld } : {}), trace };
}

/** Compares two items by rank for a sort, such as lines of a trace: the highest rank first; 0 for equal ranks. */
export function byRank(a: { readonly rank: Rank }, b: { readonly rank: Rank }): number {
  return RANKS.indexOf(a.rank) - RANKS.indexOf(b.rank);
}

function choose(lampCase: LampCase): Choice {
  const { lamp, light, intents, dusk } = lampCase;
  const [strongest] = intents;
  const plain = { distanceM: null, line: null };
  if (strongest !== undefined) return { levelPct: strongest.levelPct, rank: strongest.rank, reason: strongest.rank, ...plain };
  if (light === 'time-not-trusted') return { levelPct: lamp.maxPct, rank: 'dusk', reason: 'time-not-trusted', ...plain };
  if (light === 'day') return { levelPct: 0, rank: 'dusk', reason: 'day', ...plain, line: dusk };
  return chooseByRules(lampCase);
}

function chooseByRules({ raises, programme, lower }: Pick<LampCase, 'raises' | 'programme' | 'lower'>): Choice {
  const plain = { distanceM: null, line: null };
  const below: Choice =
    programme?.levelPct == null
      ? { levelPct: DESIGN_LEVEL_PCT, rank: 'default', reason: 'default', ...plain }
      : { levelPct: programme.levelPct, rank: 'programme', reason: 'programme', ...plain, line: programme };
  const quiet: Choice =
    lower == null || lower.levelPct >= below.levelPct
      ? below
      : { levelPct: lower.levelPct, rank: 'programme', reason: 'programme', ...plain, line: lower };
  return raises.reduce(raised, quiet);
}

/** As a limit, the level found at the start has the rank of the rule it raises, because it is not a detection. Null if none is in force. */
function foundLine({ light, found, ...rules }: LampCase): (RuleLine & { readonly levelPct: LevelPct }) | null {
  if (found == null || light !== 'night') return null;
  return { rank: chooseByRules(rules).rank, source: 'start', text: msg`as found at the start`, ...found };
}

/** The highest level; of equal ones the higher rank. A rule that does not raise above the programme does not win. */
function raised(best: Choice, { line, distanceM }: Raise): Choice {
  const { levelPct, rank } = line;
  if (levelPct === null || levelPct < best.levelPct) return best;
  const isMore = levelPct > best.levelPct || (isRaise(best.rank) && RANKS.indexOf(rank) < RANKS.indexOf(best.rank));
  if (isMore) return { levelPct, rank, reason: rank, distanceM, line };
  if (rank !== best.rank || distanceM === null) return best;
  return { ...best, distanceM: Math.min(best.distanceM ?? distanceM, distanceM) };
}

function isRaise(rank: Rank): boolean {
  return rank === 'presence' || rank === 'traffic';
}

/** A technician may switch off a lamp immediately; no other source goes below the minimum of a lit street. The lamp's own limits are applied last. */
function limit({ levelPct, rank }: Choice, lampCase: LampCase): LevelPct {
  const { lamp, zone, light, warning } = lampCase;
  const isFree = light === 'day' || rank === 'maintenance' || isDarkByPlan(lampCase);
  const plainPct = limitedPct(levelPct, { lamp, zone, isFree });
  if (plainPct > 0 || warning == null || light !== 'night' || rank === 'maintenance') return plainPct;
  return Math.min(lamp.maxPct, Math.max(lamp.minPct, warning.levelPct));
}

/**
 * Returns the level within the limits of the lamp and of its zone; the lamp's maximum has precedence. `isFree`: the zone's minimum does not
 * apply, and 0 % stays 0 %.
 */
export function limitedPct(
  levelPct: LevelPct,
  { lamp, zone, isFree }: { readonly lamp: Lamp; readonly zone: Zone | null; readonly isFree: boolean },
): LevelPct {
  if (isFree && levelPct === 0) return 0;
  const floorPct = isFree ? lamp.minPct : Math.max(lamp.minPct, zone?.minPct ?? 0);
  return Math.min(lamp.maxPct, Math.max(floorPct, levelPct));
}

/** The zone may go dark, and its programme is at 0 % now. */
function isDarkByPlan({ zone, light, programme }: LampCase): boolean {
  return light === 'night' && zone?.dark != null && programme?.levelPct === 0;
}

/**
 * A new lamp gives the same light at a lower level, so the zone's minimum is met below its percentage. The level never goes below the lamp's own
 * minimum.
 */
function constantLight(levelPct: LevelPct, { lamp, zone, burningH }: LampCase): LevelPct {
  const config = zone?.constantLight ?? null;
  if (config === null || burningH === null || levelPct === 0) return levelPct;
  const share = config.newPct / 100 + (1 - config.newPct / 100) * Math.min(1, Math.max(0, burningH) / config.fullAtH);
  return Math.max(lamp.minPct, 1, Math.round(levelPct * share));
}

function constantLine({ rank }: Choice, levelPct: LevelPct, { lamp, burningH }: LampCase): TraceLine {
  const text = msg`constant light: ${levelPct} % is enough at ${Math.round(burningH ?? 0)} h`;
  return { rank, source: lamp.id, levelPct, applied: true, text, untilMs: null };
}

function limitLine(choice: Choice, levelPct: LevelPct, { lamp, zone, warning }: LampCase): TraceLine {
  if (warning != null && choice.levelPct === 0)
    return { rank: choice.rank, source: zone?.id ?? lamp.id, levelPct, applied: true, text: WARNING_TEXT, untilMs: warning.untilMs };
  const lowered = levelPct < choice.levelPct;
  const ofZone = !lowered && levelPct > lamp.minPct && zone !== null;
  const source = ofZone ? zone.id : lamp.id;
  const text = lowered
    ? msg`held down to the maximum of the lamp: ${levelPct} %`
    : ofZone
      ? msg`kept up to the minimum of ${source}: ${levelPct} %`
      : msg`kept up to the minimum of the lamp: ${levelPct} %`;
  return { rank: choice.rank, source, levelPct, applied: true, text, untilMs: null };
}

function intentLines({ intents, nowMs, nowMono }: LampCase): readonly RuleLine[] {
  return intents.map((intent) => {
    const { rank, source, levelPct, reason, untilMono } = intent;
    const restMs = untilMono - nowMono;
    const rest = spell(restMs);
    return {
      rank,
      source,
      levelPct,
      text: reason === '' ? msg`${levelPct} % for ${rest} more` : msg`${levelPct} % for ${rest} more: ${reasonOf(intent)}`,
      untilMs: Math.round(nowMs + restMs),
    };
  });
}

function ruleLines({ light, lamp, dusk, programme, raises, lower }: LampCase): readonly RuleLine[] {
  const lines: RuleLine[] = dusk === null ? [] : [dusk];
  if (light !== 'night') return lines;
  return [
    ...lines,
    ...raises.map(({ line }) => line),
    ...(lower == null ? [] : [lower]),
    ...(programme === null ? [] : [programme]),
    design(lamp),
  ];
}

function design(lamp: Lamp): RuleLine {
  return { rank: 'default', source: lamp.id, levelPct: DESIGN_LEVEL_PCT, text: DESIGN_TEXT, untilMs: null };
}
