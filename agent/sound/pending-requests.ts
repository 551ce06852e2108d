/**
 * Follows each request to its outcome: received, queued, sent, then verified or failed.
 */
import type { Clock, MonoMs } from '../core/clock.ts';
import { MINUTE_MS } from '../core/durations.ts';
import { type Message, msg, NO_TEXT } from '../core/message.ts';
import type { SentSoundRequest } from '../core/sound-tools.ts';
import { DISK_WAIT_MS, within } from '../core/within.ts';
import type { Outcome, OutcomeState } from '../core/words.ts';
import { isRightVolume } from './player-plan.ts';
import type { PlaceControl } from './sound-place.ts';

/**
 * Longest time until a request has its outcome. Units: ms. Source: assumed; the longest warm-up and an announcement before it. Confirmed by: the
 * operators of a square.
 */
const REQUEST_MS = 3 * MINUTE_MS;

interface PendingRequest {
  readonly request: SentSoundRequest;
  readonly place: PlaceControl;
  readonly deadlineMono: MonoMs;
  readonly resolve: (outcome: Outcome) => void;
  isSent: boolean;
}

interface Progress {
  readonly state: Extract<OutcomeState, 'queued' | 'sent' | 'verified' | 'failed'>;
  readonly reason: Message;
}

/** The dependencies with which `PendingRequests` is created, and its callbacks. */
export interface PendingRequestsParts {
  readonly clock: Clock;
  /** Resolves whether the requests in force are on disk. */
  readonly saved: () => Promise<boolean>;
  /** Receives each stage of a request, up to the final one. */
  readonly onOutcome: (outcome: Outcome) => void;
  /** The request was not carried out in time: a sound that it requests must not start later. */
  readonly onExpired: (request: SentSoundRequest) => void;
}

/**
 * Publishes the stages of sound requests, and follows an accepted request to its final outcome. Call `advance` after a decision. A request
 * that is not carried out in time fails.
 */
export class PendingRequests {
  readonly #parts: PendingRequestsParts;
  #open: readonly PendingRequest[] = [];

  constructor(parts: PendingRequestsParts) {
    this.#parts = parts;
  }

  /** Reports a stage of a request, and returns it as an outcome. `isSaved` false: what the request set may be lost at a restart. */
  publish(
    { commandId, place, source }: Pick<SentSoundRequest, 'commandId' | 'place' | 'source'>,
    state: OutcomeState,
    reason: Message = NO_TEXT,
    isSaved = true,
  ): Outcome {
    const outcome: Outcome = {
      ...{ commandId, target: { kind: 'device', id: place }, levelPct: null, state, reason, lamps: {}, source },
      atMs: this.#parts.clock.wallMs(),
      ...(isSaved ? {} : { isSaved: false }),
    };
    this.#parts.onOutcome(outcome);
    return outcome;
  }

  /** Follows an accepted request. Resolves with the final outcome. */
  follow(request: SentSoundRequest, place: PlaceControl): Promise<Outcome> {
    const deadlineMono = this.#parts.clock.monoMs() + REQUEST_MS;
    this.publish(request, 'queued');
    return new Promise((resolve) => {
      this.#open = [...this.#open, { request, place, deadlineMono, resolve, isSent: false }];
    });
  }

  /** Evaluates all open requests after a tick. */
  advance(): void {
    const nowMono = this.#parts.clock.monoMs();
    for (const pending of this.#open) {
      const { state, reason } = this.#progressOf(pending, nowMono);
      if (state === 'sent' && !pending.isSent) {
        pending.isSent = true;
        this.publish(pending.request, 'sent');
      }
      if (state === 'verified' || state === 'failed') this.#end(pending, state, reason);
    }
  }

  /** Ends all requests that `advance` has not ended yet, as failed. */
  abandonAll(reason: Message): void {
    for (const pending of this.#open) this.#end(pending, 'failed', reason);
  }

  #end(pending: PendingRequest, state: 'verified' | 'failed', reason: Message): void {
    const { request, resolve } = pending;
    this.#open = this.#open.filter((each) => each !== pending);
    if (state === 'verified' && !pending.isSent) this.publish(request, 'sent');
    if (state === 'failed' || request.ask.action === 'announce') resolve(this.publish(request, state, reason));
    else
      void within(this.#parts.clock, DISK_WAIT_MS, this.#parts.saved()).then((isSaved) =>
        resolve(this.publish(request, state, reason, isSaved === true)),
      );
  }

  #progressOf(pending: PendingRequest, nowMono: MonoMs): Progress {
    const { request, place, deadlineMono } = pending;
    const progress = progressAt(request, place);
    if (progress.state === 'verified' || progress.state === 'failed') return progress;
    const isExpired = request.expiresMono !== undefined && nowMono >= request.expiresMono;
    if (!isExpired && nowMono < deadlineMono) return progress;
    this.#parts.onExpired(request);
    const why = String(progress.reason) === '' ? msg`the player did not start in time` : progress.reason;
    return { state: 'failed', reason: isExpired ? msg`expired: ${why}` : why };
  }
}

/** How far a request has come, by its place. */
function progressAt({ ask, commandId }: SentSoundRequest, { player, decision, announcements }: PlaceControl): Progress {
  const { isAlive, volumePct } = player.facts();
  const { isSilent } = player;
  switch (ask.action) {
    case 'resume':
      return { state: 'verified', reason: NO_TEXT };
    case 'stop':
      if (decision?.rank === 'emergency') return waiting(msg`an emergency announcement goes on`);
      return isSilent ? { state: 'verified', reason: NO_TEXT } : waiting(isAlive ? player.reason : msg`the player is silent`);
    case 'volume': {
      const isSet = isSilent || (volumePct !== null && isRightVolume(volumePct, decision?.volumePct ?? 0));
      return isSet ? { state: 'verified', reason: NO_TEXT } : waiting(isAlive ? player.reason : msg`the player is silent`);
    }
    default: {
      const rank = { announce: 'announcement', emergency: 'emergency', play: 'request' }[ask.action];
      const key = `${rank}:${commandId}`;
      const started = player.started?.key === key ? player.started : null;
      if (started?.isProven === true) return { state: 'verified', reason: NO_TEXT };
      if (ask.action === 'announce' && !announcements.has(commandId))
        return { state: 'failed', reason: started?.reason ?? msg`it was replaced, or silenced, before it could begin` };
      if (decision?.key !== key) return waiting(msg`waiting below: ${decision?.trace[0]?.text ?? NO_TEXT}`);
      const fault = isAlive ? (started?.reason ?? player.reason) : msg`the player is silent`;
      return { state: started === null ? 'queued' : 'sent', reason: fault };
    }
  }
}

function waiting(reason: Message): Progress {
  return { state: 'queued', reason };
}
