/**
 * Exchanges detections with the cabinets of adjoining streets: sends those of people who walk towards them, and receives theirs.
 *
 * A detection from a neighbour is never forwarded, so none can circulate. A lost or late relay does no harm: it only raises light, and ends
 * by itself.
 */
import type { Neighbour } from '../core/cabinet.ts';
import { type Clock, type MonoMs, type Timer, wholeMicroseconds } from '../core/clock.ts';
import type { RelayedDetection } from '../core/ports.ts';
import type { Detection, LightingStreet } from '../lighting/lighting.ts';
import { createMoverReader, DETECTIONS_KEPT_MS, isAhead, type Mover, type MoverReader } from '../lighting/movers.ts';
import { createStreetGraph, type StreetGraph } from '../lighting/street-graph.ts';
import { createRelayGate, type RelayGate, type RelayRefusal } from './relay-gate.ts';

/** A relay older than this is useless to a neighbour. Units: ms. Source: issue 5, wave; a cyclist is 140 m on by then. */
const TTL_MS = 20_000;
/**
 * Shortest time between two outgoing relays. Units: ms. Source: issue 5, wave: two a second; uCIFI 3459 has a least publish period for the
 * same reason.
 */
const LEAST_PERIOD_MS = 500;

/**
 * Relayed detections that are kept. Source: assumed; the wave evaluates fewer. Confirmed by: relays per minute in a week of logs of two
 * adjoining cabinets.
 */
const TAKEN_MOST = 64;

/** A detection to be sent to a neighbour. */
interface Waiting {
  readonly node: string;
  readonly detection: Detection;
  readonly distanceM: number;
  readonly speedKmh: number | null;
  readonly isApproaching: boolean;
}

/** The dependencies with which `DetectionRelay` is created. */
export interface DetectionRelayParts {
  readonly street: LightingStreet;
  readonly clock: Clock;
  /** Receives each detection to send to a neighbour cabinet; it then counts as sent. */
  readonly onRelay?: (relay: RelayedDetection) => void;
}

/** Exchanges detections with neighbour cabinets. Keeps the newest 64 received ones for the decisions, for 18 minutes. */
export class DetectionRelay {
  readonly #parts: DetectionRelayParts;
  readonly #graph: StreetGraph;
  readonly #movers: MoverReader;
  readonly #gate: RelayGate;
  /** Makes the ids of this run unique. */
  readonly #run: string;
  readonly #seen = new WeakSet<Detection>();
  /** By neighbour: the newest detection to be sent. Neighbours take turns. */
  readonly #waiting = new Map<string, Waiting>();
  #taken: readonly Detection[] = [];
  #sent = 0;
  #sentMono = Number.NEGATIVE_INFINITY;
  #timer: Timer | null = null;

  constructor(parts: DetectionRelayParts) {
    const { street, clock } = parts;
    this.#parts = parts;
    this.#graph = createStreetGraph(street);
    this.#movers = createMoverReader(street, this.#graph);
    this.#gate = createRelayGate({ nodes: street.neighbours.map(({ node }) => node) });
    this.#run = clock.wallMs().toString(36);
  }

