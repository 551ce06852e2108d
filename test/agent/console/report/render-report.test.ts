import { parse } from 'csv-parse/sync';
import t from 'tap';
import { REPORT_DATA_ID } from '../../../../agent/console/report/html-report.ts';
import { plotTable } from '../../../../agent/console/report/plot-table.ts';
import { renderReport } from '../../../../agent/console/report/render-report.ts';
import { numberText } from '../../../../agent/console/report/report-words.ts';
import { learn } from '../../../../agent/console/text/translate.ts';
import { withMessages, withTexts } from '../../../../agent/core/message-wire.ts';
import { REPORT_FORMATS, REPORT_KINDS, type Report, type ReportTable } from '../../../../agent/core/report.ts';
import { LANGUAGES } from '../../../../agent/core/words.ts';
import { elementsOf, markupText, readMarkup } from '../../../support/read-markup.ts';
import { emptyReport, fullReport } from '../../../support/sample-reports.ts';

await learn('fr');

const page = { widthCols: 80 };

function tablesOf({ sections, timezone }: Report): readonly ReportTable[] {
  return sections.flatMap(({ parts }) => parts.map((part) => (part.kind === 'table' ? part : plotTable(part, timezone))));
}

/** The numbers of the tables, as the language writes them. */
function numbersOf(tables: readonly ReportTable[], language: 'en' | 'fr'): readonly string[] {
  return tables.flatMap(({ columns, rows, total }) =>
    [...rows, ...(total === null ? [] : [total])].flatMap((row) =>
      row.flatMap((cell, at) => (typeof cell === 'number' ? [numberText(cell, columns[at]?.decimals ?? 0, language)] : [])),
    ),
  );
}

