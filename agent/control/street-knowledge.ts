/** Derives the data that control needs from street, cabinet and profiles. Pure. */
import { daliFadeMs, daliFadeTime } from '../../drivers/dali-fade.ts';
import { modbusDriverFor } from '../../drivers/driver-for.ts';
import type { Cabinet } from '../core/cabinet.ts';
import type { CabinetPoint } from '../core/cabinet-points.ts';
import type { MonoMs } from '../core/clock.ts';
import { type Message, msg } from '../core/message.ts';
import type { Profile } from '../core/profile.ts';
import type { LevelPct, PointId } from '../core/words.ts';
import { groupRequest, groupsOf } from '../field/writes/group-writes.ts';
import { deviceRamps } from '../lighting/device-ramps.ts';
import type { LightingStreet } from '../lighting/lighting.ts';
import { type ResolvedOutput, resolveOutputs } from '../lighting/output.ts';
import type { StoreParts } from '../store/store.ts';
import type { LightContact } from './sensing/contact-tracker.ts';
import { levelPointOf } from './writing/follower.ts';
import type { LampGroup } from './writing/group-pace.ts';
import type { Verification } from './writing/reconcile.ts';

/**
 * A run that begins this soon after the machine started is assumed to follow a return of the mains. Units: ms. Source: assumed; a gateway
 * boots in a minute. Confirmed by: boot times of the gateways.
 */
const MAINS_RETURN_MS = 120_000;

/**
 * For a lamp whose profile has no write settings. Source: assumed; the slowest driver at hand settles in less. Confirmed by: settling times
 * of the shipped drivers on the bench.
 */
const NOT_WRITTEN: Verification = { settleMs: 1_000, tolerance: 0 };

/** What control needs to know about devices and wiring, besides the street. */
export interface StreetKnowledge {
  /** The outputs of the cabinet that the agent may write, with their points. */
  readonly outputs: readonly ResolvedOutput[];
  /** By point: the contacts that request light. */
  readonly contacts: ReadonlyMap<PointId, LightContact>;
  /** The zone of each contact that lights a single zone. */
  readonly contactZones: ReadonlyMap<PointId, string>;
  /** Returns how writes of a lamp are verified; default values if its profile does not define it, or the lamp is unknown. */
  readonly verificationOf: (lampId: string) => Verification;
  /**
   * The line of each lamp, and by line the most levels per second (`maxPerS`); urgent levels are not counted. `groups`: the lamps that one
   * write can set.
   */
  readonly pace: {
    readonly lineOf: (lampId: string) => string | undefined;
    readonly maxPerS: ReadonlyMap<string, number>;
    readonly groups: readonly LampGroup[];
  };
}

/** Derives from a cabinet and its profiles what control needs besides the street. `points`: all points of the cabinet. */
export function streetKnowledge(
  cabinet: Cabinet,
  points: ReadonlyMap<PointId, CabinetPoint>,
  profiles: ReadonlyMap<string, Profile>,
): StreetKnowledge {
  const lineOfDevice = new Map(cabinet.lines.flatMap(({ id, devices }) => devices.map((device) => [device.id, id] as const)));
  const lineOfLamp = new Map(cabinet.lamps.map(({ id, device }) => [id, lineOfDevice.get(device)]));
  return {
    outputs: resolveOutputs(cabinet, (id) => points.get(id)?.profile),
    contacts: new Map(
      cabinet.lines.flatMap(({ devices }) => devices).flatMap(({ id, roles }) => Object.entries(roles).flatMap(lightContact(id))),
    ),
    contactZones: new Map(
      cabinet.lines
        .flatMap(({ devices }) => devices)
        .flatMap(({ id, contactZones = {} }) =>
          Object.entries(contactZones).map(([point, zone]): [PointId, string] => [`${id}.${point}`, zone]),
        ),
    ),
    verificationOf(lampId) {
      const lamp = cabinet.lamps.find(({ id }) => id === lampId);
      const write = lamp === undefined ? null : (points.get(levelPointOf(lamp))?.profile.write ?? null);
      if (lamp === undefined || write?.fades !== true) return write ?? NOT_WRITTEN;
      return { ...write, settleMs: write.settleMs + daliFadeMs(daliFadeTime(deviceRamps(cabinet, lamp.device).upMs)) };
    },
    pace: {
      lineOf: (lampId) => lineOfLamp.get(lampId),
      maxPerS: new Map(cabinet.lines.map(({ id, maxWritesPerS }) => [id, maxWritesPerS])),
      groups: lampGroups(cabinet, profiles),
    },
  };
}

