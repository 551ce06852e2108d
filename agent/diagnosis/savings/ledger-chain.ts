/** The ledger as a chain of entries: reading, verification, and which entries count. Pure. */
import { CHAIN_START, type ChainEntry, type ChainHead, chainHash, nextInChain } from '../../core/hash-chain.ts';
import { isRecord } from '../../core/is-record.ts';
import {
  LEDGER_CAUSES,
  type LedgerCause,
  type LedgerEffect,
  type LedgerEntry,
  type LedgerNote,
  type SavingsBaseline,
  type SavingsDate,
} from '../../core/savings-view.ts';

/** Returns the entry for `note` that follows the last one of `chain`. `chain` is not changed. */
export function ledgerEntry(chain: readonly ChainEntry[], note: LedgerNote, atMs: number): ChainEntry {
  return nextInChain(chain.at(-1) ?? CHAIN_START, JSON.stringify(note), atMs);
}

/**
 * Returns the number that is expected at the first entry whose number or hash does not follow from the entry before it. Null if there is
 * no such entry; missing entries at the end are not noticed.
 */
export function brokenAt(chain: readonly ChainEntry[]): number | null {
  let before = CHAIN_START;
  for (const entry of chain) {
    if (entry.n !== before.n + 1 || entry.hash !== chainHash(before.hash, entry)) return before.n + 1;
    before = entry;
  }
  return null;
}

/**
 * Returns the lowest number in `heads` whose entry is not in the chain with the same hash; null if the chain has all of them. `heads`:
 * numbers and hashes that were signed or noted elsewhere. `chain`: one that `brokenAt` finds whole. Up to the highest number in `heads` it
 * finds changes whose hashes were computed again, and removed entries. The first changed entry may be an earlier one.
 */
export function missingFrom(chain: readonly ChainEntry[], heads: readonly ChainHead[]): number | null {
  const missing = heads.flatMap(({ n, hash }) => (chain[n - 1]?.hash === hash ? [] : [n]));
  return missing.length === 0 ? null : Math.min(...missing);
}

/** Returns the entries of a chain, without a check of its hashes. One without a known cause, a first night or an effect is left out. */
export function ledgerEntriesOf(chain: readonly ChainEntry[]): readonly LedgerEntry[] {
  return chain.flatMap(({ n, hash, atMs, body }) => {
    const note = readNote(body);
    return note === null ? [] : [{ ...note, n, hash, atMs }];
  });
}

/** Returns the entries that no entry voids, without those of the cause `void`. To void one of these has no effect. */
export function validEntries(entries: readonly LedgerEntry[]): readonly LedgerEntry[] {
  const voided = new Set(entries.flatMap(({ cause, voids }) => (cause === 'void' && voids !== undefined ? [voids] : [])));
  return entries.filter(({ n, cause }) => cause !== 'void' && !voided.has(n));
}

/**
 * Returns the entries that count with a baseline: those of `validEntries`, without those that were entered before it and begin before its
 * first night. A baseline is frozen from the present configuration, which has their effect already.
 */
export function entriesWith(
  entries: readonly LedgerEntry[],
  { n: baselineN, from }: Pick<LedgerEntry, 'n' | 'from'>,
): readonly LedgerEntry[] {
  return validEntries(entries).filter((entry) => entry.n >= baselineN || entry.from >= from);
}

/** Returns the last entry with a baseline that no entry voids; undefined if there is none. */
export function baselineEntry(entries: readonly LedgerEntry[]): (LedgerEntry & { readonly baseline: SavingsBaseline }) | undefined {
  const found = validEntries(entries).findLast(({ cause, baseline }) => cause === 'baseline' && baseline !== undefined);
  return found?.baseline === undefined ? undefined : { ...found, baseline: found.baseline };
}

/** Returns whether an entry applies to one or more of the nights from `first` to `last`, both included. `to` null: it has no end. */
export function overlaps({ from, to }: Pick<LedgerNote, 'from' | 'to'>, first: SavingsDate, last: SavingsDate): boolean {
  return from <= last && (to === null || to >= first);
}

function readNote(body: string): LedgerNote | null {
  const note = parsed(body);
  if (!isRecord(note) || !isCause(note['cause']) || typeof note['from'] !== 'string' || !isRecord(note['effect'])) return null;
  const { to, by, about, voids, baseline, effect } = note;
  return {
    cause: note['cause'],
    by: typeof by === 'string' ? by : '',
    from: note['from'],
    to: typeof to === 'string' ? to : null,
    about: Array.isArray(about) ? about.map(String) : [],
    // The chain proves that the agent wrote it.
    effect: effect as LedgerEffect,
    note: typeof note['note'] === 'string' ? note['note'] : '',
    ...(typeof voids === 'number' ? { voids } : {}),
    ...(isRecord(baseline) ? { baseline: baseline as unknown as SavingsBaseline } : {}),
  };
}

function isCause(cause: unknown): cause is LedgerCause {
  return LEDGER_CAUSES.some((each) => each === cause);
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return null; // `brokenAt` reports it.
  }
}
