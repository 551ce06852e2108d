/**
 * Records what was sent, what is proven to have arrived, and how far the cursor may move. Pure.
 *
 * Relates tickets (the frames of this run), rows (the store's numbers) and marks (the order of sending).
 */
import type { Committed } from '../../core/ports.ts';
import { beyond, covers, NO_RANGES, reachFrom, type SeqRange, type SeqRanges, withRange } from './seq-ranges.ts';

/** A message that was sent and is not proven yet. A live frame may have no row until the store has committed it. */
interface Shipment {
  readonly mark: number;
  readonly ticket: number | null;
  readonly rows: SeqRange | null;
  readonly readings: number;
  readonly bytes: number;
}

/**
 * What counts as delivered. `broker`: what the broker has read. `platform`: what the platform has acknowledged. `awaiting`: as `platform`,
 * while it does not acknowledge; what the broker has read is not sent again.
 */
export type ProofMode = 'broker' | 'platform' | 'awaiting';

/** What was sent, what the broker and the platform have, and up to which row everything is delivered. Never changed in place. */
export interface Ledger {
  readonly mode: ProofMode;
  /** All rows up to here count as delivered. */
  readonly cursor: number;
  /** In mode `awaiting`: all rows up to here have reached the broker. 0 in the other modes. */
  readonly reached: number;
  /** The next shipment gets the number after this one as its mark. */
  readonly mark: number;
  /** Shipments that are not proven yet, oldest first. */
  readonly inFlight: readonly Shipment[];
  /** Tickets of the newest live frames that reached the broker and have no row yet. */
  readonly provenTickets: ReadonlySet<number>;
  /**
   * Rows that reached the broker and need not be sent again; in mode `platform` they may wait for its acknowledgement. Rows up to the
   * cursor or `reached` may be missing.
   */
  readonly proven: SeqRanges;
  /**
   * What reached the broker and waits for the platform's acknowledgement; empty except in mode `platform`. An entry covers one or more
   * shipments. A live frame that had no row then is in none. Rows that reached the broker in another mode count 0 bytes.
   */
  readonly unacked: readonly { readonly toSeq: number; readonly bytes: number }[];
  /**
   * Rows that were sent before the last `dropLink` or `goBack`: the platform may have them. Rows up to the cursor or `reached` may be
   * missing.
   */
  readonly left: SeqRanges;
}

/** Frames remembered while the store commits nothing; older ones would be sent twice. Source: assumed; 15 minutes at one a second. Confirmed by: the longest stall of a disk in the logs of cabinets. */
const MAX_PROVEN_TICKETS = 1_000;
/** Largest number of unacknowledged entries; beyond it the newest are merged. */
const MAX_UNACKED = 1_000;

/** Returns a ledger in which nothing was sent. Rows up to and including `cursor` count as delivered. `mode`: what proves a delivery. */
export function createLedger(cursor: number, mode: ProofMode = 'broker'): Ledger {
  return { mode, cursor, reached: 0, mark: 0, inFlight: [], provenTickets: new Set(), proven: NO_RANGES, left: NO_RANGES, unacked: [] };
}

/**
 * Returns the ledger after a live frame was sent. `ticket`: identifies the frame in this run. `seq`: the row that the frame has or
 * will have in the epoch of the ledger; null if it is not known. `bytes`: of the payload.
 */
export function shipLive(
  ledger: Ledger,
  frame: { readonly ticket: number; readonly seq: number | null; readonly readings: number; readonly bytes: number },
): Ledger {
  const { ticket, seq, readings, bytes } = frame;
  return ship(ledger, { ticket, rows: seq === null ? null : { from: seq, to: seq }, readings, bytes });
}

/**
 * Returns the ledger after rows of the store were sent as history. `rows` may include numbers without a row, or be empty. `bytes`: of the
 * payloads.
 */
export function shipHistory(
  ledger: Ledger,
  shipment: { readonly rows: SeqRange; readonly readings: number; readonly bytes: number },
): Ledger {
  return ship(ledger, { ...shipment, ticket: null });
}

function ship(ledger: Ledger, shipment: Omit<Shipment, 'mark'>): Ledger {
  const mark = ledger.mark + 1;
  return { ...ledger, mark, inFlight: [...ledger.inFlight, { ...shipment, mark }] };
}

/**
 * Returns the ledger after the broker has read all shipments up to and including `mark`. `readings`: the number of readings in those of
 * them that were in flight until now; readings that were sent again count again.
 */
