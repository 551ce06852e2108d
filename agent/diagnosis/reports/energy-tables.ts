/** The tables and plots of energy: proven, computed, by night, by meter, and a year before. Pure. */
import { type Message, msg, type Said } from '../../core/message.ts';
import type { ReportBars, ReportCell, ReportSection, ReportTable } from '../../core/report.ts';
import { roundedParts } from '../../core/rounded-parts.ts';
import type { SavingsResult } from '../../core/savings-view.ts';
import { monthOf } from '../energy-months.ts';
import { savingsCautions } from '../savings/savings-cautions.ts';
import { kwhDecimals, type NightFacts, type RangeFacts, zoneRows } from './report-facts.ts';
import { isMonthPeriod } from './report-nights.ts';
import { BLANK, numberColumn, numbersSum, reportTable, shown, sumColumn, textColumn } from './report-table.ts';
import { bestOf, type EnergySource, sourcesOf, type UsedEnergy } from './used-energy.ts';

/**
 * Most nights, or months kept as one sum, that a plot shows one by one; more are joined by month. Source: bars of two months are readable
 * on A4.
 */
export const MOST_NIGHTS = 62;

const KWH = 'kWh';

/** For each source of energy, how that energy was found, as text for a reader. */
export const SOURCE_TEXTS: Readonly<Record<EnergySource, Message>> = {
  proof: msg`measured by the meter of the baseline`,
  invoice: msg`measured by the meter of the invoice`,
  meters: msg`measured by the meters of the cabinet`,
  computed: msg`computed from the levels of the lamps`,
};

/**
 * Returns the section about energy: used, proven and computed, by zone, night and meter, and compared with a year before. What is proven
 * and the year before are left out if there are none, the meters if none is configured or was counted. With fewer than two nights or months there
 * is no plot.
 */
export function energySection(facts: NightFacts): ReportSection {
  const { savings, used } = facts;
  const meters = meterTable(facts);
  return {
    id: 'energy',
    title: msg`Energy`,
    notes: [
      ...[...sourcesOf(used)].map(
        ([source, nights]) => msg`Energy used: ${SOURCE_TEXTS[source]}, in ${nights} of ${used.length} nights or months`,
      ),
      ...(savings === null ? [msg`These nights have no proven saving: it is computed, and has no interval`] : proofNotes(facts, savings)),
      ...(facts.before === null && !facts.unread.has('year-before') ? [msg`Nothing is counted of the same nights a year before`] : []),
    ],
    parts: [
      ...(savings === null ? [] : [proofTable(savings, rangeDecimals(facts))]),
      computedTable(facts),
      ...(used.length > 1 ? [nightBars(facts)] : []),
      ...(meters.rows.length === 0 ? [] : [meters]),
      ...(facts.before === null ? [] : [yearTable(facts, facts.before)]),
    ],
  };
}

function proofNotes({ nights }: NightFacts, savings: SavingsResult): readonly Message[] {
  const isPart = savings.from > nights.from || savings.to < nights.to;
  return [
    ...(isPart ? [msg`The proven saving is that of the nights from ${savings.from} to ${savings.to}`] : []),
    ...cautionTexts(savings),
    msg`The saving of the cabinet has an interval. Those of zones have none: the metered energy is divided by the computed energy of the zones`,
  ];
}

/**
 * Returns with how many decimals reference, used energy and saving are shown in kWh, in the report of a proven saving. All have the
 * decimals of the larger of reference and used energy.
 */
export function proofDecimals({ adjustedKwh, measuredKwh, estimatedKwh }: SavingsResult['total']): number {
  return kwhDecimals(Math.max(adjustedKwh, measuredKwh + estimatedKwh));
}

/**
 * Returns sentences on what must be checked before a proven saving is used, for the summary and where the saving is stated. Empty if
 * nothing must, and for a saving without `checks`.
 */
export function cautionTexts(savings: SavingsResult): readonly Message[] {
  return savingsCautions(savings, (kwh) => shown(kwh, kwhDecimals(kwh))).map((text) => msg`Caution: ${text}.`);
}

