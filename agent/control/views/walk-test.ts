/**
 * A walk under the sensors: what each detection did, and how soon.
 *
 * Owns the watching of a zone's sensors and lamps while somebody walks; changes nothing by itself. It learns what `control` sees at each tick
 * and which levels have left for the lamps. A detection is told a moment after it came, when it is known what it did.
 */
import type { PresenceSensor, Zone } from '../../core/cabinet.ts';
import type { Clock, MonoMs } from '../../core/clock.ts';
import type { WalkStep } from '../../core/light-tools.ts';
import type { Decision, PointId } from '../../core/words.ts';
import type { LightingStreet, SensorState } from '../../lighting/lighting.ts';
import { sensorPointOf } from '../../lighting/presence.ts';

/** Longest walk. Units: ms. Source: assumed; one for which the console was left open ends the same evening. */
const LONGEST_WALK_MS = 3_600_000;
/** How long after a detection lamps that rise are taken to rise because of it. Units: ms. Source: assumed; a decision follows at once, a write of a busy line within this. */
const EFFECT_MS = 1_000;

/** What control sees at a tick. */
export interface WalkFacts {
  readonly sensors: ReadonlyMap<PointId, SensorState>;
  readonly decisions: readonly Decision[];
}

export interface WalkTestHandler {
  /** Tells each detection of the zone until it is stopped or the time is over. Errors: throws RangeError for no such zone or one without sensors. */
  watch(zoneId: string, forMs: number, tell: (step: WalkStep) => void): { readonly sensors: readonly PointId[]; stop(): void };
  /** After each decision. */
  look(sight: WalkFacts): void;
  /** A level has left for a lamp. */
  sent(lampId: string, sentMono: MonoMs): void;
}

/** When a sensor last began to say that someone is there; null while it never has. */
function lastDetectionMono(state: SensorState | undefined, { kind }: Pick<PresenceSensor, 'kind'>): MonoMs | null {
  return (kind === 'counter' ? state?.lastPresentMono : state?.sinceMono) ?? null;
}

interface OpenStep {
  readonly pointId: PointId;
  readonly fromMono: MonoMs;
  readonly atMs: number;
  /** In the order in which they rose: nearest first, as they are written. */
  readonly raised: string[];
  readonly isLit: boolean;
  latencyMs: number | null;
}

interface Walk {
  readonly zone: Zone;
  readonly sensors: ReadonlyMap<PointId, PresenceSensor>;
  readonly untilMono: MonoMs;
  readonly tell: (step: WalkStep) => void;
  /** Newest detection of each sensor that has been taken. */
  readonly seen: Map<PointId, MonoMs | null>;
  readonly levels: Map<string, number>;
  open: OpenStep[];
}

export function createWalkTestHandler(street: LightingStreet, clock: Pick<Clock, 'monoMs' | 'wallMs' | 'after'>): WalkTestHandler {
  const walks = new Set<Walk>();
  const poles = new Map((street.lines ?? []).flatMap(({ devices }) => devices).map(({ id, pole }) => [id, pole]));
  let last: WalkFacts = { sensors: new Map(), decisions: [] };

  function close(walk: Walk, step: OpenStep): void {
    if (!walks.has(walk) || !walk.open.includes(step)) return;
    walk.open = walk.open.filter((each) => each !== step);
    const { pointId, atMs, raised, isLit, latencyMs } = step;
    const pole = poles.get(walk.sensors.get(pointId)?.device ?? '') ?? null;
    walk.tell({ atMs, pointId, pole, raised, alreadyLit: raised.length === 0 && isLit, latencyMs });
  }

  function look(walk: Walk, { sensors, decisions }: WalkFacts): void {
    const nowMono = clock.monoMs();
    const own = decisions.filter(({ lampId }) => walk.zone.lamps.includes(lampId)).sort(nearest);
    for (const [pointId, sensor] of walk.sensors) {
      const atMono = lastDetectionMono(sensors.get(pointId), sensor);
      if (atMono === null || atMono === walk.seen.get(pointId)) continue;
      walk.seen.set(pointId, atMono);
      const isLit = own.some((decision) => isRaisedBy(decision, sensor.device));
      const step: OpenStep = {
        pointId,
        fromMono: atMono,
        atMs: Math.round(clock.wallMs() - (nowMono - atMono)),
        raised: [],
        isLit,
        latencyMs: null,
      };
      walk.open.push(step);
      clock.after(EFFECT_MS, () => close(walk, step));
    }
    const newest = walk.open.at(-1);
    for (const { lampId, levelPct, rank } of own) {
      if (newest !== undefined && rank === 'presence' && levelPct > (walk.levels.get(lampId) ?? 0)) newest.raised.push(lampId);
      walk.levels.set(lampId, levelPct);
    }
  }

  return {
    watch(zoneId, forMs, tell) {
      const zone = street.zones.find(({ id }) => id === zoneId);
      if (zone === undefined) throw new RangeError(`there is no zone ${zoneId} on this street`);
      const heard = (zone.presence?.sensors ?? []).filter(({ listen }) => listen === 'own');
      if (heard.length === 0) throw new RangeError(`zone ${zoneId} has no presence sensor that is heard, so there is nothing to walk for`);
      const sensors = new Map(heard.map((sensor) => [sensorPointOf(sensor), sensor]));
      const seen = new Map([...sensors].map(([id, sensor]) => [id, lastDetectionMono(last.sensors.get(id), sensor)]));
      const levels = new Map(last.decisions.map(({ lampId, levelPct }) => [lampId, levelPct]));
      const untilMono = clock.monoMs() + Math.min(forMs, LONGEST_WALK_MS);
      const walk: Walk = { zone, sensors, untilMono, tell, seen, levels, open: [] };
      walks.add(walk);
      return { sensors: [...sensors.keys()], stop: () => void walks.delete(walk) };
    },
    look(sight) {
      last = sight;
      for (const walk of walks) {
        if (clock.monoMs() >= walk.untilMono) walks.delete(walk);
        else look(walk, sight);
      }
    },
    sent(lampId, sentMono) {
      for (const step of [...walks].flatMap(({ open }) => open)) {
        if (step.latencyMs !== null || !step.raised.includes(lampId)) continue;
        step.latencyMs = Math.max(0, Math.round(sentMono - step.fromMono));
      }
    },
  };
}

/** Whether a lamp is up by presence, and this sensor is among those that ask for it. */
function isRaisedBy({ rank, trace }: Decision, device: string): boolean {
  return rank === 'presence' && trace.some((line) => line.rank === 'presence' && line.source === device && line.levelPct !== null);
}

function nearest(a: Decision, b: Decision): number {
  return (a.distanceM ?? Number.MAX_VALUE) - (b.distanceM ?? Number.MAX_VALUE);
}
