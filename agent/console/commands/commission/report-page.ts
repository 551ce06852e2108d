/** Renders the acceptance report, and the table of its lamps. Pure. */
import {
  type AcceptanceReport,
  type AcceptedLamp,
  type AcceptedSensor,
  FINDING_TEXTS,
  type LevelMeasure,
} from '../../../core/acceptance.ts';
import { count } from '../../../core/counts.ts';
import { type Message, msg, type Said } from '../../../core/message.ts';
import { columnTime, dayTime, formatNumber, NOTHING, type Page, translated } from '../../text/page.ts';
import { labelled, paragraph } from '../../text/text-lines.ts';
import { tableLines } from '../../text/text-table.ts';
import { RESULT_WORDS } from './commission-words.ts';

/** Renders the report for a terminal: head, lamps, sensors, lines, and what is missing or wrong. A part without entries is left out. */
export function renderAcceptance(report: AcceptanceReport, page: Page): string {
  const { cabinet, result, lamps, sensors, open } = report;
  const head = msg`Acceptance of ${cabinet.name} (${cabinet.id}): ${RESULT_WORDS[result]}`;
  return [
    ...paragraph(head, page),
    ...headLines(report, page),
    '',
    ...(lamps.length === 0 ? [] : [...lampTable(lamps, page), '']),
    ...(sensors.length === 0 ? [] : [...sensorTable(sensors, page), '']),
    ...report.lines.flatMap((line) => lineText(line, page)),
    ...(open.length === 0
      ? []
      : ['', translated(msg`Missing or wrong:`, page), ...open.flatMap((each) => paragraph(msg`- ${each}`, page))]),
  ].join('\n');
}

function headLines({ atMs, startedMs, lastMs, people, isTimeTrusted }: AcceptanceReport, page: Page): readonly string[] {
  const time = (ms: number | null): string => (ms === null ? NOTHING : dayTime(ms, page.timezone));
  return [
    ...labelled(msg`Begun`, time(startedMs), page),
    ...labelled(msg`Last`, time(lastMs), page),
    ...labelled(msg`By`, people.length === 0 ? NOTHING : people.join(', '), page),
    ...labelled(msg`Printed`, isTimeTrusted ? time(atMs) : msg`${time(atMs)}; the clock was not set`, page),
  ];
}

/**
 * Returns the table of these lamps as lines, for the width of the page. A lamp without a placement has the pole of the configuration, with
 * a "?". A long name loses its end, the "?" too.
 */
export function lampTable(lamps: readonly AcceptedLamp[], page: Page): readonly string[] {
  const levels = lamps.find(({ test }) => (test?.levels.length ?? 0) > 0)?.test?.levels.map(({ levelPct }) => levelPct) ?? [];
  const rows = lamps.map((lamp) => lampRow(lamp));
  const columns = [
    { title: msg`Lamp`, maxCols: 12 },
    { title: msg`Pole`, maxCols: 12 },
    { title: levels.length === 0 ? msg`Power W` : msg`W at ${levels.join('/')} %`, align: 'right' as const },
    { title: msg`Rated`, align: 'right' as const },
    { title: msg`cos phi`, align: 'right' as const, isShort: true },
    { title: msg`Settled s`, align: 'right' as const, isShort: true },
    { title: msg`Driver`, maxCols: 12, isShort: true },
    { title: msg`Result`, wraps: true as const },
  ];
  // Columns that no lamp has a value for are left out: 80 columns are few.
  const shown = columns.map(({ isShort = false }, index) => !isShort || rows.some((row) => row[index] !== NOTHING));
  return tableLines(
    columns.filter((_, index) => shown[index]),
    rows.map((row) => row.filter((_, index) => shown[index])),
    page,
  );
}

function lampRow({ lamp, pole, ratedPowerW, result, test, placement }: AcceptedLamp): readonly Said[] {
  const levels = test?.levels ?? [];
  const top = levels.findLast(({ powerFactor }) => powerFactor !== null)?.powerFactor ?? null;
  return [
    lamp,
    placement === null ? `${pole}?` : placement.pole,
    powersText(levels),
    formatNumber(ratedPowerW),
    formatNumber(top, 2),
    settleText(levels),
    test?.serial ?? NOTHING,
    test === null ? msg`not tested` : resultText(result, test),
  ];
}

function resultText(result: AcceptedLamp['result'], { finding, weighedBy }: NonNullable<AcceptedLamp['test']>): Message {
  if (finding !== 'ok') return msg`${RESULT_WORDS.fail}: ${FINDING_TEXTS[finding]}`;
  if (result !== 'pass') return weighedBy === 'nothing' ? msg`${RESULT_WORDS[result]}, level only` : RESULT_WORDS[result];
  return weighedBy === 'nothing' ? msg`${RESULT_WORDS.pass}, level only` : RESULT_WORDS.pass;
}

/** Returns `12/36/60`, with a dash for a level without power. */
function powersText(levels: readonly LevelMeasure[]): string {
  return levels.every(({ powerW }) => powerW === null) ? NOTHING : levels.map(({ powerW }) => formatNumber(powerW)).join('/');
}

/** Returns the longest time to settle. Units: s. */
function settleText(levels: readonly LevelMeasure[]): string {
  const times = levels.flatMap(({ settleMs }) => settleMs ?? []);
  return times.length === 0 ? NOTHING : formatNumber(Math.max(...times) / 1_000, 1);
}

function sensorTable(sensors: readonly AcceptedSensor[], page: Page): readonly string[] {
  const columns = [
    { title: msg`Sensor`, maxCols: 20 },
    { title: msg`Pole`, maxCols: 12 },
    { title: msg`Detections`, align: 'right' as const },
    { title: msg`ms`, align: 'right' as const },
    { title: msg`Raised`, maxCols: 26 },
    { title: msg`Result`, wraps: true as const },
  ];
  const rows = sensors.map(({ pointId, pole, walk, result }): readonly Said[] => [
    pointId,
    pole ?? NOTHING,
    walk === null ? NOTHING : String(walk.detections),
    walk?.worstMs == null ? NOTHING : String(walk.worstMs),
    walk === null ? NOTHING : walk.raised.length > 0 ? walk.raised.join(' ') : walk.wasLit ? msg`lit already` : NOTHING,
    walk === null ? msg`no walk` : walk.night || result === 'fail' ? RESULT_WORDS[result] : msg`${RESULT_WORDS[result]}, by day`,
  ]);
  return tableLines(columns, rows, page);
}

function lineText({ line, scan }: AcceptanceReport['lines'][number], page: Page): readonly string[] {
  if (scan === null) return paragraph(msg`Line ${line}: not scanned`, page);
  const { found, missing, damaged, atMs } = scan;
  const time = columnTime(atMs, page.timezone, { hasDay: true, hasSeconds: false });
  const bad = missing.length + damaged.length;
  return paragraph(
    bad === 0
      ? msg`Line ${line}: ${count(found, 'unit')} at ${time}, none missing`
      : msg`Line ${line}: ${count(found, 'unit')} at ${time}, ${missing.length} missing, ${damaged.length} damaged`,
    page,
  );
}
