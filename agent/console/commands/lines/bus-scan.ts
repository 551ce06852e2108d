/** `bus scan`: finds the units of a line that answer, and their types. */

import type { FoundUnit, LineStats, ScanProgress, ScanRequest, ScanResult } from '../../../core/bus-tools.ts';
import type { SerialSettings } from '../../../core/cabinet.ts';
import { count } from '../../../core/counts.ts';
import { type Message, msg, type Said } from '../../../core/message.ts';
import { agentCommand, numberArg, textArg } from '../../agent-command.ts';
import { ConsoleError } from '../../console-error.ts';
import { formatTook } from '../../text/duration.ts';
import { formatNumber, NOTHING, type Page, translated } from '../../text/page.ts';
import { labelled, paragraph } from '../../text/text-lines.ts';
import { tableLines } from '../../text/text-table.ts';
import { findLine, LINE_ARGUMENT, onBus, rangeArgs, UNITS } from './bus-args.ts';

/** Longest wait for one address. Units: ms. Source: the slowest reference units take 500; a longer wait would delay urgent writes. */
const WAIT_MS = { min: 1, max: 500 };

type ScanArgs = Omit<ScanRequest, 'line' | 'signal'> & { readonly line: string | null };

/**
 * `bus scan`: finds the units of a line that answer, in a range of addresses, and their likely profiles. Without a line it answers with the
 * list of lines, with exit code 1.
 */
