/** Decides which relays of neighbour cabinets are accepted, and counts those refused. Time is an argument. */
import type { MonoMs } from '../core/clock.ts';
import type { RelayedDetection } from '../core/ports.ts';

/**
 * Why a detection from another cabinet is refused. `stranger`: it is not from a neighbour. `late`: too old, or its age or lifetime is not
 * valid. `repeated`: accepted shortly before. `too-many`: above the rate limit.
 */
export type RelayRefusal = 'stranger' | 'late' | 'repeated' | 'too-many';

/** Accepts or refuses relayed detections, and counts both. */
export interface RelayGate {
  /** Counts a relay, and returns true if it is accepted. */
  admits(relay: RelayedDetection, nowMono: MonoMs): boolean;
  /** Returns the number of accepted relays (`received`) since the creation, and of refused ones by reason. */
  counts(): { readonly received: number; readonly dropped: Readonly<Record<RelayRefusal, number>> };
}

/** Longest life of a relay, whatever the neighbour specifies. Units: ms. Source: issue 5, wave. */
const MOST_TTL_MS = 20_000;
/**
 * A relay that is received again within this time is recognised. Units: ms. Source: three times the longest life, for a platform that
 * repeats delayed messages.
 */
const REMEMBERED_MS = 60_000;
/**
 * Limit per neighbour: burst size, and one more per period. Source: a neighbour sends at most one each 500 ms; a link may bunch them.
 * Units: ms.
 */
const BURST = { most: 4, periodMs: 500 };

/** Creates the check of relayed detections. `nodes`: the edge nodes of the neighbours; relays of others are refused. */
export function createRelayGate({ nodes }: { readonly nodes: readonly string[] }): RelayGate {
  /** By neighbour: ids and times of the accepted relays. Bounded by the burst. */
  const admitted = new Map<string, Map<string, MonoMs>>(nodes.map((node) => [node, new Map()]));
  /** By neighbour: when a cabinet that sends at the maximum rate would have sent the last one. */
  const paceMono = new Map<string, MonoMs>();
  const dropped: Record<RelayRefusal, number> = { stranger: 0, late: 0, repeated: 0, 'too-many': 0 };
  let received = 0;

  function refusalOf({ node, id, ageMs, ttlMs }: RelayedDetection, nowMono: MonoMs): RelayRefusal | null {
    const known = admitted.get(node);
    if (known === undefined) return 'stranger';
    for (const [oldId, atMono] of known) if (nowMono - atMono > REMEMBERED_MS) known.delete(oldId);
    if (known.has(id)) return 'repeated';
    // A value that is not a number must count as late.
    if (!(ageMs >= 0 && ageMs < Math.min(ttlMs, MOST_TTL_MS))) return 'late';
    const turnMono = Math.max(nowMono - BURST.most * BURST.periodMs, paceMono.get(node) ?? Number.NEGATIVE_INFINITY) + BURST.periodMs;
    if (turnMono > nowMono) return 'too-many';
    paceMono.set(node, turnMono);
    known.set(id, nowMono);
    return null;
  }

  return {
    admits(relay, nowMono) {
      const refusal = refusalOf(relay, nowMono);
      if (refusal === null) received += 1;
      else dropped[refusal] += 1;
      return refusal === null;
    },
    counts: () => ({ received, dropped: { ...dropped } }),
  };
}
