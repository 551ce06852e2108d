import { join } from 'node:path';
import type { WallMs } from '../core/clock.ts';
import type { Message } from '../core/message.ts';
import type { RetentionReport, StoreCheck } from '../core/ports.ts';
import { bytesOfAll } from './files/db-files.ts';
import { askFreeBytes, type FreeBytes, ReserveFile } from './files/reserve-file.ts';
import type {
  Kind,
  Notice,
  RetentionStep,
  Setup,
  StoreAnswer,
  StoreMessages,
  StoreRequest,
  StoreResult,
  TelemetryDone,
  TelemetryWork,
} from './messages.ts';
import { STATE, TELEMETRY } from './schema.ts';
import { toStoreError } from './sqlite.ts';
import type { UndeliveredNote } from './state/undelivered-note.ts';
import { StateFile } from './state-file.ts';
import { TelemetryFile } from './telemetry-file.ts';

/** Longest age of the number of undelivered readings in `state.db`. Units: ms. Source: assumed, as `reached-store.ts`: a write costs three pages. Confirmed by: bench `store device` on the gateway. */
const NOTE_PERIOD_MS = 600_000;

/**
 * The telemetry file and the state file of the store, behind one function that answers requests. Synchronous; failures to read or write a
 * file are part of the answer.
 */
export class StoreDatabase {
  readonly #dir: string;
  readonly #telemetry: TelemetryFile;
  readonly #state: StateFile;
  readonly #reserve: ReserveFile;
  readonly #peopleDays: number | null;
  #notices: Notice[] = [];
  /** The number of readings as last written to `state.db` by this thread. */
  #noted: (UndeliveredNote & { readonly atMs: WallMs }) | null = null;

  constructor(setup: Setup, freeBytes: FreeBytes = askFreeBytes) {
    const onNotice = (notice: Notice): void => {
      this.#notices.push(notice);
      if (notice.kind === 'set-aside' && notice.file === STATE.fileName) this.#noted = null;
    };
    this.#dir = setup.dir;
    this.#peopleDays = setup.peopleDays ?? null;
    this.#state = new StateFile(setup, onNotice);
    this.#telemetry = new TelemetryFile(setup, onNotice, (atMs) => this.#notedUndelivered(atMs));
    this.#reserve = new ReserveFile({ dir: setup.dir, freeBytes, remark: (message) => onNotice({ kind: 'remark', message }) });
  }

  /** Answers a request, with the notices since the last answer. */
  handle<K extends Kind>(request: StoreRequest<K>): StoreAnswer<K> {
    const answer = this.#answers[request.kind as typeof request.kind](request);
    if (request.kind === 'commit') {
      this.#noteUndelivered(request.atMs, false);
      this.#reserve.keep(request.atMs);
    }
    const notices = this.#notices;
    this.#notices = [];
    return { answer, notices };
  }

