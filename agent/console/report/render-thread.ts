/** The thread that renders one report: its memory, with that of the translations, is free again afterwards. */
import { parentPort, workerData } from 'node:worker_threads';
import { withMessages } from '../../core/message-wire.ts';
import type { Report, ReportLayout } from '../../core/report.ts';
import { learn } from '../text/translate.ts';
import { renderReport } from './render-report.ts';

const { report, layout } = workerData as { readonly report: unknown; readonly layout: ReportLayout };
await learn(layout.language);
parentPort?.postMessage(renderReport(withMessages(report) as Report, layout.format, layout));
