/** The reports about nights and about a saving, from what was read. Pure. */
import { msg } from '../../core/message.ts';
import type { Report, ReportSection } from '../../core/report.ts';
import type { SavingsResult } from '../../core/savings-view.ts';
import { completenessSection } from './completeness-table.ts';
import { costSection, standardSection } from './cost-tables.ts';
import { cautionTexts, energySection, proofDecimals, rangeSaving } from './energy-tables.ts';
import { failureSection } from './failure-tables.ts';
import { lampSection } from './lamp-tables.ts';
import { lightSection, presenceSection } from './light-tables.ts';
import { nightFigures, nightSummary, provenTexts, reportFigure } from './night-figures.ts';
import type { NightFacts } from './report-facts.ts';
import { ledgerSection, proofSections } from './savings-tables.ts';
import { provenEnergy } from './used-energy.ts';

/** The content of a report, without its head. `sections`: each is made when it is called, so that the caller can pause between them. */
export interface ReportContent extends Pick<Report, 'title' | 'figures' | 'summary'> {
  readonly sections: readonly (() => ReportSection)[];
}

/** Returns the content of the report of one night. `facts`: those of this night alone. */
export function nightReport(facts: NightFacts): ReportContent {
  return {
    title: msg`Street lighting, night of ${facts.nights.from}`,
    figures: nightFigures(facts),
    summary: nightSummary(facts),
    sections: [
      () => energySection(facts),
      () => lightSection(facts),
      () => presenceSection(facts),
      () => failureSection(facts),
      ...ledgerOf(facts),
      () => completenessSection(facts),
    ],
  };
}

/** Returns the content of the report of a range of nights, such as a month or a year. */
export function monthReport(facts: NightFacts): ReportContent {
  const { from, to } = facts.nights;
  return {
    title: msg`Street lighting, nights from ${from} to ${to}`,
    figures: nightFigures(facts),
    summary: nightSummary(facts),
    sections: [
      () => energySection(facts),
      () => costSection(facts),
      ...ledgerOf(facts),
      () => lightSection(facts),
      () => presenceSection(facts),
      () => failureSection(facts),
      () => standardSection(facts),
      () => lampSection(facts),
      () => completenessSection(facts),
    ],
  };
}

function ledgerOf({ savings, timeText }: NightFacts): ReportContent['sections'] {
  return savings === null ? [] : [() => ledgerSection(savings, timeText)];
}

/** Returns the content of the report of a proven saving. `timeText`: returns the local time as text. Units: `atMs` in ms since 1970. */
export function savingsReport(savings: SavingsResult, timeText: (atMs: number) => string): ReportContent {
  const range = { savings, used: provenEnergy(savings) };
  const decimals = proofDecimals(savings.total);
  const saving = rangeSaving(range, decimals);
  const { usedKwh, referenceKwh, savedKwh, halfKwh, savedPct } = saving;
  const { nightsCounted, nightsExpected, cvPct, nmbePct, measuredSharePct } = savings;
  return {
    title: msg`Proven saving, nights from ${savings.from} to ${savings.to}`,
    figures: [
      reportFigure(['saved', msg`Saved`, 'kWh', decimals], savedKwh, { half: halfKwh, note: msg`proven, with a 90 % interval` }),
      reportFigure(['saved-pct', msg`Saved, share of the reference`, '%', 1], savedPct),
      reportFigure(['reference', msg`Adjusted reference`, 'kWh', decimals], referenceKwh),
      reportFigure(['used', msg`Energy used`, 'kWh', decimals], usedKwh),
      reportFigure(['measured', msg`Measured, share of the energy used`, '%', 1], measuredSharePct),
      reportFigure(['cv', msg`CV(RMSE) of the model`, '%', 2], cvPct),
      reportFigure(['nmbe', msg`NMBE of the model`, '%', 2], nmbePct),
      reportFigure(['nights', msg`Nights counted`, '', 0], nightsCounted, { note: msg`of ${nightsExpected}` }),
    ],
    summary: [
      msg`The street lighting used ${usedKwh ?? '-'} kWh.`,
      ...provenTexts(saving, halfKwh),
      ...cautionTexts(savings),
      savings.isSignificant
        ? msg`The saving is larger than twice its standard error, as IPMVP asks.`
        : msg`The saving is not larger than twice its standard error.`,
      ...(nightsCounted < nightsExpected ? [msg`Counted: ${nightsCounted} of ${nightsExpected} nights. The others are in no figure.`] : []),
    ],
    sections: proofSections(savings, timeText),
  };
}
