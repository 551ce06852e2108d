/**
 * Builds the lighting modules of one configuration: control, panels, sound, energy, diagnosis and their views.
 *
 * They are replaced together with the configuration; overrides, programmes, burning hours and nights persist in the store.
 */

import { pendingProfiles } from '../config/load/pending-profiles.ts';
import { Control } from '../control/control.ts';
import { DecisionRecorder } from '../control/record/decision-recorder.ts';
import { streetKnowledge } from '../control/street-knowledge.ts';
import { createLightViews } from '../control/views/light-views.ts';
import type { BusTools } from '../core/bus-tools.ts';
import type { Cabinet } from '../core/cabinet.ts';
import { cabinetPoints } from '../core/cabinet-points.ts';
import { createEventTracker, createRoomEvents } from '../core/event-tracker.ts';
import { msg } from '../core/message.ts';
import { createEnergy } from '../diagnosis/energy-count.ts';
import { createDiagnosis } from '../diagnosis/faults.ts';
import { createMeterClock } from '../diagnosis/meter-clock.ts';
import { LoadMonitor } from '../diagnosis/night-load/load-monitor.ts';
import { Watch } from '../diagnosis/watch/watch.ts';
import { Wear } from '../diagnosis/wear/wear.ts';
import { withSiteKnowledge } from '../field/bus-tools/site-knowledge.ts';
import { Panels, type PanelsParts } from '../panels/panels.ts';
import { readOnlyBus } from '../service/run/safe-mode.ts';
import { SoundControl } from '../sound/sound-control.ts';
import { uplinkDevices } from '../sync/sparkplug/cabinet-metrics.ts';
import { createPlatformView } from '../sync/sparkplug/platform-view.ts';
import { createSoundMetrics } from '../sync/sparkplug/sound-metrics.ts';
import type { Joined, Rooms } from './parts.ts';

/** Builds the modules for the configuration in force, such as light control, panels and sound. None of them is started yet. */
export function createRooms(joined: Joined): Rooms {
  const { parts, state, clock, field, store, uplink, quietMono, ongoing, flight, savings } = joined;
  const { cabinet, profiles } = state.site;
  const points = cabinetPoints(cabinet, profiles);
  const events = createRoomEvents(clock, ongoing.onEvent);
  const diagnosis = createDiagnosis({ points, clock, onEvent: events.report });
  const meterEvents = createEventTracker(clock, events.report);
  const meterClock = createMeterClock({ points, clock, events: meterEvents });
  const platform = createPlatformView(cabinet, uplinkDevices(cabinet, points, profiles), clock, uplink);
  const rooms = { points } as { -readonly [Part in keyof Rooms]: Rooms[Part] };
  rooms.watch = new Watch({
    ...{ cabinet, points, profiles, clock, store, held: state.heldEvents, onEvent: ongoing.onEvent },
    light: { decisions: () => rooms.control.decisions(), outputs: () => rooms.control.outputs() },
  });
  rooms.loads = new LoadMonitor({ cabinet, points, profiles, clock, store, onEvent: ongoing.onEvent });
  rooms.control = new Control({
    ...{ street: cabinet, clock, field, store, log: parts.log, onOutcome: ongoing.onOutcome },
    onEvent: (event) => rooms.watch.takeLightEvent(event, events.report),
    onDecision(decision) {
      rooms.energy.onDecision(decision);
      flight.memory.decision(decision);
      platform.decision(decision);
    },
    onIntents: platform.intents,
    onProgrammes: platform.programmes,
    onBlinks: platform.blinks,
    onRelay: (relay) => uplink.relay(relay),
    ...streetKnowledge(cabinet, points, profiles),
    quietUntilMono: quietMono,
    recorder: recorderOf(joined),
  });
  rooms.energy = createEnergy({
    ...{ cabinet, profiles, points, clock, store, field },
    light: rooms.control,
    onNight: platform.night,
    events: meterEvents,
  });
  rooms.wear = new Wear({ cabinet, points, clock, store, events: meterEvents, ...wearSources(rooms) });
  const shared = { points, clock, field, store, log: parts.log, onEvent: events.report, onOutcome: ongoing.onOutcome };
  const ruleStates = (): ReturnType<PanelsParts['ruleStates']> => rooms.control.snapshot()?.rules ?? new Map();
  rooms.panels = new Panels({ ...shared, cabinet, ruleStates, paces: state.panelPaces, onPanel: platform.panel });
  const { sound = null } = cabinet;
  rooms.sound = new SoundControl({
    ...shared,
    site: cabinet,
    history: state.soundHistory,
    sound,
    onView: createSoundMetrics(clock, uplink),
  });
  Object.assign(rooms, othersOf(rooms, joined));
  rooms.light = createLightViews({ street: cabinet, clock, control: rooms.control });
  // Light first: a detection must not wait for statistics.
  const { control, watch, loads, wear, energy, panels } = rooms;
  const receivers = [control, rooms.sound, diagnosis, watch, loads, wear, meterClock, energy, panels, savings];
  rooms.onReadings = (readings) => {
    for (const receiver of receivers) receiver.onReadings(readings);
  };
  rooms.close = () => events.close(msg`the configuration changed`);
  return rooms;
}

