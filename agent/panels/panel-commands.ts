/**
 * The stages of a command for a panel, from its arrival to its one final outcome.
 *
 *     received ──► queued ──► sent ──► verified
 *         │           └─────────┴────► failed
 *         └──► refused
 *
 * `failed` with "waits below" or "waits:": the text stays in force and is shown once nothing with a higher rank applies, or the panel may change.
 */
import type { Clock, MonoMs } from '../core/clock.ts';
import { SECOND_MS } from '../core/durations.ts';
import { type Message, msg, NO_TEXT } from '../core/message.ts';
import type { PanelView } from '../core/panel-tools.ts';
import type { PanelRequest } from '../core/ports.ts';
import { DISK_WAIT_MS, within } from '../core/within.ts';
import type { Outcome, OutcomeState } from '../core/words.ts';

/** Longest time until a command has its final outcome. Units: ms. Source: as for a command for light. */
const COMMAND_MS = 60 * SECOND_MS;

/** The state of a panel that a command depends on. */
export interface PanelProgress extends Pick<PanelView, 'state' | 'trouble' | 'rank' | 'source'> {
  /** The command behind the text that is decided now; null for a text of the file. */
  readonly sentId: string | null;
  /** All lines of the text that is decided now have been sent to the panel. False while one of them is written again. */
  readonly isSent: boolean;
}

interface OpenCommand {
  readonly request: PanelRequest;
  readonly sinceMono: MonoMs;
  readonly saved: Promise<boolean>;
  readonly resolve: (outcome: Outcome) => void;
  isSent: boolean;
}

/** Publishes the stages of commands for panels, and follows accepted commands to their final outcome. Call `advance` regularly. */
export class PanelCommands {
  readonly #clock: Clock;
  readonly #onOutcome: (outcome: Outcome) => void;
  readonly #open = new Set<OpenCommand>();
  /** Texts that were not sent although their outcome is final, until they are sent or expire. */
  readonly #waiting = new Set<PanelRequest>();
  readonly #endings = new Set<Promise<unknown>>();

  constructor(clock: Clock, onOutcome: (outcome: Outcome) => void) {
    this.#clock = clock;
    this.#onOutcome = onOutcome;
  }

  /** Publishes one stage, and returns it. `doubt`: with `isSaved` if the request may not be on disk. */
  publish(
    { commandId, panel, source }: PanelRequest,
    state: OutcomeState,
    reason: Message = NO_TEXT,
    doubt: Pick<Outcome, 'isSaved'> = {},
  ): Outcome {
    const target = { kind: 'device', id: panel } as const;
    const outcome = { commandId, target, levelPct: null, state, reason, lamps: {}, source, atMs: this.#clock.wallMs(), ...doubt };
    this.#onOutcome(outcome);
    return outcome;
  }

  /**
   * Follows an accepted request. An open one of the same kind (emergency or not) for the panel fails as replaced. Resolves with the final
   * outcome. `failed` does not mean that the text is no longer in force. `saved`: whether the request is on disk; if not, or not in time,
   * the outcome has `isSaved: false`.
   */
  follow(request: PanelRequest, saved: Promise<boolean>): Promise<Outcome> {
    for (const older of this.#open) if (isSame(older.request, request)) this.#end(older, 'failed', msg`replaced by a later request`);
    for (const older of this.#waiting) if (isSame(older, request)) this.#waiting.delete(older);
    this.publish(request, 'queued');
    return new Promise((resolve) => this.#open.add({ request, sinceMono: this.#clock.monoMs(), saved, resolve, isSent: false }));
  }

  /**
   * Ends the commands whose outcome is final now. Returns the ids of those that expired before their texts were sent; also of commands that
   * have failed before. `progressOf`: undefined leaves the open commands of a panel open.
   */
  advance(progressOf: (panel: string) => PanelProgress | undefined): readonly string[] {
    return [...this.#expiredWaiting(progressOf), ...this.#expiredOpen(progressOf)];
  }

  #expiredWaiting(progressOf: (panel: string) => PanelProgress | undefined): readonly string[] {
    return [...this.#waiting].flatMap((request) => {
      const progress = progressOf(request.panel);
      const isSent = progress?.sentId === request.commandId && progress.isSent;
      const isExpired = this.#clock.monoMs() >= (request.expiresMono ?? Number.POSITIVE_INFINITY);
      if (isSent || isExpired) this.#waiting.delete(request);
      return isExpired && !isSent ? [request.commandId] : [];
    });
  }

  #expiredOpen(progressOf: (panel: string) => PanelProgress | undefined): readonly string[] {
    const nowMono = this.#clock.monoMs();
    return [...this.#open].flatMap((command) => {
      const { request, sinceMono } = command;
      const progress = progressOf(request.panel);
      if (progress === undefined) return [];
      const isOwn = request.text === null || progress.sentId === request.commandId;
      if (!command.isSent && isOwn && progress.isSent) {
        command.isSent = true;
        this.publish(request, 'sent');
      }
      if (!command.isSent && request.expiresMono !== undefined && nowMono >= request.expiresMono) {
        this.#end(command, 'failed', msg`expired before it was shown`);
        return request.text === null ? [] : [request.commandId];
      }
      if (!isOwn) this.#end(command, 'failed', waitsBelow(progress));
      else if (progress.state === 'shown') this.#end(command, 'verified');
      else if (progress.state === 'acknowledged') this.#end(command, 'verified', msg`acknowledged; this panel cannot be read back`);
      else if (progress.state === 'not-shown') this.#end(command, 'failed', progress.trouble);
      else if (nowMono >= sinceMono + COMMAND_MS)
        this.#end(
          command,
          'failed',
          String(progress.trouble) === '' ? msg`not confirmed within ${COMMAND_MS / SECOND_MS} s` : progress.trouble,
        );
      const isOver = !this.#open.has(command);
      if (isOver && !command.isSent && request.text !== null && request.expiresMono !== undefined) this.#waiting.add(request);
      return [];
    });
  }

  /** Ends all open commands as failed. Resolves once their outcomes are published. */
  async abandonAll(reason: Message): Promise<void> {
    for (const command of [...this.#open]) this.#end(command, 'failed', reason);
    await Promise.all(this.#endings);
  }

  #end(command: OpenCommand, state: OutcomeState, reason: Message = NO_TEXT): void {
    if (!this.#open.delete(command)) return;
    const ending = within(this.#clock, DISK_WAIT_MS, command.saved).then((isSaved) =>
      command.resolve(this.publish(command.request, state, reason, isSaved === true ? {} : { isSaved: false })),
    );
    this.#endings.add(ending);
    void ending.finally(() => this.#endings.delete(ending));
  }
}

function isSame(a: PanelRequest, b: PanelRequest): boolean {
  return a.panel === b.panel && a.isEmergency === b.isEmergency;
}

function waitsBelow({ rank, source }: PanelProgress): Message {
  if (rank === 'emergency') return msg`waits below an emergency text by ${source}; it is shown then`;
  return rank === 'sent' ? msg`waits below a text by ${source}; it is shown then` : msg`it ended before it was shown`;
}
