/**
 * Reports every lost reading to the platform, as `Sync/Gap`: one JSON object for each loss.
 *
 * A loss that the store has recorded is reported until the broker has it. After each birth, losses are reported again: all that are not
 * acknowledged where the platform acknowledges losses, else the newest. Progress is kept over restarts.
 * Shape: `{epoch, id, after, from, to, readings, reason, atMs}`; from and to are null where the readings never had a row.
 */
import type { Clock, MonoMs } from '../../core/clock.ts';
import { isRecord } from '../../core/is-record.ts';
import type { Gap, Store } from '../../core/ports.ts';
import type { Sent } from '../sparkplug/publisher.ts';
import type { RowBatch } from './row-batches.ts';
import { wireEpoch } from './rows-mark.ts';

/** Gaps reported between two barriers. */
const GAPS_AT_ONCE = 20;
/** Gaps that are repeated after a birth for a platform that acknowledges none. Source: assumed; 100 gaps are 15 KB, fewer than the births. */
const NEWEST = 100;
/** Shortest and longest wait for an acknowledgement before gaps are repeated. Units: ms. Source: as for rows, `ack-watch.ts`. */
const WAIT_MS = { first: 60_000, longest: 600_000 };
const KEY = 'sync.gapsTold';

/** Shape: the JSON under `sync.gapsTold`; an earlier release has no `acked`. */
interface Progress {
  readonly epoch: string;
  /** The broker has received all gaps up to this one. */
  readonly id: number;
  /** The platform has all gaps up to this one; null where it acknowledges none. */
  readonly acked: number | null;
}

export interface GapReporterParts {
  readonly store: Pick<Store, 'gapsAfter' | 'save' | 'load'>;
  readonly clock: Pick<Clock, 'monoMs'>;
  readonly onGap: (texts: readonly string[]) => void;
  /** Resolves true when the broker has received what was sent, false when the link broke. */
  readonly proven: () => Promise<boolean>;
  readonly isOpen: () => boolean;
}

/** Reports nothing before `report`. */
export class GapReporter {
  readonly #parts: GapReporterParts;
  #progress: Progress = { epoch: '', id: 0, acked: null };
  /** The last gap reported since the last birth or repetition. */
  #lastId = 0;
  /** The last gap ever sent: a higher one cannot be acknowledged. */
  #sentId = 0;
  #waitMs = WAIT_MS.first;
  /** Since when an acknowledgement is awaited. */
  #sinceMono: MonoMs;
  /** No acknowledgement came in time: one batch at a time until one does. */
  #isCautious = false;
  #isReporting = false;
  /** Number of the present repetition. */
  #round = 0;

  constructor(parts: GapReporterParts) {
    this.#parts = parts;
    this.#sinceMono = parts.clock.monoMs();
  }

  async restore(): Promise<void> {
    const saved = await this.#parts.store.load(KEY);
    if (!isRecord(saved) || typeof saved['epoch'] !== 'string' || !Number.isSafeInteger(saved['id'])) return;
    const acked = Number.isSafeInteger(saved['acked']) ? Number(saved['acked']) : null;
    this.#progress = { epoch: saved['epoch'], id: Number(saved['id']), acked };
    this.#sentId = this.#progress.id;
    this.repeat();
  }

