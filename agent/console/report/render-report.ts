/** Renders a report as text, HTML, JSON or CSV. */

import { withTexts } from '../../core/message-wire.ts';
import type { Report } from '../../core/report.ts';
import type { Language } from '../../core/words.ts';
import { translate } from '../text/translate.ts';

/** How a report is laid out. */
export interface ReportPage {
  readonly widthCols: number;
  readonly language: Language;
  /** CSV has semicolons and decimal commas in every language. */
  readonly hasSemicolon: boolean;
}

/** Returns the report in this format. */
export function renderReport(report: Report, format: 'text' | 'html' | 'json' | 'csv', page: ReportPage): string {
  if (format === 'json') return `${JSON.stringify(withTexts(report))}\n`;
  const { language } = page;
  const lines = [
    translate(language, report.title),
    ...report.summary.map((said) => translate(language, said)),
    ...report.figures.map(({ label, value, unit }) => `${translate(language, label)} ${value} ${unit}`),
    ...report.sections.flatMap(({ title, notes }) => [translate(language, title), ...notes.map((note) => translate(language, note))]),
  ];
  if (format === 'text') return `${lines.join('\n')}\n`;
  if (format === 'csv') return `\ufeff${lines.join(page.hasSemicolon ? ';' : ',')}\r\n`;
  const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  const data = JSON.stringify(withTexts(report)).replaceAll('<', '\\u003c');
  return `<!doctype html>\n<html lang="${language}">\n<meta charset="utf-8">\n<title>${escaped(lines[0] ?? '')}</title>\n${lines
    .map((line) => `<p>${escaped(line)}</p>\n`)
    .join('')}<script type="application/json" id="report">${data}</script>\n</html>\n`;
}
