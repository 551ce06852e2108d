/** The load of a meter whose lamps cannot communicate, and what was learned about it. Part of `views.ts`. */
import type { WallMs } from './clock.ts';
import type { Message } from './message.ts';

/** The load of one meter, and what was learned about it. Powers are in W. */
export interface MeterLoadView {
  readonly meter: string;
  /**
   * Mean of the newest complete minute with a power; a reading in a later minute completes it. Null if there is none, or none of the last
   * 15 min.
   */
  readonly powerW: number | null;
  /** What other nights had at this time; null while no night runs, or if it is not known. */
  readonly expectedW: number | null;
  /**
   * When the running night began: the lamps came on, or were first found on. Null while no night runs. A night may run on after the lamps
   * went off too early.
   */
  readonly onSinceMs: WallMs | null;
  /** Learned nights that are kept; old ones are dropped. */
  readonly nights: number;
  /** Highest power after the warm-up; null while learning. */
  readonly fullW: number | null;
  /** The smallest lost load that is found, at full power; null while learning. */
  readonly smallestLossW: number | null;
  /**
   * Power is proportional to the voltage raised to these exponents, from minute to minute and over hours. 0 also if they are not known;
   * null while learning.
   */
  readonly voltageExponents: readonly [fast: number, slow: number] | null;
  /** Time from switch-on until the lamps have their power; null while learning. Units: min. */
  readonly warmUpMin: number | null;
  /** What is wrong now. After a restart, earlier findings stay for some time until they are judged again. */
  readonly findings: readonly { readonly text: Message; readonly sinceMs: WallMs }[];
}
