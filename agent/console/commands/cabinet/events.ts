/** `events`: shows faults and notices, when they began and whether they have ended. */

import { counted, type Message, msg } from '../../../core/message.ts';
import type { AgentEvent } from '../../../core/words.ts';
import { agentCommand, textArg } from '../../agent-command.ts';
import { formatDuration, parseDuration, type SpanLimits } from '../../text/duration.ts';
import { clockTime, formatLevel, NOTHING, type Page, since, stateWord, translated } from '../../text/page.ts';
import { wordOf } from '../../text/state-words.ts';
import { paragraph } from '../../text/text-lines.ts';
import { tableLines } from '../../text/text-table.ts';

/**
 * Shortest and longest period back from now for which events may be requested. Units: ms. Source: assumed; a season, longer than the store
 * keeps them in a bad one. Confirmed by: the oldest event in the stores of a year.
 */
export const EVENT_SPAN: SpanLimits = { minMs: 60_000, maxMs: 2_160 * 3_600_000 };
/** The default of the option `--since` of `events` and `events export`, as a person types it. */
export const USUAL_EVENT_SPAN = '24h';
/** Source: assumed; more than a person reads, acceptable on a slow line. Confirmed by: time to print 500 events at 9600 baud. */
const MAX_EVENTS = 500;

/**
 * `events`: answers with the newest stored events that began or ended in a period or have not ended, and with the open warnings and alarms.
 * With `--active` only with the latter.
 */
export const EVENTS = agentCommand({
  name: 'events',
  role: 'viewer',
  group: 'Look:',
  summary: msg`what went wrong, since when, and what is over`,
  options: [
    { name: 'active', value: null, summary: msg`only what is going on now, whenever it began` },
    { name: 'details', value: null, summary: msg`also the evidence of faults, and what to check with what` },
    { name: 'since', value: 'DURATION', summary: msg`how far back, 1m to 90d, as 30m, 24h or 7d (default: 24h)` },
  ],
  examples: ['luciole events', 'luciole events --active --details', 'luciole events --since 72h --json'],
  read: (args) => ({
    activeOnly: args['active'] === true,
    hasDetails: args['details'] === true,
    spanMs: parseDuration(args['since'] === undefined ? USUAL_EVENT_SPAN : textArg(args, 'since'), EVENT_SPAN),
  }),
  answer: (view, { activeOnly, spanMs }, { clock }): Promise<readonly AgentEvent[]> =>
    view.events({ sinceMs: clock.wallMs() - spanMs, activeOnly, limit: MAX_EVENTS }),
  render: (result, page, { activeOnly, hasDetails, spanMs }) =>
    renderEvents(result, page, { spanMs: activeOnly ? null : spanMs, hasDetails }),
});

/**
 * Renders `luciole events`. `spanMs`: the requested period, for the text; null if only active events were requested. `hasDetails`: show
 * more of each event, such as evidence and id. Units: ms.
 */
export function renderEvents(
  events: readonly AgentEvent[],
  page: Page,
  { spanMs, hasDetails = false }: { readonly spanMs: number | null; readonly hasDetails?: boolean },
): string {
  if (events.length === 0)
    return translated(spanMs === null ? msg`no events going on now` : msg`no events in the last ${formatDuration(spanMs)}`, page);
  const rows = events.map((event) => [
    clockTime(event.startMs, page),
    stateWord(event.severity, page),
    lasted(event, page),
    event.source,
    [eventText(event, page), ...handlingLines(event, page), ...detailLines(event, page, hasDetails)].join('\n'),
  ]);
  const columns = [
    { title: msg`Began` },
    { title: msg`Severity` },
    { title: msg`Lasted`, align: 'right' },
    { title: msg`About`, maxCols: 16 },
    { title: msg`What`, wraps: true },
  ] as const;
  const cut = msg`these are the newest: \`luciole events export\` with the same --since has all`;
  const isCut = spanMs !== null && events.length >= MAX_EVENTS;
  return [
    ...tableLines(columns, rows, page),
    '',
    translated(sumOf(events, spanMs), page),
    ...(isCut ? paragraph(translated(cut, page), page) : []),
  ].join('\n');
}

