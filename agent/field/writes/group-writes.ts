/**
 * Chooses the group write that sets the next level together with others, if there is one; and keeps the broadcasts to be sent once more.
 *
 * Pure. A group is used only when each of its members waits for the same level, so that no other lamp changes. If one member has no write
 * waiting, or another level, all members are written one by one.
 * Silent lamps do not prevent a group write: control writes their changed levels too, so they wait like the others. A broadcast may reach
 * a silent lamp but proves nothing, so its own write stays in the queue and is sent or fails by itself.
 * A silent gateway gets its group register written as well: one lost write instead of one for each lamp behind it.
 */
import { writePlace } from '../../../drivers/modbus/modbus-driver.ts';
import { widthOf } from '../../../drivers/modbus/register-types.ts';
import type { DeviceConfig } from '../../core/cabinet.ts';
import type { MonoMs } from '../../core/clock.ts';
import type { ModbusDriver, WriteRequest } from '../../core/driver.ts';
import type { GroupProfile, PointProfile, Profile, Table } from '../../core/profile.ts';
import { Refusal } from '../../core/refusal.ts';
import type { LevelPct, PointId } from '../../core/words.ts';
import type { WaitingWrite } from './write-queue.ts';

/** A device of a line with its driver; a `Unit` is one. */
export interface GroupedDevice {
  readonly device: DeviceConfig;
  readonly driver: ModbusDriver;
}

/** A group of level points of one line that a single write can set. */
export interface LineGroup {
  /** `bus` for a broadcast and for a group of a DALI bus, `unit` for a register of one unit. */
  readonly reach: GroupProfile['reach'];
  /** Modbus address of the write; 0 for a broadcast and for a group of a DALI bus. */
  readonly unit: number;
  readonly members: readonly PointId[];
  /** The group of each device type that executes it. */
  readonly encoders: readonly { readonly driver: ModbusDriver; readonly groupId: string }[];
}

/** A group write to send now in place of several single writes. */
export interface GroupChoice {
  readonly group: LineGroup;
  readonly request: WriteRequest;
  /** The waiting writes that it sends, at least two, oldest first; without those of silent units if `reach` of the group is `bus`. */
  readonly writes: readonly WaitingWrite[];
}

/**
 * A group write needs at least this many lamps to be worth it. Source: a broadcast takes half the time of one confirmed write (Modbus timing at 9600
 * baud: 12 ms against 24 ms).
 */
const FEWEST_MEMBERS = 2;

/**
 * Returns the groups of at least two level points on a line that one write may set, largest first; empty if there are none.
 * `isBroadcastAllowed`: as `LineConfig.broadcast`; only then, the groups of `lineBroadcasts` are among them.
 */
export function groupsOf(devices: readonly GroupedDevice[], isBroadcastAllowed: boolean): readonly LineGroup[] {
  const groups = [...(isBroadcastAllowed ? lineBroadcasts(devices) : []), ...memberGroups(devices), ...devices.flatMap(unitGroups)];
  return groups.filter(({ members }) => members.length >= FEWEST_MEMBERS).toSorted((a, b) => b.members.length - a.members.length);
}

/**
 * Returns the groups that a broadcast to a line may set: the profiles of units outside such a group have no point and no set-up step at its
 * register.
 */
export function lineBroadcasts(devices: readonly GroupedDevice[]): readonly LineGroup[] {
  const all = devices.flatMap((each) => busGroups(each.driver.profile).map((group) => ({ each, group })));
  const byPlace = Map.groupBy(all, ({ group: { table, address } }) => `${table}:${address}`);
  return [...byPlace.values()].flatMap((executing) => {
    const [first] = executing;
    if (first === undefined) return [];
    const others = devices.filter((each) => !executing.some((one) => one.each === each));
    const width = Math.max(...executing.map(({ each: { driver }, group }) => groupWidth(driver.profile, group)));
    if (others.some(({ driver }) => usesPlace(driver.profile, { ...first.group, width }))) return [];
    if (executing.some(({ each, group }) => membersOf(each, group).length === 0)) return [];
    const encoders = [...new Map(executing.map(({ each: { driver }, group: { id } }) => [driver, { driver, groupId: id }])).values()];
    return [{ reach: 'bus', unit: 0, members: executing.flatMap(({ each, group }) => membersOf(each, group)), encoders }];
  });
}

