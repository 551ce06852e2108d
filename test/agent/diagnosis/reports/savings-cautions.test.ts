/** What must be checked before a proven saving is used stands where the saving is stated, in each form and language. */
import t from 'tap';
import { renderReport } from '../../../../agent/console/report/render-report.ts';
import { learn } from '../../../../agent/console/text/translate.ts';
import type { Report, ReportFormat } from '../../../../agent/core/report.ts';
import type { SavingsResult } from '../../../../agent/core/savings-view.ts';
import { monthReport, savingsReport } from '../../../../agent/diagnosis/reports/night-reports.ts';
import { frozenBaseline } from '../../../../agent/diagnosis/savings/frozen-baseline.ts';
import { savingsResult } from '../../../../agent/diagnosis/savings/savings-figures.ts';
import { simulatedCabinet } from '../../../../bench/savings/simulated-site.ts';
import { markupText, readMarkup } from '../../../support/read-markup.ts';
import { fullReport } from '../../../support/sample-reports.ts';
import { factsOf, nightTally } from './report-scene.ts';

await learn('fr');

const FROM = '2026-12-01';
const BAND_WH = [4, 0, 0, 0, 0, 1_000, 0, 0, 0, 0, 0];
const FIT = { otherW: 20, leastOtherW: 20, litShare: 0, nights: 20, cvPct: 0.3, nmbePct: 0, standardErrorPct: 0.1 };

/** The saving of one night in which the meter counted this energy, and this load by day. */
function resultOf(measuredWh: number, darkW: number, lost = { darkWh: 0, silentWh: 0 }): SavingsResult {
  const fromMs = Date.parse(`${FROM}T11:00Z`);
  const meters = { M1: { startWh: 0, endWh: measuredWh, measuredWh, gaps: [], modelWh: null, darkW } };
  const fit = { ...FIT, factors: BAND_WH.map((_, band) => (band === 0 ? 0 : 1)) };
  const baseline = frozenBaseline({
    ...{ cabinet: simulatedCabinet([100, 100]), from: FROM, meters: [{ id: 'M1', profile: 'p', serial: '', classPct: 1 }] },
    ...{ fit, otherW: 20, tolerancePct: 10 },
  });
  const entry = { n: 1, hash: '', atMs: 0, by: 'x', from: FROM, to: null, about: [], effect: { kind: 'none' }, note: '' } as const;
  const night = { date: FROM, fromMs, toMs: fromMs + 86_400_000, meters, zoneWh: { street: 1_004 }, bandWh: BAND_WH, lost };
  const result = savingsResult([{ ...entry, cause: 'baseline', baseline }], [night], { from: FROM, to: FROM });
  if (result === null) throw new Error('a result');
  return result;
}

function reportsOf(savings: SavingsResult): readonly Report[] {
  const contents = [savingsReport(savings, String), monthReport(factsOf([nightTally()], { savings }))];
  return contents.map((content) => ({ ...fullReport('month'), ...content, sections: content.sections.map((make) => make()) }));
}

function textOf(report: Report, format: ReportFormat, language: 'en' | 'fr'): string {
  const text = renderReport(report, format, { widthCols: 100, language });
  return (format === 'html' ? markupText(readMarkup(text)) : text).replace(/\s+/g, ' ');
}

const doubts: [story: string, savings: SavingsResult, en: RegExp, fr: RegExp][] = [
  [
    'lamps dark by a fault',
    resultOf(980, 20, { darkWh: 500, silentWh: 0 }),
    /Caution: 0.5 kWh were saved only because lamps were dark by a fault: enter an outage/,
    /Attention : 0,5 kWh /,
  ],
  ['another load by day', resultOf(2_440, 60), /Caution: the other load is not that of the reference: find out/, /Attention : /],
  [
    'a meter that counts too little',
    resultOf(700, 20),
    /Caution: the meter counted 0.7 kWh where the lamps should use 1.48 kWh: check the meter/,
    /Attention : le compteur [^.]* 0,7 kWh .* 1,48 kWh/,
  ],
];

for (const [story, savings, en, fr] of doubts)
  t.test(`${story}: reports of a saving and of a month say what to check`, async (t) => {
    for (const report of reportsOf(savings)) {
      t.match(String(report.summary), en);
      t.match(String(report.sections.find(({ id }) => id === 'saving' || id === 'energy')?.notes), en);
      for (const format of ['text', 'html'] as const) {
        t.match(textOf(report, format, 'en'), en, format);
        t.match(textOf(report, format, 'fr'), fr, format);
      }
    }
  });

t.test('without a doubt there is no caution', async (t) => {
  for (const report of reportsOf(resultOf(1_480, 20))) t.notMatch(textOf(report, 'text', 'en'), /Caution/);
});

t.test('the parts of the interval are those of its sum', async (t) => {
  const [report] = reportsOf(resultOf(700, 20));
  const [table] = report?.sections.find(({ id }) => id === 'interval')?.parts ?? [];
  if (table?.kind !== 'table') throw new Error('a table');
  const halves = table.rows.map(([, half]) => Number(half));
  t.ok(Math.abs(Math.hypot(...halves.slice(0, -1)) - (halves.at(-1) ?? 0)) < 0.02, `${halves}`);
  t.match(String(table.rows.at(-2)?.[0]), 'unexplained');
});
