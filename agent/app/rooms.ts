/**
 * Builds the lighting modules of one configuration: control, panels, sound, energy, diagnosis and their views.
 *
 * They are replaced together with the configuration; overrides, programmes, burning hours and nights persist in the store.
 */

import { pendingProfiles } from '../config/load/pending-profiles.ts';
import { Control } from '../control/control.ts';
import { streetKnowledge } from '../control/street-knowledge.ts';
import { createLightViews } from '../control/views/light-views.ts';
import type { BusTools } from '../core/bus-tools.ts';
import { cabinetPoints } from '../core/cabinet-points.ts';
import { createEventTracker, createRoomEvents } from '../core/event-tracker.ts';
import { msg } from '../core/message.ts';
import { createEnergy } from '../diagnosis/energy-count.ts';
import { createDiagnosis } from '../diagnosis/faults.ts';
import { createMeterClock } from '../diagnosis/meter-clock.ts';
import { withSiteKnowledge } from '../field/bus-tools/site-knowledge.ts';
import { Panels } from '../panels/panels.ts';
import { readOnlyBus } from '../service/run/safe-mode.ts';
import { SoundControl } from '../sound/sound-control.ts';
import { uplinkDevices } from '../sync/sparkplug/cabinet-metrics.ts';
import { createPlatformView } from '../sync/sparkplug/platform-view.ts';
import { createSoundMetrics } from '../sync/sparkplug/sound-metrics.ts';
import type { Joined, Rooms } from './parts.ts';

/** Builds the lighting modules for the configuration in force. Control, panels and energy count are not started yet. */
export function createRooms({ parts, state, clock, field, store, uplink, quietMono, ongoing }: Joined): Rooms {
  const { cabinet, profiles } = state.site;
  const points = cabinetPoints(cabinet, profiles);
  const events = createRoomEvents(clock, ongoing.onEvent);
  const diagnosis = createDiagnosis({ points, clock, onEvent: events.report });
  const meterEvents = createEventTracker(clock, events.report);
  const meterClock = createMeterClock({ points, clock, events: meterEvents });
  const platform = createPlatformView(cabinet, uplinkDevices(cabinet, points, profiles), clock, uplink);
  const rooms = { points } as { -readonly [Part in keyof Rooms]: Rooms[Part] };
  rooms.control = new Control({
    street: cabinet,
    clock,
    field,
    store,
    log: parts.log,
    onEvent: events.report,
    onOutcome: ongoing.onOutcome,
    onDecision(decision) {
      rooms.energy.onDecision(decision);
      platform.decision(decision);
    },
    onIntents: platform.intents,
    onProgrammes: platform.programmes,
    onBlinks: platform.blinks,
    onRelay: (relay) => uplink.relay(relay),
    ...streetKnowledge(cabinet, points, profiles),
    quietUntilMono: quietMono,
  });
  rooms.energy = createEnergy({
    ...{ cabinet, profiles, points, clock, store, field },
    light: rooms.control,
    onNight: platform.night,
    events: meterEvents,
  });
  rooms.panels = new Panels({
    ...{ cabinet, points, clock, field, store, log: parts.log },
    ruleStates: () => rooms.control.snapshot()?.rules ?? new Map(),
    onEvent: events.report,
    onOutcome: ongoing.onOutcome,
    onPanel: platform.panel,
  });
  rooms.sound = new SoundControl({
    ...{ site: cabinet, history: state.soundHistory, sound: cabinet.sound ?? null, points, clock, field, store, log: parts.log },
    onEvent: events.report,
    onOutcome: ongoing.onOutcome,
    onView: createSoundMetrics(clock, uplink),
  });
  rooms.startOthers = () => {
    void rooms.panels.start();
    rooms.energy.start();
    rooms.sound.start();
  };
  rooms.stopOthers = async () => {
    rooms.energy.stop();
    rooms.sound.stop(state.site.cabinet.sound ?? null);
    await rooms.panels.stop();
  };
  rooms.light = createLightViews({ street: cabinet, clock, control: rooms.control });
  rooms.onReadings = (readings) => {
    // Light first: a detection must not wait for statistics.
    rooms.control.onReadings(readings);
    rooms.sound.onReadings(readings);
    diagnosis.onReadings(readings);
    meterClock.onReadings(readings);
    rooms.energy.onReadings(readings);
    rooms.panels.onReadings(readings);
  };
  rooms.close = () => events.close(msg`the configuration changed`);
  return rooms;
}

/** Returns the technician's requests on the lines, with the configuration's data about the devices. In safe mode scans and writes are refused. */
export function busOf({ parts, state: { site }, field }: Joined): BusTools {
  const { cabinet, profiles } = site;
  const bus = { ...withSiteKnowledge(field.bus, cabinet, profiles), pendingProfiles: pendingProfiles(cabinet.profileDirs, profiles) };
  return (parts.guard?.mode ?? 'normal') === 'normal' ? bus : readOnlyBus(bus);
}
