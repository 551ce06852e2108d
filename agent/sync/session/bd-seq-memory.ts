/**
 * Keeps bdSeq, the number of the session, over restarts, and replaces it if the disk does not respond.
 */

import type { Clock } from '../../core/clock.ts';
import type { CopyRule } from '../../core/copied-state.ts';
import type { Log, Store } from '../../core/ports.ts';
import { UNREAD } from '../../core/retried-save.ts';
import { within } from '../../core/within.ts';
import { BD_SEQ_COUNT } from './session-state.ts';

const KEY = 'sync.bdSeq';
/**
 * How bdSeq changes when the agent's state is replaced by a copy: it moves ahead, because the sessions after the copy are unknown. Source:
 * RFC 1982, section 3.2.
 */
export const BD_SEQ_COPY_RULE: CopyRule = { key: KEY, change: 'advance', by: BD_SEQ_COUNT / 2 - 2, count: BD_SEQ_COUNT };
/** Longest wait for bdSeq to be on disk; then it is kept in memory. Units: ms. Source: assumed; a flush takes tens of ms. Confirmed by: bench `store device` on the gateway. */
const SAVE_MS = 2_000;

/** Loads and saves bdSeq, the number of the session from 0 to 255, which is kept over restarts; see `createBdSeqMemory`. */
export type BdSeqMemory = ReturnType<typeof createBdSeqMemory>;

/**
 * Creates the storage for bdSeq, the number of the session. `random`: returns a random number 0..1, for the bdSeq to assume if the disk
 * cannot be read or the stored value is no bdSeq.
 */
export function createBdSeqMemory(
  { clock, log, store }: { readonly clock: Pick<Clock, 'after'>; readonly log: Log; readonly store: Pick<Store, 'save' | 'load'> },
  random: () => number,
) {
  return {
    /** Null if no value is stored, or a damaged one; a random number if the disk cannot be read or the value is no bdSeq. */
    async load(): Promise<number | null> {
      const last = await store.load(KEY, UNREAD);
      if (last === undefined) return null;
      if (typeof last === 'number' && Number.isInteger(last) && last >= 0 && last < BD_SEQ_COUNT) return last;
      const assumed = Math.floor(random() * BD_SEQ_COUNT) % BD_SEQ_COUNT;
      log.event('uplink-bdseq-unread', { assumed }, 'warning');
      return assumed;
    },
    /**
     * Resolves to true once it is on disk, to false if the disk refuses it or does not confirm it within 2 s. A late answer is ignored: it
     * could be mistaken for the answer to the next number.
     */
    async save(bdSeq: number): Promise<boolean> {
      const ok = (await within(clock, SAVE_MS, store.save(KEY, bdSeq))) === true;
      if (!ok) log.event('uplink-bdseq-not-saved', { bdSeq }, 'warning');
      return ok;
    },
  };
}