/**
 * Returns the table of the proven saving by zone. What is in no zone, such as other loads, is a row of its own if the sums of the zones, as
 * shown, differ from those of the cabinet. So the rows add up to the cabinet.
 */
export function proofTable({ zones, total }: SavingsResult, decimals = proofDecimals(total)): ReportTable {
  const usedKwh = total.measuredKwh + total.estimatedKwh;
  const rest = {
    referenceKwh: total.adjustedKwh - numbersSum(zones.map(({ adjustedKwh }) => adjustedKwh)),
    usedKwh: usedKwh - numbersSum(zones.map((zone) => zone.usedKwh)),
  };
  const differs = (whole: number, part: number): boolean => shown(whole, decimals) !== shown(whole - part, decimals);
  const hasRest = differs(total.adjustedKwh, rest.referenceKwh) || differs(usedKwh, rest.usedKwh);
  const rows = [
    ...zones.map(({ zone, adjustedKwh, usedKwh: own }) => ({ name: zone as Said, referenceKwh: adjustedKwh, usedKwh: own })),
    ...(hasRest ? [{ name: msg`in no zone` as Said, ...rest }] : []),
  ];
  return savingTable(msg`Proven saving by zone`, rows, decimals);
}

/** The saved energy of each row is the difference of what is shown. */
function savingTable(
  title: Message,
  rows: readonly { readonly name: Said; readonly referenceKwh: number; readonly usedKwh: number }[],
  decimals: number,
): ReportTable {
  const references = roundedParts(
    rows.map(({ referenceKwh }) => referenceKwh),
    decimals,
  );
  const used = roundedParts(
    rows.map(({ usedKwh }) => usedKwh),
    decimals,
  );
  const table = reportTable(
    title,
    [
      textColumn('zone', msg`Zone`),
      sumColumn('reference', msg`Reference`, KWH, decimals),
      sumColumn('used', msg`Used`, KWH, decimals),
      sumColumn('saved', msg`Saved`, KWH, decimals),
      numberColumn('saved-pct', msg`Saved`, '%', 1),
    ],
    rows.map(({ name }, at) => {
      const [reference, own] = [references[at] ?? 0, used[at] ?? 0];
      return [name, reference, own, reference - own, percent(reference - own, reference)];
    }),
  );
  return { ...table, total: table.total === null ? null : withPercent(table.total) };
}

function withPercent(total: readonly ReportCell[]): readonly ReportCell[] {
  const [name = BLANK, reference = null, used = null, saved = null] = total;
  return [name, reference, used, saved, typeof saved === 'number' && typeof reference === 'number' ? percent(saved, reference) : null];
}

function percent(part: number, whole: number): number | null {
  return whole > 0 ? shown((100 * part) / whole, 1) : null;
}

function computedTable(facts: NightFacts): ReportTable {
  const rows = zoneRows(facts);
  const decimals = rangeDecimals(facts);
  const former = roundedParts(
    rows.map(({ baselineKwh }) => baselineKwh),
    decimals,
  );
  const used = roundedParts(
    rows.map(({ kwh }) => kwh),
    decimals,
  );
  return reportTable(
    msg`Computed from the levels of the lamps`,
    [
      textColumn('zone', msg`Zone`),
      numberColumn('nights', msg`Nights`, '', 0),
      numberColumn('lamps', msg`Lamps`, '', 1),
      numberColumn('lit', msg`Lit hours of a lamp`, 'h', 1),
      numberColumn('level', msg`Mean level`, '%', 0),
      numberColumn('detection', msg`Raised by presence or traffic`, '%', 1),
      sumColumn('activations', msg`Times raised by presence`, '', 0),
      sumColumn('former', msg`Former installation`, KWH, decimals),
      sumColumn('computed', msg`Computed`, KWH, decimals),
      sumColumn('computed-saved', msg`Less`, KWH, decimals),
    ],
    rows.map(({ zone, nights, lamps, litH, meanLevelPct, raisedPct, activations }, at) => {
      const [before, own] = [former[at] ?? 0, used[at] ?? 0];
      return [zone, nights, lamps, litH, meanLevelPct, raisedPct, activations, before, own, before - own];
    }),
  );
}