  /** Reports the losses that this epoch has recorded and that were not reported since the last birth. */
  async report(epoch: string): Promise<void> {
    if (this.#isReporting || !this.#parts.isOpen()) return;
    this.#isReporting = true;
    if (this.#progress.epoch !== epoch) this.#startEpoch(epoch);
    if (this.#mayReport()) while ((await this.#reportSome(epoch)) && !this.#isCautious);
    this.#isReporting = false;
  }

  /** The platform may have missed gaps: the next report repeats them. */
  repeat(): void {
    const { id, acked } = this.#progress;
    this.#lastId = acked ?? Math.max(0, id - NEWEST);
    this.#isCautious = false;
    this.#round += 1;
    this.#awaitAck(WAIT_MS.first);
  }

  /** The platform has all gaps up to this one. */
  acknowledge(epoch: string, gapId: number): void {
    const { id, acked } = this.#progress;
    const next = Math.min(gapId, this.#sentId);
    if (epoch !== wireEpoch(this.#progress.epoch) || (acked !== null && next <= acked)) return;
    this.#save({ ...this.#progress, id: Math.max(id, next), acked: next });
    // The first acknowledgement says what the platform has: the rest may have been reported while it did not listen.
    if (acked === null) this.repeat();
    else {
      this.#lastId = Math.max(this.#lastId, next);
      this.#isCautious = false;
      this.#awaitAck(WAIT_MS.first);
    }
  }

  /** The platform acknowledges no longer. */
  forgetPlatform(): void {
    if (this.#progress.acked !== null) this.#save({ ...this.#progress, acked: null });
  }

  /** True when there may be more. */
  async #reportSome(epoch: string): Promise<boolean> {
    const { store, onGap, proven, isOpen } = this.#parts;
    const [fromId, round] = [this.#lastId, this.#round];
    const gaps = (await store.gapsAfter(fromId)).slice(0, GAPS_AT_ONCE);
    const last = gaps.at(-1);
    if (last === undefined || !isOpen()) return false;
    let after = fromId;
    const texts = gaps.map(({ id, mergedFrom, firstSeq: from, lastSeq: to, readings, reason, atMs }) => {
      const text = gapText(epoch, { id, mergedFrom, after, from, to, readings, reason, atMs });
      after = id;
      return text;
    });
    onGap(texts);
    this.#sentId = Math.max(this.#sentId, last.id);
    if (!(await proven())) return false;
    if (round !== this.#round) return true;
    this.#lastId = Math.max(this.#lastId, last.id);
    if (fromId <= (this.#progress.acked ?? fromId)) this.#awaitAck(this.#waitMs);
    if (last.id > this.#progress.id) this.#save({ ...this.#progress, id: last.id });
    return gaps.length === GAPS_AT_ONCE;
  }

  #startEpoch(epoch: string): void {
    const { acked } = this.#progress;
    this.#progress = { epoch, id: 0, acked: acked === null ? null : 0 };
    this.#sentId = 0;
    this.repeat();
  }

  /** Goes back to the last acknowledged gap where the wait for the next is over. False while new gaps wait as well. */
  #mayReport(): boolean {
    const { acked } = this.#progress;
    if (acked === null || this.#lastId <= acked) return true;
    if (this.#parts.clock.monoMs() - this.#sinceMono < this.#waitMs) return !this.#isCautious;
    this.#lastId = acked;
    this.#isCautious = true;
    this.#awaitAck(Math.min(this.#waitMs * 2, WAIT_MS.longest));
    return true;
  }

  #awaitAck(waitMs: number): void {
    this.#waitMs = waitMs;
    this.#sinceMono = this.#parts.clock.monoMs();
  }

  #save(next: Progress): void {
    this.#progress = next;
    void this.#parts.store.save(KEY, next);
  }
}

/** The texts for the readings of these rows that could not be sent as metrics. `id` is null; the rows are the key. */
export function unsentGapTexts(
  epoch: string,
  { rows: { from, to }, frames }: RowBatch,
  { notConfigured, leftOut }: Pick<Sent, 'notConfigured' | 'leftOut'>,
): string[] {
  const atMs = frames[0]?.atMs ?? 0;
  const unsent = [
    { readings: notConfigured, reason: 'not-configured' },
    { readings: leftOut, reason: 'packet-limit' },
  ];
  return unsent
    .filter(({ readings }) => readings > 0)
    .map(({ readings, reason }) => gapText(epoch, { id: null, after: null, from, to, readings, reason, atMs }));
}

interface GapFields extends Pick<Gap, 'readings' | 'atMs'> {
  readonly id: number | null;
  /** Given where it replaces all gaps from this id on. */
  readonly mergedFrom?: number | undefined;
  /** The gap before it in this epoch. */
  readonly after: number | null;
  readonly from: number | null;
  readonly to: number | null;
  readonly reason: string;
}

function gapText(epoch: string, gap: GapFields): string {
  return JSON.stringify({ epoch: wireEpoch(epoch), ...gap, atMs: Math.round(gap.atMs) });
}
