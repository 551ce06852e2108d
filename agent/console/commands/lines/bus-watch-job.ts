/**
 * The watching of a line, from its first transaction to the end of its reader's patience.
 *
 * Owns the end of the stream and the count of what was seen. Called by the command table, on the agent's side.
 */
import type { AgentView } from '../../../core/views.ts';
import type { Job } from '../../command-spec.ts';

export interface Watched {
  readonly line: string;
  readonly seen: number;
  /** Not shown: the reader was too slow. */
  readonly missed: number;
  readonly durationMs: number;
}

/** Tells every transaction until the time is over or the reader is gone. Errors: as BusTools.watch. */
export function watchLine(view: AgentView, { line, forMs }: { line: string; forMs: number | null }, job: Job): Promise<Watched> {
  const { clock, signal, tell } = job;
  const startMono = clock.monoMs();
  let seen = 0;
  let missed = 0;
  return new Promise((resolve) => {
    const stop = view.bus.watch(line, (transaction) => {
      if (tell(transaction)) seen++;
      else missed++;
    });
    const end = (): void => {
      timer?.cancel();
      stop();
      resolve({ line, seen, missed, durationMs: Math.round(clock.monoMs() - startMono) });
    };
    const timer = forMs === null ? null : clock.after(forMs, end);
    if (signal.aborted) end();
    else signal.addEventListener('abort', end, { once: true });
  });
}
