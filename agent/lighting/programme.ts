/**
 * Which step of a programme is in force, and when the next one comes.
 *
 * Owns the night that runs from local noon to local noon. Knows no sun: `dusk` is the step of a night before its first clock step.
 * Pure: evaluated from the instant, never from an edge, so a missed tick or a clock step changes nothing. Called by `decide`.
 */
import type { Programme, ProgrammeStep } from '../core/cabinet.ts';
import type { WallMs } from '../core/clock.ts';
import type { LocalCalendar, LocalTime } from './local-time.ts';

export interface ProgrammeState {
  /** Null while the night's first step is still to come. */
  readonly step: ProgrammeStep | null;
  /** The next step by the clock; null after the last of the night. */
  readonly next: { readonly step: ProgrammeStep; readonly atMs: WallMs } | null;
}

interface StepStart {
  readonly step: ProgrammeStep;
  readonly atMs: WallMs;
}

const NOON_HOUR = 12;

/** Makes the function that reads the programme at an instant. The starts of the current night are remembered: they depend on its date alone. */
export function createProgrammeReader(programme: Programme, calendar: LocalCalendar): (nowMs: WallMs) => ProgrammeState {
  let known: { readonly night: string; readonly starts: readonly StepStart[] } | null = null;
  return (nowMs) => {
    const date = nightDate(calendar.localAt(nowMs));
    const night = `${date.year}-${date.month}-${date.day}`;
    if (known?.night !== night) known = { night, starts: programme.steps.map((step) => ({ step, atMs: startOf(step, date, calendar) })) };
    const begun = known.starts.filter(({ atMs }) => atMs <= nowMs);
    const next = known.starts.find(({ atMs }) => atMs > nowMs) ?? null;
    return { step: begun.at(-1)?.step ?? null, next };
  };
}

/** `23:00` or `dusk`, as the config writes it. */
export function formatStepTime({ at }: ProgrammeStep): string {
  if (at === 'dusk') return at;
  return `${String(at.hour).padStart(2, '0')}:${String(at.minute).padStart(2, '0')}`;
}

/** Noon of the day on which the night began. */
function nightDate(local: LocalTime): LocalTime {
  return { ...local, day: local.hour >= NOON_HOUR ? local.day : local.day - 1, hour: NOON_HOUR, minute: 0 };
}

function startOf({ at }: ProgrammeStep, date: LocalTime, calendar: LocalCalendar): WallMs {
  if (at === 'dusk') return calendar.instantOf(date);
  return calendar.instantOf({ ...date, day: at.hour >= NOON_HOUR ? date.day : date.day + 1, hour: at.hour, minute: at.minute });
}
