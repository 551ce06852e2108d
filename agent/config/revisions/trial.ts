/**
 * The rules by which a revision on trial is confirmed or withdrawn. Pure.
 *
 * A lost line ends the trial early: without an agent, drivers switch to their failsafe level after a minute, and the street should not see that. An
 * uplink may take longer.
 */
import { type Message, msg, NO_TEXT } from '../../core/message.ts';
import type { ConfirmMode } from '../../core/revisions.ts';

/** What answered before the change, and which devices did not. */
export interface Baseline {
  /** Ids of the devices that answered. */
  readonly units: readonly string[];
  /**
   * Places, as `line:unit`, of the devices that did not answer before and need not answer now. Undefined: only the devices in `units` must
   * answer.
   */
  readonly silent?: readonly string[] | undefined;
  /** Whether the uplink was connected. */
  readonly isOnline: boolean;
}

/** What answers now. */
export interface TrialHealth {
  /** Ids of the devices that answer. */
  readonly answering: ReadonlySet<string>;
  /** Line by device id, for the running configuration; a removed device need not answer. */
  readonly devices: ReadonlyMap<string, string>;
  /** Ids of the devices that do not answer, or have not yet, by their place, `line:unit`. */
  readonly silent: ReadonlyMap<string, string>;
  /** Whether the uplink is connected. */
  readonly isOnline: boolean;
}

/**
 * Whether a trial continues, or how it ends. `confirm`: the revision stays. `return`: the agent returns to the one before. `reason`: why,
 * for a person.
 */
export type TrialVerdict = { readonly kind: 'wait' } | { readonly kind: 'confirm' } | { readonly kind: 'return'; readonly reason: Message };

/**
 * A lost line withdraws a revision once this time has passed since the trial began in this run. So does the loss of half of the devices
 * that answered before. Units: ms. Source: the drivers' failsafe timeout of 60 s, less 35 s to reopen the line and find its units.
 */
export const LINE_GRACE_MS = 25_000;
/**
 * A trial in mode `auto` is confirmed before its end once nothing has been missing for this time. Units: ms. Source: assumed; two rounds of
 * polls. Confirmed by: the time until all units answer after a reopened line on the bench.
 */
export const SETTLE_MS = 15_000;
/** Names shown in a reason. */
const SHOWN = 5;

/** The facts for a verdict: how the trial is confirmed, its length, and how much of it has passed. Units: ms. */
export interface ConfigTrialFacts {
  readonly mode: ConfirmMode;
  /** Longest duration of the trial. */
  readonly trialMs: number;
  /** Time that has passed, in all runs of the agent; of a run that was killed, a little more. */
  readonly spentMs: number;
  /** Time since the trial began or, after a restart of the agent, since it was continued. By then affected lines have begun to open. */
  readonly runMs: number;
  /** How long `missingOf` has been empty without a break, in this run; 0 if something is missing. */
  readonly wellMs: number;
}

/** Returns what is missing in a trial, as text, such as devices that answered before and do not now. Empty if nothing is missing. */
export function missingOf(baseline: Baseline, health: TrialHealth): Message[] {
  const lost = lostUnits(baseline, health);
  const units = lost.length === 0 ? [] : [msg`${lost.length} of ${baseline.units.length} units no longer answer: ${shortList(lost)}`];
  const uplink = baseline.isOnline && !health.isOnline ? [msg`the uplink is not back`] : [];
  return [...units, ...uplink, ...newSilence(baseline, health)];
}

/** Units of the revision at addresses that never answered: a lamp may have been moved to a wrong address. */
function newSilence({ units, silent: before }: Baseline, { silent }: TrialHealth): Message[] {
  if (before === undefined) return [];
  const strange = [...silent].flatMap(([place, id]) => (before.includes(place) || units.includes(id) ? [] : [id]));
  if (strange.length === 0) return [];
  return [msg`new units have not answered: ${shortList(strange)} (where they are not mounted yet, confirm it by hand)`];
}

/**
 * Decides about a trial from its health and the elapsed time: `confirm`, `return`, or `wait` if it is not decided yet. At the end of its
 * time it is confirmed only in mode `auto` and if nothing is missing; otherwise the verdict is `return`. `LINE_GRACE_MS` and `SETTLE_MS`
 * have the rules for an earlier end.
 */
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

/** Half of all units, or all of one line: a single unit may only be slow. */
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
