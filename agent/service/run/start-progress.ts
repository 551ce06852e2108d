/**
 * Extends the service manager's start limit while the start makes progress: a slow start is never ended, a start that hangs is.
 *
 * Only completed steps extend the limit, no timer does. A step that hangs is ended when the extension of the step before it is over.
 */
import type { Clock, MonoMs } from '../../core/clock.ts';
import type { Log } from '../../core/ports.ts';
import type { StartSteps } from '../../core/run-options.ts';
import type { Notify } from './notify.ts';

/** Longest step of a start where the unit names none. Units: ms. Source: TimeoutStartSec of the unit file. */
export const USUAL_STEP_LIMIT_MS = 60_000;
/**
 * A step that ends within this share of the limit after the last message sends none: the limit would move by less than that.
 * Source: a message costs 7 ms of CPU, a start on an idle machine 500; measured. The share is assumed: a hang is ended that much later.
 */
const UNSENT_SHARE = 0.1;
/** A stop after this share of the limit without a completed step comes from the limit. Source: the limit, less two unsent shares. */
const OVERDUE_SHARE = 1 - 2 * UNSENT_SHARE;

export interface StartProgressParts {
  readonly clock: Pick<Clock, 'monoMs'>;
  readonly log: Log;
  readonly notify: Pick<Notify, 'extendStart'>;
  /** The limit of the unit. A step may take nine tenths of it: the first ones may have passed unsent. Units: ms. */
  readonly stepLimitMs: number;
}

/** Shape: the clock's zero is the start of this process. Until the first message the limit of the unit, or of the starter, counts. */
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
      // Longer by what may stay unsent, so that each step has its whole time.
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
