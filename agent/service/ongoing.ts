/**
 * The open events and open commands of this run. Passes each event and outcome on to log, store and uplink.
 */

import type { Clock } from '../core/clock.ts';
import { msg } from '../core/message.ts';
import type { Log, Store, Uplink } from '../core/ports.ts';
import type { AgentView } from '../core/views.ts';
import type { AgentEvent, Outcome } from '../core/words.ts';
import { withFaultFacts } from '../diagnosis/watch/fault-facts.ts';
import { isFinal } from '../sync/commands/command-record.ts';

/** Where events and outcomes are passed on. */
export interface OngoingParts {
  readonly store: Pick<Store, 'appendEvent' | 'appendOutcome' | 'events'>;
  readonly uplink: Pick<Uplink, 'outcome' | 'event'>;
  readonly log: Log;
  readonly self: { note(event: AgentEvent): void };
  readonly record: { note(event: AgentEvent): void };
}

/** Receives every event and outcome of this run, passes them on, and lists what is still open. */
export interface Ongoing {
  onEvent(event: AgentEvent): void;
  onOutcome(outcome: Outcome): void;
  /** Returns the open events of this run that a person must see: warnings and alarms. */
  activeEvents(): readonly AgentEvent[];
  /**
   * Resolves with events, oldest first. `activeOnly`: those of `activeEvents`, without regard to `sinceMs` and `limit`. Otherwise the newest
   * `limit` stored ones that began or ended since `sinceMs` or have no end, and all open warnings and alarms in addition.
   */
  events: AgentView['events'];
  /** Returns whether the event with this id began in this run and has not ended. */
  isGoingOn(eventId: string): boolean;
  /** Returns whether this run had an outcome of this command but not its final one, also from an earlier session with the platform. */
  isOpenCommand(commandId: string): boolean;
}

/**
 * Creates the tracker, with no open event and no open command. Each event is logged, counted, stored and passed to the uplink; each outcome is
 * stored and passed to the uplink.
 */
export function createOngoing({ store, uplink, log, self, record }: OngoingParts): Ongoing {
  const open = new Map<string, AgentEvent>();
  const openCommands = new Set<string>();
  const activeEvents = (): readonly AgentEvent[] => [...open.values()].filter(({ severity }) => severity !== 'info');
  return {
    onEvent(reported) {
      const event = withFaultFacts(reported);
      if (event.endMs === null) open.set(event.id, event);
      else open.delete(event.id);
      self.note(event);
      record.note(event);
      log.event(event.code, { source: event.source, text: event.text, ended: event.endMs !== null }, event.severity);
      store.appendEvent(event);
      uplink.event(event);
    },
    onOutcome(outcome) {
      if (isFinal(outcome.state)) openCommands.delete(outcome.commandId);
      else openCommands.add(outcome.commandId);
      store.appendOutcome(outcome);
      uplink.outcome(outcome);
    },
    activeEvents,
    async events({ sinceMs, activeOnly, limit }) {
      const active = activeEvents();
      if (activeOnly) return active;
      const stored = await store.events({ sinceMs, limit });
      const known = new Set(stored.map(({ id }) => id));
      return [...active.filter(({ id }) => !known.has(id)), ...stored].sort((a, b) => a.startMs - b.startMs);
    },
    isGoingOn: (eventId) => open.has(eventId),
    isOpenCommand: (commandId) => openCommands.has(commandId),
  };
}

/**
 * Most open events that are requested; the store returns at most 2,000 of them. Source: assumed; far more than the conditions a street can
 * have. Confirmed by: the open events of a year of logs of a cabinet.
 */
const MAX_LEFTOVERS = 10_000;

/**
 * Ends the events in the store that earlier runs left open; their end is the present time, or their start if that is later. Their text says
 * that the real end is unknown. Otherwise each mains cut would leave its events open forever. A condition that persists has begun a new
 * event by then, or will begin one. Events of this run, for which `isGoingOn` returns true, stay open. Only the newest 2,000 open events are
 * ended: the store returns no more.
 */
export async function endLeftovers({
  store,
  clock,
  isGoingOn,
}: Pick<Ongoing, 'isGoingOn'> & { readonly store: Pick<Store, 'events' | 'appendEvent'>; readonly clock: Clock }): Promise<void> {
  // No event begins or ends at this time, so the query finds only events without an end.
  const open = await store.events({ sinceMs: Number.MAX_SAFE_INTEGER, limit: MAX_LEFTOVERS });
  for (const event of open.filter(({ id, endMs }) => endMs === null && !isGoingOn(id))) {
    const text = msg`${event.text}; its end is unknown, because the agent was restarted`;
    store.appendEvent({ ...event, text, endMs: Math.max(clock.wallMs(), event.startMs) });
  }
}
