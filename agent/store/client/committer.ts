/**
 * Brings what waits in memory to disk: telemetry when it is due, events, outcomes and facts at once, all of it again after trouble.
 *
 * Owns the waiting room, the order of commits and the troubles. Knows no file. One commit at a time.
 */
import type { Clock, Timer } from '../../core/clock.ts';
import type { Committed, EarlierLoss, FrameFate, Log, ReadingFrame, Store } from '../../core/ports.ts';
import type { AgentEvent, Outcome } from '../../core/words.ts';
import type { LossReason, Notice, StateWork, StoreResult, TelemetryDone, TelemetryWork } from '../messages.ts';
import { lostAudit, type TimedNote } from '../state/audit-table.ts';
import type { Numbering } from './numbering.ts';
import type { StorageClient } from './storage-client.ts';
import {
  afterFailure,
  afterSuccess,
  eventsBetween,
  isTroubled,
  lossEvent,
  NO_TROUBLE,
  type Part,
  replacedFileEvent,
  storelessEvent,
  type Troubles,
} from './trouble.ts';
import { createWriteBuffer, type Taken, type WriteBufferLimits } from './write-buffer.ts';

/** A cursor that moves is written so often at most. Units: ms. Source: it rides on a commit and costs a page; one that is lost makes duplicates only, which their seq tells. */
const CURSOR_MS = 60_000;
/** And sooner while a backlog drains: what is delivered and dropped before the file has it would count as lost. Units: rows. Source: assumed; a quarter of an hour of live rows. */
const CURSOR_ROWS = 1_000;
/** Events, outcomes and audit notes kept in memory while the disk refuses them; the oldest go first. */
const MAX_WAITING = 1_000;

export interface CommitterParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly courier: StorageClient;
  readonly limits: WriteBufferLimits;
  readonly onCommitted: (committed: Committed) => void;
  readonly onEvent: (event: AgentEvent) => void;
  /** The telemetry file is over its cap: room has to be made between commits. */
  readonly onOverCap: () => void;
  readonly fates: () => (ticket: number) => FrameFate;
}

interface Counters {
  readonly readingsWaiting: number;
  readonly readingsStored: number;
  readonly readingsLost: number;
  readonly lastSeq: number;
  readonly cursorSeq: number;
}

export interface Committer {
  addFrame(frame: ReadingFrame): void;
  /** Written at once; resolves when it is on disk. */
  addLoss(loss: EarlierLoss): Promise<void>;
  rowOf: Store['rowOf'];
  /** Nothing waits in memory. */
  isAllCommitted(): boolean;
  addEvent(event: AgentEvent): void;
  addOutcome(outcome: Outcome): void;
  addAudit(note: TimedNote): void;
  /** Resolves whether it is on disk; tried once, with the next try of the thread where that is lost. Shape: `json` null removes the key. */
  save(key: string, json: string | null): Promise<boolean>;
  /** What is about to be saved under this key; undefined when nothing is. */
  pendingSave(key: string): string | null | undefined;
  moveCursor(seq: number): void;
  /** Commits all that waits; resolves when done or when it has to wait for a retry. */
  commit(): Promise<void>;
  /** The same, without waiting for a retry. */
  finish(): Promise<void>;
  open(): void;
  close(): void;
  fail(part: Part, reason: string): void;
  /** Readings that the storage thread recorded as lost: counted, logged, and one event. */
  lost(readings: number, reason: LossReason): void;
  /** Up to which all is delivered, whether the file says so already or not. */
  provenSeq(): number;
  troubles(): Troubles;
  counters(): Counters;
}

const NOTHING_TAKEN: Taken = { frames: [], gaps: [], deliveredUnstored: null };

interface Save {
  readonly key: string;
  readonly json: string | null;
  readonly resolve: (saved: boolean) => void;
}

interface Work {
  readonly telemetry: TelemetryWork | null;
  readonly state: StateWork | null;
  readonly saves: readonly Save[];
}

