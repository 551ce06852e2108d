/**
 * The rows of the command table for a person who looks at a line: scan, registers, read, write, stats, watch.
 *
 * Owns these rows. The line's own queue does the work. Renderers are loaded only where one is shown. Called by the command table.
 */
import type {
  BusReadResult,
  BusTransaction,
  BusWriteResult,
  LineStats,
  RegistersProgress,
  RegistersResult,
  ScanProgress,
  ScanResult,
} from '../../../core/bus-tools.ts';
import { agentCommand, type Command, textArg } from '../../command-spec.ts';
import { ConsoleError } from '../../console-error.ts';
import { parseDuration } from '../../text/duration.ts';
import { JSON_OPTION, LOOK_TIMEOUT_MS } from '../common-words.ts';
import { addressArg, findLine, findUnit, numberArg, onBus, rangeArgs, TABLE_WORDS, TABLES, tableArg, UNITS, unitArg } from './bus-args.ts';
import type { LineChoice } from './bus-scan-page.ts';
import { watchLine } from './bus-watch-job.ts';
import { confirmed, readWrite, valuesFit } from './bus-write-args.ts';

const LINE = { name: 'line', summary: 'a Modbus line of the cabinet', required: true, names: 'modbus-line' } as const;
const UNIT = { name: 'unit', summary: 'an address, 1 to 247 or 0x01 to 0xF7, or a device', required: true, names: 'device' } as const;
const ADDRESS = { name: 'address', summary: 'as in the frame, from 0; decimal or 0x hex', required: true } as const;
const TABLE = { name: 'table', value: 'TABLE', summary: `${TABLE_WORDS} (default: holding)`, choices: TABLES } as const;
/** Longest wait for one address. Units: ms. Source: the slowest units of the reference take 500; longer would hold up urgent writes. */
const WAIT_MS = { min: 1, max: 500 };
/** Source: Modbus Application Protocol V1.1b3 §6.1 and §6.3. */
const MAX_COUNT = { registers: 125, bits: 2_000 };

interface ScanArgs {
  readonly line: string | null;
  readonly from: number;
  readonly to: number;
  readonly autoBaud: boolean;
  readonly waitMs: number | null;
}

