/**
 * Warns about nights of the year on which a cabinet gives other light than its file suggests. A zone is unlit after civil dusk or before
 * civil dawn, or steps of a programme are left out. Pure.
 */

import type { Cabinet, Zone } from '../../core/cabinet.ts';
import { MINUTE_MS } from '../../core/durations.ts';
import { type Message, msg } from '../../core/message.ts';
import { seasonOf } from '../../lighting/calendar.ts';
import { createLocalCalendar, type LocalCalendar, type LocalTime } from '../../lighting/local-time.ts';
import { createNights, type Night, type Nights } from '../../lighting/night.ts';
import { createProgrammeReader, type LeftOutStep } from '../../lighting/programme.ts';
import type { Finding, Path } from './finding.ts';

/**
 * The nights that are checked: the 1st, 11th and 21st of each month of a year. Source: the shortest and the longest night are, to a day, those of 21
 * June and 21 December, and between two of these nights dusk moves by less than 25 min below the polar circle.
 */
const SAMPLE = { year: 2027, days: [1, 11, 21] };
const MONTHS = 12;
const NOON_HOUR = 12;
/** End of civil twilight: without lamps a street is dark. Units: degrees. Source: the usual definition; also the limit of a photocell. */
const CIVIL_DEG = -6;
/** Smallest reported difference: both times are rounded by their search. Units: min. */
const LEAST_MIN = 2;

const ADVICE = msg`below ${CIVIL_DEG} degrees a street without lamps is dark; raise sunBelowDeg, or reduce the offset`;

interface Sampled {
  readonly cabinet: Cabinet;
  readonly calendar: LocalCalendar;
  readonly civil: readonly Night[];
}

/**
 * Returns warnings from a sample of nights. They are about zones whose lit time, by sun and offsets, begins after civil dusk or ends before
 * civil dawn, and about steps of a programme that would be left out on some night. The dates of calendars are ignored: it may be a night
 * with another programme. The other checks of the file must have found no problem.
 */
export function checkNights(cabinet: Cabinet): Finding[] {
  const calendar = createLocalCalendar(cabinet.timezone);
  const civilNights = createNights(cabinet, { sunBelowDeg: CIVIL_DEG, onOffsetMin: 0, offOffsetMin: 0 }, calendar);
  const civil = sampleDates().map((date) => civilNights.at(calendar.instantOf(date)));
  const sampled = { cabinet, calendar, civil };
  const lateZones = cabinet.zones.flatMap((zone, place) => checkLate(zone, ['zones', place], sampled));
  return [...lateZones, ...checkLeftOut(sampled)];
}

function sampleDates(): LocalTime[] {
  return Array.from({ length: MONTHS }, (_, month) => month + 1).flatMap((month) =>
    SAMPLE.days.map((day) => ({ year: SAMPLE.year, month, day, hour: NOON_HOUR, minute: 0 })),
  );
}

function nightsOf(zone: Zone, { cabinet, calendar }: Sampled): Nights {
  return createNights(cabinet, zone, calendar);
}

/** Reports a zone that is dark after civil dusk or before civil dawn, on its worst night. */
function checkLate(zone: Zone, path: Path, sampled: Sampled): Finding[] {
  const offsets = [zone, ...(zone.seasons ?? [])];
  // Lit throughout every civil night: nothing to check.
  if (zone.sunBelowDeg >= CIVIL_DEG && offsets.every(({ onOffsetMin, offOffsetMin }) => onOffsetMin <= 0 && offOffsetMin >= 0)) return [];
  const nights = nightsOf(zone, sampled);
  const unlit = sampled.civil.map((civil) => ({ ...unlitMin(nights.at(civil.startMs), civil), civil }));
  const evening = unlit.reduce((worst, each) => (each.evening > worst.evening ? each : worst));
  const morning = unlit.reduce((worst, each) => (each.morning > worst.morning ? each : worst));
  const place = (key: 'onOffsetMin' | 'offOffsetMin', { civil }: { readonly civil: Night }): Path => {
    if (zone.sunBelowDeg < CIVIL_DEG) return [...path, 'sunBelowDeg'];
    const season = seasonOf(zone.seasons ?? [], civil.date);
    return season < 0 ? [...path, key] : [...path, 'seasons', season];
  };
  const late = msg`this zone is lit up to ${evening.evening} min after civil dusk, as in the night of ${dayText(evening.civil)}`;
  const early = msg`this zone is put out up to ${morning.morning} min before civil dawn, as in the night of ${dayText(morning.civil)}`;
  return [
    ...(evening.evening < LEAST_MIN ? [] : [{ path: place('onOffsetMin', evening), message: msg`${late}; ${ADVICE}` }]),
    ...(morning.morning < LEAST_MIN ? [] : [{ path: place('offOffsetMin', morning), message: msg`${early}; ${ADVICE}` }]),
  ];
}

/** Unlit time of a civil night at either end. A night without any light counts as evening. Units: min. */
function unlitMin(night: Night, civil: Night): { readonly evening: number; readonly morning: number } {
  const [first, last] = [civil.dark[0], civil.dark.at(-1)];
  const [lit, out] = [night.dark[0], night.dark.at(-1)];
  if (first === undefined || last === undefined) return { evening: 0, morning: 0 };
  if (lit === undefined || out === undefined) return { evening: minutes(last.toMs - first.fromMs), morning: 0 };
  return { evening: minutes(lit.fromMs - first.fromMs), morning: minutes(last.toMs - out.toMs) };
}

function minutes(ms: number): number {
  return Math.max(0, Math.round(ms / MINUTE_MS));
}

/** Each step that some night leaves out, once, with the first such night. */
function checkLeftOut(sampled: Sampled): Finding[] {
  const { cabinet, calendar, civil } = sampled;
  const found = new Map<string, Finding>();
  for (const zone of cabinet.zones) {
    const nights = nightsOf(zone, sampled);
    const reader = createProgrammeReader(cabinet, zone, { calendar, nights });
    for (const id of programmeIds(cabinet, zone)) {
      const at = cabinet.programmes.findIndex((programme) => programme.id === id);
      for (const { startMs } of civil) {
        const night = nights.at(startMs);
        for (const step of reader.leftOut(night, id)) {
          const path = ['programmes', at, 'steps', step.place, 'at'];
          const key = path.join('.');
          if (!found.has(key)) found.set(key, { path, message: leftOutText(step, dayText(night), calendar) });
        }
      }
    }
  }
  return [...found.values()];
}

/** The zone's own programme and those of its calendar, if they mix clock and sun times: only then may their order change. */
function programmeIds({ programmes, calendars }: Cabinet, { programme, calendar }: Zone): string[] {
  const ofCalendar = calendars.find(({ id }) => id === calendar)?.rules.map((rule) => rule.programme) ?? [];
  return [...new Set([programme, ...ofCalendar])].filter((id) => {
    const steps = programmes.find((each) => each.id === id)?.steps ?? [];
    return steps.some(({ at }) => at !== 'dusk' && 'sun' in at);
  });
}

function leftOutText({ name, nextName, atMs }: LeftOutStep, day: string, calendar: LocalCalendar): Message {
  const { hour, minute } = calendar.localAt(atMs);
  const time = `${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}`;
  return msg`in nights such as that of ${day} "${name}" comes after "${nextName}", so it is left out, and "${nextName}" begins only at ${time}; write two programmes and a calendar`;
}

/** The date of the noon at which a night begins: `06-21`. */
function dayText({ date: { month, day } }: Night): string {
  return `${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}`;
}
