/**
 * Writes log lines to a file descriptor without blocking the caller, and keeps a limited amount while writing is not possible.
 *
 * Replaces the library's own destination, which at the end of a process retries forever to write to a full disk.
 */
import { write, writeSync } from 'node:fs';
import type { Clock } from '../../core/clock.ts';

/** Limit of unwritten lines; more are dropped, because a stalled journal must not stall the bus. Units: bytes. */
const MAX_WAITING_BYTES = 1_048_576;
/** Most lines in one write. Source: assumed; a line has 100 to 500 bytes, and a pipe accepts 64 KiB. Confirmed by: the line lengths in a week of logs of a cabinet. */
const MOST_LINES = 100;
/** Pause before a full output is retried. Units: ms. Source: assumed; the same as in the log library. Confirmed by: bench of the log with a stalled journal on the gateway. */
const AGAIN_MS = 100;
/** Longest wait of `flush` for a stalled reader. Units: ms. Source: assumed; far below the time that systemd allows for a stop, 90 s. Confirmed by: bench of a stop with a stalled journal on the gateway. */
const FLUSH_LIMIT_MS = 1_000;

/** A destination of log lines that does not block the caller of `write`. */
export interface LogOutput {
  /** Adds a line, which must end with `\n`, to those that wait to be written. If too many bytes wait, may discard and count it. */
  write(line: string): void;
  /** Blocks to write the waiting lines; discards those that the output does not accept. Errors: none. */
  flush(): void;
}

/**
 * Creates an output to the open file descriptor `fd`. `onLost`: receives the number of lines that `write` discarded since the last call. It
 * is called once the output accepts bytes again, or at `flush`.
 */
export function createLogOutput(fd: number, clock: Pick<Clock, 'after'>, onLost: (lines: number) => void = () => {}): LogOutput {
  /** The bytes being written, or to be written first. */
  let first = Buffer.alloc(0);
  let isWriting = false;
  /** Only one pause at a time, however many lines arrive. */
  let isPausing = false;
  let waiting: Buffer[] = [];
  let waitingBytes = 0;
  let lostLines = 0;
  /** While the lost lines are reported: that report is kept even if too much waits. */
  let isReporting = false;

  const reportLost = (): void => {
    if (lostLines === 0) return;
    const lines = lostLines;
    [lostLines, isReporting] = [0, true];
    onLost(lines);
    isReporting = false;
  };
  const writeSome = (): void => {
    if (isWriting || isPausing) return;
    if (first.length === 0) {
      first = Buffer.concat(waiting.splice(0, MOST_LINES));
      waitingBytes -= first.length;
    }
    if (first.length === 0) return;
    isWriting = true;
    write(fd, first, (error, bytes) => {
      isWriting = false;
      if (error === null) {
        first = first.subarray(bytes);
        reportLost();
        writeSome();
      } else if (error.code === 'EAGAIN') {
        isPausing = true;
        clock.after(AGAIN_MS, () => {
          isPausing = false;
          writeSome();
        });
      }
    });
  };
  return {
    write(line) {
      const bytes = Buffer.from(line);
      if (waitingBytes + bytes.length > MAX_WAITING_BYTES && !isReporting) {
        lostLines += 1;
        // Nothing else retries an output after a failure.
        writeSome();
        return;
      }
      waiting.push(bytes);
      waitingBytes += bytes.length;
      writeSome();
    },
    flush() {
      // The report goes with what waits, not into a write of its own.
      isPausing = true;
      reportLost();
      isPausing = false;
      // A write in progress ends by itself.
      writeNow(fd, Buffer.concat(isWriting ? waiting : [first, ...waiting]));
      if (!isWriting) first = Buffer.alloc(0);
      [waiting, waitingBytes] = [[], 0];
    },
  };
}

function writeNow(fd: number, bytes: Buffer): void {
  for (let [at, waitedMs] = [0, 0]; at < bytes.length && waitedMs < FLUSH_LIMIT_MS; ) {
    try {
      at += writeSync(fd, bytes, at);
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EAGAIN')) return;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, AGAIN_MS);
      waitedMs += AGAIN_MS;
    }
  }
}
