/**
 * Measures lamps one by one at the cabinet's meter, for lamps that do not measure their own power.
 *
 * All lamps are held at a low level; then one after the other rises to full light and stays there. The rise of the meter belongs to the lamp that
 * rose. The street stays lit.
 */
import type { LampAcceptance, LampRamp } from '../../../core/acceptance.ts';
import { quantile } from '../../../core/quantile.ts';
import type { AgentView } from '../../../core/views.ts';
import type { LevelPct, Target } from '../../../core/words.ts';
import { powerW } from '../../../diagnosis/energy.ts';
import type { Job } from '../../command-spec.ts';
import { cabinetMeters, expectFree, freshValues, MIN_RISE_W, RAMP_SETTLE_MS } from '../light/test-job.ts';
import { longestSettleMs } from './ramp-gauge.ts';

/** Level at which the lamps wait, and that of the lamp that is measured. Units: %. Source: lowest and highest level of the ramp of `test lamp`. */
const WEIGH_PCT: { readonly low: LevelPct; readonly high: LevelPct } = { low: 20, high: 100 };
/**
 * The requests end by themselves after `end`, so that a street is not held at a low level after a crash; they are repeated after `renewal`. Units: min, ms. Source:
 * assumed; twice the longest measurement of one lamp. Confirmed by: the durations of tests in the audit log.
 */
const HOLD = { endMin: 6, renewalMs: 90_000 };
/**
 * A lamp whose power differs from its rated power by more than this is lowered and raised once more, and the median of the three changes counts: another load may
 * have changed meanwhile. Source: assumed; a third of the usual tolerance. Confirmed by: repeated measurements of sound lamps at a cabinet.
 */
const DOUBT_SHARE = 0.05;

/** Progress: lamp number `at` (from 1) of `of` is being measured. `lamp`: its id. `waitsFor`: tells it from other progress of a test. */
export interface WeighProgress {
  readonly lamp: string;
  readonly at: number;
  readonly of: number;
  readonly waitsFor: 'meter';
}

/**
 * `tests`: the lamps to measure, with their tests so far. `onWeighed`: receives the test of each measured lamp, with its power at full
 * light: the measured rise plus the power expected at the low level. It is awaited before the next lamp.
 */
export interface WeighRequest {
  readonly tests: readonly LampAcceptance[];
  readonly onWeighed: (ramp: LampRamp) => Promise<unknown>;
}

/**
 * Measures the lamps of these tests in turn; it ends early if the client is gone. It holds all zones at a low level meanwhile. A lamp rises
 * to full light for its measurement, and again if the result is doubtful, and stays there until the end. A lamp without a result, for
 * example without meter readings, is left out.
 *
 * Errors: rejects, for example with ConsoleError 'failed' if a zone or a part of it is locked for maintenance before it starts, or by
 * another person before a lamp is measured.
 */
export async function weighLamps(view: AgentView, { tests, onWeighed }: WeighRequest, job: Job): Promise<void> {
  const { signal, report } = job;
  const zones = view.names().zones.map((id): Target => ({ kind: 'zone', id }));
  for (const zone of zones) expectFree(view, zone);
  const held = createHeldLevels(view, job);
  try {
    for (const zone of zones) await held.set(zone, WEIGH_PCT.low);
    let before = await meterW(view, job);
    for (const [index, test] of tests.entries()) {
      if (signal.aborted) return;
      for (const zone of zones) expectFree(view, zone, job.source);
      report({ lamp: test.lamp, at: index + 1, of: tests.length, waitsFor: 'meter' } satisfies WeighProgress);
      await held.renew();
      const level = async (levelPct: LevelPct): Promise<number | null> => {
        const isSet = await held.set({ kind: 'lamp', id: test.lamp }, levelPct);
        return isSet ? meterW(view, job) : null;
      };
      const raised = await riseOf(test, before, level);
      if (raised.riseW !== null) await onWeighed(weighed(test, raised.riseW));
      before = raised.meterW;
    }
  } finally {
    await held.release();
  }
}

/** Holds zones and lamps at levels, in the name of the person. */
function createHeldLevels(view: AgentView, { source, clock }: Pick<Job, 'source' | 'clock'>) {
  const held = new Map<string, { readonly target: Target; readonly levelPct: LevelPct }>();
  let renewedMono = clock.monoMs();
  /** Resolves with whether the level was accepted; a refused one says nothing about the lamp. */
  const set = async (target: Target, levelPct: LevelPct): Promise<boolean> => {
    const isFurther = held.size > 0;
    held.set(`${target.kind} ${target.id}`, { target, levelPct });
    const reason = `test: ${WEIGH_PCT.low}, ${WEIGH_PCT.high} %`;
    const { state } = await view.override({ target, levelPct, rank: 'maintenance', minutes: HOLD.endMin, reason, source, isFurther });
    return state !== 'refused' && state !== 'failed';
  };
  return {
    set,
    async renew() {
      if (clock.monoMs() - renewedMono < HOLD.renewalMs) return;
      renewedMono = clock.monoMs();
      for (const { target, levelPct } of [...held.values()]) await set(target, levelPct);
    },
    /** Lamps first: a zone that is released first would let them rise and fall again. */
    async release() {
      for (const { target } of [...held.values()].reverse()) await view.release({ target, source, rank: 'maintenance', isOwnOnly: true });
    },
  };
}

/** Raises a lamp, again if the rise is doubtful. Resolves with the rise and the reading after it; null for what the meter did not show. Units: W. */
async function riseOf(
  { ratedPowerW }: Pick<LampAcceptance, 'ratedPowerW'>,
  beforeW: number | null,
  level: (levelPct: LevelPct) => Promise<number | null>,
): Promise<{ readonly riseW: number | null; readonly meterW: number | null }> {
  const firstW = await level(WEIGH_PCT.high);
  const expectedW = powerW(ratedPowerW, WEIGH_PCT.high) - powerW(ratedPowerW, WEIGH_PCT.low);
  const isPlain = beforeW !== null && firstW !== null && Math.abs(firstW - beforeW - expectedW) <= DOUBT_SHARE * ratedPowerW;
  if (isPlain) return { riseW: firstW - beforeW, meterW: firstW };
  const lowW = await level(WEIGH_PCT.low);
  const highW = await level(WEIGH_PCT.high);
  const changes = [
    [beforeW, firstW],
    [lowW, firstW],
    [lowW, highW],
  ].flatMap(([low, high]) => (low == null || high == null ? [] : [high - low]));
  return { riseW: changes.length === 0 ? null : quantile(changes, 0.5), meterW: highW };
}

/** Units: W. Null if a meter has no fresh reading in time. */
async function meterW(view: AgentView, { clock, signal }: Job): Promise<number | null> {
  const points = cabinetMeters(view);
  const values = await freshValues(view, points, {
    clock,
    signal,
    settledMono: clock.monoMs() + Math.max(RAMP_SETTLE_MS, longestSettleMs(view.acceptance.lamps())),
    wait: () => {},
  });
  return values.size < points.length ? null : [...values.values()].reduce((sum, value) => sum + value, 0);
}

function weighed({ lamp, ratedPowerW, levels, serial }: WeighRequest['tests'][number], riseW: number): LampRamp {
  const lowW = powerW(ratedPowerW, WEIGH_PCT.low);
  return {
    lamp,
    serial,
    weighedBy: 'meter',
    verdict: riseW < MIN_RISE_W ? 'no power' : 'ok',
    levels: levels.map((level) => (level.levelPct === WEIGH_PCT.high ? { ...level, powerW: Math.round(10 * (lowW + riseW)) / 10 } : level)),
  };
}
