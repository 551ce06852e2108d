/** Builds the proof of savings of a run. Values of the configuration are read at each use, because it may change. */
import { Savings } from '../diagnosis/savings/savings.ts';
import type { Building } from './parts.ts';
import { signerFor } from './signer.ts';

/**
 * Returns the proof of savings of the run, not started. It counts nights and keeps the ledger with the baseline, also when the
 * configuration changes.
 */
export function savingsFor(made: Building): Savings {
  const { clock, state, store } = made;
  const sign = signerFor(made);
  return new Savings({
    clock,
    store: {
      load: store.load,
      save: store.save,
      audit: { note: (note) => made.audit.note(note), read: (query) => made.audit.read(query) },
    },
    sign: async (kind, digest) => {
      const answer = await sign(kind, digest);
      return answer.ok ? answer.signed : null;
    },
    cabinet: () => state.site.cabinet,
    profiles: () => state.site.profiles,
    points: () => state.rooms.points,
    energy: () => state.rooms.energy,
    decisions: () => state.rooms.control.decisions(),
    feederOf: (lampId) => state.rooms.watch.feederOf(lampId),
  });
}
