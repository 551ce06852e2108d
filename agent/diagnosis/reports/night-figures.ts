/** The key figures and the summary of a report about nights. Pure. */
import { type Message, msg } from '../../core/message.ts';
import type { ReportFigure } from '../../core/report.ts';
import { costOf, emissionsOf, roundedCost } from './cost-tables.ts';
import { cautionTexts, type RangeSaving, rangeDecimals, rangeSaving, SOURCE_TEXTS } from './energy-tables.ts';
import { areFailuresUnknown, availability, darkKwh, darkText, eventNotes, failureTexts, lampFailures } from './failure-tables.ts';
import { repairTimes } from './failures.ts';
import { detectionPct } from './light-tables.ts';
import { kwhDecimals, type NightFacts, uncountedNights } from './report-facts.ts';
import { shown } from './report-table.ts';
import { sourcesOf } from './used-energy.ts';

type FigureOptions = Partial<Pick<ReportFigure, 'half' | 'note'>>;

/** Returns a key figure. `value` and `half` are rounded to `decimals`; null stays null. */
export function reportFigure(
  [id, label, unit, decimals]: readonly [id: string, label: Message, unit: string, decimals: number],
  value: number | null,
  { half = null, note = null }: FigureOptions = {},
): ReportFigure {
  return { id, label, unit, decimals, value: shown(value, decimals), half: shown(half, decimals), note };
}

/**
 * Returns the key figures of the nights: energy, saving, emissions, cost, detection, failures, availability. A value is null if it cannot
 * be computed. Energy that is not known counts as 0; in cost and emissions, so does energy without a price or factor.
 */
export function nightFigures(facts: NightFacts): readonly ReportFigure[] {
  const decimals = rangeDecimals(facts);
  const saving = rangeSaving(facts, decimals);
  const note = savingNote(facts, saving);
  return [
    reportFigure(['used', msg`Energy used`, 'kWh', decimals], saving.allKwh, { note: sourceText(facts) }),
    reportFigure(['reference', msg`Reference`, 'kWh', decimals], saving.referenceKwh, { note }),
    reportFigure(['saved', msg`Saved`, 'kWh', decimals], saving.savedKwh, { half: saving.halfKwh, note }),
    reportFigure(['saved-pct', msg`Saved, share of the reference`, '%', 1], saving.savedPct, { note }),
    ...accountFigures(facts),
    reportFigure(['detection', msg`Raised by presence or traffic`, '%', 1], detectionPct(facts.nights.sum), {
      note: msg`share of the lamp hours at night`,
    }),
    ...serviceFigures(facts),
  ];
}

function sourceText({ used }: NightFacts): Message | null {
  const sources = [...sourcesOf(used).keys()].map((source) => SOURCE_TEXTS[source]);
  return sources.length === 0 ? null : sources.length === 1 ? (sources[0] ?? null) : msg`${sources}`;
}

function savingNote({ nights, savings }: NightFacts, { isProven }: RangeSaving): Message {
  if (!isProven || savings === null) return msg`computed, without a proven baseline; it has no interval`;
  const isWhole = savings.from === nights.from && savings.to === nights.to;
  return isWhole ? msg`proven, with a 90 % interval` : msg`proven, of the nights from ${savings.from} to ${savings.to}`;
}

function accountFigures(facts: NightFacts): readonly ReportFigure[] {
  const [emissions, cost] = [emissionsOf(facts), costOf(facts)];
  return [
    reportFigure(['co2', msg`Emissions, CO2 equivalent`, 'kg', kwhDecimals(emissions?.kgCo2e ?? 0)], emissions?.kgCo2e ?? null, {
      note:
        emissions === null
          ? msg`no emission factor is entered`
          : emissions.withoutFactorKwh > 0
            ? msg`without ${shown(emissions.withoutFactorKwh, 1)} kWh that have no factor`
            : null,
    }),
    reportFigure(['cost', msg`Cost of the energy`, cost?.currency ?? '', 2], cost === null ? null : roundedCost(cost), {
      note:
        cost === null
          ? msg`no prices are entered`
          : cost.unpricedKwh > 0
            ? msg`without ${shown(cost.unpricedKwh, 1)} kWh that have no price`
            : null,
    }),
  ];
}

