/**
 * A walk under the sensors of a zone, from the first step to the end of its time or of its reader's patience.
 *
 * Owns the end of the stream and the sums of what was seen. Called by the command table, on the agent's side.
 */
import type { WalkStep } from '../../../core/light-tools.ts';
import type { AgentView } from '../../../core/views.ts';
import type { PointId } from '../../../core/words.ts';
import type { Job } from '../../command-spec.ts';

/** First what will be heard, then each detection. */
export type WalkProgress =
  | { readonly kind: 'start'; readonly zone: string; readonly night: boolean; readonly sensors: readonly PointId[]; readonly forMs: number }
  | ({ readonly kind: 'detection' } & WalkStep);

export interface Walked {
  readonly zone: string;
  readonly night: boolean;
  readonly durationMs: number;
  /** Not shown: the reader was too slow. */
  readonly missed: number;
  readonly sensors: readonly { readonly pointId: PointId; readonly detections: number }[];
  /** From the reading to the first level that left; null where no lamp had to rise. Units: ms. */
  readonly medianMs: number | null;
  readonly worstMs: number | null;
}

/** Errors: throws RangeError for a zone without sensors. */
export async function walkZone(view: AgentView, { zone, forMs }: { zone: string; forMs: number }, job: Job): Promise<Walked> {
  const { clock, signal, tell } = job;
  const startMono = clock.monoMs();
  const steps: WalkStep[] = [];
  let missed = 0;
  const test = view.light.walkTest(zone, forMs, (step) => {
    steps.push(step);
    if (!tell({ kind: 'detection', ...step } satisfies WalkProgress)) missed++;
  });
  const { night, sensors } = test;
  tell({ kind: 'start', zone, night, sensors, forMs } satisfies WalkProgress);
  await ended(job, forMs);
  test.stop();
  const latencies = steps.flatMap(({ latencyMs }) => (latencyMs === null ? [] : [latencyMs])).sort((a, b) => a - b);
  return {
    zone,
    night,
    durationMs: Math.round(clock.monoMs() - startMono),
    missed: signal.aborted ? 0 : missed,
    sensors: sensors.map((pointId) => ({ pointId, detections: steps.filter((step) => step.pointId === pointId).length })),
    medianMs: latencies[Math.floor((latencies.length - 1) / 2)] ?? null,
    worstMs: latencies.at(-1) ?? null,
  };
}

/** Resolves when the time is over or nobody reads any more. Units: ms. */
export function ended({ clock, signal }: Pick<Job, 'clock' | 'signal'>, forMs: number): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      timer.cancel();
      resolve();
    };
    const timer = clock.after(forMs, end);
    if (signal.aborted) end();
    else signal.addEventListener('abort', end, { once: true });
  });
}
