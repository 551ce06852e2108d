/** `commission walk`: a person walks under the sensors of a zone; what each one detects is stored. Ends once every sensor has detected someone. */
import type { AcceptanceStamp, SensorWalk } from '../../../core/acceptance.ts';
import { count } from '../../../core/counts.ts';
import type { WalkStep } from '../../../core/light-tools.ts';
import { type Message, msg } from '../../../core/message.ts';
import type { AgentView } from '../../../core/views.ts';
import { agentCommand, textArg } from '../../agent-command.ts';
import type { Job } from '../../command-spec.ts';
import type { SpanLimits } from '../../text/duration.ts';
import type { Page } from '../../text/page.ts';
import { paragraph } from '../../text/text-lines.ts';
import { findZone, onStreet, spanArg } from '../light/light-args.ts';
import { cutText, renderWalkProgress, silentText, type WalkProgress } from '../light/walk-test.ts';
import { untilOver } from '../until-over.ts';
import { NOT_SAVED } from './commission-words.ts';

/** Units: ms. Source: the agent's limits for walk-test. */
const WALK_SPAN: SpanLimits = { minMs: 10_000, maxMs: 3_600_000 };
const USUAL_SPAN = '10m';

type Walked = Omit<SensorWalk, keyof AcceptanceStamp>;

/**
 * The answer of `commission walk`: what each sensor that raises the zone itself detected. `night`: it was night for the zone at the start,
 * or that was not known.
 */
export interface CommissionWalked {
  readonly zone: string;
  readonly night: boolean;
  readonly sensors: readonly Walked[];
  /**
   * The client ended the walk, as with Ctrl-C, or disconnected without a logout; or the light control stopped, for example for another
   * configuration. Results without a detection are then not stored. False if the agent itself stopped.
   */
  readonly isCut: boolean;
  /** The results to store are on disk; also true if there are none. */
  readonly isSaved: boolean;
}

/**
 * `commission walk`: reports the detections in a zone, and stores a summary by sensor. It ends by itself after a time, or sooner once each
 * sensor has detected someone.
 */
export const COMMISSION_WALK = agentCommand<{ zone: string; forMs: number }, CommissionWalked, WalkProgress>({
  name: 'commission walk',
  role: 'technician',
  hasSummary: true,
  group: 'Act:',
  summary: msg`walk under the sensors of a zone, store the result`,
  arguments: [{ name: 'zone', summary: msg`a zone with presence sensors`, required: true, names: 'zone' }],
  options: [{ name: 'for', value: 'DURATION', summary: msg`end by itself after this, 10s to 1h (default: 10m)` }],
  examples: ['luciole commission walk rue-bressigny', 'luciole commission walk rue-bressigny --for 3m'],
  read: (args) => ({ zone: textArg(args, 'zone'), forMs: spanArg(args, USUAL_SPAN, WALK_SPAN) }),
  answer: (view, args, job) => onStreet(() => walkSensors(view, { ...args, zone: findZone(view, args.zone) }, job)),
  render: renderCommissionWalked,
  succeeded: ({ sensors, isSaved }) => isSaved && sensors.every(({ detections }) => detections > 0),
  progress: { isLasting: true, load: async () => renderWalkProgress },
  audit: ({ zone, sensors, isCut }) => ({
    zone,
    silent: sensors.filter(({ detections }) => detections === 0).length,
    ...(isCut ? { isCut } : {}),
  }),
});

/** Errors: rejects with Refusal for a zone without sensors. */
async function walkSensors(view: AgentView, { zone, forMs }: { zone: string; forMs: number }, job: Job): Promise<CommissionWalked> {
  const { report, source, signal } = job;
  const steps: WalkStep[] = [];
  const complete = new AbortController();
  const test = view.light.walkTest(zone, forMs, (step) => {
    steps.push(step);
    report({ kind: 'detection', ...step } satisfies WalkProgress);
    if (test.sensors.every((pointId) => steps.some((each) => each.pointId === pointId))) complete.abort();
  });
  const { night, sensors } = test;
  report({ kind: 'start', zone, night, sensors, forMs } satisfies WalkProgress);
  const walked = await untilOver({ clock: job.clock, signal: AbortSignal.any([signal, complete.signal, test.ended]) }, forMs, () => {
    test.stop();
    return sensors.map((pointId) =>
      walkOf(
        { pointId, zone, night },
        steps.filter((step) => step.pointId === pointId),
      ),
    );
  });
  // A walk that was cut off says nothing about a sensor without a detection.
  const isCut = test.ended.aborted || (job.readerEnd?.() === 'hang-up' && signal.aborted);
  const walks = isCut ? walked.filter(({ detections }) => detections > 0) : walked;
  return { zone, night, sensors: walked, isCut, isSaved: await view.acceptance.note({ by: source, walks }) };
}

function walkOf(sensor: Pick<Walked, 'pointId' | 'zone' | 'night'>, steps: readonly WalkStep[]): Walked {
  const latencies = steps.flatMap(({ latencyMs }) => latencyMs ?? []);
  return {
    ...sensor,
    detections: steps.length,
    raised: [...new Set(steps.flatMap(({ raised }) => raised))],
    wasLit: steps.some(({ alreadyLit }) => alreadyLit),
    worstMs: latencies.length === 0 ? null : Math.max(...latencies),
  };
}

/** Renders the answer of `commission walk`. */
function renderCommissionWalked({ zone, night, sensors, isCut, isSaved }: CommissionWalked, page: Page): string {
  const silent = sensors.filter(({ detections }) => detections === 0).map(({ pointId }) => pointId);
  const idle = sensors.filter(({ detections, raised, wasLit }) => night && detections > 0 && raised.length === 0 && !wasLit);
  const seen = sensors.length - silent.length;
  const texts: Message[] = [
    msg`${seen} of ${count(sensors.length, 'sensor')} of ${zone} detected someone`,
    ...(silent.length === 0 ? [] : [isCut ? cutText(silent) : silentText(silent)]),
    ...idle.map(({ pointId }) => msg`${pointId} detects and raises no lamp: luciole zones shows what controls them`),
    ...(isSaved ? [] : [NOT_SAVED]),
  ];
  return texts.flatMap((text) => paragraph(text, page)).join('\n');
}
