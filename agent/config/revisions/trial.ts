/**
 * The rules by which a revision on trial is confirmed or returned. Pure.
 *
 * A lost line is returned early: drivers without an agent go to their failsafe level after a minute, which a street should not see. An
 * uplink may take longer.
 */
import { type Message, msg, NO_TEXT } from '../../core/message.ts';
import type { ConfirmMode } from '../../core/revisions.ts';

/** What answered before the change, and must answer after it. */
export interface Baseline {
  /** Devices. */
  readonly units: readonly string[];
  /** Places on the lines that were silent before the change, so that they need not answer after it; undefined in a trial of an earlier release. */
  readonly silent?: readonly string[] | undefined;
  readonly isOnline: boolean;
}

/** What answers now. */
export interface TrialHealth {
  readonly answering: ReadonlySet<string>;
  /** The line of each device of the configuration on trial; a removed one need not answer. */
  readonly devices: ReadonlyMap<string, string>;
  /** The devices that do not answer, by their place: line and unit. */
  readonly silent: ReadonlyMap<string, string>;
  readonly isOnline: boolean;
}

/** Whether a trial goes on, or how it ends. */
export type TrialVerdict = { readonly kind: 'wait' } | { readonly kind: 'confirm' } | { readonly kind: 'return'; readonly reason: Message };

/** A revision is returned when a line is lost for this long. Units: ms. Source: the drivers' failsafe timeout of 60 s, less 35 s to open the line again and find its units. */
export const LINE_GRACE_MS = 25_000;
/** All must answer for this long without a break. Units: ms. Source: assumed; two rounds of polls. */
export const SETTLE_MS = 15_000;
/** Names shown in a reason. */
const SHOWN = 5;

/** How a trial ends, and how much of it is over. Units: ms. */
export interface ConfigTrialFacts {
  readonly mode: ConfirmMode;
  readonly trialMs: number;
  readonly spentMs: number;
  /** How much of it is over in this run of the agent, whose lines were closed before. */
  readonly runMs: number;
  /** For how long all has answered. */
  readonly wellMs: number;
}

/** What does not answer yet, in words; empty when all answers. */
export function missingOf(baseline: Baseline, health: TrialHealth): Message[] {
  const lost = lostUnits(baseline, health);
  const units = lost.length === 0 ? [] : [msg`${lost.length} of ${baseline.units.length} units no longer answer: ${shortList(lost)}`];
  const uplink = baseline.isOnline && !health.isOnline ? [msg`the uplink is not back`] : [];
  return [...units, ...uplink, ...newSilence(baseline, health)];
}

/** Units of the revision at places that never answered: a lamp may have been moved to a wrong address. */
function newSilence({ units, silent: before }: Baseline, { silent }: TrialHealth): Message[] {
  if (before === undefined) return [];
  const strange = [...silent].flatMap(([place, id]) => (before.includes(place) || units.includes(id) ? [] : [id]));
  if (strange.length === 0) return [];
  return [msg`new units have not answered: ${shortList(strange)} (where they are not mounted yet, confirm it by hand)`];
}

/** Decides about a trial by its health now. */
export function judgeTrial(
  baseline: Baseline,
  health: TrialHealth,
  { mode, trialMs, spentMs, runMs, wellMs }: ConfigTrialFacts,
): TrialVerdict {
  const missing = missingOf(baseline, health);
  if (isLineLost(baseline, health) && runMs >= LINE_GRACE_MS) return { kind: 'return', reason: missing[0] ?? NO_TEXT };
  if (missing.length === 0 && mode === 'auto' && wellMs >= SETTLE_MS) return { kind: 'confirm' };
  if (spentMs < trialMs) return { kind: 'wait' };
  const minutes = Math.round(trialMs / 6_000) / 10;
  const [first, second, third] = missing;
  if (first !== undefined && second !== undefined && third !== undefined)
    return { kind: 'return', reason: msg`${first}; ${second}; ${third} (time limit ${minutes} min)` };
  if (first !== undefined && second !== undefined) return { kind: 'return', reason: msg`${first}; ${second} (time limit ${minutes} min)` };
  if (first !== undefined) return { kind: 'return', reason: msg`${first} (time limit ${minutes} min)` };
  return mode === 'auto' ? { kind: 'confirm' } : { kind: 'return', reason: msg`it was not confirmed within ${minutes} min` };
}

/** Half of all units, or all of one line: one unit alone may be slow. */
function isLineLost(baseline: Baseline, health: TrialHealth): boolean {
  const lost = lostUnits(baseline, health);
  const lineOf = (id: string): string | undefined => health.devices.get(id);
  const needed = Map.groupBy(
    baseline.units.filter((id) => health.devices.has(id)),
    lineOf,
  );
  const isWholeLine = [...Map.groupBy(lost, lineOf)].some(([line, ids]) => ids.length === needed.get(line)?.length);
  return isWholeLine || (lost.length > 0 && 2 * lost.length >= baseline.units.length);
}

function lostUnits({ units }: Baseline, { answering, devices }: TrialHealth): string[] {
  return units.filter((id) => devices.has(id) && !answering.has(id));
}

function shortList(ids: readonly string[]): Message {
  const [shown, more] = [ids.slice(0, SHOWN), ids.length - SHOWN];
  return more > 0 ? msg`${shown} and ${more} more` : msg`${shown}`;
}
