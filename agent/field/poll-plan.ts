/**
 * Which registers of a unit are asked together, how often, and which block is due next.
 *
 * Pure. Never touches the line, never reads a clock. Called by the line runner.
 */
import type { MonoMs } from '../core/clock.ts';
import type { ReadRequest } from '../core/driver.ts';
import type { PointProfile, PollClass, Profile, RegisterType, Table } from '../core/profile.ts';

/** Registers or bits that are read in one request. */
export interface Block {
  readonly table: Table;
  readonly address: number;
  readonly count: number;
  readonly poll: PolledClass;
  readonly quantities: readonly string[];
}

export type PolledClass = Exclude<PollClass, 'never'>;

/** How often each class is asked. Units: ms. Source: assumed; fast leaves 100 ms from movement to light, normal notices a door within a walk to it, slow is a meter's pace. */
export const POLL_PERIOD_MS: Readonly<Record<PolledClass, number>> = { fast: 100, normal: 5_000, slow: 30_000 };

/** Source: Modbus Application Protocol V1.1b3 §6: 16-bit registers. */
const WIDTH: Readonly<Record<RegisterType, number>> = { bit: 1, u16: 1, s16: 1, u32: 2, s32: 2, f32: 2, u64: 4, s64: 4 };

/**
 * All blocks of a device type: neighbours of one class merged across holes the profile allows, within its limits.
 *
 * Shape: `maxRegisters` caps a block beyond the profile, so that no poll keeps an urgent write waiting for too long.
 */
export function blocksOf({ points, quirks }: Profile, maxRegisters: number): Block[] {
  const polled = points.filter((point): point is PointProfile & { poll: PolledClass } => point.poll !== 'never');
  const sorted = polled.toSorted((a, b) => a.table.localeCompare(b.table) || a.poll.localeCompare(b.poll) || a.address - b.address);
  const blocks: Block[] = [];
  for (const point of sorted) {
    const isBits = point.table === 'coil' || point.table === 'discrete';
    const limit = isBits ? quirks.maxReadBits : Math.min(quirks.maxReadRegisters, maxRegisters);
    const last = blocks.at(-1);
    const end = point.address + WIDTH[point.type];
    const sameKind = last !== undefined && last.table === point.table && last.poll === point.poll;
    if (sameKind && point.address - (last.address + last.count) <= quirks.maxHole && end - last.address <= limit) {
      blocks[blocks.length - 1] = { ...last, count: end - last.address, quantities: [...last.quantities, point.id] };
    } else
      blocks.push({ table: point.table, address: point.address, count: end - point.address, poll: point.poll, quantities: [point.id] });
  }
  return quirks.evenAlign ? blocks.map(aligned) : blocks;
}

function aligned(block: Block): Block {
  const address = block.address - (block.address % 2);
  const end = block.address + block.count;
  return { ...block, address, count: end + (end % 2) - address };
}

/** The two halves of a block that a unit refuses as a whole; the block itself when it holds one quantity only. */
export function splitBlock(profile: Profile, block: Block): Block[] {
  const points = profile.points
    .filter(({ table, id }) => table === block.table && block.quantities.includes(id))
    .toSorted((a, b) => a.address - b.address);
  if (points.length < 2) return [block];
  const middle = Math.ceil(points.length / 2);
  return [points.slice(0, middle), points.slice(middle)].flatMap((half) => blocksOf({ ...profile, points: half }, block.count));
}

/** One block of one unit and when it is wanted next. */
export interface PollSlot {
  readonly unit: number;
  readonly block: Block;
  readonly dueMono: MonoMs;
}

/** The slot whose time came first; undefined when none is due. Slots are asked in order of their deadlines. */
export function firstDue<T extends PollSlot>(slots: Iterable<T>, nowMono: MonoMs): T | undefined {
  let first: T | undefined;
  for (const slot of slots) if (slot.dueMono <= nowMono && (first === undefined || slot.dueMono < first.dueMono)) first = slot;
  return first;
}

/** When a slot is wanted again: one period after it was due, but never in the past, so a busy line does not bunch its polls. Units: ms. */
export function nextDueMono(slot: PollSlot, periodMs: number, nowMono: MonoMs): MonoMs {
  return Math.max(slot.dueMono + periodMs, nowMono + periodMs / 2);
}

export function requestOf({ unit, block: { table, address, count } }: PollSlot): ReadRequest {
  return { unit, table, address, count };
}
