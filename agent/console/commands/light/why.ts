/** `why`: why a lamp or zone has its level, now or at another time. */
import type { WallMs } from '../../../core/clock.ts';
import type { WhyLamp, WhyLine, WhyView } from '../../../core/views.ts';
import { agentCommand, textArg } from '../../agent-command.ts';
import { ConsoleError } from '../../console-error.ts';
import { formatDuration } from '../../text/duration.ts';
import {
  since as ago,
  clockTime,
  count,
  formatLevel,
  formatLevels,
  fullTime,
  NOTHING,
  type Page,
  stateWord,
  translated,
} from '../../text/page.ts';
import { labelled } from '../../text/text-lines.ts';
import { type TableColumn, tableLines } from '../../text/text-table.ts';
import { instantOf, typedInstant } from '../time-range.ts';
import { findTarget } from './light-args.ts';

export const WHY = agentCommand({
  name: 'why',
  role: 'viewer',
  group: 'Look:',
  summary: 'why a lamp or zone has its level',
  arguments: [{ name: 'target', summary: 'a lamp or a zone', required: true, names: 'target' }],
  options: [{ name: 'at', value: 'TIME', summary: 'at another time, as 23:30 (the next one) or 2026-12-01T23:30' }],
  examples: ['luciole why L07', 'luciole why rue-bressigny', 'luciole why L07 --at 03:00'],
  read: (args) => ({ target: textArg(args, 'target'), at: args['at'] === undefined ? null : typedInstant(textArg(args, 'at')) }),
  answer: (view, { target, at }, { clock, timezone }): WhyView => {
    const { id } = findTarget(view, target);
    const found = at === null ? view.why(id) : view.whyAt(id, instantOf(at, clock.wallMs(), timezone));
    if (found === undefined || found.lamps.length === 0)
      throw new ConsoleError('failed', `nothing has been decided for ${id} yet; ask again in a second`);
    return found;
  },
  render: renderWhy,
});

/** One lamp with its trace; of a zone what all its lamps share once, then a row a lamp. */
export function renderWhy(view: WhyView, page: Page): string {
  const [first] = view.lamps;
  if (first === undefined) return translated(`${view.kind} ${view.id} has no lamps`, page);
  return view.kind === 'lamp' ? lamp(first, view.atMs, page) : zone(view, page);
}

function lamp(view: WhyLamp, atMs: WhyView['atMs'], page: Page): string {
  const row = (label: string, text: string): string[] => labelled(label, text, page);
  const since = `since ${clockTime(view.sinceMs, page)} (${ago(view.sinceMs, page)})`;
  return [
    ...row('Lamp', `${view.id} on pole ${view.pole}`),
    ...at(atMs, page),
    ...row('Requested', formatLevel(view.requestedPct ?? view.wantedPct)),
    ...row('In force', `${formatLevel(view.wantedPct)}${atMs === undefined ? ` ${since}` : ''}`),
    ...(atMs === undefined ? row('Measured', `${formatLevel(view.measuredPct)}${view.following ? '' : ', the lamp does not follow'}`) : []),
    ...view.faults.flatMap((text) => row('Fault', text)),
    ...row('Because', `${view.reason} (rank ${view.rank})`),
    '',
    ...traceLines(view.trace, pageAt(atMs, page)),
    ...notes(atMs, page),
  ].join('\n');
}

/** Ends are shown relative to the requested instant. */
function pageAt(atMs: WhyView['atMs'], page: Page): Page {
  return atMs === undefined ? page : { ...page, atMs };
}

function at(atMs: WhyView['atMs'], page: Page): string[] {
  return atMs === undefined ? [] : labelled('At', fullTime(atMs, page.timezone), page);
}

/** What a look at another instant cannot know. */
function notes(atMs: WhyView['atMs'], page: Page): string[] {
  if (atMs === undefined) return [];
  const text =
    atMs < page.atMs
      ? 'by sun, programme and the wishes that still hold; sensors and wishes of that time are not kept, `luciole history` has the level it was'
      : 'by sun, programme and the wishes still in force then; who will come, photocells, traffic and rules are not known ahead';
  return ['', ...labelled('Told', text, page)];
}

