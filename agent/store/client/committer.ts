import type { Clock } from '../../core/clock.ts';
import type { RecordPart } from '../../core/decision-record.ts';
import { msg } from '../../core/message.ts';
import type { Committed, EarlierLoss, FrameFate, Log, ReadingFrame } from '../../core/ports.ts';
import type { AgentEvent } from '../../core/words.ts';
import type { Notice, OpenLink, Setup, StateWork, StoreResult, TelemetryDone, TelemetryWork } from '../messages.ts';
import { AttemptCounter } from './attempt-counter.ts';
import { LockReporter } from './lock-reporter.ts';
import { LossReporter } from './loss-reporter.ts';
import { RecordBuffer } from './record-buffer.ts';
import { StateQueue } from './state-queue.ts';
import { StorageClient } from './storage-client.ts';
import { TelemetryProgress } from './telemetry-progress.ts';
import { type Part, TroubleTracker } from './trouble.ts';
import { type Taken, WriteBuffer } from './write-buffer.ts';

/** The dependencies with which `Committer` is created, and the limits of its memory. */
export interface CommitterParts {
  readonly clock: Clock;
  readonly log: Log;
  /** Starts the storage thread. */
  readonly openLink: OpenLink;
  /** Called at each start of the storage thread. `floorSeq`: a new telemetry file numbers its frames above this. */
  readonly setup: (floorSeq: number) => Setup;
  /** Above `maxReadings` in memory, frames are discarded. One commit writes at most `batchReadings`, or a single frame. */
  readonly limits: { readonly maxReadings: number; readonly batchReadings: number };
  /** Called with the tickets of frames that are now on disk. */
  readonly onCommitted: (committed: Committed) => void;
  /** Called with events about the store itself, such as a failing disk. */
  readonly onEvent: (event: AgentEvent) => void;
  /** Called after each commit with `TelemetryDone.isOverCap`: the callee makes room in the telemetry file, between commits. */
  readonly onOverCap: () => void;
  /** Returns a function from a frame's ticket to how far the uplink has sent that frame. */
  readonly fates: () => (ticket: number) => FrameFate;
}

const NOTHING_TAKEN: Taken = { frames: [], gaps: [], deliveredUnstored: null };

/** One commit of both files. */
interface Work {
  readonly telemetry: TelemetryWork | null;
  readonly state: StateWork | null;
}

/**
 * Writes what is in memory to disk, one commit at a time. After a failure it tries again, except for facts (values saved by key), which are
 * tried once. `close` also ends `opening`.
 *
 * ```
 *   closed ──open──► opening ──first commit answered or failed──► open
 *     ▲                                                            │
 *     └─────────────────────────── close ──────────────────────────┘
 * ```
 */
export class Committer {
  readonly troubles: TroubleTracker;
  readonly losses: LossReporter;
  readonly client: StorageClient;
  readonly progress: Readonly<TelemetryProgress>;
  /** What waits for `state.db`: facts, events, outcomes and audit notes. */
  readonly facts: StateQueue;
  readonly attempts: AttemptCounter;
  readonly #parts: CommitterParts;
  readonly #buffer: WriteBuffer;
  readonly #records = new RecordBuffer();
  readonly #lock: LockReporter;
  /** By the name of an earlier run: resolves its loss once that is on disk. */
  readonly #earlierLosses = new Map<string, () => void>();
  #phase: 'closed' | 'opening' | 'open' = 'closed';
  #isDue = false;
  #isOverCap = false;
  /** Try this commit despite earlier failures. */
  #isFinal = false;
  #running: Promise<void> | null = null;

