/**
 * Speaks with the cabinets of streets that go on from this one: who comes towards them is told, whom they send is taken in.
 *
 * Owns which detections leave, how often, and which arrive. What came from a neighbour is never told again, so nothing can go in a ring; what
 * is lost or late is no harm, since a relay only ever raises, and ends by itself.
 */
import type { Neighbour } from '../core/cabinet.ts';
import type { Clock, MonoMs, Timer } from '../core/clock.ts';
import type { RelayedDetection } from '../core/ports.ts';
import type { Detection, LightingStreet } from '../lighting/lighting.ts';
import { createMoverReader, DETECTIONS_KEPT_MS, isAhead, type Mover } from '../lighting/movers.ts';
import { createStreetGraph, type StreetGraph } from '../lighting/street-graph.ts';
import { createRelayGate, type RelayRefusal } from './relay-gate.ts';

export interface DetectionRelay {
  /** Tells the neighbours what is new among our own detections, and returns these together with those taken in, oldest first. */
  take(own: readonly Detection[]): readonly Detection[];
  /** True when someone comes whom the lamps do not know of yet. */
  hear(relay: RelayedDetection): boolean;
  counts(): { readonly told: number; readonly heard: number; readonly dropped: Readonly<Record<RelayRefusal, number>> };
  stop(): void;
}

/** Of no use to a neighbour once it is older. Units: ms. Source: issue 5, wave; a cyclist is 140 m on by then. */
const TTL_MS = 20_000;
/** Shortest time between two relays out. Units: ms. Source: issue 5, wave: two a second; uCIFI 3459 has a least publish period for the same reason. */
const LEAST_PERIOD_MS = 500;

/** Someone whom a neighbour is to be told of. */
interface Waiting {
  readonly node: string;
  readonly detection: Detection;
  readonly distanceM: number;
  readonly speedKmh: number | null;
  readonly isApproaching: boolean;
}

/** A desk that has told nothing yet. */
export function createDetectionRelay({
  street,
  clock,
  tell,
}: {
  readonly street: LightingStreet;
  readonly clock: Clock;
  /** To the uplink; may do nothing. */
  readonly tell: (relay: RelayedDetection) => void;
}): DetectionRelay {
  const { neighbours } = street;
  const graph = createStreetGraph(street);
  const movers = createMoverReader(street, graph);
  const gate = createRelayGate({ nodes: neighbours.map(({ node }) => node) });
  const run = clock.wallMs().toString(36);
  const seen = new WeakSet<Detection>();
  const waiting = new Map<string, Waiting>();
  let taken: readonly Detection[] = [];
  let told = 0;
  let sentMono = Number.NEGATIVE_INFINITY;
  let timer: Timer | null = null;

  /** One for each neighbour waits, the newest; they take turns. */
  function send(): void {
    timer = null;
    const [next] = waiting.values();
    if (next === undefined) return;
    const nowMono = clock.monoMs();
    const waitMs = sentMono + LEAST_PERIOD_MS - nowMono;
    if (waitMs > 0) {
      timer = clock.after(waitMs, send);
      return;
    }
    waiting.delete(next.node);
    const { node, distanceM, speedKmh, isApproaching, detection } = next;
    const ageMs = Math.max(0, nowMono - detection.atMono);
    if (ageMs < TTL_MS) {
      told += 1;
      sentMono = nowMono;
      tell({ node, id: `${run}-${told}`, ageMs, ttlMs: TTL_MS, distanceM, speedKmh, isApproaching });
    }
    send();
  }

  function tellOf(detection: Detection, all: readonly Detection[]): void {
    const near = neighbours.filter(({ pole, withinM }) => isWithin(graph, detection.pole, { pole, withinM }));
    if (near.length === 0) return;
    const there = movers(all, clock.monoMs()).filter(({ visit }) => isOf(visit, detection));
    for (const neighbour of near) {
      const word = wordFor(neighbour, detection, { movers: there, graph });
      if (word !== null) waiting.set(neighbour.node, word);
    }
    if (timer === null) send();
  }

  return {
    take(own) {
      if (neighbours.length === 0) return own;
      const nowMono = clock.monoMs();
      taken = taken.filter(({ atMono }) => nowMono - atMono <= DETECTIONS_KEPT_MS);
      const all = taken.length === 0 ? own : [...own, ...taken].sort((a, b) => a.atMono - b.atMono);
      for (const detection of own) {
        if (seen.has(detection)) continue;
        seen.add(detection);
        if (!detection.isRelayed && nowMono - detection.atMono < TTL_MS) tellOf(detection, all);
      }
      return all;
    },
    hear(relay) {
      const nowMono = clock.monoMs();
      const pole = neighbours.find(({ node }) => node === relay.node)?.pole;
      if (!gate.admits(relay, nowMono) || pole === undefined) return false;
      taken = [...taken, detectionOf(relay, pole, { graph, nowMono })].slice(-TAKEN_MOST);
      return true;
    },
    counts: () => ({ told, ...gate.counts() }),
    stop: () => timer?.cancel(),
  };
}

/** Relayed detections that are kept. Source: assumed; what the wave looks at is less. */
const TAKEN_MOST = 64;

function isWithin(graph: StreetGraph, seenAt: string, { pole, withinM }: Pick<Neighbour, 'pole' | 'withinM'>): boolean {
  const distanceM = graph.distanceM(seenAt, pole);
  return distanceM !== null && distanceM <= withinM;
}

function isOf(visit: Mover['visit'], { pole, atMono }: Detection): boolean {
  return visit.pole === pole && !visit.isRelayed && visit.firstMono <= atMono && atMono <= visit.lastMono;
}

/** Null for one who is known to go elsewhere. A speed that is a guess is not told. */
function wordFor(
  { node, pole }: Neighbour,
  detection: Detection,
  { movers, graph }: { readonly movers: readonly Mover[]; readonly graph: StreetGraph },
): Waiting | null {
  const coming = movers.filter((mover) => isAhead(mover, pole, graph) && !isFrom(mover, node));
  if (coming.length === 0 && movers.length > 0) return null;
  const known = coming.find(({ isSure }) => isSure);
  const speedKmh = known?.speedMps == null ? null : known.speedMps * 3.6;
  return { node, detection, distanceM: graph.distanceM(detection.pole, pole) ?? 0, speedKmh, isApproaching: known !== undefined };
}

function isFrom({ before }: Mover, node: string): boolean {
  return before?.isRelayed === true && before.source === node;
}

/** Into the street from its pole: the one way there is, or either where the pole stands in the middle. */
function detectionOf(
  { node, ageMs, distanceM, speedKmh }: RelayedDetection,
  pole: string,
  { graph, nowMono }: { readonly graph: StreetGraph; readonly nowMono: MonoMs },
): Detection {
  const [up, down] = [graph.towards(pole, 1).length > 0, graph.towards(pole, -1).length > 0];
  const direction = up === down ? null : up ? 1 : -1;
  return { source: node, pole, atMono: nowMono - ageMs, isRelayed: true, speedKmh, direction, beforeM: distanceM };
}
