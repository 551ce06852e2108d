/**
 * Puts the messages of one edge node back into the order in which it sent them.
 *
 * Owns what came too early. A shared subscription spreads the messages of one node over several workers, and no broker promises an order
 * between them; Sparkplug's seq does, within a session. Pure. Used by `ingest.ts`, after the workers.
 */

/** What the sorter must know of a message. `seq` is undefined for NDEATH. Units: `timestampMs` when the node sent it. */
export interface Sortable {
  readonly verb: string;
  readonly seq: number | undefined;
  readonly timestampMs: number;
}

export interface SeqSorter<T extends Sortable> {
  /** Takes one more in, answers what may be read now, in order. What overtook its own NBIRTH may be read again after it. */
  push(message: T): readonly T[];
  /** What never came is given up: all that waits, in order. A hole is behind it. */
  giveUp(): readonly T[];
  /** Messages that wait for one before them. */
  readonly waiting: number;
}

const COUNT = 256;
/** How far messages of one node overtake each other. Source: assumed; half a round of seq, beyond it before and after cannot be told apart. */
const RECENT = COUNT / 2;

/**
 * A sorter that waits for a first NBIRTH; what comes before that is of no use to anybody.
 *
 * Shape: messages overtake each other by less than half a round of seq, and by less than a whole session.
 */
export function createSeqSorter<T extends Sortable>(): SeqSorter<T> {
  let expected: number | null = null;
  let bornMs = Number.NEGATIVE_INFINITY;
  let waiting: T[] = [];
  /** Read lately: one of the next session may have fitted the chain of this one by chance. */
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
