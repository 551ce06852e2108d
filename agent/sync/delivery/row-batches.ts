/**
 * Sends portions of stored rows in the form that the platform takes.
 *
 * Owns the choice between metrics and segments, and the cutting of segments to the broker's limit.
 */
import type { StoredFrame } from '../../core/ports.ts';
import type { Publisher, Sent } from '../sparkplug/publisher.ts';
import type { RowBatch } from './backlog-plan.ts';
import type { RowsMark } from './rows-mark.ts';
import { encodeRowsSegment } from './segment.ts';

export interface RowBatchForm {
  readonly epoch: string;
  readonly asSegments: boolean;
  /** The platform asked for these rows. */
  readonly isAsked: boolean;
  /** Largest block. Units: bytes. */
  readonly maxSegmentBytes: number;
}

/** Topic, header, mark and payload around a segment, rounded up. Units: bytes. */
export const SEGMENT_OVERHEAD_BYTES = 256;
/** Largest block where the broker sets no limit. Units: bytes. Source: assumed; one to two seconds of a slow cellular link. */
export const SEGMENT_BYTES = 32_768;

/** Errors: throws UplinkError `lost` where the link is gone. */
export function sendRowBatch(publisher: Publisher, { rows, frames }: RowBatch, form: RowBatchForm): Sent {
  const mark: RowsMark = { ...rows, epoch: form.epoch, isAsked: form.isAsked };
  if (!form.asSegments || frames.length === 0) return publisher.history(frames, mark);
  return sendSegments(publisher, frames, mark, form.maxSegmentBytes);
}

/** Halves until each block fits; one row that does not fit by itself goes as metrics. */
function sendSegments(publisher: Publisher, frames: readonly StoredFrame[], mark: RowsMark, maxBytes: number): Sent {
  const bytes = encodeRowsSegment(frames, mark);
  const readings = frames.reduce((sum, frame) => sum + frame.readings.length, 0);
  if (bytes.length <= maxBytes) return { ...publisher.segment(bytes, mark), readings };
  if (frames.length === 1) return publisher.history(frames, mark);
  const half = Math.ceil(frames.length / 2);
  const [first, second] = [frames.slice(0, half), frames.slice(half)];
  const middle = first.at(-1)?.seq ?? mark.from;
  const a = sendSegments(publisher, first, { ...mark, to: middle }, maxBytes);
  const b = sendSegments(publisher, second, { ...mark, from: middle + 1 }, maxBytes);
  return {
    readings: a.readings + b.readings,
    bytes: a.bytes + b.bytes,
    homeless: a.homeless + b.homeless,
    unsayable: a.unsayable + b.unsayable,
  };
}
