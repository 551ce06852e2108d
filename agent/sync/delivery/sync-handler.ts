/**
 * Handles what the platform writes about delivery: `Sync/Ack`, `Sync/Log`, `Sync/Accept`, `Sync/Resend`. The rate is limited to protect
 * disk and link.
 */

import type { AuditHead } from '../../core/audit-tools.ts';
import type { Clock } from '../../core/clock.ts';
import { type Message, msg, NO_TEXT } from '../../core/message.ts';
import type { Log } from '../../core/ports.ts';
import { createTokenBucket } from '../../core/token-bucket.ts';
import type { InboundMessage } from '../mqtt/mqtt-transport.ts';
import type { MetricTable } from '../sparkplug/metric-table.ts';
import type { Delivery } from './delivery.ts';
import type { ResendRequest, ResendResult } from './resend-queue.ts';
import { readSyncWrites, resendIdOf, type SyncWrite } from './sync-writes.ts';

/** The dependencies of `createSyncHandler`, and its callbacks. */
export interface SyncHandlerParts {
  /** The metrics by whose names and aliases the writes are read. */
  readonly table: MetricTable;
  readonly clock: Pick<Clock, 'monoMs'>;
  readonly log: Log;
  readonly delivery: Pick<Delivery, 'acknowledge' | 'acknowledgeAudit' | 'accept' | 'resend'>;
  /** Receives whether a resend request is queued or refused. Refusals beyond a rate limit are not passed on. */
  readonly onResend: (result: ResendResult) => void;
  /** A `Sync/Accept` was accepted. */
  readonly onAccept: () => void;
}

/**
 * The handler of what the platform writes to `Sync/Ack`, `Sync/Log`, `Sync/Accept` and `Sync/Resend`. `handle` returns whether it took a
 * message; it also takes writes that it refuses.
 */
export type SyncHandler = ReturnType<typeof createSyncHandler>;

/** Each costs a write to the disk or a search of the store. Source: assumed; a platform requests a few hours at a time, then waits. Confirmed by: the requests of a platform after an outage. */
const REQUESTS = { burst: 32, perS: 0.2 };
/** Replies to refused requests, and log lines about them. Source: assumed; a person reads them. Confirmed by: a week of logs of a cabinet with a platform. */
const REFUSALS = { burst: 32, perS: 1 };

/**
 * Creates the handler of what the platform writes to `Sync/Ack`, `Sync/Log`, `Sync/Accept` and `Sync/Resend`. `onResend`: receives whether
 * a resend request is queued or refused; refusals beyond a rate limit are not passed on. `onAccept`: called for an accepted `Sync/Accept`.
 */
export function createSyncHandler({ table, clock, log, delivery, onResend, onAccept }: SyncHandlerParts) {
  const requests = createTokenBucket(clock, REQUESTS);
  const auditAcks = createTokenBucket(clock, REQUESTS);
  const refusals = createTokenBucket(clock, REFUSALS);
  const tooMany = msg`requested too often: at most ${REQUESTS.burst} at once, then one in ${1 / REQUESTS.perS} s`;

  function resend(request: ResendRequest): Message {
    const result = requests.take() ? delivery.resend(request) : null;
    if (result === null || result.state === 'refused') return result?.reason ?? tooMany;
    onResend(result);
    return NO_TEXT;
  }

  /** The disk must be read first: a refusal is logged after it has answered. */
  function acknowledgeAudit(head: AuditHead): Message {
    if (!auditAcks.take()) return tooMany;
    void delivery.acknowledgeAudit(head).then((reason) => {
      if (String(reason) !== '' && refusals.take()) log.event('uplink-sync-refused', { kind: 'audit', reason: String(reason) }, 'warning');
    });
    return NO_TEXT;
  }

  function accept(segments: boolean): Message {
    if (!requests.take()) return tooMany;
    delivery.accept(segments);
    onAccept();
    return NO_TEXT;
  }

  /** Returns why the write is refused, or an empty text. */
  function carryOut(write: SyncWrite): Message {
    if (write.kind === 'refused') return write.reason;
    if (write.kind === 'ack') return delivery.acknowledge(write.ack);
    if (write.kind === 'audit') return acknowledgeAudit(write.head);
    return write.kind === 'accept' ? accept(write.segments) : resend(write.request);
  }

  function handle(write: SyncWrite): void {
    const reason = carryOut(write);
    if (String(reason) === '' || !refusals.take()) return;
    log.event('uplink-sync-refused', { kind: write.kind, reason: String(reason) }, 'warning');
    const id = resendIdOf(write);
    if (id !== undefined) onResend({ id, state: 'refused', readings: 0, reason });
  }

  return {
    /** Returns false, and does nothing, for an NCMD that `readSyncWrites` does not parse. */
    handle: (message: InboundMessage): boolean => {
      const writes = readSyncWrites(message, table);
      for (const write of writes ?? []) handle(write);
      return writes !== undefined;
    },
  };
}