/** A committer that holds everything back until `open`. */
export function createCommitter(parts: CommitterParts): Committer {
  const { clock, log, courier } = parts;
  const room = createWriteBuffer({ ...parts.limits, rowOf, fates: parts.fates });
  const owed = new Map<string, () => void>();
  const waiting = { events: [] as AgentEvent[], outcomes: [] as Outcome[], saves: [] as Save[], audits: [] as TimedNote[] };
  const count = { readingsStored: 0, readingsLost: 0, lastSeq: 0, cursorSeq: 0, lastTicket: 0 };
  let numbering: Numbering | null = null;
  let cursorWanted = 0;
  let cursorMono = Number.NEGATIVE_INFINITY;
  let troubles = NO_TROUBLE;
  let state: 'closed' | 'opening' | 'open' = 'closed';
  let due = false;
  let isOverCap = false;
  let lastChance = false;
  let retry: Timer | null = null;
  let overflow: AgentEvent | null = null;
  let current: Promise<void> | null = null;

  function plan(): Work | null {
    if (state === 'closed') return null;
    const mayTry = lastChance || clock.monoMs() >= troubles.retryMono;
    const lost = isTroubled(troubles, 'storage thread');
    if (lost && !mayTry) return null;
    const anew = state === 'opening' || lost;
    const [frames, facts] = [isTroubled(troubles, 'telemetry.db'), isTroubled(troubles, 'state.db')];
    const isCursorDue =
      lastChance || isOverCap || clock.monoMs() - cursorMono >= CURSOR_MS || cursorWanted - count.cursorSeq >= CURSOR_ROWS;
    const cursorSeq = isCursorDue && cursorWanted > count.cursorSeq ? cursorWanted : null;
    due = due && (cursorSeq !== null || !room.isEmpty());
    const telemetry = mayTry && (anew || frames || due);
    const news = waiting.events.length + waiting.outcomes.length + waiting.audits.length > 0;
    const saves = [...waiting.saves];
    if (!telemetry && saves.length === 0 && !(mayTry && (anew || facts || news))) return null;
    return {
      saves,
      telemetry: telemetry
        ? { ...(due || frames ? room.take() : NOTHING_TAKEN), cursorSeq, probe: frames, nextTicket: count.lastTicket + 1 }
        : null,
      state: {
        events: [...waiting.events],
        outcomes: [...waiting.outcomes],
        audits: [...waiting.audits],
        saves: saves.map(({ key, json }) => ({ key, json })),
        probe: facts,
      },
    };
  }

  async function turn(work: Work): Promise<void> {
    lastChance = false;
    const answer = await courier.ask('commit', { telemetry: work.telemetry, state: work.state });
    state = state === 'closed' ? 'closed' : 'open';
    if (answer === null) {
      if (!isTroubled(troubles, 'storage thread')) fail('storage thread', 'the storage thread gave no answer');
    } else {
      change(afterSuccess(troubles, 'storage thread'));
      if (answer.state !== null && accept('state.db', answer.state)) settleState(work);
      if (answer.telemetry !== null) settleTelemetry(work.telemetry, answer.telemetry);
    }
    const saved = answer?.state?.ok === true;
    waiting.saves = waiting.saves.slice(work.saves.length);
    for (const { resolve } of work.saves) resolve(saved);
  }

  function settleState(work: Work): void {
    const written = new Set<unknown>([...(work.state?.events ?? []), ...(work.state?.outcomes ?? []), ...(work.state?.audits ?? [])]);
    waiting.events = waiting.events.filter((event) => !written.has(event));
    waiting.outcomes = waiting.outcomes.filter((outcome) => !written.has(outcome));
    waiting.audits = waiting.audits.filter((note) => !written.has(note));
  }

  function settleTelemetry(work: TelemetryWork | null, result: StoreResult<TelemetryDone>): void {
    if (!accept('telemetry.db', result) || !result.ok) return;
    const { tickets, lastSeq, cursorSeq } = result.value;
    isOverCap = result.value.isOverCap;
    numbering = result.value.numbering;
    if (cursorSeq > count.cursorSeq) cursorMono = clock.monoMs();
    Object.assign(count, { lastSeq, cursorSeq });
    if (work !== null && (work.frames.length + work.gaps.length > 0 || work.deliveredUnstored !== null)) room.settle();
    for (const { run = '' } of work?.gaps ?? []) {
      owed.get(run)?.();
      owed.delete(run);
    }
    if (overflow !== null && work !== null && work.gaps.length > 0) {
      parts.onEvent({ ...overflow, endMs: clock.wallMs() });
      overflow = null;
    }
    for (const { readings } of tickets) count.readingsStored += readings;
    if (tickets.length > 0) parts.onCommitted({ tickets });
    if (isOverCap) parts.onOverCap();
  }

  function accept(part: Part, result: StoreResult<unknown>): boolean {
    if (result.ok) change(afterSuccess(troubles, part));
    else fail(part, result.message);
    return result.ok;
  }

  function fail(part: Part, reason: string): void {
    const nowMono = clock.monoMs();
    change(afterFailure(troubles, { part, reason, atMs: clock.wallMs(), atMono: nowMono }));
    log.event('store-trouble', { part, reason, failures: troubles.failures }, 'warning');
    retry?.cancel();
    retry = clock.after(troubles.retryMono - nowMono, () => void commitWaiting());
  }

  function change(next: Troubles): void {
    const events = eventsBetween(troubles, next, clock.wallMs());
    troubles = next;
    for (const event of events) parts.onEvent(event);
  }

  function lose(readings: number, reason: LossReason): AgentEvent {
    count.readingsLost += readings;
    log.event('store-lost', { readings, reason }, 'alarm');
    return lossEvent(readings, reason, clock.wallMs());
  }

  function lost(readings: number, reason: LossReason): void {
    if (readings > 0) parts.onEvent(lose(readings, reason));
  }

  function rowOf(ticket: number): ReturnType<Store['rowOf']> {
    if (numbering === null || numbering.base + ticket > numbering.reservedSeq) return null;
    return { epoch: numbering.epoch, seq: numbering.base + ticket };
  }

  /** Half of the memory is for what comes while a commit is on its way. */
  function commitEarly(): void {
    if (room.readings() < parts.limits.maxReadings / 2) return;
    due = true;
    void commitWaiting();
  }

  courier.onLost = (cause) => fail('storage thread', cause.message);
  courier.onNotice = (notice: Notice) => {
    const atMs = clock.wallMs();
    if (notice.kind === 'remark') log.event('store-remark', { message: notice.message }, 'warning');
    if (notice.kind === 'lost') lost(notice.readings, notice.reason);
    if (notice.kind !== 'set-aside') return;
    log.event('store-set-aside', { ...notice }, 'alarm');
    parts.onEvent(replacedFileEvent(notice.file, notice.message, atMs));
  };

  /** Turn after turn until nothing may be done now. Called while it runs, it only adds to its work. */
  async function commitWaiting(): Promise<void> {
    if (current !== null) return current;
    let work = plan();
    if (work === null) return;
    let done = (): void => {};
    current = new Promise((resolve) => {
      done = resolve;
    });
    try {
      for (; work !== null; work = plan()) await turn(work);
    } finally {
      current = null;
      done();
    }
  }

  return {
    addFrame: (frame) => {
      const sane = Number.isSafeInteger(frame.ticket) && frame.ticket > count.lastTicket && Number.isFinite(frame.atMs + frame.atMono);
      if (!sane) {
        room.lose(frame.readings.length, 'malformed', clock.wallMs());
        return parts.onEvent(lose(frame.readings.length, 'malformed'));
      }
      count.lastTicket = frame.ticket;
      const dropped = room.add(frame, clock.wallMs());
      commitEarly();
      if (dropped === 0) return;
      if (overflow !== null) {
        count.readingsLost += dropped;
        return;
      }
      overflow = { ...lose(dropped, 'memory-full'), endMs: null };
      parts.onEvent(overflow);
    },
    addLoss: (loss) => {
      room.owe(loss);
      parts.onEvent(storelessEvent(loss, clock.wallMs()));
      due = true;
      return new Promise((resolve) => {
        owed.set(loss.run, resolve);
        void commitWaiting();
      });
    },
    rowOf,
    isAllCommitted: () => room.isEmpty(),
    addEvent: (event) => {
      if (waiting.events.push(event) > MAX_WAITING) log.event('store-event-dropped', { event: waiting.events.shift()?.id }, 'alarm');
      void commitWaiting();
    },
    addOutcome: (outcome) => {
      if (waiting.outcomes.push(outcome) > MAX_WAITING) waiting.outcomes.shift();
      void commitWaiting();
    },
    addAudit: (note) => {
      if (waiting.audits.push(note) > MAX_WAITING) waiting.audits.splice(0, 2, lostAudit(waiting.audits));
      void commitWaiting();
    },
    save: (key, json) =>
      new Promise((resolve) => {
        waiting.saves.push({ key, json, resolve });
        void commitWaiting();
      }),
    pendingSave: (key) => waiting.saves.findLast((save) => save.key === key)?.json,
    moveCursor: (seq) => {
      if (Number.isSafeInteger(seq)) cursorWanted = Math.max(cursorWanted, Math.min(seq, count.lastSeq));
    },
    commit: () => {
      due = true;
      return commitWaiting();
    },
    finish: () => {
      due = true;
      lastChance = true;
      return commitWaiting();
    },
    open: () => {
      state = 'opening';
    },
    close: () => {
      state = 'closed';
      retry?.cancel();
    },
    fail,
    lost,
    provenSeq: () => Math.max(cursorWanted, count.cursorSeq),
    troubles: () => troubles,
    counters: () => ({ ...count, readingsWaiting: room.readings() }),
  };
}
