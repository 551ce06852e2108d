/** Reports in a real browser; skipped where no Chromium is installed. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { renderReport } from '../../../../agent/console/report/render-report.ts';
import { learn } from '../../../../agent/console/text/translate.ts';
import { msg } from '../../../../agent/core/message.ts';
import type { Report } from '../../../../agent/core/report.ts';
import { Browser, findBrowser } from '../../../support/browser.ts';
import { emptyReport, fullReport } from '../../../support/sample-reports.ts';

await learn('fr');

const program = findBrowser();
const ATTACK = `</script></style></title><script>alert(1)</script><img src="http://x.invalid/" onerror="alert(1)">${'w'.repeat(200)}`;

/** Texts whose colour is too near to that of the white paper. Source: WCAG 2.2, 1.4.3, contrast of 4.5:1. */
const PALE = `[...document.querySelectorAll('body *')].filter((each) => {
  if (each.closest('svg') || ![...each.childNodes].some((node) => node.nodeType === 3 && node.data.trim())) return false;
  const parts = getComputedStyle(each).color.match(/[\\d.]+/g).slice(0, 3).map((part) => part / 255);
  const [r, g, b] = parts.map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
  return 1.05 / (0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05) < 4.5;
}).map((each) => each.outerHTML)`;
const SIZE =
  '({ hasRoom: document.documentElement.scrollWidth <= innerWidth, scripts: document.scripts.length, images: document.images.length })';
const SHOWN = '[...document.querySelectorAll("svg")].filter((each) => each.getBoundingClientRect().width > 0).length';

function attacked(): Report {
  const report = fullReport('month');
  const text = msg`${ATTACK}`;
  return {
    ...report,
    cabinet: { id: ATTACK, name: ATTACK },
    title: text,
    by: ATTACK,
    summary: [text],
    sections: report.sections.map((section) => ({ ...section, title: text, notes: [text] })),
  };
}

t.test('reports in a browser', { skip: program === null && 'no Chromium is installed' }, async (t) => {
  const browser = await Browser.start(program ?? '');
  t.teardown(() => browser.close());
  const path = join(t.testdir({}), 'report.html');
  const reports = [
    ...(['night', 'month', 'commission'] as const).map((kind) => [`full ${kind}`, fullReport(kind, 'fr')] as const),
    ['empty month', emptyReport('month')] as const,
    ['attacked month', attacked()] as const,
  ];
  for (const [name, report] of reports) {
    writeFileSync(path, renderReport(report, 'html', { language: 'fr', widthCols: 80 }));
    for (const width of [1280, 390]) {
      await browser.open(path, { width, height: 900, mobile: width < 500 });
      t.strictSame(
        await browser.evaluate(SIZE),
        { hasRoom: true, scripts: 1, images: 0 },
        `${name} at ${width} px does not scroll to the side`,
      );
      t.strictSame(browser.console, [], `${name} prints nothing on the console`);
      t.strictSame(browser.requests.length, 1, `${name} requests nothing but itself`);
      t.equal(
        await browser.evaluate(SHOWN),
        await browser.evaluate('document.querySelectorAll("figure").length'),
        'each plot is shown once',
      );
    }
    t.strictSame(await browser.evaluate(PALE), [], `each text of ${name} can be read`);
    const pages = (await browser.pdf()).toString('latin1').match(/\/Type \/Page\b/g)?.length ?? 0;
    t.ok(pages >= 1 && pages < 12, `${name}: ${pages} pages of paper`);
  }
});
