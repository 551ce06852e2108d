/** The failures of lamps and of the cabinet in a period, from the stored events. Pure. */
import type { Cabinet, Lamp } from '../../core/cabinet.ts';
import type { WallMs } from '../../core/clock.ts';
import { HOUR_MS, MINUTE_MS } from '../../core/durations.ts';
import type { Message } from '../../core/message.ts';
import type { AgentEvent, EventCode } from '../../core/words.ts';
import { isEventOfLamp } from '../faults-in-views.ts';
import { joinedSpans, type TimeSpan } from './dark-time.ts';

/** Events that are a failure of a lamp. */
const LAMP_CODES: ReadonlySet<EventCode> = new Set<EventCode>([
  'lamp-out',
  'lamp-fault',
  'lamp-not-following',
  'unit-silent',
  'lamp-power-low',
  'lamp-power-high',
  'lamp-day-burner',
  'lamp-cycling',
  'level-not-read',
  'thermal-derating',
  'temperature-high',
]);
/** Events of a feeder that make its lamps dark. A meter that found a lost supply stands for all lamps. */
const FEEDER_DARK: ReadonlySet<EventCode> = new Set<EventCode>(['supply-lost', 'breaker-tripped', 'contactor-stuck-off']);
/**
 * Events with which a lamp gives no light. A lamp that does not follow, or does not answer, may be lit. Source: TALQ 2.7.1 calls both
 * lampFailure.
 */
const LAMP_DARK: ReadonlySet<EventCode> = new Set<EventCode>(['lamp-out', 'lamp-fault']);
/** Failures of the cabinet and its devices; those of lamps too, for a source that no lamp of the configuration has. */
const OTHER_CODES: ReadonlySet<EventCode> = new Set<EventCode>([
  ...LAMP_CODES,
  ...FEEDER_DARK,
  ...(['light-lost', 'phase-lost', 'earth-leakage', 'contactor-stuck-on', 'line-down', 'line-silent', 'meter-stuck'] as const),
  ...(['sensor-stuck', 'sensor-silent', 'photocell-doubtful', 'time-not-trusted', 'store-trouble', 'uplink-down'] as const),
  ...(['output-not-following', 'counter-restarted', 'energy-differs'] as const),
]);
/**
 * A failure that begins again within this time after its end is the same failure: at a restart or a change of the configuration an event
 * ends and is reported again. Units: ms. Source: assumed; the watch needs some minutes to find it again. Confirmed by: events around restarts
 * in the logs of cabinets.
 */
const SAME_FAILURE_MS = 30 * MINUTE_MS;

/**
 * One failure: the events of a lamp, or of a code and source, that overlap or are at most 30 minutes apart. Source, code and text are those
 * of the first event. `endMs`: null while it lasts. Start and end may be outside the period.
 */
export interface Failure {
  readonly source: string;
  readonly code: EventCode;
  readonly text: Message;
  readonly startMs: WallMs;
  readonly endMs: WallMs | null;
}

/**
 * The failures of one lamp and its device, without those of its supply: the list may be empty. `darkSpans`: times of the period, by day
 * too, in which a failure of the lamp or of its supply kept it dark. The supply fails with its feeder, or for all lamps if a meter finds
 * it lost. A lamp that only does not answer may be lit, and is not in them.
 */
export interface LampFailures {
  readonly lamp: Lamp;
  readonly failures: readonly Failure[];
  readonly darkSpans: readonly TimeSpan[];
}

/**
 * All failures of a period, those that lasted at its start included. `lamps`: those with a failure of their own, or dark by their supply,
 * in the order of the configuration. `others`: failures of no lamp of the configuration, such as those of feeders, oldest first.
 */
export interface FailureFacts {
  readonly lamps: readonly LampFailures[];
  readonly others: readonly Failure[];
}

/**
 * What failures are computed from. `feederLamps`: ids of lamps by id of their feeder. `nowMs`: where the dark time of an open failure ends,
 * if `period` does not end earlier.
 */
export interface FailureInputs {
  readonly cabinet: Pick<Cabinet, 'lamps' | 'lines'>;
  readonly feederLamps: ReadonlyMap<string, readonly string[]>;
  readonly period: TimeSpan;
  readonly nowMs: WallMs;
}

/**
 * Returns the failures of a period from events. Only certain codes count as failures, such as `lamp-out` or `supply-lost`. Events of
 * severity `info`, and those without duration, are no failures.
 */
