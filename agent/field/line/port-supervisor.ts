/**
 * Keeps the port of a line open: at the start and after an unplug, for as long as it takes.
 *
 *   stopped --start--> opening --> up --reopen--> opening
 *                        ^  |       |
 *                        |  failed  lost
 *                        |  |       |
 *                        +--- waits, twice as long each time until the port is well again
 *
 *   any --stop--> stopped
 */
import type { Clock, MonoMs, Timer } from '../../core/clock.ts';
import { BusError } from '../../core/errors.ts';
import type { EventTracker } from '../../core/event-tracker.ts';
import { type Message, msg, NO_TEXT } from '../../core/message.ts';
import type { Log } from '../../core/ports.ts';

/**
 * Delay before a port is tried again. Units: ms. Source: assumed; a re-plugged adapter is back within the first tries, a missing one costs nothing.
 * Confirmed by: the time the gateway needs to list a re-plugged adapter.
 */
const REOPEN_MS = { first: 500, max: 10_000 };
/**
 * A port that is lost again within `max` of the end of its alarm still has the same fault: the next alarm lasts until the port has stayed open for
 * `first`, doubled each time. Units: ms. Source: assumed; a port that fails and returns all day is reported a few times, one that is plugged in again
 * recovers immediately. Confirmed by: a week of port events of a cabinet with a loose adapter.
 */
const STEADY_MS = { first: 10_000, max: 600_000 };

/** The port that a `PortSupervisor` keeps open, and where it reports. */
export interface PortSupervisorOptions {
  readonly lineId: string;
  /** `open` must reject with BusError if the port cannot be opened; another error is not caught. */
  readonly port: { open(): Promise<void>; close(): Promise<void> };
  readonly clock: Clock;
  readonly events: EventTracker;
  readonly log: Log;
  /** Called each time the port has been opened, unless `stop` was called meanwhile. */
  readonly onUp: () => void;
}

/**
 * Keeps the port of a line open from `start` to `stop`. A port that is lost or cannot be opened is reported as event `line-down` and opened
 * again later. The event ends when the port is open again, after repeated losses only once it has stayed open for some time. The owner
 * reports a loss by `lost`.
 *
 * Errors: an error of the port that is not a BusError is not caught.
 */
export class PortSupervisor {
  readonly #options: PortSupervisorOptions;
  /** Why the port was not opened yet, was lost or could not be opened; empty once it has been opened. */
  reason: Message = msg`not opened yet`;
  #waitMs = REOPEN_MS.first;
  /** How long the port must stay open before its alarm ends, and when the last alarm ended. */
  #steadyMs = 0;
  #wellMono: MonoMs | null = Number.NEGATIVE_INFINITY;
  #timer: Timer | undefined;
  #isRunning = false;
  /** Since when the port is being opened; null otherwise. */
  openingMono: MonoMs | null = null;

  constructor(options: PortSupervisorOptions) {
    this.#options = options;
  }

  /** Whether the port was never opened, could not be opened or was lost. False also after `stop`, or during `reopen`, of a working port. */
  get isDown(): boolean {
    return String(this.reason) !== '';
  }

  /** Starts to keep the port open. Resolves after the first try, also if the port could not be opened. */
  async start(): Promise<void> {
    if (this.#isRunning) return;
    this.#isRunning = true;
    await this.#attempt();
  }

  /**
   * Closes the port and stops trying. A port that is just being opened may be closed only after this has resolved. An open event
   * `line-down` stays open.
   */
  async stop(): Promise<void> {
    this.#isRunning = false;
    this.#timer?.cancel();
    await this.#options.port.close();
  }

  /** Call it when the port went down: reports the event and, unless stopped, schedules the next try. */
  lost(cause: Error): void {
    const { lineId, clock, events } = this.#options;
    this.reason = cause instanceof BusError ? cause.said : msg`${cause.message}`;
    events.set(true, { code: 'line-down', source: lineId, severity: 'alarm', text: this.reason });
    if (this.#wellMono !== null) this.#noteTrouble(this.#wellMono);
    if (!this.#isRunning) return;
    this.#timer?.cancel();
    this.#timer = clock.after(this.#waitMs, () => void this.#attempt());
    this.#waitMs = Math.min(2 * this.#waitMs, REOPEN_MS.max);
  }

  /** Closes the port and tries to open it again, which may recover a hung adapter. Without effect while the supervisor is stopped. */
  async reopen(): Promise<void> {
    if (!this.#isRunning) return;
    this.#timer?.cancel();
    await this.#options.port.close();
    if (this.#isRunning) await this.#attempt();
  }

  async #attempt(): Promise<void> {
    const { lineId, port, clock, log, onUp } = this.#options;
    this.openingMono = clock.monoMs();
    try {
      await port.open();
    } catch (error) {
      if (!(error instanceof BusError)) throw error;
      this.lost(error);
      return;
    } finally {
      this.openingMono = null;
    }
    if (!this.#isRunning) return port.close();
    this.reason = NO_TEXT;
    log.event('line-up', { line: lineId });
    if (this.#wellMono === null && this.#steadyMs > 0) this.#timer = clock.after(this.#steadyMs, () => this.#noteWell());
    else this.#noteWell();
    onUp();
  }

  /** Starts an alarm. */
  #noteTrouble(wellMono: MonoMs): void {
    const isAgain = this.#options.clock.monoMs() - wellMono < STEADY_MS.max;
    this.#steadyMs = isAgain ? Math.min(Math.max(2 * this.#steadyMs, STEADY_MS.first), STEADY_MS.max) : 0;
    this.#wellMono = null;
  }

  /** Ends the alarm: the port has stayed open long enough. */
  #noteWell(): void {
    const { lineId, clock, events } = this.#options;
    this.#waitMs = REOPEN_MS.first;
    if (this.#wellMono === null) this.#wellMono = clock.monoMs();
    events.clear('line-down', lineId);
  }
}
