/**
 * Which registers of a unit are read together, decided again for each request.
 *
 * Pure: time is an argument.
 */
import { widthOf } from '../../../drivers/modbus/register-types.ts';
import type { MonoMs } from '../../core/clock.ts';
import type { ReadRequest } from '../../core/driver.ts';
import type { PointProfile, PollClass, Profile, Table } from '../../core/profile.ts';
import { type Isolation, type IsolationCause, isolationWaitMs } from './isolation.ts';

/** The class of a point that is polled: how often it is read. */
export type PolledClass = Exclude<PollClass, 'never'>;

/**
 * The poll period of each class on a Modbus line; a line may read `fast` points more often. Units: ms. Source: assumed; `fast` is the
 * longest period of presence inputs (see `presencePeriodMs`), `normal` detects an open door before a person reaches it, `slow` is the pace
 * of a meter. Confirmed by: the overruns of a full line in a week of logs.
 */
export const POLL_PERIOD_MS: Readonly<Record<PolledClass, number>> = { fast: 100, normal: 5_000, slow: 30_000 };

/**
 * A neighbour of the same class is read along when this share of its period or less is left. Source: assumed; keeps a unit's polls in step at the
 * price of a few early ones. Confirmed by: the number of requests per round of the shipped profiles at other shares.
 */
const NEARLY_DUE = 0.25;
/**
 * Delay before a lost poll is repeated. The period of the poll counts instead if it is shorter, and after more than two losses in a row.
 * After a doubtful reply the delay is not shorter than this. Units: ms. Source: the shortest guard against late replies lasts as long.
 */
export const ASK_AGAIN_MS = 1_000;
const ASK_AGAIN_TIMES = 2;

const FASTEST_FIRST: readonly PolledClass[] = ['fast', 'normal', 'slow'];

/** The smallest part of a poll plan: the registers (or bits) of one point, or of several that share them. */
export interface Slot {
  readonly table: Table;
  readonly address: number;
  readonly count: number;
  /** Of several points, the class that is read most often. */
  readonly poll: PolledClass;
  /** Ids of its points in the profile. */
  readonly quantities: readonly string[];
  /** The device answers correctly only if it is read alone. */
  readonly isSingle: boolean;
  /** It contains the level of a lamp. */
  readonly isLevel: boolean;
  /** When it is due to be read next. */
  dueMono: MonoMs;
  /** After its next answer the next read is due at the phase of the unit, which spreads the units of a line. */
  isFirst: boolean;
  /** Polls lost in a row. */
  misses: number;
  /** Set while the unit gives no data for this slot although it answers. A refusal of an earlier run may be restored. */
  isolation: Isolation | null;
  /** No block may reach from before this slot into it. */
  cutBefore: boolean;
}

/**
 * Returns the slots of a device type, sorted by table and address, without points that are not polled. Points that share a register are one
 * slot. All slots are due at once.
 */
export function slotsOf({ points, quirks }: Profile): Slot[] {
  const slots: Slot[] = [];
  const polled = points.filter((point): point is PointProfile & { poll: PolledClass } => point.poll !== 'never');
  for (const { id, table, address, poll, semantic, ...layout } of polled.toSorted(
    (a, b) => Number(a.table > b.table) - Number(a.table < b.table) || a.address - b.address,
  )) {
    const end = address + widthOf(layout);
    const isSingle = quirks.singleOnly.some(([from, to]) => from < end && address <= to);
    const last = slots.at(-1);
    if (last === undefined || last.table !== table || address >= last.address + last.count) {
      const state = { dueMono: 0, isFirst: true, misses: 0, isolation: null, cutBefore: false };
      slots.push({ table, address, count: end - address, poll, quantities: [id], isSingle, isLevel: semantic === 'level', ...state });
      continue;
    }
    const count = Math.max(end, last.address + last.count) - last.address;
    const faster = FASTEST_FIRST.find((each) => each === poll || each === last.poll) as PolledClass;
    const isLevel = last.isLevel || semantic === 'level';
    slots[slots.length - 1] = {
      ...last,
      count,
      poll: faster,
      isLevel,
      isSingle: last.isSingle || isSingle,
      quantities: [...last.quantities, id],
    };
  }
  return slots;
}

/** What bounds a block of one table. Units: registers, or bits in a table of bits. */
export interface Limits {
  /** Longest block. One slot that is longer is still read, alone. */
  readonly maxCount: number;
  /** Unused registers that may lie between two slots. */
  readonly maxHole: number;
  /** How many registers that are not due may be read along in a row: with more, a separate request is cheaper. */
  readonly breakEven: number;
  /** A block must start at an even address and have an even length. */
  readonly evenAlign: boolean;
}

