/**
 * Finds photocells that contradict the sun night after night.
 *
 * Records the verdicts of a cell at the edges of a night, where the sun leaves no doubt, and judges them. Pure. Cells drift and get dirty, so they
 * mostly fail dark: lamps burn by day, unnoticed for weeks. A shop window affects only one end of the night, so each end is also judged alone.
 */

import type { WallMs } from '../core/clock.ts';
import { MINUTE_MS } from '../core/durations.ts';
import { type Message, msg } from '../core/message.ts';
import { CIVIL_DUSK_DEG, type PhotocellLook, type PhotocellVerdict } from './photocell.ts';

/**
 * The verdicts of a photocell at the edges of one night. A verdict is absent if there was no evaluation then, or if a restart lost it.
 * Null: the cell had none.
 */
export interface EdgeVerdicts {
  /** Dusk of this night, as it was computed first. */
  readonly duskMs: WallMs;
  /** The last verdict by day, before dusk was near. */
  readonly beforeDusk?: PhotocellVerdict;
  /** The first known verdict while it was certainly night. */
  readonly afterDusk?: PhotocellVerdict;
  /** The last verdict while it was certainly night. */
  readonly beforeDawn?: PhotocellVerdict;
  /** The first known verdict when it was certainly day again. */
  readonly afterDawn?: PhotocellVerdict;
}

/**
 * Farther from dusk or dawn than this, clouds cannot mislead a cell; a wider window of the cell has precedence. Units: min. Source: assumed; in it
 * the sun moves 8° at 47° north. Confirmed by: a year of lux values of a photocell with the sun's altitude.
 */
const DOUBTLESS_MIN = 60;
/**
 * Contradictions at one end of the night before the cell is faulty, and nights without one before it counts again. Source: assumed; a thunderstorm or
 * road works last two evenings, shop hours do not. Confirmed by: a year of photocell verdicts of a cabinet.
 */
const EDGE_NIGHTS = 3;
/** Two dusks closer than this are the same one, computed twice. Units: ms. */
const SAME_NIGHT_MS = 12 * 60 * MINUTE_MS;

/**
 * Returns the record of the night after one more evaluation; undefined if the sun makes no dusk or no dawn. A record of another night is
 * replaced by a new one.
 */
export function afterEdgeLook(before: EdgeVerdicts | undefined, { verdict, sun, config }: PhotocellLook): EdgeVerdicts | undefined {
  const { nowMs, duskMs, dawnMs } = sun;
  if (duskMs === null || dawnMs === null) return undefined;
  const night: EdgeVerdicts = before !== undefined && Math.abs(before.duskMs - duskMs) < SAME_NIGHT_MS ? before : { duskMs };
  const dwellMs = config.dwellS * 1_000;
  const dayMs = Math.max(config.windowMin, DOUBTLESS_MIN) * MINUTE_MS + dwellMs;
  // A wider window does not excuse a cell that measures daylight at night.
  const nightMs = DOUBTLESS_MIN * MINUTE_MS + dwellMs;
  if (nowMs < duskMs - dayMs) return { ...night, beforeDusk: verdict };
  if (nowMs > dawnMs + dayMs) return { ...night, afterDawn: night.afterDawn ?? verdict };
  const isNight = nowMs > duskMs + nightMs && nowMs < dawnMs - nightMs && sun.altitudeDeg <= CIVIL_DUSK_DEG;
  return isNight ? { ...night, afterDusk: night.afterDusk ?? verdict, beforeDawn: verdict } : night;
}

/**
 * Contradictions of a photocell to the sun at one end of the night. `nights` rises with nights that contradict and falls with those that
 * agree, between 0 and a limit. A fault begins at the limit, and lasts until `nights` is 0.
 */
export interface EdgeFault {
  readonly nights: number;
  /** Text of the contradiction for an event; null while there is no fault. */
  readonly fault: Message | null;
}

/** The `EdgeFault` of one photocell at each end of its nights. */
export type EdgeFaults = Readonly<Record<'dusk' | 'dawn', EdgeFault>>;

interface EdgeTexts {
  readonly dark: Message;
  readonly bright: Message;
}

const DUSK_FAULTS: EdgeTexts = {
  dark: msg`reports dark before dusk on ${EDGE_NIGHTS} nights: clean it, check what shades it`,
  bright: msg`reports bright after dusk on ${EDGE_NIGHTS} nights: check what lights it`,
};
const DAWN_FAULTS: EdgeTexts = {
  dark: msg`reports dark after dawn on ${EDGE_NIGHTS} nights: clean it, check what shades it`,
  bright: msg`reports bright before dawn on ${EDGE_NIGHTS} nights: check what lights it`,
};

/** The faults of a photocell that has not contradicted the sun yet. */
export const NO_EDGE_FAULTS: EdgeFaults = { dusk: { nights: 0, fault: null }, dawn: { nights: 0, fault: null } };

/**
 * Returns the faults after one more evaluation. `before` and `night` are the records before and after it. Each end of a night counts once,
 * when `afterDusk` or `afterDawn` first has a verdict other than null.
 */
export function afterEdge(faults: EdgeFaults, before: EdgeVerdicts | undefined, night: EdgeVerdicts): EdgeFaults {
  const known = before?.duskMs === night.duskMs ? before : undefined;
  const { beforeDusk, afterDusk, beforeDawn, afterDawn } = night;
  const isDuskOver = afterDusk != null && known?.afterDusk == null;
  const isDawnOver = afterDawn != null && known?.afterDawn == null;
  return {
    dusk: isDuskOver ? edgeFault(faults.dusk, beforeDusk, afterDusk, DUSK_FAULTS) : faults.dusk,
    dawn: isDawnOver ? edgeFault(faults.dawn, afterDawn, beforeDawn, DAWN_FAULTS) : faults.dawn,
  };
}

function edgeFault(
  { nights, fault }: EdgeFault,
  day: PhotocellVerdict | undefined,
  night: PhotocellVerdict | undefined,
  texts: EdgeTexts,
): EdgeFault {
  const isDarkByDay = day === 'dark';
  if (!isDarkByDay && night !== 'bright') {
    const isInAccord = day === 'bright' || night === 'dark';
    const left = isInAccord ? Math.max(0, nights - 1) : nights;
    return { nights: left, fault: left === 0 ? null : fault };
  }
  const counted = Math.min(EDGE_NIGHTS, nights + 1);
  return { nights: counted, fault: counted === EDGE_NIGHTS ? (isDarkByDay ? texts.dark : texts.bright) : fault };
}

/** Whether the record has verdicts, null included, before dusk and after dawn. Only then may `photocellFault` judge the night. */
export function isWholeNight({ beforeDusk, afterDawn }: EdgeVerdicts): boolean {
  return beforeDusk !== undefined && afterDawn !== undefined;
}

/**
 * Returns the fault that a whole night shows, as text for an event; null if there is none. A wrong verdict is a fault only if the record
 * has it at both ends of the night. A record without any verdict also shows a fault. Call it only if `isWholeNight`.
 */
export function photocellFault({ beforeDusk, afterDusk, beforeDawn, afterDawn }: EdgeVerdicts): Message | null {
  if (beforeDusk === 'dark' && afterDawn === 'dark') return msg`reports dark by day: clean it, check what shades it`;
  if (afterDusk === 'bright' && beforeDawn === 'bright') return msg`reports bright at night: check what lights it`;
  const verdicts = [beforeDusk, afterDusk, beforeDawn, afterDawn];
  return verdicts.some((verdict) => verdict === 'dark' || verdict === 'bright')
    ? null
    : msg`shows no change between day and night: check it and its thresholds`;
}
