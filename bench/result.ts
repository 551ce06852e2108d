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

/** Takes each figure as soon as it is known. */
export type Emit = (result: BenchResult) => void;

/** What a bench gets from its caller. */
export interface BenchOptions {
  /** Fewer and shorter rounds: a smoke test, not a measurement. */
  readonly quick: boolean;
  /** How long a soak takes, where one is wished for. Units: minutes. */
  readonly minutes: number | null;
  /** Which part of a core a start gets: one in so many; null for a whole one. */
  readonly slow: number | null;
  /** Which figures; empty for all. */
  readonly figures: readonly string[];
  readonly emit: Emit;
  /** Prints a progress line. */
  readonly progress: (text: string) => void;
}

/** Adds a peer's figure to `ours`. */
export function withPeer(ours: BenchResult, peer: string, peerValue: number): BenchResult {
  return { ...ours, peer, peerValue, ratio: peerValue === 0 ? 0 : round(ours.value / peerValue, 3) };
}

/** `ours` held against a limit; the goal is met by the printed figure, not by a hidden decimal. */
export function against(ours: BenchResult, comparison: '>=' | '<=', limit: number): BenchResult {
  const ok = comparison === '>=' ? ours.value >= limit : ours.value <= limit;
  return { ...ours, goal: `${comparison} ${limit}`, ok };
}

export function round(value: number, decimals: number): number {
  return Number(value.toFixed(decimals));
}
