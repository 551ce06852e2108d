/**
 * Can the next level go to many lamps in one write?
 *
 * Owns what is a group on a line and when it may be used. Pure: never touches the line.
 *
 * A group is used only when each of its members waits for the same level, so that no lamp is touched that nobody wants changed. A lamp
 * that nobody has given a level since, or that is to have another, keeps the others apart: they are written one by one.
 * Silent lamps are no obstacle. Control hands in a changed level for them as for any other, so they wait like the rest; a broadcast
 * reaches one that merely cannot answer, yet proves nothing, so its own write stays in the queue and is sent or fails by itself.
 * A silent gateway is asked by its group register all the same: one lost write instead of one for each lamp behind it.
 */
import { REGISTERS_PER_VALUE } from '../../../drivers/modbus/codec.ts';
import type { DeviceConfig } from '../../core/cabinet.ts';
import type { ModbusDriver, WriteRequest } from '../../core/driver.ts';
import type { GroupProfile, PointProfile, Profile } from '../../core/profile.ts';
import { Refusal } from '../../core/refusal.ts';
import type { LevelPct, PointId } from '../../core/words.ts';
import type { WaitingWrite } from './write-queue.ts';

/** A device of a line with its driver; a `Unit` is one. */
export interface GroupedDevice {
  readonly device: DeviceConfig;
  readonly driver: ModbusDriver;
}

/** One write of a line that sets many level points. */
export interface LineGroup {
  readonly reach: GroupProfile['reach'];
  /** Modbus address; 0 for the whole line. */
  readonly unit: number;
  readonly members: readonly PointId[];
  /** The group of each device type that obeys it. */
  readonly encoders: readonly { readonly driver: ModbusDriver; readonly groupId: string }[];
}

/** A group write that may go now. */
export interface GroupChoice {
  readonly group: LineGroup;
  readonly request: WriteRequest;
  /** Those that it settles, in the order they came. */
  readonly writes: readonly WaitingWrite[];
}

/** Fewest lamps for which it pays. Source: a broadcast takes half the time of one confirmed write (Modbus timing at 9600 baud: 12 ms beside 24 ms). */
const FEWEST_MEMBERS = 2;

/**
 * All groups of a line, those of more lamps first.
 *
 * Units: `isBroadcastAllowed` is the site's own word that all units of the line obey or ignore such a write.
 */
export function groupsOf(devices: readonly GroupedDevice[], isBroadcastAllowed: boolean): readonly LineGroup[] {
  const groups = [...(isBroadcastAllowed ? lineBroadcasts(devices) : []), ...devices.flatMap(unitGroups)];
  return groups.filter(({ members }) => members.length >= FEWEST_MEMBERS).toSorted((a, b) => b.members.length - a.members.length);
}

/**
 * The groups that every unit hears. None where a unit of another type has a known register at the same place: it would obey too; nor
 * where one of those that obey has no member, for nobody would know what becomes of its light.
 */
export function lineBroadcasts(devices: readonly GroupedDevice[]): readonly LineGroup[] {
  const all = devices.flatMap((each) => busGroups(each.driver.profile).map((group) => ({ each, group })));
  const byPlace = Map.groupBy(all, ({ group: { table, address } }) => `${table}:${address}`);
  return [...byPlace.values()].flatMap((obeying) => {
    const [first] = obeying;
    if (first === undefined) return [];
    const strangers = devices.filter((each) => !obeying.some((one) => one.each === each));
    if (strangers.some(({ driver }) => usesPlace(driver.profile, first.group))) return [];
    if (obeying.some(({ each, group }) => membersOf(each, group).length === 0)) return [];
    const encoders = [...new Map(obeying.map(({ each: { driver }, group: { id } }) => [driver, { driver, groupId: id }])).values()];
    return [{ reach: 'bus', unit: 0, members: obeying.flatMap(({ each, group }) => membersOf(each, group)), encoders }];
  });
}

/**
 * The group write that sets this write's lamp together with others; undefined when the lamp goes alone.
 *
 * Shape: `waitingAt` is what waits for a point besides `lead`, which has been taken out of the queue.
 */
export function chooseGroup(
  groups: readonly LineGroup[],
  lead: WaitingWrite,
  waitingAt: (pointId: PointId) => WaitingWrite | undefined,
): GroupChoice | undefined {
  if (!lead.mayGroup) return undefined;
  const { pointId, levelPct } = lead.write;
  for (const group of groups) {
    if (!group.members.includes(pointId)) continue;
    const writes = membersWaiting(group, levelPct, (id) => (id === pointId ? lead : waitingAt(id)));
    const request = writes === undefined ? undefined : groupRequest(group, levelPct);
    if (writes === undefined || request === undefined) continue;
    const settled = group.reach === 'bus' ? writes.filter(({ unit }) => unit.health.state !== 'silent') : writes;
    if (settled.length >= FEWEST_MEMBERS && settled.includes(lead)) return { group, request, writes: settled };
  }
  return undefined;
}

function membersWaiting(
  { members }: LineGroup,
  levelPct: LevelPct,
  waitingAt: (pointId: PointId) => WaitingWrite | undefined,
): WaitingWrite[] | undefined {
  const writes: WaitingWrite[] = [];
  for (const member of members) {
    const waiting = waitingAt(member);
    if (waiting?.write.levelPct !== levelPct || !waiting.mayGroup) return undefined;
    writes.push(waiting);
  }
  return writes.toSorted((a, b) => a.addedMono - b.addedMono);
}

/** Undefined where the device types of a broadcast write this level differently, or one of them cannot. */
function groupRequest({ unit, encoders }: LineGroup, levelPct: LevelPct): WriteRequest | undefined {
  const requests = encoders.map(({ driver, groupId }) => driver.encodeGroup(groupId, levelPct));
  const [first] = requests;
  if (first === undefined || first instanceof Refusal) return undefined;
  const isSame = (other: typeof first | Refusal): boolean =>
    !(other instanceof Refusal) && `${other.values}` === `${first.values}` && other.multiple === first.multiple;
  return requests.every(isSame) ? { unit, ...first } : undefined;
}

function busGroups({ groups }: Profile): readonly GroupProfile[] {
  return groups.filter(({ reach }) => reach === 'bus');
}

function unitGroups(each: GroupedDevice): LineGroup[] {
  const { device, driver } = each;
  const groups = driver.profile.groups.filter(({ reach }) => reach === 'unit');
  return groups.map((group) => ({
    reach: 'unit',
    unit: device.unit,
    members: membersOf(each, group),
    encoders: [{ driver, groupId: group.id }],
  }));
}

/** Level points that the group sets on this device: as the profile says, else as the cabinet does. */
function membersOf({ device, driver: { profile } }: GroupedDevice, { id, sets }: GroupProfile): PointId[] {
  const quantities = sets ?? device.groups[id] ?? [];
  const known = quantities.filter((quantity) => profile.points.some((point) => point.id === quantity));
  return known.map((quantity): PointId => `${device.id}.${quantity}`);
}

/** Whether a broadcast to this place means something to this device type, even if its profile only reads there. */
function usesPlace({ points, setup }: Profile, { table, address }: GroupProfile): boolean {
  const isThere = (point: PointProfile): boolean => {
    const { write } = point;
    const isRead = point.table === table && address >= point.address && address < point.address + REGISTERS_PER_VALUE[point.type];
    return isRead || (write !== null && (write.table ?? point.table) === table && (write.address ?? point.address) === address);
  };
  return points.some(isThere) || setup.some((step) => step.table === table && step.address === address);
}