/** Returns who has acknowledged an event, and whether maintenance suppressed it. */
function handlingLines({ acknowledged, suppressed }: AgentEvent, page: Page): readonly string[] {
  const lines: Message[] = [];
  if (acknowledged !== undefined) {
    const { by, atMs, note } = acknowledged;
    const who = msg`acknowledged by ${by} at ${clockTime(atMs, page)}`;
    lines.push(note === '' ? who : msg`${who}: ${note}`);
  }
  if (suppressed !== undefined) {
    const { untilMs } = suppressed;
    lines.push(
      untilMs === null ? msg`suppressed by maintenance: no alarm` : msg`suppressed by maintenance until ${clockTime(untilMs, page)}`,
    );
  }
  return lines.map((line) => translated(line, page));
}

/** Returns the lines below the text of an event in its column; none for an event without details. */
function detailLines(event: AgentEvent, page: Page, hasDetails: boolean): readonly string[] {
  const { id, check, urgency, evidence, talq, endMs, severity } = event;
  const what = check === undefined ? [] : [msg`check: ${check.what}`];
  if (!hasDetails) return endMs === null ? what.map((line) => translated(line, page)) : [];
  return [
    ...(evidence === undefined ? [] : [msg`evidence: ${evidence.text}`]),
    ...(evidence?.readings ?? []).map(
      ({ pointId, value, unit, atMs }) =>
        msg`${pointId} ${value === null ? NOTHING : `${value} ${unit}`.trim()} at ${clockTime(atMs, page)}`,
    ),
    ...(evidence?.decisions ?? []).map(
      ({ lampId, levelPct, reason, sinceMs }) =>
        msg`${lampId} in force ${formatLevel(levelPct)} since ${clockTime(sinceMs, page)}: ${wordOf(reason)}`,
    ),
    ...what,
    ...(check === undefined ? [] : [msg`where: ${check.where}`, msg`with: ${check.tool}`]),
    ...(urgency === undefined ? [] : [urgency === 'urgent' ? msg`urgent: tonight` : msg`deferred: with the next planned work`]),
    ...(talq === undefined ? [] : [msg`TALQ event: ${talq}`]),
    ...(severity === 'info' ? [] : [msg`id: ${id}`]),
  ].map((line) => translated(line, page));
}

function sumOf(events: readonly AgentEvent[], spanMs: number | null): Message {
  const number = events.length;
  if (spanMs === null) return counted(number, msg`${number} event going on now`, msg`${number} events going on now`);
  const [span, active] = [formatDuration(spanMs), events.filter(({ endMs }) => endMs === null).length];
  return counted(
    number,
    msg`${number} event in the last ${span}, ${active} not over`,
    msg`${number} events in the last ${span}, ${active} not over`,
  );
}

/** Separators after the name that a sentence is about, in English and French. */
const JOINTS = [': ', ' : '];

/**
 * Returns the text of an event in the language of the page. The name of its source, which has its own column, is left out at the start of
 * the text, or with a colon after it.
 */
export function eventText({ source, text }: Pick<AgentEvent, 'source' | 'text'>, page: Pick<Page, 'language'>): string {
  const sentence = translated(text, page);
  for (const joint of JOINTS) {
    const at = sentence.indexOf(source + joint);
    // Remove it only as a whole word: at the end of a path it is part of the file name.
    if (at === 0 || sentence[at - 1] === ' ') return sentence.slice(0, at) + sentence.slice(at + source.length + joint.length);
  }
  return sentence.startsWith(`${source} `) ? sentence.slice(source.length + 1) : sentence;
}

/** Returns the duration: empty for a notice, the time so far and `+` for an active event. */
function lasted({ startMs, endMs }: AgentEvent, page: Page): string {
  if (endMs === null) return `${since(startMs, page)} +`;
  return endMs === startMs ? NOTHING : translated(formatDuration(endMs - startMs), page);
}
