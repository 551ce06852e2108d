/** Pictures of plots of a sample report, drawn as in a report. */
import { PLOT_WIDTHS_PX } from '../../agent/console/report/plot-frame.ts';
import { drawPlot } from '../../agent/console/report/plot-svg.ts';
import type { ReportKind, ReportPlot } from '../../agent/core/report.ts';
import { fullReport } from '../../test/support/sample-reports.ts';

/** White around a plot, so that it can also be read on a dark page. Units: px. */
const MARGIN_PX = 16;

/** Files of the documentation, and what draws them. */
export const REPORT_PICTURES = [
  { file: 'docs/report-night.svg', draw: () => plotPicture('night', 'bands') },
  { file: 'docs/report-street.svg', draw: () => plotPicture('month', 'map') },
] as const;

function plotPicture(kind: ReportKind, plotKind: ReportPlot['kind']): string {
  const { sections, timezone } = fullReport(kind);
  const plot = sections.flatMap(({ parts }) => parts).find((part) => part.kind === plotKind);
  if (plot === undefined || plot.kind === 'table') throw new TypeError(`no plot of this kind: ${plotKind}`);
  const svg = drawPlot(plot, { id: 'plot', widthPx: PLOT_WIDTHS_PX.wide, language: 'en', timezone });
  const [, , width = 0, height = 0] = (/viewBox="([^"]+)"/.exec(svg)?.[1] ?? '').split(' ').map(Number);
  const [wide, high] = [width + 2 * MARGIN_PX, height + 2 * MARGIN_PX];
  const inner = svg.replace('<svg ', `<svg x="${MARGIN_PX}" y="${MARGIN_PX}" width="${width}" height="${height}" `);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${wide} ${high}"><rect width="${wide}" height="${high}" fill="#fff"/>${inner}</svg>\n`;
}
