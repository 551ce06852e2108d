/**
 * The agent's status on one screen: time, light, lines, store, uplink and open events, with rounded values.
 */
import type { Control } from '../control/control.ts';
import type { Cabinet } from '../core/cabinet.ts';
import type { Clock, MonoMs } from '../core/clock.ts';
import { isSuppressed } from '../core/event-handling.ts';
import type { DeviceView, Field, Store } from '../core/ports.ts';
import type { StatusView } from '../core/views.ts';
import type { AgentEvent } from '../core/words.ts';
import { withLampFaults } from '../diagnosis/faults-in-views.ts';
import { sunAltitudeDeg } from '../lighting/sun.ts';
import type { UplinkSlot } from '../sync/uplink-slot.ts';

/** The parts of the agent from which the values of the status are read. */
export interface StatusSources {
  readonly cabinet: Cabinet;
  readonly version: string;
  readonly clock: Clock;
  readonly field: Pick<Field, 'lines' | 'devices'>;
  readonly store: Pick<Store, 'status'>;
  readonly control: Pick<Control, 'zones' | 'zoneStates'>;
  /** By zone: the programme or event night of the step in force. Without a step, as by day, the chosen programme or the zone's own. */
  readonly programmes: ReadonlyMap<string, string>;
  readonly uplink: Pick<UplinkSlot, 'status'>;
  /** The open warnings and alarms, also suppressed ones. */
  readonly activeEvents: readonly AgentEvent[];
  /** Whether maintenance covers a lamp or device. */
  readonly isInMaintenance: (kind: 'lamp' | 'device', id: string) => boolean;
  /** When the agent was created, on `clock`. */
  readonly startedMono: MonoMs;
  /** When the first readings of a line arrived, on a clock that was 0 at the start of the process; null before. */
  readonly firstPollMono: MonoMs | null;
  /** Counters of this run, over all its configurations. */
  readonly counters: Pick<StatusView, 'detections' | 'lampsRaised'>;
}

const MEGABYTE = 2 ** 20;

/**
 * Resolves with the status of the agent. In `units`, those in maintenance count only while they are `ok`, and those without supply never.
 * Errors: rejects if the status of the store does.
 */
export async function statusView(sources: StatusSources): Promise<StatusView> {
  const { cabinet, clock, field, control, programmes, activeEvents, isInMaintenance, firstPollMono } = sources;
  const states = control.zoneStates();
  const raised = activeEvents.filter((event) => !isSuppressed(event));
  const altitudeDeg = states[0]?.sunAltitudeDeg ?? sunAltitudeDeg(cabinet, clock.wallMs());
  return {
    version: sources.version,
    cabinet: { id: cabinet.id, name: cabinet.name },
    atMs: clock.wallMs(),
    timezone: cabinet.timezone,
    clockQuality: clock.quality(),
    upS: Math.round((clock.monoMs() - sources.startedMono) / 1_000),
    rssMb: Math.round(process.memoryUsage.rss() / MEGABYTE),
    startMs: firstPollMono === null ? null : Math.round(firstPollMono),
    night: states.some(({ night }) => night),
    sunAltitudeDeg: Math.round(altitudeDeg * 10) / 10,
    zones: control.zones().map((zone) => ({
      ...zone,
      programme: programmes.get(zone.id) ?? zone.programme,
      lamps: zone.lamps.map((lamp) => ({
        ...withLampFaults(lamp, cabinet, raised),
        ...(isInMaintenance('lamp', lamp.id) ? { isInMaintenance: true as const } : {}),
      })),
    })),
    lines: field.lines(),
    units: countUnits(field.devices().filter(({ id, state }) => state === 'ok' || !isInMaintenance('device', id))),
    store: await sources.store.status(),
    uplink: sources.uplink.status(),
    activeEvents,
    ...sources.counters,
  };
}

function countUnits(devices: readonly DeviceView[]): StatusView['units'] {
  const count = (state: DeviceView['state']): number =>
    devices.filter((device) => device.state === state && device.hasNoSupply !== true).length;
  return { ok: count('ok'), flaky: count('flaky'), silent: count('silent') + count('new') };
}
