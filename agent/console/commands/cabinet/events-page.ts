/** Renders `luciole events`: the newest last, so that it is next to the prompt. Pure. */
import type { AgentEvent } from '../../../core/words.ts';
import { formatDuration } from '../../text/duration.ts';
import { clockTime, count, NOTHING, type Page, since, stateWord, translated } from '../../text/page.ts';
import { tableLines } from '../../text/text-table.ts';

/** `spanMs` is how far back was asked; null for what goes on now. Units: ms. */
export function renderEvents(events: readonly AgentEvent[], page: Page, spanMs: number | null): string {
  const where = spanMs === null ? 'going on now' : `in the last ${formatDuration(spanMs)}`;
  if (events.length === 0) return translated(`no events ${where}`, page);
  const rows = events.map((event) => [
    clockTime(event.startMs, page),
    stateWord(event.severity, page),
    lasted(event, page),
    event.source,
    eventText(event, page),
  ]);
  const columns = [
    { title: 'Began' },
    { title: 'Severity' },
    { title: 'Lasted', align: 'right' },
    { title: 'About', maxCols: 16 },
    { title: 'What', wraps: true },
  ] as const;
  const active = events.filter(({ endMs }) => endMs === null).length;
  const sum = `${count(events.length, 'event')} ${where}${spanMs === null ? '' : `, ${active} not over`}`;
  return [...tableLines(columns, rows, page), '', translated(sum, page)].join('\n');
}

/** The text of an event without its source, which is in the column next to it. It is translated as a whole, then shortened. */
export function eventText({ source, text }: Pick<AgentEvent, 'source' | 'text'>, page: Pick<Page, 'language'>): string {
  const sentence = translated(text.replace(`${source}: `, ''), page);
  return sentence.startsWith(`${source} `) ? sentence.slice(source.length + 1) : sentence;
}

/** How long it lasted: nothing for a notice, the time so far and `+` for an event that has not ended. */
function lasted({ startMs, endMs }: AgentEvent, page: Page): string {
  if (endMs === null) return `${since(startMs, page)} +`;
  return endMs === startMs ? NOTHING : translated(formatDuration(endMs - startMs), page);
}