export function prove(ledger: Ledger, mark: number): { readonly ledger: Ledger; readonly readings: number } {
  const done = ledger.inFlight.filter((s) => s.mark <= mark);
  const rowless = done.flatMap((s) => (s.ticket !== null && s.rows === null ? [s.ticket] : []));
  const rows = done.flatMap((s) => (s.rows === null ? [] : [s.rows]));
  const next = advance({
    ...ledger,
    inFlight: ledger.inFlight.filter((s) => s.mark > mark),
    provenTickets: new Set([...ledger.provenTickets, ...rowless].slice(-MAX_PROVEN_TICKETS)),
    proven: rows.reduce(withRange, ledger.proven),
    // The platform may have acknowledged a row before the broker proved it.
    unacked: done.filter(({ rows }) => rows === null || rows.to > ledger.cursor).reduce(withUnacked, ledger.unacked),
  });
  return { ledger: next, readings: sum(done.map(({ readings }) => readings)) };
}

/**
 * Returns the ledger after the store has written frames to disk: those that were sent without a row have it now. `backlog`: at least one of
 * these frames must be sent from the store.
 */
export function commit(ledger: Ledger, { tickets }: Committed): { readonly ledger: Ledger; readonly backlog: boolean } {
  const seqOf = new Map(tickets.map(({ ticket, seq }) => [ticket, seq]));
  const sent = new Set(ledger.inFlight.map((s) => s.ticket));
  const arrived = tickets.filter(({ ticket }) => ledger.provenTickets.has(ticket));
  const backlog = tickets.some(({ ticket, seq }) => !sent.has(ticket) && !ledger.provenTickets.has(ticket) && !isSent(ledger, seq));
  const next = advance({
    ...ledger,
    inFlight: ledger.inFlight.map((s) => {
      const seq = s.ticket === null ? undefined : seqOf.get(s.ticket);
      return seq === undefined ? s : { ...s, rows: { from: seq, to: seq } };
    }),
    provenTickets: new Set([...ledger.provenTickets].filter((ticket) => !seqOf.has(ticket))),
    proven: arrived.reduce((ranges, { seq }) => withRange(ranges, { from: seq, to: seq }), ledger.proven),
  });
  return { ledger: next, backlog };
}

/**
 * Returns the ledger after the platform has acknowledged all rows up to and including `seq`; the mode becomes `platform`. A row that is not
 * beyond the cursor does not move it. Pass the row that `countedAck` returns.
 */
export function acknowledge(ledger: Ledger, seq: number): Ledger {
  const started = withAcknowledging(ledger);
  if (seq <= started.cursor) return started;
  const unacked = started.unacked.filter(({ toSeq }) => toSeq > seq);
  return { ...started, cursor: seq, proven: beyond(started.proven, seq), left: beyond(started.left, seq), unacked };
}

/**
 * Returns the row up to which an acknowledgement of `seq` counts: `seq` itself if `hasLeft` is true for all rows up to it. Otherwise a
 * lower row: the last one up to which all rows are in `proven`, or not beyond the cursor or `reached`.
 */
export function countedAck(ledger: Ledger, seq: number): number {
  return hasLeft(ledger, { from: 1, to: seq }) ? seq : reachFrom(ledger.proven, sentFloor(ledger));
}

/**
 * Whether the ledger records every row of the range as sent, or as not beyond the cursor or `reached`. Rows to be sent again count. The
 * range must not be empty.
 */
export function hasLeft(ledger: Ledger, { from, to }: SeqRange): boolean {
  const floor = sentFloor(ledger);
  return to <= floor || covers(leftRanges(ledger), { from: Math.max(from, floor + 1), to });
}

/** From now on acknowledgements count: rows that have reached the broker are sent again unless they are acknowledged in time. */
function withAcknowledging(ledger: Ledger): Ledger {
  if (ledger.mode !== 'awaiting') return { ...ledger, mode: 'platform' };
  const proven = withRange(ledger.proven, { from: ledger.cursor + 1, to: ledger.reached });
  const last = proven.at(-1);
  return { ...ledger, mode: 'platform', reached: 0, proven, unacked: last === undefined ? [] : [{ toSeq: last.to, bytes: 0 }] };
}

/** Returns the ledger in which rows beyond the cursor must be sent again, except those in flight. For the mode `platform`. */
export function goBack(ledger: Ledger): Ledger {
  return { ...ledger, left: leftRanges(ledger), proven: NO_RANGES, unacked: [] };
}

/** Returns the ledger in another mode of proof. The cursor may move, because rows that the broker has read may then count as delivered. */
export function withMode(ledger: Ledger, mode: ProofMode): Ledger {
  return advance({ ...ledger, mode });
}

