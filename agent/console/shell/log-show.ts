/**
 * Shows the agent's log in a session, above the prompt while a line is typed.
 *
 * It uses a share of the line's speed, and continues when a stopped agent answers again.
 */

import type { Clock, Timer } from '../../core/clock.ts';
import { type Message, msg, type Said } from '../../core/message.ts';
import type { LogSeverity } from '../../core/ports.ts';
import { fetchAnswer } from '../ask-agent.ts';
import { LOG_WATCH, leftOut, logRows, type ShownLogLine } from '../commands/service/log.ts';
import { ConsoleError } from '../console-error.ts';
import type { Progress } from '../protocol/protocol.ts';
import type { Page } from '../text/page.ts';
import { plain } from '../text/plain-text.ts';
import { wrap } from '../text/text-lines.ts';
import type { Dialog } from './dialog.ts';
import { createLogGate, type LogGate } from './log-gate.ts';
import type { Asker } from './session.ts';

/** Share of the line for the log, including redrawn prompts. Source: as a live view. */
const SHARE = 0.25;
/** Rate if the line has no speed limit. Units: characters per second. */
const WIDE_RATE = 4_000;
/**
 * Interval between checks whether waiting lines may be shown. Units: ms. Source: assumed; a quarter of a second is not noticed. Confirmed
 * by: a session on a serial terminal.
 */
const TURN_MS = 250;
/**
 * Wait between attempts to reach a stopped agent. Units: ms. Source: assumed; a start takes about a second. Confirmed by: start times in
 * logs of a gateway.
 */
const RETRY_MS = 5_000;

/** Rows that wait for the prompt, shown at the speed of the line. */
class PacedRows {
  readonly #dialog: Dialog;
  readonly #clock: Clock;
  readonly #gate: LogGate;
  /** While it returns false, rows are shown only as they arrive. */
  readonly #isFollowing: () => boolean;
  #turn: Timer | null = null;

  constructor(dialog: Dialog, clock: Clock, isFollowing: () => boolean) {
    this.#dialog = dialog;
    this.#clock = clock;
    this.#gate = createLogGate(() => (dialog.writer.charsPerSecond() ?? WIDE_RATE / SHARE) * SHARE, clock.monoMs());
    this.#isFollowing = isFollowing;
  }

  add(rows: readonly string[]): void {
    this.#gate.add(rows);
    if (this.#turn === null) this.#show();
  }

  stop(): void {
    this.#turn?.cancel();
    this.#turn = null;
  }

  #show(): void {
    this.#turn = null;
    if (this.#dialog.isAtPrompt()) {
      const { rows, leftOut: lost } = this.#gate.take(this.#clock.monoMs());
      const all = [...(lost === 0 ? [] : [leftOut(lost, this.#dialog.settings)]), ...rows];
      if (all.length > 0) this.#gate.spent(this.#dialog.printAbove(all));
    }
    if (this.#isFollowing() && this.#gate.waiting() > 0) this.#turn = this.#clock.after(TURN_MS, () => this.#show());
  }
}

/** What `log on` follows, until `stop` is aborted. */
interface Following {
  readonly level: LogSeverity;
  readonly stop: AbortController;
}

/**
 * Follows the agent's log and shows it above the prompt. If the agent stops, it tries again until the agent sends its log or refuses; after
 * a refusal the log is off.
 */
export class LogShow {
  readonly #dialog: Dialog;
  readonly #clock: Clock;
  readonly #asker: Asker;
  readonly #translate: (said: Said) => string;
  readonly #rows: PacedRows;
  #following: Following | null = null;
  #retry: Timer | null = null;

  constructor(dialog: Dialog, clock: Clock, asker: Asker, translate: (said: Said) => string) {
    this.#dialog = dialog;
    this.#clock = clock;
    this.#asker = asker;
    this.#translate = translate;
    this.#rows = new PacedRows(dialog, clock, () => this.#following !== null);
  }

  /**
   * Shows the log from this severity on. Resolves once the agent sends its log. Errors: rejects with ConsoleError, for example if no agent
   * answers; the log is then off.
   */
  async on(level: LogSeverity): Promise<void> {
    this.off();
    const following = { level, stop: new AbortController() };
    await this.#follow(following);
    this.#following = following;
  }

  /** Stops showing the log; no effect if it is off. It does not end a call of `on` that still waits. */
  off(): void {
    this.#following?.stop.abort();
    this.#following = null;
    this.#retry?.cancel();
    this.#rows.stop();
  }

  /** Returns the lowest severity shown, also while it waits for a stopped agent; null while it is off. */
  level(): LogSeverity | null {
    return this.#following?.level ?? null;
  }

  /** Resolves with the agent's first message; each later one is shown as it arrives. */
  #follow(following: Following): Promise<void> {
    const begun = Promise.withResolvers<void>();
    let isBegun = false;
    const terminal = { ...this.#asker, signal: following.stop.signal };
    const onProgress = ({ progress, ...page }: Progress): void => {
      if (isBegun) this.#showLine(plain(progress, this.#dialog.settings.charset) as ShownLogLine, page);
      isBegun = true;
      begun.resolve();
    };
    fetchAnswer(LOG_WATCH, { level: following.level }, { terminal, onProgress })
      .then(() => {
        throw new ConsoleError('unreachable', msg`the agent is stopping`);
      })
      .catch((error: unknown) => (isBegun ? this.#lost(following, error) : begun.reject(error)));
    return begun.promise;
  }

  #lost(following: Following, error: unknown): void {
    if (!(error instanceof ConsoleError)) throw error;
    if (following.stop.signal.aborted) return;
    this.#notice(msg`the agent no longer answers; its log is shown again when it does`);
    this.#followLater(following);
  }

  #followLater(following: Following): void {
    this.#retry = this.#clock.after(RETRY_MS, () => {
      this.#follow(following).then(
        () => this.#notice(msg`the agent answers again`),
        (error: unknown) => {
          if (!(error instanceof ConsoleError)) throw error;
          if (following.stop.signal.aborted) return;
          if (error.code === 'unreachable') return this.#followLater(following);
          this.#notice(error.said);
          this.#following = null;
        },
      );
    });
  }

  #showLine(line: ShownLogLine, { atMs, timezone }: Pick<Page, 'atMs' | 'timezone'>): void {
    const { settings } = this.#dialog;
    if (line.missed > 0) this.#rows.add([leftOut(line.missed, settings)]);
    this.#rows.add(logRows(line, { ...settings, atMs, timezone }));
  }

  #notice(text: Message): void {
    this.#rows.add(wrap(`! ${this.#translate(text)}`, this.#dialog.settings.widthCols));
  }
}
