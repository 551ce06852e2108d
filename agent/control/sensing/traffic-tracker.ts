/**
 * Tracks the vehicle counts of every zone with traffic, and reports faulty counters.
 *
 * The rules are in `lighting/traffic`. After a start no count is known, so such a zone has the light of its design class for two windows.
 */

import type { TrafficConfig } from '../../core/cabinet.ts';
import { msg } from '../../core/message.ts';
import type { PointId, Reading } from '../../core/words.ts';
import { afterCount, type TrafficCount } from '../../lighting/traffic.ts';
import type { TrackerParts } from './sensor-tracker.ts';

/** The vehicle counts of the zones with traffic. */
export interface TrafficTracker {
  /** Takes the readings of counters. Returns true when a zone now needs a higher step of light than before. */
  take(readings: readonly Reading[]): boolean;
  /** Updates the counts by the newest readings and the time, and reports events. */
  refresh(): void;
  /** Returns the counts by zone; a zone is absent before its first reading or `refresh`. */
  states(): ReadonlyMap<string, TrafficCount>;
}

interface Watched {
  readonly zoneId: string;
  readonly config: TrafficConfig;
  readonly pointIds: readonly PointId[];
}

/**
 * Creates the tracker of the zones with traffic counters. Raises `traffic-not-counted` for a zone with a counter that gives no good value
 * for more than ten minutes.
 */
export function createTrafficTracker({ street, field, clock, events }: TrackerParts): TrafficTracker {
  const watched = street.zones.flatMap(({ id, traffic }): Watched[] =>
    traffic === null
      ? []
      : [{ zoneId: id, config: traffic, pointIds: traffic.counters.map(({ device, point }) => `${device}.${point}` as const) }],
  );
  const states = new Map<string, TrafficCount>();
  const takeOne = ({ zoneId, config }: Watched, reading: Reading | null): boolean => {
    const before = states.get(zoneId);
    const after = afterCount(before, reading, config, clock.monoMs());
    states.set(zoneId, after);
    return before !== undefined && placeOf(after, config) > placeOf(before, config);
  };
  return {
    take: (readings) =>
      watched
        .flatMap((zone) => readings.filter(({ pointId }) => zone.pointIds.includes(pointId)).map((reading) => takeOne(zone, reading)))
        .includes(true),
    refresh() {
      for (const zone of watched) {
        for (const pointId of zone.pointIds) takeOne(zone, field.latest(pointId) ?? null);
        const fault = states.get(zone.zoneId)?.fault ?? null;
        const text =
          fault === null ? msg`all counters count again` : msg`${fault} gives no count: check it; until then the light of the design class`;
        events.set(fault !== null, { code: 'traffic-not-counted', source: zone.zoneId, severity: 'warning', text });
      }
    },
    states: () => states,
  };
}

function placeOf({ step }: TrafficCount, { steps }: TrafficConfig): number {
  return step ?? steps.length;
}
