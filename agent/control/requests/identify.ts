/**
 * Identify: one lamp blinks until the person under it has seen it.
 *
 * A technician's request is an intent of maintenance rank, so only another technician's intent is stronger. The platform's request is an override
 * like any other, and expires like any command. Neither is stored, so a restart ends it. The zone around the lamp does not change.
 */

import type { Clock, MonoMs } from '../../core/clock.ts';
import type { IdentifyRequest, IdentifyRun } from '../../core/light-tools.ts';
import { type Message, msg } from '../../core/message.ts';
import type { BlinkRequest } from '../../core/ports.ts';
import { Refusal } from '../../core/refusal.ts';
import type { Authorised, Intent, IntentAuthority, LevelPct } from '../../core/words.ts';
import type { LightingStreet } from '../../lighting/lighting.ts';
import { type Blink, blinkLevel, permittedBlink, rankOf } from './blink.ts';
import { mayMaintain } from './overrides.ts';

interface Blinking {
  readonly request: Authorised<IdentifyRequest>;
  readonly blink: Blink;
  readonly startMono: MonoMs;
  readonly untilMono: MonoMs;
  readonly ended: AbortController;
  /** The level last reported to the sender. */
  reportedPct: LevelPct | null;
}

/** The lamps that blink now, so that a person can identify them. Nothing is stored. */
export class IdentifyHandler {
  readonly #street: LightingStreet;
  readonly #clock: Clock;
  readonly #onChange: () => void;
  readonly #onBlinks: (running: ReadonlyMap<string, number>) => void;
  /** By lamp. */
  readonly #blinking = new Map<string, Blinking>();
  /** By intent: requests of the platform that no lamp follows yet. */
  readonly #pending = new Map<string, { readonly expiresMono: MonoMs; readonly run: IdentifyRun }>();
  #published = '[]';

  /**
   * `onChange`: the levels have to be decided now. `onBlinks`: the blinking lamps or their requested seconds changed; gives the seconds by
   * lamp.
   */
  constructor(
    street: LightingStreet,
    clock: Clock,
    onChange: () => void,
    onBlinks: (running: ReadonlyMap<string, number>) => void = () => {},
  ) {
    this.#street = street;
    this.#clock = clock;
    this.#onChange = onChange;
    this.#onBlinks = onBlinks;
  }

  /**
   * Makes a lamp blink, in place of an earlier blinking of it. `held`: the intents in force for it. Errors: throws Refusal if that is not
   * allowed, for example for an unknown lamp.
   */
  start(request: Authorised<IdentifyRequest>, held: readonly Intent[]): IdentifyRun {
    const blink = permittedBlink(this.#street, request, held);
    const startMono = this.#clock.monoMs();
    const entry: Blinking = {
      request,
      blink,
      startMono,
      untilMono: startMono + request.forMs,
      ended: new AbortController(),
      reportedPct: null,
    };
    const former = this.#blinking.get(request.lamp);
    this.#blinking.set(request.lamp, entry);
    // Its sender may call `stop` at once, which must not end this one.
    former?.ended.abort();
    this.#onChange();
    return {
      lowPct: blink.lowPct,
      highPct: blink.highPct,
      ended: entry.ended.signal,
      stop: () => {
        // A newer blinking of the same lamp belongs to another sender.
        if (this.#blinking.get(request.lamp) === entry) this.#end(request.lamp);
      },
    };
  }

  /**
   * Starts a blinking for the platform, or ends it if `seconds` is 0. Returns its high level and its intent, both null if
   * it was ended, or the reason of a refusal.
   */
  request(
    { lamp, seconds, source, authority, expiresMono }: Authorised<BlinkRequest>,
    held: readonly Intent[],
  ): { readonly levelPct: LevelPct | null; readonly intentId: string | null } | Message {
    try {
      if (seconds === 0) {
        this.#endFor(lamp, authority);
        return { levelPct: null, intentId: null };
      }
      const run = this.start({ lamp, forMs: seconds * 1_000, source, authority, tell: () => {} }, held);
      if (expiresMono !== undefined) this.#pending.set(blinkId(lamp), { expiresMono, run });
      return { levelPct: run.highPct, intentId: blinkId(lamp) };
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return error.said;
    }
  }

  /** Whether the intent may still expire with its command. Also true if it ended before a lamp followed. */
  isPending(intentId: string): boolean {
    return this.#pending.has(intentId);
  }

  /** Call it when a lamp follows these intents: they no longer expire with their command. */
  begun(intentIds: ReadonlySet<string>): void {
    for (const id of intentIds) this.#pending.delete(id);
  }

  /** Ends blinkings whose command expired before a lamp followed, and publishes the blinking lamps if they changed. */
  tend(): void {
    for (const [id, { expiresMono, run }] of this.#pending) {
      if (this.#clock.monoMs() < expiresMono) continue;
      this.#pending.delete(id);
      run.stop();
    }
    const running = new Map([...this.#blinking].map(([id, { request }]) => [id, Math.round(request.forMs / 1_000)]));
    const now = JSON.stringify([...running]);
    if (now !== this.#published) this.#onBlinks(running);
    this.#published = now;
  }

  /** Returns the intents of the lamps that blink now, and reports each change of level to its sender. */
  intents(): readonly Intent[] {
    const nowMono = this.#clock.monoMs();
    for (const [id, { untilMono }] of this.#blinking) if (nowMono >= untilMono) this.#blinking.delete(id);
    return [...this.#blinking.values()].map((entry) => this.#intentOf(entry));
  }

  #end(lampId: string): void {
    this.#blinking.delete(lampId);
    this.#onChange();
  }

  /** Errors: throws Refusal if the lamp does not blink, or if it blinks for a technician and another sender ends it. */
  #endFor(lampId: string, authority: IntentAuthority): void {
    const entry = this.#blinking.get(lampId);
    if (entry === undefined) throw new Refusal(msg`${lampId} does not blink`);
    if (mayMaintain(entry.request.authority) && !mayMaintain(authority))
      throw new Refusal(msg`${lampId} blinks for ${entry.request.source}; only they may end it`);
    this.#end(lampId);
    entry.ended.abort();
  }

  #intentOf(entry: Blinking): Intent {
    const { request, blink, startMono, untilMono } = entry;
    const [nowMs, nowMono] = [this.#clock.wallMs(), this.#clock.monoMs()];
    const levelPct = blinkLevel(blink, nowMono - startMono);
    if (levelPct !== entry.reportedPct) request.tell(levelPct);
    entry.reportedPct = levelPct;
    return {
      id: blinkId(request.lamp),
      target: { kind: 'lamp', id: request.lamp },
      levelPct,
      rank: rankOf(request.authority),
      authority: request.authority,
      source: request.source,
      reason: 'identify',
      sinceMs: Math.round(nowMs - (nowMono - startMono)),
      untilMs: Math.round(nowMs + (untilMono - nowMono)),
      untilMono,
      goesByItself: true,
    };
  }
}

/** The id of the intent of a lamp that blinks. */
function blinkId(lampId: string): string {
  return `identify-${lampId}`;
}