/** Read when they are needed, as the modules are built one after the other. */
function wearSources(rooms: Pick<Rooms, 'control' | 'watch'>) {
  return {
    decisions: () => rooms.control.decisions(),
    powerDriftPct: () => rooms.watch.powerDriftPct(),
    burningH: () => rooms.control.burningHours(),
  };
}

/** Records the decisions of the configuration in force. The revisions are known only once all parts are built. */
function recorderOf(joined: Joined): DecisionRecorder {
  const { parts, state, store } = joined;
  const revision = (): number | null => joined.revisions?.view('').running.number ?? null;
  return new DecisionRecorder({ street: state.site.cabinet, store, log: parts.log, version: parts.version, revision });
}

/**
 * Starts the light control, and that of a configuration that replaces it while it starts. Resolves when the control in force has started,
 * or when the agent stops.
 */
export async function startControl(state: Joined['state']): Promise<void> {
  for (let begun: unknown = null; begun !== state.rooms.control && !state.isStopping; ) {
    begun = state.rooms.control;
    await state.rooms.control.start();
  }
}

/**
 * Stops the modules of the previous configuration and the proof of savings, and calls `close` of `Rooms`. A sound player is left as it is
 * if the next configuration has a place with it and all its amplifiers. Adds the counts of detections and raised lamps to those of the
 * run. Shape: `state.site` is the next configuration already.
 */
export async function leaveRooms({ state }: Joined): Promise<void> {
  const { detections, lampsRaised } = state.rooms.control.counters();
  const before = state.countedBefore;
  state.countedBefore = { detections: before.detections + detections, lampsRaised: before.lampsRaised + lampsRaised };
  await state.rooms.control.stop();
  await state.rooms.stopOthers();
  state.rooms.close();
}

/** A change of the configuration may start or stop the modules before the start of the agent comes to them. */
function othersOf(rooms: Rooms, { state, savings }: Joined): Pick<Rooms, 'startOthers' | 'stopOthers'> {
  let isWaiting = true;
  return {
    startOthers() {
      if (isWaiting) startOthers(rooms, savings);
      isWaiting = false;
    },
    stopOthers() {
      isWaiting = false;
      return stopOthers(rooms, state.site.cabinet, savings);
    },
  };
}

function startOthers({ panels, energy, sound, watch, loads, wear }: Rooms, savings: Joined['savings']): void {
  void panels.start();
  energy.start();
  watch.start();
  loads.start();
  wear.start();
  sound.start();
  void savings.start();
}

/** Players of sound places that `next` still has are left as they are. */
async function stopOthers(
  { panels, energy, sound, watch, loads, wear }: Rooms,
  next: Pick<Cabinet, 'sound'>,
  savings: Joined['savings'],
): Promise<void> {
  savings.stop();
  energy.stop();
  watch.stop();
  loads.stop();
  wear.stop();
  sound.stop(next.sound ?? null);
  await panels.stop();
}

/**
 * Returns the technician's requests on the lines, with the data of the configuration in force now. Unless the start mode is `normal`,
 * `scan` and `write` reject with Refusal.
 */
export function busOf({ parts, state: { site }, field }: Joined): BusTools {
  const { cabinet, profiles } = site;
  const bus = { ...withSiteKnowledge(field.bus, cabinet, profiles), pendingProfiles: pendingProfiles(cabinet.profileDirs, profiles) };
  return (parts.guard?.mode ?? 'normal') === 'normal' ? bus : readOnlyBus(bus);
}
