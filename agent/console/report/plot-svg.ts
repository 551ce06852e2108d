/** Draws any plot of a report as SVG. Pure. */
import type { ReportPlot } from '../../core/report.ts';
import { bandsPlot } from './plot-bands.ts';
import { barsPlot } from './plot-bars.ts';
import type { PlotSheet } from './plot-frame.ts';
import { heatPlot } from './plot-heat.ts';
import { mapPlot } from './plot-map.ts';

/** Returns a plot as an SVG element with title and description. It needs no style, script or other file. */
export function drawPlot(plot: ReportPlot, sheet: PlotSheet): string {
  switch (plot.kind) {
    case 'bars':
      return barsPlot(plot, sheet);
    case 'bands':
      return bandsPlot(plot, sheet);
    case 'heat':
      return heatPlot(plot, sheet);
    case 'map':
      return mapPlot(plot, sheet);
  }
}
