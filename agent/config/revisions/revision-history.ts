/**
 * The history of revisions: the running one, the one on trial, and earlier ones. Each function returns the next history. Pure.
 *
 * Shape: a revision is on `trial`, then `confirmed` or `returned`; one that affects nothing is `confirmed` from the start.
 */

import { Message, type Said } from '../../core/message.ts';
import { inJson } from '../../core/message-wire.ts';
import type { Revision } from '../../core/revisions.ts';
import type { RevisionHistory, Trial } from './revision-history-file.ts';

/** Most revisions in the history. Source: as many as router consoles keep. */
export const KEPT_REVISIONS = 50;

type NewRevision = Pick<KeptRevision, 'atMs' | 'by' | 'why' | 'whyTemplate' | 'hash'>;
type KeptRevision = RevisionHistory['revisions'][number];

/**
 * Returns why a revision was made, in the stored form. A message gives its English text and its template; a plain text is stored unchanged.
 */
export function storedWhy(why: Said): Pick<KeptRevision, 'why' | 'whyTemplate'> {
  return why instanceof Message ? { why: String(why), whyTemplate: inJson(why) } : { why };
}

/** Returns the first history of a cabinet: one confirmed revision, with number 1. `fileHash`: SHA-256 of the file of the site. */
export function firstRevisionHistory(revision: NewRevision, fileHash: string): RevisionHistory {
  return {
    version: 1,
    current: 1,
    trial: null,
    fileHash,
    signedSerial: 0,
    isSerialUsed: true,
    revisions: [{ ...revision, number: 1, state: 'confirmed', reason: '' }],
  };
}

/** Returns the number for a new revision: one more than the highest in the history, which must not be empty. */
export function nextNumber({ revisions }: RevisionHistory): number {
  return Math.max(...revisions.map(({ number }) => number)) + 1;
}

/**
 * Returns the serial that a signature must exceed; 0 if none was accepted yet. Until a revision is confirmed, the newest accepted signature
 * still exceeds it.
 */
export function usedSerial({ signedSerial, isSerialUsed }: Pick<RevisionHistory, 'signedSerial' | 'isSerialUsed'>): number {
  return isSerialUsed ? signedSerial : signedSerial - 1;
}

/**
 * Returns the history with a new confirmed revision, which becomes the current one. For a revision that needs no trial. Removes the oldest
 * beyond `KEPT_REVISIONS`. Requires a history without a trial.
 */
export function withConfirmed(history: RevisionHistory, revision: NewRevision): RevisionHistory {
  const number = nextNumber(history);
  return pruned({
    ...history,
    current: number,
    isSerialUsed: true,
    revisions: [...history.revisions, { ...revision, number, state: 'confirmed', reason: '' }],
  });
}

/**
 * Returns the history with a new revision on trial, whose folder must have the mark of a trial. The current revision stays, to return to it.
 * Removes the oldest of the others beyond `KEPT_REVISIONS`. Requires a history without a trial.
 */
export function withTrial(
  history: RevisionHistory,
  revision: NewRevision,
  trial: Omit<Trial, 'number' | 'spentMs' | 'starts' | 'isMarked'>,
): RevisionHistory {
  const number = nextNumber(history);
  const revisions = [...history.revisions, { ...revision, number, state: 'trial' as const, reason: '' }];
  return pruned({ ...history, trial: { ...trial, number, spentMs: 0, starts: 0, isMarked: true }, revisions });
}

/** Ends the trial: its revision is confirmed and becomes the current one. Without a trial the history is unchanged. */
export function withTrialConfirmed(history: RevisionHistory): RevisionHistory {
  if (history.trial === null) return history;
  const { number } = history.trial;
  return { ...history, current: number, trial: null, isSerialUsed: true, revisions: changed(history, number, { state: 'confirmed' }) };
}

/**
 * Ends the trial: its revision is `returned`, with the reason, and `runningOf` gives the current one. Without a trial the history is
 * unchanged.
 */
export function withTrialReturned(history: RevisionHistory, reason: Message): RevisionHistory {
  if (history.trial === null) return history;
  const kept = { reason: String(reason), reasonTemplate: inJson(reason) };
  return { ...history, trial: null, revisions: changed(history, history.trial.number, { state: 'returned', ...kept }) };
}

/** Returns the revision in force by the history: the one on trial, otherwise the current one. The history must contain it. */
export function runningOf(history: RevisionHistory): Revision {
  const number = history.trial?.number ?? history.current;
  return revisionOf(history, number) as Revision;
}

/** Returns the revision with this number; undefined if the history does not contain it. */
export function revisionOf({ revisions }: RevisionHistory, number: number): Revision | undefined {
  return revisions.find((revision) => revision.number === number);
}

function changed({ revisions }: RevisionHistory, number: number, change: Partial<KeptRevision>): KeptRevision[] {
  return revisions.map((revision) => (revision.number === number ? { ...revision, ...change } : revision));
}

/** Removes the oldest, but never the running revision or the one to return to. */
function pruned(history: RevisionHistory): RevisionHistory {
  const needed = new Set([history.current, ...(history.trial === null ? [] : [history.trial.number])]);
  const spare = history.revisions.filter(({ number }) => !needed.has(number)).slice(-(KEPT_REVISIONS - needed.size));
  const kept = new Set([...needed, ...spare.map(({ number }) => number)]);
  return { ...history, revisions: history.revisions.filter(({ number }) => kept.has(number)) };
}

/**
 * Returns the traces of an earlier run (see `earlierTraces`) in the history: `config/` if a revision was not made from the file of the
 * site. Otherwise, also without a history, an empty list.
 */
export function tracesOfRevisions(history?: RevisionHistory): readonly string[] {
  return history?.revisions.some(({ by }) => by !== 'file') === true ? ['config/'] : [];
}
