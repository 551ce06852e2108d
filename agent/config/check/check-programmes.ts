/**
 * Checks that the steps of every programme cover the night in order, each with one level, and that event nights end after they begin.
 * `check-levels.ts` checks the levels. Pure.
 */

import type { StepTime, SunEvent } from '../../core/cabinet.ts';
import { msg } from '../../core/message.ts';
import { parseStepTime } from '../schema/complete-lighting.ts';
import { type EventNightDraft, given, type Index, type Placed, type ProgrammeDraft, placed } from './draft.ts';
import type { Finding, Path } from './finding.ts';

type StepDraft = NonNullable<NonNullable<ProgrammeDraft['steps']>[number]>;

/** Returns findings about programmes and event nights, such as steps in the wrong order. Empty if there are none. */
export function checkProgrammes({ programmes, eventNights }: Index): Finding[] {
  const steps = programmes.flatMap(({ value, path }) => placed(value.steps, [...path, 'steps']));
  return [
    ...programmes.flatMap(checkOrder),
    ...steps.flatMap(({ value, path }) => checkOneLevel(value, path)),
    ...steps.flatMap(checkStepBoost),
    ...eventNights.flatMap(checkEventTimes),
  ];
}

/** The first step must be at dusk, otherwise there is a gap before it. */
function checkOrder({ value: programme, path }: Placed<ProgrammeDraft>): Finding[] {
  const steps = placed(programme.steps, [...path, 'steps']);
  return steps.flatMap((step, i): Finding[] => {
    const { at } = step.value;
    const stepPath = [...step.path, 'at'];
    if (at === undefined) return [];
    if (programme.steps?.[0] === step.value)
      return at === 'dusk' ? [] : [{ path: stepPath, message: msg`found "${at}" first; the first step of a night is at dusk` }];
    if (at === 'dusk') return [{ path: stepPath, message: msg`found dusk after another step; dusk comes first, and once` }];
    const before = steps.slice(0, i).map(({ value }) => value.at);
    return checkAfter(at, before, stepPath);
  });
}

/** Compares with the nearest earlier step whose order is known. */
function checkAfter(at: string, before: readonly (string | undefined)[], path: Path): Finding[] {
  const last = before.findLast((earlier) => earlier !== undefined && compareTimes(at, earlier) !== null);
  const order = last === undefined ? null : compareTimes(at, last);
  if (last === undefined || order === null || order > 0) return [];
  if (order === 0) return [{ path, message: msg`two steps at "${at}"; keep one` }];
  const message =
    last === 'dusk'
      ? msg`"${at}" is before dusk, where the night begins; give the zone onOffsetMin to light it earlier`
      : msg`"${at}" comes after "${last}"; write the steps in the order of the night, from noon to noon`;
  return [{ path, message }];
}

/**
 * Returns a finding if a step has both `levelPct` and `class`, or neither; an ill-formed one counts as present. Also for the steps of
 * `traffic`. `path`: that of the step.
 */
export function checkOneLevel(step: Pick<StepDraft, 'levelPct' | 'class'>, path: Path): Finding[] {
  if ('levelPct' in step && 'class' in step)
    return [{ path: [...path, 'class'], message: msg`found levelPct and class; keep one of the two` }];
  if ('levelPct' in step || 'class' in step) return [];
  return [{ path, message: msg`this step has no level; write levelPct: 50, or class: M5 where the zone has a designClass` }];
}

function checkStepBoost({ value: { levelPct, boostPct }, path }: Placed<StepDraft>): Finding[] {
  if (levelPct === undefined || boostPct === undefined || boostPct >= levelPct) return [];
  const message = msg`boostPct ${boostPct} is below levelPct ${levelPct} of this step; presence would never show: write ${levelPct} or more`;
  return [{ path: [...path, 'boostPct'], message }];
}

function checkEventTimes({ value: event, path }: Placed<EventNightDraft>): Finding[] {
  const [from, until] = [given(event, 'from', 'dusk'), event.until];
  if (from === undefined || until === undefined) return [];
  const order = compareTimes(until, from);
  if (order === null || order > 0) return [];
  const message =
    order === 0
      ? msg`"${until}" is also when it begins; write an end after it: a night runs from noon to noon`
      : msg`"${until}" is before from "${from}"; write an end after it: a night runs from noon to noon`;
  return [{ path: [...path, 'until'], message }];
}

const DAY_MIN = 24 * 60;
const NOON_MIN = 12 * 60;
/** Evening, middle, morning. */
const PART: Readonly<Record<SunEvent, number>> = { sunset: 0, dusk: 0, middle: 1, dawn: 2, sunrise: 2 };

/**
 * Compares two times of a night, which lasts from noon to noon, in the form of the file. Nights without dusk or dawn are not considered.
 *
 * Shape: negative if `a` is before `b`, positive if after, 0 for one instant; null if the order may depend on the night.
 */
export function compareTimes(a: string, b: string): number | null {
  const [one, other] = [parseStepTime(a), parseStepTime(b)];
  const [oneMin, otherMin] = [minuteOfNight(one), minuteOfNight(other)];
  if (oneMin !== null && otherMin !== null) return oneMin - otherMin;
  const [oneSun, otherSun] = [sunTime(one), sunTime(other)];
  if (oneSun === null || otherSun === null) return null;
  const laterMin = oneSun.offsetMin - otherSun.offsetMin;
  if (oneSun.sun === otherSun.sun) return laterMin;
  const parts = PART[oneSun.sun] - PART[otherSun.sun];
  return parts !== 0 && parts * laterMin >= 0 ? parts : null;
}

/** The night is counted from noon to noon, so evening comes before morning. */
function minuteOfNight(at: StepTime): number | null {
  if (at === 'dusk' || 'sun' in at) return null;
  return (at.hour * 60 + at.minute - NOON_MIN + DAY_MIN) % DAY_MIN;
}

function sunTime(at: StepTime): { readonly sun: SunEvent; readonly offsetMin: number } | null {
  if (at === 'dusk') return { sun: 'dusk', offsetMin: 0 };
  return 'sun' in at ? at : null;
}
