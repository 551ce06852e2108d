/** The report of the commissioning, from the results of the acceptance. Pure. */
import { type AcceptanceReport, type AcceptedLamp, type AcceptedSensor, FINDING_TEXTS } from '../../core/acceptance.ts';
import type { Cabinet } from '../../core/cabinet.ts';
import { type Message, msg } from '../../core/message.ts';
import type { Report, ReportCell, ReportTable } from '../../core/report.ts';
import { topMeasure } from '../acceptance/judge-lamp.ts';
import { mappedPoles } from './lamp-tables.ts';
import { reportFigure } from './night-figures.ts';
import type { ReportContent } from './night-reports.ts';
import { numberColumn, reportTable, textColumn } from './report-table.ts';

type Result = AcceptanceReport['result'];

const RESULT_TEXTS: Readonly<Record<Result, Message>> = { pass: msg`passed`, fail: msg`failed`, open: msg`open` };

/** Returns the content of the report about the commissioning. `timeText`: returns the local date and time of an instant. */
export function commissionReport(report: AcceptanceReport, cabinet: Cabinet, timeText: (atMs: number) => string): ReportContent {
  const { lamps, sensors, lines, open } = report;
  return {
    title: msg`Acceptance of the installation`,
    figures: figuresOf(report),
    summary: summaryOf(report, timeText),
    sections: [
      () => ({ id: 'open', title: msg`Open points`, notes: open.length === 0 ? [msg`None`] : open, parts: [] }),
      () => ({ id: 'map', title: msg`Poles`, notes: [msg`Marked: a lamp of the pole failed`], parts: [poleMap(lamps, cabinet)] }),
      () => ({ id: 'lamps', title: msg`Lamp by lamp`, notes: [], parts: [lampTable(lamps)] }),
      () => ({ id: 'sensors', title: msg`Presence sensors`, notes: [], parts: [sensorTable(sensors)] }),
      () => ({ id: 'lines', title: msg`Lines`, notes: [], parts: [lineTable(lines, timeText)] }),
    ],
  };
}

function figuresOf({ lamps, sensors, open }: AcceptanceReport): Report['figures'] {
  const number = (of: readonly { readonly result: Result }[], wanted: Result): number =>
    of.filter(({ result }) => result === wanted).length;
  return [
    reportFigure(['lamps', msg`Number of lamps`, '', 0], lamps.length),
    reportFigure(['lamps-passed', msg`Lamps passed`, '', 0], number(lamps, 'pass')),
    reportFigure(['lamps-failed', msg`Lamps failed`, '', 0], number(lamps, 'fail')),
    reportFigure(['lamps-open', msg`Lamps open`, '', 0], number(lamps, 'open')),
    reportFigure(['sensors-passed', msg`Presence sensors passed`, '', 0], number(sensors, 'pass'), { note: msg`of ${sensors.length}` }),
    reportFigure(['open', msg`Open points`, '', 0], open.length),
  ];
}

function summaryOf(
  { result, startedMs, lastMs, people, hasMeter, open }: AcceptanceReport,
  timeText: (atMs: number) => string,
): readonly Message[] {
  return [
    msg`Result: ${RESULT_TEXTS[result]}.`,
    ...(startedMs === null
      ? [msg`The commissioning has not been started.`]
      : [msg`Started ${timeText(startedMs)}, last result ${timeText(lastMs ?? startedMs)}.`]),
    ...(people.length === 0 ? [] : [msg`Tested by ${people}.`]),
    ...(hasMeter ? [] : [msg`No meter of the cabinet measures power: only lamps with an own sensor were weighed.`]),
    ...(open.length === 0 ? [] : [msg`Open points: ${open.length}.`]),
  ];
}

function poleMap(lamps: readonly AcceptedLamp[], cabinet: Cabinet): Report['sections'][number]['parts'][number] {
  const byId = new Map(lamps.map((lamp) => [lamp.lamp, lamp]));
  return {
    ...{ kind: 'map', title: msg`Lamps that passed, by pole`, unit: '' },
    poles: mappedPoles(cabinet, (ids) => ({
      value: ids.filter((id) => byId.get(id)?.result === 'pass').length,
      mark: ids.some((id) => byId.get(id)?.result === 'fail'),
    })),
  };
}

function lampTable(lamps: readonly AcceptedLamp[]): ReportTable {
  return reportTable(
    msg`Lamp by lamp`,
    [
      textColumn('lamp', msg`Lamp`),
      textColumn('pole', msg`Pole`),
      textColumn('found', msg`Found on`),
      textColumn('zone', msg`Zone`),
      textColumn('result', msg`Result`),
      textColumn('finding', msg`Test`),
      numberColumn('rated', msg`Rated power`, 'W', 0),
      numberColumn('power', msg`Measured at full light`, 'W', 1),
      numberColumn('power-factor', msg`Power factor`, '', 2),
      textColumn('serial', msg`Serial number`),
      textColumn('by', msg`By`),
    ],
    lamps.map(({ lamp, pole, zone, ratedPowerW, result, test, placement }): readonly ReportCell[] => {
      const top = test === null ? undefined : topMeasure(test.levels);
      return [
        ...[lamp, pole, placement === null ? null : [placement.pole, ...placement.others].join(' '), zone, RESULT_TEXTS[result]],
        ...[test === null ? null : FINDING_TEXTS[test.finding], ratedPowerW, top?.powerW ?? null, top?.powerFactor ?? null],
        ...[test?.serial ?? null, test?.by ?? placement?.by ?? null],
      ];
    }),
  );
}

function sensorTable(sensors: readonly AcceptedSensor[]): ReportTable {
  return reportTable(
    msg`Presence sensors`,
    [
      textColumn('sensor', msg`Sensor`),
      textColumn('zone', msg`Zone`),
      textColumn('pole', msg`Pole`),
      textColumn('result', msg`Result`),
      numberColumn('detections', msg`Detections`, '', 0),
      numberColumn('raised', msg`Lamps raised`, '', 0),
      numberColumn('worst', msg`Longest delay`, 'ms', 0),
      textColumn('by', msg`By`),
    ],
    sensors.map(({ pointId, zone, pole, result, walk }): readonly ReportCell[] => [
      ...[pointId, zone, pole, RESULT_TEXTS[result], walk?.detections ?? null, walk?.raised.length ?? null, walk?.worstMs ?? null],
      walk?.by ?? null,
    ]),
  );
}

function lineTable(lines: AcceptanceReport['lines'], timeText: (atMs: number) => string): ReportTable {
  return reportTable(
    msg`Lines`,
    [
      textColumn('line', msg`Line`),
      numberColumn('found', msg`Units found`, '', 0),
      textColumn('missing', msg`Missing`),
      textColumn('unknown', msg`Not in the configuration`),
      textColumn('damaged', msg`Damaged replies`),
      textColumn('at', msg`Scanned`),
    ],
    lines.map(({ line, scan }): readonly ReportCell[] =>
      scan === null
        ? [line, null, null, null, null, null]
        : [
            ...[line, scan.found, scan.missing.map(({ device }) => device).join(' '), scan.unknown.map(({ unit }) => unit).join(' ')],
            ...[scan.damaged.join(' '), timeText(scan.atMs)],
          ],
    ),
  );
}
