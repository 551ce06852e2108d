/**
 * The open events and open commands of this run. Passes each event and outcome on to log, store and uplink.
 */

import type { Clock } from '../core/clock.ts';
import { isSuppressed } from '../core/event-handling.ts';
import { msg } from '../core/message.ts';
import type { Log, Store, Uplink } from '../core/ports.ts';
import type { AgentView } from '../core/views.ts';
import type { AgentEvent, Outcome } from '../core/words.ts';
import { withFaultFacts } from '../diagnosis/watch/fault-facts.ts';
import { isFinal } from '../sync/commands/command-record.ts';

/**
 * What events and outcomes are passed on to. `self` and `flight` receive an event only while it is not suppressed. They and `log` receive
 * one of `amend` only if its suppression has just ended. `record` receives those of `onEvent`, not those of `amend`.
 */
export interface OngoingParts {
  readonly store: Pick<Store, 'appendEvent' | 'appendOutcome' | 'readEvents'>;
  readonly uplink: Pick<Uplink, 'outcome' | 'event'>;
  readonly log: Log;
  /** Counts events for the metrics. `isEnd`: see `isEndOf`. */
  readonly self: { note(event: AgentEvent, isEnd: boolean): void };
  /** Enters some events in the audit log, and takes events for the proof of savings. `isEnd`: see `isEndOf`. */
  readonly record: { note(event: AgentEvent, isEnd: boolean): void };
  /** Keeps events in memory; an alarm that begins may cause a recording. */
  readonly flight: { note(event: AgentEvent): void };
  /** Returns the event with its acknowledgement and its suppression, if any. `before`: the open event with this id, as last reported. */
  readonly alarms: { admit(event: AgentEvent, before: AgentEvent | undefined): AgentEvent };
}

/** Receives the events and outcomes of this run, passes them on, and lists what is still open. */
export interface Ongoing {
  /** Receives an event of this run as reported, adds its handling, and passes it on. */
  onEvent(event: AgentEvent): void;
  /**
   * Receives an event of this run, or of the store, whose handling has changed. An open event that is not among `openEvents` is ignored.
   */
  amend(event: AgentEvent): void;
  /** Receives one stage of a command, final or not, and passes it on to store and uplink. */
  onOutcome(outcome: Outcome): void;
  /** Returns the open events of this run. */
  openEvents(): readonly AgentEvent[];
  /** Returns the open events of this run that a person must see: warnings and alarms, also suppressed ones. */
  activeEvents(): readonly AgentEvent[];
  /**
   * Resolves with events. `activeOnly`: those of `activeEvents`, without regard to the rest. Otherwise stored ones, at most
   * `limit`, and in addition the open warnings and alarms.
   */
  events: AgentView['events'];
  /** As `events` with stored ones; undefined if the disk did not respond. */
  readEvents: AgentView['readEvents'];
  /** Returns whether the event with this id is among `openEvents`. */
  isGoingOn(eventId: string): boolean;
  /** Returns whether the last outcome of this command in this run was not a final one; false if there was none. */
  isOpenCommand(commandId: string): boolean;
}

/** Creates an `Ongoing` with no open event and no open command, whatever the store contains. */
export function createOngoing(parts: OngoingParts): Ongoing {
  const { store, uplink, log, self, record, flight } = parts;
  const open = new Map<string, AgentEvent>();
  const openCommands = new Set<string>();
  const activeEvents = (): readonly AgentEvent[] => [...open.values()].filter(({ severity }) => severity !== 'info');
  const withActive = (stored: readonly AgentEvent[]): readonly AgentEvent[] => {
    const known = new Set(stored.map(({ id }) => id));
    return [...activeEvents().filter(({ id }) => !known.has(id)), ...stored].sort((a, b) => a.startMs - b.startMs);
  };
  const keep = (event: AgentEvent): void => {
    if (event.endMs === null) open.set(event.id, event);
    else open.delete(event.id);
    store.appendEvent(event);
    uplink.event(event);
  };
  const raise = (event: AgentEvent, before: AgentEvent | undefined): void => {
    const isRaised = !isSuppressed(event);
    if (isRaised) {
      self.note(event, isEndOf(event, before));
      flight.note(event);
    }
    const facts = { source: event.source, text: event.text, ended: event.endMs !== null, ...(isRaised ? {} : { suppressed: true }) };
    log.event(event.code, facts, isRaised ? event.severity : 'info');
  };
  return {
    onEvent(reported) {
      const before = open.get(reported.id);
      const event = parts.alarms.admit(withFaultFacts(reported), before);
      record.note(event, isEndOf(event, before));
      // Stored first: what follows only reports it.
      keep(event);
      raise(event, before);
    },
    amend(event) {
      const before = open.get(event.id);
      if (before !== undefined && isSuppressed(before) && !isSuppressed(event)) raise(event, before);
      if (before !== undefined || event.endMs !== null) keep(event);
    },
    openEvents: () => [...open.values()],
    onOutcome(outcome) {
      if (isFinal(outcome.state)) openCommands.delete(outcome.commandId);
      else openCommands.add(outcome.commandId);
      store.appendOutcome(outcome);
      uplink.outcome(outcome);
    },
    activeEvents,
    events: async ({ activeOnly, ...query }) => (activeOnly ? activeEvents() : withActive((await store.readEvents(query)) ?? [])),
    async readEvents(query) {
      const stored = await store.readEvents(query);
      return stored && withActive(stored);
    },
    isGoingOn: (eventId) => open.has(eventId),
    isOpenCommand: (commandId) => openCommands.has(commandId),
  };
}

/**
 * Returns whether an event is the end of one that lasted. `before`: the open event with this id; undefined also for one of an earlier run.
 * After the clock was set back, such an event may end at its start, as one without duration does.
 */
function isEndOf({ startMs, endMs }: AgentEvent, before: AgentEvent | undefined): boolean {
  return endMs !== null && (before !== undefined || endMs !== startMs);
}

/**
 * Most open events that are requested; the store returns at most 2,000 of them. Source: assumed; far more than the conditions a street can
 * have. Confirmed by: the open events of a year of logs of a cabinet.
 */
const MAX_LEFTOVERS = 10_000;

/**
 * Ends events that are open in the store, unless `isGoingOn` returns true for them. It ends only some of a very large number, and none
 * if the disk does not respond. The end is recorded in the store alone. Its text states that the real end is unknown.
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
