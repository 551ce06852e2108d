import fc from 'fast-check';
import t from 'tap';
import { inkOn, lightFill, luminance, PLOT_WIDTHS_PX, SHADES } from '../../../../agent/console/report/plot-frame.ts';
import { drawPlot } from '../../../../agent/console/report/plot-svg.ts';
import { plotTable } from '../../../../agent/console/report/plot-table.ts';
import { textPlot } from '../../../../agent/console/report/text-plot.ts';
import { HOUR_MS } from '../../../../agent/core/durations.ts';
import { msg } from '../../../../agent/core/message.ts';
import type { ReportBands, ReportBars, ReportHeat, ReportMap, ReportPlot } from '../../../../agent/core/report.ts';
import { elementsOf, markupText, readMarkup } from '../../../support/read-markup.ts';

const TIMEZONE = 'Europe/Paris';
const sheet = { id: 'p', language: 'en', timezone: TIMEZONE, widthPx: PLOT_WIDTHS_PX.wide } as const;
const title = msg`a plot`;

const bands = (fromMs: number, hours: number): ReportBands => {
  const instants = Array.from({ length: hours + 1 }, (_, at) => fromMs + at * HOUR_MS);
  return { kind: 'bands', title, unit: 'lamps', instants, series: [{ title: 'lit', values: instants.map(() => 5) }] };
};

const textsOf = (plot: ReportPlot): readonly string[] => elementsOf(readMarkup(drawPlot(plot, sheet)), 'text').map(markupText);

t.test('on the night on which the clocks change, axis and table have the times of the clocks on the wall', async (t) => {
  const autumn = bands(Date.parse('2026-10-24T22:00Z'), 5);
  t.strictSame(
    plotTable(autumn, TIMEZONE).rows.map(([from]) => String(from)),
    ['25 Oct 00:00 CEST', '25 Oct 01:00 CEST', '25 Oct 02:00 CEST', '25 Oct 02:00 CET', '25 Oct 03:00 CET'],
  );
  t.ok(textsOf(autumn).includes('clocks change: 02:00 CET'));
  const spring = bands(Date.parse('2026-03-28T23:00Z'), 5);
  t.ok(textsOf(spring).includes('clocks change: 03:00 CEST'));
  t.notOk(textsOf(spring).includes('02:00'), 'the hour that is left out has no mark');
  const plain = bands(Date.parse('2026-11-24T22:00Z'), 5);
  t.notMatch(textsOf(plain).join('|'), /clocks change|CET/);
});

t.test('colours are in the same order in black and white, and texts on them can be read', async (t) => {
  const order = (fills: readonly string[]) => fills.map(luminance);
  const lights = Array.from({ length: 10 }, (_, at) => lightFill(at, 10));
  t.strictSame(
    order(lights),
    [...order(lights)].sort((a, b) => a - b),
  );
  t.strictSame(
    order(SHADES),
    [...order(SHADES)].sort((a, b) => b - a),
  );
  for (const fill of [...lights, ...SHADES]) {
    const [a, b] = [luminance(fill), luminance(inkOn(fill))];
    t.ok((Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05) >= 4.5, `${fill}: contrast as WCAG AA requires`);
  }
});

t.test('series differ by pattern, an unknown value is no 0, and a line is broken there', async (t) => {
  const bars: ReportBars = {
    kind: 'bars',
    title,
    unit: 'kWh',
    labels: ['a', 'b', 'c'],
    series: [
      { title: 'one', values: [1, null, 3] },
      { title: 'two', values: [2, 2, 2] },
    ],
    line: { title: 'reference', values: [4, null, 5] },
    half: [0.5, null, null],
  };
  const root = readMarkup(drawPlot(bars, sheet));
  const fills = elementsOf(root, 'path').flatMap(({ attributes }) => attributes['fill'] ?? []);
  t.ok(fills.includes(SHADES[4]) && fills.includes('url(#p-hatch)'));
  const drawn = elementsOf(root, 'path').find(({ attributes }) => attributes['fill'] === SHADES[4] && attributes['d']?.endsWith('z'));
  t.equal(drawn?.attributes['d']?.split('M').length, 3, 'two bars of the first series');
  t.ok(
    elementsOf(root, 'path').some(({ attributes }) => attributes['d']?.match(/^M[\d. ]+H[\d.]+M[\d. ]+H[\d.]+$/)),
    'two levels of the line, not connected',
  );
});

t.test('a series that counts what is not known is drawn as unknown, not as a level', async (t) => {
  const plot = bands(Date.parse('2026-11-24T22:00Z'), 5);
  const level = [{ title: 'lit', values: plot.instants.map(() => 3) }];
  const rest = { title: 'not recorded', isUnknown: true, values: plot.instants.map(() => 2) } as const;
  const fills = elementsOf(readMarkup(drawPlot({ ...plot, series: [...level, rest] }, sheet)), 'path').flatMap(
    ({ attributes }) => attributes['fill'] ?? [],
  );
  t.ok(fills.includes(lightFill(0, 1)) && fills.includes('url(#p-none)'));
});

