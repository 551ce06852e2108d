import { type Clock, isTrusted } from '../core/clock.ts';
import type { CompactionReport, RetentionReport } from '../core/ports.ts';
import type { Committer } from './client/committer.ts';
import type { LossReason } from './messages.ts';
import type { StoreReader } from './store-reader.ts';

type RetentionStepDone = RetentionReport & { readonly more: boolean };

/**
 * Creates the chores of the store: compaction, removal by age, and room below the byte cap. `compact` and `retain` resolve to undefined if
 * a step fails or gets no answer; the work of earlier steps stays.
 */
export function createStoreChores(clock: Clock, reader: StoreReader, committer: Committer) {
  let isMakingRoom = false;
  let retainedMono = clock.monoMs();

  /** Packs frames that are old enough into segments, and the record of decisions. The report does not include the record. */
  async function compact(): Promise<CompactionReport | undefined> {
    let sum: CompactionReport = { segments: 0, frames: 0, readings: 0, bytesBefore: 0, bytesAfter: 0 };
    for (let more = true; more; ) {
      const step = await reader.readUnbounded('compact', { atMono: clock.monoMs() }, 'telemetry.db');
      if (step === undefined) return undefined;
      sum = {
        segments: sum.segments + step.segments,
        frames: sum.frames + step.frames,
        readings: sum.readings + step.readings,
        bytesBefore: sum.bytesBefore + step.bytesBefore,
        bytesAfter: sum.bytesAfter + step.bytesAfter,
      };
      more = step.more;
    }
    return sum;
  }

  /** Removes rows by the age limits, as far as allowed. While the clock is not trusted it removes nothing and reports zeros. */
  async function retain(): Promise<RetentionReport | undefined> {
    let sum: RetentionReport = { readings: 0, lost: 0, isClockDoubted: false, people: 0 };
    const quality = clock.quality();
    if (!isTrusted(quality)) return sum;
    const nowMono = clock.monoMs();
    let livedMs: number | null = nowMono - retainedMono;
    for (let more = true; more; livedMs = null) {
      const question = { provenSeq: committer.progress.provenSeq, livedMs, isSynced: quality === 'synced' };
      const step: RetentionStepDone | undefined = await reader.readUnbounded('retain', question, 'telemetry.db');
      if (step === undefined) return undefined;
      // Only now: the time before a step that failed counts for the next one.
      retainedMono = nowMono;
      sum = {
        readings: sum.readings + step.readings,
        lost: sum.lost + step.lost,
        isClockDoubted: step.isClockDoubted,
        people: sum.people + step.people,
      };
      more = step.more;
    }
    return sum;
  }

  /**
   * Makes room in the file step by step while a step is useful. Pauses between steps, so that slow machines stay responsive.
   */
  async function makeRoom(): Promise<void> {
    if (isMakingRoom) return;
    isMakingRoom = true;
    const lost = new Map<LossReason, number>();
    for (let more = true; more; ) {
      const startMono = clock.monoMs();
      const step = await reader.readUnbounded('makeRoom', { provenSeq: committer.progress.provenSeq }, 'telemetry.db');
      for (const { reason, readings } of step?.lost ?? []) lost.set(reason, (lost.get(reason) ?? 0) + readings);
      more = step?.more === true;
      if (more) await pause(clock, clock.monoMs() - startMono);
    }
    isMakingRoom = false;
    for (const [reason, readings] of lost) if (readings > 0) committer.losses.report(readings, reason);
  }

  return { compact, retain, makeRoom };
}

/** Undefined if no time has passed. Units: ms. */
function pause(clock: Pick<Clock, 'after'>, forMs: number): Promise<void> | undefined {
  return forMs > 0 ? new Promise((resolve) => clock.after(forMs, resolve)) : undefined;
}