/** One read that covers one or more slots of a unit. */
export interface PollBlock extends Pick<ReadRequest, 'table' | 'address' | 'count'> {
  /** The slots that the read is to give values for, including those that are not due. Its padding may reach into others. */
  readonly slots: readonly Slot[];
  /** It includes registers that belong to no slot, besides the padding to even addresses. */
  readonly hasHoles: boolean;
}

/**
 * The slots of a unit, in the order of `slotsOf`, the index `first` of the one to read, and the limits of the read. `nowMono` and
 * `periodsMs`, the poll period of each class in ms, decide which neighbours are due.
 */
export interface BlockOptions {
  readonly slots: readonly Slot[];
  readonly first: number;
  readonly nowMono: MonoMs;
  readonly periodsMs: Readonly<Record<PolledClass, number>>;
  readonly limits: Limits;
}

/**
 * Returns the block to read for the slot with index `first`: this slot, with neighbours that are worth reading in the same request. A slot
 * that is isolated or `isSingle` is read alone.
 */
export function blockAround(options: BlockOptions): PollBlock {
  const { slots, first, limits } = options;
  const lead = slots[first] as Slot;
  let [from, to] = [first, first];
  if (!lead.isSingle && lead.isolation === null) {
    to = reach(options, { from, to, step: 1 });
    from = reach(options, { from, to, step: -1 });
  }
  const taken = slots.slice(from, to + 1);
  const { address, end } = spanOf(slots, { from, to, evenAlign: limits.evenAlign });
  const known = taken.reduce((sum, { count }) => sum + count, 0);
  const [low, high] = [slots[from] as Slot, slots[to] as Slot];
  return { table: lead.table, address, count: end - address, slots: taken, hasHoles: known < high.address + high.count - low.address };
}

/**
 * Returns the blocks that read each slot once, when all are due at the same time; without isolated slots. The slots in the blocks are
 * copies.
 */
export function wholeRound(
  { slots, periodsMs }: Pick<BlockOptions, 'slots' | 'periodsMs'>,
  limitsOf: (table: Table) => Limits,
): PollBlock[] {
  const round = slots.map((slot) => ({ ...slot, dueMono: slot.isolation === null ? 0 : Number.POSITIVE_INFINITY }));
  const blocks: PollBlock[] = [];
  for (const [first, { dueMono, table }] of round.entries()) {
    if (dueMono > 0) continue;
    const block = blockAround({ slots: round, first, nowMono: 0, periodsMs, limits: limitsOf(table) });
    for (const slot of block.slots) (slot as Slot).dueMono = Number.POSITIVE_INFINITY;
    blocks.push(block);
  }
  return blocks;
}

/** Extends the block in one direction; slots in between are read too. Returns the last slot that is needed. */
function reach(options: BlockOptions, at: { from: number; to: number; step: 1 | -1 }): number {
  const { slots, limits } = options;
  const { step } = at;
  let edge = step === 1 ? at.to : at.from;
  let unwanted = 0;
  for (let next = edge + step; ; next += step) {
    const [slot, before] = [slots[next], slots[next - step]];
    if (slot === undefined || before === undefined || slot.table !== before.table || slot.isolation !== null || slot.isSingle) return edge;
    const [low, high] = step === 1 ? [before, slot] : [slot, before];
    const hole = high.address - (low.address + low.count);
    if (high.cutBefore || hole > limits.maxHole) return edge;
    const span = spanOf(slots, { from: Math.min(at.from, next), to: Math.max(at.to, next), evenAlign: limits.evenAlign });
    unwanted += hole;
    if (span.end - span.address > limits.maxCount || unwanted > limits.breakEven) return edge;
    if (isWanted(slot, options)) {
      edge = next;
      unwanted = 0;
    } else unwanted += slot.count;
  }
}

function isWanted({ dueMono, poll }: Slot, { slots, first, nowMono, periodsMs }: BlockOptions): boolean {
  const early = poll === slots[first]?.poll ? NEARLY_DUE * periodsMs[poll] : 0;
  return dueMono <= nowMono + early;
}

function spanOf(slots: readonly Slot[], at: { from: number; to: number; evenAlign: boolean }): { address: number; end: number } {
  const [first, last] = [slots[at.from] as Slot, slots[at.to] as Slot];
  const end = last.address + last.count;
  return at.evenAlign ? { address: first.address - (first.address % 2), end: end + (end % 2) } : { address: first.address, end };
}

