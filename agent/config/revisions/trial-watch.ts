import { type Clock, every, type MonoMs, type Timer } from '../../core/clock.ts';
import type { Message } from '../../core/message.ts';
import type { Trial } from './revision-history-file.ts';
import { judgeTrial, missingOf, type TrialHealth, type TrialVerdict } from './trial.ts';

/** The verdict that ends a trial of a configuration: `confirm`, or `return` to the one before, with the reason. */
export type TrialEnd = Exclude<TrialVerdict, { kind: 'wait' }>;

/** Units: ms. Source: as the tick of control. */
const CHECK_PERIOD_MS = 1_000;
/**
 * How many times the elapsed time is saved during a trial, and the longest time between two saves. Units: ms. Source: assumed; a trial of ten minutes
 * writes twenty times. Confirmed by: writes per day on the disk of a gateway.
 */
const SAVES = { inTrial: 20, periodMs: 30_000 };

/**
 * Creates the watch of a revision on trial. From `start` to `stop` it checks the trial each second; when the trial ends, it calls
 * `onVerdict` and checks no more.
 */
export function createTrialWatch({
  clock,
  health,
  isStorable,
  onSpent,
  onVerdict,
}: {
  readonly clock: Clock;
  readonly health: () => TrialHealth;
  /** Whether the end of the trial can be saved: a confirmation waits for it, a return does not. */
  readonly isStorable: () => boolean;
  /** Called at the start and then repeatedly with the part of the trial that will be over by the next call, to be saved. Units: ms. */
  readonly onSpent: (spentMs: number) => void;
  /** Called at most once after `start`, and again after `resume`. */
  readonly onVerdict: (end: TrialEnd) => void;
}) {
  let trial: Trial | null = null;
  let startMono: MonoMs = 0;
  let nextSaveMono: MonoMs = 0;
  let wellMono: MonoMs | null = null;
  let timer: Timer | null = null;

  const stop = (): void => {
    timer?.cancel();
    timer = null;
  };
  /** Elapsed time of a trial; what is stored for one that is not watched. Units: ms. */
  const spentMs = (of: Trial): number => (trial?.number === of.number ? trial.spentMs + clock.monoMs() - startMono : of.spentMs);
  /** A killed run saves nothing more, so the time until the next save already counts as elapsed. */
  const save = (of: Trial): void => {
    const { trialMs } = of;
    const periodMs = Math.min(SAVES.periodMs, trialMs / SAVES.inTrial);
    nextSaveMono = clock.monoMs() + periodMs;
    onSpent(Math.min(trialMs, Math.ceil(spentMs(of) + periodMs + CHECK_PERIOD_MS)));
  };
  const checkNow = (): void => {
    if (trial === null) return;
    const [nowMono, now] = [clock.monoMs(), health()];
    wellMono = missingOf(trial.baseline, now).length > 0 ? null : (wellMono ?? nowMono);
    const { mode, trialMs } = trial;
    const wellMs = wellMono === null ? 0 : nowMono - wellMono;
    const verdict = judgeTrial(trial.baseline, now, { mode, trialMs, spentMs: spentMs(trial), runMs: nowMono - startMono, wellMs });
    const isHeld = verdict.kind === 'confirm' && !isStorable();
    if (verdict.kind !== 'wait' && !isHeld) {
      stop();
      onVerdict(verdict);
    } else if (nowMono >= nextSaveMono) save(trial);
  };

  return {
    /** Begins or continues a trial. */
    start(begun: Trial): void {
      stop();
      trial = begun;
      startMono = clock.monoMs();
      wellMono = null;
      timer = every(clock, CHECK_PERIOD_MS, checkNow);
      save(begun);
    },
    /** Continues after a verdict that could not be carried out. */
    resume(): void {
      if (trial !== null) timer ??= every(clock, CHECK_PERIOD_MS, checkNow);
    },
    stop,
    spentMs,
    /** What is missing now, as `missingOf` returns it; empty before the first trial. */
    missing: (): readonly Message[] => (trial === null ? [] : missingOf(trial.baseline, health())),
  };
}