function serviceFigures(facts: NightFacts): readonly ReportFigure[] {
  const { failures, meanH, open } = repairTimes(lampFailures(facts), facts.nowMs);
  const { lightPct, agentPct } = availability(facts);
  const { counted, expected } = facts.nights;
  return [
    reportFigure(['failures', msg`Failures of lamps`, '', 0], areFailuresUnknown(facts) ? null : failures, {
      note: eventNotes(facts)[0] ?? (open > 0 ? msg`not repaired yet: ${open}` : null),
    }),
    reportFigure(['repair', msg`Mean time to repair`, 'h', 1], meanH),
    reportFigure(['light', msg`Availability of the light`, '%', 2], lightPct, {
      note: msg`lamp hours at night without a failure that makes a lamp dark`,
    }),
    reportFigure(['agent', msg`Availability of the agent`, '%', 2], agentPct),
    reportFigure(['nights', msg`Nights counted`, '', 0], counted, { note: msg`of ${expected}` }),
  ];
}

/**
 * Returns the sentences of the one-page summary about energy, saving, failures, nights that are not counted, and a last night that has not
 * ended.
 */
export function nightSummary(facts: NightFacts): readonly Message[] {
  const decimals = rangeDecimals(facts);
  const saving = rangeSaving(facts, decimals);
  const { nights } = facts;
  const [used, lostKwh] = [sourceText(facts), darkKwh(facts)];
  return [
    ...(saving.allKwh === null || used === null ? [] : [msg`The street lighting used ${saving.allKwh} kWh, ${used}.`]),
    ...savingTexts(facts, saving),
    ...failureTexts(facts),
    ...(lostKwh > 0 ? [darkText(lostKwh)] : []),
    ...countedTexts(facts),
    ...(nights.isOpen ? [msg`The last night has not ended.`] : []),
  ];
}

function countedTexts(facts: NightFacts): readonly Message[] {
  const { counted, expected } = facts.nights;
  const { length: inProof } = uncountedNights(facts).inProof;
  if (counted >= expected) return [];
  return inProof === 0
    ? [msg`Counted: ${counted} of ${expected} nights. The others are in no figure.`]
    : [msg`Counted: ${counted} of ${expected} nights. Not counted, but in the proven saving: ${inProof}. Any others are in no figure.`];
}

function savingTexts({ savings }: NightFacts, saving: RangeSaving): readonly Message[] {
  const { savedKwh, referenceKwh, halfKwh, savedPct } = saving;
  if (savedKwh === null || referenceKwh === null || savedPct === null) return [];
  if (savings === null)
    return [
      msg`The former installation would have used ${referenceKwh} kWh: ${savedKwh} kWh less are used, ${savedPct} %, computed and without an interval.`,
    ];
  return [
    ...provenTexts(saving, halfKwh),
    ...cautionTexts(savings),
    ...(savings.isSignificant ? [] : [msg`The saving is not larger than twice its standard error.`]),
  ];
}

/**
 * Returns a list with the sentence about a proven saving; empty if one of these numbers is null. A saving below 0 is stated as energy that
 * was used in addition.
 */
export function provenTexts({ savedKwh, referenceKwh, savedPct }: RangeSaving, halfKwh: number | null): readonly Message[] {
  if (savedKwh === null || referenceKwh === null || savedPct === null || halfKwh === null) return [];
  return savedKwh < 0
    ? [msg`Without the present control it would have used ${referenceKwh} kWh: ${-savedKwh} kWh ± ${halfKwh} kWh (90 %) more were used.`]
    : [
        msg`Without the present control it would have used ${referenceKwh} kWh: ${savedKwh} kWh ± ${halfKwh} kWh (90 %) are saved, ${savedPct} %.`,
      ];
}