export function failureFacts(events: readonly AgentEvent[], { cabinet, feederLamps, period, nowMs }: FailureInputs): FailureFacts {
  const own = events.filter((event) => reachesInto(event, period));
  const spanOf = ({ startMs, endMs }: Pick<Failure, 'startMs' | 'endMs'>): TimeSpan => ({
    fromMs: Math.max(startMs, period.fromMs),
    toMs: Math.min(endMs ?? nowMs, period.toMs),
  });
  const feeders = own.filter(({ code }) => FEEDER_DARK.has(code));
  const byLamp = eventsByLamp(
    own.filter(({ code }) => LAMP_CODES.has(code)),
    cabinet.lamps,
  );
  const devices = new Set(cabinet.lines.flatMap((line) => line.devices.map(({ id }) => id)));
  const isDark = ({ code, source }: AgentEvent, lamp: Lamp): boolean =>
    feederLamps.get(source)?.includes(lamp.id) ?? (code === 'supply-lost' && devices.has(source));
  const taken = new Set([...byLamp.values()].flat());
  const lamps = cabinet.lamps.flatMap((lamp): LampFailures[] => {
    const ofLamp = byLamp.get(lamp) ?? [];
    const ofFeeder = feeders.filter((event) => isDark(event, lamp));
    const dark = [...ofLamp.filter(({ code }) => LAMP_DARK.has(code)), ...ofFeeder].map(spanOf).filter(({ fromMs, toMs }) => fromMs < toMs);
    return ofLamp.length === 0 && dark.length === 0 ? [] : [{ lamp, failures: joinedFailures(ofLamp), darkSpans: joinedSpans(dark) }];
  });
  return { lamps, others: merged(own.filter((event) => OTHER_CODES.has(event.code) && !taken.has(event))) };
}

/** An event of a device is one of each of its lamps. */
function eventsByLamp(events: readonly AgentEvent[], lamps: readonly Lamp[]): ReadonlyMap<Lamp, readonly AgentEvent[]> {
  const byId = new Map(lamps.map((lamp) => [lamp.id, lamp]));
  const byDevice = Map.groupBy(lamps, ({ device }) => device);
  const found = new Map<Lamp, AgentEvent[]>();
  for (const event of events) {
    const named = byId.get(event.source);
    const ofDevice = byDevice.get(event.source.split('.', 1)[0] ?? '') ?? [];
    const own = new Set([...(named === undefined ? [] : [named]), ...ofDevice.filter((lamp) => isEventOfLamp(lamp, ofDevice, event))]);
    for (const lamp of own) found.set(lamp, [...(found.get(lamp) ?? []), event]);
  }
  return found;
}

/** An event without duration is no failure that can be repaired. */
function reachesInto({ startMs, endMs, severity }: AgentEvent, { fromMs, toMs }: TimeSpan): boolean {
  return severity !== 'info' && startMs < toMs && (endMs === null || (endMs > startMs && endMs > fromMs));
}

/** By code and source; oldest first. */
function merged(events: readonly AgentEvent[]): readonly Failure[] {
  const groups = Map.groupBy(events, ({ code, source }) => `${code} ${source}`);
  return [...groups.values()].flatMap(joinedFailures).toSorted((a, b) => a.startMs - b.startMs);
}

/** One failure for the events that overlap or follow each other closely: a lamp that is silent does not follow either. */
function joinedFailures(events: readonly AgentEvent[]): readonly Failure[] {
  const failures: Failure[] = [];
  for (const { source, code, text, startMs, endMs } of events.toSorted((a, b) => a.startMs - b.startMs)) {
    const last = failures.at(-1);
    const isSame = last !== undefined && (last.endMs === null || startMs - last.endMs <= SAME_FAILURE_MS);
    if (isSame) failures[failures.length - 1] = { ...last, endMs: latestEnd(last.endMs, endMs) };
    else failures.push({ source, code, text, startMs, endMs });
  }
  return failures;
}

/** Returns the later of two ends; null, which means that it lasts, if one of them is null. */
export function latestEnd(a: WallMs | null, b: WallMs | null): WallMs | null {
  return a === null || b === null ? null : Math.max(a, b);
}

/**
 * Mean and longest time to repair of failures, and how many are `open`, not repaired. `meanH`: without the open ones; null if none is
 * repaired. `longestH`: with the open ones, up to now; null without failures. `openSinceMs`: start of the oldest open one. Units: h.
 */
export interface RepairTimes {
  readonly failures: number;
  readonly meanH: number | null;
  readonly longestH: number | null;
  readonly open: number;
  readonly openSinceMs: WallMs | null;
}

/**
 * Returns the mean and the longest time to repair of these failures, and how many are open. Each time counts from the start of a failure to
 * its end, or to `nowMs` while it is open, even outside the period.
 */
export function repairTimes(failures: readonly Failure[], nowMs: WallMs): RepairTimes {
  const hours = ({ startMs, endMs }: Failure): number => Math.max(0, (endMs ?? nowMs) - startMs) / HOUR_MS;
  const repaired = failures.filter(({ endMs }) => endMs !== null).map(hours);
  const open = failures.filter(({ endMs }) => endMs === null);
  return {
    failures: failures.length,
    meanH: repaired.length === 0 ? null : repaired.reduce((sum, h) => sum + h, 0) / repaired.length,
    longestH: failures.length === 0 ? null : Math.max(...failures.map(hours)),
    open: open.length,
    openSinceMs: open.length === 0 ? null : Math.min(...open.map(({ startMs }) => startMs)),
  };
}
