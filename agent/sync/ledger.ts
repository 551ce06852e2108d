/**
 * What has been sent, what is proven to have reached the broker, and how far the cursor may move.
 *
 * Owns the bookkeeping between tickets (this run's frames), seqs (the store's rows) and marks (the order of sending).
 * Never sends, never reads the store. Called by `delivery.ts` for each frame sent, proven or committed.
 */
import type { Committed } from '../core/ports.ts';

/** Something sent and not yet proven. A live frame has no seq until the store has committed it. */
interface Shipment {
  readonly mark: number;
  readonly ticket: number | null;
  readonly seqs: readonly number[];
  readonly readings: number;
  readonly bytes: number;
}

export interface Ledger {
  /** All rows up to here are proven delivered. */
  readonly cursor: number;
  /** Shipments so far in this run; a barrier proves all up to the mark at which it was asked. */
  readonly mark: number;
  /** Oldest first. */
  readonly inFlight: readonly Shipment[];
  /** Live frames proven before the store committed them. */
  readonly provenTickets: ReadonlySet<number>;
  /** Rows proven beyond the cursor. */
  readonly provenSeqs: ReadonlySet<number>;
}

/** Frames remembered while the store commits nothing; older ones would go out twice. Source: assumed; 15 minutes at one a second. */
const MAX_PROVEN_TICKETS = 1_000;

/** Nothing sent yet; rows up to `cursor` were proven by an earlier run. */
export function createLedger(cursor: number): Ledger {
  return { cursor, mark: 0, inFlight: [], provenTickets: new Set(), provenSeqs: new Set() };
}

/** A frame went out as it was taken. */
export function shipLive(ledger: Ledger, frame: { readonly ticket: number; readonly readings: number; readonly bytes: number }): Ledger {
  return ship(ledger, { ...frame, seqs: [] });
}

/** Rows of the store went out as history. */
export function shipHistory(
  ledger: Ledger,
  rows: { readonly seqs: readonly number[]; readonly readings: number; readonly bytes: number },
): Ledger {
  return ship(ledger, { ...rows, ticket: null });
}

function ship(ledger: Ledger, shipment: Omit<Shipment, 'mark'>): Ledger {
  const mark = ledger.mark + 1;
  return { ...ledger, mark, inFlight: [...ledger.inFlight, { ...shipment, mark }] };
}

/** The broker has read everything up to `mark`. `readings` is how many that proves. */
export function prove(ledger: Ledger, mark: number): { readonly ledger: Ledger; readonly readings: number } {
  const proven = ledger.inFlight.filter((s) => s.mark <= mark);
  const uncommitted = proven.flatMap((s) => (s.ticket !== null && s.seqs.length === 0 ? [s.ticket] : []));
  const next = advance({
    ...ledger,
    inFlight: ledger.inFlight.filter((s) => s.mark > mark),
    provenTickets: new Set([...ledger.provenTickets, ...uncommitted].slice(-MAX_PROVEN_TICKETS)),
    provenSeqs: new Set([...ledger.provenSeqs, ...proven.flatMap((s) => s.seqs)]),
  });
  return { ledger: next, readings: proven.reduce((sum, s) => sum + s.readings, 0) };
}

/** Frames are on disk. `backlog`: at least one of them was never sent and waits there. */
export function commit(ledger: Ledger, { tickets }: Committed): { readonly ledger: Ledger; readonly backlog: boolean } {
  const seqOf = new Map(tickets.map(({ ticket, seq }) => [ticket, seq]));
  const sent = new Set(ledger.inFlight.map((s) => s.ticket));
  const proven = tickets.filter(({ ticket }) => ledger.provenTickets.has(ticket));
  const next = advance({
    ...ledger,
    inFlight: ledger.inFlight.map((s) => {
      const seq = s.ticket === null ? undefined : seqOf.get(s.ticket);
      return seq === undefined ? s : { ...s, seqs: [seq] };
    }),
    provenTickets: new Set([...ledger.provenTickets].filter((ticket) => !seqOf.has(ticket))),
    provenSeqs: new Set([...ledger.provenSeqs, ...proven.map(({ seq }) => seq)]),
  });
  return { ledger: next, backlog: tickets.some(({ ticket }) => !sent.has(ticket) && !ledger.provenTickets.has(ticket)) };
}

/** The link is gone: what was in flight may or may not have arrived, and counts as unsent. */
export function dropLink(ledger: Ledger): Ledger {
  return { ...ledger, inFlight: [] };
}

/** The store began afresh: its rows have nothing to do with those known here. Tickets keep their meaning. */
export function rebase(ledger: Ledger, cursor: number): Ledger {
  const inFlight = ledger.inFlight.filter((s) => s.ticket !== null && s.seqs.length === 0);
  return { ...ledger, cursor, inFlight, provenSeqs: new Set() };
}

/**
 * What the store really holds after the cursor, oldest first: numbers it skips never existed or are gone, and do not hold the cursor up.
 */
export function skipHoles(ledger: Ledger, rows: readonly number[]): Ledger {
  const open = rows.findIndex((seq) => !ledger.provenSeqs.has(seq));
  const last = open === -1 ? rows[rows.length - 1] : rows[open - 1];
  return last === undefined ? ledger : advance({ ...ledger, cursor: Math.max(ledger.cursor, last) });
}

/** Sent already, proven or not: not to be sent again on this link. */
export function isSent(ledger: Ledger, seq: number): boolean {
  return seq <= ledger.cursor || ledger.provenSeqs.has(seq) || ledger.inFlight.some((s) => s.seqs.includes(seq));
}

/** Bytes on their way. */
export function bytesInFlight(ledger: Ledger): number {
  return ledger.inFlight.reduce((sum, s) => sum + s.bytes, 0);
}

function advance(ledger: Ledger): Ledger {
  let { cursor } = ledger;
  while (ledger.provenSeqs.has(cursor + 1)) cursor += 1;
  return { ...ledger, cursor, provenSeqs: new Set([...ledger.provenSeqs].filter((seq) => seq > cursor)) };
}
