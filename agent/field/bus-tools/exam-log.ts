/** Records what passes on a line during an examination: each request, and every byte until the next. In bounded memory. */
import type { ExamChunk, ExamWindow, LineTap } from '../../core/bus-exam.ts';
import type { Clock } from '../../core/clock.ts';

/** Windows kept; of later ones only the newest is. Source: assumed; half a minute of a line of 115,200 baud without a pause, 2 MB at most. Confirmed by: the windows of examinations on the fastest line of the bench. */
const MAX_WINDOWS = 4_000;
/** Bytes kept of one window. Source: twice the longest frame, Modbus over Serial Line V1.02 §2.5.1, so that a second reply is visible. */
const MAX_BYTES = 512;

type OpenWindow = Omit<ExamWindow, 'endMono'> & { readonly chunks: ExamChunk[] };

/** The record of the bytes on a line during one examination; see `createExamLog`. */
export type ExamLog = ReturnType<typeof createExamLog>;

/**
 * Creates a record of the bytes on a line, which starts now. `tap` receives what passes on the line. Only the first bytes after a request
 * are kept, and only the first requests and the newest one. The first window has an empty request: it holds the bytes before any request.
 */
export function createExamLog(clock: Pick<Clock, 'monoMs'>) {
  const windows: ExamWindow[] = [];
  let open: OpenWindow = { request: new Uint8Array(0), sentMono: clock.monoMs(), isTest: false, chunks: [] };
  let bytes = 0;
  let isTest = false;
  const close = (endMono: number): void => {
    if (windows.length < MAX_WINDOWS) windows.push({ ...open, endMono });
  };
  const tap: LineTap = {
    sent(request, atMono) {
      close(atMono);
      open = { request: Uint8Array.from(request), sentMono: atMono, isTest, chunks: [] };
      bytes = 0;
      isTest = false;
    },
    received(received, atMono) {
      const kept = received.subarray(0, MAX_BYTES - bytes);
      bytes += kept.length;
      if (kept.length > 0) open.chunks.push({ atMono, bytes: Uint8Array.from(kept) });
    },
  };
  return {
    tap,
    /** The next request that is sent is a read of the examination. */
    markTest(): void {
      isTest = true;
    },
    /** The recorded windows so far; the last one ends now. */
    windows: (): readonly ExamWindow[] => [...windows, { ...open, endMono: clock.monoMs() }],
  };
}