  /**
   * Takes the recent detections of this cabinet, oldest first, and returns them with the received ones in the same order. Those not given
   * before, as objects, are sent to the neighbours that they concern, two a second at most in all. A newer one for the same neighbour
   * replaces one that waits. A detection that is 20 s old is not sent.
   */
  take(own: readonly Detection[]): readonly Detection[] {
    const { street, clock } = this.#parts;
    if (street.neighbours.length === 0) return own;
    const nowMono = clock.monoMs();
    this.#taken = this.#taken.filter(({ atMono }) => nowMono - atMono <= DETECTIONS_KEPT_MS);
    const all = this.#taken.length === 0 ? own : [...own, ...this.#taken].sort((a, b) => a.atMono - b.atMono);
    for (const detection of own) {
      if (this.#seen.has(detection)) continue;
      this.#seen.add(detection);
      if (!detection.isRelayed && nowMono - detection.atMono < TTL_MS) this.#queue(detection, all);
    }
    return all;
  }

  /** Handles a relayed detection and counts it. Returns true if it was accepted. */
  receive(relay: RelayedDetection): boolean {
    const nowMono = this.#parts.clock.monoMs();
    const pole = this.#parts.street.neighbours.find(({ node }) => node === relay.node)?.pole;
    if (!this.#gate.admits(relay, nowMono) || pole === undefined) return false;
    this.#taken = [...this.#taken, detectionOf(relay, pole, this.#graph, nowMono)].slice(-TAKEN_MOST);
    return true;
  }

  /** Returns how many relays were sent, accepted, and refused for each reason. */
  counts(): { readonly sent: number; readonly received: number; readonly dropped: Readonly<Record<RelayRefusal, number>> } {
    return { sent: this.#sent, ...this.#gate.counts() };
  }

  /** Stops sending. What waits is sent only with a later detection, if it is not too old by then. Received detections are kept. */
  stop(): void {
    this.#timer?.cancel();
    this.#timer = null;
  }

  #queue(detection: Detection, all: readonly Detection[]): void {
    const graph = this.#graph;
    const near = this.#parts.street.neighbours.filter(({ pole, withinM }) => isWithin(graph, detection.pole, { pole, withinM }));
    if (near.length === 0) return;
    const movers = this.#movers(all, this.#parts.clock.monoMs()).filter(({ visit }) => isOf(visit, detection));
    for (const neighbour of near) {
      const waiting = waitingFor(neighbour, detection, movers, graph);
      if (waiting !== null) this.#waiting.set(neighbour.node, waiting);
    }
    if (this.#timer === null) this.#send();
  }

  #send(): void {
    const { clock, onRelay } = this.#parts;
    this.#timer = null;
    for (const next of this.#waiting.values()) {
      const nowMono = clock.monoMs();
      const waitMs = this.#sentMono + LEAST_PERIOD_MS - nowMono;
      if (waitMs > 0) {
        this.#timer = clock.after(waitMs, () => this.#send());
        return;
      }
      const { node, distanceM, speedKmh, isApproaching, detection } = next;
      this.#waiting.delete(node);
      const ageMs = Math.max(0, nowMono - detection.atMono);
      if (ageMs >= TTL_MS) continue;
      this.#sent += 1;
      this.#sentMono = nowMono;
      onRelay?.({ node, id: `${this.#run}-${this.#sent}`, ageMs, ttlMs: TTL_MS, distanceM, speedKmh, isApproaching });
    }
  }
}

function isWithin(graph: StreetGraph, seenAt: string, { pole, withinM }: Pick<Neighbour, 'pole' | 'withinM'>): boolean {
  const distanceM = graph.distanceM(seenAt, pole);
  return distanceM !== null && distanceM <= withinM;
}

function isOf(visit: Mover['visit'], { pole, atMono }: Detection): boolean {
  return visit.pole === pole && !visit.isRelayed && visit.firstMono <= atMono && atMono <= visit.lastMono;
}

/** Null for a person who is known to walk elsewhere. A guessed speed is not sent. */
function waitingFor({ node, pole }: Neighbour, detection: Detection, movers: readonly Mover[], graph: StreetGraph): Waiting | null {
  const coming = movers.filter((mover) => isAhead(mover, pole, graph) && !isFrom(mover, node));
  if (coming.length === 0 && movers.length > 0) return null;
  const known = coming.find(({ isSure }) => isSure);
  const speedKmh = known?.speedMps == null ? null : known.speedMps * 3.6;
  return { node, detection, distanceM: graph.distanceM(detection.pole, pole) ?? 0, speedKmh, isApproaching: known !== undefined };
}

function isFrom({ before }: Mover, node: string): boolean {
  return before?.isRelayed === true && before.source === node;
}

/**
 * A detection that enters the street at the neighbour's pole: in the only possible direction, or in either if the pole is in the middle.
 */
function detectionOf(relay: RelayedDetection, pole: string, graph: StreetGraph, nowMono: MonoMs): Detection {
  const { node, ageMs, distanceM, speedKmh } = relay;
  const [up, down] = [graph.towards(pole, 1).length > 0, graph.towards(pole, -1).length > 0];
  const direction = up === down ? null : up ? 1 : -1;
  return { source: node, pole, atMono: wholeMicroseconds(nowMono - ageMs), isRelayed: true, speedKmh, direction, beforeM: distanceM };
}
