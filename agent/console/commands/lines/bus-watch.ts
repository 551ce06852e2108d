/** `bus watch`: every transaction of a line. */
import type { BusTransaction } from '../../../core/bus-tools.ts';
import { agentCommand, textArg } from '../../agent-command.ts';
import { parseDuration } from '../../text/duration.ts';
import { reportUntilOver } from '../until-over.ts';
import { findLine, LINE_ARGUMENT, onBus } from './bus-args.ts';
import type { LineWatched } from './bus-watch-page.ts';

export const BUS_WATCH = agentCommand<{ line: string; forMs: number | null }, LineWatched, BusTransaction>({
  name: 'bus watch',
  role: 'technician',
  group: 'Lines:',
  summary: 'every transaction, until Ctrl-C',
  arguments: [LINE_ARGUMENT],
  options: [{ name: 'for', value: 'DURATION', summary: 'end by itself after this, as 30s or 5m' }],
  examples: ['luciole bus watch street', 'luciole bus watch street --for 30s', 'luciole bus watch street --for 5m --json'],
  read: (args) => ({ line: textArg(args, 'line'), forMs: args['for'] === undefined ? null : parseDuration(textArg(args, 'for')) }),
  answer: (view, args, job) => {
    const line = findLine(view, args.line);
    return onBus(async () => ({
      line,
      ...(await reportUntilOver<BusTransaction>(job, args.forMs, (listener) => view.bus.watch(line, listener))),
    }));
  },
  render: async (result, page) => (await import('./bus-watch-page.ts')).renderWatchEnd(result, page),
  progress: { isLasting: true, load: async () => (await import('./bus-watch-page.ts')).renderTransaction },
});
