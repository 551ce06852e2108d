/** Adds the texts of open fault events to the views of devices and lamps: a lamp that follows may still have a fault. Pure. */
import type { Cabinet, Lamp } from '../core/cabinet.ts';
import { type Message, msg } from '../core/message.ts';
import type { DeviceView } from '../core/ports.ts';
import type { LampView } from '../core/views.ts';
import type { AgentEvent, EventCode } from '../core/words.ts';
import { LAMP_FAULTS } from './watch/watch-faults.ts';

/** Faults to show; a silent device and a lamp that does not follow already show that in their own state. */
const FAULTS: readonly EventCode[] = [
  'lamp-fault',
  'thermal-derating',
  ...(Object.keys(LAMP_FAULTS) as (keyof typeof LAMP_FAULTS)[]).filter((code) => code !== 'unit-silent'),
  'device-flag',
  'unit-not-set-up',
  'unit-no-data',
  'unit-answers-twice',
  'level-not-read',
];
/** Faults that prevent a lamp from receiving anything. */
const SILENCES: readonly EventCode[] = ['line-down', 'line-silent', 'unit-silent'];
/** Faults of a feeder. */
const FEEDER_CODES: readonly EventCode[] = ['supply-lost', 'breaker-tripped', 'contactor-stuck-off', 'contactor-stuck-on', 'earth-leakage'];

/**
 * Returns a copy of the device. Its `faults` are the texts of the events that count as faults, with its id or one of its points as source.
 * Only certain codes count, such as `device-flag`; its silence and `door-open` do not. `events`: open events only.
 */
export function withDeviceFaults(device: DeviceView, events: readonly AgentEvent[]): DeviceView {
  return { ...device, faults: ofDevice(device.id, events).map(({ text }) => text) };
}

/**
 * Returns a copy of the lamp whose `faults` are the texts of the events that count as faults of it or of its device. Not included: that
 * the lamp does not follow, the silence of the device, and events of other lamps of the device, as in `isEventOfLamp`. Returns the same
 * lamp if the configuration does not contain it. `events`: open events only.
 */
export function withLampFaults<T extends LampView>(lamp: T, { lamps }: Pick<Cabinet, 'lamps'>, events: readonly AgentEvent[]): T {
  const own = lamps.find(({ id }) => id === lamp.id);
  if (own === undefined) return lamp;
  return { ...lamp, faults: ownEvents(own, pointsOfOthers(own, lamps), events).map(({ text }) => text) };
}

/**
 * As `withLampFaults`, with the evidence and what to check in the texts. Adds at the beginning: faults of the lamp's feeder, and that its
 * line or device is down or silent. `feederId`: the feeder of the lamp, or the cabinet if it has none of its own; null if it is unknown.
 */
export function withLampTrouble<T extends LampView>(
  lamp: T,
  { lamps, lines }: Pick<Cabinet, 'lamps' | 'lines'>,
  events: readonly AgentEvent[],
  feederId: string | null = null,
): T {
  const own = lamps.find(({ id }) => id === lamp.id);
  const lineId = lines.find(({ devices }) => devices.some(({ id }) => id === own?.device))?.id;
  const causes = events.filter(
    ({ code, source }) =>
      (SILENCES.includes(code) && (source === own?.device || source === lineId)) || (FEEDER_CODES.includes(code) && source === feederId),
  );
  const faults = own === undefined ? [] : ownEvents(own, pointsOfOthers(own, lamps), events);
  return own === undefined ? lamp : { ...lamp, faults: [...causes, ...faults].map(withReasons) };
}

/**
 * Returns whether the source of an event is the lamp, its device, or a point of the device. False for the level of another lamp, and for
 * points of its channel: with the prefix `ecg4_` of `ecg4_level`, or the number `_2` of `level_2`. False for its line, feeder or zone.
 * `lamps`: at least all of the device.
 */
export function isEventOfLamp(lamp: Lamp, lamps: readonly Lamp[], { source }: Pick<AgentEvent, 'source'>): boolean {
  return isAbout(lamp, pointsOfOthers(lamp, lamps), source);
}

/** The text of an event with its evidence and what to check. */
function withReasons({ text, evidence, check }: AgentEvent): Message {
  const shown = evidence === undefined ? text : msg`${text} (${evidence.text})`;
  return check === undefined ? shown : msg`${shown}; check: ${check.what}`;
}

/** Returns whether a point belongs to another lamp of the device: `G1.ecg4_fault` of that with the level `G1.ecg4_level`, `G1.power_2` of `G1.level_2`. */
function pointsOfOthers(own: Lamp, lamps: readonly Lamp[]): (point: string) => boolean {
  const others = lamps.filter(({ device, id }) => device === own.device && id !== own.id);
  const channels = others.map(channelOf).filter((channel) => channel !== null && channel.source !== channelOf(own)?.source);
  return (point) => others.some((lamp) => point === `${lamp.device}.${lamp.point}`) || channels.some((channel) => channel?.test(point));
}

/** The faults of the lamp and of its device, without those of other lamps of the device. */
function ownEvents(own: Lamp, isOthers: (point: string) => boolean, events: readonly AgentEvent[]): readonly AgentEvent[] {
  return events.filter(({ code, source }) => FAULTS.includes(code) && isAbout(own, isOthers, source));
}

function isAbout({ id, device }: Lamp, isOthers: (point: string) => boolean, source: string): boolean {
  return source === id || source === device || (source.startsWith(`${device}.`) && !isOthers(source));
}

function ofDevice(deviceId: string, events: readonly AgentEvent[]): readonly AgentEvent[] {
  return events.filter(({ code, source }) => FAULTS.includes(code) && (source === deviceId || source.startsWith(`${deviceId}.`)));
}

/** Matches the points of the channel of a lamp; null if its point names none. */
function channelOf({ point }: Lamp): RegExp | null {
  const [number] = /_\d+$/.exec(point) ?? [];
  if (number !== undefined) return new RegExp(`\\..*${number}$`);
  const end = point.lastIndexOf('_');
  return end < 0 ? null : new RegExp(`\\.${point.slice(0, end + 1)}`);
}
