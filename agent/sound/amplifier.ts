/**
 * The relay of one amplifier: written until it is read back as wanted, with growing waits.
 */
import type { Clock, MonoMs } from '../core/clock.ts';
import type { EventTracker } from '../core/event-tracker.ts';
import { type Message, msg, NO_TEXT } from '../core/message.ts';
import type { Field } from '../core/ports.ts';
import type { PointId } from '../core/words.ts';

/** The points of the relay, and the dependencies with which `Amplifier` is created. */
export interface AmplifierParts {
  readonly clock: Clock;
  readonly field: Pick<Field, 'writePoint' | 'latest'>;
  readonly events: Pick<EventTracker, 'set'>;
  /** The point that switches the relay: 1 is on, 0 is off. */
  readonly pointId: PointId;
  /** The point whose readings show whether the relay is on; `pointId` itself if it has no other. */
  readonly proofId: PointId;
  /** After a proven write, readings of `proofId` within this time do not count. */
  readonly settleMs: number;
}

/** A write that was not sent within this time is dropped and planned again. Units: ms. Source: assumed; two tries at a silent unit. Confirmed by: relay boxes that return on the bench. */
const WRITE_TTL_MS = 10_000;
/** Failed writes in a row after which it counts as not following. Source: as for a lamp. */
const TRIES = 3;
/** Wait before a repetition. Units: ms. Source: as for a lamp. */
const BACKOFF_MS = { first: 1_000, max: 60_000 };

/**
 * The relay of one amplifier. Call `follow` regularly: it switches the relay as wanted, with waits after failed writes. `fault` has the
 * reason after repeated failures.
 */
export class Amplifier {
  readonly #parts: AmplifierParts;
  /** The state by the last proven write, until a later reading. */
  #proven: { readonly isOn: boolean; readonly atMono: MonoMs } | null = null;
  #onMono: MonoMs | null = null;
  #isWriting = false;
  #failures = 0;
  #retryMono: MonoMs = 0;
  #reason: Message = NO_TEXT;

  constructor(parts: AmplifierParts) {
    this.#parts = parts;
  }

  get pointId(): PointId {
    return this.#parts.pointId;
  }

  /** Since when the relay has been known to be on, as of the last `follow` or write; null if it was off or unknown. */
  get onMono(): MonoMs | null {
    return this.#onMono;
  }

  /** By the last proven write, or by a later reading that counts; null if unknown. */
  get isOn(): boolean | null {
    const { field, proofId, settleMs } = this.#parts;
    const reading = field.latest(proofId);
    const isNewer = this.#proven === null || (reading !== undefined && reading.atMono > this.#proven.atMono + settleMs);
    if (!isNewer) return this.#proven?.isOn ?? null;
    return reading?.quality === 'good' && reading.value !== null ? reading.value !== 0 : null;
  }

  /** Why the relay does not follow; empty if no fault is reported. */
  get fault(): Message {
    return this.#failures >= TRIES ? msg`amplifier relay ${this.pointId} does not follow: ${this.#reason}` : NO_TEXT;
  }

  /** Writes the relay if that is needed and may be done now; null leaves it as it is. Off may be left out while its state is unknown. */
  follow(wantsOn: boolean | null): void {
    const { clock } = this.#parts;
    const { isOn } = this;
    const nowMono = clock.monoMs();
    this.#onMono = isOn === true ? (this.#onMono ?? nowMono) : null;
    if (wantsOn === null) return;
    if (isOn === wantsOn && this.#failures > 0) this.#settle(true, NO_TEXT);
    if (isOn === wantsOn || this.#isWriting || nowMono < this.#retryMono) return;
    if (isOn === null && !wantsOn && this.#failures === 0 && this.#proven === null) return;
    void this.#write(wantsOn);
  }

  /** Switches it off unless it is off, without waiting for the result. */
  release(): void {
    // A write that is under way may be the one that switches it on.
    if (this.isOn !== false || this.#isWriting) void this.#write(false);
  }

  async #write(wantsOn: boolean): Promise<void> {
    const { clock, field, pointId } = this.#parts;
    this.#isWriting = true;
    const expiresMono = clock.monoMs() + WRITE_TTL_MS;
    const result = await field.writePoint({ pointId, value: wantsOn ? 1 : 0, lane: 'command', expiresMono });
    this.#isWriting = false;
    const atMono = clock.monoMs();
    this.#proven = result.state === 'verified' ? { isOn: wantsOn, atMono } : null;
    if (result.state === 'verified') this.#onMono = wantsOn ? (this.#onMono ?? atMono) : null;
    this.#settle(result.state === 'verified', result.state === 'failed' ? result.reason : NO_TEXT);
  }

  #settle(isRight: boolean, reason: Message): void {
    const { clock, events, pointId } = this.#parts;
    this.#failures = isRight ? 0 : this.#failures + 1;
    this.#reason = reason;
    const waitMs = Math.min(BACKOFF_MS.first * 2 ** Math.min(this.#failures - 1, 16), BACKOFF_MS.max);
    this.#retryMono = isRight ? 0 : clock.monoMs() + waitMs;
    if (!isRight && this.#failures < TRIES) return;
    const text = isRight ? msg`follows again` : this.fault;
    events.set(!isRight, { code: 'sound-amplifier-not-following', source: pointId, severity: 'warning', text });
  }
}