/** Returns the ledger with `reached` raised to `seq`, if that is higher. Has an effect only in mode `awaiting`. */
export function withReached(ledger: Ledger, seq: number): Ledger {
  return ledger.mode === 'awaiting' ? { ...ledger, reached: Math.max(ledger.reached, seq) } : ledger;
}

/**
 * Returns the ledger after the link broke: nothing is in flight. Rows that need not be sent again: in mode `platform` those up to the
 * cursor, otherwise also those that the broker has read.
 */
export function dropLink(ledger: Ledger): Ledger {
  return ledger.mode === 'platform' ? { ...goBack(ledger), inFlight: [] } : { ...ledger, left: leftRanges(ledger), inFlight: [] };
}

/**
 * Returns the ledger after the store was replaced by a new one, of which rows up to `cursor` count as delivered. Live frames stay in
 * flight, but without a row; history that was in flight is removed.
 */
export function rebase(ledger: Ledger, cursor: number): Ledger {
  const tickets = ledger.inFlight.filter((s) => s.ticket !== null).map((s) => ({ ...s, rows: null }));
  return { ...ledger, cursor, reached: 0, inFlight: tickets, proven: NO_RANGES, left: NO_RANGES, unacked: [] };
}

/** Whether this row counts as delivered: it is not beyond the cursor, or, in mode `broker`, the broker has read it. */
export function isDelivered({ mode, cursor, proven }: Ledger, seq: number): boolean {
  return seq <= cursor || (mode === 'broker' && covers(proven, { from: seq, to: seq }));
}

/**
 * Whether the row needs no sending: it is in flight or in `proven`, or not beyond the cursor or `reached`. False also for a frame that was
 * sent without its row, until `commit`.
 */
export function isSent(ledger: Ledger, seq: number): boolean {
  return isRangeSent(ledger, { from: seq, to: seq });
}

/** Returns the last row up to which `isSent` is true for every row, without a gap; at least the cursor and `reached`. */
export function sentUpTo(ledger: Ledger): number {
  return reachFrom(sentRanges(ledger), sentFloor(ledger));
}

/** Whether no row of the range needs sending: `isSent` is true for every row. The range must not be empty. */
export function isRangeSent(ledger: Ledger, range: SeqRange): boolean {
  const floor = sentFloor(ledger);
  return range.to <= floor || covers(sentRanges(ledger), { from: Math.max(range.from, floor + 1), to: range.to });
}

/** A row up to which everything was certainly sent, found without reading the ranges. */
function sentFloor({ cursor, reached }: Ledger): number {
  return Math.max(cursor, reached);
}

/** Returns how many bytes have reached the broker and wait for the platform: the sum over `unacked`. 0 except in mode `platform`. */
export function bytesUnacked(ledger: Ledger): number {
  return sum(ledger.unacked.map(({ bytes }) => bytes));
}

/** Returns how many bytes were sent and are not proven to have reached the broker: the sum over `inFlight`. */
export function bytesInFlight(ledger: Ledger): number {
  return sum(ledger.inFlight.map(({ bytes }) => bytes));
}

function sentRanges({ proven, inFlight }: Ledger): SeqRanges {
  return inFlight.reduce((ranges, { rows }) => (rows === null ? ranges : withRange(ranges, rows)), proven);
}

function leftRanges(ledger: Ledger): SeqRanges {
  return ledger.left.reduce(withRange, sentRanges(ledger));
}

function advance(ledger: Ledger): Ledger {
  if (ledger.mode === 'platform') return ledger;
  if (ledger.mode === 'awaiting') {
    const reached = reachFrom(ledger.proven, sentFloor(ledger));
    return { ...ledger, reached, proven: beyond(ledger.proven, reached), left: beyond(ledger.left, reached), unacked: [] };
  }
  const cursor = reachFrom(ledger.proven, ledger.cursor);
  return { ...ledger, cursor, reached: 0, proven: beyond(ledger.proven, cursor), left: beyond(ledger.left, cursor), unacked: [] };
}

function withUnacked(unacked: Ledger['unacked'], { rows, bytes }: Shipment): Ledger['unacked'] {
  const last = unacked.at(-1);
  if (rows === null || rows.to < rows.from) return unacked;
  if (last === undefined || unacked.length < MAX_UNACKED) return [...unacked, { toSeq: rows.to, bytes }];
  return [...unacked.slice(0, -1), { toSeq: Math.max(last.toSeq, rows.to), bytes: last.bytes + bytes }];
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
