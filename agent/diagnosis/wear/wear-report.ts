/** Decides which predictions are reported as events: a new entry, or one whose time has become shorter. Pure. */
import { DAY_MS } from '../../core/durations.ts';
import type { EventFacts } from '../../core/event-tracker.ts';
import { isRecord } from '../../core/is-record.ts';
import { msg } from '../../core/message.ts';
import { CONFIDENCE_TEXTS, evidenceOf, type LampPrediction } from '../../core/wear-view.ts';
import type { NightDate } from '../energy-months.ts';

/** The shortest time within which a lamp was reported to need replacement, and the last date at which it was listed. Units: weeks. */
export interface ReportedLamp {
  readonly withinWeeks: number;
  readonly date: NightDate;
}

/** The lamps that were reported as wearing out, by lamp id. */
export type ReportedLamps = Readonly<Record<string, ReportedLamp>>;

/** An entry that is gone for this long counts as new when it returns. Units: days. Source: assumed; an entry at the edge of a limit must not be reported each week. Confirmed by: `bench -- predict`. */
const FORGET_DAYS = 28;

/**
 * Returns an event for each listed lamp that was not listed in the last four weeks, or whose time is now shorter than any reported.
 * `date`: the night that has ended. `reported`: to be passed as `before` next time.
 */
export function wearEvents(
  predictions: readonly LampPrediction[],
  before: ReportedLamps,
  date: NightDate,
): { readonly events: readonly EventFacts[]; readonly reported: ReportedLamps } {
  const events: EventFacts[] = [];
  const reported = new Map<string, ReportedLamp>(
    Object.entries(before).filter((entry) => Math.abs(Date.parse(date) - Date.parse(entry[1].date)) <= FORGET_DAYS * DAY_MS),
  );
  for (const prediction of predictions) {
    if (prediction.withinWeeks === null) continue;
    const { withinWeeks = Number.POSITIVE_INFINITY } = reported.get(prediction.lamp) ?? {};
    if (prediction.withinWeeks < withinWeeks) events.push(wearEvent(prediction, prediction.withinWeeks));
    reported.set(prediction.lamp, { withinWeeks: Math.min(withinWeeks, prediction.withinWeeks), date });
  }
  return { events, reported: Object.fromEntries(reported) };
}

function wearEvent(prediction: LampPrediction, withinWeeks: number): EventFacts {
  const { lamp, pole, signs } = prediction;
  const text = evidenceOf(prediction);
  return {
    code: 'lamp-wears-out',
    source: lamp,
    severity: 'warning',
    urgency: 'deferred',
    text: msg`${lamp}: replace within ${withinWeeks} weeks: ${text}`,
    evidence: { text: msg`${text}; confidence: ${CONFIDENCE_TEXTS[prediction.confidence ?? 'low']}`, readings: [], decisions: [] },
    check: {
      what: signs.some(({ sign }) => sign === 'temperature' || sign === 'derating')
        ? msg`dirt on the heat sink, the driver, the LED module`
        : msg`the driver, its terminals, the LED module`,
      where: pole === '' ? msg`lamp ${lamp}` : msg`pole ${pole}`,
      tool: msg`\`luciole predict\`, a spare driver`,
    },
  };
}

/** Reads what an earlier run reported. A value of another shape is left out. */
export function readReported(stored: unknown): ReportedLamps {
  return Object.fromEntries(
    Object.entries(isRecord(stored) ? stored : {}).flatMap(([lamp, value]) => {
      const { withinWeeks, date } = isRecord(value) ? value : {};
      return typeof withinWeeks === 'number' && typeof date === 'string' ? [[lamp, { withinWeeks, date }] as const] : [];
    }),
  );
}