  readonly #answers: { [K in Kind]: (request: StoreRequest<K>) => StoreMessages[K]['answer'] } = {
    // Facts are few and must be kept: they are written first, down to the last free page.
    commit: ({ telemetry: frames, state: facts, atMs }) => ({
      state: facts === null ? null : this.#attemptWithReserve(atMs, () => this.#state.commit(facts, atMs)),
      telemetry: frames === null ? null : this.#attemptWithReserve(atMs, () => this.#commitFrames(frames, atMs)),
    }),
    readAfter: ({ seq, maxFrames, atMs }) => this.#attempt(() => this.#telemetry.readAfter(seq, maxFrames, atMs)),
    gapsAfter: ({ id, atMs }) => this.#attempt(() => this.#telemetry.gapsAfter(id, atMs)),
    events: ({ atMs, ...query }) => this.#attempt(() => this.#state.events(query, atMs)),
    audit: ({ atMs, ...query }) => this.#attempt(() => this.#state.audit(query, atMs)),
    auditAfter: ({ n, atMs }) => this.#attempt(() => this.#state.auditAfter(n, atMs)),
    load: ({ key, atMs }) => this.#attempt(() => this.#state.load(key, atMs)),
    loadAll: ({ prefix, atMs }) => this.#attempt(() => this.#state.loadAll(prefix, atMs)),
    status: (request) => this.#attempt(() => this.#telemetry.facts(request)),
    history: (request) => this.#attempt(() => this.#telemetry.historyPage(request, request.atMs)),
    exportPage: (request) => this.#attempt(() => this.#telemetry.exportPage(request, request.atMs)),
    decisions: (request) => this.#attempt(() => this.#telemetry.decisions(request, request.atMs)),
    compact: (request) => this.#attemptWithReserve(request.atMs, () => this.#telemetry.compact(request)),
    retain: ({ atMs, ...step }) => this.#attemptWithReserve(atMs, () => this.#retain(step, atMs)),
    makeRoom: ({ provenSeq, atMs }) => this.#attemptWithReserve(atMs, () => this.#telemetry.makeRoom(provenSeq, atMs)),
    check: ({ atMs }) => this.#attempt(() => this.#check(atMs)),
    backup: ({ atMs }) => this.#attempt(() => this.#state.backup(atMs)),
    close: ({ isAllCommitted, atMs }) => {
      this.#noteUndelivered(atMs, true);
      this.#telemetry.close(isAllCommitted);
      this.#state.close();
      return null;
    },
  };

  #attempt<T>(act: () => T): StoreResult<T> {
    try {
      return { ok: true, value: act() };
    } catch (error) {
      const { code, said } = toStoreError(error, this.#dir);
      return { ok: false, code, message: said };
    }
  }

  /** Retries after the reserve file has made room: a refused commit leaves nothing behind. */
  #attemptWithReserve<T>(atMs: WallMs, act: () => T): StoreResult<T> {
    const result = this.#attempt(act);
    return result.ok || !this.#reserve.release(result.code, atMs) ? result : this.#attempt(act);
  }

  #notedUndelivered(atMs: WallMs): UndeliveredNote | null {
    const noted = this.#attempt(() => this.#state.undelivered(atMs));
    return noted.ok ? noted.value : null;
  }

  /** Writes the number of undelivered readings, which is needed if the telemetry file is lost. After a refusal by the disk, the next commit tries again. */
  #noteUndelivered(atMs: WallMs, isLast: boolean): void {
    const { undelivered } = this.#telemetry;
    const before = this.#noted;
    if (undelivered === null) return;
    const isDue = before === null || undelivered.epoch !== before.epoch || isLast || Math.abs(atMs - before.atMs) >= NOTE_PERIOD_MS;
    if (!isDue || (before?.epoch === undelivered.epoch && before.readings === undelivered.readings)) return;
    const { epoch, readings } = undelivered;
    if (this.#attempt(() => this.#state.noteUndelivered({ epoch, readings }, atMs)).ok) this.#noted = { epoch, readings, atMs };
  }

  #commitFrames(work: TelemetryWork, atMs: WallMs): TelemetryDone {
    this.#reserve.expectRoom(atMs);
    return this.#telemetry.commit(work, atMs);
  }

  /** Removes rows that name people with the last step, and only by a trusted, synchronised clock: the rows are evidence and cannot be restored. */
  #retain(step: RetentionStep, atMs: WallMs): RetentionReport & { readonly more: boolean } {
    const report = this.#telemetry.retain(step, atMs);
    const isDue = this.#peopleDays !== null && step.isSynced && !report.more && !report.isClockDoubted;
    return { ...report, people: isDue ? this.#state.forgetPeople(Number(this.#peopleDays), atMs) : 0 };
  }

  #check(atMs: WallMs): StoreCheck {
    const readings = this.#attempt(() => this.#telemetry.check(atMs));
    const facts = this.#attempt(() => this.#state.check(atMs));
    const files = [
      this.#fileCheck(TELEMETRY.fileName, readings.ok ? readings.value.problems : [readings.message]),
      this.#fileCheck(STATE.fileName, facts.ok ? facts.value : [facts.message]),
    ];
    return { files, account: readings.ok ? readings.value.account : null };
  }

  #fileCheck(file: string, problems: readonly Message[]): StoreCheck['files'][number] {
    return { file, ok: problems.length === 0, problems, bytes: bytesOfAll(join(this.#dir, file)) };
  }
}
