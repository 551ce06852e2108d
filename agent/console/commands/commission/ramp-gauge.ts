/** Measures the lamps of an acceptance during their ramp: when each one reached its level, and its power factor. */
import type { AcceptanceLamp, LampRamp, LevelMeasure } from '../../../core/acceptance.ts';
import type { AgentView } from '../../../core/views.ts';
import type { LevelPct } from '../../../core/words.ts';
import type { Job } from '../../command-spec.ts';
import type { RampGauge, Tested } from '../light/test-job.ts';

/** A reading this near to the level counts as reached. Units: %. Source: as the watch, FOLLOWS_PCT. */
const REACHED_PCT = 3;

/**
 * A gauge with what it measured for each requested level. `settledMs`: from the request to the first reading near the level that `look`
 * found. Units: ms. `powerFactor`: as `take` received it; the lamp may not have reached the level. Null: no such reading.
 */
export interface LampGauge extends RampGauge {
  settledMs(lamp: string, levelPct: LevelPct): number | null;
  powerFactor(lamp: string, levelPct: LevelPct): number | null;
}

/**
 * Returns a gauge for these lamps, still without measurements. `look` reads their levels in the view; `take` receives their power factors.
 * A lamp without a point for its level never counts as settled.
 */
export function createLampGauge(view: AgentView, lamps: readonly AcceptanceLamp[], clock: Pick<Job['clock'], 'monoMs'>): LampGauge {
  const settled = new Map<string, number>();
  const factors = new Map<string, number>();
  const key = (lamp: string, levelPct: LevelPct): string => `${levelPct} ${lamp}`;
  return {
    points: lamps.flatMap(({ powerFactor }) => powerFactor ?? []),
    settleMs: longestSettleMs(lamps),
    look(levelPct, requestedMono) {
      const open = lamps.filter(({ id, level }) => level !== null && !settled.has(key(id, levelPct)));
      if (open.length === 0) return;
      const readings = new Map(view.points('').map((point) => [point.pointId, point]));
      for (const { id, level } of open) {
        const reading = level === null ? undefined : readings.get(level);
        if (reading?.value == null || reading.ageS === null || reading.quality !== 'good') continue;
        const readMs = clock.monoMs() - reading.ageS * 1_000 - requestedMono;
        if (readMs >= 0 && Math.abs(reading.value - levelPct) <= REACHED_PCT) settled.set(key(id, levelPct), Math.round(readMs));
      }
    },
    take(levelPct, values) {
      for (const { id, powerFactor } of lamps) {
        const value = powerFactor === null ? undefined : values.get(powerFactor);
        if (value !== undefined) factors.set(key(id, levelPct), value);
      }
    },
    settledMs: (lamp, levelPct) => settled.get(key(lamp, levelPct)) ?? null,
    powerFactor: (lamp, levelPct) => factors.get(key(lamp, levelPct)) ?? null,
  };
}

/** Returns the longest time that one of these lamps gets to settle, its `settleMs`; not a measured time. 0 for no lamps. Units: ms. */
export function longestSettleMs(lamps: readonly AcceptanceLamp[]): number {
  return Math.max(0, ...lamps.map(({ settleMs }) => settleMs));
}

/**
 * Returns the ramps of those of these lamps that were in the test. Power is that of the lamps' own sensors; what a meter measured is
 * ignored.
 */
export function rampsOf(tested: Tested, gauge: LampGauge, lamps: readonly AcceptanceLamp[], view: AgentView): readonly LampRamp[] {
  const serials = new Map(view.devices().map(({ id, nameplate }) => [id, nameplate?.serial ?? null]));
  return lamps.flatMap(({ id, device }): LampRamp[] => {
    const judged = tested.verdicts.find(({ lamp }) => lamp === id);
    if (judged === undefined) return [];
    const levels = tested.steps.map(
      ({ levelPct, states, lampW }): LevelMeasure => ({
        levelPct,
        isConfirmed: states[id] === 'verified',
        settleMs: gauge.settledMs(id, levelPct),
        powerW: lampW[id] ?? null,
        powerFactor: gauge.powerFactor(id, levelPct),
      }),
    );
    // A meter measured the sum of several lamps; it says nothing about one of them.
    const weighedBy = judged.weighedBy === 'lamp' ? 'lamp' : 'nothing';
    const verdict = weighedBy === 'nothing' && judged.verdict === 'power does not rise' ? 'ok' : judged.verdict;
    return [{ lamp: id, verdict, weighedBy, levels, serial: serials.get(device) ?? null }];
  });
}
