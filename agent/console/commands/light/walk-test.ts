/** `walk-test`: reports each detection while a person walks below the sensors of a zone. */

import { count } from '../../../core/counts.ts';
import type { WalkStep } from '../../../core/light-tools.ts';
import { type Message, msg } from '../../../core/message.ts';
import { quantile } from '../../../core/quantile.ts';
import type { AgentView } from '../../../core/views.ts';
import type { PointId } from '../../../core/words.ts';
import { agentCommand, textArg } from '../../agent-command.ts';
import type { Job } from '../../command-spec.ts';
import { formatDuration, type SpanLimits } from '../../text/duration.ts';
import { clockTime, NOTHING, type Page, translated } from '../../text/page.ts';
import { paragraph } from '../../text/text-lines.ts';
import { untilOver } from '../until-over.ts';
import { findZone, onStreet, spanArg } from './light-args.ts';

/** Units: ms. Source: the agent's limits for walk-test and identify. */
const WALK_SPAN: SpanLimits = { minMs: 10_000, maxMs: 3_600_000 };
const USUAL_SPAN = '10m';

/**
 * `walk-test`: reports new detections by the presence sensors of a zone for a time, and answers with a summary. Sensors with `listen:
 * group` are left out.
 */
export const WALK_TEST = agentCommand<{ zone: string; forMs: number }, Walked, WalkProgress>({
  name: 'walk-test',
  role: 'technician',
  hasSummary: true,
  group: 'Act:',
  summary: msg`walk under the sensors, see what each one does`,
  arguments: [{ name: 'zone', summary: msg`a zone with presence sensors`, required: true, names: 'zone' }],
  options: [{ name: 'for', value: 'DURATION', summary: msg`end by itself after this, 10s to 1h (default: 10m)` }],
  examples: ['luciole walk-test rue-bressigny', 'luciole walk-test rue-bressigny --for 3m'],
  read: (args) => ({ zone: textArg(args, 'zone'), forMs: spanArg(args, USUAL_SPAN, WALK_SPAN) }),
  answer: (view, args, job) => onStreet(() => walkZone(view, { ...args, zone: findZone(view, args.zone) }, job)),
  render: renderWalked,
  progress: { isLasting: true, load: async () => renderWalkProgress },
});

/** Errors: throws Refusal for a zone without sensors. */
async function walkZone(view: AgentView, { zone, forMs }: { zone: string; forMs: number }, job: Job): Promise<Walked> {
  const { clock, report } = job;
  const startMono = clock.monoMs();
  const steps: WalkStep[] = [];
  let missed = 0;
  const test = view.light.walkTest(zone, forMs, (step) => {
    steps.push(step);
    if (!report({ kind: 'detection', ...step } satisfies WalkProgress)) missed++;
  });
  const { night, sensors } = test;
  report({ kind: 'start', zone, night, sensors, forMs } satisfies WalkProgress);
  return untilOver({ clock, signal: AbortSignal.any([job.signal, test.ended]) }, forMs, () => {
    test.stop();
    const latencies = steps.flatMap(({ latencyMs }) => (latencyMs === null ? [] : [latencyMs]));
    return {
      zone,
      night,
      durationMs: Math.round(clock.monoMs() - startMono),
      missed,
      isCut: test.ended.aborted,
      sensors: sensors.map((pointId) => ({ pointId, detections: steps.filter((step) => step.pointId === pointId).length })),
      medianMs: latencies.length === 0 ? null : quantile(latencies, 0.5),
      worstMs: latencies.length === 0 ? null : quantile(latencies, 1),
    };
  });
}

/** Progress of `walk-test`: the `start` with the sensors of the test, or a `detection`. `night`: as in `Walked`. */
export type WalkProgress =
  | { readonly kind: 'start'; readonly zone: string; readonly night: boolean; readonly sensors: readonly PointId[]; readonly forMs: number }
  | ({ readonly kind: 'detection' } & WalkStep);

/**
 * The answer of `walk-test`: the number of detections of each sensor, and how soon levels were sent. Detections just before its end may be
 * missing. `night`: at the start it was night, or that was not known.
 */