/** The groups whose level points are all lamps: the field writes a group only when each of its points waits for a level. */
function lampGroups({ lines, lamps }: Pick<Cabinet, 'lines' | 'lamps'>, profiles: ReadonlyMap<string, Profile>): readonly LampGroup[] {
  const lampAt = new Map(lamps.map((lamp) => [levelPointOf(lamp), lamp.id]));
  return lines.flatMap(({ devices, broadcast }) => {
    const grouped = devices.flatMap((device) => {
      const profile = profiles.get(device.profile);
      return profile === undefined || profile.transport === 'uart' ? [] : [{ device, driver: modbusDriverFor(profile, device) }];
    });
    return groupsOf(grouped, broadcast).flatMap((group): LampGroup[] => {
      const lampIds = group.members.flatMap((pointId) => lampAt.get(pointId) ?? []);
      const canSet = (levelPct: LevelPct): boolean => groupRequest(group, levelPct) !== undefined;
      return lampIds.length < group.members.length ? [] : [{ lampIds, canSet }];
    });
  });
}

function lightContact(deviceId: string): (role: [string, string]) => [PointId, LightContact][] {
  return ([point, role]) => (role === 'emergency' || role === 'lights-on' ? [[`${deviceId}.${point}`, role]] : []);
}

/**
 * Returns until when no lamp is written, because drivers start up first: `startQuietS` after `nowMono` if the machine itself has just
 * started. Otherwise, also if that is not known (`machine` null), `nowMono`: no wait. `nowMono`: the start of this run.
 */
export function quietUntilMono({ startQuietS }: Cabinet, machine: StoreParts['machine'], nowMono: MonoMs): MonoMs {
  const hasJustReturned = machine != null && machine.startMono < MAINS_RETURN_MS;
  return hasJustReturned ? nowMono + startQuietS * 1_000 : nowMono;
}

/** Lookups between the lamps, zones and points of a street, computed once. */
export interface StreetIndex {
  /** By lamp; a lamp without a zone is absent. */
  readonly zoneOf: ReadonlyMap<string, string>;
  /** By lamp: its highest level. */
  readonly maxPctOf: ReadonlyMap<string, LevelPct>;
  /** By lamp: the point that sets and reads its level. */
  readonly pointOf: ReadonlyMap<string, PointId>;
  /** By point: the lamp whose level it sets and reads. */
  readonly lampAt: ReadonlyMap<PointId, string>;
  /** By point: the lamp or output that sets it, as `lamp L07`. */
  readonly owners: ReadonlyMap<PointId, Message>;
}

/** Returns the lookups between the lamps, zones and points of a street, and the owners of the points of its lamps and outputs. */
export function indexStreet({ lamps, zones }: LightingStreet, outputs: readonly ResolvedOutput[]): StreetIndex {
  const points = lamps.map((lamp) => [lamp.id, levelPointOf(lamp)] as const);
  return {
    zoneOf: new Map(zones.flatMap((zone) => zone.lamps.map((lampId) => [lampId, zone.id] as const))),
    maxPctOf: new Map(lamps.map(({ id, maxPct }) => [id, maxPct])),
    pointOf: new Map(points),
    lampAt: new Map(points.map(([id, pointId]) => [pointId, id])),
    owners: new Map([
      ...outputs.map(({ pointId, id }) => [pointId, msg`output ${id}`] as const),
      ...points.map(([id, pointId]) => [pointId, msg`lamp ${id}`] as const),
    ]),
  };
}
