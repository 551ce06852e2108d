/**
 * Collects what is to be acknowledged, and releases it at most once in a period for each node. Pure.
 */

/**
 * What is acknowledged to a node by `Sync/Ack`. `node`: its number in the database. `head`: all rows of the epoch up to this one are
 * stored, or were delivered before the first birth known here. `gapHead`: all gaps (losses that the node has recorded) up to this id are
 * stored. Both are 0 for none.
 */
export interface AckPoint {
  readonly node: number;
  readonly epoch: string;
  readonly head: number;
  readonly gapHead: number;
}

/**
 * The last entry of a node's audit log up to which all that the node sent are stored. `node`: number of the node in the database. `n`,
 * `hash`: those of the entry.
 */
export interface LogPoint {
  readonly node: number;
  readonly n: number;
  readonly hash: string;
}

/**
 * What is to be sent to each node, at most once in `periodMs` for each; the first is due immediately. A newer one replaces an older one
 * that has not been sent.
 */
export class AckOutbox<T> {
  readonly #periodMs: number;
  readonly #waiting = new Map<number, T>();
  readonly #sentMs = new Map<number, number>();

  constructor(periodMs: number) {
    this.#periodMs = periodMs;
  }

  add(node: number, ack: T): void {
    this.#waiting.set(node, ack);
  }

  /** Puts back what could not be sent, unless a newer one waits. It is due again a period after `due` returned it. */
  restore(node: number, ack: T): void {
    if (!this.#waiting.has(node)) this.#waiting.set(node, ack);
  }

  /** Removes and returns what may be sent now, by node; it counts as sent. Units: ms of a clock that never steps back. */
  due(nowMs: number): readonly (readonly [number, T])[] {
    const due = [...this.#waiting].filter(([node]) => nowMs - (this.#sentMs.get(node) ?? Number.NEGATIVE_INFINITY) >= this.#periodMs);
    for (const [node] of due) {
      this.#waiting.delete(node);
      this.#sentMs.set(node, nowMs);
    }
    return due;
  }
}
