/** Adds to the answers of the bus tools: the frames of a read, the lamps that a write sets, and warnings about a write, which do not block it. */
import { isSharedRegister } from '../../../drivers/dali/dali-registers.ts';
import { decodePoint } from '../../../drivers/modbus/codec.ts';
import { writePlace } from '../../../drivers/modbus/modbus-driver.ts';
import { readFrames } from '../../../drivers/modbus/modbus-functions.ts';
import { widthOf } from '../../../drivers/modbus/register-types.ts';
import type { BusTools, BusWrite } from '../../core/bus-tools.ts';
import type { Cabinet, DeviceConfig } from '../../core/cabinet.ts';
import { type Message, msg, type Said } from '../../core/message.ts';
import { narrowed } from '../../core/narrowed.ts';
import type { GroupProfile, PointProfile, PointWrite, Profile, Table } from '../../core/profile.ts';
import { sunAltitudeDeg } from '../../lighting/sun.ts';
import { QUARTER_MS } from '../stats/line-history.ts';

/**
 * Returns the bus tools with additions. `read` on a Modbus line: the frames. `examine`: the sun's altitude for each quarter of an hour.
 * `write`: the lamps, and the warnings, which `warnings` returns too. `profiles`: by the id of the profile.
 */
export function withSiteKnowledge(bus: BusTools, cabinet: Cabinet, profiles: ReadonlyMap<string, Profile>): BusTools {
  return {
    ...bus,
    async read(request) {
      const result = await bus.read(request);
      const isDali = cabinet.lines.find(({ id }) => id === request.line)?.kind === 'dali';
      return isDali ? result : { ...result, ...readFrames(request, result.words) };
    },
    async examine(request, onProgress) {
      const exam = await bus.examine(request, onProgress);
      return {
        ...exam,
        quarters: exam.quarters.map((quarter) => ({ ...quarter, sunDeg: sunAltitudeDeg(cabinet, quarter.startMs + QUARTER_MS / 2) })),
      };
    },
    warnings: (request) => writeWarnings(request, cabinet, profiles),
    async write(request) {
      const result = await bus.write(request);
      return { ...result, lamps: lampsSet(request, cabinet, profiles), warnings: writeWarnings(request, cabinet, profiles) };
    },
  };
}

/** The lamps whose level, or whose group's level, is in a written register. */
function lampsSet(write: BusWrite, { lines, lamps }: Cabinet, profiles: ReadonlyMap<string, Profile>): string[] {
  const reached = reachedBy(write, lines);
  return lamps.flatMap(({ id, device: deviceId, point }) => {
    const device = reached.find((each) => each.id === deviceId);
    const places = device === undefined ? [] : levelPlaces(device, point, profiles.get(device.profile));
    return places.some((place) => isWritten(place, write)) ? [id] : [];
  });
}

function reachedBy({ line: lineId, unit, address }: BusWrite, lines: Cabinet['lines']): readonly DeviceConfig[] {
  const line = lines.find(({ id }) => id === lineId);
  const isForAll = line?.kind === 'dali' ? isSharedRegister(address) : unit === 0;
  return (line?.devices ?? []).filter((device) => isForAll || device.unit === unit);
}

function levelPlaces({ instances, groups: chosen }: DeviceConfig, pointId: string, profile: Profile | undefined): RegisterAddress[] {
  if (profile === undefined) return [];
  const { points, groups } = narrowed(profile, instances);
  const own = points.filter(({ id, write }) => id === pointId && write !== null).map(spanOfWrite);
  const shared = groups.filter(({ id, sets }) => (sets ?? chosen[id] ?? []).includes(pointId));
  return [...own, ...shared];
}

/**
 * Longer notes are not part of the warning, which names the command that shows them. Units: characters. Source: assumed; two lines of a terminal.
 * Confirmed by: the lengths of the notes in the shipped profiles.
 */
const NOTES_MAX = 160;

interface RegisterAddress {
  readonly table: Table;
  readonly address: number;
  /** Number of registers; 1 if not given. */
  readonly width?: number;
}

