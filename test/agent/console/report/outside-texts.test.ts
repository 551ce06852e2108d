import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import t from 'tap';
import { escaped } from '../../../../agent/console/report/markup.ts';
import { renderReport } from '../../../../agent/console/report/render-report.ts';
import { msg } from '../../../../agent/core/message.ts';
import type { Report, ReportSection } from '../../../../agent/core/report.ts';
import { elementsOf, type MarkupElement, markupText, readMarkup } from '../../../support/read-markup.ts';
import { fullReport } from '../../../support/sample-reports.ts';

/** Returns the report with this text wherever a text comes from a person, a file or a device. */
function withText(report: Report, text: string): Report {
  const message = msg`${text} ${1.5}`;
  const part = (given: ReportSection['parts'][number]): ReportSection['parts'][number] => {
    const renamed = JSON.parse(JSON.stringify(given), (key, value: unknown) =>
      key === 'kind' || typeof value !== 'string' ? (isMessage(value) ? message : value) : text,
    ) as ReportSection['parts'][number];
    return renamed;
  };
  return {
    ...report,
    cabinet: { id: text, name: text },
    node: text,
    by: text,
    version: text,
    title: message,
    from: text,
    to: text,
    figures: report.figures.map((figure) => ({ ...figure, id: text, label: message, unit: text, note: message })),
    summary: [message],
    sections: report.sections.map((section) => ({ id: text, title: message, notes: [message], parts: section.parts.map(part) })),
  };
}

function isMessage(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'id' in value && 'args' in value;
}

/** What a reader of the HTML could be harmed by: names of elements, and of their attributes. */
function shapeOf(root: MarkupElement): readonly string[] {
  return [
    ...new Set(elementsOf(root).flatMap(({ name, attributes }) => [name, ...Object.keys(attributes).map((key) => `${name} ${key}`)])),
  ].sort();
}

const ATTACKS = [
  '</script><script>alert(1)</script>',
  '<img src=x onerror=alert(1)>',
  '"><svg onload=alert(1)>',
  "' onmouseover='alert(1)",
  '</style><style>@import "//evil"</style>',
  '<!-- <script>',
  ']]>',
  '&lt;b&gt; &amp; &#39;',
  '\u202egnp.exe \u2067 x',
  'שלום עולם',
  '\u0000\u0007\ud800 end',
  '\\22 } * { display: none',
  '{0} {{1}}',
  '=HYPERLINK("x")',
  'line\r\nbreak\ttab',
  'M'.repeat(200),
  '',
];

/** It has all kinds of parts, and is short. */
const REPORT: Report = {
  ...fullReport('month'),
  sections: [
    ...fullReport('night').sections.slice(0, 2),
    ...fullReport('month').sections.slice(0, 1),
    ...fullReport('month').sections.slice(2, 3),
  ],
};
const EXPECTED = readMarkup(renderReport(REPORT, 'html', { widthCols: 80 }));
const allowed = shapeOf(EXPECTED);

for (const attack of ATTACKS) {
  t.test(`a name such as ${JSON.stringify(attack.slice(0, 40))} stays a text in each form`, async (t) => {
    check(t, withText(REPORT, attack), attack);
  });
}

/** A control character, or one that sets the direction of text until another one. */
function isHidden(letter: string): boolean {
  const code = letter.codePointAt(0) ?? 0;
  return (code < 0x20 && !'\n\r\t'.includes(letter)) || (code > 0x7e && code < 0xa0) || (code > 0x2029 && code < 0x202f);
}

/** The style without the content of its strings. */
function withoutStrings(root: MarkupElement): string {
  return elementsOf(root, 'style')
    .map(markupText)
    .join()
    .replace(/"(?:[^"\\\n]|\\[0-9a-f]+ )*"/g, '""');
}

/** The part of a test that checks. */
type Checks = Pick<typeof t, 'ok' | 'notOk' | 'equal' | 'strictSame' | 'notMatch'>;

function check(t: Checks, report: Report, text: string): void {
  const html = renderReport(report, 'html', { widthCols: 80 });
  const root = readMarkup(html);
  t.strictSame(
    shapeOf(root).filter((name) => !allowed.includes(name)),
    [],
    'no other element or attribute',
  );
  t.equal(elementsOf(root, 'script').length, 1);
  t.ok(html.isWellFormed());
  t.strictSame([...html].filter(isHidden), [], 'no control, and nothing that turns the direction of what follows');
  t.equal(withoutStrings(root), withoutStrings(EXPECTED), 'the style is the same');
  const data = JSON.parse(markupText(elementsOf(root, 'script')[0] as MarkupElement)) as Report;
  t.equal(data.cabinet.name, text, 'the data have it unchanged');
  if (
    text.trim() !== '' &&
    ![...text].some((letter) => isHidden(letter) || letter === '\r') &&
    text.isWellFormed() &&
    !/[\u0590-\u08ff]/.test(text)
  )
    t.ok(elementsOf(root, 'dd').map(markupText).join().includes(text.replaceAll(' %', '\u00a0%')), 'and the page shows it');
  const lines: string[][] = parse(renderReport(report, 'csv', { widthCols: 80 }), { bom: true });
  t.notOk(
    lines.flat().some((cell) => /^[=+@\t\r]/.test(cell) || /^-[^\d]/.test(cell)),
    'no field is a formula',
  );
  t.strictSame(
    renderReport(report, 'text', { widthCols: 80 })
      .split('\n')
      .filter((line) => line.length > 80),
    [],
  );
}

t.test('any text stays a text', async () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 40 }), (text) => {
      const root = readMarkup(renderReport(withText(REPORT, text), 'html', { widthCols: 80 }));
      return shapeOf(root).every((name) => allowed.includes(name));
    }),
    { numRuns: 40 },
  );
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => !/[<>"']/.test(escaped(text)) && escaped(text).isWellFormed()));
});
