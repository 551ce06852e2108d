/** `bus scan`: which units of a line answer, and what they are. */
import type { ScanProgress, ScanResult } from '../../../core/bus-tools.ts';
import { agentCommand, numberArg, textArg } from '../../agent-command.ts';
import { ConsoleError } from '../../console-error.ts';
import { findLine, LINE_ARGUMENT, onBus, rangeArgs, UNITS } from './bus-args.ts';
import type { LineChoice } from './bus-scan-page.ts';

/** Longest wait for one address. Units: ms. Source: the slowest units of the reference take 500; longer would hold up urgent writes. */
const WAIT_MS = { min: 1, max: 500 };

interface ScanArgs {
  readonly line: string | null;
  readonly from: number;
  readonly to: number;
  readonly autoBaud: boolean;
  readonly waitMs: number | null;
}

export const BUS_SCAN = agentCommand<ScanArgs, ScanResult | LineChoice, ScanProgress>({
  name: 'bus scan',
  role: 'technician',
  group: 'Lines:',
  summary: 'which units answer, and what they are',
  arguments: [{ ...LINE_ARGUMENT, summary: `${LINE_ARGUMENT.summary}; without it, all lines are listed`, required: false }],
  options: [
    { name: 'baud', value: 'auto', summary: 'try other speeds and parities too; takes minutes' },
    { name: 'from', value: 'UNIT', summary: 'first address (default: 1)' },
    { name: 'to', value: 'UNIT', summary: 'last address (default: 247)' },
    { name: 'wait', value: 'MS', summary: 'longest wait for each, 1 to 500, for slow units' },
  ],
  examples: ['luciole bus scan street', 'luciole bus scan street --from 1 --to 40 --wait 300', 'luciole bus scan street --baud auto'],
  read: (args) => ({
    line: args['line'] === undefined ? null : textArg(args, 'line'),
    autoBaud: readBaud(args['baud']),
    ...rangeArgs(args, { from: { ...UNITS, usual: UNITS.min }, to: { ...UNITS, usual: UNITS.max } }),
    waitMs: args['wait'] === undefined ? null : numberArg(args, 'wait', WAIT_MS),
  }),
  answer: (view, { line, ...request }, { report, signal }) =>
    line === null
      ? { lines: view.bus.stats().map(({ line, kind, port, baud }) => ({ line, kind, port, baud })) }
      : onBus(() => view.bus.scan({ ...request, line: findLine(view, line), signal }, (progress) => void report(progress))),
  render: async (result, page) => {
    const { renderLineChoice, renderScan } = await import('./bus-scan-page.ts');
    return 'lines' in result ? renderLineChoice(result, page) : renderScan(result, page);
  },
  succeeded: (result) => !('lines' in result),
  progress: {
    isLasting: false,
    load: async () => (await import('./bus-scan-page.ts')).renderScanProgress,
    // A scan of all speeds takes minutes, so that a script's log must show that it gets on.
    stage: ({ serial }, { baud }) => (baud === 'auto' ? JSON.stringify(serial) : null),
  },
});

function readBaud(text: string | boolean | undefined): boolean {
  if (text === undefined) return false;
  if (text === 'auto') return true;
  throw new ConsoleError('usage', `bad --baud "${text}": the line's own speed is tried anyway, others only all together with --baud auto`);
}
