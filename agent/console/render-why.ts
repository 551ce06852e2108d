/**
 * Why a lamp has its level: every rule that spoke, highest rank first, and a `>` before those that applied.
 *
 * Owns the layout of `luciole why`. Pure. Called through the command table.
 */
import type { WhyLamp, WhyView } from '../core/views.ts';
import type { TraceLine } from '../core/words.ts';
import { formatDuration } from './duration.ts';
import { clockTime, count, formatLevel, formatLevels, NOTHING, type Page, since, stateWord } from './page.ts';
import { labelled } from './text-lines.ts';
import { tableLines } from './text-table.ts';

/** One lamp with its trace; of a zone what all its lamps share once, then a row a lamp. */
export function renderWhy(view: WhyView, page: Page): string {
  const [first] = view.lamps;
  if (first === undefined) return `${view.kind} ${view.id} has no lamps`;
  return view.kind === 'lamp' ? lamp(first, page) : zone(view, page);
}

function lamp(view: WhyLamp, page: Page): string {
  return [
    ...labelled('Lamp', `${view.id} on pole ${view.pole}`, page.widthCols),
    ...labelled(
      'Wanted',
      `${formatLevel(view.wantedPct)} since ${clockTime(view.sinceMs, page)} (${since(view.sinceMs, page)})`,
      page.widthCols,
    ),
    ...labelled('Measured', `${formatLevel(view.measuredPct)}${view.following ? '' : ', the lamp does not follow'}`, page.widthCols),
    ...view.faults.flatMap((text) => labelled('Fault', text, page.widthCols)),
    ...labelled('Because', `${view.reason} (rank ${view.rank})`, page.widthCols),
    '',
    ...traceLines(view.trace, page),
  ].join('\n');
}

function zone({ id, lamps }: WhyView, page: Page): string {
  const shared = sharedTrace(lamps);
  const sharedKeys = new Set(shared.map(traceKey));
  const wanted = lamps.map(({ wantedPct }) => wantedPct);
  const rows = lamps.map((view) => {
    const own = view.trace.filter((line) => line.applied && !sharedKeys.has(traceKey(line)));
    const says = own.length === 0 ? view.reason : own.map(({ rank, text }) => `${rank}: ${text}`).join('; ');
    const levels = [formatLevel(view.wantedPct), formatLevel(view.measuredPct), since(view.sinceMs, page)];
    return [view.id, view.pole, ...levels, followsText(view, page), says];
  });
  // Two lamps of one device may share a fault.
  const faults = new Set(lamps.flatMap((view) => view.faults));
  const columns = [
    { title: 'Lamp', maxCols: 12 },
    { title: 'Pole', maxCols: 8 },
    { title: 'Wanted', align: 'right' },
    { title: 'Measured', align: 'right' },
    { title: 'For', align: 'right' },
    { title: 'Follows' },
    { title: 'Why' },
  ] as const;
  return [
    ...labelled('Zone', `${id}, ${count(lamps.length, 'lamp')}, ${formatLevels(Math.min(...wanted), Math.max(...wanted))}`, page.widthCols),
    '',
    ...(shared.length === 0 ? [] : ['For all its lamps:', ...traceLines(shared, page), '']),
    ...tableLines(columns, rows, page.widthCols),
    ...[...faults].flatMap((text) => labelled('Fault', text, page.widthCols)),
  ].join('\n');
}

function followsText({ following, faults }: WhyLamp, page: Page): string {
  return `${stateWord(following ? 'yes' : 'no', page)}${faults.length === 0 ? '' : ', fault'}`;
}

function traceLines(trace: readonly TraceLine[], page: Page): string[] {
  const rows = trace.map((line) => [
    line.applied ? '>' : '',
    line.rank,
    line.levelPct === null ? NOTHING : formatLevel(line.levelPct),
    line.source,
    `${line.text}${until(line, page)}`,
  ]);
  const columns = [
    { title: '' },
    { title: 'Rank' },
    { title: 'Asks', align: 'right' },
    { title: 'From', maxCols: 18 },
    { title: 'Says', wraps: true },
  ] as const;
  return tableLines(columns, rows, page.widthCols);
}

function until({ untilMs }: TraceLine, page: Page): string {
  if (untilMs === null) return '';
  return untilMs > page.atMs ? ` (until ${clockTime(untilMs, page)}, in ${formatDuration(untilMs - page.atMs)})` : ' (over)';
}

/** The trace lines that every lamp of the zone has, in the first lamp's order. */
function sharedTrace(lamps: readonly WhyLamp[]): readonly TraceLine[] {
  const [first, ...others] = lamps.map(({ trace }) => trace);
  const seenByOthers = others.map((trace) => new Set(trace.map(traceKey)));
  return (first ?? []).filter((line) => seenByOthers.every((keys) => keys.has(traceKey(line))));
}

function traceKey({ rank, source, levelPct, applied, text, untilMs }: TraceLine): string {
  return JSON.stringify([rank, source, levelPct, applied, text, untilMs]);
}
