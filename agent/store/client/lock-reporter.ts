import type { Clock, WallMs } from '../../core/clock.ts';
import { type Message, msg } from '../../core/message.ts';
import type { Log } from '../../core/ports.ts';
import type { AgentEvent } from '../../core/words.ts';

/** What `LockReporter` requires. `onEvent`: receives the event `data-unlocked` when it begins and, with the same id, when it ends. */
export interface LockReporterParts {
  readonly clock: Pick<Clock, 'wallMs'>;
  readonly log: Log;
  readonly onEvent: (event: AgentEvent) => void;
}

/** Source of the event: the part that a person should check. */
const SOURCE = 'agent.lock';

/** Reports that the data is not locked against a second agent: an event that lasts from `unlocked` until `locked`. */
export class LockReporter {
  readonly #parts: LockReporterParts;
  #sinceMs: WallMs | null = null;

  constructor(parts: LockReporterParts) {
    this.#parts = parts;
  }

  /** Begins the event, if it has not begun. `message`: the failure and what to check. */
  unlocked(message: Message): void {
    if (this.#sinceMs !== null) return;
    this.#sinceMs = this.#parts.clock.wallMs();
    this.#parts.log.event('data-unlocked', { message: String(message) }, 'warning');
    this.#report(msg`the data is not locked against a second agent: ${message}`, null);
  }

  /** Ends the event, if there is one. */
  locked(): void {
    if (this.#sinceMs === null) return;
    this.#report(msg`the data is locked against a second agent again`, this.#parts.clock.wallMs());
    this.#sinceMs = null;
  }

  #report(text: Message, endMs: WallMs | null): void {
    const startMs = this.#sinceMs ?? this.#parts.clock.wallMs();
    const what = { code: 'data-unlocked', source: SOURCE, severity: 'warning' } as const;
    this.#parts.onEvent({ ...what, id: `data-unlocked:${startMs}`, text, startMs, endMs });
  }
}
