/** The tables of failures and availability. Pure. */
import { HOUR_MS } from '../../core/durations.ts';
import { type Message, msg } from '../../core/message.ts';
import type { ReportCell, ReportSection, ReportTable } from '../../core/report.ts';
import { monthOf } from '../energy-months.ts';
import { type Failure, latestEnd, type RepairTimes, repairTimes } from './failures.ts';
import { nightLampHours } from './light-tables.ts';
import type { NightFacts } from './report-facts.ts';
import { numberColumn, numbersSum, reportTable, sumColumn, textColumn } from './report-table.ts';

const REPAIR_COLUMNS = [
  numberColumn('repair-mean', msg`Mean time to repair`, 'h', 1),
  numberColumn('repair-longest', msg`Longest`, 'h', 1),
] as const;

/** Availability of light and agent. Units: %, h. */
export interface Availability {
  /**
   * Share of the counted lamp hours at night that remains without `darkLampH`; at least 0. Null if no lamp hours were counted, or if the
   * failures are not known (`areFailuresUnknown`). Failures whose events are no longer stored count as none.
   */
  readonly lightPct: number | null;
  /**
   * Lamp hours at night in which a failure made the lamp dark, also in nights that were not counted. Too low, or 0, if failures are not
   * known.
   */
  readonly darkLampH: number;
  /** Counted lamp hours at night in which the level of the lamp was not known. */
  readonly unknownLampH: number;
  /** Share of the time without an absence of the agent; null if no time has passed, or if nothing is known of it. */
  readonly agentPct: number | null;
}

/**
 * Returns whether the failures of these nights are not known: events of all these nights may have been removed, or could not be read. False
 * if only earlier ones may have been removed.
 */
export function areFailuresUnknown({ eventsFromMs, endMs, unread }: Pick<NightFacts, 'eventsFromMs' | 'endMs' | 'unread'>): boolean {
  return unread.has('events') || (eventsFromMs !== null && eventsFromMs >= endMs);
}

/**
 * Returns how much of the lamp hours at night was without a failure that makes the lamp dark, and how much of the time without an absence
 * of the agent. Each night in `nights.missing` counts as a day of absence. Those of `nights.partMonths` do not, and are no part of the time:
 * whether the agent was away then is not known.
 */
export function availability(facts: Pick<NightFacts, 'nights' | 'darkMs' | 'spanMs' | 'eventsFromMs' | 'endMs' | 'unread'>): Availability {
  const { nights, darkMs, spanMs } = facts;
  const { all, unknown } = nightLampHours(nights.sum);
  const darkLampH = numbersSum([...darkMs.values()]) / HOUR_MS;
  // An absence over whole nights is counted in the night of the return, with at most a day.
  const missing = nights.missing.filter((date) => !nights.partMonths.includes(monthOf(date)));
  const inPartMonths = nights.missing.length - missing.length;
  const knownMs = (spanMs * (nights.expected - inPartMonths)) / nights.expected;
  const awayMs = missing.length * 24 * HOUR_MS + nights.sum.awayMs;
  return {
    lightPct: all > 0 && !areFailuresUnknown(facts) ? 100 * (1 - Math.min(1, darkLampH / all)) : null,
    ...{ darkLampH, unknownLampH: unknown },
    agentPct: knownMs > 0 ? 100 * (1 - Math.min(1, awayMs / knownMs)) : null,
  };
}

/** Returns the section about the failures of lamps and of other sources, with the availability of light and agent. */
export function failureSection(facts: NightFacts): ReportSection {
  const { lamps, others } = facts.failures;
  const { lightPct, darkLampH, unknownLampH, agentPct } = availability(facts);
  const lostKwh = darkKwh(facts);
  const pct = (value: number | null): string | number => (value === null ? '-' : Math.round(100 * value) / 100);
  return {
    id: 'failures',
    title: msg`Failures`,
    notes: [
      ...(lightPct === null
        ? []
        : [
            msg`Light: ${pct(lightPct)} % of the lamp hours at night were without a failure that makes a lamp dark; ${hours(darkLampH)} h were not`,
          ]),
      ...(unknownLampH > 0
        ? [msg`In ${hours(unknownLampH)} lamp hours at night the lamp did not answer: whether it was lit is not known`]
        : []),
      msg`Agent: ${pct(agentPct)} % of the time without a recorded absence`,
      ...(lostKwh > 0 ? [darkText(lostKwh)] : []),
      ...eventNotes(facts),
      ...(lamps.length + others.length === 0 && !areFailuresUnknown(facts) ? [msg`No failure is recorded`] : []),
    ],
    parts: [...(lamps.length === 0 ? [] : [lampTable(facts)]), ...(others.length === 0 ? [] : [otherTable(facts)])],
  };
}

