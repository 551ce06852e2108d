/**
 * Which events maintenance may suppress, and which of them belong to a lamp, a zone or the cabinet. Pure.
 */
import type { MaintenanceOwner } from '../../core/alarm-tools.ts';
import type { Cabinet, Zone } from '../../core/cabinet.ts';
import { deviceOfSource } from '../../core/point-id.ts';
import type { AgentEvent, EventCode, Target } from '../../core/words.ts';

/** The parts of a cabinet that are needed to find out whether an event belongs to a lamp, a zone or the cabinet. */
export type AlarmSite = Pick<Cabinet, 'id' | 'lines' | 'lamps' | 'zones'>;

/**
 * Events about the equipment of the street: work on it causes them. All others are about the agent, its clock, its data, its users or its link, and are
 * never suppressed: maintenance must not hide an intrusion. Source: docs/adr/0055-maintenance-hides-no-danger.md.
 */
const OF_EQUIPMENT: ReadonlySet<EventCode> = new Set<EventCode>([
  ...(['line-down', 'line-silent', 'second-master', 'unit-silent', 'unit-not-set-up', 'unit-no-data', 'unit-answers-twice'] as const),
  ...(['level-not-read', 'lamp-not-following', 'lamp-fault', 'lamp-out', 'lamp-power-low', 'lamp-power-high'] as const),
  ...(['lamp-day-burner', 'lamp-cycling', 'supply-voltage-low', 'supply-voltage-high', 'supply-lost', 'phase-lost'] as const),
  ...(['power-factor-low', 'reactive-high', 'temperature-high', 'thermal-derating', 'driver-reset', 'meter-differs'] as const),
  ...(['unexpected-load', 'breaker-tripped', 'contactor-stuck-on', 'contactor-stuck-off', 'output-not-following'] as const),
  ...(['panel-not-showing', 'traffic-not-counted', 'sound-player-silent', 'sound-no-medium', 'sound-track-missing'] as const),
  ...(['sound-amplifier-not-following', 'device-flag', 'counter-restarted', 'energy-differs', 'meter-clock-differs'] as const),
  ...(['door-open', 'sensor-stuck', 'sensor-silent', 'sensor-busy', 'presence-too-long', 'photocell-doubtful'] as const),
]);
/**
 * Dangers that a person at the cabinet may suppress, because the work causes them, but the platform may not. `earth-leakage` is never suppressed: it
 * endangers everyone who touches a pole. Source: docs/adr/0055-maintenance-hides-no-danger.md.
 */
const DANGERS: ReadonlySet<EventCode> = new Set<EventCode>([
  ...(['door-open', 'phase-lost', 'breaker-tripped', 'contactor-stuck-on', 'supply-voltage-high'] as const),
]);

/** Events whose source is a line. A lamp or a zone may have the same id. */
const OF_LINES: ReadonlySet<EventCode> = new Set<EventCode>(['line-down', 'line-silent', 'second-master']);

/** Events whose source is a device, which may have the id of one of its lamps. */
const OF_DEVICES: ReadonlySet<EventCode> = new Set<EventCode>(['unit-silent', 'unit-not-set-up', 'unit-no-data', 'unit-answers-twice']);

/**
 * Returns whether maintenance of this owner may suppress an event, judged by its code and severity alone: a warning or alarm about the
 * equipment. Some dangers may be suppressed by `site` only, others by no one.
 */
export function maySuppress(owner: MaintenanceOwner, { code, severity }: Pick<AgentEvent, 'code' | 'severity'>): boolean {
  return severity !== 'info' && OF_EQUIPMENT.has(code) && (owner === 'site' || !DANGERS.has(code));
}

/**
 * Whether an event counts as one of the target, for example because it is about a lamp of the zone. Every event counts as one of the
 * cabinet. A source with the id of a lamp is that lamp alone, unless the event is about the device with this id. Any other event that also
 * concerns lamps outside the target does not count. An event about a line counts for a lamp or zone only if all its devices belong to it.
 */
export function isEventOf(
  { lines, lamps, zones }: AlarmSite,
  { kind, id }: Target,
  { code, source }: Pick<AgentEvent, 'code' | 'source'>,
): boolean {
  if (kind === 'cabinet') return true;
  const zone = kind === 'zone' ? zones.find((each) => each.id === id) : undefined;
  const isOurs = (lamp: { readonly id: string }): boolean => (kind === 'lamp' ? lamp.id === id : (zone?.lamps.includes(lamp.id) ?? false));
  const coversDevice = (deviceId: string): boolean => {
    const on = lamps.filter(({ device }) => device === deviceId);
    return on.length > 0 ? on.every(isOurs) : zone !== undefined && sensorsOf(zone).has(deviceId) && !isShared(zones, zone, deviceId);
  };
  if (OF_LINES.has(code)) {
    const devices = lines.find((each) => each.id === source)?.devices ?? [];
    return devices.length > 0 && devices.every((device) => coversDevice(device.id));
  }
  if (OF_DEVICES.has(code) && lamps.some(({ device }) => device === source)) return coversDevice(source);
  if (source === id) return true;
  const named = lamps.find((lamp) => lamp.id === source);
  if (named !== undefined) return isOurs(named);
  const deviceId = deviceOfSource({ lines, zones }, source);
  const ofPart = lamps.filter(({ device, point }) => device === deviceId && source.startsWith(stemOf(device, point)));
  return ofPart.length > 0 ? ofPart.every(isOurs) : coversDevice(deviceId);
}

/** Points of one part of a device have a common prefix: `G1.ecg4_level`, `G1.ecg4_fault`. */
function stemOf(device: string, point: string): string {
  return `${device}.${point.slice(0, point.lastIndexOf('_') + 1)}`;
}

/** The devices of the sensors of a zone. */
function sensorsOf({ presence, photocell, traffic }: Zone): ReadonlySet<string> {
  const sensors: readonly { readonly device: string }[] = [
    ...(presence?.sensors ?? []),
    ...(photocell === null ? [] : [photocell]),
    ...(traffic?.counters ?? []),
  ];
  return new Set(sensors.map(({ device }) => device));
}

function isShared(zones: readonly Zone[], zone: Zone, deviceId: string): boolean {
  return zones.some((other) => other !== zone && sensorsOf(other).has(deviceId));
}
