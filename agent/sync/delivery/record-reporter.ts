/**
 * Reports numbered records of the store to the platform, each at least once: losses, entries of the audit log.
 *
 * A record is reported until the broker has it. After each birth, records are reported again: all unacknowledged ones if the platform
 * acknowledges them, otherwise the newest. Progress is kept over restarts.
 */
import type { Clock, MonoMs } from '../../core/clock.ts';
import { isRecord } from '../../core/is-record.ts';
import type { Store } from '../../core/ports.ts';
import { wireEpoch } from './rows-mark.ts';

/** Records reported between two barriers. */
const RECORDS_AT_ONCE = 20;

/** Shape: the JSON under `key`; an earlier release has no `acked`. */
interface Progress {
  /** The series that the numbers belong to: the store's epoch, or one chain of the audit log. */
  readonly epoch: string;
  /** The broker has received all records up to this one. */
  readonly id: number;
  /** The platform has all records up to this one; null if it acknowledges none. */
  readonly acked: number | null;
}

/** One record with its number and its text as it is sent. */
export interface ReportedRecord {
  readonly id: number;
  readonly text: string;
}

/** How a reporter sends: texts, proof that they arrived, and whether there is a link. */
export interface ReportLink {
  /** Sends the texts, without proof that they arrive. */
  readonly onTexts: (texts: readonly string[]) => void;
  /** Resolves to true when the broker has received what was sent, to false when the link broke or there is none. */
  readonly proven: () => Promise<boolean>;
  /** Whether texts can be sent now. */
  readonly isOpen: () => boolean;
}

/** What `RecordReporter` requires: the link, the records, and how long it waits before it repeats them. */
export interface RecordReporterParts extends ReportLink {
  readonly store: Pick<Store, 'save' | 'load'>;
  readonly clock: Pick<Clock, 'monoMs'>;
  /** The key of the progress in the store. */
  readonly key: string;
  /** At most this many of the records that the broker has are repeated after a birth for a platform that acknowledges none. */
  readonly newest: number;
  /** First and longest wait for an acknowledgement before records are repeated; it doubles with each one. Units: ms. */
  readonly waitMs: { readonly first: number; readonly longest: number };
  /**
   * If a record waits for an acknowledgement for this time, the platform counts as one that acknowledges none. Time without a link counts
   * too. Units: ms. Default: never.
   */
  readonly giveUpMs?: number;
  /** Resolves to at most `limit` records of this epoch after this number, the oldest first. Fewer count as the last ones. */
  readonly recordsAfter: (id: number, epoch: string, limit: number) => Promise<readonly ReportedRecord[]>;
}

/** When `report` is called, sends the platform the numbered records that are due. Call `restore` once before the first `report`. */
export class RecordReporter {
  readonly #parts: RecordReporterParts;
  #progress: Progress = { epoch: '', id: 0, acked: null };
  /** The last record reported since the last birth or repetition. */
  #lastId = 0;
  /** The last record ever sent: a higher one cannot be acknowledged. */
  #sentId = 0;
  #waitMs: number;
  /** Since when an acknowledgement is awaited. */
  #sinceMono: MonoMs;
  /** No acknowledgement arrived in time: one batch at a time until one arrives. */
  #isCautious = false;
  /** The start of the wait for an acknowledgement; null while no record is waiting for one. */
  #unackedMono: MonoMs | null = null;
  #isReporting = false;
  /** Number of the current repetition. */
  #round = 0;

  constructor(parts: RecordReporterParts) {
    this.#parts = parts;
    this.#waitMs = parts.waitMs.first;
    this.#sinceMono = parts.clock.monoMs();
  }

  /** The current epoch, and the last record up to which the broker has those that were due. */
  get reported(): Pick<Progress, 'epoch' | 'id'> {
    return this.#progress;
  }

  /** Reads what earlier runs reported. Without a valid record of that, nothing counts as reported. */
  async restore(): Promise<void> {
    const saved = await this.#parts.store.load(this.#parts.key);
    if (!isRecord(saved) || typeof saved['epoch'] !== 'string' || !Number.isSafeInteger(saved['id'])) return;
    const acked = Number.isSafeInteger(saved['acked']) ? Number(saved['acked']) : null;
    this.#progress = { epoch: saved['epoch'], id: Number(saved['id']), acked };
    this.#sentId = this.#progress.id;
    this.repeat();
  }

