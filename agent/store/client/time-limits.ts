/**
 * How long anybody waits for the storage thread.
 *
 * Owns the bounds.
 */

/**
 * Longest wait by what is waited for. Units: ms.
 *
 * `commit` and `read`: the thread may be busy with one of these for so long, then it counts as hanging. `caller`: a reader waits no
 * longer for an answer, whatever the thread does; start and stop neither. `close`: the files' clean end. `check`:
 * all pages and rows of a full store; frames wait in memory for ten minutes.
 * Source: assumed; a worn card takes seconds for one flush and commits have several; a reader finds the same rows a moment later. A check
 * took 3.4 s for 124 MB in the reliability measurement, several times that on a card.
 */
export const PATIENCE_MS = { commit: 30_000, read: 5_000, check: 300_000, caller: 5_000, close: 2_000 } as const;
