/**
 * Restores the order in which one edge node sent its messages. Pure.
 *
 * A shared subscription distributes the messages of a node over several workers, and no broker guarantees an order between them. Sparkplug's
 * seq gives the order within a session.
 */

/** The fields of a message that the sorter needs. `seq` is undefined for NDEATH. Units: `timestampMs` is the time of sending. */
export interface Sortable {
  readonly verb: string;
  readonly seq: number | undefined;
  readonly timestampMs: number;
}

export interface SeqSorter<T extends Sortable> {
  /** Adds a message. Returns the messages that can be processed now, in order. One that overtook its own NBIRTH may be returned again after it. */
  push(message: T): readonly T[];
  /** Gives up missing messages. Returns all waiting ones, in order. */
  giveUp(): readonly T[];
  /** Messages that wait for an earlier one. */
  readonly waiting: number;
}

const COUNT = 256;
/** Largest distance by which messages of a node overtake each other. Source: assumed; half a round of seq, since beyond that the order is ambiguous. Confirmed by: the distances at a real broker cluster. */
const RECENT = COUNT / 2;

/**
 * A sorter that keeps all messages but NDEATH until the first NBIRTH, even at `giveUp`.
 *
 * Shape: messages overtake each other by less than half a round of seq, and by less than a whole session.
 */
export function createSeqSorter<T extends Sortable>(): SeqSorter<T> {
  let expected: number | null = null;
  let bornMs = Number.NEGATIVE_INFINITY;
  let waiting: T[] = [];
  /** Recently returned: a message of the next session may have fitted into this one by chance. */
  let recent: T[] = [];

  const follow = (): T[] => {
    const ready: T[] = [];
    for (;;) {
      const at = waiting.findIndex(({ seq, verb, timestampMs }) => seq === expected && verb !== 'NBIRTH' && timestampMs >= bornMs);
      if (at < 0) return ready;
      const [next] = waiting.splice(at, 1);
      if (next !== undefined) ready.push(next);
      recent = [...recent, ...ready.slice(-1)].slice(-RECENT);
      expected = ((expected ?? 0) + 1) % COUNT;
    }
  };
  const inOrder = (messages: readonly T[], from: number): T[] => messages.toSorted((a, b) => distance(from, a) - distance(from, b));

  return {
    push: (message) => {
      // A death has no seq. Its rows do not depend on it, so it need not wait.
      if (message.verb === 'NDEATH') return [message];
      // Late, of a session that is over: the rows in it still count, and its aliases are those of the birth before.
      if (message.timestampMs < bornMs) return message.verb === 'NBIRTH' ? [] : [message];
      if (message.verb === 'NBIRTH') {
        const old = waiting.filter(({ timestampMs }) => timestampMs < message.timestampMs);
        waiting = [
          ...recent.filter(({ timestampMs }) => timestampMs >= message.timestampMs),
          ...waiting.filter((other) => !old.includes(other)),
        ];
        recent = [];
        const last = inOrder(old, expected ?? 0);
        bornMs = message.timestampMs;
        expected = 1;
        return [...last, message, ...follow()];
      }
      waiting.push(message);
      return follow();
    },
    giveUp: () => {
      const all = expected === null ? [] : inOrder(waiting, expected);
      if (expected !== null) waiting = [];
      const last = all.at(-1)?.seq;
      if (last !== undefined) expected = (last + 1) % COUNT;
      return all;
    },
    get waiting() {
      return waiting.length;
    },
  };
}

function distance(from: number, { seq }: Sortable): number {
  return ((seq ?? 0) - from + COUNT) % COUNT;
}