export interface Walked {
  readonly zone: string;
  readonly night: boolean;
  readonly durationMs: number;
  /** Detections whose progress was lost, for example because the client was too slow; they count in `detections` too. */
  readonly missed: number;
  /** The light control stopped during the test, for example for another configuration: later detections are not counted. */
  readonly isCut: boolean;
  readonly sensors: readonly { readonly pointId: PointId; readonly detections: number }[];
  /** Median time from a detection to the first level sent to a lamp that it raised; null if there was none. Units: ms. */
  readonly medianMs: number | null;
  /** The longest of these times; null if there was none. Units: ms. */
  readonly worstMs: number | null;
}

/** Source: a reference device with its point, `S01.motion`, and room for a longer one. */
const SENSOR_COLS = 16;
const POLE_COLS = 6;
const LATENCY_COLS = 7;

/** Renders the start of a walk test as a text, and a detection in one line. */
export function renderWalkProgress(progress: WalkProgress, page: Page): string {
  if (progress.kind === 'start') return paragraph(startText(progress), page).join('\n');
  const { atMs, pointId, pole, raised, alreadyLit, latencyMs } = progress;
  const time = `${clockTime(atMs, { ...page, atMs })}.${String(Math.floor(atMs % 1_000)).padStart(3, '0')}`;
  const took = latencyMs === null ? NOTHING : `${latencyMs} ms`;
  const head = `${time}  ${cut(pointId, SENSOR_COLS)} ${cut(pole ?? NOTHING, POLE_COLS)} ${took.padStart(LATENCY_COLS)}  `;
  const effect =
    raised.length > 0
      ? fitting(raised, page.widthCols - head.length)
      : translated(alreadyLit ? msg`lit already` : msg`no lamp raised`, page);
  return `${head}${effect}`;
}

function startText({ zone, night, sensors, forMs }: Extract<WalkProgress, { kind: 'start' }>): Message {
  const text = msg`Walk under ${sensors} of ${zone}; Ctrl-C ends it, else ${formatDuration(forMs)}.`;
  return night ? text : msg`${text} It is day here: no lamp will be raised.`;
}

/**
 * Renders the summary of `walk-test`: detections by sensor, and how soon levels were sent. `missed`: detections that the terminal did not
 * show. `isCut`: it was ended early, so a sensor without a detection proves nothing.
 */
export function renderWalked({ zone, durationMs, sensors, medianMs, worstMs, missed, isCut }: Walked, page: Page): string {
  const total = sensors.reduce((sum, { detections }) => sum + detections, 0);
  const withoutDetection = sensors.filter(({ detections }) => detections === 0).map(({ pointId }) => pointId);
  const each = sensors.map(({ pointId, detections }) => `${pointId} ${detections}`);
  const lines = [
    msg`${count(total, 'detection')} in zone ${zone} in ${formatDuration(durationMs)}: ${each}`,
    ...(medianMs === null ? [] : [msg`first level sent after ${medianMs} ms at the median, ${worstMs ?? medianMs} ms at most`]),
    ...(withoutDetection.length === 0 ? [] : [isCut ? cutText(withoutDetection) : silentText(withoutDetection)]),
    ...(missed === 0 ? [] : [msg`${missed} not shown: this terminal is too slow`]),
  ];
  return lines.flatMap((line) => paragraph(line, page)).join('\n');
}

/** Returns what to check if these sensors have no detection after a whole walk. */
export function silentText(sensors: readonly PointId[]): Message {
  return msg`no detection by ${sensors}: check whether it is covered, turned away or defective`;
}

/** Returns what to do if these sensors have no detection after a walk that was cut off (`WalkTest.ended`). */
export function cutText(sensors: readonly PointId[]): Message {
  return msg`The walk was ended early, by a person, a lost connection or another configuration: walk again under ${sensors}`;
}

function cut(text: string, cols: number): string {
  return text.length > cols ? `${text.slice(0, cols - 1)}~` : text.padEnd(cols);
}

function fitting(lamps: readonly string[], cols: number): string {
  const all = lamps.join(' ');
  if (all.length <= cols) return all;
  const shown = lamps.filter((_, i) => lamps.slice(0, i + 1).join(' ').length + ` +${lamps.length}`.length <= cols);
  return `${shown.join(' ')} +${lamps.length - shown.length}`;
}
