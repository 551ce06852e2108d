/**
 * The agent's log in a session: lines above the prompt while somebody types, and nowhere else.
 *
 * Owns the reading along, its pace on the line, and what happens when the agent goes.
 */
import type { Clock, Timer } from '../../core/clock.ts';
import type { LogSeverity } from '../../core/ports.ts';
import { fetchAnswer } from '../ask-agent.ts';
import { LOG_WATCH } from '../commands/service/log.ts';
import type { ShownLogLine } from '../commands/service/log-page.ts';
import { leftOut, logRows } from '../commands/service/log-page.ts';
import { ConsoleError } from '../console-error.ts';
import type { Progress } from '../protocol/protocol.ts';
import type { Page } from '../text/page.ts';
import { plain } from '../text/plain-text.ts';

import { wrap } from '../text/text-lines.ts';
import type { Dialog } from './dialog.ts';
import { createLogGate } from './log-gate.ts';
import type { Asker } from './session.ts';

/** Share of the line that the log may take, prompts drawn again included. Source: as a live view. */
const SHARE = 0.25;
/** Where no line is to be spared. Units: characters a second. */
const WIDE_RATE = 4_000;
/** Between two looks whether waiting lines may be shown. Units: ms. Source: assumed; nobody sees a quarter of a second. */
const TURN_MS = 250;
/** Between two tries to reach an agent that has gone. Units: ms. Source: assumed; a start takes about a second. */
const RETRY_MS = 5_000;

export interface LogShow {
  /** Resolves when the agent tells its log from now on. Errors: rejects with ConsoleError, as when no agent answers. */
  on(level: LogSeverity): Promise<void>;
  off(): void;
  /** From which severity on; null while it is off. */
  level(): LogSeverity | null;
}

export function createLogShow(talk: Dialog, clock: Clock, asker: Asker, translate: (text: string) => string): LogShow {
  const { settings, writer } = talk;
  const gate = createLogGate(() => (writer.charsPerSecond() ?? WIDE_RATE / SHARE) * SHARE, clock.monoMs());
  let reading: { readonly level: LogSeverity; readonly stop: AbortController } | null = null;
  let turn: Timer | null = null;
  let retry: Timer | null = null;

  const show = (): void => {
    turn = null;
    if (talk.isAtPrompt()) {
      const { rows, leftOut: lost } = gate.take(clock.monoMs());
      const all = [...(lost === 0 ? [] : [leftOut(lost, settings)]), ...rows];
      if (all.length > 0) gate.spent(talk.tell(all));
    }
    if (reading !== null && gate.waiting() > 0) turn = clock.after(TURN_MS, show);
  };
  const put = (rows: readonly string[]): void => {
    gate.add(rows);
    if (turn === null) show();
  };
  const say = (text: string): void => put(wrap(`! ${translate(text)}`, settings.widthCols));
  const hear = (line: ShownLogLine, { atMs, timezone }: Pick<Page, 'atMs' | 'timezone'>): void => {
    if (line.missed > 0) put([leftOut(line.missed, settings)]);
    put(logRows(line, { ...settings, atMs, timezone }));
  };

  /** Resolves with the first word of the agent; the rest comes by itself. */
  const follow = (level: LogSeverity, stop: AbortController): Promise<void> => {
    const begun = Promise.withResolvers<void>();
    let isBegun = false;
    const terminal = { ...asker, signal: stop.signal };
    const onProgress = ({ progress, ...page }: Progress): void => {
      if (isBegun) hear(plain(progress) as ShownLogLine, page);
      isBegun = true;
      begun.resolve();
    };
    fetchAnswer(LOG_WATCH, { level }, { socket: undefined, terminal, onProgress }).then(
      () => isBegun && lost(level, stop, null),
      (error: unknown) => (isBegun ? lost(level, stop, error) : begun.reject(error)),
    );
    return begun.promise;
  };
  const lost = (level: LogSeverity, stop: AbortController, error: unknown): void => {
    if (error !== null && !(error instanceof ConsoleError)) throw error;
    if (stop.signal.aborted) return;
    say('the agent has gone; its log is shown again when it answers');
    again(level, stop);
  };
  const again = (level: LogSeverity, stop: AbortController): void => {
    retry = clock.after(RETRY_MS, () => {
      follow(level, stop).then(
        () => say('the agent answers again'),
        (error: unknown) => {
          if (!(error instanceof ConsoleError)) throw error;
          if (stop.signal.aborted) return;
          if (error.code === 'unreachable') return again(level, stop);
          say(error.message);
          reading = null;
        },
      );
    });
  };
  const off = (): void => {
    reading?.stop.abort();
    reading = null;
    retry?.cancel();
    turn?.cancel();
    turn = null;
  };

  return {
    async on(level) {
      off();
      const stop = new AbortController();
      await follow(level, stop);
      reading = { level, stop };
    },
    off,
    level: () => reading?.level ?? null,
  };
}
