/**
 * Walk test: reports the effect of each detection in a zone, and how soon it came, while a person walks along.
 *
 * Changes nothing. Processes the decisions of each tick and the levels that were sent. A detection is reported a moment later, when its
 * effect is known.
 */

import type { PresenceSensor, Zone } from '../../core/cabinet.ts';
import type { Clock, MonoMs } from '../../core/clock.ts';
import type { WalkStep, WalkTest } from '../../core/light-tools.ts';
import { msg } from '../../core/message.ts';
import { Refusal } from '../../core/refusal.ts';
import type { Decision, PointId } from '../../core/words.ts';
import type { LightingStreet, SensorState } from '../../lighting/lighting.ts';
import { sensorPointOf } from '../../lighting/presence.ts';
import { nearestFirst } from '../writing/reconcile.ts';

/**
 * Longest walk. Units: ms. Source: assumed; a walk whose console was left open ends the same evening. Confirmed by: the lengths of walk
 * tests in the logs.
 */
const LONGEST_WALK_MS = 3_600_000;
/**
 * Lamps that rise within this time after a detection count as raised by it. Units: ms. Source: assumed; a decision follows immediately, a
 * write on a busy line within this time. Confirmed by: latencies of urgent writes in the statistics of a full line.
 */
const EFFECT_MS = 1_000;

/** The states of sensors and the decisions of one tick. */
export interface WalkFacts {
  readonly sensors: ReadonlyMap<PointId, SensorState>;
  readonly decisions: readonly Decision[];
}

/**
 * A walk test in progress (see `WalkTestHandler`): the sensors whose detections it reports, and `stop`, which ends it. Only `endAll` aborts
 * `ended`.
 */
export type WatchedWalk = Omit<WalkTest, 'night'>;

type WalkClock = Pick<Clock, 'monoMs' | 'wallMs' | 'after'>;

/** The walk tests in progress. A test reports detections with the lamps of its zone whose decided level presence raised shortly after. */
export class WalkTestHandler {
  readonly #street: LightingStreet;
  readonly #clock: WalkClock;
  readonly #walks = new Set<Walk>();
  #last: WalkFacts = { sensors: new Map(), decisions: [] };

  constructor(street: LightingStreet, clock: WalkClock) {
    this.#street = street;
    this.#clock = clock;
  }

