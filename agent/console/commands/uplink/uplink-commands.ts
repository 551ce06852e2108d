/**
 * The rows of the command table about the platform: how the uplink does, each stage of the way to it, what went by, connect anew.
 *
 * Owns these rows; the sync room does the work. Renderers are loaded only where one is shown. Called by the command table.
 */
import type { TraceEntry, UplinkStep, UplinkTest, UplinkTools } from '../../../core/uplink-tools.ts';
import type { AgentView, UplinkView } from '../../../core/views.ts';
import { agentCommand, type Command } from '../../command-spec.ts';
import { ConsoleError } from '../../console-error.ts';
import type { RawArgs } from '../../protocol/protocol.ts';
import { parseDuration } from '../../text/duration.ts';
import { JSON_OPTION, LOOK_TIMEOUT_MS } from '../common-words.ts';
import { numberArg } from '../lines/bus-args.ts';
import { followTrace } from './uplink-trace-job.ts';

/** What `uplink trace` answers; a watch that ended shows nothing again. */
export interface TraceAnswer {
  readonly entries: readonly TraceEntry[];
  readonly followed: { readonly seen: number; readonly missed: number; readonly durationMs: number } | null;
}

/** Entries that are shown: as many as a screen holds, at most all that are kept. */
const LAST = { min: 1, max: 400, usual: 22 };
/** Longest and usual watch. Units: ms. Source: assumed; a terminal that was left alone must not be written to for ever. */
const FOLLOW_MS = { usual: 60_000, max: 3_600_000 };

const looking = {
  group: 'Uplink:' as const,
  arguments: [],
  options: [JSON_OPTION],
  timeoutMs: LOOK_TIMEOUT_MS,
  read: () => ({}),
  answer: (view: AgentView): Promise<UplinkView> => view.uplink(),
  render: async (result: UplinkView, page: Parameters<Parameters<typeof agentCommand>[0]['render']>[1]) =>
    (await import('./uplink-page.ts')).renderUplink(result, page),
};

const uplink = agentCommand({
  ...looking,
  name: 'uplink',
  role: 'viewer',
  summary: 'how the platform is reached, and what waits for it',
  examples: ['luciole uplink', 'luciole uplink test', 'luciole uplink --json'],
});

const status = agentCommand({
  ...looking,
  name: 'uplink status',
  role: 'viewer',
  summary: 'the same as without a verb',
  examples: ['luciole uplink status', 'luciole uplink status --json'],
});

const test = agentCommand<{ broker: string | null }, UplinkTest, UplinkStep>({
  name: 'uplink test',
  role: 'technician',
  group: 'Uplink:',
  summary: 'try every stage of the way to the platform',
  arguments: [],
  options: [{ name: 'broker', value: 'URL', summary: 'another one, as mqtts://host:8883; it gets no password' }, JSON_OPTION],
  examples: ['luciole uplink test', 'luciole uplink test --broker mqtts://broker.example:8883', 'luciole uplink test --json'],
  timeoutMs: LOOK_TIMEOUT_MS,
  read: ({ broker }) => ({ broker: readBroker(broker) }),
  answer: async (view, { broker }, { tell, signal }) => configured(await view.testUplink({ broker, signal }, (step) => void tell(step))),
  alone: async (shelf, { broker }, tell) => configured(await shelf.testUplink({ broker, signal: new AbortController().signal }, tell)),
  render: async (result, page) => (await import('./uplink-page.ts')).renderTest(result, page),
  succeeded: ({ ok }) => ok,
  progress: {
    isLasting: false,
    load: async () => (await import('./uplink-page.ts')).renderStepDone,
  },
});

const trace = agentCommand<{ last: number; followMs: number | null }, TraceAnswer, TraceEntry>({
  name: 'uplink trace',
  role: 'technician',
  group: 'Uplink:',
  summary: 'events and packets of late, without their contents',
  arguments: [],
  options: [
    { name: 'last', value: 'COUNT', summary: 'so many entries, 1 to 400 (default: 22)' },
    { name: 'follow', value: null, summary: 'each as it happens, until Ctrl-C or for a while' },
    { name: 'for', value: 'DURATION', summary: 'with --follow, end after this, at most 1h (default: 60s)' },
    JSON_OPTION,
  ],
  examples: ['luciole uplink trace', 'luciole uplink trace --follow --for 5m', 'luciole uplink trace --last 400 --json'],
  timeoutMs: LOOK_TIMEOUT_MS,
  read: (args) => ({ last: numberArg(args, 'last', LAST), followMs: readFollow(args) }),
  answer: async (view, { last, followMs }, job) => {
    const tools = toolsOf(view);
    if (followMs === null) return { entries: tools.trace().slice(-last), followed: null };
    return { entries: [], followed: await followTrace(tools, followMs, job) };
  },
  render: async (result, page) => (await import('./uplink-trace-page.ts')).renderTrace(result, page),
  progress: { isLasting: true, load: async () => (await import('./uplink-trace-page.ts')).renderEntry },
});

const reconnect = agentCommand({
  name: 'uplink reconnect',
  role: 'technician',
  group: 'Uplink:',
  summary: 'connect anew, with the certificates of now',
  arguments: [],
  options: [JSON_OPTION],
  examples: ['luciole uplink reconnect', 'luciole uplink reconnect --json'],
  timeoutMs: LOOK_TIMEOUT_MS,
  read: () => ({}),
  answer: (view, _args, { source }) => {
    if (!toolsOf(view).reconnect(source)) throw new ConsoleError('failed', 'the uplink is off: nothing to connect');
    return { asked: true };
  },
  render: async (_result, page) => (await import('./uplink-page.ts')).renderReconnect(page),
  audit: () => ({}),
});

/** Errors: throws ConsoleError 'failed' where no uplink is configured. */
function toolsOf(view: AgentView): UplinkTools {
  return configured(view.uplinkTools ?? undefined);
}

function configured<T>(found: T | undefined): T {
  if (found === undefined) throw new ConsoleError('failed', 'no uplink is configured: see uplink: in the cabinet file');
  return found;
}

/** Source: as in the cabinet file; a password in it would end up in histories and logs. */
function readBroker(typed: string | boolean | undefined): string | null {
  if (typed === undefined) return null;
  const url = typeof typed === 'string' ? URL.parse(typed) : null;
  if (url === null || !['mqtt:', 'mqtts:'].includes(url.protocol) || url.hostname === '')
    throw new ConsoleError('usage', 'bad --broker: write mqtt://host:1883 or mqtts://host:8883');
  if (url.username !== '' || url.password !== '')
    throw new ConsoleError('usage', 'bad --broker: no user or password in the address; a broker of the configuration gets its own');
  return String(typed);
}

function readFollow({ follow, for: duration }: RawArgs): number | null {
  if (follow !== true) {
    if (duration !== undefined) throw new ConsoleError('usage', '--for goes with --follow');
    return null;
  }
  if (duration === undefined) return FOLLOW_MS.usual;
  const ms = parseDuration(String(duration));
  if (ms > FOLLOW_MS.max) throw new ConsoleError('usage', `bad --for "${duration}": 1h at most`);
  return ms;
}

/** In the order of the help. */
export const UPLINK_COMMANDS: readonly Command[] = [uplink, status, test, trace, reconnect];
