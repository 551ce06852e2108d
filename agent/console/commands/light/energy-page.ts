/** Renders `luciole energy` as tables or CSV, and states which values are computed, measured or unknown. Pure. */

import { count } from '../../../core/counts.ts';
import { type Message, msg } from '../../../core/message.ts';
import type { EnergyMeter, EnergyQuery, EnergyRow, EnergyView } from '../../../core/views.ts';
import { formatNumber, NOTHING, type Page, translated } from '../../text/page.ts';
import { labelled, paragraph } from '../../text/text-lines.ts';
import { csvLine, type TableColumn, tableLines } from '../../text/text-table.ts';

/** How energy is shown: as tables for a person, or as CSV. */
export type EnergyForm = 'table' | 'csv';

/** The answer of `energy`, with the requested step and zone. `by` null: all nights as one. `zone` null: all zones. */
export interface EnergyAnswer extends EnergyView, Pick<EnergyQuery, 'by' | 'zone'> {}

/** Shorter interruptions are not shown. Units: h. Source: assumed; a restart takes seconds. Confirmed by: a month of restarts in the log. */
const MIN_SHOWN_H = 0.1;
/** A shorter time would be shown as 0. Units: h. */
const SHOWN_H = 0.005;
const RIGHT = { align: 'right' } as const;

/** Renders the answer of `energy` as tables with notes for a person, or as CSV of its rows with a title line. */
export function renderEnergy(answer: EnergyAnswer, page: Page, form: EnergyForm): string {
  if (form === 'csv') return csvLines(answer.rows).join('\n');
  const { rows } = answer;
  if (rows.length === 0) return labelled(msg`Nothing`, nothing(answer), page).join('\n');
  return [
    ...paragraph(title(answer), page),
    '',
    ...mainTable(answer, page),
    '',
    ...(answer.by === null ? [...periodTable(rows, page), ''] : []),
    ...notes(answer, page),
  ].join('\n');
}

function title({ rows, firstNight, lastNight, isOpen, by, zone }: EnergyAnswer): Message {
  const range =
    firstNight === lastNight ? msg`the night of ${firstNight ?? NOTHING}` : msg`${firstNight ?? NOTHING} to ${lastNight ?? NOTHING}`;
  const parts = [
    ...(by === null ? [count(Math.max(...rows.map((row) => row.nights)), 'night')] : []),
    range,
    ...(zone === null ? [] : [zone]),
  ];
  return isOpen ? msg`${parts}; the last one goes on` : msg`${parts}`;
}

function nothing({ zone }: EnergyAnswer): Message {
  return zone === null
    ? msg`no night of this time was counted; counting begins with the first start of the agent, once the time is known`
    : msg`no night of ${zone} was counted; counting begins with the first start of the agent, once the time is known`;
}

const MAIN_COLUMNS: readonly TableColumn[] = [
  msg`Lit h`,
  msg`Level`,
  msg`Raised`,
  msg`Times`,
  msg`kWh`,
  msg`Before`,
  msg`Saved`,
  msg`%`,
].map((title) => ({ title, ...RIGHT }));

function mainTable({ rows, by }: EnergyAnswer, page: Page): string[] {
  const head: readonly TableColumn[] = by === null ? [] : [{ title: by === 'night' ? msg`Night` : msg`Month` }];
  const nights: readonly TableColumn[] = by === 'night' ? [] : [{ title: msg`Nights`, ...RIGHT }];
  const columns: readonly TableColumn[] = [...head, { title: msg`Zone`, maxCols: 16 }, ...nights, ...MAIN_COLUMNS];
  const cells = rows.map((row) => [
    ...(by === null ? [] : [row.period ?? NOTHING]),
    row.zone,
    ...(by === 'night' ? [] : [String(row.nights)]),
    ...mainCells(row),
  ]);
  const total =
    rows.length < 2
      ? []
      : [
          [
            ...(by === null ? [] : [translated(msg`All`, page)]),
            by === null ? translated(msg`All`, page) : '',
            ...nights.map(() => ''),
            ...totalCells(rows),
          ],
        ];
  return tableLines(columns, [...cells, ...total], page);
}

function mainCells({ litH, meanLevelPct, raisedPct, activations, ...row }: EnergyRow): string[] {
  return [energy(litH), percent(meanLevelPct), percent(raisedPct), String(activations), ...energyCells(row)];
}

function totalCells(rows: readonly EnergyRow[]): string[] {
  const sum = (value: (row: EnergyRow) => number): number => rows.reduce((all, row) => all + value(row), 0);
  const [kwh, baselineKwh] = [sum((row) => row.kwh), sum((row) => row.baselineKwh)];
  const savedKwh = baselineKwh - kwh;
  const savedPct = baselineKwh > 0 ? (100 * savedKwh) / baselineKwh : null;
  return ['', '', '', String(sum((row) => row.activations)), ...energyCells({ kwh, baselineKwh, savedKwh, savedPct })];
}

function energyCells({ kwh, baselineKwh, savedKwh, savedPct }: Pick<EnergyRow, 'kwh' | 'baselineKwh' | 'savedKwh' | 'savedPct'>): string[] {
  return [energy(kwh), energy(baselineKwh), energy(savedKwh), formatNumber(savedPct)];
}

