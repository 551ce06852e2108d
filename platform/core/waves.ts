/**
 * The plan of a rollout over a fleet: waves of growing size, and whether the next one may begin. Pure, and without imports.
 *
 * A change that each cabinet alone would survive can still be wrong for all of them. So few receive it first, and it stops where they have
 * trouble. Each cabinet reverts a bad revision by itself; the waves limit how many have to.
 */

/** How a rollout is divided, and what stops it. A node has trouble if it is `reverted`, `refused` or silent. */
export interface RolloutRules {
  /** Sizes of the first waves as shares of the nodes of the rollout, 0 to 1, at least one node each. The others are one more wave. */
  readonly shares: readonly number[];
  /** The rollout stops when more than this share of a wave has trouble. 0: the first trouble stops it. */
  readonly mostTrouble: number;
  /** A node without an end this long after the start of its wave counts as silent. Units: ms. */
  readonly silentAfterMs: number;
}

/**
 * Waves of 1, 5 and 10 % and the rest. More than 5 % of trouble in one of them stops the rollout. Source: assumed. Confirmed by: rollouts
 * in a city.
 */
export const ROLLOUT_RULES: Omit<RolloutRules, 'silentAfterMs'> = { shares: [0.01, 0.05, 0.1], mostTrouble: 0.05 };

/**
 * How a revision ended at one node. `confirmed`: the node keeps it. `refused`: it was never in force. `reverted`: the node reported its
 * `apply` as failed, usually because the trial failed.
 */
export type RolloutEnd = 'confirmed' | 'reverted' | 'refused';

/**
 * Whether a wave is still running, is over so that the next one may begin, or the rollout must stop. Each number counts nodes; `open`:
 * those without an end so far.
 */
export type WaveVerdict =
  | { readonly kind: 'wait'; readonly open: number }
  | { readonly kind: 'next' }
  | { readonly kind: 'stop'; readonly reverted: number; readonly refused: number; readonly silent: number };

/** The nodes of a wave, their ends so far, and the time since it began. `ends`: by node as in `wave`, perhaps also others. Units: ms. */
export interface WaveProgress {
  readonly wave: readonly string[];
  readonly ends: ReadonlyMap<string, RolloutEnd>;
  readonly elapsedMs: number;
}

/**
 * Divides the nodes into waves, in their order: each has at least one node, and each node is in one wave. Give the nodes in the order in
 * which they may be troubled, for example shuffled.
 */
export function planWaves(nodes: readonly string[], { shares }: Pick<RolloutRules, 'shares'> = ROLLOUT_RULES): string[][] {
  const waves: string[][] = [];
  let from = 0;
  for (const share of shares) {
    const to = Math.min(nodes.length, from + Math.max(1, Math.round(nodes.length * share)));
    if (to > from) waves.push(nodes.slice(from, to));
    from = to;
  }
  if (from < nodes.length) waves.push(nodes.slice(from));
  return waves;
}

/**
 * Judges a wave. It stops as soon as there is too much trouble, also while other nodes have not ended. After `silentAfterMs` it waits for
 * no node. An end of a node outside the wave does not count.
 */
export function judgeWave({ wave, ends, elapsedMs }: WaveProgress, rules: RolloutRules): WaveVerdict {
  const own = wave.map((node) => ends.get(node));
  const count = (end: RolloutEnd | undefined): number => own.filter((each) => each === end).length;
  const [reverted, refused, open] = [count('reverted'), count('refused'), count(undefined)];
  const silent = elapsedMs >= rules.silentAfterMs ? open : 0;
  if (reverted + refused + silent > wave.length * rules.mostTrouble) return { kind: 'stop', reverted, refused, silent };
  return open > silent ? { kind: 'wait', open } : { kind: 'next' };
}
