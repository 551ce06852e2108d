/**
 * Judges whether a release on trial lights the street as well as the previous one: by progress, units and store, never by the network.
 */

import { type Clock, every, type MonoMs, type Timer } from '../../core/clock.ts';
import { type Message, msg, NO_TEXT } from '../../core/message.ts';
import type { Pulse } from '../../core/pulse.ts';
import { hangsOf } from '../run/progress.ts';

/** Units: ms. `quiet`: it must work for this time without interruption, before `max` has passed. Source: assumed; every unit answers within one minute, a slow one within two. Confirmed by: bench of the start on the gateway with a full cabinet. */
const TRIAL_MS = { look: 5_000, quiet: 60_000, max: 300_000 } as const;
/** Share of the units that answered before the trial. Source: assumed; a unit that fails at that moment is not the fault of the release. Confirmed by: the share of silent units in a year of logs. */
const ENOUGH = 0.8;

/**
 * What a trial observes, and `onEnd`, which receives its verdict. `pulse` and `unitsOk`: the present progress, and the number of units that
 * answer now. `unitsOkBefore`: number of units that answered before this release ran; 0 if unknown, and then none must answer. `reason` is
 * empty if `isWell`.
 */
export interface TrialParts {
  readonly clock: Clock;
  readonly pulse: () => Pulse;
  readonly unitsOk: () => number;
  readonly unitsOkBefore: number;
  readonly onEnd: (verdict: { readonly isWell: boolean; readonly reason: Message }) => void;
}

/**
 * Checks a release on trial at intervals and calls `onEnd` once, after at most about 5 min. The release is well if it has worked for the
 * last minute without a fault; `reason` is then empty. Cancel the returned timer to abandon the trial; `onEnd` is then not called.
 */
export function startReleaseTrial({ clock, pulse, unitsOk, unitsOkBefore, onEnd }: TrialParts): Timer {
  const startMono = clock.monoMs();
  let wellMono: MonoMs | null = null;
  const looks = every(clock, TRIAL_MS.look, () => {
    const nowMono = clock.monoMs();
    const reason = flawOf(pulse(), { nowMono, unitsOk: unitsOk(), needed: Math.ceil(ENOUGH * unitsOkBefore) });
    wellMono = String(reason) === '' ? (wellMono ?? nowMono) : null;
    const isWell = wellMono !== null && nowMono - wellMono >= TRIAL_MS.quiet;
    if (!isWell && nowMono - startMono < TRIAL_MS.max) return;
    looks.cancel();
    onEnd({ isWell, reason: !isWell && String(reason) === '' ? msg`it did not run without a fault for one minute` : reason });
  });
  return looks;
}

/** Empty if nothing is wrong. */
function flawOf(pulse: Pulse, { nowMono, unitsOk, needed }: { nowMono: MonoMs; unitsOk: number; needed: number }): Message {
  const [hang] = hangsOf(pulse, nowMono);
  if (hang !== undefined) return hang.text;
  if (pulse.tickedMono === null) return msg`the lighting has not begun`;
  if (pulse.store.unansweredMono !== null && nowMono - pulse.store.unansweredMono > TRIAL_MS.look) return msg`the store does not answer`;
  return unitsOk < needed ? msg`${unitsOk} units answer, at least ${needed} are required` : NO_TEXT;
}
