/**
 * The level of a zone's programme, and when it changes: steps, calendars, event nights, the warning before the dark.
 *
 * Pure: evaluated from the instant, never from an edge, so a missed tick or a clock step changes nothing.
 */
import type { EventNight, Programme, ProgrammeStep, StepLevel, StepTime, Zone } from '../core/cabinet.ts';
import type { WallMs } from '../core/clock.ts';
import { MINUTE_MS } from '../core/durations.ts';
import { classLevelPct } from '../core/lighting-class.ts';
import type { LevelPct } from '../core/words.ts';
import { isOn, ruleOf } from './calendar.ts';
import type { LightingSnapshot, LightingStreet, ProgrammeChoice } from './lighting.ts';
import type { LocalCalendar } from './local-time.ts';
import type { Night, Nights } from './night.ts';

/**
 * A part of a night with one level, from `atMs` until the next part or the end of the night. `boostPct`: the level with presence; null for
 * that of the zone.
 */
export interface Stretch {
  readonly atMs: WallMs;
  readonly levelPct: LevelPct;
  readonly boostPct: LevelPct | null;
  /** The id of the programme or event night. */
  readonly source: string;
  /**
   * The configured begin of its step or event night: `23:00`, `dusk`, `sunset+30`. `atMs` may be later, for example when an event night
   * ends. A step or event night at `dusk` begins with the night, at noon.
   */
  readonly name: string;
}

/** The part of the night that is in force at an instant, and the one after it. */
export interface ProgrammeState {
  /** Null while the first part of the night is still to come, and in a night without parts. */
  readonly stretch: Stretch | null;
  /** The next part that applies. Null from the last part of the night on, and in a night without parts. */
  readonly next: Stretch | null;
}

/** The programme of one zone. */
export interface ProgrammeReader {
  /**
   * Returns the part in force at an instant, and the next; also by day. `chosen` replaces the programme of the zone and that of its
   * calendar; an unknown one is ignored.
   */
  at(nowMs: WallMs, chosen?: string | null): ProgrammeState;
  /** Returns the parts of one night, event nights included. A part that begins at the same instant as the next one never applies. */
  of(night: Night, chosen?: string | null): readonly Stretch[];
  /** Returns the steps that never apply in a night, because the step after them begins at the same instant. Ignores event nights. */
  leftOut(night: Night, chosen?: string | null): readonly LeftOutStep[];
}

/** A step that never applies in one night. `place`: its index in the programme. `atMs`: when it and the following step begin. */
export interface LeftOutStep {
  readonly place: number;
  /** Its configured begin, for example `23:00` or `dusk`. */
  readonly name: string;
  /** That of the following step of the programme. */
  readonly nextName: string;
  readonly atMs: WallMs;
}

/** Returns the choice of a programme that is in force for a zone; undefined if there is none, or if it has ended. */
export function chosenIn(
  { programmes, nowMono }: Pick<LightingSnapshot, 'programmes' | 'nowMono'>,
  zoneId: string,
): ProgrammeChoice | undefined {
  const choice = programmes?.get(zoneId);
  return choice !== undefined && nowMono < choice.untilMono ? choice : undefined;
}

const NOON_HOUR = 12;

/** Creates the reader of a zone's programme. `calendar` must be that of the street's time zone, and `nights` those of `zone`. */
export function createProgrammeReader(
  street: LightingStreet,
  zone: Zone,
  { calendar, nights }: { calendar: LocalCalendar; nights: Nights },
): ProgrammeReader {
  let known: { readonly startMs: WallMs; readonly chosen: string | null; readonly stretches: readonly Stretch[] } | null = null;
  const instantOf = (at: StepTime, night: Night): WallMs => stepInstant(at, night, { calendar, nights });
  const stepsOf = (night: Night, chosen: string | null): readonly Stretch[] => {
    const programme = programmeOf(street, zone, night, chosen);
    if (programme === undefined) return [];
    return inOrder(programme.steps.map((step) => toStretch(step, programme.id, { zone, atMs: instantOf(step.at, night) })));
  };
  const of = (night: Night, chosen: string | null = null): readonly Stretch[] => {
    const events = street.eventNights.filter(({ date, zones }) => isOn(date, night.date) && (zones?.includes(zone.id) ?? true));
    return withEvents(stepsOf(night, chosen), events, (at) => instantOf(at, night));
  };
  return {
    of,
    leftOut: (night, chosen = null) => leftOutOf(stepsOf(night, chosen)),
    at: (nowMs, chosen = null) => {
      const night = nights.at(nowMs);
      if (known?.startMs !== night.startMs || known.chosen !== chosen)
        known = { startMs: night.startMs, chosen, stretches: of(night, chosen) };
      const { stretches } = known;
      const nextMs = stretches.find(({ atMs }) => atMs > nowMs)?.atMs;
      return {
        stretch: stretches.findLast(({ atMs }) => atMs <= nowMs) ?? null,
        // Of several that begin together only the last one applies.
        next: stretches.findLast(({ atMs }) => atMs === nextMs) ?? null,
      };
    },
  };
}

