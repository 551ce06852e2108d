/**
 * The book of revisions: which runs, which is on trial, and what came before.
 *
 * Owns each step from one state to the next. Pure.
 */
import type { Revision } from '../../core/revisions.ts';
import type { RevisionHistory, Trial } from './revision-history-file.ts';

export type { RevisionHistory as RevisionBook, Trial };

/** Revisions remembered. Source: as many as the loved router consoles keep. */
export const KEPT_REVISIONS = 50;

type NewRevision = Pick<Revision, 'atMs' | 'by' | 'why' | 'hash'>;

/** The first one. */
export function firstRevisionHistory(revision: NewRevision, fileHash: string): RevisionHistory {
  return {
    version: 1,
    current: 1,
    trial: null,
    fileHash,
    signedSerial: 0,
    revisions: [{ ...revision, number: 1, state: 'confirmed', reason: '' }],
  };
}

export function nextNumber({ revisions }: RevisionHistory): number {
  return Math.max(...revisions.map(({ number }) => number)) + 1;
}

/** One that needs no trial: it touches nothing, or it is the site's own file. */
export function withConfirmed(book: RevisionHistory, revision: NewRevision): RevisionHistory {
  const number = nextNumber(book);
  return pruned({ ...book, current: number, revisions: [...book.revisions, { ...revision, number, state: 'confirmed', reason: '' }] });
}

export function withTrial(
  book: RevisionHistory,
  revision: NewRevision,
  trial: Omit<Trial, 'number' | 'spentMs' | 'starts'>,
): RevisionHistory {
  const number = nextNumber(book);
  const revisions = [...book.revisions, { ...revision, number, state: 'trial' as const, reason: '' }];
  return pruned({ ...book, trial: { ...trial, number, spentMs: 0, starts: 0 }, revisions });
}

/** The trial is over: it is the current one now. */
export function withTrialConfirmed(book: RevisionHistory): RevisionHistory {
  if (book.trial === null) return book;
  const { number } = book.trial;
  return { ...book, current: number, trial: null, revisions: changed(book, number, { state: 'confirmed' }) };
}

/** The trial is over: the one before it is back. */
export function withTrialReturned(book: RevisionHistory, reason: string): RevisionHistory {
  if (book.trial === null) return book;
  return { ...book, trial: null, revisions: changed(book, book.trial.number, { state: 'returned', reason }) };
}

/** The one that runs. */
export function runningOf(book: RevisionHistory): Revision {
  const number = book.trial?.number ?? book.current;
  return revisionOf(book, number) as Revision;
}

export function revisionOf({ revisions }: RevisionHistory, number: number): Revision | undefined {
  return revisions.find((revision) => revision.number === number);
}

function changed({ revisions }: RevisionHistory, number: number, change: Partial<Revision>): Revision[] {
  return revisions.map((revision) => (revision.number === number ? { ...revision, ...change } : revision));
}

/** The oldest go, but never one that runs or to which one may return. */
function pruned(book: RevisionHistory): RevisionHistory {
  const needed = new Set([book.current, book.trial?.number]);
  const spare = book.revisions.filter(({ number }) => !needed.has(number)).slice(-(KEPT_REVISIONS - needed.size));
  const kept = new Set([...needed, ...spare.map(({ number }) => number)]);
  return { ...book, revisions: book.revisions.filter(({ number }) => kept.has(number)) };
}
