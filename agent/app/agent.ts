/**
 * One agent as its owner controls it: start, stop, and another configuration.
 *
 * A real run passes in the system clock and serial ports, a scenario test a simulated clock and simulated wires.
 */
import type { CabinetAndProfiles, TouchedRooms } from '../config/revisions/touched-parts.ts';
import type { Field } from '../core/ports.ts';
import type { Pulse } from '../core/pulse.ts';
import type { AgentView } from '../core/views.ts';
import { joinParts, pulseOf } from './join.ts';
import type { AgentParts } from './parts.ts';
import { reconfigure } from './reconfigure.ts';
import { startAgent, stopAgent } from './start-stop.ts';

export interface Agent {
  readonly view: AgentView;
  readonly field: Field;
  /** Signs of work of all that the street needs. */
  pulse(): Pulse;
  /** Readings that were meant for the store so far. */
  recorded(): number;
  start(): Promise<void>;
  stop(): Promise<void>;
  /** The configuration that it runs by. */
  site(): CabinetAndProfiles;
  /**
   * Takes up another configuration, which must be a checked one: only the parts that it touches are exchanged, one change after the other.
   * Resolves with what was touched, once it runs by it.
   */
  apply(next: CabinetAndProfiles): Promise<TouchedRooms>;
}

/** An agent that does nothing yet. */
export function createAgent(parts: AgentParts): Agent {
  const joined = joinParts(parts, apply);
  const { state, view, field } = joined;

  function apply(next: CabinetAndProfiles): Promise<TouchedRooms> {
    const work = state.applying.then(() => reconfigure(joined, next));
    state.applying = work.catch(() => {});
    return work;
  }

  return {
    view,
    field,
    pulse: () => pulseOf(joined),
    recorded: () => state.recorded,
    start: () => startAgent(joined),
    stop: () => stopAgent(joined),
    site: () => state.site,
    apply,
  };
}
