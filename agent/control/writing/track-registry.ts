/** The tracks of lamps or outputs. Reports each that does not follow, and when it follows again. */

import type { MonoMs } from '../../core/clock.ts';
import type { EventTracker } from '../../core/event-tracker.ts';
import { type Message, msg, NO_TEXT } from '../../core/message.ts';
import type { WriteResult } from '../../core/ports.ts';
import type { EventCode } from '../../core/words.ts';
import { afterResult, isFollowing, type LampTrack, NEW_TRACK } from './reconcile.ts';

/**
 * The write history of lamps or outputs by id. `take` and `settle` raise the event `code` for one that does not follow. They end it once
 * its track has no failures and no drifts.
 */
export class TrackRegistry {
  readonly #events: Pick<EventTracker, 'set'>;
  readonly #code: EventCode;
  readonly #tracks = new Map<string, LampTrack>();
  /** Why each does not follow, for the end of its event: without the reason a later reader could not understand it. */
  readonly #reasons = new Map<string, Message>();

  constructor(events: Pick<EventTracker, 'set'>, code: EventCode) {
    this.#events = events;
    this.#code = code;
  }

  /** The track of a lamp or output; `NEW_TRACK` before anything is known of it. */
  of(id: string): LampTrack {
    return this.#tracks.get(id) ?? NEW_TRACK;
  }

  /** Replaces a track without a change of the event. */
  set(id: string, track: LampTrack): void {
    this.#tracks.set(id, track);
  }

  /** Replaces a track, and raises or ends its event if that is due. */
  take(id: string, track: LampTrack): void {
    this.set(id, track);
    const isHealed = track.failures === 0 && track.drifts === 0;
    if (!isHealed && isFollowing(track)) return;
    const last = track.last?.reason ?? NO_TEXT;
    const reason = String(last) === '' ? msg`no reason known` : last;
    const before = this.#reasons.get(id);
    const end = before === undefined ? msg`follows again` : msg`follows again; it did not because: ${before}`;
    const text = isHealed ? end : msg`does not follow: ${reason}`;
    this.#events.set(!isHealed, { code: this.#code, source: id, severity: 'warning', text });
    if (isHealed) this.#reasons.delete(id);
    else if (before === undefined) this.#reasons.set(id, reason);
  }

  /** Records the result of the write `commandId`; ignored if a newer write has replaced it. */
  settle(id: string, commandId: string, { result, endMono }: { readonly result: WriteResult; readonly endMono: MonoMs }): void {
    const reason = result.state === 'failed' ? result.reason : NO_TEXT;
    const end = { endMono, verified: result.state === 'verified', sent: result.sentMono !== null, reason };
    this.take(id, afterResult(this.of(id), commandId, end));
  }
}