/**
 * Returns the most energy that lamps dark by a failure would have used: their rated power in those hours. With a programme that dims
 * them they would have used less. Units: kWh.
 */
export function darkKwh({ cabinet, darkMs }: Pick<NightFacts, 'cabinet' | 'darkMs'>): number {
  return numbersSum(cabinet.lamps.map(({ id, ratedPowerW }) => ((darkMs.get(id) ?? 0) / HOUR_MS) * (ratedPowerW / 1_000)));
}

/** Returns a sentence that at most this energy was not used because lamps were dark by a failure. Units: kWh, rounded up to 0.1. */
export function darkText(lostKwh: number): Message {
  return msg`Lamps that were dark by a failure used nothing, which counts as saving: at most ${Math.ceil(10 * lostKwh) / 10} kWh.`;
}

function hours(value: number): number {
  return Math.round(10 * value) / 10;
}

function lampTable({ failures, darkMs, nowMs, timeText }: NightFacts): ReportTable {
  return reportTable(
    msg`Failures by lamp`,
    [
      textColumn('lamp', msg`Lamp`),
      textColumn('pole', msg`Pole`),
      sumColumn('failures', msg`Failures`, '', 0),
      ...REPAIR_COLUMNS,
      sumColumn('dark', msg`Dark at night`, 'h', 1),
      textColumn('open', msg`Open since`),
      textColumn('last', msg`Last failure`),
    ],
    failures.lamps.map(({ lamp, failures: own }) => {
      const times = repairTimes(own, nowMs);
      return [
        ...[lamp.id, lamp.pole, times.failures, ...repairCells(times), (darkMs.get(lamp.id) ?? 0) / HOUR_MS],
        ...[openText(times, timeText), own.at(-1)?.text ?? msg`supply lost`],
      ];
    }),
  );
}

function otherTable({ failures, nowMs, timeText }: NightFacts): ReportTable {
  const groups = [...Map.groupBy(failures.others, ({ source }) => source)];
  return reportTable(
    msg`Other failures`,
    [
      textColumn('source', msg`Source`),
      sumColumn('failures', msg`Failures`, '', 0),
      ...REPAIR_COLUMNS,
      textColumn('open', msg`Open since`),
      textColumn('last', msg`Last failure`),
    ],
    groups.map(([source, own]) => {
      const times = repairTimes(own, nowMs);
      return [source, times.failures, ...repairCells(times), openText(times, timeText), own.at(-1)?.text ?? null];
    }),
  );
}

function repairCells({ meanH, longestH }: RepairTimes): readonly ReportCell[] {
  return [meanH, longestH];
}

function openText({ openSinceMs }: RepairTimes, timeText: NightFacts['timeText']): string {
  return openSinceMs === null ? '' : timeText(openSinceMs);
}

/**
 * Returns the failures of all lamps, without those of their supply. Those with the same code, source and start, as of a device with several
 * lamps, are one, which ends with the last of them.
 */
export function lampFailures({ failures }: Pick<NightFacts, 'failures'>): readonly Failure[] {
  const found = new Map<string, Failure>();
  for (const failure of failures.lamps.flatMap((lamp) => lamp.failures)) {
    const key = `${failure.code} ${failure.source} ${failure.startMs}`;
    const same = found.get(key) ?? failure;
    found.set(key, { ...same, endMs: latestEnd(same.endMs, failure.endMs) });
  }
  return [...found.values()];
}

/**
 * Returns a list with the sentence about failures that are not known, as their events may have been removed or could not be read. It is
 * there also if only the earlier ones are not known. Empty if all failures are known.
 */
export function eventNotes(facts: NightFacts): readonly Message[] {
  const { eventsFromMs, unread, timeText } = facts;
  if (unread.has('events')) return [msg`The events of these nights could not be read: their failures are not known.`];
  if (eventsFromMs === null) return [];
  return areFailuresUnknown(facts)
    ? [msg`Events of these nights may no longer be stored: their failures are not known.`]
    : [msg`Events before ${timeText(eventsFromMs)} may no longer be stored: earlier failures may be missing.`];
}

/**
 * Returns the sentence of `eventNotes`, if there is one, and a sentence about the number and repair of lamp failures. The second is missing
 * if they are not known (`areFailuresUnknown`).
 */
export function failureTexts(facts: NightFacts): readonly Message[] {
  return [...eventNotes(facts), ...(areFailuresUnknown(facts) ? [] : [failureText(facts)])];
}

function failureText(facts: NightFacts): Message {
  const { failures, meanH, open } = repairTimes(lampFailures(facts), facts.nowMs);
  if (failures === 0) return msg`No failure of a lamp is recorded.`;
  if (meanH === null) return msg`Failures of lamps: ${failures}, none is repaired yet.`;
  return msg`Failures of lamps: ${failures}, ${open} not repaired yet; mean time to repair ${hours(meanH)} h.`;
}
