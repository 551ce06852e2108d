/**
 * Finds the serial settings of a device that is only read.
 *
 *   waits --frame--> waits again, with the shortest time
 *         --no frame for the time--> next settings; after each round of all settings the time is doubled
 */
import type { Clock, Timer } from '../../core/clock.ts';
import type { BytePort, UartListening } from '../../core/driver.ts';

/**
 * Longest time between two changes. Units: ms. Source: assumed; a meter that returns is read within a few minutes, and a missing one costs nothing.
 * Confirmed by: logs of a cabinet whose meter was cut off.
 */
const MAX_TRIAL_MS = 60_000;

/** Changes a port to its next serial settings when no valid frame has arrived for a while. */
export interface UartTuner {
  /** Call it when the port has been opened. */
  start(): void;
  stop(): void;
  /** Call it when a valid frame has arrived. */
  noteFrame(): void;
}

/**
 * Creates the tuner of a device, which changes the port to its next serial settings while no valid frame arrives. It does nothing if
 * `listens` is undefined or the port has no `retune`.
 */
export function createUartTuner({
  listens,
  port,
  clock,
}: {
  readonly listens: UartListening | undefined;
  readonly port: Pick<BytePort, 'retune'>;
  readonly clock: Clock;
}): UartTuner {
  const { retune } = port;
  if (listens === undefined || retune === undefined) return { start: () => {}, stop: () => {}, noteFrame: () => {} };
  const { trialMs, serials } = listens;
  let trials = 0;
  let hasFrame = false;
  let timer: Timer | undefined;
  const waitMs = (): number => Math.min(MAX_TRIAL_MS, trialMs * 2 ** Math.floor(trials / serials.length));
  const turn = (): void => {
    timer = clock.after(waitMs(), () => {
      trials = hasFrame ? 0 : trials + 1;
      if (!hasFrame) void retune();
      hasFrame = false;
      turn();
    });
  };
  return {
    start() {
      timer?.cancel();
      [trials, hasFrame] = [0, false];
      turn();
    },
    stop() {
      timer?.cancel();
      timer = undefined;
    },
    noteFrame() {
      hasFrame = true;
    },
  };
}
