/**
 * Reports an event while the system clock is not trusted; checks once a second.
 */

import { type Clock, every, type Timer, type WallMs } from '../../core/clock.ts';
import type { EventTracker } from '../../core/event-tracker.ts';
import { type Message, msg } from '../../core/message.ts';
import type { ClockStep, SteadyClock } from '../../core/steady-clock.ts';
import { spell } from '../../lighting/spell.ts';

/** Interval of the check. Units: ms. Source: the interval of the light control, see `control`. */
const LOOK_MS = 1_000;
/** The clock must agree for this time before the event ends. Units: ms. Source: assumed; a clock that is repeatedly set causes at most six events an hour. Confirmed by: a year of logs of a cabinet. */
const QUIET_MS = 600_000;

/** The monitor that raises an event while a step of the system clock is not trusted: `start` and `stop`, see `createStepWatch`. */
export type StepWatch = ReturnType<typeof createStepWatch>;

/**
 * Returns a monitor that raises the event `clock-stepped` while the clock reports a step of the system clock, and ends it 10 min after the
 * last report. It checks from `start` until `stop`, which does not end the event. It cannot be started again.
 */
export function createStepWatch({
  clock,
  events,
}: {
  readonly clock: Clock & Pick<SteadyClock, 'step'>;
  readonly events: Pick<EventTracker, 'set'>;
}) {
  let looks: Timer | null = null;
  let steppedMono = Number.NEGATIVE_INFINITY;
  const look = (): void => {
    const step = clock.step();
    if (step !== null) steppedMono = clock.monoMs();
    else if (clock.monoMs() - steppedMono < QUIET_MS) return;
    const text = step === null ? msg`the system clock is used again` : textOf(step);
    events.set(step !== null, { code: 'clock-stepped', source: 'clock', severity: 'alarm', text });
  };
  return {
    start(): void {
      looks ??= every(clock, LOOK_MS, look);
      look();
    },
    stop: (): void => looks?.cancel(),
  };
}

function textOf({ heldMs, systemMs }: ClockStep): Message {
  const [system, held, apart] = [utc(systemMs), utc(heldMs), spell(Math.abs(systemMs - heldMs))];
  return systemMs < heldMs
    ? msg`the system clock reads ${system}, ${apart} behind ${held} by the agent, and is not used; each lamp has the brighter level of both times; check the time server and the battery clock: timedatectl; if the system clock is right: systemctl stop luciole, then systemctl start luciole`
    : msg`the system clock reads ${system}, ${apart} ahead of ${held} by the agent, and is not used; each lamp has the brighter level of both times; check the time server and the battery clock: timedatectl; if the system clock is right: systemctl stop luciole, then systemctl start luciole`;
}

function utc(atMs: WallMs): string {
  return `${new Date(atMs).toISOString().slice(0, 16)}Z`;
}
