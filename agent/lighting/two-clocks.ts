/** Joins the decisions for two times when it is not known which of them is right. Pure. */
import type { MonoMs } from '../core/clock.ts';
import { RANKS, type TraceLine } from '../core/words.ts';
import type { LightingResult, LitLamps } from './lighting.ts';

/** Returns the higher level for each lamp, and night for each zone where either result has night. */
export function brighterOf(one: LightingResult, other: LightingResult): LightingResult {
  return {
    decisions: one.decisions.map((decision, at) => {
      const second = other.decisions[at];
      const chosen = second !== undefined && second.levelPct > decision.levelPct ? second : decision;
      const text = 'two clocks disagree: the brighter of both decisions';
      const line: TraceLine = { rank: 'dusk', source: 'clock', levelPct: null, applied: false, text, untilMs: null };
      return { ...chosen, trace: [...chosen.trace, line].sort(byRank) };
    }),
    zones: one.zones.map((zone, at) => {
      const second = other.zones[at];
      if (second === undefined || second.night === zone.night) return zone;
      return { ...(zone.night ? zone : second), isNightDoubted: true };
    }),
    lit: new Map([...other.lit, ...one.lit].map(([lampId]) => [lampId, litSince(lampId, one.lit, other.lit)])),
  };
}

/** A lamp that either result lights is lit; else its warning began when it was last shown. */
function litSince(lampId: string, one: LitLamps, other: LitLamps): MonoMs | null {
  const [first, second] = [one.get(lampId), other.get(lampId)];
  if (first === null || second === null) return null;
  return Math.max(first ?? Number.NEGATIVE_INFINITY, second ?? Number.NEGATIVE_INFINITY);
}

function byRank(a: TraceLine, b: TraceLine): number {
  return RANKS.indexOf(a.rank) - RANKS.indexOf(b.rank);
}
