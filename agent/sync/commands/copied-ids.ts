/**
 * Handles ids after the state was replaced by a copy: commands that the platform sent after the copy was made may have been carried out,
 * but the copy lacks them.
 *
 * For a day, the longest lifetime of a command, each order with its own id is refused once, unless it only brings light. If the order is
 * still meant, the platform sends it again with a new id; a repetition has the same id and is refused again.
 */

import { type Clock, isTrusted, type WallMs } from '../../core/clock.ts';
import { COPIED_STATE_KEY, type CopiedState, readCopiedState } from '../../core/copied-state.ts';
import { isRecord } from '../../core/is-record.ts';
import { type Message, msg } from '../../core/message.ts';
import type { Store } from '../../core/ports.ts';
import { bringsOnlyLight, LONGEST_MS } from './command-expiry.ts';
import type { SoundCommand } from './commands.ts';

/** Shape: `{ adoptedMs, untilMs }`. */
const KEY = 'sync.copied-ids';
/** Orders whose refusal is remembered. Source: twice the number of commands that are accepted in a burst. */
const MAX_ORDERS = 256;

/**
 * After the state of the cabinet was replaced by a copy, decides which orders are refused because they may have been carried out before.
 * It judges orders with an id of the platform, except those that start an emergency. A day or more after the first of these at a trusted
 * time, the next one at a trusted time ends the refusals for good. Call `restore` first.
 */
export class CopiedIds {
  readonly #store: Pick<Store, 'load' | 'save'>;
  readonly #clock: Pick<Clock, 'wallMs' | 'quality'>;
  #copied: CopiedState | null = null;
  /** End of this period; null until an order arrives while the time is trusted. */
  #untilMs: WallMs | null = null;
  /** Ids that were refused, by the digest of their order. */
  readonly #refused = new Map<string, Set<string>>();

  constructor(store: Pick<Store, 'load' | 'save'>, clock: Pick<Clock, 'wallMs' | 'quality'>) {
    this.#store = store;
    this.#clock = clock;
  }

  /** Reads from the store whether the state is a copy, and until when ids are refused. */
  async restore(): Promise<void> {
    const [copied, saved] = await Promise.all([this.#store.load(COPIED_STATE_KEY), this.#store.load(KEY)]);
    this.#copied = readCopiedState(copied);
    if (!isRecord(saved) || saved['adoptedMs'] !== this.#copied?.adoptedMs) return;
    if (typeof saved['untilMs'] === 'number') this.#untilMs = saved['untilMs'];
    if (saved['isOver'] === true) this.#copied = null;
  }

  /** Returns why the order with this id is refused; null if it is not. Records the refusal: a new id may then be accepted. */
  refusalOf({ commandId, hasOwnId, order, digest }: Pick<SoundCommand, 'commandId' | 'hasOwnId' | 'order' | 'digest'>): Message | null {
    if (this.#copied === null || !hasOwnId || bringsOnlyLight(order) || !this.#isInDoubt(this.#copied)) return null;
    const ids = this.#refused.get(digest);
    if (ids !== undefined && !ids.has(commandId)) return null;
    this.#refused.set(digest, (ids ?? new Set()).add(commandId));
    const [oldest] = this.#refused.keys();
    if (this.#refused.size > MAX_ORDERS && oldest !== undefined) this.#refused.delete(oldest);
    const copied = new Date(this.#copied.copiedMs).toISOString();
    return msg`the state of this cabinet is a copy of ${copied}, so this id may have been carried out since: send it with a new id where it is still meant`;
  }

  #isInDoubt({ adoptedMs }: CopiedState): boolean {
    if (!isTrusted(this.#clock.quality())) return true;
    const nowMs = this.#clock.wallMs();
    if (this.#untilMs === null) {
      this.#untilMs = nowMs + LONGEST_MS;
      void this.#store.save(KEY, { adoptedMs, untilMs: this.#untilMs });
    }
    if (nowMs < this.#untilMs) return true;
    this.#copied = null;
    void this.#store.save(KEY, { adoptedMs, untilMs: this.#untilMs, isOver: true });
    return false;
  }
}
