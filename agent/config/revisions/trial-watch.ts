/**
 * Watches over a revision on trial until it is clear what becomes of it.
 *
 * Owns its time, which goes on over restarts. Decides by the rules of `trial.ts`.
 */
import { type Clock, every, type MonoMs, type Timer } from '../../core/clock.ts';
import type { Trial } from './revision-history.ts';
import { judgeTrial, missingOf, type TrialHealth, type TrialVerdict } from './trial.ts';

export interface TrialWatch {
  start(trial: Trial): void;
  stop(): void;
  /** Units: ms. */
  spentMs(): number;
  missing(): readonly string[];
}

/** Source: as the tick of control. Units: ms. */
const LOOK_MS = 1_000;
/** How often the time spent is kept. Units: ms. Source: assumed; a power cut lengthens a trial by this at most, and a trial of ten minutes writes twenty times. */
const KEEP_MS = 30_000;

export function createTrialWatch({
  clock,
  health,
  onSpent,
  onVerdict,
}: {
  readonly clock: Clock;
  readonly health: () => TrialHealth;
  /** How much of the trial is over; told now and then, to be kept. Units: ms. */
  readonly onSpent: (spentMs: number) => void;
  /** Told once. */
  readonly onVerdict: (verdict: Exclude<TrialVerdict, { kind: 'wait' }>) => void;
}): TrialWatch {
  let trial: Trial | null = null;
  let startMono: MonoMs = 0;
  let keptMono: MonoMs = 0;
  let wellMono: MonoMs | null = null;
  let timer: Timer | null = null;

  const stop = (): void => {
    timer?.cancel();
    timer = null;
  };
  const spentMs = (): number => (trial === null ? 0 : trial.spentMs + clock.monoMs() - startMono);
  const look = (): void => {
    if (trial === null) return;
    const [nowMono, now] = [clock.monoMs(), health()];
    wellMono = missingOf(trial.baseline, now).length > 0 ? null : (wellMono ?? nowMono);
    const { mode, trialMs } = trial;
    const wellMs = wellMono === null ? 0 : nowMono - wellMono;
    const verdict = judgeTrial(trial.baseline, now, { mode, trialMs, spentMs: spentMs(), wellMs });
    if (verdict.kind !== 'wait') {
      stop();
      onVerdict(verdict);
    } else if (nowMono - keptMono >= KEEP_MS) {
      keptMono = nowMono;
      onSpent(spentMs());
    }
  };

  return {
    start(begun) {
      stop();
      trial = begun;
      startMono = keptMono = clock.monoMs();
      wellMono = null;
      timer = every(clock, LOOK_MS, look);
    },
    stop,
    spentMs,
    missing: () => (trial === null ? [] : missingOf(trial.baseline, health())),
  };
}
