/**
 * Sends the ends of commands to the broker, and sends each again until the broker has it.
 *
 * Sends a few at a time, each batch followed by a barrier. What is lost with the link is sent again after the next birth.
 */
import type { Log } from '../../core/ports.ts';
import type { Outcome } from '../../core/words.ts';
import { type MqttConnection, passesBarrier } from '../mqtt/mqtt-transport.ts';

/** A connection whose `barrier`, if it succeeds, proves that the broker has read everything sent before it. */
export type Provable = Pick<MqttConnection, 'barrier'>;

/** Ends before one barrier. Source: assumed; 64 of 300 bytes are a second of a slow cellular link. Confirmed by: the throughput of a gateway on a slow cellular link. */
const BATCH = 64;

/** The queue of outcomes that `createOutcomeOutbox` creates. */
export type OutcomeOutbox = ReturnType<typeof createOutcomeOutbox>;

/**
 * Creates an empty outbox, in memory only. `add` queues the outcome of a command that has ended; a later one with the same id replaces
 * it. `open` starts sending on a link, `close` stops. Each outcome is sent again after the next `open` until the broker has received it;
 * `onProven` then receives its id.
 */
export function createOutcomeOutbox({
  log,
  send,
  onProven,
}: {
  readonly log: Log;
  /** Sends one outcome, without proof that it arrives. */
  readonly send: (outcome: Outcome) => void;
  /** The broker has received the ends of these commands. */
  readonly onProven: (commandIds: readonly string[]) => void;
}) {
  const waiting = new Map<string, Outcome>();
  let link: Provable | null = null;
  let running: { readonly link: Provable; readonly done: Promise<void> } | null = null;

  /** False if the link broke; the next `open` starts again. */
  async function deliver(current: Provable): Promise<boolean> {
    while (link === current && waiting.size > 0) {
      const batch = [...waiting.values()].slice(0, BATCH);
      for (const outcome of batch) send(outcome);
      if (!(await passesBarrier(current, log)) || link !== current) return false;
      for (const outcome of batch) if (waiting.get(outcome.commandId) === outcome) waiting.delete(outcome.commandId);
      onProven(batch.map(({ commandId }) => commandId));
    }
    return true;
  }

  function start(): void {
    const current = link;
    if (current === null || running?.link === current || waiting.size === 0) return;
    const done = deliver(current).then((isComplete) => {
      if (running?.link !== current) return;
      running = null;
      // An outcome may have been added after the last check.
      if (isComplete) start();
    });
    running = { link: current, done };
  }

  return {
    add(outcome: Outcome): void {
      waiting.set(outcome.commandId, outcome);
      start();
    },
    open(opened: Provable): void {
      link = opened;
      start();
    },
    close(): void {
      link = null;
    },
    /** Resolves when the broker has all ends, or when the link is gone. */
    settled: (): Promise<void> => running?.done ?? Promise.resolve(),
  };
}
