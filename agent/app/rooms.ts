/**
 * The rooms of light: control, energy, diagnosis and what the console sees of them. They are made for one configuration and exchanged
 * together with it; what they must remember (overrides, programmes, burning hours, nights) goes through the store.
 *
 * Owns the joining of these rooms with field, store and uplink. Part of `app.ts`.
 */

import type { Site } from '../config/touched-parts.ts';
import { type Control, createControl } from '../control/control.ts';
import { createLightViews, type LightViews } from '../control/light-views.ts';
import { streetKnowledge } from '../control/street-knowledge.ts';
import { type CabinetPoint, cabinetPoints, LAMP_METRIC, uplinkDevices } from '../core/cabinet-points.ts';
import type { Clock, MonoMs } from '../core/clock.ts';
import type { Field, Log, Store, Uplink } from '../core/ports.ts';
import { createRoomEvents } from '../core/room-events.ts';
import type { AgentEvent, Decision, Intent, Outcome, PointId, Reading } from '../core/words.ts';
import { createDiagnosis } from '../diagnosis/diagnosis.ts';
import { createEnergy, type Energy } from '../diagnosis/energy-count.ts';
import { byStrength } from '../lighting/intents.ts';
import { createPlatformView } from '../sync/shown-commands.ts';
import { publishZoneNight } from '../sync/zone-energy.ts';

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
  const devices = uplinkDevices(cabinet, points, profiles);
  const targets = devices.flatMap(({ id, target }) => (target === null ? [] : [{ id, target }]));
  const events = createRoomEvents(clock, parts.onEvent);
  const diagnosis = createDiagnosis({ points, clock, onEvent: events.tell });
  const platform = createPlatformView({ cabinet, clock, uplink });
  const control = createControl({
    street: cabinet,
    clock,
    field,
    store,
    log,
    onEvent: events.tell,
    onOutcome: parts.onOutcome,
    onDecision,
    onIntents,
    onProgrammes: (choices) => platform.programmes(choices),
    onBlinks: (running) => platform.blinks(running),
    verificationOf,
    onRelay: (relay) => uplink.relay(relay),
    ...streetKnowledge(cabinet, points),
    quietUntilMono: parts.quietUntilMono,
  });
  const energy = createEnergy({
    ...{ cabinet, profiles, points, clock, store, field },
    light: control,
    onNight: (night) => publishZoneNight(uplink, night),
  });

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
    const { lampId, levelPct, rank, reason } = decision;
    const at = { quality: 'good', atMs: clock.wallMs() } as const;
    uplink.update(lampId, LAMP_METRIC.wanted, { value: levelPct, ...at });
    uplink.update(lampId, LAMP_METRIC.rank, { value: rank, ...at });
    uplink.update(lampId, LAMP_METRIC.reason, { value: reason, ...at });
  }

  /** What is in force on a lamp or zone itself, for the platform; a wish for the zone is not repeated on its lamps. */
  function onIntents(intents: readonly Intent[]): void {
    platform.emergency(intents);
    for (const { id, target } of targets) {
      const own = intents.filter((intent) => intent.target.kind === target.kind && intent.target.id === target.id);
      const strongest = own.toSorted(byStrength)[0];
      const at = { quality: 'good', atMs: clock.wallMs() } as const;
      uplink.update(id, 'Override/Level', { value: strongest?.levelPct ?? null, ...at });
      uplink.update(id, 'Override/Until', { value: strongest?.untilMs ?? null, ...at });
      uplink.update(id, 'Override/Reason', { value: strongest?.reason ?? null, ...at });
    }
  }

  function verificationOf(lampId: string) {
    const lamp = cabinet.lamps.find(({ id }) => id === lampId);
    const write = lamp === undefined ? null : (points.get(`${lamp.device}.${lamp.point}`)?.profile.write ?? null);
    return { settleMs: write?.settleMs ?? 1_000, tolerance: write?.tolerance ?? 0 };
  }
}
