/** `identify`: blink a lamp, to find it. */
import type { AgentView } from '../../../core/views.ts';
import type { LevelPct } from '../../../core/words.ts';
import { agentCommand, textArg } from '../../agent-command.ts';
import type { Job } from '../../command-spec.ts';
import type { SpanLimits } from '../../text/duration.ts';
import { untilOver } from '../until-over.ts';
import type { Identified, IdentifyProgress } from './identify-page.ts';
import { findLamp, onStreet, spanArg } from './light-args.ts';

const IDENTIFY_SPAN: SpanLimits = { minMs: 5_000, maxMs: 600_000 };
const USUAL_SPAN = '30s';

export const IDENTIFY = agentCommand<{ lamp: string; forMs: number }, Identified, IdentifyProgress>({
  name: 'identify',
  role: 'technician',
  group: 'Act:',
  summary: 'blink a lamp, to find it',
  arguments: [{ name: 'lamp', summary: 'a lamp', required: true, names: 'lamp' }],
  options: [{ name: 'for', value: 'DURATION', summary: 'how long, 5s to 10m (default: 30s)' }],
  examples: ['luciole identify L07', 'luciole identify L07 --for 2m'],
  read: (args) => ({ lamp: textArg(args, 'lamp'), forMs: spanArg(args, USUAL_SPAN, IDENTIFY_SPAN) }),
  answer: (view, args, job) => onStreet(() => identifyLamp(view, { ...args, lamp: findLamp(view, args.lamp) }, job)),
  render: async (result, page) => (await import('./identify-page.ts')).renderIdentified(result, page),
  progress: { isLasting: false, load: async () => (await import('./identify-page.ts')).renderIdentifyProgress },
  audit: ({ durationMs }) => ({ durationMs }),
});

/** Errors: throws Refusal for a lamp that cannot blink now. */
async function identifyLamp(view: AgentView, { lamp, forMs }: { lamp: string; forMs: number }, job: Job): Promise<Identified> {
  const { clock, source } = job;
  const startMono = clock.monoMs();
  const follows = (): boolean => view.why(lamp)?.lamps[0]?.following ?? true;
  const report = (levelPct: LevelPct): void =>
    void job.report({
      ...{ lamp, levelPct, restMs: Math.max(0, forMs - (clock.monoMs() - startMono)), following: follows() },
    } satisfies IdentifyProgress);
  const run = view.light.identify({ lamp, forMs, source, tell: report });
  return untilOver(job, forMs, () => {
    run.stop();
    return { lamp, lowPct: run.lowPct, highPct: run.highPct, durationMs: Math.round(clock.monoMs() - startMono), following: follows() };
  });
}
