import type { Clock, MonoMs, Timer, WallMs } from '../../core/clock.ts';
import { type Message, msg, NO_TEXT } from '../../core/message.ts';
import type { Log } from '../../core/ports.ts';
import type { AgentEvent } from '../../core/words.ts';
import type { StoreResult } from '../messages.ts';

/** A part of the store whose failures are tracked separately. */
export type Part = 'telemetry.db' | 'state.db' | 'storage thread';

interface Trouble {
  readonly part: Part;
  readonly reason: Message;
  readonly sinceMs: WallMs;
  /** Consecutive failures. */
  readonly failures: number;
  /** No retry of this part before this time. */
  readonly retryMono: MonoMs;
  readonly retry: Timer;
}

/** What a `TroubleTracker` uses: clock, log, and the callbacks for its events and for the retries, which the caller carries out. */
export interface TroubleTrackerParts {
  readonly clock: Clock;
  readonly log: Log;
  /** Receives an event when a part begins to fail and, with the same id and an end, when it works again. */
  readonly onEvent: (event: AgentEvent) => void;
  /** Called when the wait after a failure has ended. */
  readonly onRetry: () => void;
}

/** Wait before the next retry. Units: ms. Source: assumed; a technician who has freed the disk should see it recover before leaving. Confirmed by: a visit to a cabinet with a full disk. */
const BACKOFF_MS = { first: 1_000, max: 30_000 };

/** Tracks failures of the running store: which parts are failing, when to retry them, and the events that report this. */
export class TroubleTracker {
  readonly #parts: TroubleTrackerParts;
  /** The parts that are failing now, the latest failure last. */
  #troubles: readonly Trouble[] = [];

  constructor(parts: TroubleTrackerParts) {
    this.#parts = parts;
  }

  /** Whether the part is failing now. */
  has(part: Part): boolean {
    return this.#find(part) !== undefined;
  }

  /** Whether the part is not failing, or the wait after its last failure is over. */
  mayTry(part: Part): boolean {
    return this.#parts.clock.monoMs() >= (this.#find(part)?.retryMono ?? Number.NEGATIVE_INFINITY);
  }

  /** The reasons of all current failures in one line; empty if there are none. */
  text(): Message {
    const [first, ...others] = this.#troubles.map(({ reason }) => reason);
    return others.reduce((text, reason) => msg`${text} · ${reason}`, first ?? NO_TEXT);
  }

  /**
   * Records a failure and schedules the retry: after 1 s, doubled with each further failure in a row, at most after 30 s. Only the first of
   * several failures in a row begins an event, with its reason.
   */
  fail(part: Part, reason: Message): void {
    const { clock, log, onEvent, onRetry } = this.#parts;
    const known = this.#find(part);
    const failures = (known?.failures ?? 0) + 1;
    const waitMs = Math.min(BACKOFF_MS.first * 2 ** Math.min(failures - 1, 16), BACKOFF_MS.max);
    known?.retry.cancel();
    const times = { sinceMs: known?.sinceMs ?? clock.wallMs(), retryMono: clock.monoMs() + waitMs };
    const trouble = { part, reason, failures, ...times, retry: clock.after(waitMs, onRetry) };
    this.#troubles = [...this.#without(part), trouble];
    if (known === undefined) onEvent(toEvent(trouble, null));
    log.event('store-trouble', { part, reason: String(reason), failures }, 'warning');
  }

  /** Records that the part works, which ends its event. */
  succeed(part: Part): void {
    const past = this.#find(part);
    this.#troubles = this.#without(part);
    past?.retry.cancel();
    if (past !== undefined) this.#parts.onEvent(toEvent(past, this.#parts.clock.wallMs()));
  }

  /** Records the success or the failure of a part. Returns whether it was a success. */
  record(part: Part, result: StoreResult<unknown>): boolean {
    if (result.ok) this.succeed(part);
    else this.fail(part, result.message);
    return result.ok;
  }

  /** Cancels the pending retries. Events that have begun do not end. */
  stop(): void {
    for (const { retry } of this.#troubles) retry.cancel();
  }

  #find(part: Part): Trouble | undefined {
    return this.#troubles.find((trouble) => trouble.part === part);
  }

  #without(part: Part): readonly Trouble[] {
    return this.#troubles.filter((trouble) => trouble.part !== part);
  }
}

/** The texts of the events: what waits while a part fails, and what is written again afterwards. Settings do not wait: their sender receives that they are not saved. */
const TEXTS: Readonly<Record<Part, { readonly begin: (reason: Message) => Message; readonly end: Message }>> = {
  'telemetry.db': { begin: (reason) => msg`readings wait in memory: ${reason}`, end: msg`readings are written again` },
  'state.db': {
    begin: (reason) => msg`events and audit entries wait in memory, settings are not saved: ${reason}`,
    end: msg`events, audit entries and settings can be written again; those in memory are written within two minutes`,
  },
  'storage thread': {
    begin: (reason) => msg`readings, events and audit entries wait in memory, settings are not saved: ${reason}`,
    end: msg`readings, events, audit entries and settings can be written again; those in memory are written within two minutes`,
  },
};

/** `endMs`: null while the failure lasts. */
function toEvent({ part, reason, sinceMs }: Trouble, endMs: WallMs | null): AgentEvent {
  const { begin, end } = TEXTS[part];
  const text = endMs === null ? begin(reason) : end;
  return { id: `store-trouble:${part}:${sinceMs}`, code: 'store-trouble', source: part, severity: 'alarm', text, startMs: sinceMs, endMs };
}
