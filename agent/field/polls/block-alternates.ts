/**
 * Longer reads that include a block.
 *
 * Pure. A reply of another length cannot be mistaken for a late reply to the block itself, so a longer read is sent when that could happen.
 */
import type { ReadRequest } from '../../core/driver.ts';
import type { Limits, PollBlock, Slot } from './poll-plan.ts';

/**
 * Most alternates of a block. Source: assumed; each is good for one lost reply a minute. Confirmed by: lost replies per minute on a disturbed line.
 */
const MOST = 4;

/**
 * Returns some longer reads that include the block, the shortest first; empty if there are none. Replies to reads of registers then differ
 * in length from a late reply to the block; those to reads of a few bits more may not.
 */
export function alternatesOf(block: PollBlock, slots: readonly Slot[], limits: Limits): readonly Pick<ReadRequest, 'address' | 'count'>[] {
  const [first, last] = [block.slots[0], block.slots.at(-1)];
  if (first === undefined || last === undefined || first.isSingle) return [];
  const alternates: Pick<ReadRequest, 'address' | 'count'>[] = [];
  let [from, end] = [block.address, block.address + block.count];
  let [low, high] = [slots.indexOf(first), slots.indexOf(last)];
  while (alternates.length < MOST) {
    const [before, after] = [slots[low - 1], slots[high + 1]];
    if (after !== undefined && isNext(slots[high], after) && after.address + after.count - from <= limits.maxCount) {
      end = Math.max(end, after.address + after.count);
      high++;
    } else if (before !== undefined && isNext(before, slots[low]) && end - before.address <= limits.maxCount) {
      from = Math.min(from, before.address);
      low--;
    } else break;
    alternates.push(limits.evenAlign ? even(from, end) : { address: from, count: end - from });
  }
  return alternates.filter(({ count }) => count > block.count && count <= limits.maxCount);
}

/** Whether they are adjacent and may be read together. */
function isNext(low: Slot | undefined, high: Slot | undefined): boolean {
  if (low === undefined || high === undefined || low.table !== high.table) return false;
  const isWhole = low.isolation === null && high.isolation === null && !low.isSingle && !high.isSingle;
  return isWhole && !high.cutBefore && low.address + low.count === high.address;
}

function even(from: number, end: number): Pick<ReadRequest, 'address' | 'count'> {
  const address = from - (from % 2);
  return { address, count: end + (end % 2) - address };
}
