/**
 * What the console sees of a running agent: what each part says of itself at the moment it is asked.
 *
 * Owns nothing. It stays for the whole run: what is exchanged with a configuration is looked up each time.
 */
import { createPersonCommands } from '../control/requests/person-commands.ts';
import type { Cabinet } from '../core/cabinet.ts';
import { profileView } from '../core/profile-view.ts';
import type { AgentView, StatusView } from '../core/views.ts';
import { withDeviceFaults, withLampTrouble } from '../diagnosis/faults-in-views.ts';
import { pointViews } from '../field/point-views.ts';
import { statusView } from '../service/status-view.ts';
import { storeView } from '../store/store-view.ts';
import type { Joined } from './joined.ts';

type Neighbours = Pick<
  Joined,
  'parts' | 'state' | 'clock' | 'startedMono' | 'store' | 'uplink' | 'self' | 'ongoing' | 'field' | 'updates' | 'revisions' | 'access'
> & { readonly housekeeping: () => Joined['housekeeping'] };

export function createAgentView(joined: Neighbours): AgentView {
  const { parts, state, clock, startedMono, store, uplink, self, ongoing, field, access } = joined;
  const cabinet = (): Cabinet => state.site.cabinet;
  const control = (): Joined['state']['rooms']['control'] => state.rooms.control;
  return {
    status: () =>
      statusView({
        ...{ cabinet: cabinet(), version: parts.version, clock, field, store, control: control(), uplink, startedMono },
        activeEvents: ongoing.activeEvents(),
        firstPollMono: state.firstPollMono,
        counters: countersOf(state),
      }),
    devices() {
      const events = ongoing.activeEvents();
      return field.devices().map((device) => withDeviceFaults(device, events));
    },
    points: (filter) => pointViews(state.rooms.points, field, { filter, nowMono: clock.monoMs() }),
    why(id) {
      const view = state.rooms.light.why(id);
      const events = ongoing.activeEvents();
      return view && { ...view, lamps: view.lamps.map((lamp) => withLampTrouble(lamp, cabinet(), events)) };
    },
    whyAt: (id, atMs) => state.rooms.light.whyAt(id, atMs),
    get light() {
      return state.rooms.light.light;
    },
    ...createPersonCommands(control, clock),
    get bus() {
      return state.bus;
    },
    audit: store.audit,
    access,
    events: ongoing.events,
    async uplink() {
      const { epoch, backlogFrames, gaps, readingsLost } = await store.status();
      const { uplink: config } = cabinet();
      return {
        ...uplink.status(),
        group: config?.group ?? '',
        node: config?.node ?? '',
        primaryHost: config?.primaryHost ?? null,
        store: { epoch, backlogFrames, gaps, readingsLost },
      };
    },
    get uplinkTools() {
      return uplink.current?.tools ?? null;
    },
    testUplink: async (request, tell) => uplink.current?.tools.test(request, tell),
    history: store.history,
    exportPage: store.exportPage,
    store: () =>
      storeView({ cabinet: cabinet(), store, chores: () => joined.housekeeping().view(), upMs: () => clock.monoMs() - startedMono }),
    checkStore: store.check,
    backupStore: store.backup,
    energy: (query) => state.rooms.energy.view(query),
    config: joined.revisions,
    logFeed: parts.logFeed ?? null,
    metrics: self.metrics,
    updates: joined.updates?.desk ?? null,
    profiles: () => [...state.site.profiles.values()].map((profile) => profileView(profile, cabinet())),
    profile: (id) => state.site.profiles.get(id),
    get language() {
      return cabinet().console.language;
    },
    names: () => ({
      lamps: cabinet().lamps.map(({ id }) => id),
      zones: cabinet().zones.map(({ id }) => id),
      devices: field.devices().map(({ id }) => id),
      lines: cabinet().lines.map(({ id }) => id),
      modbusLines: cabinet().lines.flatMap(({ id, kind }) => (kind === 'modbus' ? [id] : [])),
    }),
  };
}

/** Of this run, over all its configurations. */
function countersOf({
  rooms,
  countedBefore,
}: Pick<Joined['state'], 'rooms' | 'countedBefore'>): Pick<StatusView, 'detections' | 'lampsRaised'> {
  const { detections, lampsRaised } = rooms.control.counters();
  return { detections: countedBefore.detections + detections, lampsRaised: countedBefore.lampsRaised + lampsRaised };
}
