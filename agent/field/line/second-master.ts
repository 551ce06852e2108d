/**
 * Reports a second sender on a DALI bus: a wall panel, a sensor with its own program, or another gateway.
 *
 * Both would set levels, and a command of the other between two of ours can change what ours mean.
 */
import type { Clock, MonoMs } from '../../core/clock.ts';
import type { EventTracker } from '../../core/event-tracker.ts';
import { msg } from '../../core/message.ts';

/** The report ends after this time without a foreign frame. Units: ms. Source: assumed; a wall panel is pressed several times in a visit. Confirmed by: a week of events of a bus with a panel. */
const QUIET_MS = 600_000;

/** Reports commands of another sender on a DALI bus as event `second-master`; see `createSecondMasterWatch`. */
export type SecondMasterWatch = ReturnType<typeof createSecondMasterWatch>;

/** The DALI bus that `createSecondMasterWatch` watches, the clock, and the tracker that gets the event. */
export interface SecondMasterParts {
  readonly lineId: string;
  readonly clock: Pick<Clock, 'monoMs'>;
  readonly events: EventTracker;
}

/**
 * Creates the watch of one line. Call `note` when a command was seen that this agent did not send: it begins the event `second-master`.
 * Call `check` regularly: it ends the event 10 min after the last such command.
 */
export function createSecondMasterWatch({ lineId, clock, events }: SecondMasterParts) {
  let seenMono: MonoMs | null = null;
  return {
    note(): void {
      seenMono = clock.monoMs();
      const text = msg`another controller sends commands on the DALI bus of line ${lineId}; check for a wall panel, a sensor or a gateway on it`;
      events.set(true, { code: 'second-master', source: lineId, severity: 'warning', text });
    },
    check(): void {
      if (seenMono === null || clock.monoMs() - seenMono < QUIET_MS) return;
      seenMono = null;
      events.clear('second-master', lineId);
    },
  };
}
