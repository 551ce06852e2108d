/** Builds the proof of savings of a run. Values of the configuration are read at each use, because it may change. */
import { Savings } from '../diagnosis/savings/savings.ts';
import { createCabinetSigner } from '../sync/mqtt/cabinet-signer.ts';
import { createFileReader } from '../sync/mqtt/secret-files.ts';
import type { Building } from './parts.ts';

/** Returns the proof of savings, not started. */
export function savingsFor(made: Building): Savings {
  const { parts, clock, state, store } = made;
  return new Savings({
    clock,
    log: parts.log,
    store: {
      load: store.load,
      save: store.save,
      audit: { note: (note) => made.audit.note(note), read: (query) => made.audit.read(query) },
    },
    sign: createCabinetSigner({
      clock,
      log: parts.log,
      config: () => state.site.cabinet.uplink,
      readFile: parts.readFile ?? createFileReader(null),
    }),
    cabinet: () => state.site.cabinet,
    profiles: () => state.site.profiles,
    points: () => state.rooms.points,
    energy: () => state.rooms.energy,
    decisions: () => state.rooms.control.decisions(),
    feederOf: (lampId) => state.rooms.watch.feederOf(lampId),
  });
}
