/** Makes the reports of a cabinet from what the agent has stored. */
import type { AcceptanceReport, AcceptanceTools } from '../../core/acceptance.ts';
import { isTrusted } from '../../core/clock.ts';
import { Refusal } from '../../core/refusal.ts';
import type { Report, ReportAnswer, ReportQuery, ReportSection, ReportSource } from '../../core/report.ts';
import { createLocalCalendar, type LocalCalendar } from '../../lighting/local-time.ts';
import { nightAt } from '../energy-count.ts';
import { Pauses, WorkAborted } from '../pauses.ts';
import { commissionReport } from './commission-report.ts';
import { type FactSources, FactsReader, localTimeText } from './facts-reader.ts';
import { monthReport, nightReport, type ReportContent, savingsReport } from './night-reports.ts';
import { isNightDate } from './report-nights.ts';

/** What reports require. `version`: the version of the agent, which each report names. */
export interface ReportParts extends FactSources {
  readonly version: string;
  /** For the kind `commission` only. */
  readonly acceptance: Pick<AcceptanceTools, 'report'>;
}

type Unmade = Extract<ReportAnswer, { ok: false }>;

const NO_DATA: Unmade = { ok: false, why: 'no-data' };
const DISK: Unmade = { ok: false, why: 'disk' };
const NO_SOURCE: ReportSource = { savings: null, acceptance: null };

/** A report without its head, or why there is none. `from` and `to` null: it is not about nights. */
type Made =
  | Unmade
  | { readonly ok: true; readonly content: ReportContent; readonly source: ReportSource; readonly dates: Pick<Report, 'from' | 'to'> };

/**
 * Returns the function that makes a report. If the clock is trusted, nights after the running one are left out. The kind `night` with
 * several nights gives the content of a range. After an abort, the next pause between two steps ends the work with `aborted`.
 */
export function createReports(parts: ReportParts): (query: ReportQuery, signal: AbortSignal) => Promise<ReportAnswer> {
  return async (query, signal) => {
    try {
      const calendar = createLocalCalendar(parts.cabinet().timezone);
      const pauses = new Pauses(signal);
      await pauses.due();
      const made = query.kind === 'commission' ? await commissioned(parts, calendar) : await ofNights(parts, query, calendar, pauses);
      if (!made.ok) return made;
      const sections: ReportSection[] = [];
      for (const section of made.content.sections) {
        sections.push(section());
        await pauses.due();
      }
      return { ok: true, report: { ...headOf(parts, query), ...made.content, ...made.dates, sections, source: made.source } };
    } catch (error) {
      if (error instanceof WorkAborted) return { ok: false, why: 'aborted' };
      throw error;
    }
  };
}

function headOf({ cabinet, clock, version }: ReportParts, { kind, by }: ReportQuery) {
  const { id, name, uplink, timezone } = cabinet();
  return {
    ...({ form: 'luciole-report-1', kind, cabinet: { id, name }, node: uplink?.node ?? '', timezone, version, by } as const),
    ...{ madeMs: clock.wallMs(), isTimeTrusted: isTrusted(clock.quality()) },
  };
}

async function commissioned({ acceptance: tools, cabinet }: ReportParts, calendar: LocalCalendar): Promise<Made> {
  const acceptance = await reportOrNull(tools);
  if (acceptance === null) return DISK;
  const content = commissionReport(acceptance, cabinet(), (atMs) => localTimeText(calendar, atMs));
  return { ok: true, content, source: { ...NO_SOURCE, acceptance }, dates: { from: null, to: null } };
}

/** The results so far cannot be read while the disk does not answer. */
async function reportOrNull(tools: ReportParts['acceptance']): Promise<AcceptanceReport | null> {
  try {
    return await tools.report();
  } catch (error) {
    if (error instanceof Refusal) return null;
    throw error;
  }
}

async function ofNights(parts: ReportParts, query: ReportQuery, calendar: LocalCalendar, pauses: Pauses): Promise<Made> {
  const { clock, savings } = parts;
  const today = nightAt(calendar, clock.wallMs());
  const { from } = query;
  const to = isTrusted(clock.quality()) && query.to > today ? today : query.to;
  if (!isNightDate(from) || !isNightDate(to) || from > to) return NO_DATA;
  if (query.kind === 'savings') {
    const answer = await savings.result(from, to);
    if (!answer.ok) return answer;
    const result = answer.value;
    const content = savingsReport(result, (atMs) => localTimeText(calendar, atMs));
    return { ok: true, content, source: { ...NO_SOURCE, savings: result }, dates: { from: result.from, to: result.to } };
  }
  // One night has a page of its own; several are a range.
  const isNight = query.kind === 'night' && from === to;
  const facts = await new FactsReader(parts, calendar, pauses).read(from, to);
  if (facts === undefined) return DISK;
  if (facts.nights.counted === 0 && facts.savings === null) return NO_DATA;
  await pauses.due();
  const content = isNight ? nightReport(facts) : monthReport(facts);
  return { ok: true, content, source: { ...NO_SOURCE, savings: facts.savings }, dates: { from, to } };
}
