/**
 * Which relays of neighbour cabinets are let in.
 *
 * Owns the memory of those that came lately, and the counts of those turned away. Time is an argument.
 */
import type { MonoMs } from '../core/clock.ts';
import type { RelayedDetection } from '../core/ports.ts';

/** No neighbour of ours; older than it may be; come before; more than one cabinet may send. */
export type RelayRefusal = 'stranger' | 'late' | 'repeated' | 'too-many';

export interface RelayGate {
  admits(relay: RelayedDetection, nowMono: MonoMs): boolean;
  counts(): { readonly heard: number; readonly dropped: Readonly<Record<RelayRefusal, number>> };
}

/** No neighbour's word may hold for longer, whatever it says itself. Units: ms. Source: issue 5, wave. */
const MOST_TTL_MS = 20_000;
/** One that comes again within this is known. Units: ms. Source: three times the longest life, for a platform that repeats what it holds up. */
const REMEMBERED_MS = 60_000;
/** From one neighbour: as many at once, and one more each period. Source: they send one each 500 ms at most; a link may bunch them. Units: ms. */
const BURST = { most: 4, periodMs: 500 };

/** A gate that has let nobody in yet. */
export function createRelayGate({ nodes }: { readonly nodes: readonly string[] }): RelayGate {
  /** By neighbour: ids of those let in, with when. Bounded by the burst. */
  const admitted = new Map<string, Map<string, MonoMs>>(nodes.map((node) => [node, new Map()]));
  /** By neighbour: when a cabinet that sends as often as it may would have sent the last one. */
  const paceMono = new Map<string, MonoMs>();
  const dropped: Record<RelayRefusal, number> = { stranger: 0, late: 0, repeated: 0, 'too-many': 0 };
  let heard = 0;

  function refusalOf({ node, id, ageMs, ttlMs }: RelayedDetection, nowMono: MonoMs): RelayRefusal | null {
    const known = admitted.get(node);
    if (known === undefined) return 'stranger';
    for (const [oldId, atMono] of known) if (nowMono - atMono > REMEMBERED_MS) known.delete(oldId);
    if (known.has(id)) return 'repeated';
    // Written so that what is no number is late.
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
      if (refusal === null) heard += 1;
      else dropped[refusal] += 1;
      return refusal === null;
    },
    counts: () => ({ heard, dropped: { ...dropped } }),
  };
}