/**
 * The group addresses of a line. Units that do not list the group do not execute its write: set-up removes their membership. Source: IEC
 * 62386-102, groups.
 */
function memberGroups(devices: readonly GroupedDevice[]): LineGroup[] {
  const all = devices.flatMap((each) =>
    each.driver.profile.groups.filter(({ reach }) => reach === 'members').map((group) => ({ each, group })),
  );
  const byPlace = Map.groupBy(all, ({ group: { table, address } }) => `${table}:${address}`);
  return [...byPlace.values()].map((executing) => {
    const listed = executing.filter(({ each, group }) => membersOf(each, group).length > 0);
    const encoders = [
      ...new Map(listed.map(({ each: { driver }, group: { id } }) => [driver.profile.id, { driver, groupId: id }])).values(),
    ];
    return { reach: 'bus', unit: 0, members: listed.flatMap(({ each, group }) => membersOf(each, group)), encoders };
  });
}

/**
 * Returns the group write to send in place of `lead`: one to a group of which each point waits for the same level. Undefined when `lead` is
 * to be sent by itself. `waitingAt` returns the write that waits for a point, besides `lead`.
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

/**
 * Returns the single write that sets a level on a whole group; undefined if the level cannot be encoded, or not equally for all its device
 * types.
 */
export function groupRequest({ unit, encoders }: LineGroup, levelPct: LevelPct): WriteRequest | undefined {
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

/** Level points that the group sets on this device: by its profile, else by the cabinet. */
function membersOf({ device, driver: { profile } }: GroupedDevice, { id, sets }: GroupProfile): PointId[] {
  const quantities = sets ?? device.groups[id] ?? [];
  const known = quantities.filter((quantity) => profile.points.some((point) => point.id === quantity));
  return known.map((quantity): PointId => `${device.id}.${quantity}`);
}

/** Whether a broadcast to this register affects this device type, even if its profile only reads it. Its own group registers count. */
function usesPlace(profile: Profile, place: Pick<GroupProfile, 'table' | 'address'> & { readonly width: number }): boolean {
  const isReached = (at: { readonly table: Table; readonly address: number }, width: number): boolean =>
    at.table === place.table && at.address < place.address + place.width && place.address < at.address + width;
  const isThere = (point: PointProfile): boolean =>
    isReached(point, widthOf(point)) || (point.write !== null && isReached(writePlace(point), widthOf(point)));
  const { points, setup, groups } = profile;
  return points.some(isThere) || setup.some((step) => isReached(step, 1)) || groups.some((own) => isReached(own, groupWidth(profile, own)));
}

/** Number of registers that a group write sets: those of one level. */
function groupWidth({ points }: Profile, { sets }: GroupProfile): number {
  const level = points.find(({ id, semantic, write }) => semantic === 'level' && write !== null && (sets?.includes(id) ?? true));
  return level === undefined ? 1 : widthOf(level);
}

interface GroupRepeat {
  readonly choice: GroupChoice;
  readonly dueMono: MonoMs;
}

/** The broadcasts of one line that are to be sent a second time; see `createGroupRepeats`. */
export type GroupRepeats = ReturnType<typeof createGroupRepeats>;

/**
 * Creates an empty list of broadcasts that are to be sent a second time. `wantedPct` returns the newest level of a point; a broadcast is
 * discarded if a point of its group has another one or none.
 */
export function createGroupRepeats(wantedPct: (pointId: PointId) => LevelPct | undefined) {
  let repeats: GroupRepeat[] = [];
  const isWanted = ({ choice: { group, writes } }: GroupRepeat): boolean =>
    group.members.every((pointId) => wantedPct(pointId) === writes[0]?.write.levelPct);
  const first = (): GroupRepeat | undefined => {
    repeats = repeats.filter(isWanted);
    return repeats[0];
  };
  return {
    add: (choice: GroupChoice, dueMono: MonoMs): void => void repeats.push({ choice, dueMono }),
    /** Removes and returns the next repetition if it is due, otherwise undefined. */
    take(nowMono: MonoMs): GroupChoice | undefined {
      const due = first();
      if (due === undefined || due.dueMono > nowMono) return undefined;
      repeats.shift();
      return due.choice;
    },
    isDue: (nowMono: MonoMs): boolean => (first()?.dueMono ?? Number.POSITIVE_INFINITY) <= nowMono,
    nextMono: (): MonoMs | undefined => first()?.dueMono,
    clear(): void {
      repeats = [];
    },
  };
}
