/**
 * The blinking of a lamp, from its first rise to the end of its time or of its reader's patience.
 *
 * Owns the end: whoever hangs up stops the blinking. Called by the command table, on the agent's side.
 */
import type { AgentView } from '../../../core/views.ts';
import type { LevelPct } from '../../../core/words.ts';
import type { Job } from '../../command-spec.ts';
import { ended } from './walk-job.ts';

export interface IdentifyProgress {
  readonly lamp: string;
  readonly levelPct: LevelPct;
  readonly restMs: number;
  readonly following: boolean;
}

export interface Identified {
  readonly lamp: string;
  readonly lowPct: LevelPct;
  readonly highPct: LevelPct;
  readonly durationMs: number;
  /** Nobody finds a lamp that does not hear. */
  readonly following: boolean;
}

/** Errors: throws RangeError for a lamp that cannot blink now. */
export async function identifyLamp(view: AgentView, { lamp, forMs }: { lamp: string; forMs: number }, job: Job): Promise<Identified> {
  const { clock, source } = job;
  const startMono = clock.monoMs();
  const follows = (): boolean => view.why(lamp)?.lamps[0]?.following ?? true;
  const tell = (levelPct: LevelPct): void =>
    void job.tell({
      ...{ lamp, levelPct, restMs: Math.max(0, forMs - (clock.monoMs() - startMono)), following: follows() },
    } satisfies IdentifyProgress);
  const run = view.light.identify({ lamp, forMs, source, tell });
  await ended(job, forMs);
  run.stop();
  return { lamp, lowPct: run.lowPct, highPct: run.highPct, durationMs: Math.round(clock.monoMs() - startMono), following: follows() };
}
