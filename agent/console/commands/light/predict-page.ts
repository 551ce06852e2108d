/** Renders `luciole predict` as a table or CSV. Pure. */
import { count } from '../../../core/counts.ts';
import { type Message, msg, type Said } from '../../../core/message.ts';
import { CONFIDENCE_TEXTS, evidenceOf, type LampPrediction } from '../../../core/wear-view.ts';
import { NOTHING, type Page, translated } from '../../text/page.ts';
import { paragraph } from '../../text/text-lines.ts';
import { csvLine, type TableColumn, tableLines } from '../../text/text-table.ts';

/** The answer of `predict`: one prediction for each lamp of the cabinet, or that of the named lamp only. */
export interface PredictAnswer {
  readonly lamps: readonly LampPrediction[];
}

/**
 * How predictions are shown. `isAll`: the table has also lamps whose state is not `listed`. `isCsv`: CSV of all lamps in the answer, not a
 * table.
 */
export interface PredictForm {
  readonly isAll: boolean;
  readonly isCsv: boolean;
}

const COLUMNS: readonly TableColumn[] = [
  { title: msg`Lamp`, maxCols: 12 },
  { title: msg`Pole`, maxCols: 8 },
  { title: msg`Within`, align: 'right' },
  { title: msg`Weeks`, align: 'right' },
  { title: msg`Sure`, maxCols: 8 },
  { title: msg`Because`, wraps: true },
];
/** An interval up to this ratio is shown in weeks, a wider one in the classes below. Source: assumed. Confirmed by: readers of the table. */
const NARROW = 2;
/** Units: weeks. */
const CLASSES = [4, 8, 13, 26, 52, 104] as const;

const CSV_TITLES = 'lamp,pole,state,within_weeks,earliest_weeks,latest_weeks,confidence,nights,since,signs,evidence';

/**
 * Renders `predict` as CSV of all lamps, or as a table with a summary of all lamps. The table has the lamps in state `listed`, soonest
 * first; with `isAll` the others below.
 */
export function renderPredict({ lamps }: PredictAnswer, page: Page, { isAll, isCsv }: PredictForm): string {
  if (isCsv) return [CSV_TITLES, ...lamps.map((lamp) => csvRow(lamp, page))].join('\n');
  const listed = lamps.filter(({ state }) => state === 'listed').toSorted((a, b) => (a.withinWeeks ?? 0) - (b.withinWeeks ?? 0));
  const shown = isAll ? [...listed, ...lamps.filter(({ state }) => state !== 'listed')] : listed;
  const table = shown.length === 0 ? [] : [...tableLines(COLUMNS, shown.map(cells), page), ''];
  return [...table, ...paragraph(restText(lamps), page)].join('\n');
}

function cells(lamp: LampPrediction): readonly Said[] {
  const { withinWeeks, confidence, pole } = lamp;
  return [
    lamp.lamp,
    pole === '' ? NOTHING : pole,
    withinWeeks === null ? NOTHING : msg`${withinWeeks} wk`,
    interval(lamp),
    confidence === null ? NOTHING : CONFIDENCE_TEXTS[confidence],
    reason(lamp),
  ];
}

/** A wide interval is shown in classes, so that it does not look exact. Units: weeks. */
function interval({ earliestWeeks, latestWeeks }: LampPrediction): string {
  if (earliestWeeks === null) return NOTHING;
  const isNarrow = latestWeeks !== null && latestWeeks <= NARROW * Math.max(1, earliestWeeks);
  const from = isNarrow ? Math.round(earliestWeeks) : (CLASSES.findLast((weeks) => weeks <= earliestWeeks) ?? 0);
  if (latestWeeks === null) return `${from}+`;
  const to = isNarrow ? Math.ceil(latestWeeks) : CLASSES.find((weeks) => weeks >= latestWeeks);
  return to === undefined ? `${from}+` : `${from}-${to}`;
}

function reason(lamp: LampPrediction): Message {
  const { nights, neededNights } = lamp;
  switch (lamp.state) {
    case 'listed':
      return evidenceOf(lamp);
    case 'no-sign':
      return msg`no sign in ${nights} nights`;
    case 'no-data':
      return msg`the lamp reports nothing that shows wear`;
    case 'too-little':
      return nights < neededNights ? msg`no statement: ${nights} of ${neededNights} nights` : msg`no statement: no night of the last weeks`;
  }
}

function restText(lamps: readonly LampPrediction[]): Message {
  const of = (state: LampPrediction['state']): number => lamps.filter((lamp) => lamp.state === state).length;
  const parts = [
    msg`${count(of('listed'), 'lamp')} to replace`,
    msg`${of('no-sign')} without a sign`,
    ...(of('too-little') === 0 ? [] : [msg`${of('too-little')} without enough nights (${lamps[0]?.neededNights ?? 0} are needed)`]),
    ...(of('no-data') === 0 ? [] : [msg`${of('no-data')} that report nothing which shows wear`]),
  ];
  return msg`${parts}`;
}

function csvRow(lamp: LampPrediction, page: Page): string {
  const { pole, state, withinWeeks, earliestWeeks, latestWeeks, confidence, nights, sinceNight, signs } = lamp;
  return csvLine([
    ...[lamp.lamp, pole, state, withinWeeks, whole(earliestWeeks), whole(latestWeeks), confidence, nights, sinceNight],
    signs.map(({ sign }) => sign).join(' '),
    translated(reason(lamp), page),
  ]);
}

function whole(value: number | null): number | null {
  return value === null ? null : Math.round(value);
}
