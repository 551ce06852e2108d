/** `bus stats`: shows statistics of lines and units. */

import type { LineStats, Spread, UnitStats } from '../../../core/bus-tools.ts';
import { type Message, msg } from '../../../core/message.ts';
import { agentCommand } from '../../agent-command.ts';
import { formatNumber, type Page, stateWord, translated } from '../../text/page.ts';
import { labelled } from '../../text/text-lines.ts';
import { tableLines } from '../../text/text-table.ts';
import { findLine } from './bus-args.ts';

/** `bus stats`: answers with the statistics of one line, or of all, and of their units. */
export const BUS_STATS = agentCommand({
  name: 'bus stats',
  role: 'viewer',
  group: 'Lines:',
  summary: msg`state of lines and units, what to check`,
  arguments: [{ name: 'line', summary: msg`a line of the cabinet`, required: false, names: 'line' }],
  examples: ['luciole bus stats', 'luciole bus stats street', 'luciole bus stats street --json'],
  read: ({ line }) => ({ line: typeof line === 'string' ? line : null }),
  answer: (view, args): readonly LineStats[] => {
    const line = args.line === null ? null : findLine(view, args.line);
    return view.bus.stats().filter((each) => line === null || each.line === line);
  },
  render: renderStats,
});

/** Renders `bus stats`: load and counters of the lines and their units, with advice. */
export function renderStats(lines: readonly LineStats[], page: Page): string {
  if (lines.length === 0) return translated(msg`no lines in the configuration`, page);
  return lines.map((line) => lineLines(line, page).join('\n')).join('\n\n');
}

const COLUMNS = [
  { title: msg`Device`, maxCols: 12 },
  { title: msg`Unit ID`, align: 'right' },
  { title: msg`State` },
  { title: msg`Ok`, align: 'right' },
  { title: msg`Tmo`, align: 'right' },
  { title: msg`CRC`, align: 'right' },
  { title: msg`Exc`, align: 'right' },
  { title: msg`Late`, align: 'right' },
  { title: msg`Echo`, align: 'right' },
  { title: msg`p50`, align: 'right' },
  { title: msg`p95`, align: 'right' },
  { title: msg`max ms`, align: 'right' },
] as const;

function lineLines(line: LineStats, page: Page): string[] {
  const units = line.units.map((unit) => unitRow(unit, page));
  const speed = line.baud === null ? msg`network` : msg`${line.baud} baud`;
  const [busy, wire] = [formatNumber(line.busyPct), formatNumber(line.wirePct)];
  const refused = line.units.filter((unit) => unit.refused.length > 0);
  const unanswered = line.units.filter((unit) => unit.unanswered.length > 0);
  return [
    ...labelled(msg`Line`, msg`${line.line}, ${line.kind}, ${speed}, ${line.port}`, page),
    ...labelled(msg`Wire`, msg`busy ${busy} % of the last minute, bytes alone ${wire} %`, page),
    ...labelled(msg`Count`, counts(line), page),
    ...labelled(msg`Doubt`, doubts(line), page),
    ...labelled(msg`Urgent`, msg`${spread(line.urgentWaitMs)}; ${formatNumber(line.overruns)} polls were late`, page),
    ...(units.length === 0 ? [] : ['', ...tableLines(COLUMNS, units, page)]),
    ...(refused.length + unanswered.length === 0 ? [] : ['']),
    ...refused.flatMap((unit) => labelled(msg`Refused`, msg`${unit.device}: ${unit.refused}`, page)),
    ...unanswered.flatMap((unit) => labelled(msg`Unanswered`, msg`${unit.device}: ${unit.unanswered}`, page)),
    '',
    ...(line.advice.length === 0
      ? labelled(msg`Advice`, msg`none: all is well`, page)
      : line.advice.flatMap((text) => labelled(msg`Advice`, text, page))),
  ];
}

function unitRow(unit: UnitStats, page: Page): string[] {
  const exceptions = Object.values(unit.exceptions).reduce((sum, number) => sum + number, 0);
  const { turnaroundMs: ms } = unit;
  return [
    unit.device,
    formatNumber(unit.unit),
    stateWord(unit.state, page),
    ...[unit.ok, unit.timeouts, unit.crcErrors, exceptions, unit.lateReplies, unit.echoes].map((number) => formatNumber(number)),
    ...[ms?.p50, ms?.p95, ms?.max].map((number) => formatNumber(number, 1)),
  ];
}

function counts(line: LineStats): Message {
  const { transactions, timeouts, crcErrors, exceptions, lateReplies, echoes, noiseBytes } = line;
  const ok = msg`${transactions} transactions, ${timeouts} timeouts, ${crcErrors} bad CRC`;
  return msg`${ok}, ${exceptions} exceptions, ${lateReplies} late, ${echoes} echoes, ${noiseBytes} bytes of noise`;
}

function doubts({ duplicates, doubtful, resyncs }: LineStats): Message {
  return msg`${duplicates} replies came twice, ${doubtful} were not trusted, ${resyncs} resynchronisations`;
}

function spread(ms: Spread | null): Message {
  if (ms === null) return msg`no urgent write yet`;
  const [p50, p99, max] = [formatNumber(ms.p50, 1), formatNumber(ms.p99, 1), formatNumber(ms.max, 1)];
  return msg`${ms.count} writes, median wait ${p50} ms, p99 ${p99} ms, ${max} ms at most`;
}
