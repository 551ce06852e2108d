/**
 * What the console sees of a running agent.
 *
 * Owns nothing; asks each room. Part of `app.ts`.
 */
import { randomUUID } from 'node:crypto';
import type { Control } from '../control/control.ts';
import type { LightViews } from '../control/views/light-views.ts';
import type { AccessTools } from '../core/access.ts';
import type { BusTools } from '../core/bus-tools.ts';
import type { Cabinet } from '../core/cabinet.ts';
import type { CabinetPoint } from '../core/cabinet-points.ts';
import type { Clock, MonoMs } from '../core/clock.ts';
import type { DeviceView, Field, Store, Uplink, UplinkStatus } from '../core/ports.ts';
import type { Profile } from '../core/profile.ts';
import type { AgentView, ChoreView, LampView, PointView, ProfileView } from '../core/views.ts';
import type { AgentEvent, PointId } from '../core/words.ts';
import { withDeviceFaults, withLampFaults, withLampTrouble } from '../diagnosis/device-faults.ts';
import { sunAltitudeDeg } from '../lighting/sun.ts';
import { storeView } from '../store/store-view.ts';

export interface ViewParts {
  readonly cabinet: Cabinet;
  readonly version: string;
  readonly clock: Clock;
  readonly field: Field;
  readonly bus: BusTools;
  readonly access: AccessTools;
  readonly store: Store;
  readonly control: Control;
  readonly uplink: Uplink | null;
  readonly points: ReadonlyMap<PointId, CabinetPoint>;
  readonly profiles: ReadonlyMap<string, Profile>;
  readonly activeEvents: () => readonly AgentEvent[];
  readonly firstPollMono: () => MonoMs | null;
  readonly startedMono: MonoMs;
  readonly rssMb: () => number;
  readonly chores: () => readonly ChoreView[];
  /** Of this run, over all its configurations. */
  readonly counters: Control['counters'];
  /** Undefined answers where nobody keeps nights. */
  readonly energy: AgentView['energy'];
  readonly config: AgentView['config'];
  readonly logFeed: AgentView['logFeed'];
  readonly light: LightViews;
  readonly metrics: AgentView['metrics'];
  readonly updates: AgentView['updates'];
}

