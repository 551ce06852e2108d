/**
 * Both files of the store behind one question-and-answer door.
 *
 * Owns nothing but the two files and turns what they throw into answers: one damaged file never keeps the other from its work.
 * Synchronous. Called by the storage thread, or directly in tests and simulations.
 */
import type { Answer, Kind, Notice, Request, Result, Setup, Talk } from './messages.ts';
import { toStoreError } from './sqlite.ts';
import { createStateFile } from './state-file.ts';
import { createTelemetryFile } from './telemetry-file.ts';

export interface Database {
  /** Answers every request; failures are part of the answer. */
  handle<K extends Kind>(request: Request<K>): Answer<K>;
}

/** The database of one folder; files are opened by the first request that needs them. */
export function createDatabase(setup: Setup): Database {
  let notices: Notice[] = [];
  const onNotice = (notice: Notice): void => {
    notices.push(notice);
  };
  const telemetry = createTelemetryFile(setup, onNotice);
  const state = createStateFile(setup, onNotice);
  const attempt = <T>(act: () => T): Result<T> => {
    try {
      return { ok: true, value: act() };
    } catch (error) {
      const { code, message } = toStoreError(error, setup.dir);
      return { ok: false, code, message };
    }
  };
  const answers: { [K in Kind]: (request: Request<K>) => Talk[K]['answer'] } = {
    commit: ({ telemetry: frames, state: facts, atMs }) => ({
      state: facts === null ? null : attempt(() => state.commit(facts, atMs)),
      telemetry: frames === null ? null : attempt(() => telemetry.commit(frames, atMs)),
    }),
    readAfter: ({ seq, maxFrames, atMs }) => attempt(() => telemetry.readAfter(seq, maxFrames, atMs)),
    gapsAfter: ({ id, atMs }) => attempt(() => telemetry.gapsAfter(id, atMs)),
    events: ({ sinceMs, limit, atMs }) => attempt(() => state.events({ sinceMs, limit }, atMs)),
    load: ({ key, atMs }) => attempt(() => state.load(key, atMs)),
    status: ({ atMs }) => attempt(() => telemetry.facts(atMs)),
    close: () => {
      telemetry.close();
      state.close();
      return null;
    },
  };
  return {
    handle: (request) => {
      const answer = answers[request.kind as typeof request.kind](request);
      const told = notices;
      notices = [];
      return { answer, notices: told };
    },
  };
}
