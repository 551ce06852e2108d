/**
 * Feeds the service manager's watchdog only while every part makes progress: a part that hangs gets the agent restarted.
 *
 * Each hang is logged once. `progress.ts` decides which parts hang.
 */
import { type Clock, every, type Timer } from '../../core/clock.ts';
import type { Log } from '../../core/ports.ts';
import type { Pulse } from '../../core/pulse.ts';
import type { Notify } from './notify.ts';
import { type Hang, hangsOf } from './progress.ts';

/** Checks, and feeds, in one watchdog time. Source: sd_watchdog_enabled(3) requires two; with the third one message may be lost. */
const FEEDS = 3;
/** Used where the manager gives no time. Units: ms. Source: WatchdogSec of the unit file. */
const USUAL_WATCHDOG_MS = 30_000;
/** Checks in a row that must find the same part hanging. Source: a process that was frozen runs this check before its parts have had a turn. */
const LOOKS = 2;

export interface WatchdogParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly notify: Pick<Notify, 'alive' | 'hanging' | 'isSupervised'>;
  readonly pulse: () => Pulse;
  /** After so long without a message the manager ends the agent; null where it gives no time. Units: ms. */
  readonly watchdogMs: number | null;
  /** Called once, before the manager ends the agent: what is recorded now is what the next run knows. */
  readonly onHang: (hangs: readonly Hang[]) => void;
}

/** Under a service manager the first hang is final: the watchdog is not fed again, even if the part goes on. */
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
    const certain = hangs.filter(({ part }) => (suspects.get(part) ?? 0) >= LOOKS);
    if (certain.length === 0) {
      notify.alive();
      return;
    }
    if (certain.some(({ part }) => suspects.get(part) === LOOKS)) logHangs(certain);
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
