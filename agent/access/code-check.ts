/**
 * Checks typed one-time codes: one code where the clock is trusted, two in a row where it is not.
 *
 * It remembers the steps taken in this run, so that no code works twice.
 */
import { type Clock, isTrusted, sleep } from '../core/clock.ts';
import type { Log } from '../core/ports.ts';
import { type CodeState, stepOf, stepOfPair, stepStartMs } from './totp.ts';

export interface CodeCheck {
  codesNeeded(): 1 | 2;
  /** Returns the step of the last typed code, which is then taken; null for a wrong one. Shape: `typed` is one code, or two with a gap. */
  stepOf(user: string, typed: string, state: CodeState): Promise<number | null>;
}

/** A smaller error of the clock is not logged. Units: ms. Source: assumed; two steps of a code. */
const CLOCK_OFF_MS = 60_000;

/** At first no step is taken. */
export function createCodeCheck({ clock, log }: { readonly clock: Clock; readonly log: Log }): CodeCheck {
  /** By user; the file may not have kept them. */
  const taken = new Map<string, number>();
  const codesNeeded = (): 1 | 2 => (isTrusted(clock.quality()) ? 1 : 2);

  async function stepOfTyped(typed: string, state: CodeState): Promise<number | null> {
    const [first = '', second, ...more] = typed.split(/[^0-9]+/).filter((part) => part !== '');
    if (more.length > 0 || (second === undefined) !== (codesNeeded() === 1)) return null;
    if (second === undefined) return stepOf(first, state, clock.wallMs());
    return stepOfPair([first, second], state, { atMs: clock.wallMs(), breathe: () => sleep(clock, 0) });
  }

  return {
    codesNeeded,
    stepOf: async (user, typed, { secret, lastStep }) => {
      const step = await stepOfTyped(typed, { secret, lastStep: Math.max(lastStep, taken.get(user) ?? -1) });
      if (step === null) return null;
      taken.set(user, step);
      const offMs = stepStartMs(step) - clock.wallMs();
      if (Math.abs(offMs) > CLOCK_OFF_MS) log.event('clock-off', { byS: Math.round(offMs / 1_000), toldBy: 'two codes' }, 'warning');
      return step;
    },
  };
}
