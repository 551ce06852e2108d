/** `uplink trace`: events and packets of late, or as they happen. */
import type { TraceEntry } from '../../../core/uplink-tools.ts';
import { agentCommand, numberArg } from '../../agent-command.ts';
import { ConsoleError } from '../../console-error.ts';
import type { RawArgs } from '../../protocol/protocol.ts';
import { parseDuration } from '../../text/duration.ts';
import { reportUntilOver } from '../until-over.ts';
import { uplinkToolsOf } from './uplink.ts';
import type { TraceAnswer } from './uplink-trace-page.ts';

/** Entries that are shown: as many as a screen holds, at most all that are kept. */
const LAST = { min: 1, max: 400, usual: 22 };
/** Longest and usual watch. Units: ms. Source: assumed; a terminal that was left alone must not be written to for ever. */
const FOLLOW_MS = { usual: 60_000, max: 3_600_000 };

export const UPLINK_TRACE = agentCommand<{ last: number; followMs: number | null }, TraceAnswer, TraceEntry>({
  name: 'uplink trace',
  role: 'technician',
  group: 'Uplink:',
  summary: 'events and packets of late, without their contents',
  options: [
    { name: 'last', value: 'COUNT', summary: 'so many entries, 1 to 400 (default: 22)' },
    { name: 'follow', value: null, summary: 'each as it happens, until Ctrl-C or for a while' },
    { name: 'for', value: 'DURATION', summary: 'with --follow, end after this, at most 1h (default: 60s)' },
  ],
  examples: ['luciole uplink trace', 'luciole uplink trace --follow --for 5m', 'luciole uplink trace --last 400 --json'],
  read: (args) => ({ last: numberArg(args, 'last', LAST), followMs: readFollow(args) }),
  answer: async (view, { last, followMs }, job) => {
    const tools = uplinkToolsOf(view);
    if (followMs === null) return { entries: tools.trace().slice(-last), followed: null };
    return { entries: [], followed: await reportUntilOver<TraceEntry>(job, followMs, (listener) => tools.watch(listener)) };
  },
  render: async (result, page) => (await import('./uplink-trace-page.ts')).renderTrace(result, page),
  progress: { isLasting: true, load: async () => (await import('./uplink-trace-page.ts')).renderEntry },
});

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
