/**
 * Feeds the service manager's watchdog, and only by progress: a part that hangs gets the agent restarted.
 *
 * Owns when to look and what is said once. Never the verdict on a part: that is `progress.ts`. Called by `run-guard.ts`.
 */
import { type Clock, every, type Timer } from '../../core/clock.ts';
import type { Log } from '../../core/ports.ts';
import type { Pulse } from '../../core/pulse.ts';
import type { Notify } from './notify.ts';
import { type Hang, hangsOf } from './progress.ts';

/** Looks and feeds in one watchdog time. Source: sd_watchdog_enabled(3) asks for two at least; the third bears a message that is lost. */
const FEEDS = 3;
/** Where the manager names no time. Units: ms. Source: WatchdogSec of the unit file. */
const USUAL_WATCHDOG_MS = 30_000;
/** Looks in a row that must find the same part hanging. Source: a process that was frozen and goes on looks before its parts have had their turn. */
const LOOKS = 2;

export interface WatchdogParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly notify: Pick<Notify, 'alive' | 'hanging' | 'isSupervised'>;
  readonly pulse: () => Pulse;
  /** Without a sign of life for so long the manager ends the agent; null where it says nothing. Units: ms. */
  readonly watchdogMs: number | null;
  /** Told once, before the manager ends the agent: what is written down now is what the next run knows. */
  readonly onHang: (hangs: readonly Hang[]) => void;
}

export interface Watchdog {
  start(): void;
  stop(): void;
}

/** What hangs under a service manager is given up for good: a part that hung for so long is not trusted again. */
export function createWatchdog({ clock, log, notify, pulse, watchdogMs, onHang }: WatchdogParts): Watchdog {
  let looks: Timer | null = null;
  let suspects = new Map<string, number>();
  let isGivenUp = false;
  const look = (): void => {
    if (isGivenUp) return;
    const hangs = hangsOf(pulse(), clock.monoMs());
    suspects = new Map(hangs.map(({ part }) => [part, (suspects.get(part) ?? 0) + 1]));
    const certain = hangs.filter(({ part }) => (suspects.get(part) ?? 0) >= LOOKS);
    if (certain.length === 0) {
      notify.alive();
      return;
    }
    if (certain.some(({ part }) => suspects.get(part) === LOOKS)) tell(certain);
    if (!notify.isSupervised) return;
    isGivenUp = true;
    onHang(certain);
    notify.hanging();
  };
  const tell = (hangs: readonly Hang[]): void => {
    const next = notify.isSupervised ? 'the service manager restarts the agent' : 'restart the agent';
    for (const { part, forMs, text } of hangs)
      log.event('agent-hangs', { part, forS: Math.round(forMs / 1_000), text: `${text}; ${next}` }, 'alarm');
  };
  return {
    start() {
      looks ??= every(clock, (watchdogMs ?? USUAL_WATCHDOG_MS) / FEEDS, look);
    },
    stop() {
      looks?.cancel();
      looks = null;
    },
  };
}
