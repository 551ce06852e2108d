/** Renders events as rows for work orders: CSV or JSON, with the same fields. Pure. */
import type { EventPlace } from '../../../core/alarm-tools.ts';
import type { WallMs } from '../../../core/clock.ts';
import type { Said } from '../../../core/message.ts';
import type { AgentEvent } from '../../../core/words.ts';
import { type Page, translated } from '../../text/page.ts';
import { csvLine, csvText } from '../../text/text-table.ts';

/** An event with its place on the street, such as its lamps, pole and zone; what does not apply or is unknown is null. */
export type PlacedEvent = AgentEvent & { readonly place: EventPlace };

/** The form of the output. `separator`: between the fields of CSV; it has no effect on JSON. */
export interface WorkOrderForm {
  readonly format: 'csv' | 'json';
  readonly separator: ',' | ';';
}

/** Only for the titles. */
const EMPTY = {
  code: 'lamp-out',
  source: '',
  severity: 'alarm',
  id: '',
  text: '',
  startMs: 0,
  endMs: null,
  place: {},
} as unknown as PlacedEvent;

/**
 * Renders the events as CSV with a title line, or as a JSON list. Messages are in the language of the page, titles in English. Times are
 * in UTC, as ISO 8601.
 */
export function renderWorkOrders(events: readonly PlacedEvent[], page: Page, { format, separator }: WorkOrderForm): string {
  const rows = events.map((event) => rowOf(event, page));
  if (format === 'json') return JSON.stringify(rows);
  const titles = Object.keys(rowOf(EMPTY, page));
  const lines = rows.map((row) => Object.values(row).map((value) => (typeof value === 'string' ? csvText(value) : value)));
  return [titles, ...lines].map((fields) => csvLine(fields, separator)).join('\n');
}

function rowOf(event: PlacedEvent, page: Page) {
  const { id, code, talq, source, severity, urgency, text, startMs, endMs, check, evidence, acknowledged, suppressed } = event;
  const { lamp, pole, atM, zone, street } = event.place;
  const said = (message: Said | undefined): string => (message === undefined ? '' : translated(message, page));
  return {
    id,
    event: code,
    talq: talq ?? '',
    start: utc(startMs),
    end: endMs === null ? '' : utc(endMs),
    severity,
    urgency: urgency ?? '',
    about: source,
    lamp: lamp ?? '',
    pole: pole ?? '',
    position_m: atM ?? null,
    zone: zone ?? '',
    street: street ?? '',
    text: said(text),
    check: said(check?.what),
    where: said(check?.where),
    tool: said(check?.tool),
    evidence: evidenceText(evidence, said),
    acknowledged_by: acknowledged?.by ?? '',
    acknowledged_at: acknowledged === undefined ? '' : utc(acknowledged.atMs),
    note: acknowledged?.note ?? '',
    suppressed: suppressed === undefined ? 'no' : suppressed.untilMs === null ? 'yes' : `until ${utc(suppressed.untilMs)}`,
  };
}

function evidenceText(evidence: AgentEvent['evidence'], said: (message: Said) => string): string {
  if (evidence === undefined) return '';
  const readings = evidence.readings.map(({ pointId, value, unit, atMs }) =>
    [pointId, value ?? '-', unit, utc(atMs)].filter((part) => part !== '').join(' '),
  );
  const decisions = evidence.decisions.map(({ lampId, levelPct, reason, sinceMs }) => `${lampId} ${levelPct} % ${reason} ${utc(sinceMs)}`);
  return [said(evidence.text), ...readings, ...decisions].join(' | ');
}

/** Empty for a time that no calendar has. */
function utc(ms: WallMs): string {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? '' : date.toISOString();
}
