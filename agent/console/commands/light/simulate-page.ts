/** Renders `luciole simulate`: tables, a plot, and how far the result can be trusted. Pure. */

import { basename } from 'node:path';
import type { NightFigures } from '../../../control/replay/night-replay.ts';
import { count } from '../../../core/counts.ts';
import { HOUR_MS } from '../../../core/durations.ts';
import { type Message, msg, type Said } from '../../../core/message.ts';
import { formatNumber, NOTHING, type Page } from '../../text/page.ts';
import { plotLines, type Sample } from '../../text/plot.ts';
import { paragraph } from '../../text/text-lines.ts';
import { type TableColumn, tableLines } from '../../text/text-table.ts';
import { type SimulateResult, type SweepResult, summed } from './simulate.ts';
import { simulationNotes } from './simulate-notes.ts';

const RIGHT = { align: 'right' } as const;
/** More levels are shown in bands of ten. Source: a programme with presence has fewer; constant light has one for each hour. */
const MOST_LEVELS = 10;
const QUARTER_MS = HOUR_MS / 4;
/** Source: standby is at most 0.5 W a lamp, and the lowest level of a lit lamp takes more than 5 % of its power. */
const LIT_SHARE = 0.05;

/**
 * Renders the result of `simulate`: a table of nights, one of levels, and a plot. Then come the settings that were tried, if any, and notes
 * on how far it can be trusted.
 */
export function renderSimulation(result: SimulateResult, page: Page): string {
  return [
    ...paragraph(titleOf(result), page),
    '',
    ...nightTable(result, page),
    '',
    ...levelTable(result, page),
    '',
    ...plotOf(result, page),
    ...(result.sweep === null ? [] : ['', ...sweepTable(result.sweep, result, page)]),
    '',
    ...simulationNotes(result, page),
  ].join('\n');
}

function titleOf({ windows, file }: SimulateResult): Message {
  const [first, last] = [windows[0]?.date ?? NOTHING, windows.at(-1)?.date ?? NOTHING];
  const nights = first === last ? msg`the night of ${first}` : msg`${count(windows.length, 'night')}, ${first} to ${last}`;
  return file === null ? msg`${nights}, as recorded` : msg`${nights}, with ${basename(file)}`;
}

function otherName({ file }: SimulateResult): string {
  return basename(file ?? '');
}

function nightTable(result: SimulateResult, page: Page): readonly string[] {
  const [recorded, other] = result.settings;
  const columns: TableColumn[] = [
    { title: msg`Night` },
    { title: msg`Recorded kWh`, ...RIGHT },
    ...(other === undefined
      ? []
      : [
          { title: msg`${otherName(result)} kWh`, ...RIGHT, maxCols: 20 },
          { title: msg`Change`, ...RIGHT },
        ]),
    { title: msg`Detections`, ...RIGHT },
    { title: msg`Dark`, ...RIGHT },
    { title: msg`Replayed`, ...RIGHT },
  ];
  const rows = result.windows.map(({ date }, at) => rowOf(date, recorded?.nights[at], other?.nights[at], result.coverage[at]));
  const sum =
    result.windows.length === 1 ? [] : [rowOf(msg`all`, summed(recorded), other === undefined ? undefined : summed(other), undefined)];
  return tableLines(columns, [...rows, ...sum], page);
}

type RowFigures = Pick<NightFigures, 'kwh' | 'darkMoments' | 'detections'> & Partial<Pick<NightFigures, 'quarterW'>>;
type Covered = SimulateResult['coverage'][number];

function rowOf(
  name: Said,
  recorded: RowFigures | undefined,
  other: RowFigures | undefined,
  coverage: Covered | undefined,
): readonly Said[] {
  // A night that is not dark yet has no share, but the figures of its day so far.
  const isDay = coverage?.darkH === 0;
  const isRecorded = recorded?.quarterW?.some((meanW) => meanW !== null) === true;
  if (coverage?.replayedH === 0 && !(isDay && isRecorded))
    return [name, ...(other === undefined ? [] : [NOTHING, NOTHING]), NOTHING, NOTHING, NOTHING, isDay ? NOTHING : '0 %'];
  const [before, after] = [recorded?.kwh ?? 0, other?.kwh];
  const dark = String(recorded?.darkMoments ?? 0);
  return [
    name,
    formatNumber(before, 2),
    ...(after === undefined ? [] : [formatNumber(after, 2), changeText(before, after)]),
    String(recorded?.detections ?? 0),
    other === undefined ? dark : `${dark} -> ${other.darkMoments}`,
    replayedText(coverage),
  ];
}

function changeText(before: number, after: number): string {
  if (before <= 0) return NOTHING;
  const pct = (100 * (after - before)) / before;
  return `${pct > 0 ? '+' : ''}${pct.toFixed(1)} %`;
}

function replayedText(coverage: Covered | undefined): Said {
  if (coverage === undefined || coverage.darkH === null || coverage.darkH <= 0) return NOTHING;
  return `${formatNumber(Math.floor((1_000 * coverage.replayedH) / coverage.darkH) / 10, 1)} %`;
}

