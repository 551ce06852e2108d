/**
 * The log read along, from now to the end of its reader's patience.
 *
 * Owns the end of the stream and the count of what a slow reader missed. Called by the command table, on the agent's side.
 */
import type { LogFeed, LogLine, LogSeverity } from '../../../core/ports.ts';
import type { Job } from '../../command-spec.ts';

export interface ToldLine extends LogLine {
  /** Lines before this one that the reader was too slow for. */
  readonly missed: number;
}

export interface LogWatched {
  readonly seen: number;
  /** Not shown: the reader was too slow. */
  readonly missed: number;
  readonly durationMs: number;
}

/** The first line of each reader, so that it is seen at once that it is heard. */
const BEGUN = 'log-watched';

/** Tells every line until the time is over or the reader is gone. */
export function watchLog(feed: LogFeed, { level, forMs }: { level: LogSeverity; forMs: number | null }, job: Job): Promise<LogWatched> {
  const { clock, signal, tell } = job;
  const startMono = clock.monoMs();
  let seen = 0;
  let missed = 0;
  let missedNow = 0;
  const hear = (line: LogLine): void => {
    // By the cabinet's clock: that of the log knows of no rehearsal.
    if (tell({ ...line, atMs: clock.wallMs(), missed: missedNow } satisfies ToldLine)) {
      seen++;
      missedNow = 0;
    } else {
      missed++;
      missedNow++;
    }
  };
  return new Promise((resolve) => {
    hear({ atMs: clock.wallMs(), severity: 'info', name: BEGUN, fields: { from: level }, repeated: 0 });
    const stop = feed.listen(level, hear);
    const end = (): void => {
      timer?.cancel();
      stop();
      // The one that says that it has begun is none of the log.
      resolve({ seen: Math.max(0, seen - 1), missed, durationMs: Math.round(clock.monoMs() - startMono) });
    };
    const timer = forMs === null ? null : clock.after(forMs, end);
    if (signal.aborted) end();
    else signal.addEventListener('abort', end, { once: true });
  });
}
