/**
 * Ends the open events of earlier runs. A condition that lasts has begun a new event by then, or will.
 */
import type { Clock } from '../core/clock.ts';
import type { Store } from '../core/ports.ts';

/** Source: assumed; far more than a street has things that can be wrong. */
const MAX_LEFTOVERS = 10_000;

export interface LeftoverParts {
  readonly store: Pick<Store, 'events' | 'appendEvent'>;
  readonly clock: Clock;
  /** It has begun in this run and is going on. */
  readonly isGoingOn: (id: string) => boolean;
}

/** Without it each mains cut would leave its troubles open for ever. */
export async function endLeftovers({ store, clock, isGoingOn }: LeftoverParts): Promise<void> {
  // Nothing begins or ends so late, so only what has no end is found.
  const open = await store.events({ sinceMs: Number.MAX_SAFE_INTEGER, limit: MAX_LEFTOVERS });
  for (const event of open.filter(({ id, endMs }) => endMs === null && !isGoingOn(id))) {
    const text = `${event.text}; how it ended is not known, the agent was restarted`;
    store.appendEvent({ ...event, text, endMs: Math.max(clock.wallMs(), event.startMs) });
  }
}
