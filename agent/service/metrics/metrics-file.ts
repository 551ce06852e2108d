/**
 * Writes the metrics to a file for node_exporter's textfile collector, which reads files that end in `.prom`.
 */
import { replaceWholeLater } from '../../core/atomic-write.ts';
import type { Log } from '../../core/ports.ts';

/** Readable by the exporter, which runs as another user. */
const MODE = 0o644;

/** Writes the metrics to one file. */
export interface MetricsFile {
  /** Replaces the content of the file. Resolves also if this failed. A call during another write is skipped. */
  write(text: string): Promise<void>;
}

/** Returns a writer that replaces the file at `path` as a whole. Errors: none; of failures in a row, only the first is logged. */
export function createMetricsFile(path: string, log: Log): MetricsFile {
  let isWriting = false;
  let isFailureLogged = false;
  return {
    async write(text) {
      if (isWriting) return;
      isWriting = true;
      try {
        await replaceWholeLater(path, text, MODE);
        isFailureLogged = false;
      } catch (error) {
        if (!isFailureLogged)
          log.event(
            'metrics-file-not-written',
            { path, error, check: 'that the folder is there and the agent may write to it' },
            'warning',
          );
        isFailureLogged = true;
      } finally {
        isWriting = false;
      }
    },
  };
}
