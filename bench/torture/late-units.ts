/**
 * Units whose registers change at known times, so that any value can be judged: did the register hold it then?
 *
 * Pure. Four kinds of registers: constant and different, constant and equal, few values that change rarely, and counters.
 */
import type { MonoMs } from '../../agent/core/clock.ts';

/** What the torture reads: one request of a unit. */
export interface LateBlock {
  readonly unit: number;
  readonly table: 'holding' | 'input' | 'discrete';
  readonly address: number;
  readonly count: number;
}

/** How often a register changes, by its address. Units: ms; 0 for never. */
const PERIODS_MS = [0, 0, 7_000, 23_000, 10, 1_300, 61_000, 0];

/** Returns the value that a register, or a bit of the table `discrete`, has at a time; the same arguments always give the same value. */
export function trueValueAt({ unit, table }: Pick<LateBlock, 'unit' | 'table'>, address: number, atMono: MonoMs): number {
  const kind = address % PERIODS_MS.length;
  const step = stepAt(address, atMono);
  if (table === 'discrete') return mixed(address >> 3, step) & 1;
  if (kind === 0) return (unit << 8) ^ address;
  if (kind === 1 || kind === 7) return 50;
  if (kind === 4) return step & 0xffff;
  return mixed(address >> 3, step) % 3;
}

/**
 * Returns true if each word was the value of its register at some time from `from` to `to`, both included; not necessarily all at the same
 * time.
 */
export function heldBetween(block: LateBlock, words: readonly number[], from: MonoMs, to: MonoMs): boolean {
  return words.every((word, i) => {
    const address = block.address + i;
    const periodMs = PERIODS_MS[address % PERIODS_MS.length] as number;
    for (let mono = from; ; mono += periodMs) {
      if (trueValueAt(block, address, Math.min(mono, to)) === word) return true;
      if (mono >= to || periodMs === 0) return false;
    }
  });
}

function stepAt(address: number, atMono: MonoMs): number {
  const periodMs = PERIODS_MS[address % PERIODS_MS.length] as number;
  return periodMs === 0 ? 0 : Math.floor(atMono / periodMs);
}

/** A number that looks random and is the same each time. Source: the finaliser of MurmurHash3. */
function mixed(a: number, b: number): number {
  let hash = Math.imul(a ^ 0x9e37_79b9, 0x85eb_ca6b) ^ Math.imul(b + 1, 0xc2b2_ae35);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2_ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
