/** Builds the acceptance of a run. Values of the configuration are read at each use, because it may change. */
import type { AcceptanceTools } from '../core/acceptance.ts';
import { Acceptance } from '../diagnosis/acceptance/acceptance.ts';
import type { Building } from './parts.ts';

/**
 * Returns the acceptance of the cabinet, which stores and reports the results of its commissioning. It reads the disk when needed. Lamp
 * tests with the finding `ok` also provide references that the lamp watch lacks. After an exchange of the driver, the former references of
 * the lamp are discarded first.
 */
export function acceptanceFor({ clock, store, state }: Building): AcceptanceTools {
  return new Acceptance({
    ...{ clock, store },
    cabinet: () => state.site.cabinet,
    watched: () => state.rooms.watch.plan,
    onPassed: ({ lamp, levels }, isExchanged) => state.rooms.watch.takeReference(lamp, levels, isExchanged),
  });
}
