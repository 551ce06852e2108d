/**
 * `Sync/Rows`: which rows of the node's store a message belongs to, and which parts of them have arrived. Pure.
 *
 * Source: docs/platform.md, "Delivery".
 */
import type { HostMetric } from './wire.ts';

/**
 * Rows `from` to `to`, both included, in `parts` messages. This message is number `part`, from 1. `epoch`: name of the node's store that
 * numbers the rows. `isAgain`: sent on request.
 */
export interface RowMark {
  readonly epoch: string;
  readonly from: number;
  readonly to: number;
  readonly part: number;
  readonly parts: number;
  readonly isAgain: boolean;
}

/**
 * The parts of one range of rows that one batch contains. `node`: its id in the database. `from`, `to`: both included. `seen` has a
 * character for each part: 1 if it arrived, otherwise 0. It is empty for a range that the database has found to be complete.
 */
export interface SeenParts {
  readonly node: number;
  readonly epoch: string;
  readonly from: number;
  readonly to: number;
  readonly parts: number;
  readonly seen: string;
}

/** More parts than a cabinet has devices. Source: assumed; 247 units on each of 4 lines, doubled. Confirmed by: the largest cabinet in service. */
const MOST_PARTS = 2_048;
const MARK = /^(?<epoch>[0-9A-Za-z]{1,64}):(?<from>\d{1,15})-(?<to>\d{1,15}):(?<part>\d{1,4})\/(?<parts>\d{1,4})(?<again>:again)?$/;

/**
 * Parses the value of `Sync/Rows`. Undefined for another form, `from` above `to`, a part that is not 1 to `parts`, or more than 2,048
 * parts.
 */
export function readRowMark(text: string): RowMark | undefined {
  const found = MARK.exec(text)?.groups;
  if (found === undefined) return undefined;
  const number = (key: string): number => Number(found[key]);
  const mark = { epoch: found['epoch'] ?? '', from: number('from'), to: number('to'), part: number('part'), parts: number('parts') };
  const isSound = mark.from <= mark.to && mark.part >= 1 && mark.part <= mark.parts && mark.parts <= MOST_PARTS;
  return isSound ? { ...mark, isAgain: found['again'] !== undefined } : undefined;
}

/**
 * The mark of a message, found by its form: transient, a text like a mark. So the epoch is known before any alias is read.
 *
 * Undefined if no metric has this form; the message may still have readings. Of several, the last counts. The mark is usually the last
 * metric, but a node may order metrics by their times.
 */
export function markOf(metrics: readonly HostMetric[]): { readonly mark: RowMark; readonly metric: HostMetric } | undefined {
  for (let i = metrics.length - 1; i >= 0; i -= 1) {
    const metric = metrics[i] as HostMetric;
    const mark = metric.isTransient && typeof metric.value === 'string' ? readRowMark(metric.value) : undefined;
    if (mark !== undefined) return { mark, metric };
  }
  return undefined;
}

/**
 * Collects the parts of the ranges of one batch; a part that arrives again counts once. Ranges come out in one order, so that two workers
 * lock them in the same order.
 */
export class PartCollector {
  readonly #found = new Map<string, { readonly mark: RowMark; readonly node: number; readonly seen: Set<number> }>();

  /** `node`: its id in the database. */
  add(node: number, mark: RowMark): void {
    const key = `${node} ${mark.epoch} ${mark.from} ${mark.to} ${mark.parts}`;
    const known = this.#found.get(key) ?? { mark, node, seen: new Set<number>() };
    this.#found.set(key, known);
    known.seen.add(mark.part);
  }

  /** Ranges of which all parts are in this batch, and the others. */
  result(): { readonly complete: readonly SeenParts[]; readonly partial: readonly SeenParts[] } {
    const all = [...this.#found.values()].map(({ mark: { epoch, from, to, parts }, node, seen }) => {
      const bits = Array.from({ length: parts }, (_, i) => (seen.has(i + 1) ? '1' : '0')).join('');
      return { node, epoch, from, to, parts, seen: bits };
    });
    all.sort(byPlace);
    return {
      complete: all.filter(({ seen }) => !seen.includes('0')),
      partial: all.filter(({ seen }) => seen.includes('0')),
    };
  }
}

function byPlace(a: SeenParts, b: SeenParts): number {
  if (a.node !== b.node) return a.node - b.node;
  if (a.epoch !== b.epoch) return a.epoch < b.epoch ? -1 : 1;
  return a.from - b.from || a.to - b.to || a.parts - b.parts;
}
