/** A program for a process with few file descriptors: it takes all of them, requests a report and a check, and prints both answers as JSON. */
import { openSync } from 'node:fs';
import { editInChild } from '../../agent/config/revisions/check-in-child.ts';
import { renderInChild } from '../../agent/console/report/render-in-child.ts';
import { createManualClock } from '../../agent/core/manual-clock.ts';
import { smallReport } from './small-report.ts';

const layout = { format: 'html', language: 'en', hasSemicolons: false, widthCols: 80 } as const;
const report = smallReport();
console.log('ready');
takeAll();
const rendered = await renderInChild(report, layout, new AbortController().signal).catch((error: unknown) => String(error));
const edited = await editInChild({ folder: '/', path: 'name', value: 'x' } as never, createManualClock(0));
console.log(JSON.stringify({ rendered, edited: String('reason' in edited ? edited.reason : '') }));

function takeAll(): void {
  try {
    for (;;) openSync('/dev/null', 'r');
  } catch {
    // None is left.
  }
}
