/**
 * The metrics as a file for node_exporter's textfile collector.
 *
 * Owns the file, put in place whole, and its one complaint while it cannot be written. Knows no metric. Called by `self-report.ts`.
 */
import { replaceWholeLater } from '../../core/atomic-write.ts';
import type { Log } from '../../core/ports.ts';

/** Readable for the exporter, which is another user. */
const MODE = 0o644;

export interface MetricsFile {
  /** Never rejects; one that comes before the last has ended is left out. */
  write(text: string): Promise<void>;
}

export function createMetricsFile(path: string, log: Log): MetricsFile {
  let isWriting = false;
  let isTold = false;
  return {
    async write(text) {
      if (isWriting) return;
      isWriting = true;
      try {
        await replaceWholeLater(path, text, MODE);
        isTold = false;
      } catch (error) {
        if (!isTold)
          log.event(
            'metrics-file-not-written',
            { path, error, check: 'that the folder is there and the agent may write to it' },
            'warning',
          );
        isTold = true;
      } finally {
        isWriting = false;
      }
    },
  };
}
