/**
 * The queue between the socket of the broker and the database. When it is full, the socket is not read until it has drained. Pure.
 */
import { type MessageLimits, type NodeMessage, sizeOf } from './message.ts';

/**
 * Divides messages into groups that are full when they reach one of the limits, in metrics or in bytes. The last group may be empty. Lazy:
 * a group is complete before the message after it is read.
 */
export function* decodableGroups(messages: Iterable<NodeMessage>, most: MessageLimits): Generator<NodeMessage[]> {
  let [group, metrics, bytes] = [[] as NodeMessage[], 0, 0];
  for (const message of messages) {
    const size = sizeOf(message);
    group.push(message);
    metrics += size.metrics;
    bytes += size.bytes;
    if (metrics < most.metrics && bytes < most.bytes) continue;
    yield group;
    [group, metrics, bytes] = [[], 0, 0];
  }
  yield group;
}

/**
 * Messages wait here until a batch takes them. The queue is full when it has reached one of its limits. It then still accepts what is
 * pushed, and calls `onRoom` later, in `take`.
 */
export class IntakeQueue<T> {
  readonly #limits: { readonly messages: number; readonly bytes: number };
  #waiting: { readonly item: T; readonly bytes: number }[] = [];
  #bytes = 0;
  #resume: (() => void)[] = [];

  constructor(limits: { readonly messages: number; readonly bytes: number }) {
    this.#limits = limits;
  }

  get length(): number {
    return this.#waiting.length;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get isFull(): boolean {
    return this.#waiting.length >= this.#limits.messages || this.#bytes >= this.#limits.bytes;
  }

  /** Adds a message. `onRoom` is called as soon as there is room for the next: at once if the queue is not full with this one. */
  push(item: T, bytes: number, onRoom: () => void): void {
    this.#waiting.push({ item, bytes });
    this.#bytes += bytes;
    if (this.isFull) this.#resume.push(onRoom);
    else onRoom();
  }

  /** Takes up to `most` messages, the oldest first. */
  take(most: number): T[] {
    const taken = this.#waiting.slice(0, most);
    this.#waiting = this.#waiting.slice(most);
    for (const { bytes } of taken) this.#bytes -= bytes;
    if (!this.isFull) for (const resume of this.#resume.splice(0)) resume();
    return taken.map(({ item }) => item);
  }
}
