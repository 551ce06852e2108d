/** Adds the texts of open fault events to the views of devices and lamps: a lamp that follows may still have a fault. Pure. */
import type { Cabinet, Lamp } from '../core/cabinet.ts';
import type { DeviceView } from '../core/ports.ts';
import type { LampView } from '../core/views.ts';
import type { AgentEvent, EventCode } from '../core/words.ts';

/** Faults to show; a silent device and a lamp that does not follow already show that in their own state. */
const FAULTS: readonly EventCode[] = [
  'lamp-fault',
  'device-flag',
  'unit-not-set-up',
  'unit-no-data',
  'unit-answers-twice',
  'level-not-read',
];
/** Faults that prevent a lamp from receiving anything. */
const SILENCES: readonly EventCode[] = ['line-down', 'line-silent', 'unit-silent'];

/**
 * Returns a copy of the device whose `faults` are the texts of its open fault events. `events`: open events only. That a device is silent
 * is not among the faults, because its state shows it.
 */
export function withDeviceFaults(device: DeviceView, events: readonly AgentEvent[]): DeviceView {
  return { ...device, faults: ofDevice(device.id, events).map(({ text }) => text) };
}

/**
 * Returns a copy of the lamp whose `faults` are the texts of its device's open fault events, without those of other lamps of the device. The
 * same lamp if the configuration does not contain it. `events`: open events only.
 */
export function withLampFaults<T extends LampView>(lamp: T, { lamps }: Pick<Cabinet, 'lamps'>, events: readonly AgentEvent[]): T {
  const own = lamps.find(({ id }) => id === lamp.id);
  if (own === undefined) return lamp;
  const stems = lamps.filter(({ device, id }) => device === own.device && id !== own.id).map(stemOf);
  const others = stems.filter((stem) => stem !== `${own.device}.` && stem !== stemOf(own));
  const faults = ofDevice(own.device, events).filter(({ source }) => !others.some((stem) => source.startsWith(stem)));
  return { ...lamp, faults: faults.map(({ text }) => text) };
}

/** Returns a copy of the lamp as `withLampFaults`. The texts of a silent device or line, because of which it receives nothing, come first. */
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

/** Points of one part of a device have a common prefix: `G1.ecg4_level`, `G1.ecg4_fault`. */
function stemOf({ device, point }: Lamp): string {
  return `${device}.${point.slice(0, point.lastIndexOf('_') + 1)}`;
}
