/**
 * The rooms of light: control, energy, diagnosis and what the console sees of them. They are made for one configuration and exchanged
 * together with it; what they must remember (overrides, programmes, burning hours, nights) goes through the store.
 *
 * Owns the joining of these rooms with field, store and uplink. Part of `app.ts`.
 */

import type { Site } from '../config/revisions/touched-parts.ts';
import { type Control, createControl } from '../control/control.ts';
import { streetKnowledge } from '../control/street-knowledge.ts';
import { createLightViews, type LightViews } from '../control/views/light-views.ts';
import { type CabinetPoint, cabinetPoints } from '../core/cabinet-points.ts';
import type { Clock, MonoMs } from '../core/clock.ts';
import type { Field, Log, Store, Uplink } from '../core/ports.ts';
import { createRoomEvents } from '../core/room-events.ts';
import type { AgentEvent, Decision, Outcome, PointId, Reading } from '../core/words.ts';
import { createDiagnosis } from '../diagnosis/diagnosis.ts';
import { createEnergy, type Energy } from '../diagnosis/energy-count.ts';
import { uplinkDevices } from '../sync/sparkplug/cabinet-metrics.ts';
import { createPlatformView } from '../sync/sparkplug/platform-view.ts';

export interface RoomsParts {
  readonly site: Site;
  readonly clock: Clock;
  readonly log: Log;
  readonly field: Field;
  readonly store: Store;
  readonly uplink: Pick<Uplink, 'update' | 'relay'>;
  readonly quietUntilMono: MonoMs;
  readonly onEvent: (event: AgentEvent) => void;
  readonly onOutcome: (outcome: Outcome) => void;
}

export interface Rooms {
  readonly site: Site;
  readonly points: ReadonlyMap<PointId, CabinetPoint>;
  readonly control: Control;
  readonly energy: Energy;
  readonly light: LightViews;
  onReadings(readings: readonly Reading[]): void;
  /** Ends what they found wrong: their successors tell it anew where it lasts. */
  close(): void;
}

export function createRooms(parts: RoomsParts): Rooms {
  const { site, clock, log, field, store, uplink } = parts;
  const { cabinet, profiles } = site;
  const points = cabinetPoints(cabinet, profiles);
  const events = createRoomEvents(clock, parts.onEvent);
  const diagnosis = createDiagnosis({ points, clock, onEvent: events.tell });
  const platform = createPlatformView({ cabinet, devices: uplinkDevices(cabinet, points, profiles), clock, uplink });
  const control = createControl({
    street: cabinet,
    clock,
    field,
    store,
    log,
    onEvent: events.tell,
    onOutcome: parts.onOutcome,
    onDecision,
    onIntents: platform.intents,
    onProgrammes: platform.programmes,
    onBlinks: platform.blinks,
    verificationOf,
    onRelay: (relay) => uplink.relay(relay),
    ...streetKnowledge(cabinet, points),
    quietUntilMono: parts.quietUntilMono,
  });
  const energy = createEnergy({ cabinet, profiles, points, clock, store, field, control, onNight: platform.night });

  return {
    site,
    points,
    control,
    energy,
    light: createLightViews({ street: cabinet, clock, control }),
    onReadings(readings) {
      // Light first: a detection must not wait for bookkeeping.
      control.onReadings(readings);
      diagnosis.onReadings(readings);
      energy.onReadings(readings);
    },
    close: () => events.close('the configuration changed'),
  };

  function onDecision(decision: Decision): void {
    energy.onDecision(decision);
    platform.decision(decision);
  }

  function verificationOf(lampId: string) {
    const lamp = cabinet.lamps.find(({ id }) => id === lampId);
    const write = lamp === undefined ? null : (points.get(`${lamp.device}.${lamp.point}`)?.profile.write ?? null);
    return { settleMs: write?.settleMs ?? 1_000, tolerance: write?.tolerance ?? 0 };
  }
}
