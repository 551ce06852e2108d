/**
 * Holds back the events of lamps that do not answer or do not follow until it is known whether their feeder is live: a lamp without supply is not a
 * silent lamp.
 */
import type { MonoMs } from '../../core/clock.ts';
import type { EventDetails } from '../../core/event-details.ts';
import type { AgentEvent, EventCode } from '../../core/words.ts';

/**
 * The cause of an event: its own, the supply of its lamps, or not known yet. `own` also if no other cause was found in time. `details`: to
 * be added to the event.
 */
export type SupplyVerdict = { readonly kind: 'own'; readonly details: EventDetails } | { readonly kind: 'supply' | 'unknown' };

/** An event that is held back. `pass` receives it once its cause is known. */
interface HeldEvent {
  readonly event: AgentEvent;
  /** Since when its cause is not known: since it was taken, or since its lamps last had no supply. */
  sinceMono: MonoMs;
  readonly pass: (event: AgentEvent) => void;
  /** Reported by a line, which outlives a change of the configuration. */
  readonly isOfLine: boolean;
}

/** The events that are held back, by their id. Those of lines outlive the gate of one configuration. */
export type HeldEvents = Map<string, HeldEvent>;

/** What `createSupplyGate` requires. */
export interface SupplyGateParts {
  /** The gate adds and removes entries. */
  readonly held: HeldEvents;
  /** Whether the source of an event is a lamp, or drives lamps, and an output or a contact can show that their feeder is not live. */
  readonly isWatched: (source: string) => boolean;
  /** Returns the cause of a held event. `heldMs`: how long its cause has not been known. */
  readonly verdictOf: (event: AgentEvent, heldMs: number) => SupplyVerdict;
}

const HELD_CODES: ReadonlySet<EventCode> = new Set<EventCode>(['unit-silent', 'lamp-not-following']);

/** Holds back events of lamps, and of their drivers, while a lost supply is or may be the cause. */
export interface SupplyGate {
  /** Takes an event of a line or of the light control. Most pass at once: `pass` receives them. */
  take(event: AgentEvent, from: Pick<HeldEvent, 'pass' | 'isOfLine'>, nowMono: MonoMs): void;
  /** Passes the held events whose verdict is now `own`. */
  tend(nowMono: MonoMs): void;
  /** Drops the held events of the light control, which reports again what persists. */
  stop(): void;
}

/**
 * Creates the gate. It may hold back `unit-silent` and `lamp-not-following` of watched sources. An event that ends while it is held is
 * dropped together with its end.
 */
export function createSupplyGate({ held, isWatched, verdictOf }: SupplyGateParts): SupplyGate {
  return {
    take(event, { pass, isOfLine }, nowMono) {
      const isHeld = held.has(event.id);
      if (event.endMs !== null && isHeld) held.delete(event.id);
      else if (event.endMs !== null || !HELD_CODES.has(event.code) || !isWatched(event.source)) pass(event);
      else if (!isHeld) held.set(event.id, { event, sinceMono: nowMono, pass, isOfLine });
    },
    tend(nowMono) {
      for (const [id, one] of held) {
        const verdict = verdictOf(one.event, nowMono - one.sinceMono);
        if (verdict.kind === 'supply') one.sinceMono = nowMono;
        if (verdict.kind !== 'own') continue;
        held.delete(id);
        one.pass({ ...one.event, ...verdict.details });
      }
    },
    stop() {
      for (const [id, { isOfLine }] of held) if (!isOfLine) held.delete(id);
    },
  };
}
