/**
 * Whether a release on trial lights the street as well as the one before: by progress, units and store, never by the network.
 *
 * Owns the trial's times. Called by the desk of updates after a start.
 */
import { type Clock, every, type MonoMs, type Timer } from '../../core/clock.ts';
import type { Pulse } from '../../core/pulse.ts';
import { hangsOf } from '../run/progress.ts';

/** Units: ms. `quiet`: well for so long without a break; `max`: not well by then. Source: assumed; every unit is met within a minute, slow ones in two. */
const TRIAL_MS = { look: 5_000, quiet: 60_000, max: 300_000 } as const;
/** Share of the units that answered before. Source: assumed; one that fails at that moment is not the release's fault. */
const ENOUGH = 0.8;

export interface TrialParts {
  readonly clock: Clock;
  readonly pulse: () => Pulse;
  readonly unitsOk: () => number;
  readonly unitsOkBefore: number;
  readonly onEnd: (verdict: { readonly isWell: boolean; readonly reason: string }) => void;
}

export function startReleaseTrial({ clock, pulse, unitsOk, unitsOkBefore, onEnd }: TrialParts): Timer {
  const startMono = clock.monoMs();
  let wellMono: MonoMs | null = null;
  const looks = every(clock, TRIAL_MS.look, () => {
    const nowMono = clock.monoMs();
    const reason = flawOf(pulse(), { nowMono, unitsOk: unitsOk(), needed: Math.ceil(ENOUGH * unitsOkBefore) });
    wellMono = reason === '' ? (wellMono ?? nowMono) : null;
    if (wellMono !== null && nowMono - wellMono >= TRIAL_MS.quiet) end({ isWell: true, reason: '' });
    else if (nowMono - startMono >= TRIAL_MS.max)
      end({ isWell: false, reason: reason === '' ? 'it was not well for a whole minute' : reason });
  });
  const end = (verdict: Parameters<typeof onEnd>[0]): void => {
    looks.cancel();
    onEnd(verdict);
  };
  return looks;
}

/** Empty for none. */
function flawOf(pulse: Pulse, { nowMono, unitsOk, needed }: { nowMono: MonoMs; unitsOk: number; needed: number }): string {
  const [hang] = hangsOf(pulse, nowMono);
  if (hang !== undefined) return `${hang.part} hangs: ${hang.text}`;
  if (pulse.tickedMono === null) return 'the lighting has not begun';
  if (pulse.store.unansweredMono !== null && nowMono - pulse.store.unansweredMono > TRIAL_MS.look) return 'the store does not answer';
  return unitsOk < needed ? `${unitsOk} units answer, ${needed} would be enough` : '';
}
