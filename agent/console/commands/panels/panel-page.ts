/** Renders panels: what each shows and why, and how a command for a panel ended. Pure. */

import type { WallMs } from '../../../core/clock.ts';
import { type Message, msg, NO_TEXT, type Said } from '../../../core/message.ts';
import type { PanelView, TextLine } from '../../../core/panel-tools.ts';
import type { Outcome } from '../../../core/words.ts';
import { formatDuration } from '../../text/duration.ts';
import { since as ago, clockTime, NOTHING, type Page, stateWord, translated } from '../../text/page.ts';
import { wordOf } from '../../text/state-words.ts';
import { labelled } from '../../text/text-lines.ts';
import { tableLines } from '../../text/text-table.ts';

const TITLES = [
  { title: msg`Panel`, maxCols: 16 },
  { title: msg`State` },
  { title: msg`Rank` },
  { title: msg`Until` },
  { title: msg`Text`, wraps: true },
] as const;

/** Renders the panels as a table of their states and texts; a single panel as `renderWhyPanel` does. A sentence if there is none. */
export function renderPanels(views: readonly PanelView[], page: Page): string {
  const [first, ...others] = views;
  if (first === undefined) return translated(msg`this cabinet has no panel; see docs/panels.md`, page);
  if (others.length === 0) return renderWhyPanel(first, page);
  const rows = views.map((view) => [
    view.id,
    stateWord(view.state, page),
    wordOf(view.rank),
    view.untilMs === null ? NOTHING : clockTime(view.untilMs, page),
    view.text,
  ]);
  return tableLines(TITLES, rows, page).join('\n');
}

/** Renders the text that was decided for a panel, its fitted lines, whether the device shows it, and the trace of the decision. */
export function renderWhyPanel(view: PanelView, page: Page): string {
  const row = (label: Message, text: Said): string[] => labelled(label, text, page);
  const lines = view.lines.map((line) => `[${line}]`).join(' ');
  const state = String(view.trouble) === '' ? msg`${stateWord(view.state, page)}` : msg`${stateWord(view.state, page)}: ${view.trouble}`;
  return [
    ...row(msg`Panel`, msg`${view.id}, device ${view.device}`),
    ...row(msg`Text`, view.text),
    ...row(msg`Since`, msg`${clockTime(view.sinceMs, page)} (${ago(view.sinceMs, page)})`),
    ...(view.untilMs === null ? [] : row(msg`Until`, until(view.untilMs, page))),
    ...row(msg`Lines`, lines),
    ...(String(view.fitted) === '' ? [] : row(msg`Fitted`, view.fitted)),
    ...row(msg`State`, state),
    ...row(msg`Because`, msg`${wordOf(view.rank)} (${view.source})`),
    '',
    ...traceLines(view.trace, page),
  ].join('\n');
}

/**
 * Renders the outcome of `panel set` or `panel clear`: the panel, the state and the reason. `isSaved` false: also that the outcome is in
 * force but not on disk.
 */
export function renderPanelOutcome({ target, state, reason, isSaved }: Outcome, page: Page): string {
  const how = stateWord(state, page);
  const text = String(reason) === '' ? msg`panel ${target.id}: ${how}` : msg`panel ${target.id}: ${how}: ${reason}`;
  const unsaved = msg`in force until the agent stops, but not saved: check the disk of store.dir`;
  return [...labelled(msg`Outcome`, text, page), ...(isSaved === false ? labelled(msg`But`, unsaved, page) : [])].join('\n');
}

function traceLines(trace: readonly TextLine[], page: Page): string[] {
  const rows = trace.map(({ rank, source, text, applied, why, untilMs }) => [
    applied ? '>' : '',
    wordOf(rank),
    source === '' ? NOTHING : source,
    untilMs === null ? why : msg`${why} (${until(untilMs, page)})`,
    text ?? NOTHING,
  ]);
  const columns = [
    { title: NO_TEXT },
    { title: msg`Rank` },
    { title: msg`Source`, maxCols: 16 },
    { title: msg`Reason`, maxCols: 30 },
    { title: msg`Text`, wraps: true },
  ] as const;
  return tableLines(columns, rows, page);
}

function until(untilMs: WallMs, page: Page): Message {
  return untilMs > page.atMs ? msg`until ${clockTime(untilMs, page)}, in ${formatDuration(untilMs - page.atMs)}` : msg`over`;
}
