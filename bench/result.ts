/** What a bench prints: one JSON object a line. */
export interface BenchResult {
  readonly bench: string;
  readonly metric: string;
  /** Speed of the line measured. Missing where a figure belongs to no line. */
  readonly baud?: number;
  readonly value: number;
  readonly unit: string;
  /** For example `>= 98` or `<= 0`; missing when the figure has no goal. */
  readonly goal?: string;
  readonly ok?: boolean;
  /** Another program that did the same work in the same run. */
  readonly peer?: string;
  readonly peerValue?: number;
  /** `value / peerValue`. */
  readonly ratio?: number;
  readonly note?: string;
}

/** Prints one figure; a bench calls it as soon as the figure is measured. */
export type Emit = (result: BenchResult) => void;

/** What a bench gets from its caller. */
export interface BenchOptions {
  /** Fewer and shorter rounds: a smoke test, not a measurement. */
  readonly quick: boolean;
  /** How long a program runs before its memory is measured; null for the default of the bench. Units: minutes. */
  readonly minutes: number | null;
  /** The start gets 1 ms of CPU time in this many ms; null for a whole core. */
  readonly slow: number | null;
  /** Folder with real data from outside the project; null if none is given. */
  readonly dataDir: string | null;
  /** Which figures; empty for all. */
  readonly figures: readonly string[];
  readonly emit: Emit;
  /** Prints a progress line. */
  readonly progress: (text: string) => void;
}

/**
 * Returns a copy of `ours` with the figure of another program and the ratio of both, rounded to three decimals; ratio 0 if the other
 * figure is 0.
 */
export function withPeer(ours: BenchResult, peer: string, peerValue: number): BenchResult {
  return { ...ours, peer, peerValue, ratio: peerValue === 0 ? 0 : round(ours.value / peerValue, 3) };
}

/** Returns a copy of `ours` with its goal and whether the printed, rounded value meets it. A value equal to the limit does. */
export function against(ours: BenchResult, comparison: '>=' | '<=', limit: number): BenchResult {
  const ok = comparison === '>=' ? ours.value >= limit : ours.value <= limit;
  return { ...ours, goal: `${comparison} ${limit}`, ok };
}

export function round(value: number, decimals: number): number {
  return Number(value.toFixed(decimals));
}