/** Hours of one lamp at each level. */
function levelTable(result: SimulateResult, page: Page): readonly string[] {
  const sums = result.settings.map((figures) => summed(figures).levelLampH);
  const levels = [...new Set(sums.flatMap((sum) => Object.keys(sum).map(Number)))].toSorted((a, b) => b - a);
  const isBanded = levels.length > MOST_LEVELS;
  const keyOf = (level: number): number => (isBanded ? Math.ceil(level / 10) * 10 : level);
  const keys = [...new Set(levels.map(keyOf))];
  const columns: TableColumn[] = [
    { title: msg`Level`, ...RIGHT },
    { title: msg`Recorded, lamp hours`, ...RIGHT },
    ...(result.settings.length < 2 ? [] : [{ title: msg`${otherName(result)}, lamp hours`, ...RIGHT, maxCols: 34 }]),
  ];
  const hoursAt = (sum: Readonly<Record<number, number>>, key: number): number =>
    Object.entries(sum).reduce((all, [level, h]) => (keyOf(Number(level)) === key ? all + h : all), 0);
  const nameOf = (key: number): Said => (isBanded && key > 0 ? `${key - 9}..${key} %` : `${key} %`);
  return tableLines(
    columns,
    keys.map((key) => [nameOf(key), ...sums.map((sum) => formatNumber(hoursAt(sum, key), 1))]),
    page,
  );
}

/** One night as mean power by quarters of an hour, several as energy by night: `*` the other settings, `:` up or down to the record. */
function plotOf(result: SimulateResult, page: Page): readonly string[] {
  const [recorded, other] = result.settings;
  const [first, last] = [result.windows[0], result.windows.at(-1)];
  if (recorded === undefined || first === undefined || last === undefined) return [];
  const isOne = first === last;
  const samples = isOne ? quartersOf(first.fromMs, recorded.nights[0], other?.nights[0]) : nightsOf(result);
  const shown = isOne ? litPart(samples) : samples;
  if (shown.length === 0) return [];
  const what = isOne ? msg`Mean power in W, by quarters of an hour` : msg`Energy in kWh, by night`;
  const how =
    other === undefined
      ? msg`${what}`
      : msg`${what}: * is ${otherName(result)}, : reaches to the recorded ${isOne ? msg`power` : msg`energy`}`;
  const range = isOne ? { fromMs: shown[0]?.fromMs ?? 0, toMs: shown.at(-1)?.toMs ?? 1 } : { fromMs: first.fromMs, toMs: last.toMs };
  return [
    ...paragraph(how, page),
    ...plotLines(shown, {
      ...range,
      timezone: page.timezone,
      decimals: 1,
      widthCols: page.widthCols,
      ...(page.language === undefined ? {} : { language: page.language }),
    }),
  ];
}

/** Without the day before and after; standby is below this share of the highest power. */
function litPart(samples: readonly Sample[]): readonly Sample[] {
  const isLit = ({ max }: Sample): boolean => max > LIT_SHARE * Math.max(...samples.map((sample) => sample.max));
  const [first, last] = [samples.findIndex(isLit), samples.findLastIndex(isLit)];
  return first < 0 ? [] : samples.slice(Math.max(0, first - 1), last + 2);
}

function quartersOf(startMs: number, recorded: NightFigures | undefined, other: NightFigures | undefined): readonly Sample[] {
  return (recorded?.quarterW ?? []).flatMap((ownW, at): Sample[] => {
    if (ownW === null) return [];
    const mean = other?.quarterW[at] ?? ownW;
    const fromMs = startMs + at * QUARTER_MS;
    return [{ fromMs, toMs: fromMs + QUARTER_MS, min: Math.min(ownW, mean), mean, max: Math.max(ownW, mean) }];
  });
}

function nightsOf({ windows, settings: [recorded, other] }: SimulateResult): readonly Sample[] {
  return windows.flatMap(({ fromMs, toMs }, at): Sample[] => {
    const own = recorded?.nights[at]?.kwh ?? 0;
    const mean = other?.nights[at]?.kwh ?? own;
    return [{ fromMs, toMs, min: Math.min(own, mean), mean, max: Math.max(own, mean) }];
  });
}

const SWEEP_COLUMNS: readonly TableColumn[] = [
  { title: msg`Hold`, ...RIGHT },
  { title: msg`Steps`, ...RIGHT },
  { title: msg`With people`, ...RIGHT },
  { title: msg`kWh`, ...RIGHT },
  { title: msg`Change`, ...RIGHT },
  { title: msg`Dark moments`, ...RIGHT },
  { title: msg`Missing light`, ...RIGHT },
];

function sweepTable({ tried, front }: NonNullable<SimulateResult['sweep']>, result: SimulateResult, page: Page): readonly string[] {
  const recordedKwh = summed(result.settings[0]).kwh;
  const cells = ({ holdS, addPct, boostSharePct, kwh, darkMoments, missingS }: SweepResult): readonly Said[] => [
    holdS === null ? msg`as is` : `${holdS} s`,
    addPct === 0 ? msg`as is` : `${addPct > 0 ? '+' : ''}${addPct} %`,
    boostSharePct === 100 ? msg`as is` : `x ${boostSharePct / 100}`,
    formatNumber(kwh, 2),
    changeText(recordedKwh, kwh),
    String(darkMoments),
    `${formatNumber(missingS)} s`,
  ];
  return [
    ...paragraph(msg`${tried} settings tried; no other one has both less energy and less darkness than one of these:`, page),
    ...tableLines(SWEEP_COLUMNS, front.map(cells), page),
  ];
}
