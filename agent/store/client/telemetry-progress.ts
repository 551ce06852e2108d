import type { Clock } from '../../core/clock.ts';
import type { ReadingFrame, Store } from '../../core/ports.ts';
import type { TelemetryDone } from '../messages.ts';
import type { Numbering } from './numbering.ts';

/**
 * The cursor is written this often at most, and earlier once it moved by this many rows: after a crash, rows that were delivered and
 * dropped before the file has the cursor would count as lost. Units: ms; rows.
 *
 * Source: it goes with a commit and costs a page, and a cursor that is lost only makes duplicates, which their seq shows; rows assumed, a
 * quarter of an hour of live rows.
 */
const CURSOR = { periodMs: 60_000, rows: 1_000 };

/**
 * How far telemetry has come: the last frame of this run, the last one on disk, the last one delivered, and the numbers that frames will
 * have.
 */
export class TelemetryProgress {
  readonly #clock: Pick<Clock, 'monoMs'>;
  /** The last frame of this run; on disk: the last frame, this run's readings, and the cursor. */
  lastTicket = 0;
  lastSeq = 0;
  readingsStored = 0;
  cursorSeq = 0;
  /** All up to this seq is delivered; the file may not have that yet. */
  #deliveredSeq = 0;
  /** When the cursor was last written. */
  #cursorMono = Number.NEGATIVE_INFINITY;
  #numbering: Numbering | null = null;

  constructor(clock: Pick<Clock, 'monoMs'>) {
    this.#clock = clock;
  }

  /** The last seq that is delivered, whether the file has it already or not. */
  get provenSeq(): number {
    return Math.max(this.#deliveredSeq, this.cursorSeq);
  }

  /** Takes the next frame; false where its ticket or its times cannot be right. */
  accept({ ticket, atMs, atMono }: ReadingFrame): boolean {
    if (!Number.isSafeInteger(ticket) || ticket <= this.lastTicket || !Number.isFinite(atMs + atMono)) return false;
    this.lastTicket = ticket;
    return true;
  }

  /** As `Store.rowOf`. */
  rowOf(ticket: number): ReturnType<Store['rowOf']> {
    if (this.#numbering === null) return null;
    const { epoch, base, reservedSeq } = this.#numbering;
    return base + ticket > reservedSeq ? null : { epoch, seq: base + ticket };
  }

  /** All up to `seq` is delivered. */
  moveCursor(seq: number): void {
    if (Number.isSafeInteger(seq)) this.#deliveredSeq = Math.max(this.#deliveredSeq, Math.min(seq, this.lastSeq));
  }

  /** The cursor to write now; null where it has not moved, or may wait and is not forced. */
  dueCursor(isForced: boolean): number | null {
    const moved = this.#deliveredSeq - this.cursorSeq;
    const isDue = isForced || this.#clock.monoMs() - this.#cursorMono >= CURSOR.periodMs || moved >= CURSOR.rows;
    return isDue && moved > 0 ? this.#deliveredSeq : null;
  }

  /** Takes over what a commit has brought to disk. */
  settle({ tickets, lastSeq, cursorSeq, numbering }: TelemetryDone): void {
    if (cursorSeq > this.cursorSeq) this.#cursorMono = this.#clock.monoMs();
    this.lastSeq = lastSeq;
    this.cursorSeq = cursorSeq;
    this.#numbering = numbering;
    for (const { readings } of tickets) this.readingsStored += readings;
  }
}
