/**
 * Both files of the store behind one question-and-answer door.
 *
 * Owns the two files and the ballast, and turns what they throw into answers: one damaged file never keeps the other from its work.
 * Synchronous.
 */
import { join } from 'node:path';
import type { WallMs } from '../core/clock.ts';
import type { StoreCheck } from '../core/ports.ts';
import { bytesOfAll } from './files/db-files.ts';
import { askFreeBytes, createReserveFile, type FreeBytes } from './files/reserve-file.ts';
import type {
  Kind,
  Notice,
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
import { createStateFile } from './state-file.ts';
import { createTelemetryFile } from './telemetry-file.ts';

export interface Database {
  /** Answers every request; failures are part of the answer. */
  handle<K extends Kind>(request: StoreRequest<K>): StoreAnswer<K>;
}

/** The database of one folder; files are opened by the first request that needs them. */
export function createDatabase(setup: Setup, freeBytes: FreeBytes = askFreeBytes): Database {
  let notices: Notice[] = [];
  const onNotice = (notice: Notice): void => {
    notices.push(notice);
  };
  const telemetry = createTelemetryFile(setup, onNotice);
  const state = createStateFile(setup, onNotice);
  const ballast = createReserveFile({ dir: setup.dir, freeBytes, remark: (message) => onNotice({ kind: 'remark', message }) });
  const attempt = <T>(act: () => T): StoreResult<T> => {
    try {
      return { ok: true, value: act() };
    } catch (error) {
      const { code, message } = toStoreError(error, setup.dir);
      return { ok: false, code, message };
    }
  };
  /** Once more where the ballast made room: a refused commit has left nothing behind. */
  const insist = <T>(atMs: WallMs, act: () => T): StoreResult<T> => {
    const result = attempt(act);
    return result.ok || !ballast.release(result.code, atMs) ? result : attempt(act);
  };
  const commitFrames = (work: TelemetryWork, atMs: WallMs): TelemetryDone => {
    ballast.expectRoom(atMs);
    return telemetry.commit(work, atMs);
  };
  const checked = (file: string, found: StoreResult<readonly string[]>): StoreCheck['files'][number] => {
    const problems = found.ok ? found.value : [found.message];
    return { file, ok: problems.length === 0, problems, bytes: bytesOfAll(join(setup.dir, file)) };
  };
  const answers: { [K in Kind]: (request: StoreRequest<K>) => StoreMessages[K]['answer'] } = {
    // Facts are few and must be kept: they go first, and down to the last free page.
    commit: ({ telemetry: frames, state: facts, atMs }) => ({
      state: facts === null ? null : insist(atMs, () => state.commit(facts, atMs)),
      telemetry: frames === null ? null : insist(atMs, () => commitFrames(frames, atMs)),
    }),
    readAfter: ({ seq, maxFrames, atMs }) => attempt(() => telemetry.readAfter(seq, maxFrames, atMs)),
    gapsAfter: ({ id, atMs }) => attempt(() => telemetry.gapsAfter(id, atMs)),
    events: ({ sinceMs, limit, atMs }) => attempt(() => state.events({ sinceMs, limit }, atMs)),
    audit: ({ atMs, ...query }) => attempt(() => state.audit(query, atMs)),
    load: ({ key, atMs }) => attempt(() => state.load(key, atMs)),
    loadAll: ({ prefix, atMs }) => attempt(() => state.loadAll(prefix, atMs)),
    status: (request) => attempt(() => telemetry.facts(request)),
    history: (request) => attempt(() => telemetry.history(request, request.atMs)),
    exportPage: (request) => attempt(() => telemetry.exportPage(request, request.atMs)),
    compact: (request) => insist(request.atMs, () => telemetry.compact(request)),
    retain: ({ provenSeq, atMs }) => insist(atMs, () => telemetry.retain(provenSeq, atMs)),
    makeRoom: ({ provenSeq, atMs }) => insist(atMs, () => telemetry.makeRoom(provenSeq, atMs)),
    check: ({ atMs }) => {
      const readings = attempt(() => telemetry.check(atMs));
      const facts = attempt(() => state.check(atMs));
      const problems = readings.ok ? { ok: true as const, value: readings.value.problems } : readings;
      const files = [checked(TELEMETRY.fileName, problems), checked(STATE.fileName, facts)];
      return { ok: true, value: { files, account: readings.ok ? readings.value.account : null } };
    },
    backup: ({ atMs }) => attempt(() => state.backup(atMs)),
    close: ({ isAllCommitted }) => {
      telemetry.close(isAllCommitted);
      state.close();
      return null;
    },
  };
  return {
    handle: (request) => {
      const answer = answers[request.kind as typeof request.kind](request);
      if (request.kind === 'commit') ballast.keep(request.atMs);
      const told = notices;
      notices = [];
      return { answer, notices: told };
    },
  };
}
