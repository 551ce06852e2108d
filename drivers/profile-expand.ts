/**
 * Expands a short profile file: repeated parts, groups and set-up rows are written out one by one.
 *
 * Pure. Records for each row its place in the file.
 */
import { partPointId } from '../agent/core/narrowed.ts';
import type { GroupProfile, PointProfile, Profile, SetupProfile } from '../agent/core/profile.ts';
import { MAX_TEXT_VALUE } from './modbus/text-codec.ts';
import { MAX_POINT_DECIMALS, type PointDocument, type ProfileDocument } from './profile-schema.ts';

/** The place of a value in a profile file: its keys and list indexes from the top. */
export type FilePath = readonly (string | number)[];

/** A profile written out in full, with the place of each row in its file. */
export interface ExpandedProfile {
  readonly profile: Profile;
  /** The place of each row of the profile in the file; rows that were written out from one row of the file share its place. */
  readonly paths: {
    readonly points: readonly FilePath[];
    readonly setup: readonly FilePath[];
    readonly groups: readonly FilePath[];
  };
}

interface Row<T> {
  readonly row: T;
  readonly path: FilePath;
}

/**
 * Returns the profile with its repeated parts, groups and set-up rows written out one by one, and the place of each row in the file. Also
 * sets `fallsBack`, and the `address`, `decimals` and write limits of points, where the file has none.
 */
export function expandProfile(document: ProfileDocument): ExpandedProfile {
  const { repeat, ...rest } = document;
  const points = pointRows(document);
  const setup = document.setup.flatMap(setupRows);
  const levels = points.flatMap(({ row }) => (row.semantic === 'level' && row.write !== null ? [row.id] : []));
  const groups = document.groups.flatMap((group, index) => groupRows(group, levels).map((row) => ({ row, path: ['groups', index] })));
  const repeats = repeat.map((part) => ({ id: part.id, count: part.count, points: part.points.map(({ id }) => id) }));
  return {
    profile: {
      ...rest,
      fallsBack: document.fallsBack ?? hasTimeout(document),
      points: rowsOf(points),
      setup: rowsOf(setup),
      groups: rowsOf(groups),
      repeats,
    },
    paths: { points: pathsOf(points), setup: pathsOf(setup), groups: pathsOf(groups) },
  };
}

/** Whether the set-up has a timeout for a silent agent: then it also has a level for that case. */
function hasTimeout({ setup }: ProfileDocument): boolean {
  return setup.some(({ value }) => value === 'failsafeTimeoutS');
}

function rowsOf<T>(rows: readonly Row<T>[]): T[] {
  return rows.map(({ row }) => row);
}

function pathsOf(rows: readonly Row<unknown>[]): FilePath[] {
  return rows.map(({ path }) => path);
}

function pointRows({ points, repeat }: ProfileDocument): Row<PointProfile>[] {
  const plain = points.map((point, index) => ({ row: pointOf(point), path: ['points', index] }));
  const repeated = repeat.flatMap((part, r) =>
    times(part.count).flatMap((n) =>
      part.points.map((point, index) => ({ row: instanceOf(part, n, point), path: ['repeat', r, 'points', index] })),
    ),
  );
  return [...plain, ...repeated];
}

function pointOf(point: PointDocument): PointProfile {
  const decimals = point.decimals ?? Math.max(decimalsOf(point.scale), decimalsOf(point.offset));
  const { write } = point;
  const limits = { min: write?.min ?? 0, max: write?.max ?? MAX_TEXT_VALUE };
  return { ...point, address: point.address ?? 0, decimals, write: write && { ...write, ...limits } };
}

/** 1 for 0.1, 2 for 0.25, 0 for 10; a value with this many decimals loses no measured digit. */
function decimalsOf(number: number): number {
  let decimals = 0;
  while (decimals < MAX_POINT_DECIMALS && Number(number.toFixed(decimals)) !== number) decimals++;
  return decimals;
}

function instanceOf(part: ProfileDocument['repeat'][number], n: number, point: PointDocument): PointProfile {
  const shift = n * part.stride;
  const own = (id: string): string => (part.points.some((other) => other.id === id) ? partPointId(part.id, n, id) : id);
  const { write, ...whole } = pointOf(point);
  return {
    ...whole,
    id: own(point.id),
    address: (point.address ?? 0) + shift,
    write: write && {
      ...write,
      address: write.address === null ? null : write.address + shift,
      verify: write.verify === null ? null : own(write.verify),
      switchedBy: write.switchedBy === null ? null : own(write.switchedBy),
    },
  };
}

function setupRows({ count, stride, address, ...step }: ProfileDocument['setup'][number], index: number): Row<SetupProfile>[] {
  return times(count).map((n) => ({ row: { ...step, address: address + n * stride }, path: ['setup', index] }));
}

function groupRows({ count, stride, sets, ...group }: ProfileDocument['groups'][number], levels: readonly string[]): GroupProfile[] {
  const whole = { ...group, sets: sets === 'all' ? levels : sets };
  if (count === null) return [whole];
  return times(count).map((n) => ({ ...whole, id: `${group.id}${n}`, address: group.address + n * stride }));
}

function times(count: number): number[] {
  return Array.from({ length: count }, (_, n) => n);
}
