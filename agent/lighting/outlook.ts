/** The surroundings of a pole for a moving person: how far each lamp is, and where the person would be detected next. Pure. */
import type { LightingStreet } from './lighting.ts';
import { SENSOR_RANGE_M } from './movers.ts';
import type { StreetGraph } from './street-graph.ts';

/**
 * Distances from one pole, for a person who leaves it. The arrays have the order of the `lampPoles` of `createOutlookReader`, where a pole
 * may occur more than once. Units: m, except the flags `isUp` and `isDown`.
 */
export interface Outlook {
  /** To the lamp; infinite if there is no way. */
  readonly distanceM: Float64Array;
  /** To the first sensor on the way, before the lamp and not near the pole; infinite if there is none. */
  readonly sensorM: Float64Array;
  /** As `sensorM` if that is finite. Otherwise to the first sensor at or beyond the lamp, not near the pole; infinite if there is none. */
  readonly nextSensorM: Float64Array;
  /** To the place where the person is detected next or leaves the street; 0 if there is no way. */
  readonly placeM: Float64Array;
  /**
   * 1 for lamps that may be ahead towards larger, and towards smaller, distances of the pole's street, otherwise 0. A lamp may have 1 in
   * both.
   */
  readonly isUp: Uint8Array;
  readonly isDown: Uint8Array;
}

/**
 * Returns the distances from a pole; undefined if the graph has no place for the pole. `deaf`: devices of sensors to ignore. The result is
 * cached: do not change it.
 */
export type OutlookReader = (pole: string, deaf: ReadonlySet<string>) => Outlook | undefined;

/**
 * Creates the function that returns the distances from a pole of the street to these lamp poles, in arrays in their order. `graph`: that
 * of the street.
 */
export function createOutlookReader(street: LightingStreet, graph: StreetGraph, lampPoles: readonly string[]): OutlookReader {
  const sensors = sensorPlaces(street);
  let known = new Map<string, Outlook>();
  let knownDeaf = '';
  return (pole, deaf) => {
    const nowDeaf = deaf.size === 0 ? '' : [...deaf].sort().join('\n');
    if (nowDeaf !== knownDeaf) known = new Map();
    knownDeaf = nowDeaf;
    const before = known.get(pole);
    if (before !== undefined || graph.distanceM(pole, pole) === null) return before;
    const listening = sensors.filter(({ device }) => !deaf.has(device)).map((sensor) => sensor.pole);
    const outlook = outlookFrom(pole, lampPoles, { graph, listening, poles: street.poles.map(({ id }) => id) });
    known.set(pole, outlook);
    return outlook;
  };
}

/** The sensors that would detect a passing person: not buttons, and not sensors that follow the group. */
function sensorPlaces({ zones, lines = [] }: LightingStreet): readonly { readonly device: string; readonly pole: string }[] {
  const poleOf = new Map(lines.flatMap((line) => line.devices).map(({ id, pole }) => [id, pole]));
  const sensors = zones
    .flatMap(({ presence }) => presence?.sensors ?? [])
    .filter(({ kind, listen }) => kind !== 'button' && listen === 'own');
  return sensors.flatMap(({ device }) => {
    const pole = poleOf.get(device) ?? null;
    return pole === null ? [] : [{ device, pole }];
  });
}

interface Surroundings {
  readonly graph: StreetGraph;
  readonly listening: readonly string[];
  readonly poles: readonly string[];
}

function outlookFrom(pole: string, lampPoles: readonly string[], around: Surroundings): Outlook {
  const { graph } = around;
  const farM = (to: string): number => graph.distanceM(pole, to) ?? Number.POSITIVE_INFINITY;
  // If two sensors cover the same place, the silence of one proves nothing.
  const others = around.listening.filter((sensor) => farM(sensor) > SENSOR_RANGE_M);
  const distanceM = Float64Array.from(lampPoles, farM);
  const sensorM = Float64Array.from(lampPoles, (lamp) => {
    const onTheWay = others.filter((sensor) => farM(sensor) < farM(lamp) && graph.isBeyond(pole, sensor, lamp));
    return Math.min(...onTheWay.map(farM));
  });
  const isBeyond = (lamp: string, to: string): boolean => graph.isBeyond(pole, lamp, to);
  const nextSensorM = Float64Array.from(lampPoles, (lamp, index) => {
    const first = sensorM[index] ?? Number.POSITIVE_INFINITY;
    return Number.isFinite(first) ? first : Math.min(...others.filter((to) => isBeyond(lamp, to)).map(farM));
  });
  const placeM = nextSensorM.map((nextM, index) => {
    const lamp = lampPoles[index] ?? pole;
    return Number.isFinite(nextM) ? nextM : Math.max(0, ...around.poles.filter((to) => isBeyond(lamp, to)).map(farM));
  });
  const side = (direction: 1 | -1): Uint8Array => Uint8Array.from(lampPoles, (lamp) => Number(graph.isTowards(pole, lamp, direction)));
  return { distanceM, sensorM, nextSensorM, placeM, isUp: side(1), isDown: side(-1) };
}
