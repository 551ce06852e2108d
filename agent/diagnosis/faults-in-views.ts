/**
 * What is wrong with a device that answers, beside its lamps and in lists: a lamp that follows may have a fault all the same.
 *
 * Pure. Part of `view.ts`, which knows what is going on.
 */
import type { Cabinet, Lamp } from '../core/cabinet.ts';
import type { DeviceView } from '../core/ports.ts';
import type { LampView } from '../core/views.ts';
import type { AgentEvent, EventCode } from '../core/words.ts';

/** Silence and disobedience show in the state of a device and a lamp themselves. */
const FAULTS: readonly EventCode[] = ['lamp-fault', 'device-flag', 'unit-not-set-up', 'unit-no-data', 'level-not-read'];
/** What keeps a lamp from hearing at all. */
const SILENCES: readonly EventCode[] = ['line-down', 'line-silent', 'unit-silent'];

/** The same device with the texts of its open events. */
export function withDeviceFaults(device: DeviceView, events: readonly AgentEvent[]): DeviceView {
  return { ...device, faults: ofDevice(device.id, events).map(({ text }) => text) };
}

/** The same lamp with the texts of its device's open events, less those of other lamps of a device that has many. */
export function withLampFaults<T extends LampView>(lamp: T, { lamps }: Pick<Cabinet, 'lamps'>, events: readonly AgentEvent[]): T {
  const own = lamps.find(({ id }) => id === lamp.id);
  if (own === undefined) return lamp;
  const stems = lamps.filter(({ device, id }) => device === own.device && id !== own.id).map(stemOf);
  const others = stems.filter((stem) => stem !== `${own.device}.` && stem !== stemOf(own));
  const faults = ofDevice(own.device, events).filter(({ source }) => !others.some((stem) => source.startsWith(stem)));
  return { ...lamp, faults: faults.map(({ text }) => text) };
}

/** Who asks why a lamp is dark is told first that it cannot hear, then its faults. */
export function withLampTrouble<T extends LampView>(lamp: T, cabinet: Pick<Cabinet, 'lamps' | 'lines'>, events: readonly AgentEvent[]): T {
  const deviceId = cabinet.lamps.find(({ id }) => id === lamp.id)?.device;
  const lineId = cabinet.lines.find(({ devices }) => devices.some(({ id }) => id === deviceId))?.id;
  const silences = events.filter(({ code, source }) => SILENCES.includes(code) && (source === deviceId || source === lineId));
  const known = withLampFaults(lamp, cabinet, events);
  return { ...known, faults: [...silences.map(({ text }) => text), ...known.faults] };
}

function ofDevice(deviceId: string, events: readonly AgentEvent[]): readonly AgentEvent[] {
  return events.filter(({ code, source }) => FAULTS.includes(code) && (source === deviceId || source.startsWith(`${deviceId}.`)));
}

/** Points of one part of a device begin alike: `G1.ecg4_level`, `G1.ecg4_fault`. */
function stemOf({ device, point }: Lamp): string {
  return `${device}.${point.slice(0, point.lastIndexOf('_') + 1)}`;
}
