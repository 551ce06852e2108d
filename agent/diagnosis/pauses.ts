/** Divides long work into short turns, so that the light is never delayed. */
import { setImmediate as nextTurn } from 'node:timers/promises';

/** Longest turn without a pause. Units: ms. Source: half of the 20 ms that the event loop of the agent may be blocked. */
const TURN_MS = 10;

/** The error with which long work ends once its signal is aborted. */
export class WorkAborted extends Error {
  override readonly name = 'WorkAborted';
}

/** Pauses one piece of long work, at its calls of `due`, so that other work can run. */
export class Pauses {
  readonly #signal: AbortSignal | null;
  #sinceMs = performance.now();

  /** `signal`: ends the work; null for work that cannot be given up. */
  constructor(signal: AbortSignal | null) {
    this.#signal = signal;
  }

  /** Call it often. Lets other work run if 10 ms have passed since it last did. Errors: rejects with WorkAborted after the signal. */
  async due(): Promise<void> {
    if (performance.now() - this.#sinceMs >= TURN_MS) {
      await nextTurn();
      this.#sinceMs = performance.now();
    }
    if (this.#signal?.aborted === true) throw new WorkAborted();
  }

  /** Runs steps to their end, with pauses, and resolves with their result. Errors: as `due`, and those of the steps. */
  async run<T>(steps: Generator<unknown, T, void>): Promise<T> {
    for (let step = steps.next(); ; step = steps.next()) {
      if (step.done === true) return step.value;
      await this.due();
    }
  }
}
