/** The tables and the plot of a proven saving. Pure. */
import { type Message, msg, type Said } from '../../core/message.ts';
import { firstOf } from '../../core/message-lists.ts';
import type { ReportCell, ReportSection, ReportTable } from '../../core/report.ts';
import type { LedgerCause, LedgerEntry, SavingsGapReason, SavingsResult } from '../../core/savings-view.ts';
import { cautionTexts, nightBars, proofDecimals, proofTable } from './energy-tables.ts';
import { numberColumn, numbersSum, reportTable, shown, sumColumn, textColumn } from './report-table.ts';
import { provenEnergy } from './used-energy.ts';

/** Names in one sentence; the others are counted. */
const NAMED = 12;

/** Texts of the causes of entries of the ledger. */
const CAUSE_TEXTS: Readonly<Record<LedgerCause, Message>> = {
  baseline: msg`baseline frozen`,
  void: msg`another entry no longer counts`,
  'lamps-added': msg`lamps added`,
  'lamps-removed': msg`lamps removed`,
  wattage: msg`power of lamps changed`,
  'ordered-level': msg`level ordered`,
  outage: msg`outage`,
  'other-load': msg`other load`,
  'meter-exchanged': msg`meter exchanged`,
  'settings-changed': msg`settings changed`,
  'clock-lost': msg`clock lost`,
  'uplink-lost': msg`uplink lost`,
  'agent-away': msg`agent away`,
};

const GAP_TEXTS: Readonly<Record<SavingsGapReason, Message>> = {
  'meter-silent': msg`the meter did not answer`,
  'meter-restarted': msg`the meter restarted`,
  'no-meter': msg`no meter was read`,
};

/** Returns the table of the adjustments by entry of the ledger. */
function adjustmentTable({ adjustments, total }: SavingsResult): ReportTable {
  return reportTable(
    msg`Adjustments of the ledger`,
    [
      numberColumn('n', msg`Entry`, '', 0),
      textColumn('cause', msg`Cause`),
      textColumn('by', msg`By`),
      sumColumn('adjustment', msg`Change of the reference`, 'kWh', proofDecimals(total)),
    ],
    adjustments.map(({ n, cause, by, kwh }) => [n, CAUSE_TEXTS[cause], by, kwh]),
  );
}

/** Returns the section about the ledger: adjustments, and all entries about the nights. `timeText`: returns the local time as text. */
export function ledgerSection(savings: SavingsResult, timeText: (atMs: number) => string): ReportSection {
  return {
    id: 'ledger',
    title: msg`Ledger`,
    notes: savings.adjustments.length === 0 ? [msg`No entry changes the reference`] : [],
    parts: [...(savings.adjustments.length === 0 ? [] : [adjustmentTable(savings)]), entryTable(savings.entries, timeText)],
  };
}

function entryTable(entries: readonly LedgerEntry[], timeText: (atMs: number) => string): ReportTable {
  return reportTable(
    msg`Entries`,
    [
      numberColumn('n', msg`Entry`, '', 0),
      textColumn('from', msg`First night`),
      textColumn('to', msg`Last night`),
      textColumn('cause', msg`Cause`),
      textColumn('by', msg`By`),
      textColumn('about', msg`About`),
      textColumn('note', msg`Note`),
      textColumn('at', msg`Entered`),
    ],
    entries.map(({ n, from, to, cause, by, about, note, atMs, voids }): readonly ReportCell[] => [
      ...[n, from, to ?? msg`until further notice`, CAUSE_TEXTS[cause], by],
      ...[voids === undefined ? about.join(' ') : msg`entry ${voids}`, note, timeText(atMs)],
    ]),
  );
}

/** Returns the sections of a proven saving, each made when it is called. `timeText`: returns the local time as text. */
export function proofSections(savings: SavingsResult, timeText: (atMs: number) => string): readonly (() => ReportSection)[] {
  return [
    () => savingSection(savings),
    () => intervalSection(savings),
    () => baselineSection(savings, timeText),
    () => ledgerSection(savings, timeText),
  ];
}

function savingSection(savings: SavingsResult): ReportSection {
  return {
    id: 'saving',
    title: msg`Saving`,
    notes: [
      ...cautionTexts(savings),
      msg`The saving of the cabinet has an interval. Those of zones have none: the metered energy is divided by the computed energy of the zones`,
    ],
    parts: [sumTable(savings), proofTable(savings), nightBars({ savings, used: provenEnergy(savings) })],
  };
}

/** From the reference to the saving. Adjusted reference, used energy and saving are those of the table by zone, and the shown parts add up to them. */
function sumTable({ total }: SavingsResult): ReportTable {
  const decimals = proofDecimals(total);
  const kwh = (value: number): number => shown(value, decimals);
  const adjusted = kwh(total.adjustedKwh);
  const [routine, nonRoutine] = [kwh(total.routineKwh), kwh(total.nonRoutineKwh)];
  const used = kwh(total.measuredKwh + total.estimatedKwh);
  const estimated = kwh(total.estimatedKwh);
  const rows: readonly (readonly [Said, number])[] = [
    [msg`Reference of mean nights`, kwh(adjusted - routine - nonRoutine)],
    [msg`Hours of darkness of these nights`, routine],
    [msg`Adjustments of the ledger`, nonRoutine],
    [msg`Adjusted reference`, adjusted],
    [msg`Measured`, kwh(used - estimated)],
    [msg`Estimated in gaps`, estimated],
    [msg`Saved`, kwh(adjusted - used)],
  ];
  return reportTable(
    msg`From the reference to the saving`,
    [textColumn('what', msg`Energy`), numberColumn('energy', msg`Energy`, 'kWh', decimals)],
    rows,
  );
}

