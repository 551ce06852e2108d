/** Divides the work on a report into short turns, so that the light is never delayed. */
import { setImmediate as nextTurn } from 'node:timers/promises';

/** Longest turn without a pause. Units: ms. Source: half of the 20 ms that the event loop of the agent may be blocked. */
const TURN_MS = 10;

/** The caller gave a report up. */
export class ReportAborted extends Error {
  override readonly name = 'ReportAborted';
}

/** Pauses of one report. */
export class Pauses {
  readonly #signal: AbortSignal;
  #sinceMs = performance.now();

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  /** Call it often. Lets other work run if the turn has lasted too long. Errors: rejects with ReportAborted after the signal. */
  async due(): Promise<void> {
    if (performance.now() - this.#sinceMs >= TURN_MS) {
      await nextTurn();
      this.#sinceMs = performance.now();
    }
    if (this.#signal.aborted) throw new ReportAborted();
  }
}
