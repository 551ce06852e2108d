/** Finds zones that presence raises for longer than people stay, using the rules of `lighting/long-raise`, and reports them. */

import type { PresenceConfig, Zone } from '../../core/cabinet.ts';
import { msg } from '../../core/message.ts';
import type { Decision, PointId } from '../../core/words.ts';
import type { SensorState } from '../../lighting/lighting.ts';
import { afterRaise, type LongRaise } from '../../lighting/long-raise.ts';
import { sensorPointOf } from '../../lighting/presence.ts';
import { spell } from '../../lighting/spell.ts';
import type { TrackerParts } from './sensor-tracker.ts';

/** Watches how long presence at their own sensors raises zones. Too long: for `maxBoostS` of the zone without a pause. */
export interface LongRaiseTracker {
  /** Takes the newest decisions of all lamps, for the next `refresh`. */
  notice(decisions: readonly Decision[]): void;
  /** Judges each zone with presence by its newest decisions and its own sensors, and reports the event. */
  refresh(sensors: ReadonlyMap<PointId, SensorState>): void;
  /**
   * Ids of the zones that presence raised for too long, as of the last `refresh`. A zone remains until its sensors with `listen: own` have
   * detected nothing for a minute, or until day. A silent or stuck sensor counts as one that detects nothing.
   */
  over(): ReadonlySet<string>;
}

/** Creates the tracker. It reports `presence-too-long` for a zone that presence has raised for its `maxBoostS` without a pause. */
export function createLongRaiseTracker({ street, clock, events }: Omit<TrackerParts, 'field'>): LongRaiseTracker {
  const zones = street.zones.flatMap((zone) => (zone.presence === null ? [] : [{ zone, presence: zone.presence }]));
  const raises = new Map<string, LongRaise>();
  let byLamp: ReadonlyMap<string, Decision> = new Map();
  let over: ReadonlySet<string> = new Set();

  function judge({ zone, presence }: (typeof zones)[number], sensors: ReadonlyMap<PointId, SensorState>): void {
    const nowMono = clock.monoMs();
    const decisions = zone.lamps.flatMap((id) => byLamp.get(id) ?? []);
    const isNight = decisions.some(({ reason }) => reason !== 'day');
    const isRaised = decisions.some(({ rank }) => rank === 'presence');
    const shown = { isNight, isRaised, stillMs: stillMs(presence, sensors, nowMono) };
    const after = afterRaise(raises.get(zone.id), shown, presence, nowMono);
    if (after === undefined) raises.delete(zone.id);
    else raises.set(zone.id, after);
    report(zone, presence, after?.isOver === true);
  }

  function report({ id }: Zone, { maxBoostS }: PresenceConfig, isOver: boolean): void {
    const began = msg`${id}: presence has raised the light for ${spell(maxBoostS * 1_000)} without a pause; the programme applies until all its sensors have been clear for a minute; check what they detect`;
    const text = isOver ? began : msg`${id}: presence raises the light again`;
    events.set(isOver, { code: 'presence-too-long', source: id, severity: 'warning', text });
  }

  return {
    notice(decisions) {
      byLamp = new Map(decisions.map((decision) => [decision.lampId, decision]));
    },
    refresh(sensors) {
      for (const zone of zones) judge(zone, sensors);
      over = new Set([...raises].filter(([, { isOver }]) => isOver).map(([id]) => id));
    },
    over: () => over,
  };
}

/** Time since any sensor of a zone detected a person; infinite if none ever did. Units: ms. */
function stillMs({ sensors }: PresenceConfig, states: ReadonlyMap<PointId, SensorState>, nowMono: number): number {
  const lastMono = sensors
    .filter(({ listen }) => listen === 'own')
    .flatMap((sensor) => states.get(sensorPointOf(sensor))?.lastPresentMono ?? []);
  return nowMono - Math.max(Number.NEGATIVE_INFINITY, ...lastMono);
}
