/** `bus stats`: how lines and units do. */
import type { LineStats, Spread, UnitStats } from '../../../core/bus-tools.ts';
import { agentCommand } from '../../agent-command.ts';
import { formatNumber, NOTHING, type Page, stateWord, translated } from '../../text/page.ts';
import { labelled } from '../../text/text-lines.ts';
import { tableLines } from '../../text/text-table.ts';
import { findLine } from './bus-args.ts';

export const BUS_STATS = agentCommand({
  name: 'bus stats',
  role: 'viewer',
  group: 'Lines:',
  summary: 'how lines and units do, what to look at',
  arguments: [{ name: 'line', summary: 'a line of the cabinet', required: false, names: 'line' }],
  examples: ['luciole bus stats', 'luciole bus stats street', 'luciole bus stats street --json'],
  read: ({ line }) => ({ line: typeof line === 'string' ? line : null }),
  answer: (view, args): readonly LineStats[] => {
    const line = args.line === null ? null : findLine(view, args.line);
    return view.bus.stats().filter((each) => line === null || each.line === line);
  },
  render: renderStats,
});

/** One part a line. */
export function renderStats(lines: readonly LineStats[], page: Page): string {
  if (lines.length === 0) return translated('no lines in the configuration', page);
  return lines.map((line) => lineLines(line, page).join('\n')).join('\n\n');
}

const COLUMNS = [
  { title: 'Device', maxCols: 12 },
  { title: 'Unit', align: 'right' },
  { title: 'State' },
  { title: 'Ok', align: 'right' },
  { title: 'Tmo', align: 'right' },
  { title: 'CRC', align: 'right' },
  { title: 'Exc', align: 'right' },
  { title: 'Late', align: 'right' },
  { title: 'Echo', align: 'right' },
  { title: 'p50', align: 'right' },
  { title: 'p95', align: 'right' },
  { title: 'max ms', align: 'right' },
] as const;

function lineLines(line: LineStats, page: Page): string[] {
  const units = line.units.map((unit) => unitRow(unit, page));
  const refused = line.units.filter((unit) => unit.refused.length > 0);
  const unanswered = line.units.filter((unit) => unit.unanswered.length > 0);
  return [
    ...labelled('Line', `${line.line}, ${line.kind}, ${line.baud === null ? 'network' : `${line.baud} baud`}, ${line.port}`, page),
    ...labelled('Wire', `busy ${formatNumber(line.busyPct)} % of the last minute, bytes alone ${formatNumber(line.wirePct)} %`, page),
    ...labelled('Count', counts(line), page),
    ...labelled('Doubt', doubts(line), page),
    ...labelled('Urgent', `${spread(line.urgentWaitMs, 'waited')}; ${formatNumber(line.overruns)} polls came late`, page),
    ...(units.length === 0 ? [] : ['', ...tableLines(COLUMNS, units, page)]),
    ...(refused.length + unanswered.length === 0 ? [] : ['']),
    ...refused.flatMap((unit) => labelled('Refused', `${unit.device}: ${unit.refused.join(', ')}`, page)),
    ...unanswered.flatMap((unit) => labelled('Unanswered', `${unit.device}: ${unit.unanswered.join(', ')}`, page)),
    '',
    ...(line.advice.length === 0
      ? labelled('Advice', 'none: all is well', page)
      : line.advice.flatMap((text) => labelled('Advice', text, page))),
  ];
}

function unitRow(unit: UnitStats, page: Page): string[] {
  const exceptions = Object.values(unit.exceptions).reduce((sum, number) => sum + number, 0);
  const { turnaroundMs: ms } = unit;
  return [
    unit.device,
    unit.unit === 0 ? NOTHING : formatNumber(unit.unit),
    stateWord(unit.state, page),
    ...[unit.ok, unit.timeouts, unit.crcErrors, exceptions, unit.lateReplies, unit.echoes].map((number) => formatNumber(number)),
    ...[ms?.p50, ms?.p95, ms?.max].map((number) => formatNumber(number, 1)),
  ];
}

function counts(line: LineStats): string {
  const { transactions, timeouts, crcErrors, exceptions, lateReplies, echoes, noiseBytes } = line;
  const ok = `${formatNumber(transactions)} transactions, ${formatNumber(timeouts)} timeouts, ${formatNumber(crcErrors)} bad CRC`;
  return `${ok}, ${formatNumber(exceptions)} exceptions, ${formatNumber(lateReplies)} late, ${formatNumber(echoes)} echoes, ${formatNumber(noiseBytes)} bytes of noise`;
}

function doubts({ duplicates, doubtful, resyncs }: LineStats): string {
  return `${formatNumber(duplicates)} replies came twice, ${formatNumber(doubtful)} were not trusted, ${formatNumber(resyncs)} times all had arrived`;
}

function spread(ms: Spread | null, verb: string): string {
  if (ms === null) return 'no urgent write yet';
  const [p50, p99, max] = [ms.p50, ms.p99, ms.max].map((number) => formatNumber(number, 1));
  return `${formatNumber(ms.count)} writes ${verb} ${p50} ms as a rule, p99 ${p99} ms, ${max} ms at most`;
}