function zone({ id, lamps, atMs }: WhyView, page: Page): string {
  const shared = sharedTrace(lamps);
  const sharedKeys = new Set(shared.map(traceKey));
  const wanted = lamps.map(({ wantedPct }) => wantedPct);
  const rows = lamps.map((view) => {
    const own = view.trace.filter((line) => line.applied && !sharedKeys.has(traceKey(line)));
    const reasons = own.length === 0 ? view.reason : own.map(({ rank, text }) => `${rank}: ${text}`).join('; ');
    const now = atMs === undefined ? [formatLevel(view.measuredPct), ago(view.sinceMs, page), followsText(view, page)] : [];
    return [view.id, view.pole, formatLevel(view.wantedPct), ...now, translated(reasons, page)];
  });
  // Two lamps of one device may share a fault.
  const faults = new Set(lamps.flatMap((view) => view.faults));
  const now: readonly TableColumn[] = [{ title: 'Measured', align: 'right' }, { title: 'For', align: 'right' }, { title: 'Follows' }];
  const columns: readonly TableColumn[] = [
    { title: 'Lamp', maxCols: 12 },
    { title: 'Pole', maxCols: 8 },
    { title: 'In force', align: 'right' },
    ...(atMs === undefined ? now : []),
    { title: 'Why' },
  ];
  return [
    ...labelled('Zone', `${id}, ${count(lamps.length, 'lamp')}, ${formatLevels(Math.min(...wanted), Math.max(...wanted))}`, page),
    ...at(atMs, page),
    '',
    ...(shared.length === 0 ? [] : [translated('For all its lamps:', page), ...traceLines(shared, pageAt(atMs, page)), '']),
    ...tableLines(columns, rows, page),
    ...[...faults].flatMap((text) => labelled('Fault', text, page)),
    ...notes(atMs, page),
  ].join('\n');
}

function followsText({ following, faults }: WhyLamp, page: Page): string {
  return `${stateWord(following ? 'yes' : 'no', page)}${faults.length === 0 ? '' : `, ${translated('fault', page)}`}`;
}

/** Those that bear no name of the cabinet. */
const OWN_SOURCES: ReadonlySet<string> = new Set(['sun', 'wave', 'clock', 'start']);

function traceLines(trace: readonly WhyLine[], page: Page): string[] {
  const rows = trace.map((line) => [
    line.applied ? '>' : '',
    translated(line.rank, page),
    line.levelPct === null ? NOTHING : formatLevel(line.levelPct),
    OWN_SOURCES.has(line.source) ? translated(line.source, page) : line.source,
    translated(`${line.text}${details(line, page)}`, page),
  ]);
  const columns = [
    { title: '' },
    { title: 'Rank' },
    { title: 'Asks', align: 'right' },
    { title: 'From', maxCols: 18 },
    { title: 'Says', wraps: true },
  ] as const;
  return tableLines(columns, rows, page);
}

/** Since when, until when, and what would change it. */
function details({ sinceMs, untilMs, changes }: WhyLine, page: Page): string {
  const parts = [
    ...(sinceMs === undefined || sinceMs === null ? [] : [`since ${clockTime(sinceMs, page)}`]),
    ...(untilMs === null ? [] : [until(untilMs, page)]),
    ...(changes === undefined || changes === '' ? [] : [changes]),
  ];
  return parts.length === 0 ? '' : ` (${parts.join('; ')})`;
}

function until(untilMs: WallMs, page: Page): string {
  return untilMs > page.atMs ? `until ${clockTime(untilMs, page)}, in ${formatDuration(untilMs - page.atMs)}` : 'over';
}

/** The trace lines that every lamp of the zone has, in the first lamp's order. */
function sharedTrace(lamps: readonly WhyLamp[]): readonly WhyLine[] {
  const [first, ...others] = lamps.map(({ trace }) => trace);
  const seenByOthers = others.map((trace) => new Set(trace.map(traceKey)));
  return (first ?? []).filter((line) => seenByOthers.every((keys) => keys.has(traceKey(line))));
}

function traceKey({ rank, source, levelPct, applied, text, untilMs }: WhyLine): string {
  return JSON.stringify([rank, source, levelPct, applied, text, untilMs]);
}
