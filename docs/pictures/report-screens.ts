/** Takes a picture of the first page of a sample report in a browser. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { renderReport } from '../../agent/console/report/render-report.ts';
import { Browser, findBrowser } from '../../test/support/browser.ts';
import { fullReport } from '../../test/support/sample-reports.ts';

/** Writes the picture into this folder. Errors: rejects if no Chromium is installed. */
export async function takeReportScreens(folder: string): Promise<void> {
  const program = findBrowser();
  if (program === null) throw new Error('no Chromium is installed');
  const own = mkdtempSync(join(tmpdir(), 'luciole-pictures-'));
  const browser = await Browser.start(program);
  try {
    const path = join(own, 'report.html');
    writeFileSync(path, renderReport(fullReport('month'), 'html', { language: 'en', widthCols: 80 }));
    await browser.open(path, { width: 960, height: 900, mobile: false });
    writeFileSync(join(folder, 'report-month.png'), await browser.picture({ x: 0, y: 0, width: 960, height: 1_180 }));
  } finally {
    await browser.close();
    rmSync(own, { recursive: true, force: true });
  }
}
