/**
 * Keeps the port of a line open.
 *
 * Owns its retries and its event. Never reads or writes.
 */
import type { Clock, MonoMs, Timer } from '../../core/clock.ts';
import { BusError } from '../../core/errors.ts';
import type { EventTracker } from '../../core/event-tracker.ts';
import type { Log } from '../../core/ports.ts';

/** Wait before a port is tried again. Units: ms. Source: assumed; a re-plugged adapter is back within the first tries, a missing one costs nothing. */
const REOPEN_MS = { first: 500, max: 10_000 };

export interface PortSupervisorOptions {
  readonly lineId: string;
  readonly port: { open(): Promise<void>; close(): Promise<void> };
  readonly clock: Clock;
  readonly events: EventTracker;
  readonly log: Log;
  readonly onUp: () => void;
}

/** Keeps one port open: at start, after an unplug, for as long as it takes. */
export interface PortSupervisor {
  /** Why the line is down; empty while it is up. */
  readonly reason: string;
  /** Since when the port is being opened; null while it is not. */
  readonly openingMono: MonoMs | null;
  /** Resolves after the first try, whatever came of it. */
  start(): Promise<void>;
  stop(): Promise<void>;
  lost(cause: Error): void;
  /** Close the open port and open it again: it heals an adapter that hangs. */
  reopen(): Promise<void>;
}

/** Errors: none; a port that cannot be opened is an event and is tried again. */
export function createPortSupervisor({ lineId, port, clock, events, log, onUp }: PortSupervisorOptions): PortSupervisor {
  let reason = 'not opened yet';
  let waitMs = REOPEN_MS.first;
  let timer: Timer | undefined;
  let running = false;
  let openingMono: MonoMs | null = null;

  const down = (cause: Error): void => {
    reason = cause.message;
    events.set(true, { code: 'line-down', source: lineId, severity: 'alarm', text: cause.message });
    if (!running) return;
    timer?.cancel();
    timer = clock.after(waitMs, () => void attempt());
    waitMs = Math.min(2 * waitMs, REOPEN_MS.max);
  };
  const attempt = async (): Promise<void> => {
    openingMono = clock.monoMs();
    try {
      await port.open();
    } catch (error) {
      if (!(error instanceof BusError)) throw error;
      down(error);
      return;
    } finally {
      openingMono = null;
    }
    if (!running) return port.close();
    reason = '';
    waitMs = REOPEN_MS.first;
    log.event('line-up', { line: lineId });
    events.clear('line-down', lineId);
    onUp();
  };

  return {
    get reason() {
      return reason;
    },
    get openingMono() {
      return openingMono;
    },
    async start() {
      if (running) return;
      running = true;
      await attempt();
    },
    async stop() {
      running = false;
      timer?.cancel();
      await port.close();
    },
    lost: down,
    async reopen() {
      if (!running) return;
      timer?.cancel();
      await port.close();
      await attempt();
    },
  };
}