  /**
   * Starts a test of one zone, which calls `report` a short time after each new detection of the zone's own sensors. It lasts until `stop`
   * or for `forMs`, 1 h at most. Detections just before its end may be lost. Errors: throws Refusal, for example for an unknown zone.
   */
  watch(zoneId: string, forMs: number, report: (step: WalkStep) => void): WatchedWalk {
    const zone = this.#street.zones.find(({ id }) => id === zoneId);
    if (zone === undefined) throw new Refusal(msg`there is no zone ${zoneId} on this street`);
    const own = (zone.presence?.sensors ?? []).filter(({ listen }) => listen === 'own');
    if (own.length === 0) throw new Refusal(msg`zone ${zoneId} has no presence sensor of its own, so there is nothing to test`);
    const sensors = new Map(own.map((sensor) => [sensorPointOf(sensor), sensor]));
    const poles = new Map((this.#street.lines ?? []).flatMap(({ devices }) => devices).map(({ id, pole }) => [id, pole]));
    const untilMono = this.#clock.monoMs() + Math.min(forMs, LONGEST_WALK_MS);
    const walk = new Walk({ zone, sensors, poles, untilMono, report, clock: this.#clock }, this.#last);
    this.#walks.add(walk);
    return {
      sensors: [...sensors.keys()],
      ended: walk.ended.signal,
      stop: () => {
        walk.stop();
        this.#walks.delete(walk);
      },
    };
  }

  /** Ends all tests. Call it when there are no more ticks. */
  endAll(): void {
    for (const walk of this.#walks) {
      walk.stop();
      walk.ended.abort();
    }
    this.#walks.clear();
  }

  /** Processes the facts of a tick, after its decisions. */
  look(facts: WalkFacts): void {
    this.#last = facts;
    for (const walk of this.#walks) {
      if (this.#clock.monoMs() < walk.untilMono) {
        walk.look(facts);
        continue;
      }
      walk.stop();
      this.#walks.delete(walk);
    }
  }

  /** Call it when a level was sent to a lamp. */
  sent(lampId: string, sentMono: MonoMs): void {
    for (const walk of this.#walks) walk.sent(lampId, sentMono);
  }
}

/** A detection whose effect is not known yet. */
interface OpenStep {
  readonly pointId: PointId;
  readonly fromMono: MonoMs;
  readonly atMs: number;
  /** In the order in which they rose: nearest first, as they are written. */
  readonly raised: string[];
  readonly isLit: boolean;
  latencyMs: number | null;
}

interface WalkParts {
  readonly zone: Zone;
  readonly sensors: ReadonlyMap<PointId, PresenceSensor>;
  /** By device. */
  readonly poles: ReadonlyMap<string, string | null>;
  readonly untilMono: MonoMs;
  readonly report: (step: WalkStep) => void;
  readonly clock: WalkClock;
}

class Walk {
  readonly untilMono: MonoMs;
  readonly ended = new AbortController();
  readonly #parts: WalkParts;
  /** The newest detection of each sensor that has been processed. */
  readonly #seen: Map<PointId, MonoMs | null>;
  readonly #levels: Map<string, number>;
  #open: OpenStep[] = [];
  #isStopped = false;

  constructor(parts: WalkParts, before: WalkFacts) {
    this.#parts = parts;
    this.untilMono = parts.untilMono;
    this.#seen = new Map([...parts.sensors].map(([id, sensor]) => [id, lastDetectionMono(before.sensors.get(id), sensor)]));
    this.#levels = new Map(before.decisions.map(({ lampId, levelPct }) => [lampId, levelPct]));
  }

  look({ sensors, decisions }: WalkFacts): void {
    const own = decisions.filter(({ lampId }) => this.#parts.zone.lamps.includes(lampId)).sort(nearestFirst);
    for (const [pointId, sensor] of this.#parts.sensors) {
      const atMono = lastDetectionMono(sensors.get(pointId), sensor);
      if (atMono === null || atMono === this.#seen.get(pointId)) continue;
      this.#seen.set(pointId, atMono);
      const isLit = own.some((decision) => isRaisedBy(decision, sensor.device));
      this.#begin(pointId, atMono, isLit);
    }
    const newest = this.#open.at(-1);
    for (const { lampId, levelPct, rank } of own) {
      if (newest !== undefined && rank === 'presence' && levelPct > (this.#levels.get(lampId) ?? 0)) newest.raised.push(lampId);
      this.#levels.set(lampId, levelPct);
    }
  }

  sent(lampId: string, sentMono: MonoMs): void {
    for (const step of this.#open) {
      if (step.latencyMs !== null || !step.raised.includes(lampId)) continue;
      step.latencyMs = Math.max(0, Math.round(sentMono - step.fromMono));
    }
  }

  /** Detections whose effect is not known yet are dropped. */
  stop(): void {
    this.#isStopped = true;
  }

  #begin(pointId: PointId, fromMono: MonoMs, isLit: boolean): void {
    const { clock } = this.#parts;
    const atMs = Math.round(clock.wallMs() - (clock.monoMs() - fromMono));
    const step: OpenStep = { pointId, fromMono, atMs, raised: [], isLit, latencyMs: null };
    this.#open.push(step);
    clock.after(EFFECT_MS, () => this.#close(step));
  }

  #close(step: OpenStep): void {
    if (this.#isStopped) return;
    this.#open = this.#open.filter((each) => each !== step);
    const { pointId, atMs, raised, isLit, latencyMs } = step;
    const pole = this.#parts.poles.get(this.#parts.sensors.get(pointId)?.device ?? '') ?? null;
    this.#parts.report({ atMs, pointId, pole, raised, alreadyLit: raised.length === 0 && isLit, latencyMs });
  }
}

/** When a sensor last started to report presence; null if it never did. */
function lastDetectionMono(state: SensorState | undefined, { kind }: Pick<PresenceSensor, 'kind'>): MonoMs | null {
  return (kind === 'counter' ? state?.lastPresentMono : state?.sinceMono) ?? null;
}

/** Whether presence raises a lamp, and this sensor is among the causes. */
function isRaisedBy({ rank, trace }: Decision, device: string): boolean {
  return rank === 'presence' && trace.some((line) => line.rank === 'presence' && line.source === device && line.levelPct !== null);
}
