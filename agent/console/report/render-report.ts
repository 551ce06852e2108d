/** Renders a report as text, HTML, JSON or CSV. Load it when a report is requested. */
import { withTexts } from '../../core/message-wire.ts';
import type { Report, ReportFormat } from '../../core/report.ts';
import { csvPieces } from './csv-report.ts';
import { htmlPieces } from './html-report.ts';
import type { ReportPage } from './report-words.ts';
import { textPieces } from './text-report.ts';

/**
 * Returns a report in this form and in the language of the page, which must be loaded (`learn`). JSON has English texts with their
 * templates.
 *
 * Shape: ends with a line end. CSV begins with a byte order mark.
 */
export function renderReport(report: Report, format: ReportFormat, page: ReportPage): string {
  return [...reportPieces(report, format, page)].join('');
}

function* reportPieces(report: Report, format: ReportFormat, page: ReportPage): Generator<string> {
  switch (format) {
    case 'text':
      return yield* textPieces(report, page);
    case 'html':
      return yield* htmlPieces(report, page);
    case 'json':
      return yield `${JSON.stringify(withTexts(report))}\n`;
    case 'csv':
      return yield* csvPieces(report, page);
  }
}