  /**
   * Reports the records of this epoch that are due. Does nothing without a link or while another call runs. A new epoch starts after
   * `startId`, or at its beginning for a platform that acknowledges.
   */
  async report(epoch: string, startId = 0): Promise<void> {
    if (this.#isReporting || !this.#parts.isOpen()) return;
    this.#isReporting = true;
    if (this.#progress.epoch !== epoch) this.#startEpoch(epoch, startId);
    if (this.#mayReport()) while ((await this.#reportSome(epoch)) && !this.#isCautious);
    this.#isReporting = false;
  }

  /**
   * The platform may have missed records: the next report repeats those that it has not acknowledged. For a platform that acknowledges
   * none, these are the newest, as `RecordReporterParts.newest` says.
   */
  repeat(): void {
    const { id, acked } = this.#progress;
    this.#lastId = acked ?? Math.max(0, id - this.#parts.newest);
    this.#isCautious = false;
    this.#round += 1;
    this.#awaitAck(this.#parts.waitMs.first);
  }

  /** The platform has all records up to this one, at most to the last one sent. Ignored for another epoch, or if it is not a higher one. */
  acknowledge(epoch: string, recordId: number): void {
    const { id, acked } = this.#progress;
    const next = Math.min(recordId, this.#sentId);
    if (wireEpoch(epoch) !== wireEpoch(this.#progress.epoch) || (acked !== null && next <= acked)) return;
    this.#save({ ...this.#progress, id: Math.max(id, next), acked: next });
    this.#unackedMono = null;
    // The first acknowledgement shows what the platform has: the rest may have been reported while it was not connected.
    if (acked === null) this.repeat();
    else {
      this.#lastId = Math.max(this.#lastId, next);
      this.#isCautious = false;
      this.#awaitAck(this.#parts.waitMs.first);
    }
  }

  /** The platform reports that it has no record: those that the store still has are reported again. */
  startAgain(): void {
    this.#save({ ...this.#progress, acked: 0 });
    this.#unackedMono = null;
    this.repeat();
  }

  /** The platform counts as one that acknowledges none, until its next acknowledgement. */
  forgetPlatform(): void {
    if (this.#progress.acked !== null) this.#save({ ...this.#progress, acked: null });
  }

  /** True if there may be more. */
  async #reportSome(epoch: string): Promise<boolean> {
    const { recordsAfter, onTexts, proven, isOpen } = this.#parts;
    const [fromId, round] = [this.#lastId, this.#round];
    const records = await recordsAfter(fromId, epoch, RECORDS_AT_ONCE);
    const last = records.at(-1);
    if (last === undefined || !isOpen()) return false;
    onTexts(records.map(({ text }) => text));
    this.#sentId = Math.max(this.#sentId, last.id);
    if (!(await proven())) return false;
    if (round !== this.#round) return true;
    this.#lastId = Math.max(this.#lastId, last.id);
    this.#unackedMono ??= this.#parts.clock.monoMs();
    if (fromId <= (this.#progress.acked ?? fromId)) this.#awaitAck(this.#waitMs);
    if (last.id > this.#progress.id) this.#save({ ...this.#progress, id: last.id });
    return records.length === RECORDS_AT_ONCE;
  }

  #startEpoch(epoch: string, startId: number): void {
    const { acked } = this.#progress;
    this.#progress = { epoch, id: startId, acked: acked === null ? null : 0 };
    this.#sentId = startId;
    this.repeat();
    if (acked === null) this.#lastId = startId;
  }

  /** Returns to the last acknowledged record if the wait for the next has ended. False while new records are also waiting. */
  #mayReport(): boolean {
    const { acked } = this.#progress;
    if (acked === null || this.#lastId <= acked) return true;
    const nowMono = this.#parts.clock.monoMs();
    if (nowMono - this.#sinceMono < this.#waitMs) return !this.#isCautious;
    if (nowMono - (this.#unackedMono ?? nowMono) >= (this.#parts.giveUpMs ?? Number.POSITIVE_INFINITY)) {
      this.forgetPlatform();
      this.#isCautious = false;
      return true;
    }
    this.#lastId = acked;
    this.#isCautious = true;
    this.#awaitAck(Math.min(this.#waitMs * 2, this.#parts.waitMs.longest));
    return true;
  }

  #awaitAck(waitMs: number): void {
    this.#waitMs = waitMs;
    this.#sinceMono = this.#parts.clock.monoMs();
  }

  #save(next: Progress): void {
    this.#progress = next;
    void this.#parts.store.save(this.#parts.key, next);
  }
}
