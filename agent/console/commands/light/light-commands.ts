/**
 * The rows of the command table about light: why, tonight, zones, walk-test, identify.
 *
 * Owns these rows. Lighting decides, control acts. Renderers are loaded only where one is shown. Called by the command table.
 */
import type { TonightView, ZoneLightView } from '../../../core/light-tools.ts';
import type { AgentView, WhyView } from '../../../core/views.ts';
import { agentCommand, type Command, textArg } from '../../command-spec.ts';
import { ConsoleError } from '../../console-error.ts';
import type { RawArgs } from '../../protocol/protocol.ts';
import { parseDuration, type SpanLimits } from '../../text/duration.ts';
import { JSON_OPTION, LOOK_TIMEOUT_MS } from '../common-words.ts';
import { findName } from '../find-name.ts';
import { instantOf, typedInstant } from '../instant-arg.ts';
import { type Identified, type IdentifyProgress, identifyLamp } from './identify-job.ts';
import { findTarget } from './override-args.ts';
import { type Walked, type WalkProgress, walkZone } from './walk-job.ts';

/** Units: ms. Source: the limits of the agent's own walk-test and identify. */
const WALK_SPAN: SpanLimits = { minMs: 10_000, maxMs: 3_600_000 };
const IDENTIFY_SPAN: SpanLimits = { minMs: 5_000, maxMs: 600_000 };
const USUAL = { walk: '10m', identify: '30s' };

const why = agentCommand({
  name: 'why',
  role: 'viewer',
  group: 'Look:',
  summary: 'why a lamp or zone has its level',
  arguments: [{ name: 'target', summary: 'a lamp or a zone', required: true, names: 'target' }],
  options: [{ name: 'at', value: 'TIME', summary: 'at another time, as 23:30 (the next one) or 2026-12-01T23:30' }, JSON_OPTION],
  examples: ['luciole why L07', 'luciole why rue-bressigny', 'luciole why L07 --at 03:00'],
  timeoutMs: LOOK_TIMEOUT_MS,
  read: (args) => ({ target: textArg(args, 'target'), at: args['at'] === undefined ? null : typedInstant(textArg(args, 'at')) }),
  answer: (view, { target, at }, { clock, timezone }): WhyView => {
    const { id } = findTarget(view, target);
    const found = at === null ? view.why(id) : view.whyAt(id, instantOf(at, clock.wallMs(), timezone));
    if (found === undefined || found.lamps.length === 0)
      throw new ConsoleError('failed', `nothing has been decided for ${id} yet; ask again in a second`);
    return found;
  },
  render: async (result, page) => (await import('./why-page.ts')).renderWhy(result, page),
});

const tonight = agentCommand({
  name: 'tonight',
  role: 'viewer',
  group: 'Look:',
  summary: 'the night ahead: every change of level, and why',
  arguments: [{ name: 'zone', summary: 'only this zone', required: false, names: 'zone' }],
  options: [{ name: 'plot', value: null, summary: 'draw it as well' }, JSON_OPTION],
  examples: ['luciole tonight', 'luciole tonight rue-bressigny --plot', 'luciole tonight --json'],
  timeoutMs: LOOK_TIMEOUT_MS,
  read: ({ zone, plot }) => ({ zone: typeof zone === 'string' ? zone : null, plot: plot === true }),
  answer: (view, { zone }): readonly TonightView[] => view.light.tonight(zone === null ? null : findZone(view, zone)),
  render: async (result, page, { plot }) => (await import('./tonight-page.ts')).renderTonight(result, page, plot),
});

const zones = agentCommand({
  name: 'zones',
  role: 'viewer',
  group: 'Look:',
  summary: 'what acts in each zone: step, wishes, sensors',
  arguments: [{ name: 'filter', summary: 'any part of a zone', required: false, names: 'zone' }],
  options: [JSON_OPTION],
  examples: ['luciole zones', 'luciole zones bressigny', 'luciole zones --json'],
  timeoutMs: LOOK_TIMEOUT_MS,
  read: ({ filter }) => ({ filter: typeof filter === 'string' ? filter : '' }),
  answer: (view, { filter }): readonly ZoneLightView[] => {
    const found = view.light.zones().filter(({ id }) => id.toLowerCase().includes(filter.toLowerCase()));
    if (found.length === 0 && filter !== '') findZone(view, filter);
    return found;
  },
  render: async (result, page) => (await import('./zones-page.ts')).renderZones(result, page),
});

const walkTest = agentCommand<{ zone: string; forMs: number }, Walked, WalkProgress>({
  name: 'walk-test',
  role: 'technician',
  group: 'Act:',
  summary: 'walk under the sensors, see what each one does',
  arguments: [{ name: 'zone', summary: 'a zone with presence sensors', required: true, names: 'zone' }],
  options: [{ name: 'for', value: 'DURATION', summary: 'end by itself after this, 10s to 1h (default: 10m)' }, JSON_OPTION],
  examples: ['luciole walk-test rue-bressigny', 'luciole walk-test rue-bressigny --for 3m'],
  timeoutMs: LOOK_TIMEOUT_MS,
  read: (args) => ({ zone: textArg(args, 'zone'), forMs: spanArg(args, USUAL.walk, WALK_SPAN) }),
  answer: (view, args, job) => onStreet(() => walkZone(view, { ...args, zone: findZone(view, args.zone) }, job)),
  render: async (result, page) => (await import('./walk-test-page.ts')).renderWalked(result, page),
  progress: { isLasting: true, load: async () => (await import('./walk-test-page.ts')).renderWalkProgress },
});

const identify = agentCommand<{ lamp: string; forMs: number }, Identified, IdentifyProgress>({
  name: 'identify',
  role: 'technician',
  group: 'Act:',
  summary: 'blink a lamp, to find it',
  arguments: [{ name: 'lamp', summary: 'a lamp', required: true, names: 'lamp' }],
  options: [{ name: 'for', value: 'DURATION', summary: 'how long, 5s to 10m (default: 30s)' }, JSON_OPTION],
  examples: ['luciole identify L07', 'luciole identify L07 --for 2m'],
  timeoutMs: LOOK_TIMEOUT_MS,
  read: (args) => ({ lamp: textArg(args, 'lamp'), forMs: spanArg(args, USUAL.identify, IDENTIFY_SPAN) }),
  answer: (view, args, job) => onStreet(() => identifyLamp(view, { ...args, lamp: findLamp(view, args.lamp) }, job)),
  render: async (result, page) => (await import('./walk-test-page.ts')).renderIdentified(result, page),
  progress: { isLasting: false, load: async () => (await import('./walk-test-page.ts')).renderIdentifyProgress },
  audit: ({ durationMs }) => ({ durationMs }),
});

function spanArg(args: RawArgs, usual: string, span: SpanLimits): number {
  return parseDuration(args['for'] === undefined ? usual : textArg(args, 'for'), span);
}

function findZone(view: AgentView, typed: string): string {
  return findName(typed, view.names().zones, { noun: 'zone', listedBy: 'luciole zones' });
}

function findLamp(view: AgentView, typed: string): string {
  return findName(typed, view.names().lamps, { noun: 'lamp', listedBy: 'luciole status --json' });
}

/** Errors: rejects with ConsoleError 'failed' where the street does not have or bear what is asked. */
async function onStreet<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof RangeError) throw new ConsoleError('failed', error.message, { cause: error });
    throw error;
  }
}

/** In the order of the help. */
export const LIGHT_LOOK_COMMANDS: readonly Command[] = [why, tonight, zones];
export const LIGHT_ACT_COMMANDS: readonly Command[] = [walkTest, identify];
