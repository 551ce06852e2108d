/** The data of a plot as a table, for screen readers, CSV and text. Pure. */
import type { WallMs } from '../../core/clock.ts';
import { type Message, msg, type Said } from '../../core/message.ts';
import type {
  ReportBands,
  ReportBars,
  ReportCell,
  ReportColumn,
  ReportHeat,
  ReportMap,
  ReportPlot,
  ReportTable,
} from '../../core/report.ts';
import { columnTime } from '../text/page.ts';
import { isDate, isMonth } from './report-words.ts';

/** Returns the data of a plot as a table. The times of its instants are in this time zone (IANA name). */
export function plotTable(plot: ReportPlot, timezone: string): ReportTable {
  switch (plot.kind) {
    case 'bars':
      return barsTable(plot);
    case 'bands':
      return bandsTable(plot, timezone);
    case 'heat':
      return heatTable(plot);
    case 'map':
      return mapTable(plot);
  }
}

function barsTable({ title, unit, labels, series, line, half }: ReportBars): ReportTable {
  const named = [...series.slice(0, 1), ...(half === null ? [] : [{ title: msg`± (90 %)`, values: half }]), ...series.slice(1)];
  const all = line === null ? named : [...named, line];
  return {
    kind: 'table',
    title,
    columns: [textColumn('label', labelTitle(labels)), ...all.map((each, at) => numberColumn(`s${at + 1}`, each.title, unit, each.values))],
    rows: labels.map((label, at) => [label, ...all.map(({ values }) => values[at] ?? null)]),
    total: null,
  };
}

function bandsTable({ title, unit, instants, series }: ReportBands, timezone: string): ReportTable {
  return {
    kind: 'table',
    title,
    columns: [
      textColumn('from', msg`From`),
      textColumn('to', msg`To`),
      ...series.map((each, at) => numberColumn(`s${at + 1}`, each.title, unit, each.values)),
    ],
    rows: instants
      .slice(0, -1)
      .map((fromMs, at) => [
        localTime(fromMs, instants, timezone),
        localTime(instants[at + 1] ?? fromMs, instants, timezone),
        ...series.map(({ values }) => values[at] ?? null),
      ]),
    total: null,
  };
}

/** Returns a local day and time; with the name of its zone if that is not the same at the first and the last of these instants. */
export function localTime(ms: WallMs, instants: readonly WallMs[], timezone: string): Said {
  const zoneOf = (each: WallMs): string =>
    String(columnTime(each, timezone, { hasDay: false, hasSeconds: false, hasZone: true })).slice('00:00'.length);
  const [first = ms, last = ms] = [instants[0], instants.at(-1)];
  return columnTime(ms, timezone, { hasDay: true, hasSeconds: false, hasZone: zoneOf(first) !== zoneOf(last) });
}

function heatTable({ title, unit, rows, columns, values }: ReportHeat): ReportTable {
  return {
    kind: 'table',
    title,
    columns: [
      textColumn('label', labelTitle(rows)),
      ...columns.map((name, at) =>
        numberColumn(
          `c${at + 1}`,
          name,
          unit,
          values.flatMap((row) => row[at] ?? []),
        ),
      ),
    ],
    rows: rows.map((name, at) => [name, ...columns.map((_, column) => values[at]?.[column] ?? null)]),
    total: null,
  };
}

function mapTable({ title, unit, poles }: ReportMap): ReportTable {
  return {
    kind: 'table',
    title,
    columns: [
      textColumn('street', msg`Street`),
      textColumn('pole', msg`Pole`),
      { id: 'at', title: msg`Position`, unit: 'm', decimals: poles.every(({ atM }) => Number.isInteger(atM)) ? 0 : 1 },
      textColumn('lamps', msg`Lamps`),
      numberColumn(
        'value',
        msg`Value`,
        unit,
        poles.map(({ value }) => value),
      ),
      textColumn('failure', msg`Failure`),
    ],
    rows: poles.map(({ street, id, atM, lamps, value, mark }): readonly ReportCell[] => [
      street,
      id,
      atM,
      lamps.join(', '),
      value,
      mark ? msg`yes` : msg`no`,
    ]),
    total: null,
  };
}

function labelTitle(labels: readonly Said[]): Message {
  if (labels.length > 0 && labels.every(isDate)) return msg`Night`;
  return labels.length > 0 && labels.every(isMonth) ? msg`Month` : msg`Name`;
}

function textColumn(id: string, title: Said): ReportColumn {
  return { id, title, unit: '', decimals: 0 };
}

function numberColumn(id: string, title: Said, unit: string, values: readonly (number | null)[]): ReportColumn {
  return { id, title, unit, decimals: plotDecimals(values) };
}

/**
 * Returns the digits after the decimal point for values of a plot: 0 if all known ones are whole numbers. Otherwise 2 if the largest,
 * without sign, is below 10, 1 if it is below 1,000, and else 0.
 */
export function plotDecimals(values: readonly (number | null)[]): number {
  const known = values.flatMap((value) => (value === null || !Number.isFinite(value) ? [] : [Math.abs(value)]));
  if (known.every(Number.isInteger)) return 0;
  const largest = known.reduce((most, value) => Math.max(most, value), 0);
  return largest < 10 ? 2 : largest < 1_000 ? 1 : 0;
}
