/** Decides one lamp for all that have the same inputs, where only levels count. Pure. */
import type { Lamp } from '../core/cabinet.ts';
import type { Decision } from '../core/words.ts';
import type { LightingSnapshot } from './lighting.ts';
import type { ZoneMoment } from './zone-moment.ts';

/**
 * What differs between the lamps of a zone at one instant. `moments`: that of its zone first, then those of other zones whose presence
 * may raise it; empty without a zone. `hasWave`: the light ahead of a moving person reaches the lamp; by day it raises nothing.
 */
export interface SharedLamp {
  readonly lamp: Lamp;
  readonly moments: readonly ZoneMoment[];
  readonly hasWave: boolean;
}

/**
 * Returns a function that returns the decision of a lamp: its own by `decide`, or that of an earlier lamp with the same inputs, under its id. A
 * shared decision has the level, rank and reason that `decide` would give; distance and trace are of the other lamp. Create one such
 * function for each snapshot.
 */
export function sharedDecisions({
  intents,
  holds,
}: Pick<LightingSnapshot, 'intents' | 'holds'>): (of: SharedLamp, decide: () => Decision) => Decision {
  const known = new Map<ZoneMoment, { readonly boosted: ReadonlySet<string>; readonly decisions: Map<number, Decision> }>();
  return ({ lamp, moments, hasWave }, decide) => {
    const [moment, ...others] = moments;
    if (moment === undefined || others.length > 0 || hasWave || intents.length > 0 || holds?.has(lamp.id) === true) return decide();
    const { zone } = moment.plan;
    // A warning and the age of a lamp are its own.
    if (zone.dark !== null || zone.constantLight !== null) return decide();
    const ofZone = known.get(moment) ?? { boosted: boostedLamps(moment), decisions: new Map() };
    known.set(moment, ofZone);
    const key = (lamp.minPct * 1_000 + lamp.maxPct) * 2 + (ofZone.boosted.has(lamp.id) ? 1 : 0);
    const found = ofZone.decisions.get(key);
    if (found !== undefined) return { ...found, lampId: lamp.id };
    const own = decide();
    ofZone.decisions.set(key, own);
    return own;
  };
}

/** The lamps of the zone that some sensor raises now. */
function boostedLamps({ plan, sensors }: ZoneMoment): ReadonlySet<string> {
  const raising = plan.reaches.filter((_, at) => sensors[at]?.phase === 'boost');
  return new Set(raising.flatMap(({ distanceM }) => [...distanceM.keys()]));
}
