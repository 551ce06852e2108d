/**
 * Batches of stored rows: their size, the grouping of rows, and sending a batch in the form that the platform accepts.
 */
import type { StoredFrame } from '../../core/ports.ts';
import type { Publisher, Sent } from '../sparkplug/publisher.ts';
import { isRangeSent, isSent, type Ledger, sentUpTo } from './ledger.ts';
import type { RowsMark } from './rows-mark.ts';
import { encodeRowsSegment } from './segment.ts';
import type { SeqRange } from './seq-ranges.ts';

/**
 * Stored frames that are sent as one batch, in ascending order. `rows`: the row numbers that the batch covers. They may include numbers
 * without a row, and `frames` may be empty.
 */
export interface RowBatch {
  readonly rows: SeqRange;
  readonly frames: readonly StoredFrame[];
}

/** Topic, header, row mark and payload around a segment, rounded up. Units: bytes. */
const SEGMENT_OVERHEAD_BYTES = 256;
/** Largest segment if the broker sets no limit. Units: bytes. Source: assumed; one to two seconds of a slow cellular link. Confirmed by: the throughput of a gateway on a slow cellular link. */
const SEGMENT_BYTES = 32_768;

/** More are divided: values that hardly change pack into less than a byte each, and a host bounds what it unpacks. Source: assumed; three times the usual batch, a fifth of what `platform/` accepts. Confirmed by: hosts of other makers. */
const SEGMENT_READINGS = 10_000;

/** How much backlog is to be sent before the next proof that the broker has read it. */
export interface BatchSize {
  readonly readings: number;
  /** Readings per frame that are expected. */
  readonly readingsPerFrame: number;
}

/** Readings in a batch: as metrics, or packed into a segment. Source: assumed; 50 fill one packet, 1,000 are 28 KB and 10 ms of encoding on a small ARM. The largest by measurement: twice that takes 10 to 20 MB more memory and saves a tenth of the bytes. Confirmed by: the drain of a day of backlog from a gateway on a slow cellular link. */
const BATCH_READINGS = { min: 50, first: 200, max: { metrics: 1_000, segments: 3_000 } };
/** A batch that takes longer is too large; one that takes less may grow. Units: ms. Source: live data is never later than 1 s. */
const ROUND_MS = { slow: 500, fast: 250 };
const MAX_FRAMES = 2_000;

/** The size that is set for a new link, and when the form of the backlog changes. */
export const FIRST_BATCH_SIZE: BatchSize = { readings: BATCH_READINGS.first, readingsPerFrame: 20 };
/** The size for a platform that did not acknowledge in time. */
export const SMALLEST_BATCH_SIZE: BatchSize = { readings: BATCH_READINGS.min, readingsPerFrame: 20 };

/** Returns how many frames to read from the store so that they have about this number of readings; 1 to 2,000. */
export function framesToRead({ readings, readingsPerFrame }: BatchSize): number {
  return Math.min(Math.max(Math.ceil(readings / readingsPerFrame), 1), MAX_FRAMES);
}

/**
 * Returns the size of the next batch, adapted to how fast the broker has read the last one. `roundMs`: time from sending the frames in
 * `sent` to the proof that the broker has read them. Units: ms. `form` decides the largest size.
 */
export function afterRound(sent: readonly StoredFrame[], roundMs: number, form: 'metrics' | 'segments' = 'metrics'): BatchSize {
  const readings = sent.reduce((sum, frame) => sum + frame.readings.length, 0);
  const wanted = roundMs > ROUND_MS.slow ? readings / 2 : roundMs < ROUND_MS.fast ? readings * 2 : readings;
  return {
    readings: Math.min(Math.max(Math.round(wanted), BATCH_READINGS.min), BATCH_READINGS.max[form]),
    readingsPerFrame: Math.max(readings / Math.max(sent.length, 1), 1),
  };
}

/**
 * Returns what of `read` must still be sent, in batches in ascending order. A batch also covers missing row numbers, and may have no frame.
 * `read`: the frames that the store has after `sentUpTo(ledger)`, in order. Row numbers between that and the first frame count as missing.
 */
export function planBacklog(ledger: Ledger, read: readonly StoredFrame[]): readonly RowBatch[] {
  const batches: RowBatch[] = [];
  let frames: StoredFrame[] = [];
  // A batch also covers missing row numbers before it: a platform that expects rows without a gap would wait for them forever.
  let fromSeq = sentUpTo(ledger) + 1;
  const close = (toSeq: number): void => {
    const rows = { from: fromSeq, to: toSeq };
    if (toSeq >= fromSeq && !isRangeSent(ledger, rows)) batches.push({ rows, frames });
    frames = [];
    fromSeq = toSeq + 1;
  };
  for (const frame of read) {
    if (!isSent(ledger, frame.seq)) frames.push(frame);
    else {
      close(frame.seq - 1);
      fromSeq = frame.seq + 1;
    }
  }
  const last = frames.at(-1);
  if (last !== undefined) close(last.seq);
  return batches;
}

/**
 * Sends one batch, and returns what was sent. `isAsked`: the platform requested these rows. `asSegments`: in segments, except a row that
 * does not fit into one. Without frames, it sends that the rows contain nothing.
 *
 * Errors: throws UplinkError, for example `lost` if the link is gone; a part may be sent by then.
 */
export function sendRowBatch(
  publisher: Publisher,
  { rows, frames }: RowBatch,
  form: Required<Pick<RowsMark, 'epoch' | 'isAsked'>> & { readonly asSegments: boolean; readonly maxPacketBytes: number },
): Sent {
  const mark: RowsMark = { ...rows, epoch: form.epoch, isAsked: form.isAsked };
  if (!form.asSegments || frames.length === 0) return publisher.history(frames, mark);
  return sendSegments(publisher, frames, mark, Math.min(SEGMENT_BYTES, form.maxPacketBytes - SEGMENT_OVERHEAD_BYTES));
}

/** Halves the frames until each segment fits; a single row that does not fit is sent as metrics. */
function sendSegments(publisher: Publisher, frames: readonly StoredFrame[], mark: RowsMark, maxBytes: number): Sent {
  const bytes = encodeRowsSegment(frames, mark);
  const readings = frames.reduce((sum, frame) => sum + frame.readings.length, 0);
  const isOneRow = frames.length === 1;
  if (bytes.length <= maxBytes && (readings <= SEGMENT_READINGS || isOneRow)) return { ...publisher.segment(bytes, mark), readings };
  if (isOneRow) return publisher.history(frames, mark);
  const half = Math.ceil(frames.length / 2);
  const [first, second] = [frames.slice(0, half), frames.slice(half)];
  const middle = first.at(-1)?.seq ?? mark.from;
  const a = sendSegments(publisher, first, { ...mark, to: middle }, maxBytes);
  const b = sendSegments(publisher, second, { ...mark, from: middle + 1 }, maxBytes);
  return {
    readings: a.readings + b.readings,
    bytes: a.bytes + b.bytes,
    notConfigured: a.notConfigured + b.notConfigured,
    leftOut: a.leftOut + b.leftOut,
  };
}
