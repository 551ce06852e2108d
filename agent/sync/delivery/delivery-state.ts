/**
 * What the parts of the delivery share: the session's link, the store's epoch and last row, the ledger.
 */
import type { UplinkConfig } from '../../core/cabinet.ts';
import type { Clock } from '../../core/clock.ts';
import { UplinkError } from '../../core/errors.ts';
import type { Log, Store, StoreStatus } from '../../core/ports.ts';
import type { MqttConnection } from '../mqtt/mqtt-transport.ts';
import type { Publisher } from '../sparkplug/publisher.ts';
import { createLedger, type Ledger, type ProofMode, rebase } from './ledger.ts';
import type { ResendResult } from './resend-queue.ts';

/** The dependencies and callbacks of `Delivery`, which passes them on to its parts. */
export interface DeliveryParts {
  readonly store: Pick<
    Store,
    'readAfter' | 'moveCursor' | 'status' | 'rowOf' | 'gapsAfter' | 'auditAfter' | 'exportPage' | 'save' | 'load'
  >;
  readonly clock: Clock;
  readonly log: Log;
  /** What proves delivery: an answer of the broker or an acknowledgement of the platform. `auto`: the latter once there are any. */
  readonly proof: UplinkConfig['proof'];
  /** The day's data budget has room for backlog. */
  readonly mayDrain: () => boolean;
  /** This number of readings was sent, in one or more messages. `historical`: from the store. */
  readonly onSent: (sent: { readonly readings: number; readonly historical: boolean }) => void;
  /** The broker has read messages with this number of readings. */
  readonly onProven: (readings: number) => void;
  /** Texts for `Sync/Gap`. */
  readonly onGap: (texts: readonly string[]) => void;
  /** Texts for `Sync/Log`. */
  readonly onAudit: (texts: readonly string[]) => void;
  /** Longest text in one message to the broker. Units: UTF-8 bytes. */
  readonly maxTextBytes: () => number;
  /** The last result of a request for rows that was queued. */
  readonly onResend: (result: ResendResult) => void;
  /** The mode of proof changed; not called when `restore` changes it. */
  readonly onMode: () => void;
  /** An acknowledgement covers rows of this run that are not known to have been sent. Null for each one that counts in full. */
  readonly onAckAhead: (ack: AckAhead | null) => void;
  /** Rows wait for the platform, which has not acknowledged for this connected time: perhaps this server has no link to it. Units: ms. */
  readonly onUnheard: (silentMs: number) => void;
}

/**
 * An acknowledgement of `seq`, of which only the rows up to and including `countedSeq` count. A later row up to `seq` is not known to have
 * been sent.
 */
export interface AckAhead {
  readonly seq: number;
  readonly countedSeq: number;
}

/** The publisher and the connection of a session, from the time when its births were sent. */
export interface DeliveryLink {
  readonly publisher: Publisher;
  readonly connection: Pick<MqttConnection, 'barrier' | 'maxPacketBytes'>;
}

/** The state that the parts of one uplink's delivery share. */
export class DeliveryState {
  /** Null while no session has sent its births. */
  link: DeliveryLink | null = null;
  /** The births are due again: no DATA until they are sent. */
  isHeld = false;
  /** Null until the store has reported one. */
  epoch: string | null = null;
  /** The highest row number seen in this epoch. */
  headSeq = 0;
  /** The first row given to `noteOwn` since the epoch was adopted; null until there is one. */
  firstSeq: number | null = null;
  /** The platform accepts the backlog as segments. */
  acceptsSegments = false;
  readonly #store: Pick<Store, 'moveCursor'>;
  #ledger: Ledger;

  constructor(store: Pick<Store, 'moveCursor'>, mode: ProofMode) {
    this.#store = store;
    this.#ledger = createLedger(0, mode);
  }

  /** What was sent and what is proven; replaced by `update` and `adoptEpoch`. */
  get ledger(): Ledger {
    return this.#ledger;
  }

  /** Replaces the ledger, and moves the store's cursor if the ledger's cursor has moved forward. */
  update(next: Ledger): void {
    const isMoved = next.cursor > this.#ledger.cursor;
    this.#ledger = next;
    if (isMoved) this.#store.moveCursor(next.cursor);
  }

  /**
   * For the first or another epoch, adopts it with its cursor and returns true. For the same or an empty one, does nothing and returns
   * false.
   */
  adoptEpoch({ epoch, cursorSeq }: Pick<StoreStatus, 'epoch' | 'cursorSeq'>): boolean {
    if (epoch === '' || epoch === this.epoch) return false;
    const { mode, mark, inFlight } = this.#ledger;
    this.#ledger = this.epoch === null ? { ...createLedger(cursorSeq, mode), mark, inFlight } : rebase(this.#ledger, cursorSeq);
    this.epoch = epoch;
    this.headSeq = 0;
    this.firstSeq = null;
    return true;
  }

  /** Records that a frame of this run has this row. */
  noteOwn(seq: number): void {
    this.firstSeq ??= seq;
    this.raiseHead(seq);
  }

  /** Raises `headSeq` to this row, if that is higher. */
  raiseHead(seq: number): void {
    this.headSeq = Math.max(this.headSeq, seq);
  }
}

/**
 * Returns the result of `send`; undefined if it throws an UplinkError, which is only logged. A part may have been sent then. Errors:
 * rethrows any other error.
 */
export function trySend<T>(log: Log, send: () => T): T | undefined {
  try {
    return send();
  } catch (error) {
    if (!(error instanceof UplinkError)) throw error;
    log.event('uplink-publish-failed', { code: error.code, message: error.message }, 'debug');
    return undefined;
  }
}