/**
 * Returns the energy of the entries of `used` (nights, and months kept as one sum), joined by month if they are more than `MOST_NIGHTS`. A
 * value is null if it is null in one of its entries. `half`: half of the 90 % interval for each bar of one proven night, null for other
 * bars; null if no bar has one. `line`: the proven reference; without `savings`, the former installation.
 */
export function nightBars({ used, savings }: Pick<RangeFacts, 'used' | 'savings'>): ReportBars {
  const isMonthly = used.length > MOST_NIGHTS;
  const groups = [...Map.groupBy(used, ({ period }) => (isMonthly ? monthOf(period) : period))];
  const sums = (pick: (night: UsedEnergy) => number | null): readonly (number | null)[] =>
    groups.map(([, nights]) => {
      const values = nights.map(pick);
      const known = values.filter((value) => value !== null);
      // A month without one of its nights is not comparable.
      return known.length < values.length || known.length === 0 ? null : shown(numbersSum(known), 2);
    });
  const computed = { title: msg`computed`, values: sums(({ computedKwh }) => computedKwh) };
  const metered = { title: msg`measured`, values: sums(({ metered: own }) => own?.kwh ?? null) };
  const shownSeries = [metered, computed].filter(({ values }) => values.some((value) => value !== null));
  const isMetered = shownSeries[0] === metered;
  const halves = groups.map(([period, nights]) => {
    const known = nights.flatMap(({ proof }) => (proof === null ? [] : [proof.halfKwh]));
    // It is not stated for a month: the error of the reference is common to its nights.
    return isMonthly || isMonthPeriod(period) ? null : shown(known[0] ?? null, 2);
  });
  return {
    ...{ kind: 'bars', unit: KWH, labels: groups.map(([period]) => period) },
    title: isMonthly ? msg`Energy by month` : msg`Energy by night`,
    series: shownSeries,
    line:
      savings === null
        ? { title: msg`former installation, computed`, values: sums(({ formerKwh }) => formerKwh) }
        : { title: msg`reference`, values: sums(({ proof }) => proof?.referenceKwh ?? null) },
    half: savings === null || !isMetered || halves.every((half) => half === null) ? null : halves,
  };
}

function meterTable({ meters, nights }: NightFacts): ReportTable {
  const ids = [...new Set([...meters.map(({ id }) => id), ...Object.keys(nights.sum.meters)])];
  return reportTable(
    msg`Meters`,
    [
      textColumn('meter', msg`Meter`),
      textColumn('profile', msg`Type`),
      textColumn('serial', msg`Serial number`),
      numberColumn('class', msg`Class`, '%', 1),
      numberColumn('nights', msg`Nights`, '', 0),
      numberColumn('metered', msg`Measured`, KWH, 2),
      numberColumn('computed', msg`Computed, same nights`, KWH, 2),
    ],
    ids.map((id) => {
      const [meter, tally] = [meters.find((each) => each.id === id), nights.sum.meters[id]];
      const computedKwh = tally === undefined ? null : tally.computedWh / 1_000;
      return [
        id,
        meter?.profile ?? null,
        meter?.serial ?? null,
        meter?.classPct ?? null,
        tally?.nights ?? 0,
        tally?.kwh ?? null,
        computedKwh,
      ];
    }),
  );
}

/**
 * The energy of a range: used, and the reference with the saving, proven or computed. Numbers other than `allKwh` are null if neither is
 * known. Units: kWh, rounded as it is shown; %.
 */
