import { type Clock, every, type MonoMs, type Timer } from '../../core/clock.ts';
import type { Trial } from './revision-history-file.ts';
import { judgeTrial, missingOf, type TrialHealth, type TrialVerdict } from './trial.ts';

/** How a trial ends. */
export type TrialEnd = Exclude<TrialVerdict, { kind: 'wait' }>;

/** Units: ms. Source: as the tick of control. */
const CHECK_PERIOD_MS = 1_000;
/** How often the time spent is saved. Units: ms. Source: assumed; a power cut lengthens a trial by this at most, and a trial of ten minutes writes twenty times. */
const SAVE_PERIOD_MS = 30_000;

/** Checks a revision on trial once a second until the rules of `trial.ts` end the trial. Its time goes on over restarts. */
export function createTrialWatch({
  clock,
  health,
  onSpent,
  onVerdict,
}: {
  readonly clock: Clock;
  readonly health: () => TrialHealth;
  /** Called now and then with the part of the trial that is over, to be saved. Units: ms. */
  readonly onSpent: (spentMs: number) => void;
  /** Called once. */
  readonly onVerdict: (end: TrialEnd) => void;
}) {
  let trial: Trial | null = null;
  let startMono: MonoMs = 0;
  let savedMono: MonoMs = 0;
  let wellMono: MonoMs | null = null;
  let timer: Timer | null = null;

  const stop = (): void => {
    timer?.cancel();
    timer = null;
  };
  /** How much of the trial is over. Units: ms. */
  const spentMs = (): number => (trial === null ? 0 : trial.spentMs + clock.monoMs() - startMono);
  const checkNow = (): void => {
    if (trial === null) return;
    const [nowMono, now] = [clock.monoMs(), health()];
    wellMono = missingOf(trial.baseline, now).length > 0 ? null : (wellMono ?? nowMono);
    const { mode, trialMs } = trial;
    const wellMs = wellMono === null ? 0 : nowMono - wellMono;
    const verdict = judgeTrial(trial.baseline, now, { mode, trialMs, spentMs: spentMs(), wellMs });
    if (verdict.kind !== 'wait') {
      stop();
      onVerdict(verdict);
    } else if (nowMono - savedMono >= SAVE_PERIOD_MS) {
      savedMono = nowMono;
      onSpent(spentMs());
    }
  };

  return {
    /** Begins or continues a trial. */
    start(begun: Trial): void {
      stop();
      trial = begun;
      startMono = savedMono = clock.monoMs();
      wellMono = null;
      timer = every(clock, CHECK_PERIOD_MS, checkNow);
    },
    stop,
    spentMs,
    /** What does not answer yet, in words. */
    missing: (): readonly string[] => (trial === null ? [] : missingOf(trial.baseline, health())),
  };
}
