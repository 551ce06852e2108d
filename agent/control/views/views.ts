/** Turns decisions and measurements into the views of console and platform: zones with their lamps, and why each lamp has its level. Pure. */
import type { Lamp } from '../../core/cabinet.ts';
import type { WallMs } from '../../core/clock.ts';
import type { LampView, WhyLamp, WhyView, ZoneView } from '../../core/views.ts';
import { type Decision, RANKS, type Reading } from '../../core/words.ts';
import type { LightingStreet } from '../../lighting/lighting.ts';

/** What is known of one lamp. */
export interface LampKnowledge {
  readonly decision: Decision;
  /** Wall time at which level, rank or reason last changed. */
  readonly sinceMs: WallMs;
  readonly measured: Reading | undefined;
  readonly following: boolean;
}

/** Undefined before the first tick. */
export type KnowledgeOf = (lampId: string) => LampKnowledge | undefined;

/** Returns one view for each zone, in the order of the cabinet. The reason of a zone is that of its highest-ranked lamp. */
export function zoneViews(street: LightingStreet, knowledgeOf: KnowledgeOf): readonly ZoneView[] {
  return street.zones.map(({ id, programme, lamps: lampIds }) => {
    const lamps: readonly LampView[] = whyLamps(street, lampIds, knowledgeOf).map(({ sinceMs: _, trace: __, ...lamp }) => lamp);
    const levels = lamps.map(({ wantedPct }) => wantedPct);
    const [leading] = [...lamps].sort((a, b) => RANKS.indexOf(a.rank) - RANKS.indexOf(b.rank));
    return { id, programme, reason: leading?.reason ?? 'default', minPct: Math.min(...levels, 100), maxPct: Math.max(...levels, 0), lamps };
  });
}

/** Returns why a lamp, or each lamp of a zone, has its level. Undefined when the street has no such lamp or zone. */
export function whyView(street: LightingStreet, id: string, knowledgeOf: KnowledgeOf): WhyView | undefined {
  if (street.lamps.some((lamp) => lamp.id === id)) return { id, kind: 'lamp', lamps: whyLamps(street, [id], knowledgeOf) };
  const zone = street.zones.find((each) => each.id === id);
  return zone === undefined ? undefined : { id, kind: 'zone', lamps: whyLamps(street, zone.lamps, knowledgeOf) };
}

function whyLamps(street: LightingStreet, lampIds: readonly string[], knowledgeOf: KnowledgeOf): readonly WhyLamp[] {
  return street.lamps
    .filter(({ id }) => lampIds.includes(id))
    .flatMap((lamp) => {
      const known = knowledgeOf(lamp.id);
      return known === undefined ? [] : [whyLamp(lamp, known)];
    });
}

function whyLamp({ id, pole }: Lamp, { decision, sinceMs, measured, following }: LampKnowledge): WhyLamp {
  const { levelPct: wantedPct, rank, reason, trace } = decision;
  const value = measured?.value ?? null;
  return {
    id,
    pole,
    wantedPct,
    measuredPct: value === null ? null : Math.round(value),
    rank,
    reason,
    following,
    faults: [],
    sinceMs,
    trace,
  };
}