export interface RangeSaving {
  /** What is compared with the reference: the energy of the nights with a proven saving; if there is none, the computed energy. */
  readonly usedKwh: number | null;
  /** The proven reference; if `isProven` is false, the computed energy of the former installation. */
  readonly referenceKwh: number | null;
  readonly savedKwh: number | null;
  /** Half of the 90 % interval of the saving; null if `isProven` is false. */
  readonly halfKwh: number | null;
  /** Saving as a share of the reference; null also if that is not above 0. */
  readonly savedPct: number | null;
  /**
   * All energy of the range, measured or computed, also of nights that have no proven reference. A night with neither counts as 0. Null
   * without nights.
   */
  readonly allKwh: number | null;
  readonly isProven: boolean;
}

/**
 * Returns with how many decimals a report about these nights shows reference, used energy and saving in kWh, in key figures and in the
 * tables that have a reference.
 */
export function rangeDecimals({ used, savings }: Pick<RangeFacts, 'used' | 'savings'>): number {
  const referenceKwh = savings?.total.adjustedKwh ?? numbersSum(used.map(({ formerKwh }) => formerKwh ?? 0));
  return kwhDecimals(Math.max(referenceKwh, numbersSum(used.map((night) => bestOf(night).kwh))));
}

/** Returns the energy of a range as it is shown, with the saving as the difference of the shown numbers. */
export function rangeSaving({ used, savings }: Pick<RangeFacts, 'used' | 'savings'>, decimals: number): RangeSaving {
  const allKwh = used.length === 0 ? null : shown(numbersSum(used.map((night) => bestOf(night).kwh)), decimals);
  const [reference, own] =
    savings === null
      ? [numbersSum(used.map(({ formerKwh }) => formerKwh ?? 0)), numbersSum(used.map(({ computedKwh }) => computedKwh ?? 0))]
      : [savings.total.adjustedKwh, savings.total.measuredKwh + savings.total.estimatedKwh];
  const isKnown = savings !== null || used.some(({ computedKwh }) => computedKwh !== null);
  const [referenceKwh, usedKwh] = [shown(reference, decimals), shown(own, decimals)];
  const savedKwh = shown(referenceKwh - usedKwh, decimals);
  return isKnown
    ? {
        ...{ usedKwh, referenceKwh, savedKwh, allKwh, isProven: savings !== null },
        halfKwh: savings === null ? null : shown(savings.halfKwh, decimals),
        savedPct: percent(savedKwh, referenceKwh),
      }
    : { usedKwh: null, referenceKwh: null, savedKwh: null, halfKwh: null, savedPct: null, allKwh, isProven: false };
}

function yearTable(facts: NightFacts, before: RangeFacts): ReportTable {
  const decimals = rangeDecimals(facts);
  const [now, then] = [rangeSaving(facts, decimals), rangeSaving(before, decimals)];
  const row = ({ nights }: RangeFacts, saving: RangeSaving, name: Said): readonly ReportCell[] => [
    ...[name, `${nights.from} .. ${nights.to}`, nights.counted, saving.allKwh, saving.referenceKwh, saving.savedKwh, saving.halfKwh],
    saving.savedPct,
    saving.isProven ? msg`proven` : msg`computed`,
  ];
  const change = (a: number | null, b: number | null): number | null => (a === null || b === null ? null : shown(a - b, decimals));
  return reportTable(
    msg`Compared with a year before`,
    [
      textColumn('range', msg`Period`),
      textColumn('dates', msg`Nights from, to`),
      numberColumn('nights', msg`Nights counted`, '', 0),
      numberColumn('used', msg`Used`, KWH, decimals),
      numberColumn('reference', msg`Reference`, KWH, decimals),
      numberColumn('saved', msg`Saved`, KWH, decimals),
      numberColumn('half', msg`± (90 %)`, KWH, decimals),
      numberColumn('saved-pct', msg`Saved`, '%', 1),
      textColumn('source', msg`Saving`),
    ],
    [
      row(facts, now, msg`this period`),
      row(before, then, msg`a year before`),
      [
        ...[msg`change`, BLANK, shown(facts.nights.counted - before.nights.counted, 0), change(now.allKwh, then.allKwh)],
        ...[change(now.referenceKwh, then.referenceKwh), change(now.savedKwh, then.savedKwh), BLANK, BLANK, BLANK],
      ],
    ],
  );
}
