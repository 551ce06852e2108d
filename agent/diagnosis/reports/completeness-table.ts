/** What is not known about the nights of a report. Pure. */
import { HOUR_MS } from '../../core/durations.ts';
import { lostNumber } from '../../core/lost-readings.ts';
import { type Message, msg } from '../../core/message.ts';
import { firstOf } from '../../core/message-lists.ts';
import type { ReportCell, ReportSection } from '../../core/report.ts';
import { nightLampHours } from './light-tables.ts';
import { type NightFacts, type UnreadFact, uncountedNights } from './report-facts.ts';
import { reportTable, textColumn } from './report-table.ts';

/** Names in one sentence; the others are counted. */
const NAMED = 12;

const UNREAD_TEXTS: Readonly<Record<UnreadFact, Message>> = {
  events: msg`the events of these nights`,
  losses: msg`the readings lost in gaps`,
  'year-before': msg`the same nights a year before`,
  'tariff-totals': msg`the energy by tariff period`,
  levels: msg`the levels over the night, or a part of them`,
};

/**
 * Returns the section about the completeness of the data: what could not be read, what was lost, which nights or months were not counted.
 */
export function completenessSection(facts: NightFacts): ReportSection {
  const { nights, savings, unread } = facts;
  const { inProof, inNone } = uncountedNights(facts);
  return {
    id: 'completeness',
    title: msg`Completeness`,
    notes: [
      ...[...unread].map((fact) => msg`The disk could not be read, so this is not known: ${UNREAD_TEXTS[fact]}`),
      ...(nights.isOpen ? [msg`The last night has not ended: its figures are preliminary`] : []),
      ...(inNone.length === 0 ? [] : [msg`Nights that were not counted, and are in no sum: ${firstOf(inNone, NAMED)}`]),
      ...(inProof.length === 0 ? [] : [msg`Nights that were not counted, but are in the proven saving: ${firstOf(inProof, NAMED)}`]),
      ...(nights.partMonths.length === 0
        ? []
        : [
            msg`Months of which only the sum is kept, and only a part is asked for; they are in no computed sum: ${firstOf(nights.partMonths, NAMED)}`,
          ]),
      ...(savings === null || savings.missingNights.length === 0
        ? []
        : [msg`Nights without a measured energy, in no proven saving: ${firstOf(savings.missingNights, NAMED)}`]),
    ],
    parts: [reportTable(msg`What is known`, [textColumn('what', msg`What`), textColumn('value', msg`Known`)], rowsOf(facts))],
  };
}

function rowsOf({ nights, savings, lost }: NightFacts): readonly (readonly ReportCell[])[] {
  const { all, unknown } = nightLampHours(nights.sum);
  return [
    [msg`Nights counted`, msg`${nights.counted} of ${nights.expected}`],
    ...(savings === null ? [] : [[msg`Nights with a proven saving`, msg`${savings.nightsCounted} of ${savings.nightsExpected}`]]),
    [msg`Lamp hours at night with a known level`, msg`${hours(all - unknown)} of ${hours(all)} h`],
    [msg`Agent away`, msg`${hours(nights.sum.awayMs / HOUR_MS)} h`],
    [msg`Counted before the time was known`, msg`${hours(nights.sum.undatedMs / HOUR_MS)} h`],
    ...(savings === null ? [] : [[msg`Gaps of the measured energy`, gapText(savings)]]),
    [msg`Readings lost in gaps`, lost === null ? null : lostNumber(lost.readings, lost.unknown)],
  ];
}

function gapText({ gaps, total }: NonNullable<NightFacts['savings']>): Message {
  return msg`${gaps.length}, with ${Math.round(100 * total.estimatedKwh) / 100} kWh estimated`;
}

function hours(value: number): number {
  return Math.round(10 * value) / 10;
}
