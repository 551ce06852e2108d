/** The process that renders one report: its memory, with that of the translations, is free again when it ends. */
import { withMessages } from '../../core/message-wire.ts';
import type { Report, ReportLayout } from '../../core/report.ts';
import { learn } from '../text/translate.ts';
import { renderReport } from './render-report.ts';

process.once('message', async ({ report, layout }: { readonly report: unknown; readonly layout: ReportLayout }) => {
  await learn(layout.language);
  process.send?.(renderReport(withMessages(report) as Report, layout.format, layout));
});
