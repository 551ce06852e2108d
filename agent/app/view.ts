/**
 * The view of a running agent for the console. It exists for the whole run, so it looks up parts of the configuration at each call.
 */
import { createPersonCommands } from '../control/views/light-views.ts';
import { recordedAt } from '../control/views/past-light.ts';
import type { Cabinet } from '../core/cabinet.ts';
import type { RecordQuery } from '../core/decision-record.ts';
import { type AgentView, profileView, type StatusView } from '../core/views.ts';
import { withDeviceFaults, withLampTrouble } from '../diagnosis/faults-in-views.ts';
import { pointViews } from '../field/field-views.ts';
import { createPanelTools } from '../panels/panels.ts';
import { statusView } from '../service/status-view.ts';
import { storeView } from '../store/store-view.ts';
import type { Joined } from './parts.ts';
import { reportsFor } from './reports.ts';
import { snifferFor } from './sniffer.ts';

/** Returns the view of this agent for the console. Read its members at each use: a new configuration replaces some of them. */
export function createAgentView(joined: Joined): AgentView {
  const { parts, state, clock, startedMono, store, uplink, self, ongoing, field, access } = joined;
  const cabinet = (): Cabinet => state.site.cabinet;
  return {
    status: () => agentStatus(joined),
    devices: () => deviceViews(joined),
    points: (filter) => pointViews(state.rooms.points, field, { filter, nowMono: clock.monoMs() }),
    why: (id) => whyNow(joined, id),
    whyAt: (id, atMs) => state.rooms.light.whyAt(id, atMs),
    recordedAt: (id, atMs) => recordedAt({ store, flush: () => state.rooms.control.flushRecord() }, id, atMs),
    get light() {
      return state.rooms.light.light;
    },
    get panels() {
      return createPanelTools(state.rooms.panels);
    },
    get sound() {
      return state.rooms.sound.tools();
    },
    alarms: joined.alarms,
    acceptance: joined.acceptance,
    ...createPersonCommands(() => state.rooms.control, clock),
    get bus() {
      return state.bus;
    },
    sniffer: snifferFor(joined),
    recorder: joined.flight.recorder,
    audit: joined.audit,
    access,
    events: ongoing.events,
    readEvents: ongoing.readEvents,
    uplink: () => uplinkView(joined),
    get uplinkTools() {
      return uplink.current?.tools ?? null;
    },
    testUplink: async (request, onStep) => uplink.current?.tools.test(request, onStep),
    history: store.history,
    exportPage: store.exportPage,
    decisions: (query) => recordedDecisions(joined, query),
    store: () =>
      storeView({ cabinet: cabinet(), store, chores: () => joined.housekeeping.view(), upMs: () => clock.monoMs() - startedMono }),
    checkStore: store.check,
    backupStore: store.backup,
    energy: (query) => state.rooms.energy.view(query),
    meterLoads: () => state.rooms.loads.views(),
    predictions: () => state.rooms.wear.predictions(),
    savings: joined.savings.tools(),
    reports: reportsFor(joined),
    config: joined.revisions,
    logFeed: parts.logFeed ?? null,
    metrics: self.metrics,
    updates: joined.updates?.manager ?? null,
    profiles: () => [...state.site.profiles.values()].map((profile) => profileView(profile, cabinet())),
    profile: (id) => state.site.profiles.get(id),
    get language() {
      return cabinet().console.language;
    },
    names: () => namesOf(cabinet(), field),
  };
}

function agentStatus({ parts, state, clock, field, store, uplink, ongoing, alarms, startedMono }: Joined): ReturnType<AgentView['status']> {
  return statusView({
    ...{ cabinet: state.site.cabinet, version: parts.version, clock, store, control: state.rooms.control, uplink, startedMono },
    programmes: new Map(state.rooms.light.light.zones().map(({ id, programme }) => [id, programme])),
    field: { lines: () => field.lines(), devices: () => field.devices().map((device) => state.rooms.watch.withSupply(device)) },
    activeEvents: ongoing.activeEvents(),
    isInMaintenance: (kind, id) => alarms.isInMaintenance(kind, id),
    firstPollMono: state.firstPollMono,
    counters: countersOf(state),
  });
}

function deviceViews({ state, field, ongoing }: Joined): ReturnType<AgentView['devices']> {
  const events = ongoing.activeEvents();
  return field.devices().map((device) => state.rooms.watch.withSupply(withDeviceFaults(device, events)));
}

/** What the recorder still has in memory is passed on first. */
function recordedDecisions({ state, store }: Joined, query: RecordQuery): ReturnType<AgentView['decisions']> {
  state.rooms.control.flushRecord();
  return store.decisions(query);
}

function whyNow({ state, ongoing }: Joined, id: string): ReturnType<AgentView['why']> {
  const view = state.rooms.light.why(id);
  const events = ongoing.activeEvents();
  return (
    view && {
      ...view,
      lamps: view.lamps.map((lamp) => withLampTrouble(lamp, state.site.cabinet, events, state.rooms.watch.feederOf(lamp.id))),
    }
  );
}

async function uplinkView({ state, store, uplink }: Joined): ReturnType<AgentView['uplink']> {
  const { epoch, backlogFrames, gaps, readingsLost, lossesEstimated } = await store.status();
  const { uplink: config } = state.site.cabinet;
  return {
    ...uplink.status(),
    group: config?.group ?? '',
    node: config?.node ?? '',
    primaryHost: config?.primaryHost ?? null,
    store: { epoch, backlogFrames, gaps, readingsLost, lossesEstimated },
  };
}

function namesOf({ lamps, zones, panels, lines, poles }: Cabinet, field: Joined['field']): ReturnType<AgentView['names']> {
  return {
    lamps: lamps.map(({ id }) => id),
    zones: zones.map(({ id }) => id),
    devices: field.devices().map(({ id }) => id),
    panels: panels.map(({ id }) => id),
    lines: lines.map(({ id }) => id),
    modbusLines: lines.flatMap(({ id, kind }) => (kind === 'uart' ? [] : [id])),
    poles: poles.map(({ id }) => ({ id, lamps: lamps.flatMap((lamp) => (lamp.pole === id ? [lamp.id] : [])) })),
  };
}

/** Counters of this run, over all its configurations. */
function countersOf({ rooms, countedBefore }: Joined['state']): Pick<StatusView, 'detections' | 'lampsRaised'> {
  const { detections, lampsRaised } = rooms.control.counters();
  return { detections: countedBefore.detections + detections, lampsRaised: countedBefore.lampsRaised + lampsRaised };
}