for (const kind of REPORT_KINDS) {
  for (const language of LANGUAGES) {
    const reports = { full: fullReport(kind, language), empty: emptyReport(kind) };
    for (const [name, report] of Object.entries(reports)) {
      t.test(`${kind}, ${name}, in ${language}: no form shows what a program calls nothing, or names a host`, async (t) => {
        for (const format of REPORT_FORMATS) {
          const text = renderReport(report, format, { ...page, language });
          t.notMatch(text, /undefined|\bNaN\b|Infinity|\[object/, format);
          t.notMatch(text.replaceAll('http://www.w3.org/2000/svg', ''), /\w+:\/\/|src=|@import|url\((?!#)/, format);
          t.ok(text.endsWith('\n'));
        }
      });

      t.test(`${kind}, ${name}, in ${language}: the HTML is strict, and each reference in it has its element`, async (t) => {
        const root = readMarkup(renderReport(report, 'html', { ...page, language }));
        const all = elementsOf(root);
        const ids = all.flatMap(({ attributes }) => attributes['id'] ?? []);
        t.equal(new Set(ids).size, ids.length, 'no id twice');
        const wanted = all.flatMap(({ attributes }) => [
          ...(attributes['aria-labelledby'] ?? '').split(' '),
          ...(attributes['href']?.startsWith('#') ? [attributes['href'].slice(1)] : []),
          ...(/^url\(#(.*)\)$/.exec(attributes['fill'] ?? '')?.slice(1) ?? []),
        ]);
        t.strictSame(
          wanted.filter((id) => id !== '' && !ids.includes(id)),
          [],
        );
        t.strictSame(
          elementsOf(root, 'html').map(({ attributes }) => attributes['lang']),
          [language],
        );
        t.equal(elementsOf(root, 'h1').length, 1);
        for (const svg of elementsOf(root, 'svg')) {
          t.strictSame(
            [svg.attributes['role'], svg.children.slice(0, 2).map((child) => typeof child !== 'string' && child.name)],
            ['img', ['title', 'desc']],
          );
          const sizes = (svg.attributes['viewBox'] ?? '').split(' ').map(Number);
          t.ok(sizes.every((size) => size >= 0) && (sizes[3] ?? 0) < 1_200, 'it fits a page');
        }
        for (const table of elementsOf(root, 'table')) {
          t.equal(elementsOf(table, 'caption').length, 1);
          t.ok(elementsOf(table, 'th').every(({ attributes }) => ['col', 'row'].includes(attributes['scope'] ?? '')));
        }
        t.equal(elementsOf(root, 'figure').length, elementsOf(root, 'details').length, 'each plot has its data as a table');
      });
    }

    t.test(`${kind}, in ${language}: HTML has the numbers of all tables, in the way of the language`, async (t) => {
      const root = readMarkup(renderReport(reports.full, 'html', { ...page, language }));
      const shown = new Set(elementsOf(root, 'td').map(markupText));
      t.strictSame(
        numbersOf(tablesOf(reports.full), language).filter((number) => !shown.has(number)),
        [],
      );
      const first = elementsOf(root, 'dd').map(markupText).join('|');
      for (const { value, decimals } of reports.full.figures) t.match(first, numberText(value ?? 0, decimals, language));
    });

    t.test(`${kind}, in ${language}: the text fits its width and has the numbers of all tables`, async (t) => {
      for (const widthCols of [40, 80]) {
        const lines = renderReport(reports.full, 'text', { widthCols, language }).split('\n');
        t.strictSame(
          lines.filter((line) => line.length > widthCols),
          [],
        );
        t.notOk(
          lines.some((line) => /[\u00a0\u202f\u2009]/.test(line)),
          'only blanks that every terminal shows',
        );
      }
      const text = renderReport(reports.full, 'text', { ...page, language });
      const tables = reports.full.sections.flatMap(({ parts }) => parts.filter((part) => part.kind === 'table'));
      t.strictSame(
        numbersOf(tables, language).filter((number) => !text.includes(number.replace(/\s/g, ' '))),
        [],
      );
    });

    t.test(`${kind}, in ${language}: a program reads the report from HTML and JSON as it was`, async (t) => {
      const root = readMarkup(renderReport(reports.full, 'html', { ...page, language }));
      const [block] = elementsOf(root, 'script');
      t.strictSame(block?.attributes, { type: 'application/json', id: REPORT_DATA_ID });
      for (const json of [String(block?.children[0]), renderReport(reports.full, 'json', { ...page, language })]) {
        t.strictSame(JSON.parse(json), JSON.parse(JSON.stringify(withTexts(reports.full))));
        t.strictSame(withMessages(JSON.parse(json)), reports.full, 'also with the messages in it');
      }
    });

    t.test(`${kind}, in ${language}: CSV is read back equal to the data`, async (t) => {
      const text = renderReport(reports.full, 'csv', { ...page, language });
      const back = csvTables(text, language === 'fr');
      t.ok(text.startsWith('\ufeff'));
      t.strictSame(
        back('figures').map((row) => row[2]),
        reports.full.figures.map(({ value }) => value),
      );
      for (const { id, parts } of reports.full.sections) {
        parts.forEach((part, at) => {
          const { rows, total } = part.kind === 'table' ? part : plotTable(part, reports.full.timezone);
          const given = [...rows, ...(total === null ? [] : [total])];
          const read = back(`${id}-${at + 1}`).map((row, line) => row.slice(0, given[line]?.length));
          // Texts are translated; here only numbers and blanks are compared.
          const isNumber = (cell: unknown): boolean => typeof cell === 'number' || cell === null;
          t.strictSame(
            read.map((row, line) => row.filter((_, index) => isNumber(given[line]?.[index]))),
            given.map((row) => row.filter(isNumber)),
          );
        });
      }
    });
  }
}

/** Returns the lines of a table without its titles; an empty field is null. */
function csvTables(text: string, isComma: boolean): (id: string) => readonly (readonly (string | number | null)[])[] {
  const lines: string[][] = parse(text, { bom: true, delimiter: isComma ? ';' : ',' });
  const readField = (field: string): string | number | null => {
    if (field === '') return null;
    const number = Number(isComma ? field.replace(',', '.') : field);
    return Number.isNaN(number) ? field : number;
  };
  return (id) =>
    lines
      .filter(([name]) => name === id)
      .slice(1)
      .map(([, ...fields]) => fields.map(readField));
}

t.test('English CSV has semicolons and decimal commas where they are requested', async (t) => {
  const text = renderReport(fullReport('month'), 'csv', { ...page, hasSemicolons: true });
  t.match(text, 'figures;cost;Cost;93,4;;EUR;');
  t.match(renderReport(fullReport('month'), 'csv', page), 'figures,cost,Cost,93.4,,EUR,');
});

t.test('French has decimal commas, narrow no-break spaces and no-break spaces before its punctuation and its units', async (t) => {
  const html = renderReport(fullReport('month', 'fr'), 'html', { ...page, language: 'fr' });
  t.match(html, '>1\u202f337,0<');
  t.match(html, 'panne\u00a0; ils');
  t.match(html, '98,6\u00a0% mesurés');
  t.match(html, '1–30 novembre 2026');
  t.match(html, '1\u00a0nov.');
});
