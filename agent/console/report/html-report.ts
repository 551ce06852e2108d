/**
 * Renders a report as one HTML file: a summary on its first page, then its sections. It needs no script and no other file, and contains the
 * report as JSON for programs. Pure.
 */

import { msg, type Said } from '../../core/message.ts';
import { withTexts } from '../../core/message-wire.ts';
import type { Report, ReportPlot, ReportSection } from '../../core/report.ts';
import type { Language } from '../../core/words.ts';
import { figureCards, type HtmlPart, htmlFigure, htmlTable, htmlText } from './html-parts.ts';
import { reportStyle } from './html-style.ts';
import { cutTo, element, escaped } from './markup.ts';
import { instantText, periodText, type ReportPage, saidText } from './report-words.ts';

/**
 * Nothing is loaded or run, whatever a text of the report contains. Source: Content Security Policy Level 3. `data:` is for the empty icon,
 * without which a browser requests one.
 */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'";

/** Longer names would not fit the margin of a printed page. */
const NAME_LETTERS = 70;

/** Id of the element of the HTML document that contains the report as JSON. */
export const REPORT_DATA_ID = 'luciole-report';

/**
 * Yields a report as an HTML document, in pieces to be joined without a separator. It also contains the report as JSON. Shown times are in
 * the time zone of the report.
 */
export function* htmlPieces(report: Report, { language = 'en' }: ReportPage): Generator<string> {
  const lead = isOnePage(report) ? leadOf(report.sections) : null;
  yield `<!doctype html>\n<html lang="${language}">\n${head(report, language)}\n<body>\n<div class="sheet">\n<main>\n`;
  yield element('section', { class: isOnePage(report) ? 'first' : null, 'aria-labelledby': 'title' }, ...firstPage(report, lead, language));
  for (const [at, section] of report.sections.entries()) {
    yield* sectionPieces(section, { id: `s${at + 1}`, language, timezone: report.timezone }, lead);
  }
  yield `\n</main>\n${element('footer', {}, ...footer(report, language))}\n</div>\n`;
  yield `${dataBlock(report)}\n</body>\n</html>\n`;
}

function head({ cabinet, title, from, to, version }: Report, language: Language): string {
  const said = (text: Said): string => htmlText(saidText(text, language), language);
  const cabinetName = cutTo(`${cabinet.name} (${cabinet.id})`, NAME_LETTERS);
  const style = reportStyle({ cabinet: cabinetName, period: periodText(from, to, language), pageWord: saidText(msg`Page`, language) });
  return [
    '<head>',
    '<meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="${escaped(POLICY)}">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<meta name="generator" content="${escaped(`Luciole ${version}`)}">`,
    `<title>${said(title)} – ${said(cabinet.name)}</title>`,
    '<link rel="icon" href="data:,">',
    `<style>${style}</style>`,
    '</head>',
  ].join('\n');
}

/** A summary for a council is on a page of its own, with a plot; other reports go on below it. */
function isOnePage({ kind, sections }: Report): boolean {
  return (kind === 'month' || kind === 'savings') && sections.length > 0;
}

/** Returns the plot for the first page: the first bars; null for none. */
function leadOf(sections: readonly ReportSection[]): ReportPlot | null {
  return sections.flatMap(({ parts }) => parts.filter((part) => part.kind === 'bars'))[0] ?? null;
}

function firstPage(report: Report, lead: ReportPlot | null, language: Language): readonly string[] {
  const { cabinet, title, isTimeTrusted, figures, summary, sections } = report;
  const said = (text: Said): string => htmlText(saidText(text, language), language);
  return [
    element('p', { class: 'over' }, said(msg`Street lighting, cabinet ${cabinet.name}`)),
    element('h1', { id: 'title' }, said(title)),
    element('dl', { class: 'facts' }, ...facts(report, language)),
    ...(isTimeTrusted
      ? []
      : [
          element(
            'p',
            { class: 'caution' },
            `${element('strong', {}, said(msg`Caution`))} ${said(msg`The clock of the cabinet was not set when this report was made.`)}`,
          ),
        ]),
    figureCards(figures, language),
    ...(summary.length === 0 ? [] : [element('ul', { class: 'summary' }, ...summary.map((text) => element('li', {}, said(text))))]),
    ...(lead === null ? [] : [htmlFigure(lead, { id: 'lead', language, timezone: report.timezone })]),
    ...(sections.length < 2 ? [] : [contents(sections, language)]),
  ];
}

function facts({ cabinet, from, to, timezone, node, madeMs, by }: Report, language: Language): readonly string[] {
  const period = periodText(from, to, language);
  const rows: readonly (readonly [Said, string])[] = [
    [msg`Cabinet`, cabinet.name === cabinet.id || cabinet.name === '' ? cabinet.id : `${cabinet.name} (${cabinet.id})`],
    [from === to ? msg`Night` : msg`Nights`, period],
    [msg`Made`, instantText(madeMs, timezone, language)],
    [msg`By`, by],
    [msg`Platform`, node],
  ];
  const said = (text: Said): string => htmlText(saidText(text, language), language);
  return rows.flatMap(([name, text]) => (text === '' ? [] : [element('dt', {}, said(name)), element('dd', {}, htmlText(text, language))]));
}

function contents(sections: readonly ReportSection[], language: Language): string {
  const heading = element('h2', { id: 'contents' }, htmlText(saidText(msg`Contents`, language), language));
  const items = sections.map(({ title }, at) =>
    element('li', {}, element('a', { href: `#s${at + 1}` }, htmlText(saidText(title, language), language))),
  );
  return element('nav', { 'aria-labelledby': 'contents' }, heading, element('ol', {}, ...items));
}

function* sectionPieces({ title, notes, parts }: ReportSection, { id, ...place }: HtmlPart, lead: ReportPlot | null): Generator<string> {
  const said = (text: Said): string => htmlText(saidText(text, place.language), place.language);
  yield `\n<section aria-labelledby="${id}">${element('h2', { id }, said(title))}`;
  for (const note of notes) yield element('p', {}, said(note));
  for (const [at, part] of parts.entries()) {
    const inner = { ...place, id: `${id}-${at + 1}` };
    if (part === lead) yield element('p', {}, element('a', { href: '#lead' }, said(msg`The plot "${part.title}" is on the first page.`)));
    else yield part.kind === 'table' ? htmlTable(part, inner) : htmlFigure(part, inner);
  }
  yield '</section>';
}

function footer({ version, form, figures }: Report, language: Language): readonly string[] {
  const said = (text: Said): string => htmlText(saidText(text, language), language);
  const hasInterval = figures.some(({ half }) => half !== null);
  return [
    ...(hasInterval
      ? [element('p', {}, said(msg`± is half of the 90 % interval: in 9 of 10 such cases the true value is within it.`))]
      : []),
    element(
      'p',
      {},
      said(
        msg`Made by Luciole ${version}. This file contains the same values as JSON (${form}) for programs, and requests nothing from a network.`,
      ),
    ),
  ];
}

/**
 * Without "<", nothing in the data can end the element, and without controls of direction, the file itself reads as it is. Source: HTML,
 * "Restrictions for contents of script elements"; RFC 8259 section 7.
 */
function dataBlock(report: Report): string {
  const json = JSON.stringify(withTexts(report)).replace(/[<\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g, inEscape);
  return `<script type="application/json" id="${REPORT_DATA_ID}">${json}</script>`;
}

function inEscape(letter: string): string {
  return `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
