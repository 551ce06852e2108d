/** The wave, light ahead of people who move: selects the zones of each mover and the lamps to raise. Pure. */

import type { Zone } from '../core/cabinet.ts';
import type { MonoMs } from '../core/clock.ts';
import { type Message, msg } from '../core/message.ts';
import type { Detection, LightingStreet } from './lighting.ts';
import { createMoverReader, type Mover, type MoverReader } from './movers.ts';
import { createOutlookReader, type OutlookReader } from './outlook.ts';
import { spell } from './spell.ts';
import { createStreetGraph, type StreetGraph } from './street-graph.ts';
import { AWAY_MS, aheadTest, type LampsAround, litLamps, type ZoneWave } from './wave-reach.ts';

/** The raise of one lamp by a moving person: its end, its level and its cause. */
export interface WaveRaise {
  /** When it ends without a further detection. */
  readonly untilMono: MonoMs;
  /** Distance from the mover. While its speed is not known: from its farthest possible place, and 0 for lamps before that. Units: m. */
  readonly distanceM: number;
  readonly text: Message;
  /** `relayed`: a neighbour cabinet detected the person last, so `relayedPct` applies. */
  readonly level: 'boost' | 'relayed';
}

/**
 * Returns the raises by moving people now, by lamp id; empty if there are none. `deaf`: devices of sensors that cannot detect anyone now.
 * That they detect nothing proves nothing; detections by them still count. Shape: `detections` must be oldest first.
 */
export type Wave = (detections: readonly Detection[], nowMono: MonoMs, deaf?: ReadonlySet<string>) => ReadonlyMap<string, WaveRaise>;

const NONE: ReadonlySet<string> = new Set();

/** Returns the function that computes the wave of a street: light ahead of people who move. Only zones with `presence.wave` raise lamps. */
export function waveFor(street: LightingStreet): Wave {
  const graph = createStreetGraph(street);
  const movers = createMoverReader(street, graph);
  const poleOf = new Map(street.lamps.map(({ id, pole }) => [id, pole]));
  const poles: string[] = [];
  const zones = street.zones.flatMap((zone) => zoneWave(zone, (id) => placedPole(poleOf.get(id), graph), poles));
  const outlook = createOutlookReader(street, graph, poles);
  return (detections, nowMono, deaf = NONE) => {
    const raises = new Map<string, WaveRaise>();
    if (zones.length === 0 || detections.length === 0) return raises;
    for (const mover of raisers(movers, detections, nowMono)) raiseFor(mover, { zones, graph, outlook, nowMono, deaf, raises });
    return raises;
  };
}

/** Own movers as if there were no relays, and those known through a neighbour: a relay may add light and never removes any. */
function raisers(movers: MoverReader, detections: readonly Detection[], nowMono: MonoMs): readonly Mover[] {
  const all = movers(detections, nowMono);
  const own = detections.filter(({ isRelayed }) => !isRelayed);
  if (own.length === detections.length) return all;
  return [...movers(own, nowMono), ...all.filter(({ visit, before }) => visit.isRelayed || before?.isRelayed === true)];
}

/** Appends the poles of its lamps to `poles`. */
function zoneWave({ presence, lamps }: Zone, poleOf: (lampId: string) => string | undefined, poles: string[]): readonly ZoneWave[] {
  if (presence === null || presence.wave === null) return [];
  const placed = [...lamps, ...(presence.alsoLamps ?? [])].flatMap((id) => {
    const pole = poleOf(id);
    return pole === undefined ? [] : [{ id, index: poles.push(pole) - 1 }];
  });
  return [{ wave: presence.wave, holdMs: presence.holdS * 1_000, followsRelays: presence.relayedPct !== null, lamps: placed }];
}

/** A lamp without a known place is raised only by the sensors around it. */
function placedPole(pole: string | undefined, graph: StreetGraph): string | undefined {
  return pole === undefined || graph.distanceM(pole, pole) === null ? undefined : pole;
}

interface WaveMoment {
  readonly zones: readonly ZoneWave[];
  readonly graph: StreetGraph;
  readonly outlook: OutlookReader;
  readonly nowMono: MonoMs;
  readonly deaf: ReadonlySet<string>;
  /** Filled by the function. */
  readonly raises: Map<string, WaveRaise>;
}

function raiseFor(mover: Mover, moment: WaveMoment): void {
  const { visit } = mover;
  const { nowMono, raises } = moment;
  const zones = moment.zones.filter((zone) => concernsZone(zone, mover, nowMono));
  const around = zones.length === 0 ? null : aroundOf(mover, moment);
  if (around === null) return;
  const text = textOf(mover, nowMono);
  for (const zone of zones) {
    for (const { id, untilMono, distanceM } of litLamps(zone, around)) {
      const raise: WaveRaise = { untilMono, distanceM, text, level: visit.isRelayed ? 'relayed' : 'boost' };
      const other = raises.get(id);
      raises.set(id, other === undefined ? raise : stronger(other, raise));
    }
  }
}

function concernsZone({ followsRelays, holdMs }: ZoneWave, { visit }: Mover, nowMono: MonoMs): boolean {
  if (visit.isRelayed && !followsRelays) return false;
  return nowMono < Math.max(visit.lastMono + holdMs, visit.firstMono + AWAY_MS.longest);
}

function aroundOf(mover: Mover, { graph, outlook, deaf, nowMono }: WaveMoment): LampsAround | null {
  const { visit, before } = mover;
  const view = outlook(visit.pole, deaf);
  if (view === undefined) return null;
  const viewBefore = before === null ? undefined : outlook(before.pole, deaf);
  const wayM = before === null ? 0 : (graph.distanceM(before.pole, visit.pole) ?? 0);
  return { mover, view, isAhead: aheadTest(mover, view, viewBefore, wayM), nowMono };
}

/** Own detections have precedence over relayed ones; of equal ones the text of the nearer and the end of the longer one. */
function stronger(a: WaveRaise, b: WaveRaise): WaveRaise {
  if (a.level !== b.level) return a.level === 'boost' ? a : b;
  const nearer = b.distanceM < a.distanceM ? b : a;
  return { ...nearer, untilMono: Math.max(a.untilMono, b.untilMono) };
}

function textOf({ visit, speedMps, before }: Mover, nowMono: MonoMs): Message {
  const { source, isRelayed, direction } = visit;
  const ago = spell(nowMono - visit.lastMono);
  if (speedMps !== null) {
    const speedKmh = Math.round(speedMps * 3.6);
    return isRelayed
      ? msg`someone at ${speedKmh} km/h, reported by ${source} ${ago} ago`
      : msg`someone at ${speedKmh} km/h, detected by ${source} ${ago} ago`;
  }
  if (before !== null || direction !== null)
    return isRelayed ? msg`someone reported by ${source} ${ago} ago` : msg`someone detected by ${source} ${ago} ago`;
  return isRelayed
    ? msg`someone reported by ${source} ${ago} ago, going either way`
    : msg`someone detected by ${source} ${ago} ago, going either way`;
}
