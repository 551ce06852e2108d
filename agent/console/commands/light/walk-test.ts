/** `walk-test`: walk under the sensors of a zone, and see what each one does. */
import type { WalkStep } from '../../../core/light-tools.ts';
import { quantile } from '../../../core/quantile.ts';
import type { AgentView } from '../../../core/views.ts';
import { agentCommand, textArg } from '../../agent-command.ts';
import type { Job } from '../../command-spec.ts';
import type { SpanLimits } from '../../text/duration.ts';
import { untilOver } from '../until-over.ts';
import { findZone, onStreet, spanArg } from './light-args.ts';
import type { Walked, WalkProgress } from './walk-test-page.ts';

/** Units: ms. Source: the limits of the agent's own walk-test and identify. */
const WALK_SPAN: SpanLimits = { minMs: 10_000, maxMs: 3_600_000 };
const USUAL_SPAN = '10m';

export const WALK_TEST = agentCommand<{ zone: string; forMs: number }, Walked, WalkProgress>({
  name: 'walk-test',
  role: 'technician',
  group: 'Act:',
  summary: 'walk under the sensors, see what each one does',
  arguments: [{ name: 'zone', summary: 'a zone with presence sensors', required: true, names: 'zone' }],
  options: [{ name: 'for', value: 'DURATION', summary: 'end by itself after this, 10s to 1h (default: 10m)' }],
  examples: ['luciole walk-test rue-bressigny', 'luciole walk-test rue-bressigny --for 3m'],
  read: (args) => ({ zone: textArg(args, 'zone'), forMs: spanArg(args, USUAL_SPAN, WALK_SPAN) }),
  answer: (view, args, job) => onStreet(() => walkZone(view, { ...args, zone: findZone(view, args.zone) }, job)),
  render: async (result, page) => (await import('./walk-test-page.ts')).renderWalked(result, page),
  progress: { isLasting: true, load: async () => (await import('./walk-test-page.ts')).renderWalkProgress },
});

/** Errors: throws Refusal for a zone without sensors. */
async function walkZone(view: AgentView, { zone, forMs }: { zone: string; forMs: number }, job: Job): Promise<Walked> {
  const { clock, signal, report } = job;
  const startMono = clock.monoMs();
  const steps: WalkStep[] = [];
  let missed = 0;
  const test = view.light.walkTest(zone, forMs, (step) => {
    steps.push(step);
    if (!report({ kind: 'detection', ...step } satisfies WalkProgress)) missed++;
  });
  const { night, sensors } = test;
  report({ kind: 'start', zone, night, sensors, forMs } satisfies WalkProgress);
  return untilOver(job, forMs, () => {
    test.stop();
    const latencies = steps.flatMap(({ latencyMs }) => (latencyMs === null ? [] : [latencyMs]));
    return {
      zone,
      night,
      durationMs: Math.round(clock.monoMs() - startMono),
      missed: signal.aborted ? 0 : missed,
      sensors: sensors.map((pointId) => ({ pointId, detections: steps.filter((step) => step.pointId === pointId).length })),
      medianMs: latencies.length === 0 ? null : quantile(latencies, 0.5),
      worstMs: latencies.length === 0 ? null : quantile(latencies, 1),
    };
  });
}
