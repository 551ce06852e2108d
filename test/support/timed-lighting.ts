/** The parts of the agent that depend on the time, as shipped, on a simulated clock: time quality, steady clock, control and energy. */
import { Control, type ControlParts } from '../../agent/control/control.ts';
import type { Cabinet } from '../../agent/core/cabinet.ts';
import type { Clock } from '../../agent/core/clock.ts';
import { createSteadyClock, type SteadyClock, type StoredHeldTime } from '../../agent/core/steady-clock.ts';
import type { Decision } from '../../agent/core/words.ts';
import { createEnergy, type Energy } from '../../agent/diagnosis/energy-count.ts';
import { createTimeQuality } from '../../agent/service/time/time-quality.ts';

export interface TimedLightingParts extends Pick<ControlParts, 'field' | 'store'> {
  readonly system: Clock;
  readonly readFact: (path: string) => Promise<string | null>;
  /** The held time of the clock, which each run saves here for the next. */
  readonly memory: { held: StoredHeldTime | null };
  readonly cabinet: Cabinet;
}

export interface TimedLighting {
  readonly clock: SteadyClock;
  readonly control: Control;
  readonly energy: Energy;
}

/** Starts the parts. They cannot be stopped; call it again with the same `memory` for a restart of the agent. */
export async function startTimedLighting({ system, readFact, memory, cabinet, field, store }: TimedLightingParts): Promise<TimedLighting> {
  const timeQuality = createTimeQuality({ clock: system, trust: () => 'auto', readFact });
  await timeQuality.start();
  const clock = createSteadyClock({
    clock: { ...system, quality: timeQuality.quality },
    battery: timeQuality.battery,
    memory: {
      load: () => memory.held,
      save: (held) => {
        memory.held = held;
      },
    },
  });
  let onDecision = (_: Decision): void => {};
  const control = new Control({
    ...{ street: cabinet, clock, field, store, log: { event: () => {} } },
    onEvent: () => {},
    onOutcome: () => {},
    onDecision: (decision) => onDecision(decision),
  });
  const energy = createEnergy({
    ...{ cabinet, clock, store, field, light: control },
    ...{ profiles: new Map(), points: new Map(), onNight: () => {} },
  });
  onDecision = energy.onDecision;
  await control.start();
  energy.start();
  return { clock, control, energy };
}
