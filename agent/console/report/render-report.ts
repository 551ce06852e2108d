/** Renders a report as text, HTML, JSON or CSV. Pure; load it when a report is requested. */
import { withTexts } from '../../core/message-wire.ts';
import type { Report } from '../../core/report.ts';
import { reportCsv } from './csv-report.ts';
import { reportHtml } from './html-report.ts';
import type { ReportFormat } from './report-formats.ts';
import type { ReportPage } from './report-words.ts';
import { reportText } from './text-report.ts';

/**
 * Returns a report in this form and in the language of the page, which must be loaded (`learn`). JSON has English texts with their templates.
 *
 * Shape: ends with a line end. CSV begins with a byte order mark.
 */
export function renderReport(report: Report, format: ReportFormat, page: ReportPage): string {
  switch (format) {
    case 'text':
      return reportText(report, page);
    case 'html':
      return reportHtml(report, page);
    case 'json':
      return `${JSON.stringify(withTexts(report))}\n`;
    case 'csv':
      return reportCsv(report, page);
  }
}
