/**
 * All that the street says, as the part of a snapshot that lighting decides by.
 *
 * Owns the joining of sensors, photocells, counters, rules and contacts. Decides nothing.
 */
import { type Clock, isTrusted, type MonoMs } from '../../core/clock.ts';
import type { EventTracker } from '../../core/event-tracker.ts';
import type { Field } from '../../core/ports.ts';
import type { Decision, Intent, PointId, Reading } from '../../core/words.ts';
import type { Decider } from '../../lighting/decide.ts';
import type { Detection, LightingSnapshot, LightingStreet, SensorState } from '../../lighting/lighting.ts';
import { isDarkAt } from '../../lighting/night.ts';
import type { SunNow } from '../../lighting/photocell.ts';
import { sunAltitudeDeg } from '../../lighting/sun.ts';
import type { ContactTracker } from './contact-tracker.ts';
import { createPhotocellTracker, type PhotocellTrackerParts } from './photocell-tracker.ts';
import { createRuleTracker } from './rule-tracker.ts';
import { createSensorTracker } from './sensor-tracker.ts';
import { createTrafficTracker } from './traffic-tracker.ts';

export interface StreetSensingParts {
  readonly street: LightingStreet;
  readonly clock: Clock;
  readonly field: Pick<Field, 'latest'>;
  readonly events: EventTracker;
  readonly plan: Decider['plan'];
  readonly contacts: Pick<ContactTracker, 'take' | 'intents'>;
  /** As of the photocells. */
  readonly onFaults?: PhotocellTrackerParts['onFaults'];
}

export type SensedSnapshot = Required<Pick<LightingSnapshot, 'sensors' | 'photocells' | 'traffic' | 'rules'>>;

export interface StreetSensing {
  /** What an earlier start has kept of the photocells. */
  restore(faults: unknown): void;
  /** True when what was said cannot wait for the next tick. */
  take(readings: readonly Reading[]): boolean;
  /** What passes by time alone. */
  refresh(): void;
  snapshot(): SensedSnapshot;
  /** Our own, oldest first. */
  detections(): readonly Detection[];
  sensorStates(): ReadonlyMap<PointId, SensorState>;
  /** What contacts ask for. */
  intents(): readonly Intent[];
  /** The light is about to change by our own hand. */
  notice(decisions: readonly Decision[]): void;
  detectionCount(): number;
}

export function createStreetSensing({
  street,
  clock,
  field,
  events,
  plan,
  contacts,
  onFaults = () => {},
}: StreetSensingParts): StreetSensing {
  const levels = new Map<string, number>();
  const changed = new Map<string, MonoMs>();
  const sensors = createSensorTracker({ street, field, clock, events, ownChangeMono: (lampId) => changed.get(lampId) ?? null });
  const photocells = createPhotocellTracker({ street, field, clock, events, isZoneLit, sunOf, onFaults });
  const traffic = createTrafficTracker({ street, field, clock, events });
  const rules = createRuleTracker({ street, field, clock });

  function isZoneLit(zoneId: string): boolean {
    return (street.zones.find(({ id }) => id === zoneId)?.lamps ?? []).some((lampId) => (levels.get(lampId) ?? 0) > 0);
  }

  function sunOf(zoneId: string): SunNow | null {
    const found = plan(zoneId);
    if (found === undefined || !isTrusted(clock.quality())) return null;
    const nowMs = clock.wallMs();
    const night = found.nights.at(nowMs);
    const { duskMs, dawnMs } = night;
    return { nowMs, duskMs, dawnMs, isNight: isDarkAt(night, nowMs), altitudeDeg: sunAltitudeDeg(street, nowMs) };
  }

  return {
    restore: photocells.restore,
    take(readings) {
      photocells.take(readings);
      const isSomeone = sensors.take(readings);
      const isMore = traffic.take(readings);
      const isRule = rules.take(readings);
      const isAsked = contacts.take(readings, { nowMs: clock.wallMs(), nowMono: clock.monoMs() });
      return isSomeone || isMore || isRule || isAsked;
    },
    refresh() {
      sensors.refresh();
      photocells.refresh();
      traffic.refresh();
      rules.refresh({ sensors: sensors.states(), traffic: traffic.states() });
    },
    snapshot: () => ({ sensors: sensors.states(), photocells: photocells.states(), traffic: traffic.states(), rules: rules.states() }),
    detections: () => sensors.recent(),
    sensorStates: () => sensors.states(),
    intents: () => contacts.intents(),
    notice(decisions) {
      for (const { lampId, levelPct } of decisions) {
        if (levels.get(lampId) === levelPct) continue;
        levels.set(lampId, levelPct);
        changed.set(lampId, clock.monoMs());
      }
    },
    detectionCount: () => sensors.detections(),
  };
}
