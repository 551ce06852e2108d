/**
 * Feeds the service manager's watchdog only while every part makes progress: if a part hangs, the agent is restarted.
 *
 * Each hang is logged once. `progress.ts` decides which parts hang.
 */
import { type Clock, every, type Timer } from '../../core/clock.ts';
import type { Log } from '../../core/ports.ts';
import type { Pulse } from '../../core/pulse.ts';
import type { Notify } from './notify.ts';
import { type Hang, hangsOf } from './progress.ts';

/** Checks, with a feed each, in one watchdog time. Source: sd_watchdog_enabled(3) requires two; with three, one message may be lost. */
const FEEDS = 3;
/** Used if the manager specifies no time. Units: ms. Source: WatchdogSec of the unit file. */
const USUAL_WATCHDOG_MS = 30_000;
/** Consecutive checks that must find the same part hanging. Source: after a process was frozen, this check may run before its parts can make progress. */
const SUSPICIONS = 2;

/** What the watchdog needs to find parts of the agent that hang, and to report to the service manager ("the manager" below). */
export interface WatchdogParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly notify: Pick<Notify, 'alive' | 'hanging' | 'isSupervised'>;
  /** Returns the present progress of the lines, the light control and the storage thread. */
  readonly pulse: () => Pulse;
  /** The manager ends the agent after this time without a message. Null if it specifies none; the checks then assume 30 s. Units: ms. */
  readonly watchdogMs: number | null;
  /** Called at most once, before the manager is asked to end the agent, so that the cause can be recorded; not called without a manager. */
  readonly onHang: (hangs: readonly Hang[]) => void;
}

/**
 * Returns a watchdog that checks the parts of the agent at intervals from `start` until `stop`. A check reports to the service manager that
 * the agent is alive. If a part hangs at two consecutive checks, `onHang` is called instead, the manager is asked to restart the agent, and
 * no check follows. Without a manager the hang is only logged.
 */
export function createWatchdog({ clock, log, notify, pulse, watchdogMs, onHang }: WatchdogParts) {
  let looks: Timer | null = null;
  let suspects = new Map<string, number>();
  let isGivenUp = false;
  const logHangs = (hangs: readonly Hang[]): void => {
    const next = notify.isSupervised ? 'the service manager restarts the agent' : 'restart the agent';
    for (const { part, forMs, text } of hangs)
      log.event('agent-hangs', { part, forS: Math.round(forMs / 1_000), text: `${text}; ${next}` }, 'alarm');
  };
  const look = (): void => {
    if (isGivenUp) return;
    const hangs = hangsOf(pulse(), clock.monoMs());
    suspects = new Map(hangs.map(({ part }) => [part, (suspects.get(part) ?? 0) + 1]));
    const certain = hangs.filter(({ part }) => (suspects.get(part) ?? 0) >= SUSPICIONS);
    if (certain.length === 0) {
      notify.alive();
      return;
    }
    if (certain.some(({ part }) => suspects.get(part) === SUSPICIONS)) logHangs(certain);
    if (!notify.isSupervised) return;
    isGivenUp = true;
    onHang(certain);
    notify.hanging();
  };
  return {
    start(): void {
      looks ??= every(clock, (watchdogMs ?? USUAL_WATCHDOG_MS) / FEEDS, look);
    },
    stop(): void {
      looks?.cancel();
      looks = null;
    },
  };
}