/**
 * Sets when the slots of an answered block are due again, sets `misses` to 0, and ends their isolation. `phase`: the share of a period (0
 * to 1) after which a slot with `isFirst` is due again.
 */
export function markAnswered({ slots }: PollBlock, at: { nowMono: MonoMs; periodsMs: BlockOptions['periodsMs']; phase: number }): void {
  const { nowMono, periodsMs, phase } = at;
  for (const slot of slots) {
    const periodMs = periodsMs[slot.poll];
    // The first answer is read as soon as possible; the second spreads the units of a line over a period.
    if (slot.isFirst) slot.dueMono = nowMono + periodMs * phase;
    else slot.dueMono = slot.dueMono > nowMono ? nowMono + periodMs : Math.max(slot.dueMono + periodMs, nowMono + periodMs / 2);
    slot.isFirst = false;
    slot.misses = 0;
    slot.isolation = null;
  }
}

/**
 * Counts a read without a usable reply as lost in the slots of its block. They are due again after 1 s, or after their period if that
 * is shorter. From the third loss in a row it is always the period.
 */
export function lost({ slots }: PollBlock, at: { nowMono: MonoMs; periodsMs: BlockOptions['periodsMs'] }): void {
  for (const slot of slots) {
    slot.misses++;
    slot.dueMono =
      at.nowMono + (slot.misses <= ASK_AGAIN_TIMES ? Math.min(ASK_AGAIN_MS, at.periodsMs[slot.poll]) : at.periodsMs[slot.poll]);
  }
}

/**
 * Handles a refused block. A single slot is isolated and returned. Otherwise returns undefined, and the slots become due now: several are
 * split in the middle for the next reads. A block with holes is not split, because a hole may be the cause. `all`: the slots of the unit.
 */
export function refusedIn(block: PollBlock, all: readonly Slot[], nowMono: MonoMs): Slot | undefined {
  const [only, ...others] = block.slots;
  for (const slot of block.slots) slot.dueMono = Math.min(slot.dueMono, nowMono);
  if (only === undefined || block.hasHoles) return undefined;
  if (others.length > 0) {
    (block.slots[Math.ceil(block.slots.length / 2)] as Slot).cutBefore = true;
    return undefined;
  }
  isolate(only, all, { cause: 'refused', nowMono });
  return only;
}

/**
 * Marks on the slots (`cutBefore`) where later blocks end, after a block without a reply: at both its ends, and in its middle if it has
 * several slots. One of the slots may be the cause. `all`: the slots of the unit.
 */
export function cutApart({ slots }: PollBlock, all: readonly Slot[]): void {
  const behind = all[all.indexOf(slots.at(-1) as Slot) + 1];
  for (const edge of [slots[0], behind, slots.length > 1 ? slots[Math.ceil(slots.length / 2)] : undefined])
    if (edge !== undefined) edge.cutBefore = true;
}

/**
 * Isolates the slot: from now on it is requested alone, at intervals that grow up to a limit. For an isolated slot, counts one more
 * unsuccessful request. A new isolation also ends the splits of the search (`rejoin`). `all`: the slots of the unit.
 */
export function isolate(slot: Slot, all: readonly Slot[], { cause, nowMono }: { cause: IsolationCause; nowMono: MonoMs }): void {
  const isFound = slot.isolation === null;
  const { tries, isReported } = slot.isolation ?? { tries: -1, isReported: false };
  slot.isolation = { cause, tries: tries + 1, isReported };
  slot.dueMono = nowMono + isolationWaitMs(slot.isolation, slot);
  if (isFound) rejoin(all);
}

/** Ends the splits (`cutBefore`). The slots of one class that are not isolated become due together, at the earliest of their due times. */
export function rejoin(all: readonly Slot[]): void {
  const dueMono = new Map<PolledClass, MonoMs>();
  for (const slot of all) {
    slot.cutBefore = false;
    if (slot.isolation === null) dueMono.set(slot.poll, Math.min(slot.dueMono, dueMono.get(slot.poll) ?? Number.POSITIVE_INFINITY));
  }
  for (const slot of all) if (slot.isolation === null) slot.dueMono = dueMono.get(slot.poll) ?? slot.dueMono;
}

/** Returns the read request of a block for the unit with this address. */
export function blockRequest(unit: number, { table, address, count }: PollBlock): ReadRequest {
  return { unit, table, address, count };
}
