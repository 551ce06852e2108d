/** `tonight`: shows every change of level in the coming night. */

import type { WallMs } from '../../../core/clock.ts';
import type { TonightRow, TonightView } from '../../../core/light-tools.ts';
import { type Message, msg, NO_TEXT } from '../../../core/message.ts';
import { agentCommand } from '../../agent-command.ts';
import { formatDuration } from '../../text/duration.ts';
import { columnTime, formatLevel, formatLevels, NOTHING, type Page, translated } from '../../text/page.ts';
import { plotLines, type Sample } from '../../text/plot.ts';
import { labelled, paragraph } from '../../text/text-lines.ts';
import { tableLines } from '../../text/text-table.ts';
import { findZone } from './light-args.ts';

/**
 * `tonight`: answers with the changes of level by sun, programme and overrides in the present or the next night, for one zone or all. The
 * levels leave out presence, traffic, rules and photocells; `boostPct` is the level that presence would request.
 */
export const TONIGHT = agentCommand({
  name: 'tonight',
  role: 'viewer',
  group: 'Look:',
  summary: msg`the night ahead: every change of level, and why`,
  arguments: [{ name: 'zone', summary: msg`only this zone`, required: false, names: 'zone' }],
  options: [{ name: 'plot', value: null, summary: msg`draw it as well` }],
  examples: ['luciole tonight', 'luciole tonight rue-bressigny --plot', 'luciole tonight --json'],
  read: ({ zone, plot }) => ({ zone: typeof zone === 'string' ? zone : null, plot: plot === true }),
  answer: (view, { zone }): readonly TonightView[] => view.light.tonight(zone === null ? null : findZone(view, zone)),
  render: (result, page, { plot }) => renderTonight(result, page, plot),
});

const NOTE = msg`By sun, programme and overrides in force. Presence, traffic, rules and photocells may change it.`;
const [MINUTE_MS, HOUR_MS] = [60_000, 3_600_000];
/** Width of a VT100. */
const PLOT_COLS = 80;
const FORM = { hasDay: false, hasSeconds: false };

/**
 * Renders `tonight`: for each zone its dusk and dawn, programme and changes of level, in local time of the cabinet. `withPlot` adds a plot
 * of the levels.
 */
export function renderTonight(views: readonly TonightView[], page: Page, withPlot: boolean): string {
  if (views.length === 0) return translated(msg`the cabinet has no zones`, page);
  const nights = views.map((view) => [...head(view, page), '', ...rows(view, page), ...(withPlot ? ['', ...plot(view, page)] : [])]);
  const note = paragraph(NOTE, page);
  return [...nights, note].map((lines) => lines.join('\n')).join('\n\n');
}

function head(view: TonightView, page: Page): string[] {
  const { zone, date, duskMs, dawnMs, programme, rule, events, leftOut, photocellMin } = view;
  const time = (ms: WallMs): Message => columnTime(ms, page.timezone, FORM);
  const sun =
    duskMs === null || dawnMs === null
      ? msg`no dusk and dawn this night`
      : msg`dusk ${time(duskMs)}, dawn ${time(dawnMs)}, ${formatDuration(dawnMs - duskMs)}`;
  return [
    ...labelled(msg`Zone`, msg`${zone}, night of ${date}: ${sun}`, page),
    ...labelled(msg`Programme`, String(rule) === '' ? programme : msg`${programme}, by ${rule}`, page),
    ...(events.length === 0 ? [] : labelled(msg`Event`, events.join(', '), page)),
    ...leftOut.flatMap((step) =>
      labelled(
        msg`Left out`,
        msg`step ${step.name} would start after ${step.nextName} tonight; ${step.nextName} starts at ${time(step.atMs)} instead`,
        page,
      ),
    ),
    ...(photocellMin === null ? [] : labelled(msg`Photocell`, msg`may decide within ${photocellMin} min of dusk and dawn`, page)),
  ];
}

/** Returns the rows; `>` marks the one that is in force now. */
function rows(view: TonightView, page: Page): string[] {
  if (view.rows.length === 0) return [translated(msg`not lit: the sun does not go down far enough this night`, page)];
  const current = view.startMs <= page.atMs && page.atMs < view.endMs ? view.rows.findLast(({ atMs }) => atMs <= page.atMs) : undefined;
  const form = { ...FORM, hasSeconds: hasTwins(view.rows) };
  const cells = view.rows.map((row) => [
    row === current ? '>' : '',
    columnTime(row.atMs, page.timezone, form),
    formatLevels(row.minPct, row.maxPct),
    // A boost that does not raise the level is not shown.
    row.boostPct === null || row.boostPct <= row.minPct ? NOTHING : formatLevel(row.boostPct),
    translated(row.reason === 'day' ? msg`day: ${row.text}` : row.text, page),
  ]);
  const columns = [
    { title: NO_TEXT },
    { title: msg`Start` },
    { title: msg`Level`, align: 'right' },
    { title: msg`Presence`, align: 'right' },
    { title: msg`Why`, wraps: true },
  ] as const;
  return tableLines(columns, cells, page);
}

/** Returns true if two changes are within a minute, such as the warning before switch-off. */
function hasTwins(changes: readonly TonightRow[]): boolean {
  const minutes = changes.map(({ atMs }) => Math.floor(atMs / MINUTE_MS));
  return new Set(minutes).size < minutes.length;
}

/** Plots from the hour before the first change to the hour after the last. */
function plot(view: TonightView, page: Page): string[] {
  const [first, last] = [view.rows[0], view.rows.at(-1)];
  if (first === undefined || last === undefined) return [];
  const fromMs = Math.max(view.startMs, Math.floor(first.atMs / HOUR_MS) * HOUR_MS - HOUR_MS);
  const toMs = Math.min(view.endMs, Math.ceil(last.atMs / HOUR_MS) * HOUR_MS + HOUR_MS);
  const widthCols = Math.min(PLOT_COLS, page.widthCols);
  return plotLines(samples(view.rows, fromMs, toMs), { ...page, fromMs, toMs, decimals: 0, widthCols });
}

function samples(changes: readonly TonightRow[], fromMs: WallMs, toMs: WallMs): readonly Sample[] {
  const before = { atMs: fromMs, minPct: 0, maxPct: 0 };
  const all = [before, ...changes].map(({ atMs, minPct, maxPct }, i) => {
    const end = changes[i]?.atMs ?? toMs;
    return { fromMs: atMs, toMs: end, min: minPct, mean: (minPct + maxPct) / 2, max: maxPct };
  });
  return all.filter((sample) => sample.fromMs < sample.toMs);
}
