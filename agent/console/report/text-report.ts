/** Renders a report as text for a terminal of any width and 9600 baud. Pure. */
import { type Message, msg, type Said } from '../../core/message.ts';
import type { Report, ReportFigure, ReportSection } from '../../core/report.ts';
import type { Language } from '../../core/words.ts';
import { labelled, paragraph } from '../text/text-lines.ts';
import { tableLines } from '../text/text-table.ts';
import { instantText, numberText, periodText, type ReportPage, saidText } from './report-words.ts';
import { MOST_COLS, NO_VALUE, plainBlanks, type TextPage, textTable } from './text-parts.ts';
import { textPlot } from './text-plot.ts';

const INDENT = '  ';

/** Yields a report as text, in pieces of whole lines with their line ends: its head, then each section's head and each of its parts. */
export function* textPieces(report: Report, { language = 'en', widthCols }: ReportPage): Generator<string> {
  const page: TextPage = { language, widthCols, timezone: report.timezone };
  const title = plainBlanks(saidText(report.title, language));
  yield piece([
    ...paragraph(title, page),
    '='.repeat(Math.min(title.length, widthCols)),
    ...facts(report, page),
    '',
    ...figureLines(report.figures, page),
    ...report.summary.flatMap((text) => bullet(text, page)),
  ]);
  for (const section of report.sections) yield* sectionPieces(section, page);
}

function piece(lines: readonly string[]): string {
  return lines.map((line) => `${line.trimEnd()}\n`).join('');
}

function facts({ cabinet, from, to, madeMs, isTimeTrusted, by, version, timezone }: Report, page: TextPage): readonly string[] {
  const period = plainBlanks(periodText(from, to, page.language));
  const made = plainBlanks(instantText(madeMs, timezone, page.language));
  const line = (label: Message, text: Said): string[] => labelled(label, text, page);
  return [
    ...line(msg`Cabinet`, cabinet.name === '' ? cabinet.id : `${cabinet.name} (${cabinet.id})`),
    ...(period === '' ? [] : line(msg`Period`, period)),
    ...line(msg`Made`, by === '' ? made : msg`${made} by ${by}, Luciole ${version}`),
    ...(isTimeTrusted ? [] : line(msg`Caution`, msg`the clock of the cabinet was not set when this report was made`)),
  ];
}

function figureLines(figures: readonly ReportFigure[], page: TextPage): readonly string[] {
  if (figures.length === 0) return [];
  const rows = figures.map((figure): readonly Said[] => [figure.label, figureText(figure, page.language), figure.note ?? '']);
  const columns = [
    { title: msg`Figure`, maxCols: MOST_COLS + 4 },
    { title: msg`Value`, align: 'right' as const },
    { title: msg`Note`, wraps: true as const },
  ];
  const cells = rows.map((row) => row.map((cell) => plainBlanks(saidText(cell, page.language))));
  return [...tableLines(columns, cells, page), ''];
}

function figureText({ value, half, unit, decimals }: ReportFigure, language: Language): string {
  if (value === null || !Number.isFinite(value)) return NO_VALUE;
  const error = half === null || !Number.isFinite(half) ? '' : ` ± ${numberText(half, decimals, language)}`;
  return `${numberText(value, decimals, language)}${error} ${unit}`;
}

function bullet(text: Message, page: TextPage): readonly string[] {
  const inner = { ...page, widthCols: page.widthCols - INDENT.length };
  return paragraph(plainBlanks(saidText(text, page.language)), inner).map((line, at) => (at === 0 ? `- ${line}` : INDENT + line));
}

function* sectionPieces({ title, notes, parts }: ReportSection, page: TextPage): Generator<string> {
  const head = plainBlanks(saidText(title, page.language));
  const rule = '-'.repeat(Math.min(head.length, page.widthCols));
  yield piece([
    '',
    ...paragraph(head, page),
    rule,
    ...notes.flatMap((note) => paragraph(plainBlanks(saidText(note, page.language)), page)),
  ]);
  for (const part of parts) {
    const name = paragraph(plainBlanks(saidText(part.title, page.language)), page);
    yield piece(['', ...name, ...(part.kind === 'table' ? textTable(part, page) : textPlot(part, page))]);
  }
}
