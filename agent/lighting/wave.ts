/**
 * Light ahead of whoever moves.
 *
 * Owns which movers concern which zones and what is said of each lamp. Pure: detections and the time in, a say for each lamp that is to be
 * raised out.
 */
import type { Zone } from '../core/cabinet.ts';
import type { MonoMs } from '../core/clock.ts';
import type { Detection, LightingStreet } from './lighting.ts';
import { createMoverReader, type Mover, type MoverReader } from './movers.ts';
import { createOutlookReader, type OutlookReader } from './outlook.ts';
import { sentence, spell } from './sentence.ts';
import { createStreetGraph, type StreetGraph } from './street-graph.ts';
import { AWAY_MS, aheadTest, type LampsAround, litLamps, type ZoneWave } from './wave-reach.ts';

/** Why one lamp is raised. */
export interface WaveSay {
  /** When it ends if nobody is seen any more. */
  readonly untilMono: MonoMs;
  /** From the mover, as far as is known: writes go out nearest first. Units: m. */
  readonly distanceM: number;
  readonly text: string;
  /** `relayed`: only a neighbour cabinet has seen someone; the zone's `relayedPct` holds. */
  readonly level: 'boost' | 'relayed';
}

/** The lamps that the wave raises now, by id; all others are not its business. `deaf`: sensors' devices that would see nobody now. */
export type Wave = (detections: readonly Detection[], nowMono: MonoMs, deaf?: ReadonlySet<string>) => ReadonlyMap<string, WaveSay>;

const NONE: ReadonlySet<string> = new Set();

/** Prepares the street; what is returned remembers nothing that changes an answer. */
export function waveFor(street: LightingStreet): Wave {
  const graph = createStreetGraph(street);
  const movers = createMoverReader(street, graph);
  const poleOf = new Map(street.lamps.map(({ id, pole }) => [id, pole]));
  const poles: string[] = [];
  const zones = street.zones.flatMap((zone) => zoneWave(zone, (id) => placedPole(poleOf.get(id), graph), poles));
  const outlook = createOutlookReader(street, graph, poles);
  return (detections, nowMono, deaf = NONE) => {
    const says = new Map<string, WaveSay>();
    if (zones.length === 0 || detections.length === 0) return says;
    for (const mover of raisers(movers, detections, nowMono)) raiseFor(mover, { zones, graph, outlook, nowMono, deaf, says });
    return says;
  };
}

/** Our own movers as if no neighbour had spoken, and those that are known through one: a relay may add light and never takes any. */
function raisers(movers: MoverReader, detections: readonly Detection[], nowMono: MonoMs): readonly Mover[] {
  const all = movers(detections, nowMono);
  const own = detections.filter(({ isRelayed }) => !isRelayed);
  if (own.length === detections.length) return all;
  return [...movers(own, nowMono), ...all.filter(({ visit, before }) => visit.isRelayed || before?.isRelayed === true)];
}

/** `poles` grows by those of its lamps. */
function zoneWave({ presence, lamps }: Zone, poleOf: (lampId: string) => string | undefined, poles: string[]): readonly ZoneWave[] {
  if (presence === null || presence.wave === null) return [];
  const placed = lamps.flatMap((id) => {
    const pole = poleOf(id);
    return pole === undefined ? [] : [{ id, index: poles.push(pole) - 1 }];
  });
  return [{ wave: presence.wave, holdMs: presence.holdS * 1_000, hearsRelayed: presence.relayedPct !== null, lamps: placed }];
}

/** A lamp that stands nowhere is left to the sensors around it. */
function placedPole(pole: string | undefined, graph: StreetGraph): string | undefined {
  return pole === undefined || graph.distanceM(pole, pole) === null ? undefined : pole;
}

interface WaveMoment {
  readonly zones: readonly ZoneWave[];
  readonly graph: StreetGraph;
  readonly outlook: OutlookReader;
  readonly nowMono: MonoMs;
  readonly deaf: ReadonlySet<string>;
  /** Filled. */
  readonly says: Map<string, WaveSay>;
}

function raiseFor(mover: Mover, moment: WaveMoment): void {
  const { visit } = mover;
  const { nowMono, says } = moment;
  const zones = moment.zones.filter((zone) => isHeard(zone, mover, nowMono));
  const sight = zones.length === 0 ? null : sightOf(mover, moment);
  if (sight === null) return;
  const text = textOf(mover, nowMono);
  for (const zone of zones) {
    for (const { id, untilMono, distanceM } of litLamps(zone, sight)) {
      const say: WaveSay = { untilMono, distanceM, text, level: visit.isRelayed ? 'relayed' : 'boost' };
      const other = says.get(id);
      says.set(id, other === undefined ? say : stronger(other, say));
    }
  }
}

function isHeard({ hearsRelayed, holdMs }: ZoneWave, { visit }: Mover, nowMono: MonoMs): boolean {
  if (visit.isRelayed && !hearsRelayed) return false;
  return nowMono < Math.max(visit.lastMono + holdMs, visit.firstMono + AWAY_MS);
}

function sightOf(mover: Mover, { graph, outlook, deaf, nowMono }: WaveMoment): LampsAround | null {
  const { visit, before } = mover;
  const view = outlook(visit.pole, deaf);
  if (view === undefined) return null;
  const viewBefore = before === null ? undefined : outlook(before.pole, deaf);
  const wayM = before === null ? 0 : (graph.distanceM(before.pole, visit.pole) ?? 0);
  return { mover, view, isAhead: aheadTest(mover, view, viewBefore, wayM), nowMono };
}

/** Own detections before relayed ones; of equals the nearer one speaks and the longer one counts. */
function stronger(a: WaveSay, b: WaveSay): WaveSay {
  if (a.level !== b.level) return a.level === 'boost' ? a : b;
  const nearer = b.distanceM < a.distanceM ? b : a;
  return { ...nearer, untilMono: Math.max(a.untilMono, b.untilMono) };
}

function textOf({ visit, speedMps, before }: Mover, nowMono: MonoMs): string {
  const who = `${visit.isRelayed ? `told by ${visit.source}` : `seen by ${visit.source}`} ${spell(nowMono - visit.lastMono)} ago`;
  if (speedMps !== null) return sentence(`someone at ${Math.round(speedMps * 3.6)} km/h, ${who}`);
  return sentence(before === null && visit.direction === null ? `someone ${who}, going either way` : `someone ${who}`);
}
