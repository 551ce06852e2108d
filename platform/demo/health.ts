/** What changed about the parts of the demo, as sentences. Pure. */

/** The state of one part at one look. */
export interface PartState {
  /** As a person calls it: "the database", "demo-2". */
  readonly name: string;
  readonly isWell: boolean;
  /** What to say when it stops and when it goes on, after the name. */
  readonly bad: string;
  readonly good: string;
}

/** Remembers which parts are not well, and since when. */
export class HealthLog {
  readonly #bad = new Map<string, number>();

  /** Returns a sentence for each part whose state changed. Parts are well at first. A part that is left out keeps its state. Units: ms. */
  look(parts: readonly PartState[], nowMs: number): string[] {
    return parts.flatMap(({ name, isWell, bad, good }) => {
      const sinceMs = this.#bad.get(name);
      if (isWell === (sinceMs === undefined)) return [];
      if (!isWell) {
        this.#bad.set(name, nowMs);
        return [`${name} ${bad}`];
      }
      this.#bad.delete(name);
      return [`${name} ${good}, after ${((nowMs - (sinceMs ?? nowMs)) / 1_000).toFixed(0)} s`];
    });
  }
}

/**
 * A part that ends this often within a minute is not started again. Source: assumed; a person who tries a kill does not do it so fast.
 * Confirmed by: users of the demo.
 */
const MOST_STARTS = 5;
const COUNTED_MS = 60_000;

/** Returns whether a part that ended at these times may be started again: false after 5 ends within the last minute. Units: ms. */
export function isWorthAStart(endsMs: readonly number[], nowMs: number): boolean {
  return endsMs.filter((endMs) => nowMs - endMs < COUNTED_MS).length < MOST_STARTS;
}