  constructor(parts: CommitterParts) {
    const { clock, log, onEvent, openLink, limits, fates } = parts;
    this.#parts = parts;
    this.troubles = new TroubleTracker({ clock, log, onEvent, onRetry: () => void this.#commitWaiting() });
    this.losses = new LossReporter({ clock, log, onEvent });
    this.#lock = new LockReporter({ clock, log, onEvent });
    this.progress = new TelemetryProgress(clock);
    this.facts = new StateQueue(log, () => void this.#commitWaiting());
    this.attempts = new AttemptCounter(clock, (note) => this.facts.addAudit(note));
    this.#buffer = new WriteBuffer({ ...limits, rowOf: (ticket) => this.progress.rowOf(ticket), fates });
    this.client = new StorageClient({
      openLink,
      setup: () => parts.setup(this.progress.lastSeq),
      clock,
      onNotice: (notice) => this.#onNotice(notice),
      onLost: (cause) => this.troubles.fail('storage thread', cause.said),
    });
  }

  /**
   * Adds a frame to the memory; a later commit writes it. A frame with an impossible ticket or time is counted as lost, and so are
   * undelivered frames that a full memory discards.
   */
  addFrame(frame: ReadingFrame): void {
    // The hot path of readings: no object and no closure is allocated for each of them (ADR 14).
    const { clock } = this.#parts;
    if (!this.progress.accept(frame)) {
      this.#buffer.addLost(frame.readings.length, 'malformed', clock.wallMs());
      this.losses.report(frame.readings.length, 'malformed');
      return;
    }
    const dropped = this.#buffer.add(frame, clock.wallMs());
    this.#commitEarly();
    if (dropped > 0) this.losses.reportOverflow(dropped);
  }

  /** Adds a part of the record of decisions. Returns false if it was refused, for example because the memory for it is full. */
  addDecisions(part: RecordPart): boolean {
    return this.#records.add(part);
  }

  /**
   * Records what a run without a store lost and starts a commit. Resolves when it is on disk; does not resolve if this run cannot write it.
   */
  addLoss(loss: EarlierLoss): Promise<void> {
    this.#buffer.addEarlierLoss(loss);
    this.losses.reportEarlier(loss);
    this.#isDue = true;
    return new Promise((resolve) => {
      this.#earlierLosses.set(loss.run, resolve);
      void this.#commitWaiting();
    });
  }

  /** Commits pending work, except what waits for a retry. Resolves when this succeeded or failed; does nothing while closed. */
  commit(): Promise<void> {
    this.#isDue = true;
    return this.#commitWaiting();
  }

  /** As `commit`, but first writes counted attempts, and does not wait for a retry. */
  finish(): Promise<void> {
    this.attempts.flush();
    this.#isDue = true;
    this.#isFinal = true;
    return this.#commitWaiting();
  }

  /** Permits commits; starts none. */
  open(): void {
    this.#phase = 'opening';
  }

  /** Begins no further commit and cancels the retries; a commit in progress continues. Call `finish` first to write what waits. */
  close(): void {
    this.#phase = 'closed';
    this.troubles.stop();
  }

  /** True if no frame, no loss and no count of delivered readings is waiting in memory. */
  isAllCommitted(): boolean {
    return this.#buffer.isEmpty;
  }

  /** Returns how many readings this run has stored, lost and has waiting, and its newest numbers. */
  counters() {
    const { readingsStored, lastSeq, cursorSeq, lastTicket } = this.progress;
    const { readingsLost, lossesEstimated } = this.losses;
    const decisionsLost = this.#records.lost;
    return {
      readingsStored,
      readingsLost,
      lossesEstimated,
      decisionsLost,
      lastSeq,
      cursorSeq,
      lastTicket,
      readingsWaiting: this.#buffer.readings,
    };
  }

  /** Half of the memory is for frames that arrive during a commit. */
  #commitEarly(): void {
    if (this.#buffer.readings < this.#parts.limits.maxReadings / 2) return;
    this.#isDue = true;
    void this.#commitWaiting();
  }

  /** Commits until no more work may be written now. A call during a run only waits for that run. */
  async #commitWaiting(): Promise<void> {
    if (this.#running !== null) return this.#running;
    let work = this.#plan();
    if (work === null) return;
    const done = Promise.withResolvers<void>();
    this.#running = done.promise;
    try {
      for (; work !== null; work = this.#plan()) await this.#commitOnce(work);
    } finally {
      this.#running = null;
      done.resolve();
    }
  }

  /** The next commit; null if nothing is due or all of it has to wait. */
  #plan(): Work | null {
    if (this.#phase === 'closed') return null;
    if (!this.#mayTry('storage thread')) return null;
    const isReopening = this.#phase === 'opening' || this.troubles.has('storage thread');
    const telemetry = this.#planTelemetry(isReopening);
    const state = this.#planState(isReopening);
    return telemetry === null && state === null ? null : { telemetry, state };
  }

  #mayTry(part: Part): boolean {
    return this.#isFinal || this.troubles.mayTry(part);
  }

  #planState(isReopening: boolean): StateWork | null {
    const probe = this.troubles.has('state.db');
    const isDue = this.facts.hasSaves || (this.#mayTry('state.db') && (isReopening || probe || this.facts.hasRecords));
    return isDue ? this.facts.take(probe) : null;
  }

  #planTelemetry(isReopening: boolean): TelemetryWork | null {
    const probe = this.troubles.has('telemetry.db');
    const cursorSeq = this.progress.dueCursor(this.#isFinal || this.#isOverCap);
    this.#isDue = this.#isDue && (cursorSeq !== null || !this.#buffer.isEmpty || !this.#records.isEmpty);
    if (!this.#mayTry('telemetry.db') || !(isReopening || probe || this.#isDue)) return null;
    const isTaking = this.#isDue || probe;
    const taken = isTaking ? this.#buffer.take() : NOTHING_TAKEN;
    const record = isTaking ? this.#records.take() : [];
    return { ...taken, ...(record.length === 0 ? {} : { record }), cursorSeq, probe, nextTicket: this.progress.lastTicket + 1 };
  }

  async #commitOnce(work: Work): Promise<void> {
    this.#isFinal = false;
    const answer = await this.client.ask('commit', work);
    if (this.#phase === 'opening') this.#phase = 'open';
    if (answer === null) {
      if (!this.troubles.has('storage thread')) this.troubles.fail('storage thread', msg`the storage thread gave no answer`);
    } else {
      this.troubles.succeed('storage thread');
      if (answer.state !== null && this.troubles.record('state.db', answer.state) && work.state !== null) this.facts.settle(work.state);
      if (answer.telemetry !== null) this.#settleTelemetry(work.telemetry, answer.telemetry);
    }
    if (work.state !== null) this.facts.settleSaves(work.state.saves.length, answer?.state?.ok === true);
  }

  #settleTelemetry(work: TelemetryWork | null, result: StoreResult<TelemetryDone>): void {
    if (!this.troubles.record('telemetry.db', result) || !result.ok) return;
    const { tickets, isOverCap, lostParts = [] } = result.value;
    this.#isOverCap = isOverCap;
    this.progress.settle(result.value);
    if (work !== null && (work.frames.length + work.gaps.length > 0 || work.deliveredUnstored !== null)) this.#buffer.settle();
    this.#records.settle(work?.record?.length ?? 0);
    for (const segment of lostParts) this.#records.cut(segment);
    for (const { run = '' } of work?.gaps ?? []) {
      this.#earlierLosses.get(run)?.();
      this.#earlierLosses.delete(run);
    }
    if (work !== null && work.gaps.length > 0) this.losses.endOverflow();
    if (tickets.length > 0) this.#parts.onCommitted({ tickets });
    if (isOverCap) this.#parts.onOverCap();
  }

  #onNotice(notice: Notice): void {
    const { clock, log, onEvent } = this.#parts;
    if (notice.kind === 'remark') log.event('store-remark', { message: String(notice.message) }, 'warning');
    if (notice.kind === 'unlocked') this.#lock.unlocked(notice.message);
    if (notice.kind === 'locked') this.#lock.locked();
    if (notice.kind === 'lost') {
      const { readings, reason, isEstimate = false } = notice;
      if (readings > 0 || isEstimate) this.losses.report(readings, reason, isEstimate);
    }
    if (notice.kind !== 'set-aside' && notice.kind !== 'copied') return;
    const { file: source, message: text } = notice;
    const atMs = clock.wallMs();
    if (notice.kind === 'copied') {
      log.event('store-copied-state', { ...notice, message: String(text) }, 'warning');
      const id = `state-restored:${source}:${atMs}`;
      onEvent({ id, code: 'state-restored', source, severity: 'warning', text, startMs: atMs, endMs: atMs });
      return;
    }
    log.event('store-set-aside', { ...notice, message: String(text) }, 'alarm');
    const id = `store-trouble:${source}:${atMs}:set-aside`;
    onEvent({ id, code: 'store-trouble', source, severity: 'alarm', text, startMs: atMs, endMs: atMs });
  }
}
