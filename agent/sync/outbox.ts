/**
 * Sends items that must reach the platform, such as the ends of commands and events, and sends each again until the broker has it.
 *
 * Sends a few at a time, each batch followed by a barrier. What is lost with the link is sent again after the next birth.
 */
import type { Log } from '../core/ports.ts';
import { type MqttConnection, passesBarrier } from './mqtt/mqtt-transport.ts';

/** A connection whose `barrier` proves that the broker has read everything sent before it. */
export type Provable = Pick<MqttConnection, 'barrier'>;

/** Items before one barrier. Source: assumed; 64 of 300 bytes are a second of a slow cellular link. Confirmed by: the throughput of a gateway on a slow cellular link. */
const BATCH = 64;

/** A queue of items that are sent until the broker has them. See `createOutbox`. */
export interface Outbox<T> {
  /** Queues an item; one with the same id that is still waiting is replaced. */
  add(item: T): void;
  /** Removes the item with this id if it still waits. */
  remove(id: string): void;
  /** Starts sending on a link. */
  open(link: Provable): void;
  /** Stops sending; what the broker is not known to have received waits for the next `open`. */
  close(): void;
  /**
   * Resolves when the broker has all items, also those added meanwhile, or when the barrier in progress fails or ends after `close`.
   * Resolves at once if nothing is being sent.
   */
  settled(): Promise<void>;
}

/** The callbacks of `createOutbox`, and its log. `idOf`: a new item replaces one with the same id that still waits. */
export interface OutboxParts<T> {
  readonly log: Log;
  readonly idOf: (item: T) => string;
  /** Sends one item, without proof that it arrives. */
  readonly send: (item: T) => void;
  /** The broker has received these items. Some may have been replaced or removed since they were sent. */
  readonly onProven: (items: readonly T[]) => void;
}

/** Creates an empty outbox, in memory only, whose items are sent until the broker has received them. Sends nothing before `open`. */
export function createOutbox<T>({ log, idOf, send, onProven }: OutboxParts<T>): Outbox<T> {
  const waiting = new Map<string, T>();
  let link: Provable | null = null;
  let running: { readonly link: Provable; readonly done: Promise<void> } | null = null;

  /** False if the link broke; the next `open` starts again. */
  async function deliver(current: Provable): Promise<boolean> {
    while (link === current && waiting.size > 0) {
      const batch = [...waiting.values()].slice(0, BATCH);
      for (const item of batch) send(item);
      if (!(await passesBarrier(current, log)) || link !== current) return false;
      for (const item of batch) if (waiting.get(idOf(item)) === item) waiting.delete(idOf(item));
      onProven(batch);
    }
    return true;
  }

  function start(): void {
    const current = link;
    if (current === null || running?.link === current || waiting.size === 0) return;
    const done = deliver(current).then((isComplete) => {
      if (running?.link !== current) return;
      running = null;
      // An item may have been added after the last check.
      if (isComplete) start();
    });
    running = { link: current, done };
  }

  return {
    add(item) {
      waiting.set(idOf(item), item);
      start();
    },
    remove: (id) => void waiting.delete(id),
    open(opened) {
      link = opened;
      start();
    },
    close() {
      link = null;
    },
    settled: () => running?.done ?? Promise.resolve(),
  };
}