export const BUS_SCAN = agentCommand<ScanArgs, ScanResult | LineChoice, ScanProgress>({
  name: 'bus scan',
  role: 'technician',
  group: 'Lines:',
  summary: msg`which units answer, and what they are`,
  arguments: [{ ...LINE_ARGUMENT, summary: msg`${LINE_ARGUMENT.summary}; without it, all lines are listed`, required: false }],
  options: [
    { name: 'baud', value: 'auto', summary: msg`try other speeds and parities too; takes minutes` },
    { name: 'from', value: 'UNIT', summary: msg`first address (default: 1)` },
    { name: 'to', value: 'UNIT', summary: msg`last address (default: 247)` },
    { name: 'wait', value: 'MS', summary: msg`longest wait for each, 1 to 500, for slow units` },
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
  render: (result, page) => ('lines' in result ? renderLineChoice(result, page) : renderScan(result, page)),
  succeeded: (result) => !('lines' in result),
  progress: {
    isLasting: false,
    load: async () => renderScanProgress,
    // A scan of all speeds takes minutes; a script's log must show progress.
    stage: ({ serial }, { baud }) => (baud === 'auto' ? JSON.stringify(serial) : null),
  },
});

function readBaud(text: string | boolean | undefined): boolean {
  if (text === undefined) return false;
  if (text === 'auto') return true;
  throw new ConsoleError('usage', msg`bad --baud "${String(text)}": without it the line's own speed is tried; --baud auto tries all`);
}

/** Returns serial settings as `19200 8N2`: speed, data bits, parity, stop bits. For null, returns the message `network`. */
export function serialText(serial: SerialSettings | null): Said {
  if (serial === null) return msg`network`;
  const { baud, dataBits, parity, stopBits } = serial;
  return `${baud} ${dataBits}${parity.charAt(0).toUpperCase()}${stopBits}`;
}

/**
 * Renders the progress line of a scan: percent, tries, serial settings, and the unit that was found just now, if any. Without `page` in
 * English.
 */
export function renderScanProgress({ done, total, serial, found }: ScanProgress, page?: Pick<Page, 'language'>): string {
  const percent = total > 0 ? Math.floor((100 * done) / total) : 0;
  const speed = serialText(serial);
  const on = msg`${percent} %, ${done} of ${total} at ${speed}`;
  return translated(found === null ? on : msg`${percent} %, ${done} of ${total} at ${speed}, found unit ${found.unit}`, page ?? {});
}

const COLUMNS = [
  { title: msg`Unit ID`, align: 'right' },
  { title: msg`Serial` },
  { title: msg`ms`, align: 'right' },
  { title: msg`Device`, maxCols: 14 },
  { title: msg`Profile`, maxCols: 40 },
] as const;

const SILENT_GATEWAY = msg`no unit answers: check that this is the right gateway, its own serial settings, and supply and cable of what is behind it; --wait 300 gives slow units time`;

const SILENT_LINE = msg`no unit answers: check the supply, A and B (try them swapped), the termination, and the speed: --baud auto tries the others; --wait 300 gives slow units time`;

const SILENT_BUS = msg`no gear answers: check the DALI wires and the supply of the gear; gear without a short address gets one from a commissioning tool`;

const STRANGERS = msg`units with Device "-" are not in the cabinet: \`luciole profile list\` lists the types, docs/add-a-device.md adds one`;

/** Renders the result of `bus scan`: the units that were found, those of the cabinet that were not, damaged replies, and what to check. */
export function renderScan({ line, isNetwork, isDali, found, missing, damaged, durationMs }: ScanResult, page: Page): string {
  const silent = isDali === true ? SILENT_BUS : isNetwork ? SILENT_GATEWAY : SILENT_LINE;
  const sum = msg`${count(found.length, 'unit')} on line ${line}, in ${formatTook(durationMs)}`;
  const table = found.length === 0 ? [] : [...tableLines(COLUMNS, found.map(rowOf), page), ''];
  return [
    ...table,
    translated(sum, page),
    ...(found.length === 0 ? labelled(msg`None`, silent, page) : []),
    ...(missing.length === 0 ? [] : labelled(msg`Missing`, missingText(missing, isNetwork), page)),
    ...(damaged.length === 0 ? [] : labelled(msg`Damaged`, damagedText(damaged), page)),
    ...(found.some(({ device }) => device === null) ? labelled(msg`Unknown`, STRANGERS, page) : []),
  ].join('\n');
}

/** The answer of `bus scan` if no line was named: the lines of the cabinet. */
export interface LineChoice {
  readonly lines: readonly Pick<LineStats, 'line' | 'kind' | 'port' | 'baud'>[];
}

const LINE_COLUMNS = [
  { title: msg`Line`, maxCols: 16 },
  { title: msg`Kind` },
  { title: msg`Baud`, align: 'right' },
  { title: msg`Port`, wraps: true },
] as const;

/** Renders the lines of the cabinet, and what to type to scan each that can be scanned. */
export function renderLineChoice({ lines }: LineChoice, page: Page): string {
  if (lines.length === 0) return translated(msg`no lines in the configuration`, page);
  const rows = lines.map(({ line, kind, port, baud }) => [line, kind, baud === null ? NOTHING : formatNumber(baud), port]);
  const toScan = lines.filter(({ kind }) => kind !== 'uart').map(({ line }) => `luciole bus scan ${line}`);
  return [
    ...tableLines(LINE_COLUMNS, rows, page),
    '',
    ...(toScan.length < lines.length
      ? paragraph(msg`A uart line has one device that sends by itself, so it cannot be scanned.`, page)
      : []),
    ...(toScan.length === 0 ? [] : paragraph(msg`Which one? Type: ${toScan}`, page)),
  ].join('\n');
}

function rowOf({ unit, serial, turnaroundMs, device, profiles, exception }: FoundUnit): Said[] {
  return [formatNumber(unit), serialText(serial), formatNumber(turnaroundMs, 1), device ?? NOTHING, profileText(profiles, exception)];
}

/** Returns the most likely profile first; an uncertain one is marked. */
function profileText(profiles: FoundUnit['profiles'], exception: FoundUnit['exception']): Said {
  if (profiles.length > 0) return profiles.map(({ id, strength }) => (strength === 'strong' ? id : `${id}?`)).join(', ');
  return exception === null ? NOTHING : msg`- (answers ${exception})`;
}

function missingText(missing: ScanResult['missing'], isNetwork: boolean): Message {
  const names = missing.map(({ unit, device }) => `${device} (${unit})`);
  return isNetwork
    ? msg`${names}: in the cabinet, but silent; check supply and cable behind the gateway, and that the address is that of the cabinet`
    : msg`${names}: in the cabinet, but silent; check supply and wire, and that the address is that of the cabinet`;
}

function damagedText(damaged: readonly number[]): Message {
  return msg`${damaged}: the answer came in pieces; two units with one address, or a bad line: disconnect one and scan again`;
}
