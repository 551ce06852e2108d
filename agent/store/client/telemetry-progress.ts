import type { Clock } from '../../core/clock.ts';
import type { ReadingFrame, Store } from '../../core/ports.ts';
import type { TelemetryDone } from '../messages.ts';
import type { Numbering } from './numbering.ts';

/**
 * The cursor is written at most this often, and earlier if it moved by this many rows. After a crash, rows that were delivered and
 * dropped before the file has the cursor would count as lost. Units: ms; rows.
 *
 * Source: the write is part of a commit and costs a page. A lost cursor only causes duplicates, which their seq shows. Rows assumed, a
 * quarter of an hour of live rows. Confirmed by: the write rate of a cabinet in a week.
 */
const CURSOR = { periodMs: 60_000, rows: 1_000 };

/**
 * The progress of telemetry: the last frame of this run, the last one on disk, the last one delivered, and the numbers of the next frames.
 */
export class TelemetryProgress {
  readonly #clock: Pick<Clock, 'monoMs'>;
  /** The ticket of the last accepted frame of this run; 0 before the first. */
  lastTicket = 0;
  /** The seq of the last frame on disk, or a higher one: the next frame on disk gets a higher seq. 0 before the first commit. */
  lastSeq = 0;
  /** Number of this run's readings that were written to disk. */
  readingsStored = 0;
  /** The cursor on disk: no row up to it remains to be delivered. 0 before the first commit. */
  cursorSeq = 0;
  /** All rows up to this seq are delivered; the file may not have that yet. */
  #deliveredSeq = 0;
  /** When the cursor was last written. */
  #cursorMono = Number.NEGATIVE_INFINITY;
  #numbering: Numbering | null = null;

  constructor(clock: Pick<Clock, 'monoMs'>) {
    this.#clock = clock;
  }

  /** No row up to this seq remains to be delivered, whether or not the file has that already. */
  get provenSeq(): number {
    return Math.max(this.#deliveredSeq, this.cursorSeq);
  }

  /** Records the next frame. Returns false, and records nothing, if its ticket or a time is not valid, or the ticket is not higher. */
  accept({ ticket, atMs, atMono }: ReadingFrame): boolean {
    if (!Number.isSafeInteger(ticket) || ticket <= this.lastTicket || !Number.isFinite(atMs + atMono)) return false;
    this.lastTicket = ticket;
    return true;
  }

  /** The number that the frame with this ticket has or will have on disk, as `Store.rowOf`; null if it is not certain. */
  rowOf(ticket: number): ReturnType<Store['rowOf']> {
    if (this.#numbering === null) return null;
    const { epoch, base, reservedSeq } = this.#numbering;
    return base + ticket > reservedSeq ? null : { epoch, seq: base + ticket };
  }

  /** Records that all rows up to `seq` are delivered, but at most up to `lastSeq`. Never moves back. */
  moveCursor(seq: number): void {
    if (Number.isSafeInteger(seq)) this.#deliveredSeq = Math.max(this.#deliveredSeq, Math.min(seq, this.lastSeq));
  }

  /** The cursor to write now; null if it has not moved, or if it may wait and is not forced. */
  dueCursor(isForced: boolean): number | null {
    const moved = this.#deliveredSeq - this.cursorSeq;
    const isDue = isForced || this.#clock.monoMs() - this.#cursorMono >= CURSOR.periodMs || moved >= CURSOR.rows;
    return isDue && moved > 0 ? this.#deliveredSeq : null;
  }

  /** Records what a commit has written to disk. */
  settle({ tickets, lastSeq, cursorSeq, numbering }: TelemetryDone): void {
    if (cursorSeq > this.cursorSeq) this.#cursorMono = this.#clock.monoMs();
    this.lastSeq = lastSeq;
    this.cursorSeq = cursorSeq;
    this.#numbering = numbering;
    for (const { readings } of tickets) this.readingsStored += readings;
  }
}