function intervalSection(savings: SavingsResult): ReportSection {
  const { halfParts, halfKwh, cvPct, nmbePct, measuredSharePct, estimatedSharePct, missingNights, gaps } = savings;
  const decimals = 2;
  const parts: readonly (readonly [Message, number])[] = [
    [msg`reference`, halfParts.referenceKwh],
    [msg`meter`, halfParts.meterKwh],
    [msg`gaps`, halfParts.gapsKwh],
    [msg`nights`, halfParts.nightsKwh],
    [msg`unexplained`, halfParts.otherKwh ?? 0],
    [msg`all, as the root of the sum of squares`, halfKwh],
  ];
  return {
    id: 'interval',
    title: msg`Interval`,
    notes: [
      ...(measuredSharePct === null || estimatedSharePct === null
        ? []
        : [msg`Measured ${shown(measuredSharePct, 1)} % of the energy used, estimated ${shown(estimatedSharePct, 1)} %`]),
      cvPct === null || nmbePct === null
        ? msg`The model is not judged: too few nights`
        : msg`Model: CV(RMSE) ${shown(cvPct, 2)} %, NMBE ${shown(nmbePct, 2)} %, each night judged by the nights before it`,
      ...(missingNights.length === 0 ? [] : [msg`Nights that are in no sum: ${firstOf(missingNights, NAMED)}`]),
    ],
    parts: [
      reportTable(
        msg`Half of the 90 % interval by cause`,
        [textColumn('cause', msg`Cause`), numberColumn('half', msg`± (90 %)`, 'kWh', decimals)],
        parts,
      ),
      ...(gaps.length === 0 ? [] : [gapTable(savings)]),
    ],
  };
}

function gapTable({ gaps }: SavingsResult): ReportTable {
  return reportTable(
    msg`Gaps of the measured energy`,
    [
      textColumn('night', msg`Night`),
      textColumn('meter', msg`Meter`),
      textColumn('why', msg`Why`),
      numberColumn('minutes', msg`Length`, 'min', 0),
      sumColumn('estimated', msg`Estimated`, 'kWh', 3),
      numberColumn('half', msg`± (90 %)`, 'kWh', 3),
    ],
    gaps.map(({ date, meter, why, fromMs, toMs, wh, halfWh }) => [
      ...[date, meter, GAP_TEXTS[why], (toMs - fromMs) / 60_000, wh / 1_000, halfWh / 1_000],
    ]),
  );
}

function baselineSection({ baseline, baselineN, entries }: SavingsResult, timeText: (atMs: number) => string): ReportSection {
  const entry = entries.find(({ n }) => n === baselineN);
  return {
    id: 'baseline',
    title: msg`Baseline`,
    notes: [
      msg`Entry ${baselineN} of the ledger; compared from the night of ${baseline.from} on`,
      ...(entry === undefined ? [] : [msg`Frozen ${timeText(entry.atMs)} by ${entry.by}`]),
      baseline.learnedNights === null
        ? msg`Powers from nameplates, ±${shown(baseline.powerHalfPct, 1)} % (90 %)`
        : msg`Powers from a meter in ${baseline.learnedNights} nights, ±${shown(baseline.powerHalfPct, 1)} % (90 %)`,
      msg`Other load ${shown(baseline.otherW, 1)} W, in the reference and in the energy used`,
    ],
    parts: [
      reportTable(
        msg`Reference by zone`,
        [
          textColumn('zone', msg`Zone`),
          sumColumn('lamps', msg`Lamps`, '', 0),
          sumColumn('power', msg`Power`, 'W', 0),
          numberColumn('reduction', msg`Mean reduction`, '', 3),
          numberColumn('hours', msg`Mean hours of darkness`, 'h', 2),
        ],
        baseline.zones.map(({ id, lamps, meanHours }) => {
          const watts = numbersSum(lamps.map(({ powerW }) => powerW));
          const reduced = numbersSum(lamps.map(({ powerW, reduction }) => powerW * reduction));
          return [id, lamps.length, watts, watts > 0 ? reduced / watts : null, meanHours];
        }),
      ),
      reportTable(
        msg`Meters of the baseline`,
        [
          textColumn('meter', msg`Meter`),
          textColumn('profile', msg`Type`),
          textColumn('serial', msg`Serial number`),
          numberColumn('class', msg`Class`, '%', 1),
        ],
        baseline.meters.map(({ id, profile, serial, classPct }) => [id, profile, serial === '' ? null : serial, classPct]),
      ),
    ],
  };
}
