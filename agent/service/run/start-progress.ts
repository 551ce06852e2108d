/**
 * Extends the service manager's start limit while the start makes progress. So a slow start is never ended, but a start that hangs is.
 *
 * Only completed steps extend the limit, timers never do. A step that hangs is ended when the extension by the previous step has passed.
 */
import type { Clock, MonoMs } from '../../core/clock.ts';
import type { Log } from '../../core/ports.ts';
import type { StartSteps } from '../../core/run-options.ts';
import type { Notify } from './notify.ts';

/** Limit for one step of a start, if the service manager gives none. Units: ms. Source: TimeoutStartSec of the unit file. */
export const USUAL_STEP_LIMIT_MS = 60_000;
/**
 * A step that ends within this share of the limit after the last message sends no message: it would move the limit by less than that.
 * Source: a message costs 7 ms of CPU, a start on an idle machine 500; measured. The share is assumed: a hang is ended that much later.
 * Confirmed by: bench of the start on the gateway.
 */
const UNSENT_SHARE = 0.1;
/** The start limit is the cause of a stop that follows this share of it without a completed step. Source: the limit, less two unsent shares. */
const OVERDUE_SHARE = 1 - 2 * UNSENT_SHARE;

/** What a start needs to extend the start limit of the service manager, which ends a start that exceeds it. */
export interface StartProgressParts {
  /** Counts from the start of this process. */
  readonly clock: Pick<Clock, 'monoMs'>;
  readonly log: Log;
  readonly notify: Pick<Notify, 'extendStart'>;
  /** Longest time that one step of the start may take. Units: ms. */
  readonly stepLimitMs: number;
}

/**
 * Returns the functions that a start calls: `completed` after a step, `over` at its end. A completed step may extend the start limit of the
 * service manager. `overdue` returns a cause if the start is not over and no step was completed for too long, otherwise null.
 *
 * Shape: `monoMs` of the clock must be 0 at the start of this process.
 */
export function createStartProgress({ clock, log, notify, stepLimitMs }: StartProgressParts): StartSteps {
  const unsentMs = stepLimitMs * UNSENT_SHARE;
  let sentMono: MonoMs = 0;
  let last = { step: 'process-started', atMono: 0 };
  let isOver = false;
  return {
    completed(step) {
      if (isOver) return;
      const nowMono = clock.monoMs();
      last = { step, atMono: nowMono };
      if (nowMono - sentMono < unsentMs) return;
      sentMono = nowMono;
      log.event('start-goes-on', { step, afterS: Math.round(nowMono / 1_000) });
      // Longer by the time that may pass without a message, so that each step has its full time.
      notify.extendStart(stepLimitMs + unsentMs);
    },
    over() {
      isOver = true;
    },
    overdue() {
      return !isOver && clock.monoMs() - last.atMono >= stepLimitMs * OVERDUE_SHARE ? `no progress after "${last.step}"` : null;
    },
  };
}