export function createAgentView(parts: ViewParts): AgentView {
  const { cabinet, clock, field, store, control, uplink, chores } = parts;
  const upMs = (): number => clock.monoMs() - parts.startedMono;
  const devices = (): DeviceView[] => {
    const events = parts.activeEvents();
    return field.devices().map((device) => withDeviceFaults(device, events));
  };
  const faulty = <T extends { readonly lamps: readonly LampView[] }>(view: T): T => {
    const events = parts.activeEvents();
    return { ...view, lamps: view.lamps.map((lamp) => withLampFaults(lamp, cabinet, events)) };
  };
  return {
    async status() {
      const zone = control.zoneStates()[0];
      const firstPollMono = parts.firstPollMono();
      return {
        version: parts.version,
        cabinet: { id: cabinet.id, name: cabinet.name },
        atMs: clock.wallMs(),
        timezone: cabinet.timezone,
        clockQuality: clock.quality(),
        upS: Math.round(upMs() / 1_000),
        rssMb: parts.rssMb(),
        startMs: firstPollMono === null ? null : Math.round(firstPollMono),
        night: control.zoneStates().some(({ night }) => night),
        sunAltitudeDeg: Math.round((zone?.sunAltitudeDeg ?? sunAltitudeDeg(cabinet, clock.wallMs())) * 10) / 10,
        zones: control.zones().map(faulty),
        lines: field.lines(),
        units: countUnits(field.devices()),
        store: await store.status(),
        uplink: uplink?.status() ?? uplinkOff(clock.wallMs()),
        activeEvents: parts.activeEvents(),
        ...parts.counters(),
      };
    },
    devices,
    points: (filter) => pointViews(parts, filter.toLowerCase()),
    why(id) {
      const view = parts.light.why(id);
      const events = parts.activeEvents();
      return view && { ...view, lamps: view.lamps.map((lamp) => withLampTrouble(lamp, cabinet, events)) };
    },
    whyAt: parts.light.whyAt,
    light: parts.light.light,
    async override(request) {
      // The end counts from the wish, however long the lamps take to confirm it.
      const untilMs = clock.wallMs() + request.minutes * 60_000;
      return { ...(await control.override({ ...request, commandId: randomUUID() })), untilMs };
    },
    release: (request) => control.release({ ...request, commandId: randomUUID() }),
    bus: parts.bus,
    audit: store.audit,
    access: parts.access,
    async events({ sinceMs, activeOnly, limit }) {
      const active = parts.activeEvents();
      if (activeOnly) return active;
      const stored = await store.events({ sinceMs, limit });
      const known = new Set(stored.map(({ id }) => id));
      return [...active.filter(({ id }) => !known.has(id)), ...stored].sort((a, b) => a.startMs - b.startMs);
    },
    async uplink() {
      const { epoch, backlogFrames, gaps, readingsLost } = await store.status();
      return {
        ...(uplink?.status() ?? uplinkOff(clock.wallMs())),
        group: cabinet.uplink?.group ?? '',
        node: cabinet.uplink?.node ?? '',
        primaryHost: cabinet.uplink?.primaryHost ?? null,
        store: { epoch, backlogFrames, gaps, readingsLost },
      };
    },
    uplinkTools: uplink?.tools ?? null,
    testUplink: async (request, tell) => uplink?.tools.test(request, tell),
    history: store.history,
    exportPage: store.exportPage,
    store: () => storeView({ cabinet, store, chores, upMs }),
    checkStore: store.check,
    backupStore: store.backup,
    energy: parts.energy,
    config: parts.config,
    logFeed: parts.logFeed,
    metrics: parts.metrics,
    updates: parts.updates,
    profiles: () => [...parts.profiles.values()].map((profile) => profileView(profile, cabinet)),
    profile: (id) => parts.profiles.get(id),
    language: cabinet.console.language,
    names: () => ({
      lamps: cabinet.lamps.map(({ id }) => id),
      zones: cabinet.zones.map(({ id }) => id),
      devices: field.devices().map(({ id }) => id),
      lines: cabinet.lines.map(({ id }) => id),
      modbusLines: cabinet.lines.flatMap(({ id, kind }) => (kind === 'modbus' ? [id] : [])),
    }),
  };
}

function pointViews({ field, clock, points }: ViewParts, filter: string): PointView[] {
  const nowMono = clock.monoMs();
  const readings = new Map(field.readings().map((reading) => [reading.pointId, reading]));
  const wanted = [...points.values()].filter(({ pointId, profile }) => profile.poll !== 'never' && pointId.toLowerCase().includes(filter));
  return wanted.map(({ pointId, profile: { unit, decimals } }) => {
    const reading = readings.get(pointId);
    const ageS = reading === undefined ? null : Math.max(0, Math.round((nowMono - reading.atMono) / 100) / 10);
    return { pointId, value: reading?.value ?? null, unit, decimals, quality: reading?.quality ?? 'missing', ageS };
  });
}

/** A device type as a list shows it. */
export function profileView({ points, ...profile }: Profile, { lines }: Pick<Cabinet, 'lines'>): ProfileView {
  const { id, vendor, model, category, trust, experimental, transport } = profile;
  const users = lines.flatMap(({ devices }) => devices.filter((device) => device.profile === id));
  return { id, vendor, model, category, trust, experimental, transport, points: points.length, usedBy: users.map((device) => device.id) };
}

function countUnits(devices: readonly DeviceView[]): { ok: number; flaky: number; silent: number } {
  const count = (state: DeviceView['state']): number => devices.filter((device) => device.state === state).length;
  return { ok: count('ok'), flaky: count('flaky'), silent: count('silent') + count('new') };
}

function uplinkOff(sinceMs: number): UplinkStatus {
  return {
    state: 'off',
    broker: '',
    reason: 'no uplink is configured',
    sinceMs,
    bdSeq: 0,
    readingsPublished: 0,
    readingsHistorical: 0,
    readingsAcked: 0,
    messagesSent: 0,
    bytesSent: 0,
    commandsReceived: 0,
    commandsRefused: 0,
  };
}
