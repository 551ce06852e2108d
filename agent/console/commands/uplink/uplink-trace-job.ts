/**
 * The watching of the uplink, from now to the end of its reader's patience.
 *
 * Owns the end of the stream and the count of what was seen. Called by the command table, on the agent's side.
 */
import type { UplinkTools } from '../../../core/uplink-tools.ts';
import type { Job } from '../../command-spec.ts';

/** Tells every entry until the time is over or the reader is gone. Units: ms. */
export function followTrace(
  tools: Pick<UplinkTools, 'watch'>,
  forMs: number,
  { clock, signal, tell }: Job,
): Promise<{ readonly seen: number; readonly missed: number; readonly durationMs: number }> {
  const startMono = clock.monoMs();
  let seen = 0;
  let missed = 0;
  return new Promise((resolve) => {
    const stop = tools.watch((entry) => {
      if (tell(entry)) seen++;
      else missed++;
    });
    const end = (): void => {
      timer.cancel();
      stop();
      resolve({ seen, missed, durationMs: Math.round(clock.monoMs() - startMono) });
    };
    const timer = clock.after(forMs, end);
    if (signal.aborted) end();
    else signal.addEventListener('abort', end, { once: true });
  });
}