/** Returns the table that EN 13201-5 requires, one row per level without presence. */
function periodTable(rows: readonly EnergyRow[], page: Page): string[] {
  const columns = [
    { title: msg`Zone`, maxCols: 16 },
    { title: msg`Without presence`, ...RIGHT },
    { title: msg`Hours`, ...RIGHT },
    { title: msg`Reduction`, ...RIGHT },
    { title: msg`Detection`, ...RIGHT },
    { title: msg`Reduction then`, ...RIGHT },
  ];
  const cells = rows.flatMap(({ zone, periods }) =>
    periods
      .filter(({ hours }) => hours >= SHOWN_H)
      .map(({ levelPct, hours, reduction, raisedReduction, detectionPct }, index) => [
        index === 0 ? zone : '',
        `${formatNumber(levelPct)} %`,
        energy(hours),
        formatNumber(reduction, 2),
        `${formatNumber(detectionPct, 1)} %`,
        formatNumber(raisedReduction, 2),
      ]),
  );
  return cells.length === 0
    ? [translated(msg`no hour at a level that is known`, page)]
    : [translated(msg`For EN 13201-5:`, page), ...tableLines(columns, cells, page)];
}

function notes({ rows, meters, zone, awayH, undatedH }: EnergyAnswer, page: Page): string[] {
  const sum = (value: (row: EnergyRow) => number): number => rows.reduce((all, row) => all + value(row), 0);
  const [raised, standby] = [sum(({ kwh, quietKwh }) => kwh - quietKwh), sum((row) => row.standbyKwh)];
  const [unknown, unknownKwh] = [sum((row) => row.unknownLampH), sum((row) => row.unknownSavedKwh)];
  const line = (label: Message, text: Message): string[] => labelled(label, text, page);
  return [
    ...line(msg`Computed`, msg`from the rated power and the level of each lamp, not measured; ${energy(standby)} kWh of it standby by day`),
    ...line(msg`Before`, msg`the baseline of the zone in cabinet.yaml, for the same nights`),
    ...line(msg`Raised`, msg`presence and traffic took ${energy(raised)} kWh of it`),
    ...(zone === null ? meterTexts(meters).flatMap((text) => line(msg`Measured`, text)) : []),
    ...(unknown < MIN_SHOWN_H ? [] : line(msg`Unknown`, unknownText(unknown, unknownKwh))),
    ...(awayH < MIN_SHOWN_H ? [] : line(msg`Not seen`, msg`${energy(awayH)} h: the agent did not run, nothing is counted for them`)),
    ...(undatedH < MIN_SHOWN_H
      ? []
      : line(
          msg`No time`,
          msg`${energy(undatedH)} h were counted before the time was known; they count in the night in which it became known`,
        )),
  ];
}

function meterTexts(meters: readonly EnergyMeter[]): Message[] {
  return meters.length === 0 ? [msg`nothing: no meter of this cabinet has counted one of these nights whole`] : meters.map(meterText);
}

function meterText({ device, kwh, computedKwh, nights }: EnergyMeter): Message {
  const inNights = count(nights, 'night');
  return msg`${device} ${energy(kwh)} kWh in ${inNights}, noon to noon, all that is connected to it; computed for the zones in the same nights ${energy(computedKwh)}`;
}

function unknownText(lampH: number, savedKwh: number): Message {
  return msg`${energy(lampH)} lamp hours without an answer, counted at the requested level; ${energy(savedKwh)} kWh of the saving depend on that`;
}

/** Formats hours or kWh; small values get more decimals. */
function energy(value: number): string {
  const size = Math.abs(value);
  return formatNumber(value, size < 10 ? 2 : size < 1_000 ? 1 : 0);
}

function percent(value: number | null): string {
  return value === null ? NOTHING : `${formatNumber(value, value > 0 && value < 10 ? 1 : 0)} %`;
}

const CSV_TITLES =
  'period,zone,nights,lamps,lit_h,mean_level_pct,raised_pct,activations,kwh,quiet_kwh,standby_kwh,baseline_kwh,saved_kwh,saved_pct,' +
  'reduction,unknown_lamp_h,unknown_saved_kwh,lamp_h_dark,lamp_h_10,lamp_h_20,lamp_h_30,lamp_h_40,lamp_h_50,lamp_h_60,lamp_h_70,lamp_h_80,' +
  'lamp_h_90,lamp_h_100';

function csvLines(rows: readonly EnergyRow[]): string[] {
  const lines = rows.map(({ period, zone, bandsH, periods: _, ...row }) => {
    const { nights, lamps, litH, meanLevelPct, raisedPct, activations, kwh, quietKwh, standbyKwh, baselineKwh } = row;
    const sums = [nights, lamps, litH, meanLevelPct, raisedPct, activations, kwh, quietKwh, standbyKwh, baselineKwh];
    const more = [row.savedKwh, row.savedPct, row.reduction, row.unknownLampH, row.unknownSavedKwh];
    return csvLine([period ?? 'all', zone, ...[...sums, ...more, ...bandsH].map(threeDecimals)]);
  });
  return [CSV_TITLES, ...lines];
}

function threeDecimals(value: number | null): number | null {
  return value === null ? null : Math.round(value * 1_000) / 1_000;
}