t.test('a long street has several rows, every pole is drawn, and failures have a sign and a name', async (t) => {
  const poles = Array.from({ length: 250 }, (_, at) => ({
    id: `P${at + 1}`,
    street: 'Main Street',
    atM: at * 20,
    lamps: [`L${at + 1}`],
    value: at,
    mark: at === 117,
  }));
  const map: ReportMap = { kind: 'map', title, unit: 'kWh', poles };
  for (const widthPx of Object.values(PLOT_WIDTHS_PX)) {
    const root = readMarkup(drawPlot(map, { ...sheet, widthPx }));
    const circles = elementsOf(root, 'circle').slice(3);
    t.equal(circles.length, poles.length);
    t.ok(new Set(circles.map(({ attributes }) => attributes['cy'])).size >= 10);
    t.ok(elementsOf(root, 'text').map(markupText).includes('P118'));
    const places = Map.groupBy(circles, ({ attributes }) => attributes['cy']);
    for (const row of places.values()) {
      const xs = row.map(({ attributes }) => Number(attributes['cx']));
      t.ok(
        xs.every((x, at) => x > 10 && x < widthPx - 10 && (at === 0 || x - (xs[at - 1] ?? 0) > 20)),
        'no circle is over another',
      );
    }
  }
});

const value = fc.oneof(
  fc.constant(null),
  fc.double({ min: -1e9, max: 1e9, noNaN: true }),
  fc.constantFrom(0, 1e-12, -1e-12, 1e15, Number.NaN, Number.POSITIVE_INFINITY),
);
const values = (count: number) => fc.array(value, { minLength: count, maxLength: count });

const seriesOf = (count: number, maxLength: number) => fc.array(fc.record({ title: fc.string(), values: values(count) }), { maxLength });

const barsOf = (labels: readonly string[]) =>
  fc.record<ReportBars>({
    kind: fc.constant('bars'),
    title: fc.constant(title),
    unit: fc.constantFrom('kWh', ''),
    labels: fc.constant(labels),
    series: seriesOf(labels.length, 3),
    line: fc.option(fc.record({ title: fc.string(), values: values(labels.length) })),
    half: fc.option(values(labels.length)),
  });

const bandsOf = (labels: readonly string[]) =>
  fc.record<ReportBands>({
    kind: fc.constant('bands'),
    title: fc.constant(title),
    unit: fc.constant('lamps'),
    instants: fc.nat(1e9).map((step) => labels.map((_, at) => Date.parse('2026-01-01') + at * step)),
    series: seriesOf(labels.length, 12),
  });

const heatOf = (labels: readonly string[]) =>
  fc.record<ReportHeat>({
    kind: fc.constant('heat'),
    title: fc.constant(title),
    unit: fc.constant(''),
    rows: fc.constant(labels),
    columns: fc.constant(['17:00', '18:00', '19:00']),
    values: fc.array(values(3), { maxLength: labels.length }),
  });

const mapOf = (labels: readonly string[]) => {
  const pole = fc.record({
    id: fc.string(),
    street: fc.constantFrom('a', 'b', ''),
    atM: fc.double({ min: -1e6, max: 1e6 }),
    lamps: fc.array(fc.string(), { maxLength: 3 }),
    value,
    mark: fc.boolean(),
  });
  return fc.record<ReportMap>({
    kind: fc.constant('map'),
    title: fc.constant(title),
    unit: fc.constant('kWh'),
    poles: fc.array(pole, { maxLength: labels.length }),
  });
};

t.test('any plot is drawn in its frame, in each form, with no number that is none', async () => {
  const plots = fc.nat(40).chain((count) => {
    const labels = Array.from({ length: count }, (_, at) => `2026-01-${String(at + 1).padStart(2, '0')}`);
    return fc.oneof(barsOf(labels), bandsOf(labels), heatOf(labels), mapOf(labels));
  });
  fc.assert(
    fc.property(plots, fc.constantFrom(...Object.values(PLOT_WIDTHS_PX)), (plot, widthPx) => {
      const root = readMarkup(drawPlot(plot, { ...sheet, widthPx }));
      const [, , , height = 0] = (elementsOf(root, 'svg')[0]?.attributes['viewBox'] ?? '').split(' ').map(Number);
      const isInside = elementsOf(root).every(({ name, attributes }) => {
        if (/NaN|Infinity|undefined/.test(Object.values(attributes).join(' '))) return false;
        const [x, y] = [attributes['x'], attributes['y']].map(Number);
        return name !== 'text' || ((x ?? 0) >= -1 && (x ?? 0) <= widthPx + 1 && (y ?? 0) >= -1 && (y ?? 0) <= height + 1);
      });
      const lines = textPlot(plot, { language: 'fr', widthCols: 80, timezone: TIMEZONE });
      return isInside && lines.every((line) => line.length <= 80 && !/NaN|undefined|Infinity/.test(line));
    }),
    { numRuns: 300 },
  );
});
