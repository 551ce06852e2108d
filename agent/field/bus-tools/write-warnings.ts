/**
 * Warnings from the profiles of a line about a write that an operator is about to make. They forbid nothing.
 *
 * Pure.
 */
import { decodePoint } from '../../../drivers/modbus/codec.ts';
import { writePlace } from '../../../drivers/modbus/modbus-driver.ts';
import type { BusWrite } from '../../core/bus-tools.ts';
import type { Cabinet } from '../../core/cabinet.ts';
import { narrowed } from '../../core/narrowed.ts';
import type { GroupProfile, PointProfile, PointWrite, Profile, Table } from '../../core/profile.ts';

/** Longer notes are not part of the warning, which names the command that shows them. Units: characters. Source: assumed; two lines of a terminal. */
const NOTES_MAX = 160;

export interface RegisterAddress {
  readonly table: Table;
  readonly address: number;
}

/** Whether a write reaches this register. */
export function isWritten({ table, address }: RegisterAddress, write: BusWrite): boolean {
  return table === write.table && address >= write.address && address < write.address + write.values.length;
}

/** One sentence for each warning; none for a unit that is not in the cabinet and for registers that no profile has. */
export function writeWarnings(write: BusWrite, { lines }: Pick<Cabinet, 'lines'>, profiles: ReadonlyMap<string, Profile>): string[] {
  const devices = lines.find(({ id }) => id === write.line)?.devices ?? [];
  const reached = devices.filter(({ unit }) => write.unit === 0 || unit === write.unit);
  const warnings = reached.flatMap(({ profile: id, instances }) => {
    const profile = profiles.get(id);
    return profile === undefined ? [] : ofProfile(write, narrowed(profile, instances));
  });
  // A broadcast reaches many of one type.
  return [...new Set(warnings)];
}

function ofProfile(write: BusWrite, profile: Profile): string[] {
  const { points, groups, setup } = profile;
  const written = points.filter((point) => point.write !== null).map(writePlace);
  const own = points.flatMap((point) => {
    if (point.write !== null)
      return isWritten(writePlace(point), write) ? ofPoint(write, point, { ...point.write, id: point.id, profile }) : [];
    const isReadOnly = isWritten(point, write) && ![...written, ...groups, ...setup].some((place) => isSame(place, point));
    return isReadOnly ? [`${point.id}: the profile ${profile.id} only reads this register`] : [];
  });
  // A level that is set for all at its own address has been checked already.
  const shared = groups.filter((group) => isWritten(group, write) && !written.some((place) => isSame(place, group)));
  return [...own, ...shared.flatMap((group) => ofGroup(write, group, profile))];
}

function ofGroup(write: BusWrite, group: GroupProfile, profile: Profile): string[] {
  const level = levelOf(group, profile.points);
  if (level === undefined || level.write === null) return [];
  const { table, address } = group;
  return ofPoint(write, { ...level, table, address, write: null }, { ...level.write, id: `group ${group.id}`, profile });
}

function isSame(a: RegisterAddress, b: RegisterAddress): boolean {
  return a.table === b.table && a.address === b.address;
}

/** A group takes what its levels take. */
function levelOf({ sets }: GroupProfile, points: readonly PointProfile[]): PointProfile | undefined {
  return points.find(({ id, semantic, write }) => semantic === 'level' && write !== null && (sets?.includes(id) ?? true));
}

interface Limits extends Pick<PointWrite, 'min' | 'max' | 'dangerous'> {
  readonly id: string;
  readonly profile: Profile;
}

function ofPoint(write: BusWrite, point: PointProfile, { id, min, max, dangerous, profile }: Limits): string[] {
  const raw = write.values[writePlace(point).address - write.address] ?? 0;
  const value = decodePoint(point, [raw]);
  const unit = point.unit === '' ? '' : ` ${point.unit}`;
  const warnings: string[] = [];
  if (value === null) warnings.push(`${id}: the profile calls ${raw} no value, its limits are ${min} to ${max}${unit}`);
  else if (value < min || value > max) warnings.push(`${id}: ${value}${unit} is outside the profile's limits ${min} to ${max}`);
  if (dangerous) warnings.push(`${id}: the profile calls this dangerous${whyOf(profile)}`);
  return warnings;
}

function whyOf({ id, notes }: Profile): string {
  const plain = notes.replaceAll(/\s+/g, ' ').trim();
  return plain !== '' && plain.length <= NOTES_MAX ? `: ${plain}` : `; its notes: luciole profile show ${id}`;
}
