/** The tables and plots of light and presence: hours by level, periods of operation, presence by hour. Pure. */
import { HOUR_MS } from '../../core/durations.ts';
import { msg, type Said } from '../../core/message.ts';
import type { ReportBands, ReportBars, ReportHeat, ReportSection, ReportTable } from '../../core/report.ts';
import { roundedParts } from '../../core/rounded-parts.ts';
import { monthOf } from '../energy-months.ts';
import { LEVEL_BANDS, type NightTally } from '../energy-tally.ts';
import { MOST_NIGHTS } from './energy-tables.ts';
import type { LevelSteps } from './level-grid.ts';
import { hoursToShow, presenceByHour } from './presence-hours.ts';
import { type NightFacts, zoneRows } from './report-facts.ts';
import { numberColumn, numbersSum, reportTable, shown, sumColumn, textColumn } from './report-table.ts';

/** Smaller sums of lamp hours have a decimal. Source: a night of 35 lamps has about 400. */
const SMALL_H = 1_000;

/** Returns the section about light: levels over the night if they are known, hours by level, and periods of operation. */
export function lightSection(facts: NightFacts): ReportSection {
  const isOne = facts.nights.from === facts.nights.to;
  return {
    id: 'light',
    title: msg`Light`,
    notes: [
      msg`Hours are summed over all lamps. Unknown: the lamp did not answer at night`,
      ...(isOne && facts.levels === null && !facts.unread.has('levels') ? [msg`No levels of this night are recorded`] : []),
    ],
    parts: [...(facts.levels === null ? [] : [levelBands(facts.levels)]), levelTable(facts), periodTable(facts)],
  };
}

function levelBands({ instants, bands, unrecorded }: LevelSteps): ReportBands {
  const titles = [msg`dark`, msg`1 to 25 %`, msg`26 to 50 %`, msg`51 to 75 %`, msg`76 to 100 %`];
  return {
    ...{ kind: 'bands', title: msg`Lamps by decided level over the night`, unit: '', instants },
    series: [
      ...bands.map((values, band) => ({ title: titles[band] ?? '', values })),
      { title: msg`not recorded`, isUnknown: true, values: unrecorded.map((number) => shown(number, 2)) },
    ],
  };
}

function levelTable(facts: NightFacts): ReportTable {
  const bands = Array.from({ length: LEVEL_BANDS }, (_, band) => band);
  const name = (band: number): Said => (band === 0 ? msg`dark` : `${band * 10 - 9}–${band * 10} %`);
  const rows = zoneRows(facts);
  const hours = [...bands.map((band) => rows.map(({ bandsH }) => bandsH[band] ?? 0)), rows.map(({ unknownLampH }) => unknownLampH)];
  const decimals = numbersSum(hours.flat()) < SMALL_H ? 1 : 0;
  const rounded = hours.map((column) => roundedParts(column, decimals));
  return reportTable(
    msg`Lamp hours at night by level`,
    [
      textColumn('zone', msg`Zone`),
      ...bands.map((band) => sumColumn(`level-${band * 10}`, name(band), 'h', decimals)),
      sumColumn('unknown', msg`unknown`, 'h', decimals),
      sumColumn('all', msg`all`, 'h', decimals),
    ],
    rows.map(({ zone }, at) => {
      const cells = rounded.map((column) => column[at] ?? 0);
      return [zone, ...cells, numbersSum(cells)];
    }),
  );
}

function periodTable(facts: NightFacts): ReportTable {
  return reportTable(
    msg`Periods of operation, by the level without presence`,
    [
      textColumn('zone', msg`Zone`),
      numberColumn('level', msg`Level`, '%', 0),
      numberColumn('hours', msg`Hours of a lamp`, 'h', 1),
      numberColumn('reduction', msg`Reduction`, '', 3),
      numberColumn('detection', msg`Detection`, '%', 1),
      numberColumn('raised', msg`Reduction then`, '', 3),
    ],
    zoneRows(facts).flatMap(({ zone, periods }) =>
      periods.map(({ levelPct, hours, reduction, detectionPct, raisedReduction }) => [
        ...[zone, levelPct, hours, reduction, detectionPct, raisedReduction],
      ]),
    ),
  );
}

/**
 * Returns the section about presence, in minutes of each hour of night: as bars for one night; for more, as a heat map by night or month.
 * Without counted hours of night it has a note in place of the plot.
 */
export function presenceSection(facts: NightFacts): ReportSection {
  const plot = facts.nights.from === facts.nights.to ? hourBars(facts.nights.sum) : presenceHeat(facts);
  return {
    id: 'presence',
    title: msg`Presence`,
    notes: [
      msg`Minutes of each hour of night in which presence raised a zone, as the mean of the zones`,
      ...(plot === null ? [msg`Presence by hour is not known for these nights`] : []),
    ],
    parts: plot === null ? [] : [plot],
  };
}

function hourBars({ zones }: NightTally): ReportBars | null {
  const minutes = presenceByHour(Object.values(zones));
  const hours = hoursToShow([minutes]);
  if (hours.length === 0) return null;
  return {
    ...{ kind: 'bars', title: msg`Presence by hour`, unit: 'min', labels: hours.map(hourName), line: null, half: null },
    series: [{ title: msg`presence`, values: hours.map((hour) => shown(minutes[hour] ?? null, 1)) }],
  };
}

function presenceHeat({ nights }: NightFacts): ReportHeat | null {
  const isMonthly = nights.kept.length > MOST_NIGHTS;
  const groups = [...Map.groupBy(nights.kept, ({ period }) => (isMonthly ? monthOf(period) : period))];
  const rows = groups.map(([, kept]) => presenceByHour(kept.flatMap(({ tally }) => Object.values(tally.zones))));
  const hours = hoursToShow(rows);
  if (hours.length === 0) return null;
  return {
    ...{ kind: 'heat', title: msg`Presence by night and hour`, unit: 'min', columns: hours.map(hourName) },
    rows: groups.map(([period]) => period),
    values: rows.map((row) => hours.map((hour) => shown(row[hour] ?? null, 1))),
  };
}

function hourName(hour: number): string {
  return `${String(hour).padStart(2, '0')}:00`;
}

/**
 * Returns the share of the lamp hours at a known level in which presence, traffic or a rule raised the lamp. Null without lamp hours at a
 * known level. Dark hours by day do not count. Units: %.
 */
export function detectionPct({ zones }: NightTally): number | null {
  const all = Object.values(zones);
  const knownMs = numbersSum(all.map(({ bandMs }) => numbersSum(bandMs)));
  return knownMs > 0 ? (100 * numbersSum(all.map(({ boostedMs }) => boostedMs))) / knownMs : null;
}

/** Returns the counted lamp hours, without dark hours by day: all of them, and those without a known level. Units: h. */
export function nightLampHours({ zones }: NightTally): { readonly all: number; readonly unknown: number } {
  const unknown = numbersSum(Object.values(zones).map(({ unknownMs }) => unknownMs)) / HOUR_MS;
  return { all: unknown + numbersSum(Object.values(zones).map(({ bandMs }) => numbersSum(bandMs))) / HOUR_MS, unknown };
}
