/** `identify`: makes a lamp blink so that a person can find it. */
import { msg } from '../../../core/message.ts';
import type { AgentView } from '../../../core/views.ts';
import type { LevelPct } from '../../../core/words.ts';
import { agentCommand, textArg } from '../../agent-command.ts';
import type { Job } from '../../command-spec.ts';
import { formatDuration, type SpanLimits } from '../../text/duration.ts';
import type { Page } from '../../text/page.ts';
import { paragraph } from '../../text/text-lines.ts';
import { untilOver } from '../until-over.ts';
import { findLamp, onStreet, spanArg } from './light-args.ts';

const IDENTIFY_SPAN: SpanLimits = { minMs: 5_000, maxMs: 600_000 };
const USUAL_SPAN = '30s';

/** `identify`: makes a lamp blink for a time, or until Ctrl-C, and answers with a summary. */
export const IDENTIFY = agentCommand<{ lamp: string; forMs: number }, Identified, IdentifyProgress>({
  name: 'identify',
  role: 'technician',
  hasSummary: true,
  group: 'Act:',
  summary: msg`blink a lamp, to find it`,
  arguments: [{ name: 'lamp', summary: msg`a lamp`, required: true, names: 'lamp' }],
  options: [{ name: 'for', value: 'DURATION', summary: msg`how long, 5s to 10m (default: 30s)` }],
  examples: ['luciole identify L07', 'luciole identify L07 --for 2m'],
  read: (args) => ({ lamp: textArg(args, 'lamp'), forMs: spanArg(args, USUAL_SPAN, IDENTIFY_SPAN) }),
  answer: (view, args, job) => onStreet(() => identifyLamp(view, { ...args, lamp: findLamp(view, args.lamp) }, job)),
  render: renderIdentified,
  progress: { isLasting: false, load: async () => renderIdentifyProgress },
  audit: ({ durationMs }) => ({ durationMs }),
});

/** Errors: throws Refusal if the lamp cannot blink now. */
async function identifyLamp(view: AgentView, { lamp, forMs }: { lamp: string; forMs: number }, job: Job): Promise<Identified> {
  const { clock, source } = job;
  const startMono = clock.monoMs();
  const follows = (): boolean => view.why(lamp)?.lamps[0]?.following ?? true;
  const restMs = (): number => Math.max(0, forMs - (clock.monoMs() - startMono));
  const report = (levelPct: LevelPct): void =>
    void job.report({ lamp, levelPct, restMs: restMs(), following: follows() } satisfies IdentifyProgress);
  const run = view.light.identify({ lamp, forMs, source, tell: report });
  return untilOver({ clock, signal: AbortSignal.any([job.signal, run.ended]) }, forMs, () => {
    run.stop();
    const durationMs = Math.round(clock.monoMs() - startMono);
    return { lamp, lowPct: run.lowPct, highPct: run.highPct, durationMs, following: follows(), isTaken: run.ended.aborted };
  });
}

/** Progress of `identify`: the level requested last and the remaining time. Units: %, ms. */
export interface IdentifyProgress {
  readonly lamp: string;
  readonly levelPct: LevelPct;
  readonly restMs: number;
  /** The lamp follows its decisions, as in `LampView`; true before the first decision. */
  readonly following: boolean;
}

/** The answer of `identify`: the two levels between which the lamp was to blink, and how long the command ran. */
export interface Identified {
  readonly lamp: string;
  readonly lowPct: LevelPct;
  readonly highPct: LevelPct;
  readonly durationMs: number;
  /** At the end, as in `LampView`; true before the first decision. False: a person may not see the lamp blink. */
  readonly following: boolean;
  /** Another request, such as a newer `identify` of the lamp, ended or replaced the blinking. */
  readonly isTaken: boolean;
}

/**
 * Renders the progress of `identify`, wrapped to the page: the level requested last and the remaining time. `following` false: the text
 * says that the lamp does not follow.
 */
export function renderIdentifyProgress({ lamp, levelPct, restMs, following }: IdentifyProgress, page: Page): string {
  const rest = formatDuration(restMs);
  const text = following
    ? msg`${lamp} at ${levelPct} %, blinks ${rest} more; Ctrl-C ends it`
    : msg`${lamp} set to ${levelPct} %, does not follow, ${rest} more; Ctrl-C ends it`;
  return paragraph(text, page).join('\n');
}

/**
 * Renders the summary of `identify`, wrapped to the page: between which levels the lamp blinked, and how long. Instead, `isTaken`: that
 * another request ended it; `following` false: that the lamp does not follow.
 */
export function renderIdentified({ lamp, lowPct, highPct, durationMs, following, isTaken }: Identified, page: Page): string {
  const took = formatDuration(durationMs);
  const text = isTaken
    ? msg`another request ended or replaced the blinking of ${lamp} after ${took}: luciole why ${lamp}`
    : following
      ? msg`${lamp} blinked between ${lowPct} and ${highPct} % for ${took} and is back at its level`
      : msg`${lamp} was to blink for ${took}, but does not follow: luciole why ${lamp}`;
  return paragraph(text, page).join('\n');
}