const scan = agentCommand<ScanArgs, ScanResult | LineChoice, ScanProgress>({
  name: 'bus scan',
  role: 'technician',
  group: 'Lines:',
  summary: 'which units answer, and what they are',
  arguments: [{ ...LINE, summary: `${LINE.summary}; without it, all lines are listed`, required: false }],
  options: [
    { name: 'baud', value: 'auto', summary: 'try other speeds and parities too; takes minutes' },
    { name: 'from', value: 'UNIT', summary: 'first address (default: 1)' },
    { name: 'to', value: 'UNIT', summary: 'last address (default: 247)' },
    { name: 'wait', value: 'MS', summary: 'longest wait for each, 1 to 500, for slow units' },
    JSON_OPTION,
  ],
  examples: ['luciole bus scan street', 'luciole bus scan street --from 1 --to 40 --wait 300', 'luciole bus scan street --baud auto'],
  timeoutMs: LOOK_TIMEOUT_MS,
  read: (args) => ({
    line: args['line'] === undefined ? null : textArg(args, 'line'),
    autoBaud: readBaud(args['baud']),
    ...rangeArgs(args, { from: { ...UNITS, usual: UNITS.min }, to: { ...UNITS, usual: UNITS.max } }),
    waitMs: args['wait'] === undefined ? null : numberArg(args, 'wait', WAIT_MS),
  }),
  answer: (view, { line, ...request }, { tell, signal }) =>
    line === null
      ? { lines: view.bus.stats().map(({ line, kind, port, baud }) => ({ line, kind, port, baud })) }
      : onBus(() => view.bus.scan({ ...request, line: findLine(view, line), signal }, (progress) => void tell(progress))),
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

const registers = agentCommand<
  { line: string; unit: number | string; table: RegistersResult['table']; from: number; to: number },
  RegistersResult,
  RegistersProgress
>({
  name: 'bus registers',
  role: 'technician',
  group: 'Lines:',
  summary: 'which registers of a unit answer',
  arguments: [LINE, UNIT],
  options: [
    TABLE,
    { name: 'from', value: 'ADDRESS', summary: 'first address (default: 0)' },
    { name: 'to', value: 'ADDRESS', summary: 'last address (default: 500)' },
    JSON_OPTION,
  ],
  examples: ['luciole bus registers street 7', 'luciole bus registers street 0x07 --table input --from 0 --to 120'],
  timeoutMs: LOOK_TIMEOUT_MS,
  read: (args) => ({
    line: textArg(args, 'line'),
    unit: unitArg(args),
    table: tableArg(args),
    ...rangeArgs(args, { from: { min: 0, max: 65_535, usual: 0 }, to: { min: 0, max: 65_535, usual: 500 } }),
  }),
  answer: (view, args, { tell, signal }) => {
    const line = findLine(view, args.line);
    const request = { ...args, line, unit: findUnit(view, line, args.unit), signal };
    return onBus(() => view.bus.registers(request, (progress) => void tell(progress)));
  },
  render: async (result, page, { from, to }) => (await import('./bus-registers-page.ts')).renderRegisters(result, page, { from, to }),
  progress: { isLasting: false, load: async () => (await import('./bus-registers-page.ts')).renderRegistersProgress },
});

/** Also asked by `profile test`, register by register. */
export const BUS_READ = agentCommand({
  name: 'bus read',
  role: 'technician',
  group: 'Lines:',
  summary: 'read registers of a unit',
  arguments: [LINE, UNIT, ADDRESS, { name: 'count', summary: 'how many (default: 1)', required: false }],
  options: [TABLE, JSON_OPTION],
  examples: ['luciole bus read street 7 2000', 'luciole bus read street L07 0x07D0 4', 'luciole bus read power 1 0 6 --table input'],
  timeoutMs: LOOK_TIMEOUT_MS,
  read: (args) => {
    const table = tableArg(args);
    const max = table === 'coil' || table === 'discrete' ? MAX_COUNT.bits : MAX_COUNT.registers;
    const count = numberArg(args, 'count', { min: 1, max, usual: 1 });
    return { line: textArg(args, 'line'), unit: unitArg(args), table, address: addressArg(args, 'address'), count };
  },
  answer: (view, args): Promise<BusReadResult> => {
    const line = findLine(view, args.line);
    return onBus(() => view.bus.read({ ...args, line, unit: findUnit(view, line, args.unit) }), args.address);
  },
  render: async (result, page) => (await import('./bus-registers-page.ts')).renderRead(result, page),
});

const write = agentCommand({
  name: 'bus write',
  role: 'technician',
  group: 'Lines:',
  summary: 'write registers, and read them back',
  arguments: [
    LINE,
    { ...UNIT, summary: `${UNIT.summary}; 0 is every unit` },
    ADDRESS,
    { name: 'value', summary: 'decimal or 0x hex; several with commas; coils: on, off', required: true },
  ],
  options: [
    { name: 'table', value: 'TABLE', summary: 'holding, coil (default: holding)' },
    { name: 'yes', value: null, summary: 'do it; without this it only says what it would do' },
    JSON_OPTION,
  ],
  examples: ['luciole bus write street 7 2000 300 --yes', 'luciole bus write street L07 0x07D0 0x012C --yes'],
  timeoutMs: LOOK_TIMEOUT_MS,
  read: readWrite,
  answer: (view, args): Promise<BusWriteResult> => {
    const line = findLine(view, args.line);
    const write = confirmed({ ...args, line, unit: findUnit(view, line, args.unit) }, view.bus);
    return onBus(() => view.bus.write(write), args.address);
  },
  render: async (result, page) => (await import('./bus-registers-page.ts')).renderWrite(result, page),
  succeeded: valuesFit,
  audit: ({ before, after, warnings = [] }) => ({ before, after, ...(warnings.length === 0 ? {} : { warnings }) }),
});

const stats = agentCommand({
  name: 'bus stats',
  role: 'viewer',
  group: 'Lines:',
  summary: 'how lines and units do, what to look at',
  arguments: [{ name: 'line', summary: 'a line of the cabinet', required: false, names: 'line' }],
  options: [JSON_OPTION],
  examples: ['luciole bus stats', 'luciole bus stats street', 'luciole bus stats street --json'],
  timeoutMs: LOOK_TIMEOUT_MS,
  read: ({ line }) => ({ line: typeof line === 'string' ? line : null }),
  answer: (view, args): readonly LineStats[] => {
    const line = args.line === null ? null : findLine(view, args.line);
    return view.bus.stats().filter((each) => line === null || each.line === line);
  },
  render: async (result, page) => (await import('./bus-stats-page.ts')).renderStats(result, page),
});

const watch = agentCommand<{ line: string; forMs: number | null }, Awaited<ReturnType<typeof watchLine>>, BusTransaction>({
  name: 'bus watch',
  role: 'technician',
  group: 'Lines:',
  summary: 'every transaction, until Ctrl-C',
  arguments: [LINE],
  options: [{ name: 'for', value: 'DURATION', summary: 'end by itself after this, as 30s or 5m' }, JSON_OPTION],
  examples: ['luciole bus watch street', 'luciole bus watch street --for 30s', 'luciole bus watch street --for 5m --json'],
  timeoutMs: LOOK_TIMEOUT_MS,
  read: (args) => ({ line: textArg(args, 'line'), forMs: args['for'] === undefined ? null : parseDuration(textArg(args, 'for')) }),
  answer: (view, args, job) => onBus(async () => watchLine(view, { ...args, line: findLine(view, args.line) }, job)),
  render: async (result, page) => (await import('./bus-watch-page.ts')).renderWatchEnd(result, page),
  progress: { isLasting: true, load: async () => (await import('./bus-watch-page.ts')).renderTransaction },
});

function readBaud(text: string | boolean | undefined): boolean {
  if (text === undefined) return false;
  if (text === 'auto') return true;
  throw new ConsoleError('usage', `bad --baud "${text}": the line's own speed is tried anyway, others only all together with --baud auto`);
}

/** In the order of the help. */
export const BUS_COMMANDS: readonly Command[] = [scan, registers, BUS_READ, write, stats, watch];