/** Whether a write includes one of these registers. */
function isWritten({ table, address, width = 1 }: RegisterAddress, write: BusWrite): boolean {
  return table === write.table && address + width > write.address && address < write.address + write.values.length;
}

/** All registers where a point is written. */
function spanOfWrite(point: PointProfile): RegisterAddress {
  return { ...writePlace(point), width: widthOf(point) };
}

/**
 * Returns warnings about a write according to the profiles of the devices that it reaches, without duplicates; empty if there are none.
 * `profiles`: by the id of the profile.
 */
export function writeWarnings(write: BusWrite, { lines }: Pick<Cabinet, 'lines'>, profiles: ReadonlyMap<string, Profile>): Message[] {
  const warnings = reachedBy(write, lines).flatMap(({ profile: id, instances }) => {
    const profile = profiles.get(id);
    return profile === undefined ? [] : ofProfile(write, narrowed(profile, instances));
  });
  // A broadcast reaches many units of one type.
  return [...new Map(warnings.map((warning) => [String(warning), warning])).values()];
}

function ofProfile(write: BusWrite, profile: Profile): Message[] {
  const { points, groups, setup } = profile;
  const written = points.filter((point) => point.write !== null).map(writePlace);
  const own = points.flatMap((point) => {
    if (point.write !== null)
      return isWritten(spanOfWrite(point), write) ? ofPoint(write, point, { ...point.write, id: point.id, profile }) : [];
    const isReadOnly =
      isWritten({ ...point, width: widthOf(point) }, write) && ![...written, ...groups, ...setup].some((place) => isSame(place, point));
    return isReadOnly ? [msg`${point.id}: the profile ${profile.id} only reads this register`] : [];
  });
  // A level that is set for all at its own address has already been checked.
  const shared = groups.filter((group) => isWritten(group, write) && !written.some((place) => isSame(place, group)));
  return [...own, ...shared.flatMap((group) => ofGroup(write, group, profile))];
}

function ofGroup(write: BusWrite, group: GroupProfile, profile: Profile): Message[] {
  const level = levelOf(group, profile.points);
  if (level === undefined || level.write === null) return [];
  const { table, address } = group;
  return ofPoint(write, { ...level, table, address, write: null }, { ...level.write, id: msg`group ${group.id}`, profile });
}

function isSame(a: RegisterAddress, b: RegisterAddress): boolean {
  return a.table === b.table && a.address === b.address;
}

/** A group accepts the same values as its levels. */
function levelOf({ sets }: GroupProfile, points: readonly PointProfile[]): PointProfile | undefined {
  return points.find(({ id, semantic, write }) => semantic === 'level' && write !== null && (sets?.includes(id) ?? true));
}

interface Limits extends Pick<PointWrite, 'min' | 'max' | 'dangerous'> {
  readonly id: Said;
  readonly profile: Profile;
}

function ofPoint(write: BusWrite, point: PointProfile, { id, min, max, dangerous, profile }: Limits): Message[] {
  const width = widthOf(point);
  const from = writePlace(point).address - write.address;
  const words = write.values.slice(Math.max(0, from), from + width);
  if (words.length < width) return [msg`${id}: the value has ${width} registers and this writes only a part of it`];
  const value = decodePoint(point, words);
  const raw = words.join(' ');
  const unit = point.unit === '' ? '' : ` ${point.unit}`;
  const warnings: Message[] = [];
  if (value === null) warnings.push(msg`${id}: ${raw} is not a valid value in the profile, its limits are ${min} to ${`${max}${unit}`}`);
  else if (value < min || value > max) warnings.push(msg`${id}: ${`${value}${unit}`} is outside the profile's limits ${min} to ${max}`);
  if (dangerous) warnings.push(dangerOf(id, profile));
  return warnings;
}

function dangerOf(id: Said, { id: profileId, notes }: Profile): Message {
  const plain = notes.replaceAll(/\s+/g, ' ').trim();
  return plain !== '' && plain.length <= NOTES_MAX
    ? msg`${id}: the profile calls this dangerous: ${plain}`
    : msg`${id}: the profile calls this dangerous; its notes: luciole profile show ${profileId}`;
}