/** For example `23:00`, `dusk`, `middle-120`, as in the configuration. */
function formatStepTime(at: StepTime): string {
  if (at === 'dusk') return at;
  if ('sun' in at) return at.offsetMin === 0 ? at.sun : `${at.sun}${at.offsetMin > 0 ? '+' : ''}${at.offsetMin}`;
  return `${String(at.hour).padStart(2, '0')}:${String(at.minute).padStart(2, '0')}`;
}

/**
 * Returns the level of a step. The level of a lighting class is relative to the zone's design class, or 100 % without one. Units: percent
 * of full light.
 */
export function stepLevelPct(level: StepLevel, { designClass }: Pick<Zone, 'designClass'>): LevelPct {
  if ('pct' in level) return level.pct;
  return designClass === null ? 100 : classLevelPct(designClass, level.class);
}

/**
 * Returns the level to apply for a level that began at `sinceMs`. In a zone with `dark`, 0 % is replaced by `warnPct` for the first
 * `warnS`. Any other level is returned unchanged, and so is 0 % in another zone. `sinceMs`, `nowMs`: of one clock, which may be monotonic.
 */
export function twoStageOff(levelPct: LevelPct, { dark }: Pick<Zone, 'dark'>, sinceMs: WallMs, nowMs: WallMs): LevelPct {
  if (levelPct > 0 || dark === null) return levelPct;
  const passedMs = nowMs - sinceMs;
  return passedMs >= 0 && passedMs < dark.warnS * 1_000 ? dark.warnPct : 0;
}

function programmeOf(street: LightingStreet, zone: Zone, night: Night, chosen: string | null): Programme | undefined {
  const own = street.programmes.find(({ id }) => id === chosen);
  if (own !== undefined) return own;
  const calendar = street.calendars.find(({ id }) => id === zone.calendar);
  const wanted = (calendar === undefined ? null : ruleOf(calendar, night.date))?.programme ?? zone.programme;
  return street.programmes.find(({ id }) => id === wanted);
}

function toStretch(step: ProgrammeStep, source: string, { zone, atMs }: { zone: Zone; atMs: WallMs }): Stretch {
  return { atMs, levelPct: stepLevelPct(step.level, zone), boostPct: step.boostPct, source, name: formatStepTime(step.at) };
}

/**
 * Starts each step at its own time, but never before the previous step. So if a step by the sun comes after the clock time of the next step, as in a
 * short summer night, the earlier level lasts longer: for a street that dims step by step this is the brighter interpretation.
 */
function inOrder(steps: readonly Stretch[]): readonly Stretch[] {
  let latestMs = Number.NEGATIVE_INFINITY;
  return steps.map((step) => {
    latestMs = Math.max(latestMs, step.atMs);
    return { ...step, atMs: latestMs };
  });
}

/** A step that begins at the same instant as the next one never applies. */
function leftOutOf(steps: readonly Stretch[]): readonly LeftOutStep[] {
  return steps.flatMap(({ name, atMs }, place) => {
    const next = steps[place + 1];
    return next === undefined || next.atMs > atMs ? [] : [{ place, name, nextName: next.name, atMs }];
  });
}

/** Event nights replace the steps; when one ends, the step in force at that time continues. */
function withEvents(steps: readonly Stretch[], events: readonly EventNight[], instantOf: (at: StepTime) => WallMs): readonly Stretch[] {
  return events.reduce<readonly Stretch[]>((below, event) => {
    const [fromMs, untilMs] = [instantOf(event.from), instantOf(event.until)];
    if (untilMs <= fromMs) return below;
    const own: Stretch = { atMs: fromMs, levelPct: event.levelPct, boostPct: null, source: event.id, name: formatStepTime(event.from) };
    const resumed = below.findLast(({ atMs }) => atMs <= untilMs);
    const after = resumed === undefined ? [] : [{ ...resumed, atMs: untilMs }];
    return [...below.filter(({ atMs }) => atMs < fromMs), own, ...after, ...below.filter(({ atMs }) => atMs > untilMs)];
  }, steps);
}

function stepInstant(at: StepTime, night: Night, { calendar, nights }: { calendar: LocalCalendar; nights: Nights }): WallMs {
  // The first step applies from the start of the night, whether the sun or a photocell begins it.
  if (at === 'dusk') return night.startMs;
  if ('sun' in at) {
    const event = nights.event(night, at.sun) ?? (at.sun === 'sunset' || at.sun === 'dusk' ? night.startMs : night.endMs);
    return event + at.offsetMin * MINUTE_MS;
  }
  const { date } = night;
  return calendar.instantOf({ ...date, day: at.hour >= NOON_HOUR ? date.day : date.day + 1, hour: at.hour, minute: at.minute });
}
