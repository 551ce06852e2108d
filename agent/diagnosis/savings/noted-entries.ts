/** Decides which events are entered in the ledger by the agent: each of them once in a night, and not too many. Pure. */
import type { LedgerNote, SavingsDate } from '../../core/savings-view.ts';

/** Automatic entries of one cause in one night. Source: assumed; more are one condition that repeats, and the events have all of them. Confirmed by: ledgers of cabinets. */
const MAX_AUTOMATIC = 20;
/** Nights that are remembered, the newest ones: a night that was passed over is entered while the present one runs. */
const NIGHTS = 2;

/** The automatic entries that `take` allowed in this run for the newest two nights, by cause and object. */
export class NotedEntries {
  readonly #nights = new Map<SavingsDate, Set<string>>();

  /**
   * Returns whether this entry is to be made; if so, it is remembered. False if its night has one with the same cause and object, or 20
   * with its cause. Always true for a night before the newest two.
   */
  take({ from, cause, about }: Pick<LedgerNote, 'from' | 'cause' | 'about'>): boolean {
    const noted = this.#nights.get(from) ?? new Set<string>();
    this.#nights.set(from, noted);
    if (this.#nights.size > NIGHTS) this.#nights.delete([...this.#nights.keys()].sort()[0] ?? '');
    const key = `${cause} ${about}`;
    const ofCause = [...noted].filter((each) => each.startsWith(`${cause} `));
    if (ofCause.includes(key) || ofCause.length >= MAX_AUTOMATIC) return false;
    noted.add(key);
    return true;
  }
}
