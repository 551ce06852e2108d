/**
 * What the platform says about delivery: `Sync/Ack`, `Sync/Accept`, `Sync/Resend`, carried out at a rate that spares disk and link.
 *
 * Owns that rate and the refusals.
 */
import type { Clock } from '../../core/clock.ts';
import type { Log } from '../../core/ports.ts';
import type { InboundMessage } from '../mqtt/mqtt-transport.ts';
import type { MetricTable } from '../sparkplug/metric-table.ts';
import { createTokenBucket } from '../token-bucket.ts';
import type { Delivery } from './delivery.ts';
import type { ResendRequest, ResendResult } from './resend-queue.ts';
import { readSyncWrites, type SyncWrite } from './sync-writes.ts';

export interface SyncHandlerParts {
  readonly table: MetricTable;
  readonly clock: Pick<Clock, 'monoMs'>;
  readonly log: Log;
  readonly delivery: Pick<Delivery, 'acknowledge' | 'accept' | 'resend'>;
  readonly onResend: (result: ResendResult) => void;
  /** Another form of the backlog was chosen. */
  readonly onAccept: () => void;
}

export interface SyncHandler {
  /** False for an NCMD that is about something else. */
  take(message: InboundMessage): boolean;
}

/** Each costs a write to the disk or a search of the store. Source: assumed; a platform asks for a few hours in one go, then waits. */
const ASKED = { burst: 32, perS: 0.2 };
/** Answers to what was refused, and lines of the log about it. Source: assumed; a person reads them. */
const REFUSALS = { burst: 32, perS: 1 };

/** A desk that has heard nothing yet. */
export function createSyncHandler({ table, clock, log, delivery, onResend, onAccept }: SyncHandlerParts): SyncHandler {
  const asked = createTokenBucket(clock, ASKED);
  const refusals = createTokenBucket(clock, REFUSALS);
  const tooMany = `asked too often: at most ${ASKED.burst} at once, then one in ${1 / ASKED.perS} s`;

  function resend(request: ResendRequest): string {
    const result = asked.take() ? delivery.resend(request) : null;
    if (result === null || result.state === 'refused') return result?.reason ?? tooMany;
    onResend(result);
    return '';
  }

  function accept(segments: boolean): string {
    if (!asked.take()) return tooMany;
    delivery.accept(segments);
    onAccept();
    return '';
  }

  /** Answers why it does not count, or an empty text. */
  function carryOut(write: SyncWrite): string {
    if (write.kind === 'refused') return write.reason;
    if (write.kind === 'ack') return delivery.acknowledge(write.ack);
    return write.kind === 'accept' ? accept(write.segments) : resend(write.request);
  }

  function take(write: SyncWrite): void {
    const reason = carryOut(write);
    if (reason === '' || !refusals.take()) return;
    log.event('uplink-sync-refused', { kind: write.kind, reason }, 'warning');
    const id = write.kind === 'resend' ? write.request.id : write.kind === 'refused' ? write.resendId : undefined;
    if (id !== undefined) onResend({ id, state: 'refused', readings: 0, reason });
  }

  return {
    take: (message) => {
      const writes = readSyncWrites(message, table);
      for (const write of writes ?? []) take(write);
      return writes !== undefined;
    },
  };
}
